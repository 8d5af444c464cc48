#include "common/mail/dsn.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/compose.h"
#include "common/mail/date.h"
#include "common/mail/encoded_word.h"
#include "common/mail/seven_bit.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kDsnFieldBytesMax = 900; // of one line of a status field

bool is_ascii_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// One line, without what could end it or command a terminal.
std::string one_line(std::string_view text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most)) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
    }
    return out;
}

std::string_view action_name(DsnAction action) {
    switch (action) {
        case DsnAction::failed: return "failed";
        case DsnAction::delayed: return "delayed";
        case DsnAction::delivered: return "delivered";
        case DsnAction::relayed: return "relayed";
    }
    return "failed";
}

char status_class(DsnAction action) {
    if (action == DsnAction::failed) return '5';
    return action == DsnAction::delayed ? '4' : '2';
}

// "5.1.1": three numbers of which the first is a class.
bool is_status(std::string_view text) {
    if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') return false;
    const auto dot = text.find('.', 2);
    const auto digits = [](std::string_view part) {
        return !part.empty() && part.size() <= 3 && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    return dot != std::string_view::npos && digits(text.substr(2, dot - 2)) && digits(text.substr(dot + 1));
}

std::string status_of(const DsnRecipient& recipient) {
    if (recipient.expired) return "4.4.7";  // RFC 3463 §3.5: delivery time expired
    const char wanted = status_class(recipient.action);
    if (!is_status(recipient.status)) return cat(wanted, ".0.0");
    // The class follows the action (RFC 3464 §2.3.4), but a failure may well come of a temporary one.
    const bool fits = recipient.status[0] == wanted || recipient.action == DsnAction::failed;
    return fits && recipient.status[0] != '2' ? recipient.status : cat(wanted, std::string_view(recipient.status).substr(1));
}

// "rfc822;anna@example.test", or "utf-8;…" where it must be (RFC 6533 §3).
std::string typed_address(std::string_view address) {
    return cat(is_ascii_text(address) ? "rfc822;" : "utf-8;", one_line(address, kDsnFieldBytesMax));
}

std::string typed_original(std::string_view original) {
    const auto semicolon = original.find(';');
    if (semicolon == std::string_view::npos) return typed_address(decode_xtext(original));
    const auto type = to_lower(original.substr(0, semicolon));
    const auto address = original.substr(semicolon + 1);
    // utf-8-addr-xtext keeps its escapes where they are not all of them UTF-8's (RFC 6533 §3).
    const auto text = type == "utf-8" ? std::string(address) : decode_xtext(address);
    return one_line(cat(type, ";", text), kDsnFieldBytesMax);
}

// The enhanced code that the remote has said with its words, "5.1.1 " (RFC 3464 §2.3.6: the actual one); one that is ours says no more
// than the reply's code (x.0.0), or has another class.
std::string said_status(const DsnRecipient& recipient) {
    const auto& status = recipient.status;
    const bool is_said = is_status(status) && !status.ends_with(".0.0") && status[0] == static_cast<char>('0' + recipient.code / 100);
    return is_said && !recipient.text.starts_with(status) ? cat(status, " ") : std::string();
}

void add_recipient_fields(std::string& out, const DsnRecipient& recipient) {
    out += "\r\n";
    if (!recipient.original.empty()) append(out, "Original-Recipient: ", typed_original(recipient.original), "\r\n");
    append(out, "Final-Recipient: ", typed_address(recipient.address), "\r\n");
    append(out, "Action: ", action_name(recipient.action), "\r\n");
    append(out, "Status: ", status_of(recipient), "\r\n");
    if (!recipient.host.empty()) append(out, "Remote-MTA: dns;", one_line(recipient.host, kDsnFieldBytesMax), "\r\n");
    if (!recipient.text.empty()) {
        const auto words = one_line(recipient.text, kDsnFieldBytesMax);
        if (recipient.code != 0) append(out, "Diagnostic-Code: smtp;", recipient.code, " ", said_status(recipient), words, "\r\n");
        else append(out, "Diagnostic-Code: x-tayori;", words, "\r\n");
    }
    if (recipient.last_try_s != 0) append(out, "Last-Attempt-Date: ", format_mail_date({recipient.last_try_s, 0}), "\r\n");
    if (recipient.retry_until_s != 0) append(out, "Will-Retry-Until: ", format_mail_date({recipient.retry_until_s, 0}), "\r\n");
}

struct DsnWords {
    std::string_view subject_failed, subject_delayed, subject_done;
    std::string_view hello;
    std::string_view failed, expired, delayed, delivered, relayed;
    std::string_view remote, ours;
    std::string_view original_full, original_header;
};

constexpr DsnWords kEnglishDsn{
    "Mail could not be delivered", "Mail is delayed", "Mail was delivered",
    "This is the mail server ",
    "could not be delivered; it will not be tried again.",
    "could not be delivered in the time that it is tried for; it will not be tried again.",
    "has not been delivered yet. It is tried again; there is nothing you have to do.",
    "was delivered.",
    "was handed on to a system that sends no notifications of delivery.",
    "The other server said:", "The reason:",
    "Your mail follows.", "The header of your mail follows."};

constexpr DsnWords kJapaneseDsn{
    "メールを配送できませんでした", "メールの配送が遅れています", "メールを配送しました",
    "メールサーバー ",
    "に配送できませんでした。再送は行いません。",
    "に期限内に配送できませんでした。再送は行いません。",
    "にまだ配送できていません。再送を続けますので、操作は必要ありません。",
    "に配送しました。",
    "宛のメールは、配送通知に対応しないシステムに引き渡しました。",
    "相手サーバーの応答:", "理由:",
    "お送りいただいたメールを添付します。", "お送りいただいたメールのヘッダーを添付します。"};

std::string_view sentence(const DsnWords& words, const DsnRecipient& recipient) {
    if (recipient.expired) return words.expired;
    switch (recipient.action) {
        case DsnAction::failed: return words.failed;
        case DsnAction::delayed: return words.delayed;
        case DsnAction::delivered: return words.delivered;
        case DsnAction::relayed: return words.relayed;
    }
    return words.failed;
}

std::string human_text(const Dsn& dsn, const DsnWords& words, bool japanese) {
    std::string out;
    if (japanese) append(out, words.hello, dsn.reporting_mta, " からのお知らせです。\r\n");
    else append(out, words.hello, dsn.reporting_mta, ".\r\n");
    for (const auto& recipient : dsn.recipients) {
        append(out, "\r\n<", one_line(recipient.address, kDsnFieldBytesMax), japanese ? "> " : ">\r\n  ", sentence(words, recipient), "\r\n");
        if (recipient.text.empty() || recipient.action == DsnAction::delivered) continue;
        append(out, "  ", recipient.code != 0 ? words.remote : words.ours, "\r\n    ");
        if (recipient.code != 0) append(out, recipient.code, " ");
        append(out, one_line(recipient.text, kDsnFieldBytesMax), "\r\n");
    }
    append(out, "\r\n", dsn.full ? words.original_full : words.original_header, "\r\n");
    return out;
}

std::string_view subject_of(const Dsn& dsn, const DsnWords& words) {
    const auto any = [&](DsnAction action) {
        return std::any_of(dsn.recipients.begin(), dsn.recipients.end(), [&](const auto& r) { return r.action == action; });
    };
    if (any(DsnAction::failed)) return words.subject_failed;
    return any(DsnAction::delayed) ? words.subject_delayed : words.subject_done;
}

std::string in_base64_lines(std::string_view bytes) {
    Base64Encoder encoder;
    std::string out;
    encoder.feed(bytes, out);
    encoder.finish(out);
    return out;
}

std::string text_part(const Dsn& dsn) {
    std::string text;
    if (dsn.language != DsnLanguage::japanese) text += human_text(dsn, kEnglishDsn, false);
    if (dsn.language == DsnLanguage::both) text += "\r\n----\r\n\r\n";
    if (dsn.language != DsnLanguage::english) text += human_text(dsn, kJapaneseDsn, true);
    if (is_ascii_text(text)) return cat("Content-Type: text/plain; charset=us-ascii\r\n\r\n", text);
    return cat("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", in_base64_lines(text));
}

std::string status_part(const Dsn& dsn) {
    std::string fields = cat("Reporting-MTA: dns;", dsn.reporting_mta, "\r\n");
    if (!dsn.envelope_id.empty()) append(fields, "Original-Envelope-Id: ", one_line(decode_xtext(dsn.envelope_id), kDsnFieldBytesMax), "\r\n");
    if (dsn.arrived_s != 0) append(fields, "Arrival-Date: ", format_mail_date({dsn.arrived_s, 0}), "\r\n");
    for (const auto& recipient : dsn.recipients) add_recipient_fields(fields, recipient);
    if (is_ascii_text(fields)) return cat("Content-Type: message/delivery-status\r\n\r\n", fields);
    return cat("Content-Type: message/global-delivery-status; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", fields);
}

}  // namespace

std::string decode_xtext(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '+' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            out.push_back(text[i]);
            continue;
        }
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return out;
}

std::string make_dsn(const Dsn& dsn) {
    const bool japanese = dsn.language == DsnLanguage::japanese;
    std::string out = cat("From: Mail Delivery System <", dsn.from, ">\r\nTo: <", dsn.to, ">\r\nSubject: ");
    auto subject = std::string(subject_of(dsn, japanese ? kJapaneseDsn : kEnglishDsn));
    if (dsn.language == DsnLanguage::both) append(subject, " / ", subject_of(dsn, kJapaneseDsn));
    append(out, encode_header_text(subject, std::string_view("Subject: ").size()), "\r\nDate: ", format_mail_date({dsn.date_s, 0}), "\r\nMessage-ID: <", dsn.message_id,
           ">\r\n");
    // RFC 3834 §5: nobody answers this by machine.
    append(out, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
                "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"", dsn.boundary, "\"\r\n");
    const auto status = status_part(dsn);
    const auto original = enclosed_mail_entity(dsn.original, dsn.full ? Echo::whole : Echo::header);
    const bool eight_bit = !is_ascii_text(status) || !is_ascii_text(original);
    append(out, eight_bit ? "Content-Transfer-Encoding: 8bit\r\n" : "", "\r\n");
    for (const auto& part : {text_part(dsn), status, original}) append(out, "--", dsn.boundary, "\r\n", part, "\r\n");
    append(out, "--", dsn.boundary, "--\r\n");
    return out;
}

}  // namespace tayori::mail
