// adminctl queue list|show|hold|release|retry|route|cancel|stats: mail that waits to be sent, and why.
#include "adminctl/context.h"
#include "adminctl/said.h"
#include "common/base/clock.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kSaidCells = 70;
constexpr std::size_t kAddressCells = 36;

struct QueueOptions {
    std::vector<std::uint64_t> ids;
    std::string sender;
    std::string recipient;
    std::string destination;
    std::string via;
    bool all = false;
    bool held = false;
    bool notify = false;
    std::uint32_t limit = 0;
};
using QueueOptionsPtr = std::shared_ptr<QueueOptions>;

v1::SelectQueued selection(const QueueOptions& options) {
    v1::SelectQueued select;
    for (const auto id : options.ids) select.add_queue_id(id);
    select.set_sender(options.sender);
    select.set_recipient(options.recipient);
    select.set_destination(options.destination);
    select.set_all(options.all);
    return select;
}

void add_filters(CLI::App& app, const QueueOptionsPtr& options) {
    app.add_option("--sender", options->sender, "mail from this address");
    app.add_option("--recipient", options->recipient, "mail to this address, or to @DOMAIN");
    app.add_option("--destination", options->destination, "mail that goes there next, as `queue stats` names it");
}

// What changes mails must say which: a slip must not touch the whole queue.
void need_selection(const QueueOptions& options, const std::string& name) {
    const bool some = !options.ids.empty() || !options.sender.empty() || !options.recipient.empty() || !options.destination.empty();
    if (some == options.all)
        throw CLI::ValidationError("queue " + name, "name mails by ID, --sender, --recipient or --destination, or take --all");
}

std::string state_text(const v1::QueuedRecipient& recipient, std::int64_t now_ms) {
    switch (recipient.state()) {
        case v1::QueuedRecipient::STATE_CARRIED: return "being sent";
        case v1::QueuedRecipient::STATE_DELIVERED: return "delivered";
        case v1::QueuedRecipient::STATE_FAILED: return "failed";
        case v1::QueuedRecipient::STATE_HELD: return "held";
        default: return show_wait(recipient.next_try_ms(), now_ms);
    }
}

void add_rows(Table& table, const v1::QueuedMail& mail, std::int64_t now_ms) {
    bool first = true;
    for (const auto& recipient : mail.recipients()) {
        table.row({first ? cat(mail.queue_id()) : "", first ? show_time(mail.created_ms() / 1000) : "",
                   first ? shortened(mail.sender().empty() ? "<>" : mail.sender(), kAddressCells) : "",
                   shortened(recipient.address(), kAddressCells), cat(recipient.tries()), state_text(recipient, now_ms),
                   shortened(said_text(recipient.said()), kSaidCells)});
        first = false;
    }
}

Table mails_table() {
    Table table;
    table.column("ID", Align::right);
    table.column("SINCE");
    table.column("FROM");
    table.column("TO");
    table.column("TRIES", Align::right);
    table.column("NEXT");
    table.column("LAST WORDS");
    return table;
}

Result<ExitStatus> list_mails(Context& context, const QueueOptions& options) {
    v1::ListQueueRequest request;
    *request.mutable_select() = selection(options);
    request.set_held(options.held);
    request.set_limit(options.limit);
    const auto now_ms = SystemClock().now_ms();
    return list<v1::QueuedMail>(context, &rpc::AdminClient::list_queue, request, mails_table(),
                                [now_ms](Table& table, const v1::QueuedMail& mail) { add_rows(table, mail, now_ms); });
}

std::string mail_text(const v1::QueuedMail& mail) {
    const auto now_ms = SystemClock().now_ms();
    std::string out;
    const auto line = [&out](std::string_view name, std::string_view value) {
        if (!value.empty()) append(out, name, std::string(12 - name.size(), ' '), printable(value), "\n");
    };
    line("mail", cat(mail.queue_id(), mail.held() ? ", held" : ""));
    line("trace", mail.trace_id());
    line("from", mail.sender().empty() ? "<>" : mail.sender());
    line("subject", mail.subject());
    line("message-id", mail.message_id());
    line("size", show_size(mail.bytes()));
    line("since", show_moment(mail.created_ms()));
    line("until", show_moment(mail.expires_ms()));
    for (const auto& recipient : mail.recipients()) {
        out += "\n";
        line("to", recipient.address());
        line("by way of", recipient.destination());
        line("tries", cat(recipient.tries(), recipient.last_try_ms() == 0 ? "" : cat(", last ", show_moment(recipient.last_try_ms()))));
        line("next", state_text(recipient, now_ms));
        line("last words", said_text(recipient.said()));
        line("tls", recipient.said().tls());
    }
    return out;
}

std::string changed_text(std::string_view what, const v1::QueueChanged& changed) {
    return cat(with_commas(changed.mails()), changed.mails() == 1 ? " mail " : " mails ", what, ".\n");
}

using ChangeMethod = Result<v1::QueueChanged> (rpc::AdminClient::*)(const v1::SelectQueued&);

CLI::App* add_change(CLI::App& queue, Context& context, const std::string& name, const std::string& help, ChangeMethod method,
                     const std::string& done) {
    auto options = std::make_shared<QueueOptions>();
    auto* app = command(queue, context, name, help, [&context, options, name, method, done] {
        need_selection(*options, name);
        return call<v1::QueueChanged>(context, method, selection(*options),
                                      [&](const v1::QueueChanged& changed) { return changed_text(done, changed); });
    });
    app->add_option("ID", options->ids, "as `queue list` shows them");
    add_filters(*app, options);
    app->add_flag("--all", options->all, "all that wait");
    return app;
}

std::string stats_text(const v1::QueueStats& stats) {
    const auto now_ms = SystemClock().now_ms();
    auto out = cat(with_commas(stats.waiting()), " mails wait, ", show_size(stats.bytes()), "; ", with_commas(stats.held()),
                   " held, ", with_commas(stats.leased()), " being sent; the oldest since ", show_moment(stats.oldest_ms()), ".\n",
                   "Recipients since spoold's start: ", with_commas(stats.delivered()), " delivered, ", with_commas(stats.deferred()),
                   " put off, ", with_commas(stats.failed()), " failed; ", with_commas(stats.unknown()),
                   " times nobody knows whether the other side had it, and it was sent again.\n");
    if (stats.destinations().empty()) return out;
    Table table;
    table.column("DESTINATION");
    table.column("WAITING", Align::right);
    table.column("DUE", Align::right);
    table.column("CONNECTIONS", Align::right);
    table.column("FAILURES", Align::right);
    table.column("RESTS");
    table.column("LAST WORDS");
    for (const auto& to : stats.destinations())
        table.row({shortened(to.destination(), kAddressCells), with_commas(to.waiting()), with_commas(to.due()),
                   cat(to.leases(), " of ", to.window()), cat(to.failures()), show_wait(to.rests_until_ms(), now_ms),
                   shortened(said_text(to.said()), kSaidCells)});
    return out + "\n" + table.text();
}

void add_route(CLI::App& queue, Context& context) {
    auto options = std::make_shared<QueueOptions>();
    auto* app = command(queue, context, "route", "sends mails another way than routes say", [&context, options] {
        need_selection(*options, "route");
        v1::RouteQueuedRequest request;
        *request.mutable_select() = selection(*options);
        request.set_via(options->via == "usual" ? "" : options->via);
        return call<v1::QueueChanged>(context, &rpc::AdminClient::route_queued, request,
                                      [](const v1::QueueChanged& changed) { return changed_text("routed anew", changed); });
    });
    app->add_option("ID", options->ids, "as `queue list` shows them");
    app->add_option("--via", options->via, "relay:HOST[:PORT], lmtp:HOST:PORT, or usual")->required();
    add_filters(*app, options);
    app->add_flag("--all", options->all, "all that wait");
}

void add_cancel(CLI::App& queue, Context& context) {
    auto options = std::make_shared<QueueOptions>();
    auto* app = command(queue, context, "cancel", "gives mails up", [&context, options] {
        need_selection(*options, "cancel");
        v1::CancelQueuedRequest request;
        *request.mutable_select() = selection(*options);
        request.set_notify(options->notify);
        return call<v1::QueueChanged>(context, &rpc::AdminClient::cancel_queued, request,
                                      [](const v1::QueueChanged& changed) { return changed_text("given up", changed); });
    });
    app->add_option("ID", options->ids, "as `queue list` shows them");
    add_filters(*app, options);
    app->add_flag("--all", options->all, "all that wait");
    app->add_flag("--notify", options->notify, "their senders get a notification that they failed");
}

}  // namespace

void add_queue_command(CLI::App& app, Context& context) {
    auto* queue = group(app, "queue", "mail that waits to be sent");
    auto options = std::make_shared<QueueOptions>();

    auto* all = command(*queue, context, "list", "lists what waits, oldest first",
                        [&context, options] { return list_mails(context, *options); });
    add_filters(*all, options);
    all->add_flag("--held", options->held, "only what is held");
    all->add_option("--limit", options->limit, "at most so many mails");

    auto shown = std::make_shared<v1::QueueIdRequest>();
    auto id = std::make_shared<std::uint64_t>();
    auto* show = command(*queue, context, "show", "shows one mail, and what was said about it", [&context, shown, id] {
        shown->set_queue_id(*id);
        return call<v1::QueuedMail>(context, &rpc::AdminClient::show_queued, *shown, mail_text);
    });
    show->add_option("ID", *id)->required();

    add_change(*queue, context, "hold", "keeps mails until they are released", &rpc::AdminClient::hold_queued, "held");
    add_change(*queue, context, "release", "lets held mails go", &rpc::AdminClient::release_queued, "released");
    add_change(*queue, context, "retry", "tries now, also where a destination rests", &rpc::AdminClient::retry_queued, "due now");
    add_route(*queue, context);
    add_cancel(*queue, context);
    command(*queue, context, "stats", "shows the queue by destination", [&context] {
        return call<v1::QueueStats>(context, &rpc::AdminClient::get_queue_stats, v1::QueueStatsRequest(), stats_text);
    });
}

}  // namespace tayori::admin
