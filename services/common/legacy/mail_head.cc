#include "common/legacy/mail_head.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/header.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kFingerprintBytes = 12;  // of a SHA-256, shown in hexadecimal
constexpr std::size_t kBIdDigitsMin = 6;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

// The date behind the last ";" (RFC 5321 §4.4).
std::optional<mail::MailDate> received_date(std::string_view value) {
    const auto at = value.rfind(';');
    if (at == std::string_view::npos) return std::nullopt;
    return mail::parse_mail_date(value.substr(at + 1));
}

void read_fields(std::string_view header, MailHead& head) {
    bool received = false, date = false, message_id = false;
    mail::Fields fields(header);
    while (const auto field = fields.next()) {
        if (!received && equals_ignoring_case(field->name, "Received")) {
            received = true;
            const auto value = mail::unfold(field->value);
            const auto id = value.find(" id ");
            head.b_id = find_b_id(std::string_view(value).substr(id == std::string::npos ? 0 : id));
            if (head.b_id.empty()) head.b_id = find_b_id(value);
            head.received = received_date(value);
        } else if (!date && equals_ignoring_case(field->name, "Date")) {
            date = true;
            head.date = mail::parse_mail_date(field->value);
        } else if (!message_id && equals_ignoring_case(field->name, "Message-ID")) {
            message_id = true;
            head.message_id = mail::unfold(field->value);
        }
        if (received && date && message_id) break;
    }
}

bool last_line_is_dot(std::string_view tail, bool is_all) {
    if (tail.ends_with('\n')) tail.remove_suffix(1);
    if (tail.ends_with('\r')) tail.remove_suffix(1);
    return tail.ends_with("\n.") || (is_all && tail == ".");
}

HeadState header_state(std::string_view head, std::size_t header_bytes, std::uint64_t file_bytes) {
    const auto first_line = head.substr(0, head.find('\n'));
    switch (mail::classify_header_line(first_line)) {
        case mail::HeaderLine::field:
            break;
        case mail::HeaderLine::blank:
        case mail::HeaderLine::continuation:
        case mail::HeaderLine::other:
            return HeadState::no_header;
    }
    // A file that ends within a field's name: what is left is no body, which a blank line or a whole line of text would begin.
    const auto header = head.substr(0, header_bytes);
    const auto rest = head.substr(header_bytes);
    const bool has_blank_line = header.ends_with("\n\n") || header.ends_with("\n\r\n");
    const bool is_name = !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) { return is_word(c) || c == '-'; });
    if (!has_blank_line && is_name && file_bytes <= head.size()) return HeadState::cut_off;
    // A header that takes the whole file has no blank line at its end; one that ends with its line
    // may be a mail without body.
    const bool goes_on = header_bytes < head.size() || file_bytes > head.size();
    return goes_on || head.ends_with('\n') ? HeadState::whole : HeadState::cut_off;
}

}  // namespace

std::string find_b_id(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (ascii_lower(text[at]) != 'b' || (at > 0 && is_word(text[at - 1]))) continue;
        auto end = at + 1;
        while (end < text.size() && is_digit(text[end])) ++end;
        if (end - at - 1 < kBIdDigitsMin || (end < text.size() && is_word(text[end]))) continue;
        return to_upper(text.substr(at, end - at));
    }
    return {};
}

MailHead parse_head(std::string_view head, std::uint64_t file_bytes) {
    MailHead out;
    const bool is_all = file_bytes <= head.size();
    if (head.find_first_not_of('\0') == std::string_view::npos) return out;
    out.state = HeadState::obfuscated;
    if (head.front() == '\xff') return out;
    const auto header = head.substr(0, mail::header_bytes(head));
    out.state = header_state(head, header.size(), file_bytes);
    read_fields(header, out);
    out.fingerprint = hex_encode(crypto::sha256(header).substr(0, kFingerprintBytes));
    out.maybe_stuffed = is_all && is_dot_stuffed(head);
    return out;
}

Result<MailHead> read_head(const Tree& tree, std::string_view path, std::uint64_t file_bytes) {
    const auto bytes = tree.read(path, 0, kHeadBytes);
    if (!bytes) return fail(bytes.error());
    auto head = parse_head(*bytes, std::max<std::uint64_t>(file_bytes, bytes->size()));
    if (file_bytes <= bytes->size()) return head;
    const auto tail = tree.read(path, file_bytes - kTailBytes, kTailBytes);
    if (!tail) return fail(tail.error());
    head.maybe_stuffed = last_line_is_dot(*tail, false);
    return head;
}

void choose_internal_date(Mail& mail, std::int64_t mtime_s, const MailHead& head) {
    if (head.received) {
        const bool trusted =
            mtime_s != 0 && std::abs(mtime_s - head.received->unix_s) <= kMtimeTrustedSeconds;
        mail.internal_date = *head.received;
        if (trusted) mail.internal_date->unix_s = mtime_s;
        mail.date_source = trusted ? DateSource::mtime : DateSource::received;
    } else if (head.date) {
        mail.internal_date = head.date;
        mail.date_source = DateSource::date_field;
    } else if (mtime_s != 0) {
        mail.internal_date = mail::MailDate{mtime_s, 0};
        mail.date_source = DateSource::mtime;
    }
}

bool is_dot_stuffed(std::string_view bytes) {
    if (!last_line_is_dot(bytes, true)) return false;
    bytes.remove_suffix(bytes.size() - bytes.rfind('.'));
    while (!bytes.empty()) {
        if (bytes.front() == '.' && !bytes.starts_with("..")) return false;
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) break;
        bytes.remove_prefix(end + 1);
    }
    return true;
}

}  // namespace tayori::legacy
