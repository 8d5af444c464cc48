// The public key of a DKIM signature as it is published (RFC 6376 §3.6.1).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tayori::admin {

enum class DkimFault {
    none,
    syntax,       // `part` says where
    version,      // v= is not DKIM1, or not first
    revoked,      // p= is empty
    key_type,     // k= is neither rsa nor ed25519
    key,          // p= is no key of that type
    no_sha256,    // h= leaves out SHA-256, the only hash that counts (RFC 8301 §3.1)
    not_for_mail  // s= leaves out email
};

struct DkimKey {
    DkimFault fault = DkimFault::none;
    std::string part;          // of the text, that is wrong
    std::string key_type;      // "rsa", "ed25519"
    std::size_t key_bits = 0;  // of an RSA key's modulus
    std::string key;           // p=, without white space
    bool testing = false;      // t=y: receivers are to treat the mail as unsigned
};
inline constexpr std::size_t kDkimBitsMin = 1024;     // below it a verifier must not accept it (RFC 8301 §3.2)
inline constexpr std::size_t kDkimBitsWanted = 2048;  // what a signer should use

DkimKey parse_dkim_key(std::string_view text);

}  // namespace tayori::admin
