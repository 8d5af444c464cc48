#include "common/crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tayori::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// These calls fail only without memory or with a broken OpenSSL: going on with a wrong hash would be worse.
void must(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "OpenSSL failed: %s\n", what);
    std::abort();
}

std::string digest(const EVP_MD* kind, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    must(EVP_Digest(bytes.data(), bytes.size(), out, &size, kind, nullptr) == 1, "EVP_Digest");
    return {reinterpret_cast<char*>(out), size};
}

std::string hmac(const EVP_MD* kind, std::string_view key, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    const void* k = key.empty() ? "" : key.data();
    must(HMAC(kind, k, static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), out, &size) !=
             nullptr,
         "HMAC");
    return {reinterpret_cast<char*>(out), size};
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest(EVP_sha256(), bytes); }
std::string sha512(std::string_view bytes) { return digest(EVP_sha512(), bytes); }
std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }
std::string sha1(std::string_view bytes) { return digest(EVP_sha1(), bytes); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    return hmac(EVP_sha256(), key, bytes);
}
std::string hmac_md5(std::string_view key, std::string_view bytes) {
    return hmac(EVP_md5(), key, bytes);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    must(context_ != nullptr, "EVP_MD_CTX_new");
    must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "EVP_DigestInit_ex");
}
void Sha256::Free::operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
void Sha256::update(std::string_view bytes) {
    must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}
std::string Sha256::finish() {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    must(EVP_DigestFinal_ex(context_.get(), out, &size) == 1, "EVP_DigestFinal_ex");
    return {reinterpret_cast<char*>(out), size};
}

std::string pbkdf2_hmac_sha256(std::string_view password, std::string_view salt,
                               unsigned iterations) {
    std::string key(32, '\0');
    must(PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(),
                           static_cast<int>(password.size()), bytes_of(salt),
                           static_cast<int>(salt.size()), static_cast<int>(iterations),
                           EVP_sha256(), static_cast<int>(key.size()),
                           reinterpret_cast<unsigned char*>(key.data())) == 1,
         "PKCS5_PBKDF2_HMAC");
    return key;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    must(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) == 1,
         "RAND_bytes");
    return out;
}

std::uint64_t random_u64() {
    std::uint64_t n = 0;
    must(RAND_bytes(reinterpret_cast<unsigned char*>(&n), sizeof n) == 1, "RAND_bytes");
    return n;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tayori::crypto
