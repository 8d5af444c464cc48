#include "common/crypto/seal.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/crypto/crypto.h"

namespace tayori::crypto {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* raw_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
int length(std::string_view text) { return static_cast<int>(text.size()); }

// These fail only without memory or with a broken OpenSSL: a secret must not go on in the clear.
void need(bool good) {
    if (good) return;
    std::fputs("OpenSSL failed: AES-256-GCM\n", stderr);
    std::abort();
}

}  // namespace

std::string seal(std::string_view key, std::string_view secret, std::string_view bound_to) {
    need(key.size() == kSealKeyBytes);
    const auto nonce = random_bytes(kNonceBytes);
    std::string text(secret.size(), '\0');
    std::string tag(kTagBytes, '\0');
    int got = 0;
    const Cipher cipher(EVP_CIPHER_CTX_new());
    need(cipher != nullptr);
    need(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw_bytes(key), raw_bytes(nonce)) == 1);
    need(EVP_EncryptUpdate(cipher.get(), nullptr, &got, raw_bytes(bound_to), length(bound_to)) == 1);
    need(EVP_EncryptUpdate(cipher.get(), raw_bytes(text), &got, raw_bytes(secret), length(secret)) == 1);
    need(EVP_EncryptFinal_ex(cipher.get(), raw_bytes(tag), &got) == 1);
    need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1);
    return nonce + text + tag;
}

std::optional<std::string> unseal(std::string_view key, std::string_view sealed, std::string_view bound_to) {
    if (key.size() != kSealKeyBytes || sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
    const auto nonce = sealed.substr(0, kNonceBytes);
    const auto text = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    std::string out(text.size(), '\0');
    int got = 0;
    const Cipher cipher(EVP_CIPHER_CTX_new());
    need(cipher != nullptr);
    need(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw_bytes(key), raw_bytes(nonce)) == 1);
    need(EVP_DecryptUpdate(cipher.get(), nullptr, &got, raw_bytes(bound_to), length(bound_to)) == 1);
    need(EVP_DecryptUpdate(cipher.get(), raw_bytes(out), &got, raw_bytes(text), length(text)) == 1);
    need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1);
    std::string rest(kTagBytes, '\0');
    if (EVP_DecryptFinal_ex(cipher.get(), raw_bytes(rest), &got) != 1) return std::nullopt;
    return out;
}

}  // namespace tayori::crypto
