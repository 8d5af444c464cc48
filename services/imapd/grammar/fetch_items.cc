#include "imapd/grammar/fetch_items.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/imap_text.h"
#include "imapd/limits.h"

namespace tayori::imap {
namespace {

using mail::SectionText;

Result<void> parse_field_names(Cursor& cursor, mail::Section& section) {
    if (auto space = cursor.space(); !space) return space;
    if (auto open = cursor.expect('('); !open) return open;
    do {
        if (section.fields.size() == kSectionFieldsMax)
            return fail(Kind::invalid, "Too many fields.");
        auto name = cursor.astring();
        if (!name) return fail(std::move(name.error()));
        section.fields.push_back(std::move(*name));
    } while (cursor.accept(' '));
    return cursor.expect(')');
}

Result<void> parse_section_text(Cursor& cursor, mail::Section& section) {
    if (cursor.accept_word("HEADER.FIELDS.NOT"))
        section.text = SectionText::header_fields_not;
    else if (cursor.accept_word("HEADER.FIELDS"))
        section.text = SectionText::header_fields;
    else if (cursor.accept_word("HEADER"))
        section.text = SectionText::header;
    else if (cursor.accept_word("TEXT"))
        section.text = SectionText::text;
    else if (!section.path.empty() && cursor.accept_word("MIME"))
        section.text = SectionText::mime;
    else
        return fail(Kind::invalid, "No such section.");
    const bool chooses = section.text == SectionText::header_fields ||
                         section.text == SectionText::header_fields_not;
    if (chooses) return parse_field_names(cursor, section);
    return {};
}

Result<void> parse_section(Cursor& cursor, mail::Section& section) {
    if (cursor.peek() == ']') return {};
    for (;;) {
        if (cursor.peek() < '0' || cursor.peek() > '9') return parse_section_text(cursor, section);
        if (section.path.size() == kSectionDepthMax)
            return fail(Kind::invalid, "Section too deep.");
        auto number = cursor.nz_number();
        if (!number) return fail(std::move(number.error()));
        section.path.push_back(*number);
        if (!cursor.accept('.')) return {};
    }
}

// The section as the answer repeats it. Field names come back as they were asked for.
std::string label_of(const mail::Section& section, const std::optional<Partial>& partial) {
    std::string label = "BODY[";
    for (std::size_t i = 0; i < section.path.size(); ++i) {
        if (i > 0) label.push_back('.');
        append(label, section.path[i]);
    }
    if (!section.path.empty() && section.text != SectionText::whole) label.push_back('.');
    switch (section.text) {
        case SectionText::whole:
            break;
        case SectionText::header:
            label.append("HEADER");
            break;
        case SectionText::header_fields:
            label.append("HEADER.FIELDS (");
            break;
        case SectionText::header_fields_not:
            label.append("HEADER.FIELDS.NOT (");
            break;
        case SectionText::text:
            label.append("TEXT");
            break;
        case SectionText::mime:
            label.append("MIME");
            break;
    }
    for (std::size_t i = 0; i < section.fields.size(); ++i) {
        if (i > 0) label.push_back(' ');
        const auto& name = section.fields[i];
        const bool atom = !name.empty() && std::all_of(name.begin(), name.end(), is_astring_char);
        if (atom)
            label.append(name);
        else
            mail::append_imap_string(label, name);
    }
    if (!section.fields.empty()) label.push_back(')');
    label.push_back(']');
    if (partial) append(label, '<', partial->first, '>');
    return label;
}

Result<std::optional<Partial>> parse_partial(Cursor& cursor) {
    if (!cursor.accept('<')) return std::nullopt;
    auto first = cursor.number();
    if (!first) return fail(std::move(first.error()));
    if (auto dot = cursor.expect('.'); !dot) return fail(std::move(dot.error()));
    auto count = cursor.nz_number();
    if (!count) return fail(std::move(count.error()));
    if (auto close = cursor.expect('>'); !close) return fail(std::move(close.error()));
    return Partial{*first, *count};
}

Result<void> add_body(Cursor& cursor, FetchItems& items, bool sets_seen) {
    if (items.bodies.size() == kBodyItemsMax) return fail(Kind::invalid, "Too many sections.");
    auto item = parse_body_section(cursor);
    if (!item) return fail(std::move(item.error()));
    item->sets_seen = sets_seen;
    items.bodies.push_back(std::move(*item));
    return {};
}

void add_rfc822(FetchItems& items, SectionText text, std::string label, bool sets_seen) {
    BodyItem item;
    item.section.text = text;
    item.label = std::move(label);
    item.sets_seen = sets_seen;
    items.bodies.push_back(std::move(item));
}

Result<void> parse_item(Cursor& cursor, FetchItems& items) {
    if (items.bodies.size() >= kBodyItemsMax) return fail(Kind::invalid, "Too many sections.");
    if (cursor.accept_word("BODY.PEEK")) return add_body(cursor, items, false);
    if (cursor.accept_word("BODYSTRUCTURE"))
        items.body_structure = true;
    else if (cursor.accept_word("BODY")) {
        if (cursor.peek() == '[') return add_body(cursor, items, true);
        items.body = true;
    } else if (cursor.accept_word("FLAGS"))
        items.flags = true;
    else if (cursor.accept_word("UID"))
        items.uid = true;
    else if (cursor.accept_word("INTERNALDATE"))
        items.internal_date = true;
    else if (cursor.accept_word("ENVELOPE"))
        items.envelope = true;
    else if (cursor.accept_word("MODSEQ"))
        items.modseq = true;
    else if (cursor.accept_word("RFC822.SIZE"))
        items.size = true;
    else if (cursor.accept_word("RFC822.HEADER"))
        add_rfc822(items, SectionText::header, "RFC822.HEADER", false);
    else if (cursor.accept_word("RFC822.TEXT"))
        add_rfc822(items, SectionText::text, "RFC822.TEXT", true);
    else if (cursor.accept_word("RFC822"))
        add_rfc822(items, SectionText::whole, "RFC822", true);
    else
        return fail(Kind::invalid, cursor.at_end() ? "Missing argument." : "No such FETCH item.");
    return {};
}

bool parse_macro(Cursor& cursor, FetchItems& items) {
    const bool full = cursor.accept_word("FULL");
    const bool all = full || cursor.accept_word("ALL");
    if (!all && !cursor.accept_word("FAST")) return false;
    items.flags = items.internal_date = items.size = true;
    items.envelope = all;
    items.body = full;
    return true;
}

Result<void> parse_modifiers(Cursor& cursor, FetchItems& items) {
    if (auto open = cursor.expect('('); !open) return open;
    if (!cursor.accept_word("CHANGEDSINCE")) return fail(Kind::invalid, "No such FETCH modifier.");
    if (auto space = cursor.space(); !space) return space;
    auto modseq = cursor.number64();
    if (!modseq) return fail(std::move(modseq.error()));
    if (*modseq == 0) return fail(Kind::invalid, "CHANGEDSINCE needs a number above zero.");
    items.changed_since = *modseq;
    items.modseq = true;  // RFC 7162 §3.1.4.1: MODSEQ comes with every answer then.
    return cursor.expect(')');
}

}  // namespace

bool FetchItems::sets_seen() const {
    return std::any_of(bodies.begin(), bodies.end(),
                       [](const BodyItem& item) { return item.sets_seen; });
}

Result<BodyItem> parse_body_section(Cursor& cursor) {
    BodyItem item;
    if (auto open = cursor.expect('['); !open) return fail(std::move(open.error()));
    if (auto section = parse_section(cursor, item.section); !section)
        return fail(std::move(section.error()));
    if (auto close = cursor.expect(']'); !close) return fail(std::move(close.error()));
    auto partial = parse_partial(cursor);
    if (!partial) return fail(std::move(partial.error()));
    item.partial = *partial;
    item.label = label_of(item.section, item.partial);
    return item;
}

Result<FetchItems> parse_fetch(Cursor& cursor) {
    FetchItems items;
    if (cursor.accept('(')) {
        do {
            if (auto item = parse_item(cursor, items); !item) return fail(std::move(item.error()));
        } while (cursor.accept(' '));
        if (auto close = cursor.expect(')'); !close) return fail(std::move(close.error()));
    } else if (!parse_macro(cursor, items)) {
        if (auto item = parse_item(cursor, items); !item) return fail(std::move(item.error()));
    }
    if (cursor.accept(' ')) {
        if (auto modifiers = parse_modifiers(cursor, items); !modifiers) {
            return fail(std::move(modifiers.error()));
        }
    }
    return items;
}

}  // namespace tayori::imap
