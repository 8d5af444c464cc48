// adminctl trace WHAT
#include <ctime>

#include "adminctl/context.h"

namespace tayori::admin {
namespace {

constexpr std::int64_t kTraceSecondMs = 1'000;

struct TraceOptions {
    std::string what;
    std::string since;
    std::string until;
    std::uint32_t limit = 0;
};

std::string_view event_name(v1::TraceEvent::Kind kind) {
    switch (kind) {
        case v1::TraceEvent::KIND_RECEIVED: return "received";
        case v1::TraceEvent::KIND_STORED: return "stored";
        case v1::TraceEvent::KIND_QUEUED: return "queued";
        case v1::TraceEvent::KIND_DELIVERED: return "delivered";
        case v1::TraceEvent::KIND_RELAYED: return "relayed";
        case v1::TraceEvent::KIND_DEFERRED: return "deferred";
        case v1::TraceEvent::KIND_FAILED: return "failed";
        case v1::TraceEvent::KIND_HELD: return "held";
        case v1::TraceEvent::KIND_RELEASED: return "released";
        case v1::TraceEvent::KIND_CANCELLED: return "cancelled";
        case v1::TraceEvent::KIND_NOTIFIED: return "sender told";
        default: return "?";
    }
}

std::string event_text(const v1::TraceEvent& event) {
    std::string out;
    const auto add = [&out](std::string_view name, std::string_view value) {
        if (!value.empty()) append(out, out.empty() ? "" : ", ", name, printable(value));
    };
    if (event.kind() == v1::TraceEvent::KIND_RECEIVED) {
        add("from ", event.sender().empty() ? "<>" : event.sender());
        add("by ", event.client());
        add("", event.message_id());
        add("", show_size(event.bytes()));
    }
    std::string recipients;
    for (const auto& recipient : event.recipients()) append(recipients, recipients.empty() ? "" : " ", recipient);
    add("to ", recipients);
    add("folder ", event.folder());
    if (event.queue_id() != 0) add("queue id ", cat(event.queue_id()));
    if (event.has_said()) {
        const auto& said = event.said();
        std::string words;
        if (said.code() != 0) append(words, said.code(), " ");
        if (!said.status().empty()) append(words, said.status(), " ");
        add("", words + said.text());
        add("by ", said.host().empty() ? said.address() : cat(said.host(), " [", said.address(), "]"));
        add("", said.tls());
    }
    add("", event.note());
    return out;
}

}  // namespace

void add_trace_command(CLI::App& app, Context& context) {
    auto options = std::make_shared<TraceOptions>();
    auto* trace = command(app, context, "trace", "what happened to a mail", [&context, options]() -> Result<ExitStatus> {
        v1::TraceRequest request;
        request.set_what(options->what);
        request.set_limit(options->limit);
        const auto now_s = static_cast<std::int64_t>(std::time(nullptr));
        if (!options->since.empty()) {
            auto since = parse_moment(options->since, now_s);
            if (!since) return fail(std::move(since.error()));
            request.set_since_ms(*since);
        }
        if (!options->until.empty()) {
            auto until = parse_moment(options->until, now_s);
            if (!until) return fail(std::move(until.error()));
            request.set_until_ms(*until);
        }
        Table table;
        for (const auto* title : {"TRACE", "TIME", "WHAT", "HOW"}) table.column(title);
        return list<v1::TracedMail>(context, &rpc::AdminClient::trace, request, std::move(table),
                                    [](Table& rows, const v1::TracedMail& mail) {
                                        for (const auto& event : mail.events())
                                            rows.row({printable(mail.trace_id()), show_moment(event.at_ms()),
                                                      std::string(event_name(event.kind())), event_text(event)});
                                    });
    });
    trace->add_option("WHAT", options->what, "a Message-ID, an address, a trace id or a queue id")->required();
    trace->add_option("--since", options->since, "\"2d\", \"12h\", or \"2026-11-22 08:30\"");
    trace->add_option("--until", options->until, "the same");
    trace->add_option("--limit", options->limit, "at most so many mails, the newest");
}

}  // namespace tayori::admin
