// Keys that sign: RSA (PKCS#1 v1.5 with SHA-256) and Ed25519. Thread-safe once made; copies share the key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

struct evp_pkey_st;
using EVP_PKEY = evp_pkey_st;  // of OpenSSL

namespace tayori::crypto {

inline constexpr unsigned kRsaBitsMin = 2048;
inline constexpr unsigned kRsaBitsMax = 4096;

enum class KeyKind { rsa, ed25519 };

class SigningKey {
  public:
    // Takes from a tenth of a second to several, by the bits. invalid: too few or too many.
    static Result<SigningKey> make_rsa(unsigned bits);
    static Result<SigningKey> make_ed25519();
    // What private_der() gave; for Ed25519 also the 32 bytes of RFC 8032's seed. corrupt.
    static Result<SigningKey> from_private(std::string_view der);

    KeyKind kind() const;
    unsigned bits() const;
    std::string private_der() const;  // PKCS#8
    // As DKIM publishes it: RSA's SubjectPublicKeyInfo (RFC 6376 §3.6.1), Ed25519's 32 bytes alone (RFC 8463 §4).
    std::string public_bytes() const;
    // RSA: of a SHA-256 that was made elsewhere. Ed25519: of these 32 bytes as the message (RFC 8463 §3). internal.
    Result<std::string> sign_digest(std::string_view sha256) const;

  private:
    explicit SigningKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
    std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace tayori::crypto
