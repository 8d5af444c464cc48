#include "spoold/directory/digest_hash.h"

#include <algorithm>
#include <iterator>

#include "common/base/text.h"
#include "common/crypto/crypto.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kHmailSaltBytes = 6;

enum class Form { hex, salt_and_hex, base64, base64_and_salt };
struct Scheme {
    std::string_view name;
    std::string (*digest)(std::string_view bytes);
    std::size_t digest_bytes;
    Form form;
};
constexpr Scheme kSchemes[] = {
    {"PLAIN-MD5", crypto::md5, 16, Form::hex},
    {"HMAILSERVER-SHA256", crypto::sha256, 32, Form::salt_and_hex},
    {"LDAP-MD5", crypto::md5, 16, Form::base64},
    {"SMD5", crypto::md5, 16, Form::base64_and_salt},
    {"SHA", crypto::sha1, 20, Form::base64},
    {"SSHA", crypto::sha1, 20, Form::base64_and_salt},
    {"SHA256", crypto::sha256, 32, Form::base64},
    {"SSHA256", crypto::sha256, 32, Form::base64_and_salt},
    {"SHA512", crypto::sha512, 64, Form::base64},
    {"SSHA512", crypto::sha512, 64, Form::base64_and_salt},
};

const Scheme* find_scheme(std::string_view name) {
    const auto* at = std::find_if(std::begin(kSchemes), std::end(kSchemes), [&](const Scheme& s) { return s.name == name; });
    return at == std::end(kSchemes) ? nullptr : at;
}

bool is_hex(std::string_view text, std::size_t bytes) {
    return text.size() == 2 * bytes && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_well_formed(const Scheme& scheme, std::string_view hash) {
    std::string bytes;
    switch (scheme.form) {
        case Form::hex: return is_hex(hash, scheme.digest_bytes);
        case Form::salt_and_hex:
            return hash.size() > kHmailSaltBytes && is_hex(hash.substr(kHmailSaltBytes), scheme.digest_bytes);
        case Form::base64: return base64_decode(hash, bytes) && bytes.size() == scheme.digest_bytes;
        case Form::base64_and_salt: return base64_decode(hash, bytes) && bytes.size() > scheme.digest_bytes;
    }
    return false;
}

// What the hash would be if this is the password.
std::string made_from(const Scheme& scheme, std::string_view hash, std::string_view password) {
    switch (scheme.form) {
        case Form::hex: return hex_encode(scheme.digest(password));
        case Form::salt_and_hex: {
            const auto salt = hash.substr(0, kHmailSaltBytes);
            return cat(salt, hex_encode(scheme.digest(cat(salt, password))));
        }
        case Form::base64: return base64_encode(scheme.digest(password));
        case Form::base64_and_salt: {
            std::string bytes;
            if (!base64_decode(hash, bytes)) return {};
            const auto salt = bytes.substr(scheme.digest_bytes);
            return base64_encode(cat(scheme.digest(cat(password, salt)), salt));
        }
    }
    return {};
}

}  // namespace

bool is_digest_scheme(std::string_view scheme) { return find_scheme(scheme) != nullptr; }

Result<std::string> import_digest(std::string_view scheme, std::string_view hash) {
    const auto* known = find_scheme(scheme);
    if (known == nullptr || !is_well_formed(*known, hash))
        return fail(Kind::invalid, cat("The password hash is none of the scheme ", scheme, "."));
    // Capital digits are the same hash, but a salt is as it is.
    const auto salt = known->form == Form::salt_and_hex ? hash.substr(0, kHmailSaltBytes) : std::string_view();
    const bool hex = known->form == Form::hex || known->form == Form::salt_and_hex;
    const auto rest = hash.substr(salt.size());
    return cat('{', scheme, '}', salt, hex ? to_lower(rest) : std::string(rest));
}

bool is_digest_hash(std::string_view kept) { return kept.starts_with('{'); }

bool verify_digest(std::string_view kept, std::string_view password) {
    const auto brace = kept.find('}');
    if (brace == std::string_view::npos) return false;
    const auto* scheme = find_scheme(kept.substr(1, brace - 1));
    const auto hash = kept.substr(brace + 1);
    return scheme != nullptr && crypto::constant_time_equal(made_from(*scheme, hash, password), hash);
}

}  // namespace tayori::spool
