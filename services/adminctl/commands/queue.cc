// adminctl queue list|show|hold|release|retry|cancel|stats
#include <fmt/format.h>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

constexpr std::int64_t kSecondOfMs = 1'000;
constexpr std::size_t kAddressCells = 40;
constexpr std::size_t kWordsCells = 60;

struct QueueOptions {
    std::vector<std::uint64_t> ids;
    std::string sender;
    std::string recipient;
    std::string destination;
    bool all = false;
    bool held = false;
    bool notify = false;
    std::uint32_t limit = 0;
};

v1::SelectQueued selected(const QueueOptions& options) {
    v1::SelectQueued select;
    for (const auto id : options.ids) select.add_queue_id(id);
    select.set_sender(options.sender);
    select.set_recipient(options.recipient);
    select.set_destination(options.destination);
    select.set_all(options.all);
    return select;
}

void add_selection(CLI::App& app, QueueOptions& options) {
    app.add_option("--sender", options.sender, "mails of this sender");
    app.add_option("--recipient", options.recipient, "mails to this address, or to \"@domain\"");
    app.add_option("--destination", options.destination, "mails that go this way, as `queue stats` names it");
}

std::string_view state_name(const v1::QueuedRecipient& recipient) {
    switch (recipient.state()) {
        case v1::QueuedRecipient::STATE_WAITING: return recipient.tries() == 0 ? "waits" : "deferred";
        case v1::QueuedRecipient::STATE_CARRIED: return "on its way";
        case v1::QueuedRecipient::STATE_DELIVERED: return "delivered";
        case v1::QueuedRecipient::STATE_FAILED: return "failed";
        case v1::QueuedRecipient::STATE_HELD: return "held";
        default: return "?";
    }
}

std::string moment_in_s(std::int64_t ms) { return show_moment(ms); }

std::string words_of(const v1::Said& said) {
    std::string out;
    if (said.code() != 0) append(out, said.code(), " ");
    if (!said.status().empty()) append(out, said.status(), " ");
    out += said.text();
    if (!said.host().empty()) append(out, " (", said.host(), said.stage().empty() ? "" : ", ", said.stage(), ")");
    return printable(out);
}

std::string mail_text(const v1::QueuedMail& mail) {
    std::string out;
    const auto line = [&](std::string_view name, std::string_view value) {
        append(out, name, std::string(12 - name.size(), ' '), printable(value), "\n");
    };
    line("queue id", cat(mail.queue_id()));
    line("trace", mail.trace_id());
    line("sender", mail.sender().empty() ? "<>" : mail.sender());
    if (!mail.subject().empty()) line("subject", mail.subject());
    if (!mail.message_id().empty()) line("message id", mail.message_id());
    line("size", show_size(mail.bytes()));
    line("queued", moment_in_s(mail.created_ms()));
    line("given up", moment_in_s(mail.expires_ms()));
    if (mail.held()) line("HELD", "until `queue release`");
    for (const auto& recipient : mail.recipients()) {
        append(out, "\n", printable(recipient.address()), "\n");
        line("  state", state_name(recipient));
        line("  way", recipient.destination());
        line("  tries", cat(recipient.tries()));
        if (recipient.last_try_ms() != 0) line("  last try", moment_in_s(recipient.last_try_ms()));
        if (recipient.next_try_ms() != 0) line("  next try", moment_in_s(recipient.next_try_ms()));
        if (recipient.has_said()) line("  words", words_of(recipient.said()));
    }
    return out;
}

void add_list(CLI::App& queue, Context& context, const std::shared_ptr<QueueOptions>& options) {
    auto* all = command(queue, context, "list", "mails that wait, oldest first", [&context, options] {
        v1::ListQueueRequest request;
        *request.mutable_select() = selected(*options);
        request.set_held(options->held);
        request.set_limit(options->limit);
        Table table;
        table.column("ID", Align::right);
        for (const auto* title : {"QUEUED", "FROM", "TO", "STATE"}) table.column(title);
        table.column("TRIES", Align::right);
        for (const auto* title : {"NEXT TRY", "LAST WORDS"}) table.column(title);
        return list<v1::QueuedMail>(context, &rpc::AdminClient::list_queue, request, std::move(table),
                                    [](Table& rows, const v1::QueuedMail& mail) {
                                        for (const auto& to : mail.recipients()) {
                                            rows.row({cat(mail.queue_id()), show_time(mail.created_ms() / kSecondOfMs),
                                                      shortened(printable(mail.sender().empty() ? "<>" : mail.sender()), kAddressCells),
                                                      shortened(printable(to.address()), kAddressCells), std::string(state_name(to)),
                                                      cat(to.tries()), show_time(to.next_try_ms() / kSecondOfMs),
                                                      shortened(words_of(to.said()), kWordsCells)});
                                        }
                                    });
    });
    add_selection(*all, *options);
    all->add_flag("--held", options->held, "only mails that are held");
    all->add_option("--limit", options->limit, "at most so many mails");
}

using ChangeMethod = Result<v1::QueueChanged> (rpc::AdminClient::*)(const v1::SelectQueued&);
void add_change(CLI::App& queue, Context& context, const std::shared_ptr<QueueOptions>& options, const std::string& name,
                const std::string& help, ChangeMethod method, std::string_view verb) {
    auto* change = command(queue, context, name, help, [&context, options, method, verb] {
        return call<v1::QueueChanged>(context, method, selected(*options), [verb](const v1::QueueChanged& changed) {
            return cat(verb, " ", changed.mails(), changed.mails() == 1 ? " mail.\n" : " mails.\n");
        });
    });
    change->add_option("ID", options->ids, "queue ids");
    add_selection(*change, *options);
    change->add_flag("--all", options->all, "all mails");
}

std::string stats_text(const v1::QueueStats& stats) {
    std::string out;
    const auto line = [&](std::string_view name, const std::string& value) {
        append(out, name, std::string(12 - name.size(), ' '), value, "\n");
    };
    line("mails", cat(with_commas(stats.waiting()), " in the queue, ", with_commas(stats.leased()), " on their way, ",
                      with_commas(stats.held()), " held; ", show_size(stats.bytes())));
    line("oldest", moment_in_s(stats.oldest_ms()));
    line("recipients", cat(with_commas(stats.delivered()), " delivered, ", with_commas(stats.deferred()), " deferred, ",
                           with_commas(stats.failed()), " failed since spoold's start"));
    if (stats.unknown() != 0)
        line("unknown", cat(with_commas(stats.unknown()), " mails lost their carrier: each may have been delivered, and is tried again"));
    if (stats.destinations().empty()) return out;
    Table table;
    table.column("DESTINATION");
    for (const auto* title : {"MAILS", "DUE", "CONNECTIONS", "AT MOST", "FAILURES"}) table.column(title, Align::right);
    table.column("RESTS UNTIL");
    table.column("LAST WORDS");
    for (const auto& one : stats.destinations())
        table.row({printable(one.destination()), with_commas(one.waiting()), with_commas(one.due()), cat(one.leases()), cat(one.window()),
                   cat(one.failures()), moment_in_s(one.rests_until_ms()), shortened(words_of(one.said()), kWordsCells)});
    return cat(out, "\n", table.text());
}

}  // namespace

void add_queue_command(CLI::App& app, Context& context) {
    auto* queue = group(app, "queue", "mail that waits to be sent");
    auto options = std::make_shared<QueueOptions>();
    add_list(*queue, context, options);

    auto* show = command(*queue, context, "show", "one mail, with what was said about it", [&context, options] {
        v1::QueueIdRequest request;
        request.set_queue_id(options->ids.front());
        return call<v1::QueuedMail>(context, &rpc::AdminClient::show_queued, request, mail_text);
    });
    show->add_option("ID", options->ids, "its queue id")->required()->expected(1);

    add_change(*queue, context, options, "hold", "keeps mails until they are released", &rpc::AdminClient::hold_queued, "Holding");
    add_change(*queue, context, options, "release", "lets held mails go", &rpc::AdminClient::release_queued, "Released");
    add_change(*queue, context, options, "retry", "tries mails now", &rpc::AdminClient::retry_queued, "Trying");

    auto* cancel = command(*queue, context, "cancel", "gives mails up", [&context, options] {
        v1::CancelQueuedRequest request;
        *request.mutable_select() = selected(*options);
        request.set_notify(options->notify);
        return call<v1::QueueChanged>(context, &rpc::AdminClient::cancel_queued, request, [](const v1::QueueChanged& changed) {
            return cat("Cancelled ", changed.mails(), changed.mails() == 1 ? " mail.\n" : " mails.\n");
        });
    });
    cancel->add_option("ID", options->ids, "queue ids");
    add_selection(*cancel, *options);
    cancel->add_flag("--all", options->all, "all mails");
    cancel->add_flag("--notify", options->notify, "their senders are told");

    command(*queue, context, "stats", "destinations: what waits, and how they answer", [&context] {
        return call<v1::QueueStats>(context, &rpc::AdminClient::get_queue_stats, v1::QueueStatsRequest(), stats_text);
    });
}

}  // namespace tayori::admin
