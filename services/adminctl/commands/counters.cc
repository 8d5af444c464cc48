// adminctl counters show|verify
#include <fmt/format.h>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string counters_text(const v1::Counters& counters) {
    auto out = cat("next message id  ", counters.next_message_id(), "\nnext folder id   ", counters.next_folder_id(),
                   "\nnext account id  ", counters.next_account_id(), "\n");
    if (counters.folders().empty()) return out;
    Table table;
    table.column("FOLDER");
    table.column("ID", Align::right);
    table.column("UIDVALIDITY", Align::right);
    table.column("UIDNEXT", Align::right);
    table.column("MODSEQ", Align::right);
    table.column("UIDS LEFT", Align::right);
    for (const auto& folder : counters.folders())
        table.row({folder.folder(), cat(folder.folder_id()), cat(folder.uid_validity()), cat(folder.uid_next()),
                   cat(folder.highest_modseq()), fmt::format("{:.4g}%", folder.headroom_percent())});
    return cat(out, "\n", table.text());
}

std::string shown_report(const v1::CountersReport& report) {
    auto out = cat("Checked ", report.folders_checked(), " folders and ", report.references_checked(), " messages: ");
    if (report.problems().empty()) return out + "all counters are right.\n";
    append(out, report.problems_size(), " problems.\n");
    for (const auto& problem : report.problems()) append(out, "  ", printable(problem), "\n");
    return out;
}

}  // namespace

void add_counters_command(CLI::App& app, Context& context) {
    auto* counters = group(app, "counters", "the numbers that only rise: ids, UIDs, UIDVALIDITY, modseq");
    auto address = std::make_shared<std::string>();

    auto* show = command(*counters, context, "show", "shows the site's, or an account's with headroom",
                         [&context, address] {
                             v1::CountersRequest request;
                             request.set_address(*address);
                             return call<v1::Counters>(context, &rpc::AdminClient::show_counters, request, counters_text);
                         });
    show->add_option("ADDRESS", *address, "one account; else the site's");

    auto* verify = command(*counters, context, "verify", "proves them against everything stored",
                           [&context, address]() -> Result<ExitStatus> {
                               v1::CountersRequest request;
                               request.set_address(*address);
                               bool wrong = false;
                               auto done = call<v1::CountersReport>(context, &rpc::AdminClient::verify_counters, request,
                                                                    [](const auto& report) { return shown_report(report); },
                                                                    [&](const auto& report) { wrong = !report.problems().empty(); });
                               return done && wrong ? Result<ExitStatus>(ExitStatus::problems) : done;
                           });
    verify->add_option("ADDRESS", *address, "one account; else all");
}

}  // namespace tayori::admin
