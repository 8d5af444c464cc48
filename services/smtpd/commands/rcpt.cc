// RCPT (RFC 5321 §4.1.1.3)
//
//   C: RCPT TO:<bob@example.test>
//   S: 250 2.1.5 Recipient ok.
//
// RCPTs that the client has pipelined (RFC 2920) are looked up in one call.
#include "common/base/text.h"
#include "common/daemon/plugins.h"
#include "common/rpc/errors.h"
#include "smtpd/commands/table.h"
#include "smtpd/grammar/dsn.h"
#include "smtpd/hooks.h"

namespace tayori::smtp {
namespace {

struct Asked {
    Asked() = default;
    explicit Asked(std::string refusal) : reply(std::move(refusal)) {}
    std::string path;   // for the look-up; empty when the line was refused already
    std::string reply;  // of a line that was refused already
    std::optional<std::vector<rpc::v1::Target>> known;  // found a moment ago
    std::string original;  // ORCPT
    std::uint32_t notify = 0;
};

// NOTIFY and ORCPT (RFC 3461 §4.1, §4.2), where DSN is offered.
Result<void> read_rcpt_parameters(Session& session, const std::vector<Parameter>& parameters, Asked& asked) {
    for (const auto& [keyword, value] : parameters) {
        const bool known = session.is_submission() && (keyword == "NOTIFY" || keyword == "ORCPT");
        if (!known) return fail(Kind::unsupported, cat("Parameter ", keyword, " is not supported."));
        if (keyword == "NOTIFY") {
            const auto bits = value ? parse_notify(*value) : std::nullopt;
            if (!bits) return fail(Kind::invalid, "NOTIFY takes NEVER, or a list of SUCCESS, FAILURE and DELAY.");
            asked.notify = *bits;
        } else {
            if (!value || !is_orcpt(*value)) return fail(Kind::invalid, "ORCPT takes a type and an address: rfc822;a@b");
            asked.original = *value;
        }
    }
    return {};
}

Result<std::string> parse_recipient(Session& session, const std::string& argument, Asked& asked) {
    auto parsed = parse_path_argument(argument, "TO:");
    if (!parsed) return fail(std::move(parsed.error()));
    if (auto read = read_rcpt_parameters(session, parsed->parameters, asked); !read) return fail(std::move(read.error()));
    // "postmaster" needs no domain, in any case (RFC 5321 §4.1.1.3).
    if (equals_ignoring_case(parsed->path, "postmaster")) return std::move(parsed->path);
    const auto utf8 = session.envelope().smtputf8 ? mail::Utf8::allowed : mail::Utf8::refused;
    auto address = mail::parse_address(parsed->path, utf8);
    if (!address) return fail(std::move(address.error()));
    return mail::to_text(*address);
}

Asked ask(Session& session, const std::string& argument, std::size_t recipients) {
    if (recipients >= session.parts().recipients_max)
        return Asked(reply(452, "4.5.3", "Too many recipients: send the rest in another transaction."));
    Asked asked;
    auto path = parse_recipient(session, argument, asked);
    if (path) {
        // Of a user the ticket is looked at, too.
        if (!session.login()) asked.known = session.parts().recipients.find(*path, session.envelope().declared_bytes);
        asked.path = std::move(*path);
        return asked;
    }
    const auto& text = path.error().text;
    if (path.error().kind == Kind::unsupported && text.starts_with("Parameter")) return Asked(reply(555, "5.5.4", text));
    if (text.starts_with("NOTIFY") || text.starts_with("ORCPT")) return Asked(reply(501, "5.5.4", text));
    return Asked(error_reply(path.error(), Stage::recipient));
}

// The next line, if it is here already, whole, and another RCPT.
std::optional<std::string> take_pipelined(net::Conn& conn) {
    const auto buffered = conn.buffered();
    const auto end = buffered.find("\r\n");
    if (end == std::string_view::npos || end > kCommandLineBytesMax) return std::nullopt;
    const auto line = buffered.substr(0, end);
    if (line.find('\n') != std::string_view::npos) return std::nullopt;
    auto command = split_command(line);
    if (command.verb != "RCPT") return std::nullopt;
    conn.consume(end + 2);
    return std::move(command.argument);
}

rpc::v1::Resolve to_request(const std::vector<Asked>& asked, std::uint64_t declared_bytes) {
    rpc::v1::Resolve request;
    for (const auto& one : asked)
        if (!one.path.empty() && !one.known) request.add_recipients(one.path);
    request.set_declared_bytes(declared_bytes);
    return request;
}

// It has been found: what plugins say of it, and the answer.
Async<void> accept(Session& session, Asked asked) {
    PlanRecipient recipient{std::move(asked.path), std::move(*asked.known), std::move(asked.original), asked.notify, {}};
    auto& plugins = session.parts().plugins;
    auto profiles = co_await target_profiles(plugins, recipient.targets).result();
    if (!profiles) {
        co_await session.refuse(std::move(profiles.error()), Stage::recipient);
        co_return;
    }
    recipient.profiles = std::move(*profiles);
    if (plugins.anybody_has(lua::Hook::rcpt)) {
        auto refusal = co_await run_rcpt_hooks(session, recipient).result();
        if (!refusal) {
            co_await session.refuse(std::move(refusal.error()), Stage::recipient);
            co_return;
        }
        if (*refusal) {
            co_await session.reply(**refusal);
            co_return;
        }
    }
    session.envelope().recipients.push_back(std::move(recipient));
    co_await session.reply(250, "2.1.5", "Recipient ok.");
}

}  // namespace

Async<void> cmd_rcpt(Session& session, std::string argument) {
    auto& envelope = session.envelope();
    if (!envelope.begun) {
        co_await session.reply(503, "5.5.1", "Send MAIL first.");
        co_return;
    }
    std::vector<Asked> asked;
    asked.push_back(ask(session, argument, envelope.recipients.size()));
    while (asked.size() < kRecipientBatchMax) {
        const auto more = take_pipelined(session.conn());
        if (!more) break;
        asked.push_back(ask(session, *more, envelope.recipients.size() + asked.size()));
    }

    auto request = to_request(asked, envelope.declared_bytes);
    rpc::v1::ResolveReply answer;
    if (request.recipients_size() > 0) {
        rpc::Ticket ticket;
        if (session.login()) ticket = session.login()->ticket;
        auto resolved = co_await session.parts().spool.call(std::move(request), std::move(ticket)).result();
        if (!resolved) {
            // Every RCPT of the batch is owed an answer of its own.
            for (std::size_t i = 0; i < asked.size(); ++i)
                co_await session.refuse(resolved.error(), Stage::recipient);
            co_return;
        }
        answer = std::move(*resolved);
    }
    int next = 0;
    for (auto& one : asked) {
        if (one.path.empty()) {
            co_await session.conn().write(std::move(one.reply));
            continue;
        }
        if (!one.known) {
            if (next >= answer.recipients_size()) co_await fail(Kind::internal, "Recipient could not be checked.");
            const auto& found = answer.recipients(next++);
            if (found.has_refused()) {
                co_await session.refuse(rpc::from_wire(found.refused()), Stage::recipient);
                continue;
            }
            session.parts().recipients.keep(one.path, envelope.declared_bytes, found, answer.directory_version());
            one.known.emplace(found.targets().begin(), found.targets().end());
        }
        co_await accept(session, std::move(one));
    }
}

}  // namespace tayori::smtp
