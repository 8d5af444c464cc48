// What several of the api_*.cc share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/lua/call.h"
#include "common/lua/object.h"
#include "common/mail/automatic.h"

namespace tayori::lua {

inline constexpr std::size_t kReplyTextBytesMax = 400;      // of what a client is told
inline constexpr std::size_t kConditionKeyBytesMax = 200;   // the rest of 255 is a prefix of ours
inline constexpr std::int64_t kPeriodSecondsMax = 20LL * 365 * 86'400;
inline constexpr std::size_t kForwardsMax = 50;             // addresses of one decision
inline constexpr std::size_t kComparedBytesMax = 1024 * 1024;  // of a text that is searched
inline constexpr std::size_t kStateKeyBytesMax = 255;
inline constexpr std::size_t kStateValueBytesMax = 4096;

// code, enhanced code and text of reject and tempfail, from the second argument on.
enum class Refused { for_good, for_now };
Refusal read_refusal(lua_State* lua, const char* function, Refused how);

// What a client is told: one line, printable.
std::string reply_text(const char* function, std::string_view text);

// `prefix` and the text, hashed where it is long, as a condition's key has 255 bytes.
std::string condition_key(const char* function, std::string_view prefix, std::string_view text);

// An address that may be sent to. An error names what is wrong.
std::string checked_address(const char* function, std::string_view text);
std::vector<std::string> checked_addresses(const char* function, std::vector<std::string> texts);
// "Anna <anna@a.test>" or the address alone.
struct NameAndAddress {
    std::string name, address;
};
NameAndAddress checked_mailbox(const char* function, std::string_view text);

// The account's own address and its aliases.
mail::MailboxSet own_mailboxes(const AccountView& account);

const AccountView& view_of_account(const Handle& handle);
void push_settings(lua_State* lua, Call& call);           // settings_table.cc

int api_regex(lua_State* lua);  // api_regex.cc

// api_send.cc
int account_reply(lua_State* lua);
int account_forward(lua_State* lua);
int account_notify(lua_State* lua);
extern const std::span<const char* const> kReplyOptions, kForwardOptions, kNotifyOptions;

}  // namespace tayori::lua
