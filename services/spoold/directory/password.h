// Passwords as they are kept: SCRAM-SHA-256 keys (RFC 5802 §3), or a hash of another server until the next login.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "tayori/spool/stored/v1/directory.pb.h"

namespace tayori::spool {

// SASLprep (RFC 4013), so that one password typed on two keyboards is one. What it cannot prepare stays as it is:
// such a password was once accepted, and must go on working.
std::string prepare_password(std::string_view password);
// invalid: empty, too long, or with a zero byte.
Result<void> check_password(std::string_view password);

// Milliseconds of CPU each: for the pool.
stored::v1::StoredPassword make_password(std::string_view password, std::uint32_t iterations);
bool verify_password(const stored::v1::StoredPassword& stored, std::string_view password);
// What verifying costs for a user who does not exist.
void pretend_to_verify(std::string_view password, std::uint32_t iterations);

// From "{SCHEME}…" as Dovecot writes it: SCRAM-SHA-256, the crypt(3) family as CRYPT, MD5-CRYPT, SHA256-CRYPT,
// SHA512-CRYPT, BLF-CRYPT, and what digest_hash.h has. unsupported: another scheme; invalid: malformed, or so costly that a login would block others.
Result<stored::v1::StoredPassword> import_password(std::string_view text);

// "abcde-fghij-klmno-pqrst": 100 random bits in letters and digits that nobody confuses.
std::string make_app_secret();
// As typed, perhaps with blanks or capitals; empty if it cannot be one.
std::string normalize_app_secret(std::string_view typed);
stored::v1::StoredAppPassword make_app_password(std::string_view secret);
bool verify_app_password(const stored::v1::StoredAppPassword& stored, std::string_view secret);

}  // namespace tayori::spool
