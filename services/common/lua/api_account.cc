// tayori.Account: whose plugins run, and what happens to the mail in the mailbox.
#include <algorithm>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/state.h"
#include "common/mail/limits.h"
#include "common/mail/mailbox_name.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kKeywordBytesMax = 64;
constexpr const char* kSpecialUses[] = {"junk", "trash", "archive", "sent", "drafts"};
constexpr std::string_view kSystemFlags[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"};

template <std::string AccountView::*member>
void push_account_text(lua_State* lua, Call&, const Handle& handle) {
    push_text(lua, view_of_account(handle).*member);
}

void push_account_domain(lua_State* lua, Call&, const Handle& handle) {
    const auto& address = view_of_account(handle).address;
    const auto at = address.rfind('@');
    push_text(lua, at == std::string::npos ? std::string_view() : std::string_view(address).substr(at + 1));
}

void push_account_aliases(lua_State* lua, Call&, const Handle& handle) {
    const auto& aliases = view_of_account(handle).aliases;
    State::charge(lua, 1 + aliases.size());
    push_texts(lua, aliases);
    make_read_only(lua, nullptr);
}

void push_account_settings(lua_State* lua, Call& call, const Handle&) { push_settings(lua, call); }

void push_account_state(lua_State* lua, Call& call, const Handle& handle) {
    call.require("account.state", hooks(Hook::deliver, Hook::daily, Hook::quota));
    if (!call.plugin.declaration.reads_state)
        script_error("account.state: the plugin has to declare that it reads what it keeps: tayori.plugin { state = true, … }");
    lua_newtable(lua);
    const auto& all = view_of_account(handle).state;
    if (const auto found = all.find(call.plugin.declaration.name); found != all.end()) {
        for (const auto& [key, value] : found->second) {
            charge_octets(lua, key.size() + value.size());
            push_text(lua, key);
            push_text(lua, value);
            lua_rawset(lua, -3);
        }
    }
    make_read_only(lua, nullptr);
}

constexpr FieldRow kAccountFields[] = {
    {"address", push_account_text<&AccountView::address>},
    {"domain", push_account_domain},
    {"aliases", push_account_aliases, true},
    {"recipient", push_account_text<&AccountView::recipient>},
    {"detail", push_account_text<&AccountView::detail>},
    {"folder", push_account_text<&AccountView::folder>},
    {"settings", push_account_settings},
    {"state", push_account_state, true},
};

std::string checked_folder(const char* function, std::string_view text) {
    auto name = mail::normalize_mailbox_name(text);
    if (!name)
        script_error(cat(function, ": \"", mail::to_valid_utf8(mail::clip_utf8(text, 80)), "\" is no name of a folder: ", name.error().text,
                         " One looks like Work/Projects"));
    return std::move(*name);
}

std::string checked_flag(const char* function, std::string_view text) {
    for (const auto flag : kSystemFlags)
        if (equals_ignoring_case(text, flag)) return std::string(flag);
    // An atom of IMAP (RFC 9051 §9) that is no system flag.
    const auto is_atom_char = [](char c) { return c > 32 && c < 127 && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos; };
    const bool is_keyword = !text.empty() && text.size() <= kKeywordBytesMax && std::all_of(text.begin(), text.end(), is_atom_char);
    if (!is_keyword)
        script_error(cat(function, ": \"", mail::to_valid_utf8(mail::clip_utf8(text, kKeywordBytesMax)),
                         "\" is no flag; there are \\Seen, \\Answered, \\Flagged, \\Draft, \\Deleted, and keywords of ASCII, as $Label1"));
    return std::string(text);
}

constexpr auto kInDeliver = hooks(Hook::deliver);

Call& call_in_deliver(lua_State* lua, const char* function) {
    auto self = self_of(lua, kAccountClass, function);
    self.call.require(function, kInDeliver);
    return self.call;
}

constexpr const char* kFileIntoOptions[] = {"create", "keep"};

int account_fileinto(lua_State* lua) {
    constexpr const char* kName = "account:fileinto";
    auto& call = call_in_deliver(lua, kName);
    Arguments in(lua, kName, 2);
    FileInto into;
    into.folder = checked_folder(kName, in.text("folder", mail::kMailboxNameBytesMax));
    Options options(lua, kName, in.take(), kFileIntoOptions, Options::Need::may);
    in.end();
    into.create = options.optional_boolean("create").value_or(true);
    into.keep = options.boolean("keep");
    const auto bytes = into.folder.size();
    call.decide(lua, std::move(into), bytes);
    return 0;
}

std::string checked_use(const char* function, std::string_view use) {
    if (std::find(std::begin(kSpecialUses), std::end(kSpecialUses), use) == std::end(kSpecialUses))
        script_error(cat(function, ": argument 1 (use) can't be \"", mail::to_valid_utf8(mail::clip_utf8(use, 40)), "\"",
                         suggest(use, kSpecialUses)));
    return std::string(use);
}

int account_fileinto_special(lua_State* lua) {
    constexpr const char* kName = "account:fileinto_special";
    auto& call = call_in_deliver(lua, kName);
    Arguments in(lua, kName, 2);
    FileInto into;
    into.special_use = checked_use(kName, in.text("use", kBindingErrorBytesMax));
    in.end();
    call.decide(lua, std::move(into), 0);
    return 0;
}

int account_flag(lua_State* lua) {
    constexpr const char* kName = "account:flag";
    auto self = self_of(lua, kAccountClass, kName);
    self.call.require(kName, hooks(Hook::deliver, Hook::append));
    Arguments in(lua, kName, 2);
    do {
        Flag flag{checked_flag(kName, in.text("flag", kBindingErrorBytesMax))};
        const auto bytes = flag.name.size();
        self.call.decide(lua, std::move(flag), bytes);
    } while (in.has_more());
    return 0;
}

template <class Decided>
int decide_alone(lua_State* lua, const char* name) {
    auto& call = call_in_deliver(lua, name);
    Arguments(lua, name, 2).end();
    call.decide(lua, Decided{}, 0);
    return 0;
}
int account_discard(lua_State* lua) { return decide_alone<Discard>(lua, "account:discard"); }
int account_keep(lua_State* lua) { return decide_alone<Keep>(lua, "account:keep"); }
int account_quarantine(lua_State* lua) { return decide_alone<Quarantine>(lua, "account:quarantine"); }
int account_stop(lua_State* lua) { return decide_alone<Stop>(lua, "account:stop"); }

int account_remember(lua_State* lua) {
    constexpr const char* kName = "account:remember";
    auto self = self_of(lua, kAccountClass, kName);
    self.call.require(kName, hooks(Hook::deliver, Hook::daily, Hook::quota));
    Arguments in(lua, kName, 2);
    Remember remember;
    remember.key = in.text("key", kStateKeyBytesMax);
    if (remember.key.empty()) script_error("account:remember: argument 1 (key) is empty");
    if (lua_gettop(lua) < 3) script_error("account:remember: argument 2 (value) is missing; nil removes what is kept");
    if (const auto value = in.optional_text("value", kStateValueBytesMax)) remember.value = *value;
    if (const auto ttl = in.optional_integer("ttl", 1, UINT32_MAX)) remember.ttl_s = static_cast<std::uint32_t>(*ttl);
    in.end();
    const auto bytes = remember.key.size() + remember.value.value_or(std::string()).size();
    self.call.decide(lua, std::move(remember), bytes);
    return 0;
}

constexpr const char* kExpireOptions[] = {"folder", "older_than", "keyword", "seen", "flagged", "move_to"};

int account_expire(lua_State* lua) {
    constexpr const char* kName = "account:expire";
    auto self = self_of(lua, kAccountClass, kName);
    self.call.require(kName, hooks(Hook::daily));
    Arguments in(lua, kName, 2);
    Options options(lua, kName, in.take(), kExpireOptions, Options::Need::must);
    in.end();
    Expire expire;
    expire.folder = options.text("folder", mail::kMailboxNameBytesMax);
    if (expire.folder.empty()) script_error("account:expire: option \"folder\" is empty; \"*\" stands for all folders");
    expire.older_than_s = static_cast<std::uint64_t>(options.integer("older_than", 1, INT64_MAX));
    if (const auto keyword = options.optional_text("keyword", kBindingErrorBytesMax)) expire.keyword = checked_flag(kName, *keyword);
    expire.seen = options.optional_boolean("seen");
    expire.flagged = options.optional_boolean("flagged");
    if (const auto to = options.optional_text("move_to", mail::kMailboxNameBytesMax)) expire.move_to = checked_folder(kName, *to);
    for (const auto& action : self.call.actions) {
        const auto* other = std::get_if<Expire>(&action.what);
        if (other != nullptr && other->folder == expire.folder)
            script_error(cat("account:expire: folder \"", mail::to_valid_utf8(mail::clip_utf8(expire.folder, 80)),
                             "\" has been given already; one call for each folder"));
    }
    const auto bytes = expire.folder.size() + expire.keyword.size() + expire.move_to.size();
    self.call.decide(lua, std::move(expire), bytes);
    return 0;
}

const MethodRow kAccountMethods[] = {
    {"fileinto", guarded<account_fileinto>, kFileIntoOptions},
    {"fileinto_special", guarded<account_fileinto_special>},
    {"flag", guarded<account_flag>},
    {"discard", guarded<account_discard>},
    {"keep", guarded<account_keep>},
    {"quarantine", guarded<account_quarantine>},
    {"forward", guarded<account_forward>, kForwardOptions},
    {"reply", guarded<account_reply>, kReplyOptions},
    {"notify", guarded<account_notify>, kNotifyOptions},
    {"stop", guarded<account_stop>},
    {"remember", guarded<account_remember>},
    {"expire", guarded<account_expire>, kExpireOptions},
};

}  // namespace

const AccountView& view_of_account(const Handle& handle) { return *static_cast<const AccountView*>(handle.object); }

const ObjectClass kAccountClass = {"Account", "account", kAccountFields, kAccountMethods};

}  // namespace tayori::lua
