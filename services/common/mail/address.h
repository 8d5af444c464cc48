// Addresses: the paths of SMTP (RFC 5321 §4.1.2), the form in which accounts are looked up, and the
// address lists of headers (RFC 5322 §3.4), which are read however broken they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::mail {

// `domain` is empty only for <postmaster>. It is an address literal when it starts with '['.
struct Address {
    std::string local;   // without quotes and backslashes
    std::string domain;  // as written
    bool operator==(const Address&) const = default;
    bool is_null() const { return local.empty() && domain.empty(); }
    bool is_literal() const { return !domain.empty() && domain.front() == '['; }
};

enum class Utf8 { refused, allowed };  // SMTPUTF8 of this transaction (RFC 6531 §3.3)

// A path at the head of `rest`, which is moved behind it, so that the ESMTP parameters remain.
// Source routes are read and ignored (RFC 5321 §4.1.1.3). Spaces before "<" are refused.
//   MAIL FROM:<…>  may be null: "<>"
//   RCPT TO:<…>    may be <postmaster> without domain, any case
// Errors: invalid. `unsupported` for 8-bit without SMTPUTF8 (553 5.6.7, RFC 6531 §3.5).
Result<Address> parse_reverse_path(std::string_view& rest, Utf8 utf8);
Result<Address> parse_forward_path(std::string_view& rest, Utf8 utf8);
// A bare address, as a login name or an argument of adminctl: local@domain, nothing around it.
Result<Address> parse_address(std::string_view text, Utf8 utf8 = Utf8::allowed);

// The domain as it is looked up: lower case, NFC, A-labels as U-labels, no final dot. Literals:
// lower case.
Result<std::string> normalize_domain(std::string_view domain);
// The domain for DNS: A-labels only.
Result<std::string> ascii_domain(std::string_view domain);
// The local part as it is looked up: NFC and case-folded, as "Anna", "ANNA" and "anna" are one
// account here.
Result<std::string> normalize_local(std::string_view local);

struct LookupKey {
    std::string local;   // normalised, whole: "anna+lists"
    std::string base;    // before the first '+': "anna"; equals local when there is no tag
    std::string tag;     // after it: "lists"
    std::string domain;  // normalised
};
Result<LookupKey> lookup_key(const Address& address);

// local@domain, the local part quoted where it must be; "" for the null path. Without angle
// brackets.
std::string to_text(const Address& address);

// One element of a header's address list. Text is raw: encoded-words stay, 8-bit stays, folding is
// gone.
struct ListedAddress {
    enum class Type { mailbox, group_start, group_end };
    Type type = Type::mailbox;
    std::string name;   // display name, or the group's name, or the comment of an old-style address
    std::string route;  // "@a,@b" of an obsolete route (RFC 5322 §4.4)
    std::string local;
    std::string domain;  // empty where the header has none
    bool operator==(const ListedAddress&) const = default;
};
// Never fails: what makes no sense is kept as a name or left out. At most kAddressesMax mailboxes.
std::vector<ListedAddress> parse_address_list(std::string_view value);

}  // namespace tayori::mail
