#include "imapd/grammar/metadata.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::imap {
namespace {

// RFC 5464 §3.2.
bool is_entry_name(std::string_view name) {
    const auto is_wrong = [](char c) { return static_cast<unsigned char>(c) <= 0x19 || static_cast<unsigned char>(c) > 0x7e || c == '*' || c == '%'; };
    if (std::any_of(name.begin(), name.end(), is_wrong) || name.find("//") != std::string_view::npos) return false;
    if (!name.starts_with("/private/") && !name.starts_with("/shared/")) return false;
    if (name.ends_with('/')) return false;
    // A vendor's have four components and more.
    const auto components = std::count(name.begin(), name.end(), '/');
    const auto second = name.substr(name.find('/', 1) + 1);
    const bool vendor = second == "vendor" || second.starts_with("vendor/");
    return !vendor || components >= 4;
}

// GETMETADATA may ask for a vendor's whole tree by DEPTH.
bool is_tree_name(std::string_view name) { return is_entry_name(cat(name, "/x")) || is_entry_name(cat(name, "/x/x")); }

Result<std::string> parse_entry(Cursor& cursor, bool tree) {
    auto name = cursor.astring();
    if (!name) return name;
    auto lower = to_lower(*name);
    if (!is_entry_name(lower) && !(tree && is_tree_name(lower)))
        return fail(Kind::invalid, "That is no entry name: write /private/… or /shared/….");
    return lower;
}

Result<void> parse_option(Cursor& cursor, GetMetadata& out) {
    if (cursor.accept_word("MAXSIZE")) {
        if (auto space = cursor.space(); !space) return space;
        auto most = cursor.number();
        if (!most) return fail(std::move(most.error()));
        out.size_max = *most;
        return {};
    }
    if (!cursor.accept_word("DEPTH")) return fail(Kind::invalid, "The options are MAXSIZE and DEPTH.");
    if (auto space = cursor.space(); !space) return space;
    if (cursor.accept_word("0")) out.depth = MetadataDepth::zero;
    else if (cursor.accept_word("1")) out.depth = MetadataDepth::one;
    else if (cursor.accept_word("INFINITY")) out.depth = MetadataDepth::infinity;
    else return fail(Kind::invalid, "DEPTH is 0, 1 or infinity.");
    return {};
}

Result<void> parse_options(Cursor& cursor, GetMetadata& out) {
    do {
        if (auto option = parse_option(cursor, out); !option) return option;
    } while (cursor.accept(' '));
    return cursor.expect(')');
}

// nstring, or a literal8, whose octets are the same here.
Result<std::optional<std::string>> parse_value(Cursor& cursor) {
    if (cursor.accept_nil()) return std::optional<std::string>();
    if (cursor.rest().starts_with("~{")) cursor.accept('~');
    auto value = cursor.string();
    if (!value) return fail(std::move(value.error()));
    return std::optional<std::string>(std::move(*value));
}

Error too_many() { return Error::make(Kind::invalid, cat("At most ", kMetadataEntriesMax, " entries at once.")); }

}  // namespace

Result<GetMetadata> parse_get_metadata(Cursor& cursor) {
    GetMetadata out;
    // RFC 5464 §5 has the options in front of the mailbox; its example in §4.2.1 behind it.
    const bool in_front = cursor.accept('(');
    if (in_front) {
        if (auto options = parse_options(cursor, out); !options) return fail(std::move(options.error()));
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    }
    auto mailbox = cursor.astring();
    if (!mailbox) return fail(std::move(mailbox.error()));
    out.mailbox = std::move(*mailbox);
    if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
    bool list = cursor.accept('(');
    if (list && !in_front && cursor.peek() != '/' && cursor.peek() != '"' && cursor.peek() != '{') {
        if (auto options = parse_options(cursor, out); !options) return fail(std::move(options.error()));
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        list = cursor.accept('(');
    }
    do {
        if (out.entries.size() == kMetadataEntriesMax) return fail(too_many());
        auto entry = parse_entry(cursor, true);
        if (!entry) return fail(std::move(entry.error()));
        out.entries.push_back(std::move(*entry));
    } while (list && cursor.accept(' '));
    if (list) {
        if (auto end = cursor.expect(')'); !end) return fail(std::move(end.error()));
    }
    return out;
}

Result<SetMetadata> parse_set_metadata(Cursor& cursor) {
    SetMetadata out;
    auto mailbox = cursor.astring();
    if (!mailbox) return fail(std::move(mailbox.error()));
    out.mailbox = std::move(*mailbox);
    for (const auto part : {' ', '('}) {
        if (auto there = cursor.expect(part); !there) return fail(std::move(there.error()));
    }
    do {
        if (out.values.size() == kMetadataEntriesMax) return fail(too_many());
        auto entry = parse_entry(cursor, false);
        if (!entry) return fail(std::move(entry.error()));
        if (auto space = cursor.space(); !space) return fail(std::move(space.error()));
        auto value = parse_value(cursor);
        if (!value) return fail(std::move(value.error()));
        out.values.push_back({std::move(*entry), std::move(*value)});
    } while (cursor.accept(' '));
    if (auto end = cursor.expect(')'); !end) return fail(std::move(end.error()));
    return out;
}

}  // namespace tayori::imap
