#include "common/mail/compose.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/header.h"
#include "common/mail/japanese.h"
#include "common/mail/limits.h"
#include "common/mail/seven_bit.h"
#include "common/mail/summary.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kFoldColumn = 76;

// A value that has no words to encode: printable, one line.
std::string plain_value(std::string_view text, std::size_t most) {
    std::string out;
    for (const char c : clip_utf8(text, most))
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return out;
}

// What stands between angle brackets: nothing that could end them.
std::string bracketed(std::string_view text, std::size_t most) {
    auto value = plain_value(text, most);
    std::erase_if(value, [](char c) { return c == '<' || c == '>' || c == ' '; });
    return cat('<', value, '>');
}

std::string mailboxes_field(std::string_view name, const std::vector<NamedAddress>& mailboxes, TextCharset charset) {
    std::string out = cat(name, ": ");
    std::size_t column = out.size();
    for (const auto& mailbox : mailboxes) {
        if (&mailbox != &mailboxes.front()) {
            out += ",\r\n ";
            column = 1;
        }
        out += mailbox_text(mailbox, column, charset);
    }
    return out += "\r\n";
}

std::string ids_field(std::string_view name, const std::vector<std::string>& ids) {
    std::string out = cat(name, ":");
    std::size_t column = out.size();
    for (const auto& id : ids) {
        const auto text = bracketed(id, kTextLineBytesMax - 4);
        const bool is_first = column == name.size() + 1;
        const bool fold = column + 1 + text.size() > (is_first ? kTextLineBytesMax : kFoldColumn);
        append(out, fold ? "\r\n " : " ", text);
        column = (fold ? 1 : column + 1) + text.size();
    }
    return out += "\r\n";
}

// Lines end with CRLF, the last one, too. NUL and bare CR have no place in a text (RFC 5322 §4).
std::string with_crlf(std::string_view utf8) {
    const auto text = to_valid_utf8(utf8);
    std::string out;
    out.reserve(text.size() + text.size() / 32 + 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\0') continue;
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        if (text[i] == '\r' || text[i] == '\n') out += "\r\n";
        else out += text[i];
    }
    if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
    return out;
}

std::size_t longest_line(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const auto n = std::min(text.find("\r\n"), text.size());
        longest = std::max(longest, n);
        text.remove_prefix(std::min(n + 2, text.size()));
    }
    return longest;
}

std::string in_quoted_printable(std::string_view text) {
    QuotedPrintableEncoder encoder;
    std::string out;
    while (!text.empty()) {
        const auto n = std::min(text.find("\r\n"), text.size());
        encoder.feed(text.substr(0, n), out);
        encoder.end_line(out);
        out += "\r\n";
        text.remove_prefix(std::min(n + 2, text.size()));
    }
    return out;
}

std::string in_base64(std::string_view bytes) {
    Base64Encoder encoder;
    std::string out;
    encoder.feed(bytes, out);
    encoder.finish(out);
    return out;
}

std::string typed_text(std::string_view subtype, std::string_view charset, std::string_view encoding, std::string_view body) {
    return cat("Content-Type: text/", subtype, "; charset=", charset, "\r\nContent-Transfer-Encoding: ", encoding, "\r\n\r\n", body);
}

std::string in_parts(std::string_view type, std::string_view boundary, const std::vector<std::string>& parts) {
    // What a part of 8 bits is in is of 8 bits, too (RFC 2045 §6.4).
    const bool eight_bit = std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return !is_ascii(part); });
    auto out = cat("Content-Type: multipart/", type, ";\r\n boundary=\"", boundary, "\"\r\n",
                   eight_bit ? "Content-Transfer-Encoding: 8bit\r\n" : "", "\r\n");
    for (const auto& part : parts) append(out, "--", boundary, "\r\n", part, part.ends_with("\r\n") ? "" : "\r\n");
    append(out, "--", boundary, "--\r\n");
    return out;
}

// "Re: ", "Re[2]: ", "Auto: " and the Japanese colon: the bytes of one at the head of a subject; 0: there is none.
std::size_t answer_prefix(std::string_view subject) {
    std::size_t n = 0;
    for (const std::string_view word : {"re", "auto"})
        if (equals_ignoring_case(subject.substr(0, word.size()), word)) n = word.size();
    if (n == 0) return 0;
    if (n < subject.size() && (subject[n] == '[' || subject[n] == '^')) {
        const auto digits = subject.find_first_not_of("0123456789", n + 1);
        if (digits == std::string_view::npos || digits == n + 1) return 0;
        n = subject[n] == '[' && subject[digits] == ']' ? digits + 1 : digits;
    }
    constexpr std::string_view kWideColon = "：";
    const auto behind = subject.substr(n);
    if (behind.starts_with(':')) ++n;
    else if (behind.starts_with(kWideColon)) n += kWideColon.size();
    else return 0;
    while (n < subject.size() && subject[n] == ' ') ++n;
    return n;
}

}  // namespace

std::string mailbox_text(const NamedAddress& mailbox, std::size_t column, TextCharset charset) {
    const auto name = encode_phrase(mailbox.name, column, charset);
    const auto address = bracketed(mailbox.address, kPathBytesMax + 2);
    if (name.empty()) return address;
    const auto line_begin = name.rfind('\n');
    const auto last = line_begin == std::string::npos ? column + name.size() : name.size() - line_begin - 1;
    return cat(name, last + 1 + address.size() > kFoldColumn ? "\r\n " : " ", address);
}

std::string text_entity(std::string_view subtype, std::string_view utf8, TextCharset charset) {
    const auto text = with_crlf(utf8);
    if (charset == TextCharset::iso_2022_jp) {
        if (const auto jis = japanese::encode_iso_2022_jp(text)) {
            // Lines end in ASCII (RFC 1468), as CR and LF are no kanji. A line that is too long can't be cut without a change.
            if (longest_line(*jis) <= kTextLineBytesMax) return typed_text(subtype, "ISO-2022-JP", "7bit", *jis);
            return typed_text(subtype, "ISO-2022-JP", "base64", in_base64(*jis));
        }
    }
    if (is_ascii(text) && longest_line(text) <= kTextLineBytesMax) return typed_text(subtype, "utf-8", "7bit", text);
    auto quoted = in_quoted_printable(text);
    auto base64 = in_base64(text);
    if (quoted.size() <= base64.size()) return typed_text(subtype, "utf-8", "quoted-printable", quoted);
    return typed_text(subtype, "utf-8", "base64", base64);
}

std::string enclosed_mail_entity(std::string_view original, Echo echo) {
    const bool full = echo == Echo::whole;
    const bool ascii = is_ascii(original);
    // A header in UTF-8 makes it global; a body of 8 bits alone does not (RFC 6532 §3.7).
    const bool global = !is_ascii(original.substr(0, original.find("\r\n\r\n")));
    std::string_view type;
    if (full) type = global ? "message/global" : "message/rfc822";
    else type = global ? "message/global-headers; charset=utf-8" : "text/rfc822-headers";
    return cat("Content-Type: ", type, "\r\n", ascii ? "" : "Content-Transfer-Encoding: 8bit\r\n", "\r\n", original,
               original.ends_with("\r\n") ? "" : "\r\n");
}

std::string compose(const NewMail& mail) {
    const auto boundary = cat("=_", plain_value(mail.unique, 40));
    auto out = mailboxes_field("From", {mail.from}, mail.charset);
    out += mailboxes_field("To", mail.to, mail.charset);
    if (!mail.reply_to.address.empty()) out += mailboxes_field("Reply-To", {mail.reply_to}, mail.charset);
    append(out, "Subject: ", encode_header_text(mail.subject, 9, mail.charset), "\r\nDate: ", format_mail_date(mail.date), "\r\n");
    out += ids_field("Message-ID", {mail.message_id});
    if (!mail.in_reply_to.empty()) out += ids_field("In-Reply-To", {mail.in_reply_to});
    if (!mail.references.empty()) out += ids_field("References", mail.references);
    if (!mail.auto_submitted.empty()) append(out, "Auto-Submitted: ", plain_value(mail.auto_submitted, kFoldColumn), "\r\n");
    out += "MIME-Version: 1.0\r\n";

    auto body = text_entity("plain", mail.text, mail.charset);
    if (!mail.html.empty()) body = in_parts("alternative", cat(boundary, "a"), {body, text_entity("html", mail.html, mail.charset)});
    if (mail.echo != Echo::none) body = in_parts("mixed", cat(boundary, "m"), {body, enclosed_mail_entity(mail.original, mail.echo)});
    return out += body;
}

std::string reply_subject(std::string_view subject_utf8) {
    auto rest = subject_utf8;
    while (const auto n = answer_prefix(rest)) rest.remove_prefix(n);
    rest = clip_utf8(trim(rest), kReplySubjectBytesMax);
    return rest.empty() ? "Auto: (no subject)" : cat("Auto: ", rest);
}

Threading reply_threading(std::string_view header) {
    Threading threading;
    const auto ids_of = [&](std::string_view name) {
        const auto value = find_field(header, name);
        return value ? parse_message_ids(*value) : std::vector<std::string>();
    };
    auto own = ids_of("Message-ID");
    if (own.empty()) return threading;
    threading.references = ids_of("References");
    if (threading.references.empty()) {
        auto parents = ids_of("In-Reply-To");
        if (parents.size() == 1) threading.references = std::move(parents);
    }
    // The first one and the last ones tell most of a long thread.
    if (threading.references.size() >= kReferencesMax)
        threading.references.erase(threading.references.begin() + 1,
                                   threading.references.end() - static_cast<std::ptrdiff_t>(kReferencesMax) + 2);
    threading.in_reply_to = own.front();
    std::erase(threading.references, own.front());
    threading.references.push_back(std::move(own.front()));
    return threading;
}

}  // namespace tayori::mail
