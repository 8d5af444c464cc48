#include "common/crypto/signing_key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "common/base/text.h"

namespace tayori::crypto {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kSeedBytes = 32;

std::shared_ptr<EVP_PKEY> owned_key(EVP_PKEY* key) { return {key, &EVP_PKEY_free}; }

// What an i2d function of OpenSSL writes.
template <class Write>
std::string der_of(Write write) {
    unsigned char* bytes = nullptr;
    const int size = write(&bytes);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
    return out;
}

tl::unexpected<Error> key_trouble(std::string_view what) {
    return fail(Kind::internal, "The key cannot be used.", cat("OpenSSL failed: ", what));
}

using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

Result<std::string> sign_rsa(EVP_PKEY* key, std::string_view digest) {
    const Context context(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
    const auto* in = reinterpret_cast<const unsigned char*>(digest.data());
    std::size_t size = 0;
    if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) != 1 ||
        EVP_PKEY_sign(context.get(), nullptr, &size, in, digest.size()) != 1)
        return key_trouble("preparing to sign with RSA");
    std::string out(size, '\0');
    if (EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, in, digest.size()) != 1)
        return key_trouble("signing with RSA");
    out.resize(size);
    return out;
}

Result<std::string> sign_ed25519(EVP_PKEY* key, std::string_view message) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const auto* in = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, in, message.size()) != 1)
        return key_trouble("preparing to sign with Ed25519");
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, in, message.size()) != 1)
        return key_trouble("signing with Ed25519");
    out.resize(size);
    return out;
}

}  // namespace

Result<SigningKey> SigningKey::make_rsa(unsigned bits) {
    if (bits < kRsaBitsMin || bits > kRsaBitsMax)
        return fail(Kind::invalid, cat("An RSA key has ", kRsaBitsMin, " to ", kRsaBitsMax, " bits."));
    auto* made = EVP_RSA_gen(bits);
    if (made == nullptr) return key_trouble("making an RSA key");
    return SigningKey(owned_key(made));
}

Result<SigningKey> SigningKey::make_ed25519() {
    const Context context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &made) != 1)
        return key_trouble("making an Ed25519 key");
    return SigningKey(owned_key(made));
}

Result<SigningKey> SigningKey::from_private(std::string_view der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    EVP_PKEY* read = nullptr;
    if (der.size() == kSeedBytes) read = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes, der.size());
    else read = d2i_AutoPrivateKey(nullptr, &bytes, static_cast<long>(der.size()));
    if (read == nullptr) return fail(Kind::corrupt, "The key is damaged.", "a private key that OpenSSL does not read");
    SigningKey key(owned_key(read));
    const auto id = EVP_PKEY_base_id(read);
    if (id != EVP_PKEY_RSA && id != EVP_PKEY_ED25519)
        return fail(Kind::corrupt, "The key is damaged.", "a private key of another kind");
    return key;
}

KeyKind SigningKey::kind() const {
    return EVP_PKEY_base_id(key_.get()) == EVP_PKEY_ED25519 ? KeyKind::ed25519 : KeyKind::rsa;
}

unsigned SigningKey::bits() const {
    return kind() == KeyKind::ed25519 ? static_cast<unsigned>(kSeedBytes * 8)
                                      : static_cast<unsigned>(EVP_PKEY_bits(key_.get()));
}

std::string SigningKey::private_der() const {
    const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> form(EVP_PKEY2PKCS8(key_.get()),
                                                                                        &PKCS8_PRIV_KEY_INFO_free);
    if (form == nullptr) return {};
    return der_of([&](unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(form.get(), out); });
}

std::string SigningKey::public_bytes() const {
    if (kind() == KeyKind::rsa) return der_of([&](unsigned char** out) { return i2d_PUBKEY(key_.get(), out); });
    std::string out(kSeedBytes, '\0');
    std::size_t size = out.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size) != 1) return {};
    out.resize(size);
    return out;
}

Result<std::string> SigningKey::sign_digest(std::string_view sha256) const {
    if (sha256.size() != kSha256Bytes) return fail(Kind::invalid, "A digest of SHA-256 has 32 octets.");
    return kind() == KeyKind::rsa ? sign_rsa(key_.get(), sha256) : sign_ed25519(key_.get(), sha256);
}

}  // namespace tayori::crypto
