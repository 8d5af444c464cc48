#include "pop3d/hooks.h"

#include <utility>

#include "common/base/text.h"
#include "common/daemon/plugins.h"

namespace tayori::pop3 {
namespace {

constexpr std::size_t kReplyTextMax = 400;  // a line has 512 octets (RFC 1939 §3)

std::string refused(std::string_view code, std::string text) {
    if (text.empty()) text = "Refused.";
    if (text.size() > kReplyTextMax) {
        text.resize(kReplyTextMax);
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
    }
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return cat("-ERR ", code, text, "\r\n");
}

// SYS/TEMP and SYS/PERM: not the password is wrong (RFC 3206 §3).
std::string refused(const lua::Refusal& refusal) {
    return refused(refusal.is_temporary() ? "[SYS/TEMP] " : "[SYS/PERM] ", refusal.text);
}

ExpungeDecision decision_of(const lua::Decided& decided) {
    ExpungeDecision decision;
    if (const auto* no = decided.refusal()) {
        decision.refusal = refused(*no);
        return decision;
    }
    for (const auto& action : decided.actions) {
        if (const auto* no = std::get_if<lua::RefuseChange>(&action.what)) {
            decision.refusal = refused("[SYS/PERM] ", no->text);
            return decision;
        }
        const auto* keep = std::get_if<lua::KeepChange>(&action.what);
        if (keep == nullptr || decision.removed) continue;
        auto& removed = decision.removed.emplace();
        if (keep->move_to == "trash") removed.set_move_to(rpc::v1::SPECIAL_USE_TRASH);
        else if (keep->move_to == "archive") removed.set_move_to(rpc::v1::SPECIAL_USE_ARCHIVE);
        else removed.set_keep(true);
        removed.set_keyword(keep->keyword);
    }
    return decision;
}

}  // namespace

Async<std::optional<std::string>> run_login_hook(Session& session, std::uint64_t account_id, std::string address) {
    auto& plugins = session.parts().plugins;
    std::optional<std::string> refusal;
    if (!plugins.anybody_has(lua::Hook::login)) co_return refusal;
    auto account = co_await plugins.account(account_id, std::move(address));
    if (!plugins.has(account.profile, lua::Hook::login)) co_return refusal;
    lua::Job job;
    job.hook = lua::Hook::login;
    job.account = account;
    auto& view = job.session.emplace();
    const auto client = session.client_info();
    view.protocol = "pop3";
    view.peer = client.remote_ip();
    view.tls = client.tls();
    auto decided = co_await plugins.run(std::move(job));
    if (const auto* no = decided.refusal()) {
        refusal = refused(*no);
        co_return refusal;
    }
    co_await plugins.apply(std::move(account), std::move(decided));
    co_return refusal;
}

Async<ExpungeDecision> run_expunge_hook(Session& session) {
    auto& plugins = session.parts().plugins;
    ExpungeDecision decision;
    const auto messages = session.drop()->marked();
    if (messages == 0 || !plugins.anybody_has(lua::Hook::expunge)) co_return decision;
    auto account = co_await plugins.account(session.account_id(), session.address());
    if (!plugins.has(account.profile, lua::Hook::expunge)) co_return decision;
    lua::Job job;
    job.hook = lua::Hook::expunge;
    auto& change = job.change.emplace();
    change.protocol = "pop3";
    change.folder = "INBOX";
    change.messages = messages;
    account.folder = change.folder;
    job.account = account;
    auto decided = co_await plugins.run(std::move(job));
    decision = decision_of(decided);
    if (!decision.refusal) co_await plugins.apply(std::move(account), std::move(decided));
    co_return decision;
}

}  // namespace tayori::pop3
