#include "adminctl/plugin/sentence.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "common/mail/body_text.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/params.h"
#include "common/mail/part_tree.h"
#include "common/mail/summary.h"

namespace tayori::admin::kit {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t seconds;
};
constexpr Unit kUnits[] = {{"day", 86'400}, {"hour", 3'600}, {"minute", 60}, {"second", 1}};

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '\n') out += "\\n";
        else if (c != '\r') out += c;
    }
    return out += '"';
}

std::string joined(const std::vector<std::string>& list, std::string_view between) {
    std::string out;
    for (const auto& one : list) append(out, out.empty() ? "" : between, one);
    return out;
}

std::vector<std::string> conditions_of(const std::vector<lua::Condition>& conditions) {
    std::vector<std::string> out;
    for (const auto& condition : conditions) {
        const auto period = show_duration(condition.period_s);
        out.push_back(condition.max == 1 ? cat("once in ", period) : cat("at most ", condition.max, " in ", period));
    }
    return out;
}

struct Say {
    Sentence operator()(const lua::Refusal& refusal) const {
        const auto* verb = refusal.is_temporary() ? "tempfail " : "reject ";
        return {cat(verb, refusal.code, ' ', refusal.enhanced, ' ', in_quotes(refusal.text)), {}};
    }
    Sentence operator()(const lua::Discard&) const { return {"discard", {}}; }
    Sentence operator()(const lua::Quarantine&) const { return {"quarantine", {}}; }
    Sentence operator()(const lua::Keep&) const { return {"keep", {}}; }
    Sentence operator()(const lua::Stop&) const { return {"stop", {}}; }
    Sentence operator()(const lua::FileInto& into) const {
        auto text = into.special_use.empty() ? cat("fileinto ", in_quotes(into.folder)) : cat("fileinto special ", into.special_use);
        if (into.keep) text += " and INBOX";
        if (!into.create) text += " if it is there";
        return {std::move(text), {}};
    }
    Sentence operator()(const lua::Flag& flag) const { return {cat("flag ", flag.name), {}}; }
    Sentence operator()(const lua::AddHeader& header) const {
        const auto name = std::string_view(header.field).substr(0, header.field.find(':'));
        return {cat("addheader ", in_quotes(cat(name, ": ", field_of(header.field, name)))), {}};
    }
    Sentence operator()(const lua::Forward& forward) const {
        return {cat("forward ", joined(forward.to, ", ")), conditions_of(forward.conditions)};
    }
    Sentence operator()(const lua::Copy& copy) const { return {cat("copy ", joined(copy.to, ", ")), {}}; }
    Sentence operator()(const lua::Compose& compose) const {
        // RFC 3834 §5: an answer says that it is auto-replied, a notice that it is auto-generated.
        const auto kind = field_of(compose.content, "Auto-Submitted");
        return {cat(kind.starts_with("auto-replied") ? "reply to " : "notify ", compose.to), conditions_of(compose.conditions)};
    }
    Sentence operator()(const lua::Limit& limit) const {
        return {cat("limit ", in_quotes(limit.condition.key)), conditions_of({limit.condition})};
    }
    Sentence operator()(const lua::Remember& remember) const {
        auto text = cat(remember.value ? "remember " : "forget ", in_quotes(remember.key));
        if (remember.value) append(text, " as ", in_quotes(*remember.value));
        if (remember.ttl_s != 0) append(text, " for ", show_duration(remember.ttl_s));
        return {std::move(text), {}};
    }
    Sentence operator()(const lua::Expire& expire) const {
        auto text = cat("expire ", in_quotes(expire.folder), " older than ", show_duration(static_cast<std::int64_t>(expire.older_than_s)));
        if (!expire.keyword.empty()) append(text, " with ", expire.keyword);
        if (expire.seen) text += *expire.seen ? " if seen" : " if unseen";
        if (expire.flagged) text += *expire.flagged ? " if flagged" : " if not flagged";
        if (!expire.move_to.empty()) append(text, " into ", in_quotes(expire.move_to));
        return {std::move(text), {}};
    }
    Sentence operator()(const lua::RefuseChange& refuse) const { return {cat("refuse ", in_quotes(refuse.text)), {}}; }
    Sentence operator()(const lua::KeepChange& keep) const {
        if (!keep.move_to.empty()) return {cat("move to ", keep.move_to), {}};
        return {keep.keyword.empty() ? std::string("keep") : cat("keep as ", keep.keyword), {}};
    }
    Sentence operator()(const lua::AnnounceSize& announce) const { return {cat("announce size ", show_octets(announce.octets)), {}}; }
};

// "..." in the pattern stands for anything.
bool like(std::string_view pattern, std::string_view text) {
    constexpr std::string_view kAny = "...";
    const auto first = pattern.find(kAny);
    if (first == std::string_view::npos) return pattern == text;
    if (!text.starts_with(pattern.substr(0, first))) return false;
    text.remove_prefix(first);
    pattern.remove_prefix(first + kAny.size());
    for (auto next = pattern.find(kAny); next != std::string_view::npos; next = pattern.find(kAny)) {
        const auto at = text.find(pattern.substr(0, next));
        if (at == std::string_view::npos) return false;
        text.remove_prefix(at + next);
        pattern.remove_prefix(next + kAny.size());
    }
    return text.size() >= pattern.size() && text.ends_with(pattern);
}

bool ends_with_word(std::string_view text, std::string_view word) {
    return text.ends_with(word) && text.size() > word.size() && text[text.size() - word.size() - 1] == ' ';
}

template <class Visit>
void each_text_part(std::string_view mail, Visit visit) {
    const auto summary = mail::make_summary(mail);
    const auto tree = mail::decode_part_tree(summary.parts);
    if (!tree) return;
    for (const auto& part : tree->parts)
        if (part.kind == mail::PartKind::text)
            visit(mail.substr(part.header_offset, part.header_bytes), mail.substr(part.body_offset(), part.body_bytes));
}

}  // namespace

Sentence sentence(const lua::Action& action) { return std::visit(Say{}, action.what); }

std::string whole(const Sentence& said) {
    return said.conditions.empty() ? said.text : cat(said.text, ' ', joined(said.conditions, " and "));
}

bool fits(std::string_view expected, const Sentence& said) {
    for (;;) {
        if (like(expected, said.text)) return true;
        const auto condition = std::find_if(said.conditions.begin(), said.conditions.end(),
                                            [&](const std::string& one) { return ends_with_word(expected, one); });
        if (condition == said.conditions.end()) return false;
        expected = trim(expected.substr(0, expected.size() - condition->size()));
        if (ends_with_word(expected, "and")) expected = trim(expected.substr(0, expected.size() - 3));
    }
}

std::string content_of(const lua::Action& action) {
    if (const auto* compose = std::get_if<lua::Compose>(&action.what)) return compose->content;
    if (const auto* forward = std::get_if<lua::Forward>(&action.what)) return forward->content;
    return {};
}

std::string field_of(std::string_view mail, std::string_view name) {
    const auto value = mail::find_field(mail.substr(0, mail::header_bytes(mail)), name);
    return value ? mail::decode_header_text(mail::unfold(*value)) : std::string();
}

std::string text_of(std::string_view mail) {
    std::string out;
    each_text_part(mail, [&out](std::string_view header, std::string_view body) { out += mail::decode_part_text(header, body); });
    return out;
}

std::string charset_of(std::string_view mail) {
    std::string out;
    each_text_part(mail, [&out](std::string_view header, std::string_view) {
        const auto type = mail::find_field(header, "Content-Type");
        if (!out.empty() || !type) return;
        out = to_lower(mail::find_param(mail::parse_content_type(*type).params, "charset"));
    });
    return out;
}

std::string show_duration(std::int64_t seconds) {
    for (const auto& unit : kUnits) {
        if (seconds % unit.seconds != 0 || seconds == 0) continue;
        const auto number = seconds / unit.seconds;
        return cat(number, ' ', unit.name, number == 1 ? "" : "s");
    }
    return "0 seconds";
}

bool parse_duration(const std::string& number, std::string_view unit, std::int64_t& seconds) {
    std::int64_t count = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), count);
    constexpr std::int64_t kMax = 1'000'000;
    if (read.ec != std::errc() || read.ptr != number.data() + number.size() || count < 0 || count > kMax) return false;
    if (unit.ends_with('s')) unit.remove_suffix(1);
    for (const auto& known : kUnits) {
        if (unit != known.name) continue;
        seconds = count * known.seconds;
        return true;
    }
    return false;
}

std::string show_octets(std::uint64_t octets) {
    constexpr std::uint64_t kKilo = 1024;
    constexpr std::string_view kLetters = "KMG";
    if (octets == 0 || octets % kKilo != 0) return cat(octets);
    std::size_t power = 0;
    for (octets /= kKilo; octets % kKilo == 0 && power + 1 < kLetters.size(); octets /= kKilo) ++power;
    return cat(octets, kLetters[power]);
}

}  // namespace tayori::admin::kit
