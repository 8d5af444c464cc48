// Whether and how a mail can go to a server that lacks an extension: SIZE (RFC 1870), SMTPUTF8 (RFC 6531), 8BITMIME (RFC 6152).
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "smtpd/outbound/transaction.h"

namespace tayori::smtp {
namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

// With A-labels. Empty: the local part needs SMTPUTF8.
std::string ascii_path(const std::string& path) {
    if (is_ascii(path)) return path;
    const auto at = path.rfind('@');
    if (at == std::string::npos || !is_ascii(std::string_view(path).substr(0, at))) return {};
    const auto domain = mail::ascii_domain(path.substr(at + 1));
    return domain ? cat(path.substr(0, at + 1), *domain) : std::string();
}

void refuse(std::vector<Verdict>& verdicts, const Client& client, const v1::Said& said) {
    for (auto& verdict : verdicts) {
        if (!verdict.settled()) verdict = failed(client.signed_by_host(said));
    }
}

}  // namespace

Async<Wire> prepare(Client& client, const v1::LeasedMail& mail, Content& content, std::vector<Verdict>& verdicts) {
    const auto& offered = client.extensions();
    Wire wire;
    wire.reverse_path = mail.reverse_path();
    for (const auto& recipient : mail.recipients()) wire.recipients.push_back(recipient.address());
    if (offered.size && offered.bytes_max > 0 && content.bytes() > offered.bytes_max) {
        refuse(verdicts, client,
               said_ours("5.3.4", cat("The server takes at most ", offered.bytes_max, " octets."), Step::mail));
        co_return wire;
    }
    bool utf8 = mail.smtputf8() || !is_ascii(wire.reverse_path);
    for (const auto& path : wire.recipients) utf8 |= !is_ascii(path);
    wire.smtputf8 = utf8 && offered.smtputf8;
    if (utf8 && !wire.smtputf8) {
        // Where nothing but the domains is beyond ASCII, the mail is an ordinary one (RFC 6531 §3.2 leaves that to us).
        const auto needs = said_ours("5.6.7", "The server does not offer SMTPUTF8, which this address or header needs.", Step::mail);
        bool possible = wire.reverse_path.empty() || !ascii_path(wire.reverse_path).empty();
        wire.reverse_path = ascii_path(wire.reverse_path);
        if (possible && mail.smtputf8()) possible = co_await content.header_is_ascii();
        if (!possible) {
            refuse(verdicts, client, needs);
            co_return wire;
        }
        for (std::size_t i = 0; i < wire.recipients.size(); ++i) {
            wire.recipients[i] = ascii_path(wire.recipients[i]);
            if (wire.recipients[i].empty() && !verdicts[i].settled()) verdicts[i] = failed(client.signed_by_host(needs));
        }
    }
    const bool eight_bit = content.has_eight_bit();
    wire.eight_bit = eight_bit && offered.eight_bit_mime;
    // SMTPUTF8 brings 8BITMIME with it (RFC 6531 §3.1).
    if (eight_bit && !offered.eight_bit_mime && !wire.smtputf8) content.encode_seven_bit();
    co_return wire;
}

}  // namespace tayori::smtp
