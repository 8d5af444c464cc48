// tayori.Mail: what has arrived. Decoded when asked for.
#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/state.h"
#include "common/mail/address.h"
#include "common/mail/automatic.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::size_t kFieldNameMax = 100;           // that a plugin asks for or adds
constexpr std::size_t kAddedValueBytesMax = 1000;    // of UTF-8
constexpr std::size_t kAddedBytesMax = 3 * 1024;     // of all fields of one call: a prefix has 4 KiB (intake.proto)
constexpr std::uint64_t kScannedPerStep = 32;        // octets of a header that is looked through

constexpr const char* kReadOnlyFields[] = {
    // One of each at most (RFC 5322 §3.6): a second one makes a mail that programs read differently.
    "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject", "Date", "MIME-Version",
    // Written by servers, and believed.
    "Return-Path", "Received", "Delivered-To", "DKIM-Signature", "Authentication-Results"};

MailText& text_of_mail(const Handle& handle) { return *static_cast<MailText*>(const_cast<void*>(handle.object)); }

void charge_scan(lua_State* lua, const MailText& mail) { State::charge(lua, 1 + mail.header().size() / kScannedPerStep); }

template <std::string MailView::*member>
void push_mail_text(lua_State* lua, Call&, const Handle& handle) {
    push_text(lua, text_of_mail(handle).view().*member);
}
void push_mail_size(lua_State* lua, Call&, const Handle& handle) { push_integer(lua, text_of_mail(handle).view().size); }
void push_mail_authenticated(lua_State* lua, Call&, const Handle& handle) {
    lua_pushboolean(lua, text_of_mail(handle).view().authenticated);
}
void push_mail_id(lua_State* lua, Call&, const Handle& handle) { push_text(lua, text_of_mail(handle).summary().message_id); }
void push_mail_date(lua_State* lua, Call&, const Handle& handle) {
    const auto& sent = text_of_mail(handle).summary().sent;
    lua_pushinteger(lua, sent ? sent->unix_s : 0);
}

void push_decoded(lua_State* lua, std::string_view value) {
    charge_octets(lua, value.size());
    push_text(lua, mail::to_valid_utf8(mail::decode_header_text(value)));
}

void push_mail_subject(lua_State* lua, Call&, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    charge_scan(lua, mail);
    push_decoded(lua, mail.find("Subject").value_or(std::string_view()));
}

int unknown_address_field(lua_State* lua) {
    constexpr const char* kNames[] = {"name", "address"};
    if (lua_type(lua, 2) != LUA_TSTRING) script_error("an address has names, not numbers: address.name, address.address");
    const std::string name = lua_tostring(lua, 2);
    script_error(cat("an address has no \"", name, "\"", suggest(name, kNames)));
}

const char kAddressMetatable = 0;  // its address: a metatable in the registry

void push_address(lua_State* lua, const mail::ListedAddress& listed) {
    lua_createtable(lua, 0, 2);
    // Without a domain it is no address, but it is all that people see.
    const auto& name = listed.name.empty() && listed.domain.empty() ? listed.local : listed.name;
    push_text(lua, mail::to_valid_utf8(mail::decode_header_text(name)));
    lua_setfield(lua, -2, "name");
    push_text(lua, listed.domain.empty() ? std::string() : mail::to_valid_utf8(mail::to_text({listed.local, listed.domain})));
    lua_setfield(lua, -2, "address");
    if (lua_rawgetp(lua, LUA_REGISTRYINDEX, &kAddressMetatable) != LUA_TTABLE) {
        lua_pop(lua, 1);
        lua_createtable(lua, 0, 2);
        lua_pushcfunction(lua, guarded<unknown_address_field>);
        lua_setfield(lua, -2, "__index");
        lua_pushboolean(lua, 0);
        lua_setfield(lua, -2, "__metatable");
        lua_pushvalue(lua, -1);
        lua_rawsetp(lua, LUA_REGISTRYINDEX, &kAddressMetatable);
    }
    lua_setmetatable(lua, -2);
}

void push_mail_from(lua_State* lua, Call&, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    charge_scan(lua, mail);
    const auto value = mail.find("From").value_or(std::string_view());
    charge_octets(lua, value.size());
    for (const auto& listed : mail::parse_address_list(value))
        if (listed.type == mail::ListedAddress::Type::mailbox) return push_address(lua, listed);
    lua_pushnil(lua);
}

void push_mail_parts(lua_State* lua, Call& call, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    const auto count = mail.leaves().size();
    State::charge(lua, 1 + 10 * count);
    lua_createtable(lua, static_cast<int>(count), 0);
    for (std::size_t i = 0; i < count; ++i) {
        push_object(lua, call, kPartClass, &mail, i);
        lua_rawseti(lua, -2, static_cast<lua_Integer>(i) + 1);
    }
}

void push_mail_attachments(lua_State* lua, Call& call, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    const auto count = mail.leaves().size();
    State::charge(lua, 1 + 10 * count);
    lua_newtable(lua);
    lua_Integer files = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!mail.leaves()[i].info.is_file()) continue;
        push_object(lua, call, kPartClass, &mail, i);
        lua_rawseti(lua, -2, ++files);
    }
}

void push_mail_body(lua_State* lua, Call&, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    charge_octets(lua, mail.cost_of_text());
    push_text(lua, mail.text());
}

void push_mail_results(lua_State* lua, Call&, const Handle& handle) {
    lua_newtable(lua);
    for (const auto& [method, result] : text_of_mail(handle).view().results) {
        push_text(lua, result);
        lua_setfield(lua, -2, method.c_str());
    }
    make_read_only(lua, nullptr);
}

constexpr FieldRow kMailFields[] = {
    {"id", push_mail_text<&MailView::id>},
    {"size", push_mail_size},
    {"sender", push_mail_text<&MailView::sender>},
    {"from", push_mail_from, true},
    {"subject", push_mail_subject, true},
    {"message_id", push_mail_id},
    {"date", push_mail_date},
    {"authenticated", push_mail_authenticated},
    {"parts", push_mail_parts, true},
    {"text", push_mail_body, true},
    {"attachments", push_mail_attachments, true},
    {"results", push_mail_results, true},
};

std::string_view field_argument(lua_State* lua, const char* function) {
    Arguments in(lua, function, 2);
    const auto name = in.text("name", kFieldNameMax);
    in.end();
    return name;
}

int mail_header(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:header");
    const auto name = field_argument(lua, "mail:header");
    auto& mail = text_of_mail(self.handle);
    charge_scan(lua, mail);
    const auto value = mail.find(name);
    if (!value) lua_pushnil(lua);
    else push_decoded(lua, *value);
    return 1;
}

template <class Push>
int push_fields(lua_State* lua, MailText& mail, std::string_view name, Push push) {
    charge_scan(lua, mail);
    lua_newtable(lua);
    lua_Integer count = 0;
    for (const auto& field : mail.fields()) {
        if (!equals_ignoring_case(field.name, name)) continue;
        push(field);
        lua_rawseti(lua, -2, ++count);
    }
    return 1;
}

int mail_headers(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:headers");
    const auto name = field_argument(lua, "mail:headers");
    return push_fields(lua, text_of_mail(self.handle), name, [&](const mail::Field& field) { push_decoded(lua, field.value); });
}

int mail_raw_headers(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:raw_headers");
    const auto name = field_argument(lua, "mail:raw_headers");
    return push_fields(lua, text_of_mail(self.handle), name, [&](const mail::Field& field) {
        charge_octets(lua, field.raw.size());
        push_text(lua, field.raw);
    });
}

int mail_header_names(lua_State* lua) {
    constexpr std::size_t kNamesMax = 500;
    auto self = self_of(lua, kMailClass, "mail:header_names");
    Arguments(lua, "mail:header_names", 2).end();
    auto& mail = text_of_mail(self.handle);
    charge_octets(lua, mail.header().size());
    std::vector<std::string> names;
    std::set<std::string> seen;  // in lower case
    for (const auto& field : mail.fields()) {
        if (names.size() >= kNamesMax) break;
        if (!field.name.empty() && seen.insert(to_lower(field.name)).second) names.emplace_back(field.name);
    }
    State::charge(lua, 5 * names.size());
    push_texts(lua, names);
    return 1;
}

int mail_addresses(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:addresses");
    const auto name = field_argument(lua, "mail:addresses");
    auto& mail = text_of_mail(self.handle);
    charge_scan(lua, mail);
    lua_newtable(lua);
    std::size_t count = 0;
    for (const auto& field : mail.fields()) {
        if (!equals_ignoring_case(field.name, name)) continue;
        charge_octets(lua, field.value.size());
        for (const auto& listed : mail::parse_address_list(field.value)) {
            if (listed.type != mail::ListedAddress::Type::mailbox) continue;
            if (count >= kListEntriesMax) return 1;
            State::charge(lua, 5);
            push_address(lua, listed);
            lua_rawseti(lua, -2, static_cast<lua_Integer>(++count));
        }
    }
    return 1;
}

int mail_is_automatic(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:is_automatic");
    Arguments(lua, "mail:is_automatic", 2).end();
    auto& mail = text_of_mail(self.handle);
    charge_octets(lua, mail.header().size());
    const auto& why = mail.why_automatic();
    lua_pushboolean(lua, !why.empty());
    push_text(lua, why);
    return 2;
}

int mail_is_to(lua_State* lua) {
    constexpr const char* kName = "mail:is_to";
    auto self = self_of(lua, kMailClass, kName);
    Arguments in(lua, kName, 2);
    const auto& account = view_of_account(object_at(lua, in.take(), kAccountClass, kName));
    in.end();
    auto& mail = text_of_mail(self.handle);
    charge_octets(lua, mail.header().size());
    auto own = account.aliases;
    own.push_back(account.address);
    if (!account.recipient.empty()) own.push_back(account.recipient);
    lua_pushboolean(lua, mail::is_addressed_to(mail.header(), own));
    return 1;
}

constexpr auto kMailHooks = hooks(Hook::headers, Hook::message, Hook::deliver, Hook::append);
constexpr auto kWholeMailHooks = hooks(Hook::headers, Hook::message);

int mail_reject(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:reject");
    self.call.require("mail:reject", kMailHooks);
    return push_decision(lua, self.call, read_refusal(lua, "mail:reject", Refused::for_good));
}
int mail_tempfail(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:tempfail");
    self.call.require("mail:tempfail", kMailHooks);
    return push_decision(lua, self.call, read_refusal(lua, "mail:tempfail", Refused::for_now));
}
int mail_discard(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:discard");
    self.call.require("mail:discard", kWholeMailHooks);
    Arguments(lua, "mail:discard", 2).end();
    return push_decision(lua, self.call, Discard{});
}
int mail_quarantine(lua_State* lua) {
    auto self = self_of(lua, kMailClass, "mail:quarantine");
    self.call.require("mail:quarantine", kWholeMailHooks);
    Arguments(lua, "mail:quarantine", 2).end();
    return push_decision(lua, self.call, Quarantine{});
}

void check_added_name(std::string_view name) {
    const auto is_name_char = [](char c) { return c > 32 && c < 127 && c != ':'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_char))
        script_error("mail:addheader: argument 1 (name) must be a field's name, of printable ASCII without \":\", as \"X-Checked\"");
    const auto is = [&](const char* one) { return equals_ignoring_case(name, one); };
    const bool content = name.size() > 8 && equals_ignoring_case(name.substr(0, 8), "Content-");
    if (content || std::any_of(std::begin(kReadOnlyFields), std::end(kReadOnlyFields), is))
        script_error(cat("mail:addheader: a second ", name, " field would make the mail ambiguous; use a name of your own, as \"X-",
                         name, "\""));
}

int mail_addheader(lua_State* lua) {
    constexpr const char* kName = "mail:addheader";
    auto self = self_of(lua, kMailClass, kName);
    auto& call = self.call;
    call.require(kName, hooks(Hook::headers, Hook::message, Hook::deliver));
    Arguments in(lua, kName, 2);
    const auto name = in.text("name", kFieldNameMax);
    const auto value = in.text("value", kAddedValueBytesMax);
    in.end();
    check_added_name(name);
    if (!mail::is_valid_utf8(value)) script_error("mail:addheader: argument 2 (value) is not UTF-8");
    if (call.headers_added >= kHeadersAddedMax) script_error(cat("mail:addheader: at most ", kHeadersAddedMax, " fields in one call"));
    charge_octets(lua, value.size());
    AddHeader added{cat(name, ": ", mail::encode_header_text(value, name.size() + 2), "\r\n")};
    call.header_bytes_added += added.field.size();
    if (call.header_bytes_added > kAddedBytesMax) script_error(cat("mail:addheader: at most ", kAddedBytesMax, " bytes in one call"));
    ++call.headers_added;
    const auto bytes = added.field.size();
    call.decide(lua, std::move(added), bytes);
    return 0;
}

constexpr const char* kCopyOptions[] = {"to", "null_sender"};

int mail_copy(lua_State* lua) {
    constexpr const char* kName = "mail:copy";
    auto self = self_of(lua, kMailClass, kName);
    self.call.require(kName, hooks(Hook::headers, Hook::message, Hook::deliver));
    Arguments in(lua, kName, 2);
    const int table = in.take();
    Options options(lua, kName, table, kCopyOptions, Options::Need::must);
    in.end();
    Copy copy;
    lua_getfield(lua, table, "to");
    copy.to = checked_addresses(kName, take_texts(lua, "mail:copy: option \"to\"", lua_gettop(lua), mail::kPathBytesMax));
    copy.null_sender = options.boolean("null_sender");
    std::size_t bytes = 0;
    for (const auto& to : copy.to) bytes += to.size();
    self.call.decide(lua, std::move(copy), bytes);
    return 0;
}

constexpr MethodRow kMailMethods[] = {
    {"header", guarded<mail_header>},
    {"headers", guarded<mail_headers>},
    {"raw_headers", guarded<mail_raw_headers>},
    {"header_names", guarded<mail_header_names>},
    {"addresses", guarded<mail_addresses>},
    {"is_automatic", guarded<mail_is_automatic>},
    {"is_to", guarded<mail_is_to>},
    {"reject", guarded<mail_reject>},
    {"tempfail", guarded<mail_tempfail>},
    {"discard", guarded<mail_discard>},
    {"quarantine", guarded<mail_quarantine>},
    {"addheader", guarded<mail_addheader>},
    {"copy", guarded<mail_copy>, kCopyOptions},
};

// ---- tayori.Part

const MailText::Leaf& leaf_of(const Handle& handle) { return text_of_mail(handle).leaves()[handle.index]; }

void push_part_type(lua_State* lua, Call&, const Handle& handle) { push_text(lua, mail::to_valid_utf8(leaf_of(handle).info.type)); }
void push_part_name(lua_State* lua, Call&, const Handle& handle) { push_text(lua, leaf_of(handle).info.name); }
void push_part_size(lua_State* lua, Call&, const Handle& handle) { push_integer(lua, leaf_of(handle).part.body_bytes); }
void push_part_attachment(lua_State* lua, Call&, const Handle& handle) { lua_pushboolean(lua, leaf_of(handle).info.is_file()); }
void push_part_text(lua_State* lua, Call&, const Handle& handle) {
    auto& mail = text_of_mail(handle);
    charge_octets(lua, mail.cost_of_leaf(handle.index));
    push_text(lua, mail.leaf_text(handle.index));
}

constexpr FieldRow kPartFields[] = {
    {"type", push_part_type},
    {"name", push_part_name},
    {"size", push_part_size},
    {"attachment", push_part_attachment},
    {"text", push_part_text, true},
};

}  // namespace

const ObjectClass kMailClass = {"Mail", "mail", kMailFields, kMailMethods};
const ObjectClass kPartClass = {"Part", "part", kPartFields, {}};

}  // namespace tayori::lua
