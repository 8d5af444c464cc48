#include "imapd/grammar/list_args.h"

#include "common/base/text.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

// Items in parentheses, each taken by `item`.
template <class Item>
Result<void> parse_list_of(Cursor& cursor, Item item) {
    if (auto open = cursor.expect('('); !open) return open;
    while (!cursor.accept(')')) {
        if (auto taken = item(cursor); !taken) return taken;
        if (cursor.peek() == ')') continue;
        if (auto space = cursor.space(); !space) return space;
    }
    return {};
}

Result<void> parse_selection(Cursor& cursor, ListArgs& args) {
    if (cursor.accept_word("SUBSCRIBED"))
        args.select_subscribed = true;
    else if (cursor.accept_word("SPECIAL-USE"))
        args.select_special_use = true;
    else if (cursor.accept_word("REMOTE"))
        args.select_remote = true;
    else if (cursor.accept_word("RECURSIVEMATCH"))
        args.recursive_match = true;
    else
        return fail(Kind::invalid, "No such LIST selection option.");
    return {};
}

Result<void> parse_return(Cursor& cursor, ListArgs& args) {
    if (cursor.accept_word("SUBSCRIBED"))
        args.return_subscribed = true;
    else if (cursor.accept_word("CHILDREN"))
        args.return_children = true;
    else if (cursor.accept_word("SPECIAL-USE"))
        args.return_special_use = true;
    else if (cursor.accept_word("STATUS")) {
        if (auto space = cursor.space(); !space) return space;
        auto items = parse_status_items(cursor);
        if (!items) return fail(std::move(items.error()));
        args.return_status = true;
        args.status = *items;
    } else {
        return fail(Kind::invalid, "No such LIST return option.");
    }
    return {};
}

Result<void> parse_pattern(Cursor& cursor, ListArgs& args) {
    auto pattern = cursor.list_mailbox();
    if (!pattern) return fail(std::move(pattern.error()));
    if (pattern->size() > kPatternBytesMax) return fail(Kind::invalid, "Pattern too long.");
    if (args.patterns.size() == kPatternsMax) return fail(Kind::invalid, "Too many patterns.");
    args.patterns.push_back(std::move(*pattern));
    return {};
}

Result<void> parse_selections(Cursor& cursor, ListArgs& args) {
    if (cursor.peek() != '(') return {};
    args.extended = true;
    auto options = parse_list_of(cursor, [&](Cursor& c) { return parse_selection(c, args); });
    if (!options) return options;
    // RFC 5258 §3.1 and §6: only SUBSCRIBED is an option that RECURSIVEMATCH can modify.
    if (args.recursive_match && !args.select_subscribed) {
        return fail(Kind::invalid, "RECURSIVEMATCH needs SUBSCRIBED.");
    }
    return cursor.space();
}

}  // namespace

Result<StatusItems> parse_status_items(Cursor& cursor) {
    StatusItems items;
    std::size_t count = 0;
    auto parsed = parse_list_of(cursor, [&](Cursor& c) -> Result<void> {
        ++count;
        if (c.accept_word("MESSAGES"))
            items.messages = true;
        else if (c.accept_word("RECENT"))
            items.recent = true;
        else if (c.accept_word("UIDNEXT"))
            items.uid_next = true;
        else if (c.accept_word("UIDVALIDITY"))
            items.uid_validity = true;
        else if (c.accept_word("UNSEEN"))
            items.unseen = true;
        else if (c.accept_word("SIZE"))
            items.size = true;
        else if (c.accept_word("DELETED"))
            items.deleted = true;
        else if (c.accept_word("DELETED-STORAGE"))
            items.deleted_storage = true;
        else if (c.accept_word("HIGHESTMODSEQ"))
            items.highest_modseq = true;
        else if (c.accept_word("APPENDLIMIT"))
            items.append_limit = true;
        else
            return fail(Kind::invalid, "No such STATUS item.");
        return {};
    });
    if (!parsed) return fail(std::move(parsed.error()));
    if (count == 0) return fail(Kind::invalid, "No STATUS items.");
    return items;
}

Result<ListArgs> parse_list(Cursor& cursor) {
    ListArgs args;
    if (auto options = parse_selections(cursor, args); !options)
        return fail(std::move(options.error()));
    auto reference = cursor.astring();
    if (!reference) return fail(std::move(reference.error()));
    if (reference->size() > kPatternBytesMax) return fail(Kind::invalid, "Reference too long.");
    args.reference = std::move(*reference);
    if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    if (cursor.peek() == '(') {
        args.extended = true;
        auto patterns = parse_list_of(cursor, [&](Cursor& c) { return parse_pattern(c, args); });
        if (!patterns) return fail(std::move(patterns.error()));
        if (args.patterns.empty()) return fail(Kind::invalid, "No patterns.");
    } else if (auto pattern = parse_pattern(cursor, args); !pattern) {
        return fail(std::move(pattern.error()));
    }
    if (cursor.accept(' ')) {
        args.extended = true;
        if (!cursor.accept_word("RETURN")) return fail(Kind::invalid, "RETURN expected.");
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        auto returns = parse_list_of(cursor, [&](Cursor& c) { return parse_return(c, args); });
        if (!returns) return fail(std::move(returns.error()));
    }
    return args;
}

bool matches_pattern(std::string_view pattern, std::string_view name) {
    // reached[i]: the pattern so far matches the first i bytes of the name.
    std::vector<char> reached(name.size() + 1, 0);
    reached[0] = 1;
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        const char c = pattern[p];
        const bool wild = c == '*' || c == '%';
        if (wild && p > 0 && pattern[p - 1] == c) continue;
        if (!wild) {
            for (std::size_t i = name.size(); i > 0; --i) {
                reached[i] = static_cast<char>(reached[i - 1] != 0 && name[i - 1] == c);
            }
            reached[0] = 0;
            continue;
        }
        for (std::size_t i = 1; i <= name.size(); ++i) {
            const bool passes = c == '*' || name[i - 1] != '/';
            if (reached[i - 1] != 0 && passes) reached[i] = 1;
        }
    }
    return reached[name.size()] != 0;
}

}  // namespace tayori::imap
