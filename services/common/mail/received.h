// Lines that a mail gets on its way in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/mail/date.h"

namespace tayori::mail {

// Received fields in a header: each is a hop (RFC 5321 §6.3).
std::size_t count_received(std::string_view header);

// One Received field (RFC 5321 §4.4), folded, with CRLF. Values from the peer are cleaned of what
// isn't theirs to say: control characters, parentheses, 8-bit unless `with` says UTF8.
struct Received {
    std::string_view helo;
    std::string_view peer_name;     // from DNS, may be empty
    std::string_view peer_address;  // "192.0.2.1", or "2001:db8::1" (shown as IPv6:…); empty: our own mail
    std::string_view by;
    std::string_view with;  // "ESMTPSA"
    std::string_view tls;   // "TLS1.3 TLS_AES_256_GCM_SHA384", may be empty
    std::string_view id;
    std::string_view
        for_path;  // the only recipient; empty when there are several, as not to disclose them
    MailDate date;
};
std::string received_field(const Received& received);

// "Return-Path: <…>" with CRLF; for final delivery (RFC 5321 §4.4).
std::string return_path_field(std::string_view reverse_path);

// What a submission may lack (RFC 6409 §8): "Date: …" and "Message-ID: …" lines for those fields
// that the header hasn't. `unique` is the caller's random text, `domain` the sender's.
std::string missing_submission_fields(std::string_view header, const MailDate& now,
                                      std::string_view unique, std::string_view domain);

}  // namespace tayori::mail
