#include "common/mail/dkim.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

// always: also where it is missing, nobody may add one. present: where there is one, no second one. once: mailing lists and
// relays may add their own.
enum class Oversign { always, present, never };
struct SignedName {
    std::string_view name;
    Oversign oversign;
};
// What readers see and what decides how the text is read. Trace fields and those that relays change are not signed
// (RFC 6376 §5.4.1).
constexpr std::array kSignedNames = {
    SignedName{"From", Oversign::always},
    SignedName{"Reply-To", Oversign::always},
    SignedName{"To", Oversign::always},
    SignedName{"Cc", Oversign::always},
    SignedName{"Subject", Oversign::always},
    SignedName{"Date", Oversign::always},
    SignedName{"Message-ID", Oversign::always},
    SignedName{"Sender", Oversign::present},
    // Old relays give a plain text its MIME fields.
    SignedName{"MIME-Version", Oversign::present},
    SignedName{"Content-Type", Oversign::present},
    SignedName{"Content-Transfer-Encoding", Oversign::present},
    SignedName{"In-Reply-To", Oversign::present},
    SignedName{"References", Oversign::present},
    SignedName{"List-Id", Oversign::never},
    SignedName{"List-Help", Oversign::never},
    SignedName{"List-Subscribe", Oversign::never},
    SignedName{"List-Unsubscribe", Oversign::never},
    SignedName{"List-Unsubscribe-Post", Oversign::never},
    SignedName{"List-Post", Oversign::never},
    SignedName{"List-Owner", Oversign::never},
    SignedName{"List-Archive", Oversign::never},
};

std::string_view tag_of(DkimAlgorithm algorithm) {
    return algorithm == DkimAlgorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

// Adds `word` to a folded field; `column` is where the last line ends.
void add_folded(std::string& out, std::size_t& column, std::string_view before, std::string_view word) {
    if (column + before.size() + word.size() > kSignatureColumns) {
        // What stands before belongs to the end of a line, a blank is the fold itself.
        append(out, before == " " ? "" : before, "\r\n\t");
        column = 1;
    } else {
        out.append(before);
        column += before.size();
    }
    out.append(word);
    column += word.size();
}

// Base64 may be folded anywhere (RFC 6376 §3.5).
void add_base64(std::string& out, std::size_t column, std::string_view bytes) {
    const auto text = base64_encode(bytes);
    for (std::string_view rest = text; !rest.empty();) {
        if (column >= kSignatureColumns) {
            out.append("\r\n\t");
            column = 1;
        }
        const auto piece = rest.substr(0, kSignatureColumns - column);
        out.append(piece);
        column += piece.size();
        rest.remove_prefix(piece.size());
    }
}

std::size_t column_at_end(std::string_view text) {
    const auto lf = text.rfind('\n');
    return lf == std::string_view::npos ? text.size() : text.size() - lf - 1;
}

}  // namespace

void RelaxedBody::push(std::string_view piece) {
    while (!piece.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (piece.front() != '\n') space_ = true;
        }
        const auto stop = piece.find_first_of(" \t\r\n");
        if (stop != 0) text(piece.substr(0, stop));
        if (stop == std::string_view::npos) return;
        switch (piece[stop]) {
            case '\r': after_cr_ = true; break;
            case '\n': end_line(); break;
            default: space_ = true; break;
        }
        piece.remove_prefix(stop + 1);
    }
}

void RelaxedBody::finish() {
    if (line_has_text_) end_line();  // the last line end was missing
    if (!buffer_.empty()) sink_(buffer_);
    buffer_.clear();
}

void RelaxedBody::end_line() {
    space_ = false;  // white space at the end of a line does not count
    if (line_has_text_) put("\r\n");
    else ++blank_lines_;
    line_has_text_ = false;
}

void RelaxedBody::text(std::string_view run) {
    for (; blank_lines_ > 0; --blank_lines_) put("\r\n");
    if (space_) put(" ");
    space_ = false;
    line_has_text_ = true;
    put(run);
}

void RelaxedBody::put(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) {
        sink_(buffer_);
        buffer_.clear();
    }
    if (bytes.size() > kBufferBytes) sink_(bytes);
    else buffer_.append(bytes);
}

std::string relaxed_field(std::string_view name, std::string_view value) {
    std::string out = to_lower(trim(name));
    out += ':';
    bool space = false;
    bool begun = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '\n' || (c == '\r' && i + 1 < value.size() && value[i + 1] == '\n')) continue;  // unfolds
        if (c == ' ' || c == '\t' || c == '\r') {
            space = begun;
            continue;
        }
        if (space) out += ' ';
        space = false;
        begun = true;
        out += c;
    }
    out.append("\r\n");
    return out;
}

std::string dkim_header_hash(std::string_view header, std::span<const std::string> names, std::string_view unfinished) {
    std::map<std::string, std::vector<Field>> fields_of;
    for (const auto& name : names) fields_of.try_emplace(to_lower(name));
    Fields fields(header);
    while (const auto field = fields.next()) {
        const auto found = fields_of.find(to_lower(field->name));
        if (found != fields_of.end()) found->second.push_back(*field);
    }
    crypto::Sha256 hash;
    for (const auto& name : names) {
        auto& left = fields_of[to_lower(name)];
        if (left.empty()) continue;
        hash.update(relaxed_field(left.back().name, left.back().value));
        left.pop_back();
    }
    const auto colon = std::min(unfinished.find(':'), unfinished.size() - 1);
    auto last = relaxed_field(unfinished.substr(0, colon), unfinished.substr(colon + 1));
    last.resize(last.size() - 2);  // it has no line end there
    hash.update(last);
    return hash.finish();
}

std::optional<std::string> author_domain(std::string_view header) {
    std::optional<std::string_view> from;
    Fields fields(header);
    while (const auto field = fields.next()) {
        if (!equals_ignoring_case(field->name, "From")) continue;
        if (from) return std::nullopt;
        from = field->value;
    }
    if (!from) return std::nullopt;
    for (const auto& listed : parse_address_list(*from)) {
        if (listed.type != ListedAddress::Type::mailbox) continue;
        if (listed.domain.empty() || listed.domain.front() == '[') return std::nullopt;
        auto domain = normalize_domain(listed.domain);
        if (!domain) return std::nullopt;
        return std::move(*domain);
    }
    return std::nullopt;
}

std::vector<std::string> dkim_names(std::string_view header) {
    std::map<std::string, std::size_t> count_of;
    Fields fields(header);
    while (const auto field = fields.next()) ++count_of[to_lower(field->name)];
    std::vector<std::string> names;
    for (const auto& [name, oversign] : kSignedNames) {
        const auto found = count_of.find(to_lower(name));
        std::size_t count = found == count_of.end() ? 0 : found->second;
        if (oversign == Oversign::always || (oversign == Oversign::present && count > 0)) ++count;
        for (; count > 0 && names.size() <= kDkimFieldsMax; --count) names.emplace_back(name);
    }
    return names;
}

DkimMail::DkimMail() : body_([this](std::string_view bytes) { body_hash_.update(bytes); }) {}

void DkimMail::push(std::string_view piece) {
    while (!in_body_ && !too_long_ && !piece.empty()) {
        const auto lf = piece.find('\n');
        const auto line = piece.substr(0, lf == std::string_view::npos ? lf : lf + 1);
        piece.remove_prefix(line.size());
        too_long_ = header_.size() + line.size() > kHeaderBytesMax;
        if (too_long_) break;
        header_.append(line);
        if (lf == std::string_view::npos) return;
        const auto whole = std::string_view(header_).substr(line_begin_);
        in_body_ = whole == "\n" || whole == "\r\n";
        if (in_body_) header_.resize(line_begin_);
        line_begin_ = header_.size();
    }
    if (!too_long_) body_.push(piece);
}

void DkimMail::finish() {
    body_.finish();
    body_sha256_ = body_hash_.finish();
    if (too_long_) return;
    names_ = dkim_names(header_);
    if (names_.size() <= kDkimFieldsMax) author_ = mail::author_domain(header_);
}

Result<UnsignedField> DkimMail::field_for(const DkimKeyName& key, DkimTimes times) const {
    auto domain = ascii_domain(key.domain);
    if (!domain) return fail(std::move(domain.error()));
    UnsignedField field;
    std::size_t column = 0;
    add_folded(field.text, column, "", "DKIM-Signature: v=1;");
    add_folded(field.text, column, " ", cat("a=", tag_of(key.algorithm), ";"));
    add_folded(field.text, column, " ", "c=relaxed/relaxed;");
    add_folded(field.text, column, " ", cat("d=", *domain, ";"));
    add_folded(field.text, column, " ", cat("s=", key.selector, ";"));
    add_folded(field.text, column, " ", cat("t=", times.signed_s, ";"));
    if (times.expires_s != 0) add_folded(field.text, column, " ", cat("x=", times.expires_s, ";"));
    std::string_view before = " ";
    std::string word = "h=";
    for (const auto& name : names_) {
        word += name;
        add_folded(field.text, column, before, word);
        before = ":";
        word.clear();
    }
    field.text += ';';
    add_folded(field.text, ++column, " ", cat("bh=", base64_encode(body_sha256_), ";"));
    add_folded(field.text, column, " ", "b=");
    field.sha256 = dkim_header_hash(header_, names_, field.text);
    return field;
}

std::string signed_field(std::string_view unsigned_text, std::string_view signature) {
    std::string out(unsigned_text);
    add_base64(out, column_at_end(unsigned_text), signature);
    out.append("\r\n");
    return out;
}

}  // namespace tayori::mail
