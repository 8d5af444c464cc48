#include "common/lua/api_parts.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/lua/check.h"
#include "common/lua/state.h"
#include "common/mail/address.h"
#include "common/mail/automatic.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

// RFC 3463 §2: class, subject and detail; the class is the code's.
bool is_enhanced(std::string_view text, int code) {
    int dots = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0 || ++dots > 2) return false;
            digits = 0;
        } else if (c < '0' || c > '9' || ++digits > 3) {
            return false;
        }
    }
    return dots == 2 && digits > 0 && text[1] == '.' && text[0] == '0' + code / 100;
}

std::string quoted_value(std::string_view text) {
    constexpr std::size_t kShownMax = 80;
    return cat('"', mail::to_valid_utf8(mail::clip_utf8(text, kShownMax)), '"');
}

}  // namespace

std::string reply_text(const char* function, std::string_view text) {
    if (!mail::is_valid_utf8(text)) script_error(cat(function, ": the text is not UTF-8"));
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return out;
}

Refusal read_refusal(lua_State* lua, const char* function, Refused how) {
    const bool for_good = how == Refused::for_good;
    Arguments in(lua, function, 2);
    Refusal refusal;
    refusal.code = static_cast<int>(for_good ? in.integer("code", 500, 599) : in.integer("code", 400, 499));
    const auto enhanced = in.text("enhanced", 16);
    const auto text = in.text("text", kReplyTextBytesMax);
    in.end();
    if (!is_enhanced(enhanced, refusal.code))
        script_error(cat(function, ": argument 2 (enhanced) must be as \"", for_good ? "5.7.1" : "4.7.1", "\", of the code's class; not ",
                         quoted_value(enhanced)));
    refusal.enhanced = enhanced;
    refusal.text = reply_text(function, text);
    if (refusal.text.empty()) script_error(cat(function, ": argument 3 (text) is empty; say why, the sender reads it"));
    return refusal;
}

std::string condition_key(const char* function, std::string_view prefix, std::string_view text) {
    if (text.empty()) script_error(cat(function, ": the key is empty"));
    if (text.size() <= kConditionKeyBytesMax) return cat(prefix, text);
    return cat(prefix, "sha256:", hex_encode(crypto::sha256(text)));
}

std::string checked_address(const char* function, std::string_view text) {
    const auto parsed = mail::parse_address(text);
    if (!parsed) script_error(cat(function, ": ", quoted_value(text), " is not an address; one looks like anna@example.test"));
    if (const auto key = mail::lookup_key(*parsed); !key) script_error(cat(function, ": ", quoted_value(text), ": ", key.error().text));
    return mail::to_text(*parsed);
}

std::vector<std::string> checked_addresses(const char* function, std::vector<std::string> texts) {
    if (texts.empty()) script_error(cat(function, ": no address is given"));
    if (texts.size() > kForwardsMax) script_error(cat(function, ": ", texts.size(), " addresses; at most ", kForwardsMax, " are allowed"));
    std::vector<std::string> out;
    std::set<std::string> seen;  // twice the same would be sent twice
    for (const auto& text : texts) {
        auto address = checked_address(function, text);
        if (seen.insert(mail::correspondent_key(address)).second) out.push_back(std::move(address));
    }
    return out;
}

NameAndAddress checked_mailbox(const char* function, std::string_view text) {
    if (text.find_first_of("<,;") == std::string_view::npos) return {{}, checked_address(function, text)};
    const auto list = mail::parse_address_list(text);
    const bool one = list.size() == 1 && list.front().type == mail::ListedAddress::Type::mailbox && !list.front().domain.empty();
    if (!one) script_error(cat(function, ": ", quoted_value(text), " is not one address; write anna@example.test or Anna <anna@example.test>"));
    return {mail::decode_header_text(list.front().name), checked_address(function, mail::to_text({list.front().local, list.front().domain}))};
}

mail::MailboxSet own_mailboxes(const AccountView& account) {
    auto all = account.aliases;
    all.push_back(account.address);
    return mail::MailboxSet(all);
}

}  // namespace tayori::lua
