#include "spoold/mailbox/pages.h"

#include <algorithm>

#include "spoold/mailbox/codec.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kPageVersion = 1;
enum Shape : std::uint8_t { alike = 0, varied = 1 };

// Runs of consecutive UIDs: how far the next run is, how long it is.
void put_uids(std::string& out, const Column<Uid>& uid, std::size_t count) {
    put_varint(out, count);
    Uid at = 0;
    for (std::size_t i = 0; i < count;) {
        std::size_t run = 1;
        while (i + run < count && uid[i + run] == uid[i] + run) ++run;
        put_varint(out, uid[i] - at);
        put_varint(out, run);
        at = uid[i + run - 1];
        i += run;
    }
}

bool take_uids(Reader& in, Column<Uid>& uid, std::size_t& count) {
    const auto all = in.varint();
    if (all > kPageUidsMax) return false;
    Uid at = 0;
    std::size_t i = 0;
    while (i < all && in.ok()) {
        at += in.varint32();
        const auto run = in.varint();
        if (run == 0 || run > all - i) return false;
        for (std::uint64_t k = 0; k < run; ++k) uid[i++] = at++;
        --at;
    }
    count = static_cast<std::size_t>(all);
    return in.ok();
}

template <class T>
bool all_alike(const Column<T>& column, std::size_t count) {
    return std::all_of(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(count),
                       [&](const T& entry) { return entry == column[0]; });
}

// Differences from entry to entry: ids, dates and orders mostly rise by little.
template <class T>
void put_differences(std::string& out, const Column<T>& column, std::size_t count) {
    if (count > 0 && all_alike(column, count)) {
        out.push_back(static_cast<char>(alike));
        put_signed(out, static_cast<std::int64_t>(column[0]));
        return;
    }
    out.push_back(static_cast<char>(varied));
    std::int64_t before = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto entry = static_cast<std::int64_t>(column[i]);
        put_signed(out, entry - before);
        before = entry;
    }
}

template <class T>
void take_differences(Reader& in, Column<T>& column, std::size_t count) {
    if (in.byte() == alike) {
        std::fill_n(column.begin(), count, static_cast<T>(in.signed_varint()));
        return;
    }
    std::int64_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
        at += in.signed_varint();
        column[i] = static_cast<T>(at);
    }
}

void put_keywords(std::string& out, const std::vector<KeywordId>& ids) {
    put_varint(out, ids.size());
    for (const auto id : ids) put_varint(out, id);
}

std::vector<KeywordId> take_keywords(Reader& in) {
    std::vector<KeywordId> ids;
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) ids.push_back(in.varint32());
    return ids;
}

}  // namespace

void StaticPage::add(const Reference& reference) {
    const auto i = count++;
    uid[i] = reference.uid;
    message[i] = raw(reference.message);
    bytes[i] = reference.bytes;
    internal_date_s[i] = reference.internal_date_s;
    zone_minutes[i] = reference.zone_minutes;
    prefix_bytes[i] = reference.prefix_bytes;
    pop3_order[i] = reference.pop3_order;
    uidl_random[i] = reference.uidl_random;
    if (!reference.uidl.empty()) uidl.emplace_back(i, reference.uidl);
}

std::string StaticPage::encode() const {
    std::string out;
    out.reserve(64 + count * 18);
    out.push_back(static_cast<char>(kPageVersion));
    put_uids(out, uid, count);
    put_differences(out, message, count);
    put_differences(out, bytes, count);
    put_differences(out, internal_date_s, count);
    put_differences(out, zone_minutes, count);
    put_differences(out, prefix_bytes, count);
    put_differences(out, pop3_order, count);
    for (std::size_t i = 0; i < count; ++i) put_fixed64(out, uidl_random[i]);
    put_varint(out, uidl.size());
    for (const auto& [position, text] : uidl) {
        put_varint(out, position);
        put_bytes(out, text);
    }
    return out;
}

Result<void> StaticPage::decode(std::string_view value) {
    Reader in(value);
    uidl.clear();
    if (in.byte() != kPageVersion || !take_uids(in, uid, count)) return fail(corrupt_record("static page"));
    take_differences(in, message, count);
    take_differences(in, bytes, count);
    take_differences(in, internal_date_s, count);
    take_differences(in, zone_minutes, count);
    take_differences(in, prefix_bytes, count);
    take_differences(in, pop3_order, count);
    for (std::size_t i = 0; i < count; ++i) uidl_random[i] = in.fixed64();
    const auto imported = in.varint();
    for (std::uint64_t i = 0; i < imported && in.ok(); ++i) {
        const auto position = in.varint();
        const auto text = in.bytes();
        if (position >= count) return fail(corrupt_record("static page"));
        uidl.emplace_back(position, text);
    }
    if (!in.ok()) return fail(corrupt_record("static page"));
    return {};
}

void MutablePage::add(const Reference& reference) {
    const auto i = count++;
    uid[i] = reference.uid;
    modseq[i] = reference.modseq;
    flags[i] = reference.flags;
    if (!reference.keywords.empty()) keywords.emplace_back(i, reference.keywords);
}

const std::vector<KeywordId>* MutablePage::keywords_at(std::size_t position) const {
    const auto at = std::lower_bound(keywords.begin(), keywords.end(), position,
                                     [](const auto& entry, std::size_t p) { return entry.first < p; });
    return at != keywords.end() && at->first == position ? &at->second : nullptr;
}

void MutablePage::set_keywords(std::size_t position, std::vector<KeywordId> ids) {
    const auto at = std::lower_bound(keywords.begin(), keywords.end(), position,
                                     [](const auto& entry, std::size_t p) { return entry.first < p; });
    const bool there = at != keywords.end() && at->first == position;
    if (there && ids.empty()) keywords.erase(at);
    else if (there) at->second = std::move(ids);
    else if (!ids.empty()) keywords.emplace(at, position, std::move(ids));
}

std::string MutablePage::encode() const {
    std::string out;
    out.reserve(64 + count * 4);
    out.push_back(static_cast<char>(kPageVersion));
    Modseq greatest = 0;
    for (std::size_t i = 0; i < count; ++i) greatest = std::max(greatest, modseq[i]);
    put_varint(out, greatest);
    put_uids(out, uid, count);
    put_differences(out, modseq, count);
    if (count > 0 && all_alike(flags, count)) {
        out.push_back(static_cast<char>(alike));
        out.push_back(static_cast<char>(flags[0]));
    } else {
        out.push_back(static_cast<char>(varied));
        for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(flags[i]));
    }
    put_varint(out, keywords.size());
    for (const auto& [position, ids] : keywords) {
        put_varint(out, position);
        put_keywords(out, ids);
    }
    return out;
}

Result<Modseq> MutablePage::greatest_modseq(std::string_view value) {
    Reader in(value);
    const auto version = in.byte();
    const auto greatest = in.varint();
    if (!in.ok() || version != kPageVersion) return fail(corrupt_record("mutable page"));
    return greatest;
}

Result<void> MutablePage::decode(std::string_view value) {
    Reader in(value);
    keywords.clear();
    if (in.byte() != kPageVersion) return fail(corrupt_record("mutable page"));
    in.varint();
    if (!take_uids(in, uid, count)) return fail(corrupt_record("mutable page"));
    take_differences(in, modseq, count);
    if (in.byte() == alike) std::fill_n(flags.begin(), count, in.byte());
    else for (std::size_t i = 0; i < count; ++i) flags[i] = in.byte();
    const auto with_keywords = in.varint();
    for (std::uint64_t i = 0; i < with_keywords && in.ok(); ++i) {
        const auto position = in.varint();
        if (position >= count) return fail(corrupt_record("mutable page"));
        keywords.emplace_back(position, take_keywords(in));
    }
    if (!in.ok()) return fail(corrupt_record("mutable page"));
    return {};
}

bool same_uids(const StaticPage& fixed, const MutablePage& changing) {
    return fixed.count == changing.count &&
           std::equal(fixed.uid.begin(), fixed.uid.begin() + static_cast<std::ptrdiff_t>(fixed.count),
                      changing.uid.begin());
}

Reference reference_at(const StaticPage& fixed, const MutablePage& changing, std::size_t i) {
    Reference reference;
    reference.uid = fixed.uid[i];
    reference.message = MessageId{fixed.message[i]};
    reference.bytes = fixed.bytes[i];
    reference.internal_date_s = fixed.internal_date_s[i];
    reference.zone_minutes = fixed.zone_minutes[i];
    reference.prefix_bytes = fixed.prefix_bytes[i];
    reference.pop3_order = fixed.pop3_order[i];
    reference.uidl_random = fixed.uidl_random[i];
    const auto at = std::lower_bound(fixed.uidl.begin(), fixed.uidl.end(), i,
                                     [](const auto& entry, std::size_t p) { return entry.first < p; });
    if (at != fixed.uidl.end() && at->first == i) reference.uidl = at->second;
    reference.flags = changing.flags[i];
    reference.modseq = changing.modseq[i];
    if (const auto* ids = changing.keywords_at(i)) reference.keywords = *ids;
    return reference;
}

std::string encode_row(const Reference& reference) {
    std::string out;
    out.reserve(64 + reference.uidl.size());
    out.push_back(static_cast<char>(kPageVersion));
    put_varint(out, raw(reference.message));
    put_varint(out, reference.bytes);
    put_signed(out, reference.internal_date_s);
    put_signed(out, reference.zone_minutes);
    put_varint(out, reference.prefix_bytes);
    put_varint(out, reference.pop3_order);
    put_fixed64(out, reference.uidl_random);
    put_bytes(out, reference.uidl);
    out.push_back(static_cast<char>(reference.flags));
    put_varint(out, reference.modseq);
    put_keywords(out, reference.keywords);
    return out;
}

Result<Reference> decode_row(Uid uid, std::string_view value) {
    Reader in(value);
    Reference reference;
    const auto version = in.byte();
    reference.uid = uid;
    reference.message = MessageId{in.varint()};
    reference.bytes = in.varint();
    reference.internal_date_s = in.signed_varint();
    reference.zone_minutes = static_cast<std::int32_t>(in.signed_varint());
    reference.prefix_bytes = in.varint32();
    reference.pop3_order = in.varint();
    reference.uidl_random = in.fixed64();
    reference.uidl = in.bytes();
    reference.flags = in.byte();
    reference.modseq = in.varint();
    reference.keywords = take_keywords(in);
    if (!in.ok() || version != kPageVersion) return fail(corrupt_record("reference"));
    return reference;
}

}  // namespace tayori::spool
