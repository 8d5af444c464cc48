// Hashes, keys and random bytes. Strings hold raw bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
using EVP_MD_CTX = evp_md_ctx_st;  // of OpenSSL

namespace tayori::crypto {

std::string sha256(std::string_view bytes);  // 32 bytes
std::string sha512(std::string_view bytes);  // 64 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// SHA-256 of what comes piece by piece.
class Sha256 {
  public:
    Sha256();
    void update(std::string_view bytes);
    std::string finish();  // once: 32 bytes

  private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// SCRAM's Hi() (RFC 5802 §2.2) with SHA-256: 32 bytes.
std::string pbkdf2_hmac_sha256(std::string_view password, std::string_view salt, unsigned iterations);

// Only for what asks for it: APOP and CRAM-MD5 (RFC 1939 §7, RFC 2195), Content-MD5 of S3, and passwords that another
// server has hashed.
std::string md5(std::string_view bytes);   // 16 bytes
std::string sha1(std::string_view bytes);  // 20 bytes
std::string hmac_md5(std::string_view key, std::string_view bytes);

// From the kernel's generator; aborts the program if there is none.
std::string random_bytes(std::size_t count);
std::uint64_t random_u64();

// Takes the same time wherever they differ. Lengths are not secret.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace tayori::crypto
