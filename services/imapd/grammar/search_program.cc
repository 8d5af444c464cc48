#include "imapd/grammar/search_program.h"

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/date.h"
#include "imapd/grammar/flags.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

using Op = SearchKey::Op;

struct FlagKey {
    std::string_view word;
    std::uint32_t flag;
    bool negated;
};
constexpr FlagKey kFlagKeys[] = {
    {"ANSWERED", kAnswered, false}, {"UNANSWERED", kAnswered, true}, {"DELETED", kDeleted, false},
    {"UNDELETED", kDeleted, true},  {"DRAFT", kDraft, false},        {"UNDRAFT", kDraft, true},
    {"FLAGGED", kFlagged, false},   {"UNFLAGGED", kFlagged, true},   {"SEEN", kSeen, false},
    {"UNSEEN", kSeen, true},
};

struct WordKey {
    std::string_view word;
    Op op;
    std::string_view field;  // of Op::field
};
constexpr WordKey kDateKeys[] = {
    {"BEFORE", Op::before, ""},  {"ON", Op::on, ""},
    {"SINCE", Op::since, ""},    {"SENTBEFORE", Op::sent_before, ""},
    {"SENTON", Op::sent_on, ""}, {"SENTSINCE", Op::sent_since, ""},
};
constexpr WordKey kTextKeys[] = {
    {"BCC", Op::field, "Bcc"},   {"CC", Op::field, "Cc"},
    {"FROM", Op::field, "From"}, {"SUBJECT", Op::field, "Subject"},
    {"TO", Op::field, "To"},     {"BODY", Op::body, ""},
    {"TEXT", Op::text, ""},
};

SearchKey key_of(Op op) {
    SearchKey key;
    key.op = op;
    return key;
}

SearchKey negate(SearchKey key) {
    auto outer = key_of(Op::none_of);
    outer.keys.push_back(std::move(key));
    return outer;
}

class Parser {
  public:
    explicit Parser(Cursor& cursor) : c_(cursor) {}
    Result<SearchProgram> run();

  private:
    Result<void> returns();
    Result<void> charset();
    Result<void> list(std::vector<SearchKey>& keys, std::size_t depth);
    Result<SearchKey> key(std::size_t depth);
    Result<SearchKey> compound(std::string_view word, std::size_t depth);
    Result<SearchKey> flag_or_date(std::string_view word);
    Result<SearchKey> text_or_number(std::string_view word);
    Result<SearchKey> header();
    Result<SearchKey> modseq();
    Result<SearchKey> set(Op op);
    Result<std::string> folded_text();
    Result<std::int64_t> day();

    Cursor& c_;
    SearchProgram program_;
    std::string charset_;
    std::size_t keys_ = 0;
};

Result<void> Parser::returns() {
    if (auto open = c_.expect('('); !open) return open;
    program_.extended = true;
    while (!c_.accept(')')) {
        if (c_.accept_word("MIN"))
            program_.want_min = true;
        else if (c_.accept_word("MAX"))
            program_.want_max = true;
        else if (c_.accept_word("ALL"))
            program_.want_all = true;
        else if (c_.accept_word("COUNT"))
            program_.want_count = true;
        else
            return fail(Kind::invalid, "No such RETURN option.");
        if (c_.peek() == ')') continue;
        if (auto space = c_.space(); !space) return space;
    }
    const bool any =
        program_.want_min || program_.want_max || program_.want_all || program_.want_count;
    if (!any) program_.want_all = true;  // RFC 4731 §3.1: "RETURN ()" is ALL.
    return c_.space();
}

Result<void> Parser::charset() {
    if (auto space = c_.space(); !space) return space;
    auto name = c_.astring();
    if (!name) return fail(std::move(name.error()));
    charset_ = std::move(*name);
    if (!mail::knows_charset(charset_)) program_.bad_charset = true;
    return c_.space();
}

Result<std::string> Parser::folded_text() {
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    auto bytes = c_.astring();
    if (!bytes) return bytes;
    if (charset_.empty()) {
        // US-ASCII is meant, but clients send their own charset and say nothing.
        return mail::fold_for_search(mail::guess_to_utf8(*bytes));
    }
    auto utf8 = mail::to_utf8_strict(*bytes, charset_);
    if (!utf8) {
        program_.bad_charset = true;
        return std::string();
    }
    return mail::fold_for_search(*utf8);
}

Result<std::int64_t> Parser::day() {
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    auto text = c_.astring();
    if (!text) return fail(std::move(text.error()));
    auto day = mail::parse_search_date(*text);
    if (!day) return fail(Kind::invalid, "Wrong date.");
    return *day;
}

Result<SearchKey> Parser::set(Op op) {
    auto numbers = parse_sequence_set(c_);
    if (!numbers) return fail(std::move(numbers.error()));
    auto key = key_of(op);
    key.set = std::move(*numbers);
    return key;
}

// Keys between spaces, up to the end or a ")".
Result<void> Parser::list(std::vector<SearchKey>& keys, std::size_t depth) {
    do {
        auto next = key(depth);
        if (!next) return fail(std::move(next.error()));
        keys.push_back(std::move(*next));
    } while (c_.accept(' '));
    return {};
}

Result<SearchKey> Parser::key(std::size_t depth) {
    if (++keys_ > kSearchKeysMax) return fail(Kind::invalid, "Too many search keys.");
    if (depth > kListDepthMax) return fail(Kind::invalid, "Search keys nested too deeply.");
    if (c_.accept('(')) {
        auto group = key_of(Op::all_of);
        if (auto inside = list(group.keys, depth + 1); !inside)
            return fail(std::move(inside.error()));
        if (auto close = c_.expect(')'); !close) return fail(std::move(close.error()));
        return group;
    }
    const char first = c_.peek();
    if (first == '*' || (first >= '0' && first <= '9')) return set(Op::sequence);
    auto word = c_.atom();
    if (!word) return fail(std::move(word.error()));
    return compound(*word, depth);
}

Result<SearchKey> Parser::compound(std::string_view word, std::size_t depth) {
    const bool is_not = equals_ignoring_case(word, "NOT");
    if (!is_not && !equals_ignoring_case(word, "OR")) return flag_or_date(word);
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    auto first = key(depth + 1);
    if (!first) return first;
    if (is_not) return negate(std::move(*first));
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    auto second = key(depth + 1);
    if (!second) return second;
    auto either = key_of(Op::any_of);
    either.keys.push_back(std::move(*first));
    either.keys.push_back(std::move(*second));
    return either;
}

Result<SearchKey> Parser::flag_or_date(std::string_view word) {
    for (const auto& flag : kFlagKeys) {
        if (!equals_ignoring_case(flag.word, word)) continue;
        auto key = key_of(Op::has_flags);
        key.flags = flag.flag;
        return flag.negated ? negate(std::move(key)) : key;
    }
    for (const auto& date : kDateKeys) {
        if (!equals_ignoring_case(date.word, word)) continue;
        auto value = day();
        if (!value) return fail(std::move(value.error()));
        auto key = key_of(date.op);
        key.day = *value;
        return key;
    }
    if (equals_ignoring_case(word, "ALL")) return key_of(Op::everything);
    if (equals_ignoring_case(word, "RECENT")) return key_of(Op::recent);
    if (equals_ignoring_case(word, "OLD")) return negate(key_of(Op::recent));
    if (equals_ignoring_case(word, "NEW")) {
        auto unseen = key_of(Op::has_flags);
        unseen.flags = kSeen;
        auto both = key_of(Op::all_of);
        both.keys.push_back(key_of(Op::recent));
        both.keys.push_back(negate(std::move(unseen)));
        return both;
    }
    return text_or_number(word);
}

Result<SearchKey> Parser::text_or_number(std::string_view word) {
    for (const auto& text : kTextKeys) {
        if (!equals_ignoring_case(text.word, word)) continue;
        auto value = folded_text();
        if (!value) return fail(std::move(value.error()));
        auto key = key_of(text.op);
        key.name = std::string(text.field);
        key.value = std::move(*value);
        return key;
    }
    if (equals_ignoring_case(word, "HEADER")) return header();
    if (equals_ignoring_case(word, "MODSEQ")) return modseq();
    const bool keyword = equals_ignoring_case(word, "KEYWORD");
    if (keyword || equals_ignoring_case(word, "UNKEYWORD")) {
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
        auto name = c_.atom();
        if (!name) return fail(std::move(name.error()));
        auto key = key_of(Op::keyword);
        key.value = std::string(*name);
        return keyword ? key : negate(std::move(key));
    }
    const bool larger = equals_ignoring_case(word, "LARGER");
    if (larger || equals_ignoring_case(word, "SMALLER")) {
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
        auto bytes = c_.number64();
        if (!bytes) return fail(std::move(bytes.error()));
        auto key = key_of(larger ? Op::larger : Op::smaller);
        key.number = *bytes;
        return key;
    }
    if (equals_ignoring_case(word, "UID")) {
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
        return set(Op::uid);
    }
    return fail(Kind::invalid, "No such search key.");
}

Result<SearchKey> Parser::header() {
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    auto name = c_.astring();
    if (!name) return fail(std::move(name.error()));
    auto value = folded_text();
    if (!value) return fail(std::move(value.error()));
    auto key = key_of(Op::field);
    key.name = std::move(*name);
    key.value = std::move(*value);
    return key;
}

// MODSEQ ["/flags/\\Seen" all] 620162338. Modification sequences are kept per message, not per
// flag, so the entry may be ignored (RFC 7162 §3.1.5).
Result<SearchKey> Parser::modseq() {
    if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    if (c_.peek() == '"') {
        auto entry = c_.quoted();
        if (!entry) return fail(std::move(entry.error()));
        if (!entry->starts_with("/flags/")) return fail(Kind::invalid, "No such MODSEQ entry.");
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
        const bool type =
            c_.accept_word("priv") || c_.accept_word("shared") || c_.accept_word("all");
        if (!type) return fail(Kind::invalid, "No such MODSEQ entry type.");
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
    }
    auto number = c_.number64();
    if (!number) return fail(std::move(number.error()));
    auto key = key_of(Op::modseq);
    key.number = *number;
    program_.uses_modseq = true;
    return key;
}

Result<SearchProgram> Parser::run() {
    if (c_.accept_word("RETURN")) {
        if (auto space = c_.space(); !space) return fail(std::move(space.error()));
        if (auto options = returns(); !options) return fail(std::move(options.error()));
    }
    if (c_.accept_word("CHARSET")) {
        if (auto name = charset(); !name) return fail(std::move(name.error()));
    }
    if (auto keys = list(program_.root.keys, 0); !keys) return fail(std::move(keys.error()));
    return std::move(program_);
}

}  // namespace

Result<SearchProgram> parse_search(Cursor& cursor) { return Parser(cursor).run(); }

}  // namespace tayori::imap
