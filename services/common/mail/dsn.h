// Delivery status notifications: what happened to a mail, for people and for programs (RFC 3461 §6, RFC 3464), as
// multipart/report (RFC 6522); with UTF-8 in addresses as RFC 6533 has it. Pure: values in, a whole mail out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::mail {

enum class DsnAction { failed, delayed, delivered, relayed };
enum class DsnLanguage { english, japanese, both };

struct DsnRecipient {
    DsnAction action = DsnAction::failed;
    std::string address;
    std::string original;        // ORCPT as it came: type, ";", xtext or utf-8-addr-xtext
    std::string status;          // RFC 3463; empty: made from action and code
    std::uint32_t code = 0;      // of the remote's last reply; 0: `text` is ours
    std::string text;            // its words
    std::string host;            // and its name
    std::int64_t last_try_s = 0;  // 0: never tried
    std::int64_t retry_until_s = 0;  // of a delayed one
    bool expired = false;        // tried for as long as a mail is tried
};

struct Dsn {
    std::string reporting_mta;  // our name
    std::string from;           // address
    std::string to;             // the reverse path of the mail
    std::string message_id;     // without angle brackets
    std::string boundary;       // must not occur in `original`
    std::string envelope_id;    // ENVID, as xtext
    std::int64_t date_s = 0;
    std::int64_t arrived_s = 0;
    DsnLanguage language = DsnLanguage::english;
    std::vector<DsnRecipient> recipients;
    std::string original;       // the mail, or its header
    bool full = false;          // it is the whole mail
};

// With CRLF line ends.
std::string make_dsn(const Dsn& dsn);

// RFC 3461 §4: "+2B" and the like. What is wrong stays as it is.
std::string decode_xtext(std::string_view text);

}  // namespace tayori::mail
