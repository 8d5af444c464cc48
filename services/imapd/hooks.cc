#include "imapd/hooks.h"

#include <utility>

#include "common/daemon/plugins.h"

namespace tayori::imap {
namespace {

lua::SessionView view_of(Session& session) {
    lua::SessionView view;
    view.id = session.tag();
    view.protocol = "imap";
    view.peer = session.conn().peer().ip.to_string();
    view.tls = session.conn().is_tls();
    return view;
}

// "Later" is told apart: clients try again by themselves (RFC 5530 §3).
Reply refused(const lua::Refusal& refusal, const char* for_good) {
    auto text = refusal.text.empty() ? std::string("Refused.") : refusal.text;
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return Reply::no(refusal.is_temporary() ? "UNAVAILABLE" : for_good, std::move(text));
}

const lua::RefuseChange* change_refusal(const lua::Decided& decided) {
    for (const auto& action : decided.actions)
        if (const auto* no = std::get_if<lua::RefuseChange>(&action.what)) return no;
    return nullptr;
}

}  // namespace

Async<std::optional<Reply>> run_login_hook(Session& session, std::uint64_t account_id, std::string address) {
    auto& plugins = session.parts().plugins;
    std::optional<Reply> reply;
    if (!plugins.anybody_has(lua::Hook::login)) co_return reply;
    auto account = co_await plugins.account(account_id, std::move(address));
    if (!plugins.has(account.profile, lua::Hook::login)) co_return reply;
    lua::Job job;
    job.hook = lua::Hook::login;
    job.session = view_of(session);
    job.id = job.session->id;
    job.account = account;
    auto decided = co_await plugins.run(std::move(job));
    if (const auto* no = decided.refusal()) {
        reply = refused(*no, "AUTHORIZATIONFAILED");
        co_return reply;
    }
    co_await plugins.apply(std::move(account), std::move(decided));
    co_return reply;
}

Async<std::optional<Reply>> run_change_hook(Session& session, lua::Hook hook, lua::ChangeView change) {
    auto& plugins = session.parts().plugins;
    std::optional<Reply> reply;
    if (!plugins.anybody_has(hook)) co_return reply;
    auto account = co_await plugins.account(session.account().id, session.account().address);
    if (!plugins.has(account.profile, hook)) co_return reply;
    account.folder = change.folder;
    change.protocol = "imap";
    lua::Job job;
    job.hook = hook;
    job.id = session.tag();
    job.account = account;
    job.change = std::move(change);
    auto decided = co_await plugins.run(std::move(job));
    if (const auto* no = decided.refusal()) {
        reply = refused(*no, "NOPERM");
        co_return reply;
    }
    if (const auto* no = change_refusal(decided)) {
        reply = refused({550, "5.7.1", no->text}, "NOPERM");
        co_return reply;
    }
    co_await plugins.apply(std::move(account), std::move(decided));
    co_return reply;
}

Async<std::optional<Reply>> run_expunge_hook(Session& session, NumberSet uids) {
    std::optional<Reply> reply;
    if (!session.parts().plugins.anybody_has(lua::Hook::expunge)) co_return reply;
    lua::ChangeView change;
    change.folder = session.selected();
    for (const auto& row : session.view().state().rows())
        if ((row.flags & kDeleted) != 0 && contains(uids, row.uid)) ++change.messages;
    if (change.messages == 0) co_return reply;
    reply = co_await run_change_hook(session, lua::Hook::expunge, std::move(change));
    co_return reply;
}

Async<bool> wants_append(Session& session) {
    auto& plugins = session.parts().plugins;
    if (!plugins.anybody_has(lua::Hook::append)) co_return false;
    auto account = co_await plugins.account(session.account().id, session.account().address);
    co_return plugins.has(account.profile, lua::Hook::append);
}

Async<AppendDecision> run_append_hook(Session& session, std::string folder, std::string id, std::shared_ptr<const SeenAppend> mail) {
    auto& plugins = session.parts().plugins;
    auto account = co_await plugins.account(session.account().id, session.account().address);
    account.folder = std::move(folder);
    lua::Job job;
    job.hook = lua::Hook::append;
    job.id = id;
    job.account = account;
    auto& view = job.mail.emplace();
    view.id = std::move(id);
    view.authenticated = true;
    view.bytes = mail->bytes;
    view.size = mail->size;
    view.summary = &mail->summary;
    view.keep = mail;
    auto decided = co_await plugins.run(std::move(job));
    AppendDecision decision;
    if (const auto* no = decided.refusal()) {
        decision.refusal = refused(*no, "NOPERM");
        co_return decision;
    }
    for (const auto& action : decided.actions)
        if (const auto* flag = std::get_if<lua::Flag>(&action.what)) decision.flags.push_back(flag->name);
    co_await plugins.apply(std::move(account), std::move(decided));
    co_return decision;
}

}  // namespace tayori::imap
