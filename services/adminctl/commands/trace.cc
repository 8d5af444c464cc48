// adminctl trace: the way of a mail, from intake to each recipient.
#include "adminctl/context.h"
#include "adminctl/said.h"
#include "common/base/clock.h"

namespace tayori::admin {
namespace {

constexpr std::int64_t kTraceMillis = 1000;

std::string kind_text(v1::TraceEvent::Kind kind) {
    switch (kind) {
        case v1::TraceEvent::KIND_RECEIVED: return "received";
        case v1::TraceEvent::KIND_STORED: return "in the mailbox";
        case v1::TraceEvent::KIND_QUEUED: return "queued";
        case v1::TraceEvent::KIND_DELIVERED: return "delivered";
        case v1::TraceEvent::KIND_RELAYED: return "handed over";
        case v1::TraceEvent::KIND_DEFERRED: return "put off";
        case v1::TraceEvent::KIND_FAILED: return "failed";
        case v1::TraceEvent::KIND_HELD: return "held";
        case v1::TraceEvent::KIND_RELEASED: return "released";
        case v1::TraceEvent::KIND_CANCELLED: return "given up";
        case v1::TraceEvent::KIND_NOTIFIED: return "sender told";
        case v1::TraceEvent::KIND_DECIDED: return "plugin";
        default: return "?";
    }
}

std::string details(const v1::TraceEvent& event) {
    std::string out;
    const auto add = [&out](std::string_view name, std::string_view value) {
        if (!value.empty()) append(out, out.empty() ? "" : ", ", name, value);
    };
    if (event.kind() == v1::TraceEvent::KIND_RECEIVED) {
        add("from ", event.sender().empty() ? "<>" : event.sender());
        add("by ", event.client());
        if (event.bytes() != 0) add("", show_size(event.bytes()));
        add("", event.message_id());
    }
    std::string to;
    for (const auto& recipient : event.recipients()) append(to, to.empty() ? "" : " ", recipient);
    add("to ", to);
    add("folder ", event.folder());
    if (event.queue_id() != 0) add("mail ", cat(event.queue_id()));
    add("", said_text(event.said()));
    add("", event.said().tls());
    add("", event.note());
    return out;
}

void print_mail(const v1::TracedMail& mail) {
    auto out = cat(printable(mail.trace_id()), "\n");
    for (const auto& event : mail.events()) {
        const auto kind = kind_text(event.kind());
        append(out, "  ", show_moment(event.at_ms()), "  ", kind, std::string(kind.size() < 15 ? 15 - kind.size() : 1, ' '),
               printable(details(event)), "\n");
    }
    Context::print(out);
}

struct TraceOptions {
    std::string what;
    std::string since;
    std::string until;
    std::uint32_t limit = 0;
};

Result<ExitStatus> trace(Context& context, const TraceOptions& options) {
    v1::TraceRequest request;
    request.set_what(options.what);
    request.set_limit(options.limit);
    const auto now_s = SystemClock().now_ms() / kTraceMillis;
    if (!options.since.empty()) {
        auto since = parse_moment(options.since, now_s);
        if (!since) return fail(std::move(since.error()));
        request.set_since_ms(*since);
    }
    if (!options.until.empty()) {
        auto until = parse_moment(options.until, now_s);
        if (!until) return fail(std::move(until.error()));
        request.set_until_ms(*until);
    }
    auto client = context.client();
    if (!client) return fail(std::move(client.error()));
    std::size_t mails = 0;
    auto traced = (*client)->trace(request, [&](const v1::TracedMail& mail) {
        if (context.json) Context::print(cat(mails == 0 ? "[" : ",\n ", to_json(mail)));
        else print_mail(mail);
        ++mails;
        return true;
    });
    if (!traced) return fail(std::move(traced.error()));
    if (context.json) Context::print(mails == 0 ? "[]\n" : "]\n");
    if (mails != 0) return ExitStatus::ok;
    context.say("No mail of that name: nothing came in with it, or it is longer ago than trace.days.");
    return ExitStatus::refused;
}

}  // namespace

void add_trace_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<TraceOptions>();
    auto* app_trace = command(app, context, "trace", "follows mails from intake to each recipient",
                              [&context, options] { return trace(context, *options); });
    app_trace->add_option("WHAT", options->what, "a Message-ID, an address of sender or recipient, a trace id, or a queue id")->required();
    app_trace->add_option("--since", options->since, "only mail since: 2d, 12h, 2026-11-22");
    app_trace->add_option("--until", options->until, "only mail until");
    app_trace->add_option("--limit", options->limit, "at most so many mails, newest first; else 100");
}

}  // namespace tayori::admin
