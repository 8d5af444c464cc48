#include "spoold/directory/records.h"

#include "common/base/text.h"
#include "common/mail/address.h"

namespace tayori::spool {

std::string Name::text() const { return mail::to_text({local, domain}); }

Result<Name> parse_name(std::string_view address) {
    auto parsed = mail::parse_address(address);
    if (!parsed) return fail(Kind::invalid, cat("\"", address, "\" is not an address: write name@domain."));
    if (parsed->domain.empty() || parsed->is_literal())
        return fail(Kind::invalid, cat("\"", address, "\" has no domain: write name@domain."));
    auto key = mail::lookup_key(*parsed);
    if (!key) return fail(Kind::invalid, cat("\"", address, "\" is not an address: ", key.error().text));
    if (key->local.find('\0') != std::string::npos)
        return fail(Kind::invalid, "An address has no zero byte.");
    return Name{std::move(key->local), std::move(key->domain)};
}

Result<std::string> parse_domain(std::string_view domain) {
    const auto parsed = mail::parse_address(cat("x@", domain));
    if (parsed && !parsed->is_literal() && parsed->domain == domain)
        if (auto name = mail::normalize_domain(domain)) return name;
    return fail(Kind::invalid, cat("\"", domain, "\" is not a domain: write it as in example.com."));
}

std::string encode_u64(std::uint64_t n) {
    std::string out(8, '\0');
    for (std::size_t i = 8; i-- > 0; n >>= 8) out[i] = static_cast<char>(n & 0xff);
    return out;
}

std::uint64_t decode_u64(std::string_view bytes) {
    std::uint64_t n = 0;
    for (char c : bytes.substr(0, 8)) n = n << 8 | static_cast<unsigned char>(c);
    return n;
}

namespace row_key {
namespace {
constexpr std::string_view kDomains = "dd";
constexpr std::string_view kNames = "dn";
constexpr std::string_view kAccounts = "da";
constexpr std::string_view kCredentials = "dp";
constexpr std::string_view kUses = "du";
constexpr std::string_view kPointers = "dr";
constexpr std::string_view kDeleted = "dx";
constexpr std::string_view kBulkChanges = "db";
constexpr std::string_view kBulkEntries = "de";
constexpr std::string_view kCounters = "dc";
constexpr std::string_view kSecrets = "dk";
constexpr std::string_view kPluginSettings = "ds";
constexpr std::string_view kUntouched = "dl";
constexpr std::string_view kScopePluginSettings = "dt";
constexpr std::string_view kPluginDeclarations = "dv";
constexpr std::string_view kPluginsUsed = "df";
constexpr std::size_t kTableBytes = 2;
}  // namespace

std::string domain(std::string_view name) { return cat(kDomains, name); }
std::string name(const Name& name) { return cat(kNames, name.domain, '\0', name.local); }
std::string account(std::uint64_t id) { return cat(kAccounts, encode_u64(id)); }
std::string credentials(std::uint64_t id) { return cat(kCredentials, encode_u64(id)); }
std::string use(std::uint64_t id) { return cat(kUses, encode_u64(id)); }
std::string pointer(std::string_view target, std::string_view source) {
    return cat(kPointers, target, '\0', source);
}
std::string deleted(std::string_view address, std::uint64_t id) {
    return cat(kDeleted, address, '\0', encode_u64(id));
}
std::string bulk_change(std::uint64_t id) { return cat(kBulkChanges, encode_u64(id)); }
std::string bulk_entry(std::uint64_t id, std::uint64_t number) {
    return cat(kBulkEntries, encode_u64(id), encode_u64(number));
}
std::string next_bulk_change() { return cat(kCounters, "bulk"); }
std::string next_account() { return cat(kCounters, "account"); }
std::string secret(std::string_view name) { return cat(kSecrets, name); }
std::string plugin_settings(std::uint64_t id) { return cat(kPluginSettings, encode_u64(id)); }
std::string untouched(std::uint64_t id) { return cat(kUntouched, encode_u64(id)); }

std::string scope_plugin_settings(std::string_view domain) { return cat(kScopePluginSettings, domain); }
std::string plugin_declaration(std::string_view plugin) { return cat(kPluginDeclarations, plugin); }
std::string plugins_used() { return std::string(kPluginsUsed); }

std::string domains_begin() { return std::string(kDomains); }
std::string names_begin(std::string_view domain) {
    return domain.empty() ? std::string(kNames) : cat(kNames, domain, '\0');
}
std::string accounts_begin() { return std::string(kAccounts); }
std::string pointers_begin(std::string_view target) { return cat(kPointers, target, '\0'); }
std::string deleted_begin(std::string_view address) {
    return address.empty() ? std::string(kDeleted) : cat(kDeleted, address, '\0');
}
std::string bulk_changes_begin() { return std::string(kBulkChanges); }
std::string plugin_settings_begin() { return std::string(kPluginSettings); }
std::string scope_plugin_settings_begin() { return std::string(kScopePluginSettings); }
std::string plugin_declarations_begin() { return std::string(kPluginDeclarations); }
std::string bulk_entries_begin(std::uint64_t id) { return cat(kBulkEntries, encode_u64(id)); }
std::string end_of(std::string prefix) {
    while (prefix.back() == '\xff') prefix.pop_back();
    prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

Name name_of(std::string_view key) {
    key.remove_prefix(kTableBytes);
    const auto zero = key.find('\0');
    return {std::string(key.substr(zero + 1)), std::string(key.substr(0, zero))};
}
std::string domain_of(std::string_view key) { return std::string(key.substr(kTableBytes)); }
std::string declared_plugin_of(std::string_view key) { return std::string(key.substr(kTableBytes)); }
std::uint64_t id_at_end(std::string_view key) { return decode_u64(key.substr(key.size() - 8)); }
std::string source_of(std::string_view key) {
    key.remove_prefix(kTableBytes);
    return std::string(key.substr(key.find('\0') + 1));
}
std::string deleted_address_of(std::string_view key) {
    return std::string(key.substr(kTableBytes, key.size() - kTableBytes - 9));
}
}  // namespace row_key

}  // namespace tayori::spool
