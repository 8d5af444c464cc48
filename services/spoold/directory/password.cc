#include "spoold/directory/password.h"

#include <crypt.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/digest_hash.h"
#include "spoold/directory/limits.h"
#include "spoold/directory/scram.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::string_view kSecretAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";  // 32 of them: no l, o, 0, 1
constexpr std::size_t kSecretLetters = 20;
constexpr std::size_t kSecretGroup = 5;
constexpr unsigned kBcryptCostMax = 14;
constexpr char kYescryptCostMax = '9';  // "$y$j9T$", what Debian's passwd makes: 16 MiB
constexpr unsigned long kShaRoundsMax = 1'000'000;

std::u16string to_utf16(std::string_view text, bool& good) {
    std::u16string out(text.size() + 1, u'\0');
    UErrorCode status = U_ZERO_ERROR;
    std::int32_t length = 0;
    u_strFromUTF8(out.data(), static_cast<std::int32_t>(out.size()), &length, text.data(),
                  static_cast<std::int32_t>(text.size()), &status);
    good = U_SUCCESS(status);
    out.resize(good ? static_cast<std::size_t>(length) : 0);
    return out;
}

std::string to_utf8(std::u16string_view text) {
    std::string out(text.size() * 3 + 1, '\0');
    UErrorCode status = U_ZERO_ERROR;
    std::int32_t length = 0;
    u_strToUTF8(out.data(), static_cast<std::int32_t>(out.size()), &length, text.data(),
                static_cast<std::int32_t>(text.size()), &status);
    out.resize(U_SUCCESS(status) ? static_cast<std::size_t>(length) : 0);
    return out;
}

bool is_plain_ascii(std::string_view text) {
    for (char c : text)
        if (c < 0x20 || c > 0x7e) return false;
    return true;
}

unsigned long number_at(std::string_view text) {
    unsigned long n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
}

// A hash says itself how much work it is; one that takes seconds or hundreds of megabytes would stop all logins.
bool is_costly(std::string_view hash) {
    if (hash.starts_with("$2")) return hash.size() < 7 || number_at(hash.substr(4, 2)) > kBcryptCostMax;
    if (hash.starts_with("$y$")) return !hash.starts_with("$y$j") || hash.size() < 6 || hash[4] > kYescryptCostMax;
    const auto rounds = hash.find("$rounds=");
    if (rounds != std::string_view::npos) return number_at(hash.substr(rounds + 8)) > kShaRoundsMax;
    return hash.starts_with("$7$") || hash.starts_with("$gy$");
}

Result<stored::v1::StoredPassword> import_crypt(std::string_view hash) {
    const std::string text(hash);
    if (crypt_checksalt(text.c_str()) != CRYPT_SALT_OK && crypt_checksalt(text.c_str()) != CRYPT_SALT_METHOD_LEGACY)
        return fail(Kind::invalid, "The password hash is malformed.");
    if (is_costly(hash)) return fail(Kind::invalid, "The password hash has so many rounds that logins would block others.");
    stored::v1::StoredPassword out;
    out.set_imported(text);
    return out;
}

// "iterations,salt,stored key,server key", the last three in base64.
Result<stored::v1::StoredPassword> import_scram(std::string_view rest) {
    std::vector<std::string_view> fields;
    for (;;) {
        const auto comma = rest.find(',');
        fields.push_back(rest.substr(0, comma));
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    stored::v1::StoredPassword out;
    if (fields.size() == 4) {
        out.set_iterations(static_cast<std::uint32_t>(number_at(fields[0])));
        const bool good = base64_decode(fields[1], *out.mutable_salt()) &&
                          base64_decode(fields[2], *out.mutable_stored_key()) &&
                          base64_decode(fields[3], *out.mutable_server_key());
        if (good && !out.salt().empty() && out.stored_key().size() == 32 && out.server_key().size() == 32 &&
            out.iterations() > 0 && out.iterations() <= kScramIterationsMax)
            return out;
    }
    return fail(Kind::invalid, "The password hash is malformed.");
}

bool verify_imported(const std::string& hash, const std::string& password) {
    if (is_digest_hash(hash)) return verify_digest(hash, password);
    auto data = std::make_unique<crypt_data>();  // 32 KiB: not on the stack
    std::memset(data.get(), 0, sizeof *data);
    const char* made = crypt_r(password.c_str(), hash.c_str(), data.get());
    // crypt(3) answers "*0" or "*1" for what it cannot do, which equals no hash.
    return made != nullptr && made[0] != '*' && crypto::constant_time_equal(made, hash);
}

}  // namespace

std::string prepare_password(std::string_view password) {
    if (is_plain_ascii(password)) return std::string(password);
    bool good = false;
    const auto wide = to_utf16(password, good);
    UErrorCode status = U_ZERO_ERROR;
    UStringPrepProfile* profile = good ? usprep_openByType(USPREP_RFC4013_SASLPREP, &status) : nullptr;
    if (profile == nullptr || U_FAILURE(status)) return std::string(password);
    std::u16string out(wide.size() * 4 + 16, u'\0');
    const auto length = usprep_prepare(profile, wide.data(), static_cast<std::int32_t>(wide.size()), out.data(),
                                       static_cast<std::int32_t>(out.size()), USPREP_ALLOW_UNASSIGNED, nullptr, &status);
    usprep_close(profile);
    if (U_FAILURE(status) || length <= 0) return std::string(password);
    return to_utf8(std::u16string_view(out).substr(0, static_cast<std::size_t>(length)));
}

Result<void> check_password(std::string_view password) {
    if (password.empty()) return fail(Kind::invalid, "The password is empty.");
    if (password.size() > kPasswordBytesMax)
        return fail(Kind::invalid, cat("A password has at most ", kPasswordBytesMax, " bytes."));
    if (password.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos)
        return fail(Kind::invalid, "A password has no line breaks or zero bytes.");
    return {};
}

stored::v1::StoredPassword make_password(std::string_view password, std::uint32_t iterations) {
    stored::v1::StoredPassword out;
    out.set_salt(crypto::random_bytes(kSaltBytes));
    out.set_iterations(iterations);
    const auto keys = scram_keys(prepare_password(password), out.salt(), iterations);
    out.set_stored_key(keys.stored_key);
    out.set_server_key(keys.server_key);
    return out;
}

bool verify_password(const stored::v1::StoredPassword& stored, std::string_view password) {
    if (!stored.imported().empty()) {
        if (verify_imported(stored.imported(), std::string(password))) return true;
        const auto prepared = prepare_password(password);
        return prepared != password && verify_imported(stored.imported(), prepared);
    }
    if (stored.salt().empty()) return false;
    const auto keys = scram_keys(prepare_password(password), stored.salt(), stored.iterations());
    return crypto::constant_time_equal(keys.stored_key, stored.stored_key());
}

void pretend_to_verify(std::string_view password, std::uint32_t iterations) {
    static const std::string salt(kSaltBytes, 's');
    // Through a volatile, lest a compiler see that nobody looks at the result.
    volatile char seen = scram_keys(prepare_password(password), salt, iterations).stored_key.front();
    static_cast<void>(seen);
}

Result<stored::v1::StoredPassword> import_password(std::string_view text) {
    const auto brace = text.find('}');
    if (text.empty() || text.front() != '{' || brace == std::string_view::npos)
        return fail(Kind::invalid, "A password hash begins with its scheme in braces, as in {SHA512-CRYPT}.");
    if (text.size() > kImportedHashBytesMax || text.find('\0') != std::string_view::npos)
        return fail(Kind::invalid, "The password hash is malformed.");
    const auto scheme = to_upper(text.substr(1, brace - 1));
    const auto hash = text.substr(brace + 1);
    if (scheme == "SCRAM-SHA-256") return import_scram(hash);
    for (auto known : {"CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT", "BLF-CRYPT"})
        if (scheme == known) return import_crypt(hash);
    if (!is_digest_scheme(scheme)) {
        return fail(Kind::unsupported,
                    cat("Password hashes of the scheme ", scheme, " can't be imported: SCRAM-SHA-256, CRYPT, MD5-CRYPT, "
                        "SHA256-CRYPT, SHA512-CRYPT, BLF-CRYPT, PLAIN-MD5, LDAP-MD5, SMD5, SHA, SSHA, SHA256, SSHA256, SHA512, "
                        "SSHA512 and HMAILSERVER-SHA256 can."));
    }
    stored::v1::StoredPassword out;
    auto kept = import_digest(scheme, hash);
    if (!kept) return fail(std::move(kept.error()));
    out.set_imported(std::move(*kept));
    return out;
}

std::string make_app_secret() {
    const auto random = crypto::random_bytes(kSecretLetters);
    std::string out;
    for (std::size_t i = 0; i < kSecretLetters; ++i) {
        if (i != 0 && i % kSecretGroup == 0) out.push_back('-');
        out.push_back(kSecretAlphabet[static_cast<unsigned char>(random[i]) % kSecretAlphabet.size()]);
    }
    return out;
}

std::string normalize_app_secret(std::string_view typed) {
    std::string out;
    for (char c : typed) {
        if (c == '-' || c == ' ') continue;
        const char lower = ascii_lower(c);
        if (kSecretAlphabet.find(lower) == std::string_view::npos || out.size() == kSecretLetters) return {};
        out.push_back(lower);
    }
    if (out.size() != kSecretLetters) out.clear();
    return out;
}

stored::v1::StoredAppPassword make_app_password(std::string_view secret) {
    stored::v1::StoredAppPassword out;
    out.set_salt(crypto::random_bytes(kSaltBytes));
    out.set_digest(crypto::hmac_sha256(out.salt(), normalize_app_secret(secret)));
    return out;
}

bool verify_app_password(const stored::v1::StoredAppPassword& stored, std::string_view secret) {
    return crypto::constant_time_equal(crypto::hmac_sha256(stored.salt(), secret), stored.digest());
}

}  // namespace tayori::spool
