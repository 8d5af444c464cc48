#include "common/legacy/maildir/uidlist.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::maildir {
namespace {

constexpr std::size_t kKeywordsMax = 26;  // letters a-z; Dovecot keeps further ones only in its index
constexpr std::size_t kKeywordBytesMax = 1000;

template <class List>
void set_aside(List& list, std::uint64_t line) {
    ++list.bad;
    if (list.bad_lines.size() < kBadLinesMax) list.bad_lines.push_back(line);
}

std::string_view base_of(std::string_view name) { return parse_mail_file_name(name).base; }

// "V1275660208 N25022 G3085…", in any order.
bool take_v3_header(std::string_view rest, UidList& list) {
    while (!rest.empty()) {
        const auto word = take_word(rest);
        if (word.empty()) continue;
        const auto value = decimal<std::uint32_t>(word.substr(1));
        if (word[0] == 'V' && value) list.uid_validity = *value;
        if (word[0] == 'N' && value) list.uid_next = *value;
        if ((word[0] == 'V' || word[0] == 'N') && !value) return false;
    }
    return list.uid_validity != 0 && list.uid_next != 0;
}

bool take_v1_header(std::string_view rest, UidList& list) {
    const auto validity = decimal<std::uint32_t>(take_word(rest));
    const auto next = decimal<std::uint32_t>(take_word(rest));
    if (!validity || !next || *validity == 0 || *next == 0) return false;
    list.uid_validity = *validity;
    list.uid_next = *next;
    return true;
}

// "<uid> [P<uidl>] [O<order>] [W<size>] … :<name>"
bool take_v3_fields(std::string_view& rest, UidRecord& record) {
    while (!rest.starts_with(':')) {
        const auto word = take_word(rest);
        if (word.empty() || word[0] < 'A' || word[0] > 'Z') return false;
        const auto value = word.substr(1);
        if (word[0] == 'P') record.uidl = std::string(value);
        if (word[0] == 'H') record.hidden_from_pop3 = value == "1";
        if (word[0] == 'O') {
            const auto order = decimal<std::uint64_t>(value);
            if (!order) return false;
            record.pop3_order = *order;
        }
        if (rest.empty()) return false;
    }
    rest.remove_prefix(1);
    return true;
}

std::optional<UidRecord> parse_record(std::string_view rest, int version) {
    UidRecord record;
    const auto uid = decimal<std::uint32_t>(take_word(rest));
    if (!uid || *uid == 0) return std::nullopt;
    record.uid = *uid;
    if (version == 3 && !take_v3_fields(rest, record)) return std::nullopt;
    record.base = std::string(base_of(rest));
    if (record.base.empty() || record.base.find('/') != std::string::npos) return std::nullopt;
    return record;
}

bool is_keyword(std::string_view name) {
    return !name.empty() && name.size() <= kKeywordBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
        return c > 0x20 && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    });
}

}  // namespace

Result<UidList> parse_uidlist(std::string_view text) {
    UidList list;
    TextLines lines(text);
    std::string_view line;
    if (!lines.next(line)) return fail(Kind::corrupt, "The list is empty.");
    auto rest = line;
    const auto version = decimal<int>(take_word(rest));
    if (!version) return fail(Kind::corrupt, "The first line has no version.");
    if (*version != 1 && *version != 3) return fail(Kind::unsupported, cat("Version ", *version, " of the list is not known."));
    if (!(*version == 3 ? take_v3_header(rest, list) : take_v1_header(rest, list)))
        return fail(Kind::corrupt, "The first line has no UIDVALIDITY and next UID.");
    while (lines.next(line)) {
        if (line.empty()) continue;
        auto record = lines.terminated() ? parse_record(line, *version) : std::nullopt;  // without its end it was cut
        if (record) list.records.push_back(std::move(*record));
        else set_aside(list, lines.number());
    }
    return list;
}

Result<SizeList> parse_sizelist(std::string_view text) {
    SizeList list;
    TextLines lines(text);
    std::string_view line;
    if (!lines.next(line)) return fail(Kind::corrupt, "The list is empty.");
    if (!line.starts_with("/2 ") && !line.starts_with("/3 "))
        return fail(Kind::unsupported, "The list is not of version 2 or 3.");
    while (lines.next(line)) {
        if (line.empty()) continue;
        auto rest = line;
        const auto name = take_word(rest);
        const auto size = decimal<std::uint64_t>(take_word(rest));
        const auto uid = decimal<std::uint64_t>(take_word(rest, ':'));
        const auto validity = decimal<std::uint64_t>(take_word(rest));
        SizeRecord record{std::string(base_of(name)), {}};
        if (!lines.terminated() || record.base.empty() || !size || !uid || !validity) {
            set_aside(list, lines.number());
            continue;
        }
        record.uidl = *validity == 0 ? record.base : cat("UID", *uid, '-', *validity);
        list.records.push_back(std::move(record));
    }
    return list;
}

std::map<char, std::string> parse_keywords(std::string_view text, std::vector<std::uint64_t>& bad_lines) {
    std::map<char, std::string> keywords;
    TextLines lines(text);
    for (std::string_view line; lines.next(line);) {
        if (line.empty()) continue;
        auto rest = line;
        const auto number = decimal<std::size_t>(take_word(rest));
        if (number && *number >= kKeywordsMax && is_keyword(rest)) continue;  // has no letter
        const bool good = number && is_keyword(rest) &&
                          keywords.emplace(static_cast<char>('a' + *number), std::string(rest)).second;
        if (!good && bad_lines.size() < kBadLinesMax) bad_lines.push_back(lines.number());
    }
    return keywords;
}

std::vector<std::string> parse_subscriptions(std::string_view text, char separator) {
    std::vector<std::string> names;
    TextLines lines(text);
    bool version2 = false;
    for (std::string_view line; lines.next(line);) {
        if (lines.number() == 1 && line == "V\t2") version2 = true;
        else if (!line.empty()) names.emplace_back(line);
    }
    for (auto& name : names) {
        if (version2) std::replace(name.begin(), name.end(), '\t', separator);
        if (name.size() > 6 && equals_ignoring_case(name.substr(0, 5), "INBOX") && name[5] == separator) name.erase(0, 6);
    }
    return names;
}

std::optional<std::uint64_t> parse_maildirsize(std::string_view text) {
    auto rest = text.substr(0, text.find('\n'));
    while (!rest.empty()) {
        auto word = trim(take_word(rest, ','));
        if (word.ends_with('\r')) word.remove_suffix(1);
        if (!word.ends_with('S')) continue;
        const auto bytes = decimal<std::uint64_t>(word.substr(0, word.size() - 1));
        if (bytes && *bytes != 0) return bytes;
    }
    return std::nullopt;
}

MailFileName parse_mail_file_name(std::string_view name) {
    MailFileName out{name, {}, {}};
    for (const auto info : {":2,", ";2,", "!2,"}) {
        const auto at = name.rfind(info);
        if (at == std::string_view::npos) continue;
        out.base = name.substr(0, at);
        out.letters = name.substr(at + 3);
        out.letters = out.letters.substr(0, out.letters.find(','));
        break;
    }
    out.base = out.base.substr(0, out.base.find(':'));
    const auto size = out.base.find(",S=");
    if (size != std::string_view::npos) {
        const auto digits = out.base.substr(size + 3);
        out.bytes = decimal<std::uint64_t>(digits.substr(0, digits.find(',')));
    }
    return out;
}

}  // namespace tayori::legacy::maildir
