#include "common/mail/summary.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

std::string address_key(std::string_view value) {
    // Only the first address counts; the value may hold a thousand.
    const auto list = parse_address_list(value.substr(0, kSubjectKeyBytesMax));
    if (list.empty()) return {};
    const auto& first = list.front();
    const bool is_group = first.type == ListedAddress::Type::group_start;
    const auto text = decode_header_text(is_group ? first.name : first.local);
    return std::string(clip_utf8(fold_for_search(text), kSubjectKeyBytesMax));
}

// The first one begins the thread, the last ones are nearest.
void keep_bounded(std::vector<std::string>& ids) {
    if (ids.size() <= kReferencesMax) return;
    ids.erase(ids.begin() + 1, ids.end() - static_cast<std::ptrdiff_t>(kReferencesMax - 1));
}

void read_fields(std::string_view header, Summary& summary) {
    std::optional<std::string_view> date, subject, from, to, cc, message_id, references,
        in_reply_to;
    const struct {
        std::string_view name;
        std::optional<std::string_view>& value;
    } wanted[] = {{"date", date},
                  {"subject", subject},
                  {"from", from},
                  {"to", to},
                  {"cc", cc},
                  {"message-id", message_id},
                  {"references", references},
                  {"in-reply-to", in_reply_to}};
    Fields fields(header);
    while (const auto field = fields.next()) {
        if (field->name.size() > std::string_view("in-reply-to").size()) continue;
        for (const auto& w : wanted)
            if (!w.value && equals_ignoring_case(field->name, w.name)) w.value = field->value;
    }
    if (date) summary.sent = parse_mail_date(*date);
    if (subject) {
        auto base = base_subject(*subject);
        summary.subject_key = clip_utf8(fold_for_search(base.text), kSubjectKeyBytesMax);
        summary.is_reply_or_forward = base.is_reply_or_forward;
    }
    if (from) summary.from_key = address_key(*from);
    if (to) summary.to_key = address_key(*to);
    if (cc) summary.cc_key = address_key(*cc);
    if (message_id) {
        auto ids = parse_message_ids(*message_id);
        if (!ids.empty()) summary.message_id = std::move(ids.front());
    }
    if (references) summary.references = parse_message_ids(*references);
    if (summary.references.empty() && in_reply_to) {
        summary.references = parse_message_ids(*in_reply_to);
        if (summary.references.size() > 1) summary.references.resize(1);  // RFC 5256 §3
    }
    keep_bounded(summary.references);
}

// RFC 5256 §5: the pieces of a subject, each taken off the text where it stands.
class SubjectStripper {
  public:
    explicit SubjectStripper(std::string_view text) : text_(text) {}

    BaseSubject run() {
        do {
            while (take_trailer()) {
            }
            while (take_leader() || take_blob()) {
            }
        } while (take_forward());
        return {std::string(text_), stripped_};
    }

  private:
    static bool is_space(char c) { return c == ' ' || c == '\t'; }
    static std::string_view without_spaces(std::string_view text) {
        while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
        return text;
    }
    static bool begins(std::string_view text, std::string_view lower) {
        return equals_ignoring_case(text.substr(0, lower.size()), lower);
    }
    // subj-blob: "[" … "]" and white space behind it; the text itself when there is none.
    static std::string_view without_blob(std::string_view text) {
        if (!text.starts_with('[')) return text;
        const auto end = text.find_first_of("[]", 1);
        if (end == std::string_view::npos || text[end] != ']') return text;
        return without_spaces(text.substr(end + 1));
    }

    bool take_trailer() {
        if (!text_.empty() && is_space(text_.back())) {
            text_.remove_suffix(1);
            return true;
        }
        constexpr std::string_view kForwarded = "(fwd)";
        if (text_.size() < kForwarded.size() ||
            !begins(text_.substr(text_.size() - kForwarded.size()), kForwarded))
            return false;
        text_.remove_suffix(kForwarded.size());
        stripped_ = true;
        return true;
    }
    bool take_leader() {
        if (!text_.empty() && is_space(text_.front())) {
            text_.remove_prefix(1);
            return true;
        }
        auto rest = text_;
        for (auto next = without_blob(rest); next.size() != rest.size(); next = without_blob(rest))
            rest = next;
        if (begins(rest, "re"))
            rest.remove_prefix(2);
        else if (begins(rest, "fwd"))
            rest.remove_prefix(3);
        else if (begins(rest, "fw"))
            rest.remove_prefix(2);
        else
            return false;
        rest = without_blob(without_spaces(rest));
        if (!rest.starts_with(':')) return false;
        text_ = rest.substr(1);
        stripped_ = true;
        return true;
    }
    bool take_blob() {
        const auto rest = without_blob(text_);
        if (rest.size() == text_.size() || rest.empty()) return false;
        text_ = rest;
        return true;
    }
    bool take_forward() {
        if (!begins(text_, "[fwd:") || !text_.ends_with(']')) return false;
        text_ = text_.substr(5, text_.size() - 6);
        stripped_ = true;
        return true;
    }

    std::string_view text_;
    bool stripped_ = false;
};

}  // namespace

BaseSubject base_subject(std::string_view value) {
    const auto decoded = decode_header_text(value);
    std::string single;  // with single spaces
    for (const char c : clip_utf8(decoded, kSubjectKeyBytesMax)) {
        const char plain = c == '\t' ? ' ' : c;
        if (plain != ' ' || single.empty() || single.back() != ' ') single += plain;
    }
    return SubjectStripper(single).run();
}

std::vector<std::string> parse_message_ids(std::string_view value) {
    const auto text = unfold(value);
    std::vector<std::string> ids;
    const auto put = [&](std::string_view raw) {
        std::string id;
        // "a b"@c and ab@c aside, quotes make no difference (RFC 5256 §3), nor does a space that
        // folding left behind.
        for (const char c : raw)
            if (c != '"' && c != '\\' && c != ' ' && c != '\t') id += c;
        if (!id.empty() && id.size() <= kMessageIdBytesMax)
            ids.push_back(is_valid_utf8(id) ? std::move(id) : to_valid_utf8(id));
    };
    if (text.find('<') == std::string::npos) {  // without brackets, as some programs write
        for (std::size_t from = 0; from < text.size();) {
            const auto to = std::min(text.find_first_of(" \t,", from), text.size());
            const auto word = std::string_view(text).substr(from, to - from);
            if (word.find('@') != std::string_view::npos) put(word);
            from = to + 1;
        }
        return ids;
    }
    for (auto from = text.find('<'); from != std::string::npos; from = text.find('<', from)) {
        const auto to = text.find_first_of("<>", from + 1);
        if (to == std::string::npos) break;
        if (text[to] == '>') put(std::string_view(text).substr(from + 1, to - from - 1));
        from = to;
    }
    return ids;
}

Summary SummaryBuilder::finish() {
    auto parsed = parser_.finish();
    Summary summary;
    summary.message_bytes = parsed.tree.message_bytes();
    summary.header_bytes = parsed.tree.parts[0].header_bytes;
    summary.envelope = std::move(parsed.envelope);
    summary.bodystructure = std::move(parsed.bodystructure);
    summary.parts = encode(parsed.tree);
    read_fields(parsed.header, summary);
    summary.header = std::move(parsed.header);
    if (summary.header.size() > kSummaryHeaderBytesMax)
        summary.header.resize(kSummaryHeaderBytesMax);
    return summary;
}

Summary make_summary(std::string_view message) {
    SummaryBuilder builder;
    builder.feed(message);
    return builder.finish();
}

}  // namespace tayori::mail
