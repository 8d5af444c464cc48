#include "imapd/grammar/flags.h"

#include <algorithm>

#include "common/base/text.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

struct SystemFlagName {
    std::string_view name;
    std::uint32_t bit;
};
constexpr SystemFlagName kSystemFlags[] = {
    {"\\Answered", kAnswered}, {"\\Flagged", kFlagged}, {"\\Deleted", kDeleted},
    {"\\Seen", kSeen},         {"\\Draft", kDraft},
};

Result<void> parse_flag(Cursor& cursor, FlagList& list) {
    const bool system = cursor.accept('\\');
    auto word = cursor.atom();
    if (!word) return fail(Kind::invalid, "Flag expected.");
    if (system) {
        for (const auto& flag : kSystemFlags) {
            if (!equals_ignoring_case(flag.name.substr(1), *word)) continue;
            list.system |= flag.bit;
            return {};
        }
        if (equals_ignoring_case(*word, "Recent"))
            return fail(Kind::invalid, "\\Recent cannot be set.");
        return fail(Kind::invalid, "No such system flag.");
    }
    if (word->size() > kKeywordBytesMax) return fail(Kind::invalid, "Keyword too long.");
    const bool known = std::any_of(list.keywords.begin(), list.keywords.end(),
                                   [&](const auto& k) { return equals_ignoring_case(k, *word); });
    if (known) return {};
    if (list.keywords.size() == kFlagsMax) return fail(Kind::invalid, "Too many keywords.");
    list.keywords.emplace_back(*word);
    return {};
}

}  // namespace

Result<FlagList> parse_flag_list(Cursor& cursor) {
    FlagList list;
    if (auto open = cursor.expect('('); !open) return fail(std::move(open.error()));
    while (!cursor.accept(')')) {
        if (auto flag = parse_flag(cursor, list); !flag) return fail(std::move(flag.error()));
        if (cursor.peek() == ')') continue;
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    }
    return list;
}

Result<FlagList> parse_store_flags(Cursor& cursor) {
    if (cursor.peek() == '(') return parse_flag_list(cursor);
    FlagList list;
    do {
        if (auto flag = parse_flag(cursor, list); !flag) return fail(std::move(flag.error()));
    } while (cursor.accept(' '));
    return list;
}

void append_system_flags(std::string& out, std::uint32_t flags, bool recent) {
    bool first = true;
    const auto put = [&](std::string_view name) {
        if (!first) out.push_back(' ');
        first = false;
        out.append(name);
    };
    for (const auto& flag : kSystemFlags) {
        if ((flags & flag.bit) != 0) put(flag.name);
    }
    if (recent) put("\\Recent");
}

Result<StoreArgs> parse_store(Cursor& cursor) {
    StoreArgs args;
    if (cursor.accept('(')) {
        if (!cursor.accept_word("UNCHANGEDSINCE"))
            return fail(Kind::invalid, "No such STORE modifier.");
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        auto modseq = cursor.number64();
        if (!modseq) return fail(std::move(modseq.error()));
        args.has_unchanged_since = true;
        args.unchanged_since = *modseq;
        if (auto close = cursor.expect(')'); !close) return fail(std::move(close.error()));
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    }
    if (cursor.accept('+'))
        args.action = StoreAction::add;
    else if (cursor.accept('-'))
        args.action = StoreAction::remove;
    if (cursor.accept_word("FLAGS.SILENT"))
        args.answer = StoreAnswer::silent;
    else if (!cursor.accept_word("FLAGS"))
        return fail(Kind::invalid, "FLAGS expected.");
    if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    auto flags = parse_store_flags(cursor);
    if (!flags) return fail(std::move(flags.error()));
    args.flags = std::move(*flags);
    return args;
}

}  // namespace tayori::imap
