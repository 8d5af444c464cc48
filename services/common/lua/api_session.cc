// tayori.Session: the client that smtpd, imapd or pop3d talks to.
#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/state.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

const SessionView& view_of_session(const Handle& handle) { return *static_cast<const SessionView*>(handle.object); }

template <std::string SessionView::*member>
void push_session_text(lua_State* lua, Call&, const Handle& handle) {
    push_text(lua, view_of_session(handle).*member);
}
template <bool SessionView::*member>
void push_session_flag(lua_State* lua, Call&, const Handle& handle) {
    lua_pushboolean(lua, view_of_session(handle).*member);
}
template <std::uint64_t SessionView::*member>
void push_session_number(lua_State* lua, Call&, const Handle& handle) {
    push_integer(lua, view_of_session(handle).*member);
}

// Who has logged in. At rcpt the account is whose recipient this is, which is the client's own only on the way out.
void push_session_account(lua_State* lua, Call& call, const Handle& handle) {
    const bool other = call.hook == Hook::rcpt && !view_of_session(handle).outgoing;
    if (call.account == nullptr || call.account->account_id == 0 || other) return lua_pushnil(lua);
    push_object(lua, call, kAccountClass, call.account);
}

void push_session_settings(lua_State* lua, Call& call, const Handle&) { push_settings(lua, call); }

void push_session_accepted(lua_State* lua, Call& call, const Handle& handle) {
    call.require("session.accepted", hooks(Hook::headers, Hook::message));
    const auto& accepted = view_of_session(handle).accepted;
    State::charge(lua, 1 + accepted.size());
    push_texts(lua, accepted);
    make_read_only(lua, nullptr);
}

constexpr FieldRow kSessionFields[] = {
    {"id", push_session_text<&SessionView::id>},
    {"protocol", push_session_text<&SessionView::protocol>},
    {"peer", push_session_text<&SessionView::peer>},
    {"tls", push_session_flag<&SessionView::tls>},
    {"helo", push_session_text<&SessionView::helo>},
    {"account", push_session_account, true},
    {"settings", push_session_settings, true},
    {"sender", push_session_text<&SessionView::sender>},
    {"recipient", push_session_text<&SessionView::recipient>},
    {"outgoing", push_session_flag<&SessionView::outgoing>},
    {"declared_size", push_session_number<&SessionView::declared_size>},
    {"recipients", push_session_number<&SessionView::recipients>},
    {"accepted", push_session_accepted, true},
};

constexpr auto kMayRefuse = hooks(Hook::connect, Hook::helo, Hook::auth, Hook::mail, Hook::rcpt, Hook::headers, Hook::message, Hook::login);

int session_reject(lua_State* lua) {
    auto self = self_of(lua, kSessionClass, "session:reject");
    self.call.require("session:reject", kMayRefuse);
    return push_decision(lua, self.call, read_refusal(lua, "session:reject", Refused::for_good));
}
int session_tempfail(lua_State* lua) {
    auto self = self_of(lua, kSessionClass, "session:tempfail");
    self.call.require("session:tempfail", kMayRefuse);
    return push_decision(lua, self.call, read_refusal(lua, "session:tempfail", Refused::for_now));
}

constexpr const char* kLimitOptions[] = {"key", "max", "period", "text"};

int session_limit(lua_State* lua) {
    constexpr const char* kName = "session:limit";
    auto self = self_of(lua, kSessionClass, kName);
    self.call.require(kName, hooks(Hook::auth, Hook::mail, Hook::rcpt, Hook::headers, Hook::message, Hook::login));
    Arguments in(lua, kName, 2);
    Options options(lua, kName, in.take(), kLimitOptions, Options::Need::must);
    in.end();
    Limit limit;
    limit.condition = {condition_key(kName, "limit/", options.text("key", kConditionKeyBytesMax)),
                       static_cast<std::uint32_t>(options.integer("max", 0, INT32_MAX)),
                       static_cast<std::uint32_t>(options.integer("period", 1, kPeriodSecondsMax))};
    limit.text = reply_text(kName, options.optional_text("text", kReplyTextBytesMax).value_or("Too much at once; try again later."));
    const auto bytes = limit.condition.key.size() + limit.text.size();
    self.call.decide(lua, std::move(limit), bytes);
    return 0;
}

int session_announce_size(lua_State* lua) {
    constexpr const char* kName = "session:announce_size";
    auto self = self_of(lua, kSessionClass, kName);
    self.call.require(kName, hooks(Hook::helo));
    Arguments in(lua, kName, 2);
    // RFC 1870 §4: 0 would say that there is no fixed maximum.
    const auto octets = in.integer("octets", 1, INT64_MAX);
    in.end();
    self.call.decide(lua, AnnounceSize{static_cast<std::uint64_t>(octets)}, 0);
    return 0;
}

constexpr MethodRow kSessionMethods[] = {
    {"reject", guarded<session_reject>},
    {"tempfail", guarded<session_tempfail>},
    {"limit", guarded<session_limit>, kLimitOptions},
    {"announce_size", guarded<session_announce_size>},
};

}  // namespace

const ObjectClass kSessionClass = {"Session", "session", kSessionFields, kSessionMethods};

}  // namespace tayori::lua
