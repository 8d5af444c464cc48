// Passwords that other servers keep as one plain digest, with or without a salt: fast to guess, so they are kept only until
// the next login makes SCRAM keys of them.
//
//   {PLAIN-MD5}              hexadecimal; hMailServer's type 2
//   {HMAILSERVER-SHA256}     six characters of salt, then SHA-256 of salt and password in hexadecimal; its type 3
//   {LDAP-MD5} {SHA} {SHA256} {SHA512}       base64 of the digest
//   {SMD5} {SSHA} {SSHA256} {SSHA512}        base64 of the digest of password and salt, and of the salt behind it
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::spool {

bool is_digest_scheme(std::string_view scheme);  // in capitals, without braces
// invalid: malformed. Otherwise "{SCHEME}…", as it is kept.
Result<std::string> import_digest(std::string_view scheme, std::string_view hash);
bool is_digest_hash(std::string_view kept);
bool verify_digest(std::string_view kept, std::string_view password);

}  // namespace tayori::spool
