// adminctl status
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string status_text(const v1::Status& status) {
    std::string out;
    const auto line = [&](std::string_view name, std::string_view value) {
        append(out, name, std::string(12 - name.size(), ' '), printable(value), "\n");
    };
    line("spoold", cat(status.version(), ", since ", show_time(status.started_s())));
    line("mail", cat(status.domains(), " domains, ", status.accounts(), " accounts, ", status.messages(), " messages"));
    line("accepting", status.accepting() ? "yes"
                                         : "NO: the disk is nearly full (setting store.free_min); reading and deleting go on");
    line("queue", status.queued() == 0 ? "empty" : cat(status.queued(), " mails wait"));
    if (!status.queue_note().empty()) line("", status.queue_note());
    line("store", cat(show_size(status.segment_bytes()), ", of which ", show_size(status.dead_bytes()),
                      " can be reclaimed; ", show_size(status.free_bytes()), " free on the disk"));
    line("log", cat("position ", status.log_position(), ", index flushed to ", status.flushed_position(), "; ",
                    status.mutations(), " changes in ", status.groups(), " commits since the start"));
    for (const auto& warning : status.warnings()) line("WARNING", warning);
    Table table;
    table.column("PROGRAM");
    table.column("INSTANCE");
    table.column("CONNECTED SINCE");
    for (const auto& daemon : status.daemons())
        table.row({daemon.program(), daemon.instance(), show_time(daemon.connected_s())});
    append(out, "\n", table.empty() ? std::string("No smtpd, pop3d or imapd is connected.\n") : table.text());
    return out;
}

}  // namespace

void add_status_command(CLI::App& app, Context& context) {
    command(app, context, "status", "the site at a glance", [&context] {
        return call<v1::Status>(context, &rpc::AdminClient::get_status, v1::GetStatusRequest(), status_text);
    });
}

}  // namespace tayori::admin
