#include "common/mail/imap_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

enum FieldIndex {
    kDate,
    kSubject,
    kFrom,
    kSender,
    kReplyTo,
    kTo,
    kCc,
    kBcc,
    kInReplyTo,
    kMessageId,
    kFields
};
constexpr std::array<std::string_view, kFields> kNames = {
    "date", "subject", "from", "sender",      "reply-to",
    "to",   "cc",      "bcc",  "in-reply-to", "message-id"};

constexpr char kNulMask = '\x80';

struct EnvelopeFields {
    // Views are enough for the fields that count once; those that may be repeated are joined (RFC
    // 5322 §4.5.3).
    std::array<std::optional<std::string_view>, kFields> value;
    std::array<std::string, kFields> joined;
};

EnvelopeFields collect(std::string_view header) {
    EnvelopeFields found;
    Fields fields(header);
    while (const auto field = fields.next()) {
        if (field->name.size() < 2 || field->name.size() > 11) continue;
        for (std::size_t i = 0; i < kFields; ++i) {
            if (!equals_ignoring_case(field->name, kNames[i])) continue;
            auto& value = found.value[i];
            auto& joined = found.joined[i];
            if (!value) {
                value = field->value;
            } else if ((i == kTo || i == kCc || i == kBcc) && joined.size() < kFieldBytesMax) {
                if (joined.empty()) joined = *value;
                append(joined, ", ", field->value);
            }
            break;
        }
    }
    return found;
}

std::string address_list_text(const std::vector<ListedAddress>& list) {
    if (list.empty()) return "NIL";
    std::string out = "(";
    for (const auto& address : list) {
        switch (address.type) {
            case ListedAddress::Type::mailbox:
                out += '(';
                append_imap_nstring(out, address.name);
                out += ' ';
                append_imap_nstring(out, address.route);
                out += ' ';
                append_imap_string(out, address.local);
                out += ' ';
                append_imap_string(out, address.domain);
                out += ')';
                break;
            case ListedAddress::Type::group_start:
                out += "(NIL NIL ";
                append_imap_string(out, address.name);
                out += " NIL)";
                break;
            case ListedAddress::Type::group_end:
                out += "(NIL NIL NIL NIL)";
                break;
        }
    }
    out += ')';
    return out;
}

// Goes once over IMAP text that we wrote, item by item.
class Items {
  public:
    explicit Items(std::string_view text) : text_(text) {}
    // A word, a string, or a list as a whole; empty at a closing parenthesis and at the end.
    std::string_view next() {
        skip_spaces();
        const auto from = at_;
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (depth == 0 && (c == ' ' || c == ')')) break;
            if (c == '"')
                skip_quoted();
            else if (c == '{')
                skip_literal();
            else
                ++at_;
            if (c == '(') ++depth;
            if (c == ')' && --depth == 0) break;
        }
        return text_.substr(from, at_ - from);
    }
    bool at_list() {
        skip_spaces();
        return at_ < text_.size() && text_[at_] == '(';
    }
    void enter() { ++at_; }
    void leave() {  // skips what is left of a list
        while (!next().empty()) {
        }
        if (at_ < text_.size()) ++at_;
    }

  private:
    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    void skip_quoted() {
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
            if (text_[at_] == '\\') ++at_;
        at_ = std::min(at_ + 1, text_.size());
    }
    void skip_literal() {
        std::size_t bytes = 0;
        for (++at_; at_ < text_.size() && text_[at_] != '}'; ++at_)
            if (bytes < text_.size())
                bytes = bytes * 10 + static_cast<std::size_t>(text_[at_] & 15);
        at_ = std::min(at_ + 3 + bytes, text_.size());  // "}", CRLF
    }
    std::string_view text_;
    std::size_t at_ = 0;
};

void append_body(std::string& out, Items& in, std::size_t depth) {
    if (!in.at_list() || depth > kMimeDepthMax) {
        out += "NIL";  // only what was not written by us
        return;
    }
    in.enter();
    out += '(';
    if (in.at_list()) {
        while (in.at_list() && depth < kMimeDepthMax) append_body(out, in, depth + 1);
        append(out, ' ', in.next());
    } else {
        const auto type = in.next(), subtype = in.next();
        append(out, type, ' ', subtype);
        for (int i = 0; i < 5; ++i)
            append(out, ' ', in.next());  // params id description encoding bytes
        if (type == "\"TEXT\"") {
            append(out, ' ', in.next());
        } else if (type == "\"MESSAGE\"" && subtype == "\"RFC822\"") {
            append(out, ' ', in.next(), ' ');
            append_body(out, in, depth + 1);
            append(out, ' ', in.next());
        }
    }
    out += ')';
    in.leave();
}

}  // namespace

void mask_nul(std::string& text) {
    for (auto at = text.find('\0'); at != std::string::npos; at = text.find('\0', at + 1)) text[at] = kNulMask;
}

void append_imap_string(std::string& out, std::string_view text) {
    bool has_nul = false, needs_literal = text.size() > kQuotedBytesMax, needs_escape = false;
    for (const char c : text) {
        has_nul |= c == '\0';
        needs_literal |= c == '\r' || c == '\n' || static_cast<unsigned char>(c) >= 128;
        needs_escape |= c == '"' || c == '\\';
    }
    if (has_nul) {
        std::string clean(text);
        std::erase(clean, '\0');
        return append_imap_string(out, clean);
    }
    if (needs_literal) return append(out, '{', text.size(), "}\r\n", text);
    if (!needs_escape) return append(out, '"', text, '"');
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_imap_nstring(std::string& out, std::string_view text) {
    if (text.empty())
        out += "NIL";
    else
        append_imap_string(out, text);
}

std::string envelope_text(std::string_view header) {
    const auto fields = collect(header);
    const auto put_text = [&](std::string& out, FieldIndex i) {
        // A field that is there and empty is an empty string (RFC 3501 §7.4.2).
        if (fields.value[i])
            append_imap_string(out, unfold(*fields.value[i]));
        else
            out += "NIL";
    };
    const auto list_of = [&](FieldIndex i) {
        if (!fields.joined[i].empty())
            return address_list_text(parse_address_list(fields.joined[i]));
        if (fields.value[i]) return address_list_text(parse_address_list(*fields.value[i]));
        return std::string("NIL");
    };
    std::string out = "(";
    put_text(out, kDate);
    out += ' ';
    put_text(out, kSubject);
    const auto from = list_of(kFrom);
    auto sender = list_of(kSender), reply_to = list_of(kReplyTo);
    if (sender == "NIL") sender = from;
    if (reply_to == "NIL") reply_to = from;
    append(out, ' ', from, ' ', sender, ' ', reply_to, ' ', list_of(kTo), ' ', list_of(kCc), ' ',
           list_of(kBcc), ' ');
    put_text(out, kInReplyTo);
    out += ' ';
    put_text(out, kMessageId);
    out += ')';
    return out;
}

std::string body_from_bodystructure(std::string_view bodystructure) {
    std::string out;
    out.reserve(bodystructure.size());
    Items items(bodystructure);
    append_body(out, items, 0);
    return out;
}

}  // namespace tayori::mail
