#include "common/mail/received.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

// What a peer said, made harmless within a comment-aware field: no white space, parentheses,
// controls or 8-bit (unless UTF-8 was agreed on).
std::string clean(std::string_view text, bool utf8 = false) {
    std::string out;
    for (const char c : text.substr(0, kDomainBytesMax)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool harmless = byte > 32 && byte != 127 && (utf8 || byte < 128) &&
                              std::string_view("()<>\\\";,").find(c) == std::string_view::npos;
        out += harmless ? c : '?';
    }
    return out.empty() ? "unknown" : out;
}

std::string literal(std::string_view address) {
    return cat('[', address.find(':') == std::string_view::npos ? "" : "IPv6:", clean(address),
               ']');
}

}  // namespace

std::size_t count_received(std::string_view header) {
    std::size_t count = 0;
    Fields fields(header);
    while (const auto field = fields.next()) count += equals_ignoring_case(field->name, "Received");
    return count;
}

std::string received_field(const Received& received) {
    const bool utf8 = received.with.starts_with("UTF8");
    std::string out = "Received: ";
    if (!received.peer_address.empty()) {
        append(out, "from ", clean(received.helo, utf8), " (");
        if (!received.peer_name.empty()) append(out, clean(received.peer_name), ' ');
        append(out, literal(received.peer_address), ")\r\n\t");
    }
    append(out, "by ", clean(received.by), " with ", clean(received.with));
    if (!received.tls.empty()) {
        out += " (";
        for (const char c : received.tls)
            out += c == ' ' || (c > 32 && c < 127 && c != '(' && c != ')') ? c : '?';
        out += ')';
    }
    append(out, " id ", clean(received.id));
    if (!received.for_path.empty()) {
        // The path has been parsed already; control characters can't be in it.
        append(out, "\r\n\tfor <", received.for_path, '>');
    }
    append(out, ";\r\n\t", format_mail_date(received.date), "\r\n");
    return out;
}

std::string return_path_field(std::string_view reverse_path) {
    return cat("Return-Path: <", reverse_path, ">\r\n");
}

std::string missing_submission_fields(std::string_view header, const MailDate& now,
                                      std::string_view unique, std::string_view domain) {
    std::string out;
    if (!find_field(header, "Date")) append(out, "Date: ", format_mail_date(now), "\r\n");
    if (!find_field(header, "Message-ID"))
        append(out, "Message-ID: <", unique, '@', clean(domain, true), ">\r\n");
    return out;
}

}  // namespace tayori::mail
