#include "spoold/mailbox/folder_pages.h"

#include <algorithm>

namespace tayori::spool {

using keys::References;

std::vector<FolderPages::RawPage> FolderPages::pages(References kind, const UidSet& uids) {
    std::vector<RawPage> found;
    UidWalk walk(uids);
    Uid next = walk.next(1);
    while (next != 0 && next < record_.tail_first) {
        const auto range = keys::references_from(folder_, kind, next);
        bool more = false;
        tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto last = keys::uid_of_key(key);
            found.push_back({last, std::string(value)});
            more = true;
            next = last == UINT32_MAX ? 0 : walk.next(last + 1);
            // Where the next wanted one is near, going on costs less than to seek anew.
            return next != 0 && next - last <= 2 * kPageUidsMax;
        });
        if (!more) break;
    }
    return found;
}

Result<std::vector<Reference>> FolderPages::tail(const UidSet& uids) {
    std::vector<Reference> found;
    if (uids.empty() || record_.tail_messages == 0 || uids.last() < record_.tail_first) return found;
    const auto range = keys::references_from(folder_, References::tail, std::max(uids.first(), record_.tail_first));
    UidWalk walk(uids);
    std::optional<Error> error;
    tx_.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto uid = keys::uid_of_key(key);
        if (uid > uids.last()) return false;
        if (!walk.contains(uid)) return true;
        auto reference = decode_row(uid, value);
        if (!reference) error = std::move(reference.error());
        else found.push_back(std::move(*reference));
        return !error;
    });
    if (error) return fail(std::move(*error));
    return found;
}

void FolderPages::seal(const std::vector<Reference>& references, std::size_t from, std::size_t to) {
    StaticPage fixed;
    MutablePage changing;
    for (std::size_t i = from; i < to; ++i) {
        fixed.add(references[i]);
        changing.add(references[i]);
    }
    const auto last = references[to - 1].uid;
    tx_.put(keys::references(folder_, References::fixed, last), fixed.encode());
    tx_.put(keys::references(folder_, References::changing, last), changing.encode());
}

Result<void> FolderPages::append(const std::vector<Reference>& references, std::size_t page_min) {
    if (references.empty()) return {};
    if (record_.tail_messages + references.size() < page_min) {
        for (const auto& reference : references) {
            tx_.put(keys::references(folder_, References::tail, reference.uid), encode_row(reference));
        }
        record_.tail_messages += static_cast<std::uint32_t>(references.size());
        return {};
    }
    auto open = tail(UidSet::all());
    if (!open) return fail(std::move(open.error()));
    for (const auto& row : *open) tx_.erase(keys::references(folder_, References::tail, row.uid));
    const auto by_uid = [](const Reference& a, const Reference& b) { return a.uid < b.uid; };
    const auto middle = static_cast<std::ptrdiff_t>(open->size());
    open->insert(open->end(), references.begin(), references.end());
    std::inplace_merge(open->begin(), open->begin() + middle, open->end(), by_uid);
    // What stands above the new ones stays open: more of an import may come below it.
    const auto above = std::upper_bound(open->begin(), open->end(), references.back(), by_uid);
    const auto end = static_cast<std::size_t>(above - open->begin());
    std::size_t sealed = 0;
    while (end - sealed >= page_min) {
        const auto to = std::min(end, sealed + kPageUidsMax);
        seal(*open, sealed, to);
        sealed = to;
    }
    if (sealed > 0) record_.tail_first = (*open)[sealed - 1].uid + 1;
    for (std::size_t i = sealed; i < open->size(); ++i) {
        tx_.put(keys::references(folder_, References::tail, (*open)[i].uid), encode_row((*open)[i]));
    }
    record_.tail_messages = static_cast<std::uint32_t>(open->size() - sealed);
    return {};
}

Result<void> FolderPages::change_flags(const UidSet& uids, const std::function<bool(FlagsNow&)>& change) {
    MutablePage page;
    UidWalk walk(uids);
    FlagsNow now;
    for (const auto& raw_page : pages(References::changing, uids)) {
        if (auto decoded = page.decode(raw_page.value); !decoded) return decoded;
        bool any = false;
        for (std::size_t i = 0; i < page.count; ++i) {
            if (!walk.contains(page.uid[i])) continue;
            now.uid = page.uid[i];
            now.flags = page.flags[i];
            now.modseq = page.modseq[i];
            const auto* keywords = page.keywords_at(i);
            if (keywords != nullptr) now.keywords = *keywords;
            else now.keywords.clear();
            if (!change(now)) continue;
            any = true;
            page.flags[i] = now.flags;
            page.modseq[i] = now.modseq;
            if (keywords != nullptr || !now.keywords.empty()) page.set_keywords(i, now.keywords);
        }
        if (any) tx_.put(keys::references(folder_, References::changing, raw_page.last), page.encode());
    }
    auto rows = tail(uids);
    if (!rows) return fail(std::move(rows.error()));
    for (auto& row : *rows) {
        now = {row.uid, row.flags, row.modseq, row.keywords};
        if (!change(now)) continue;
        row.flags = now.flags;
        row.modseq = now.modseq;
        row.keywords = now.keywords;
        tx_.put(keys::references(folder_, References::tail, row.uid), encode_row(row));
    }
    return {};
}

Result<void> FolderPages::load_static(Uid last, StaticPage& page) {
    const auto value = tx_.get(keys::references(folder_, References::fixed, last));
    if (!value) return fail(corrupt_record("folder: a static page is missing"));
    return page.decode(*value);
}

Result<void> FolderPages::visit(const UidSet& uids, const std::function<void(Reference&&)>& visit) {
    StaticPage fixed;
    MutablePage changing;
    UidWalk walk(uids);
    for (const auto& page : pages(References::changing, uids)) {
        if (auto decoded = changing.decode(page.value); !decoded) return decoded;
        bool loaded = false;
        for (std::size_t i = 0; i < changing.count; ++i) {
            if (!walk.contains(changing.uid[i])) continue;
            if (!loaded) {
                if (auto decoded = load_static(page.last, fixed); !decoded) return decoded;
                if (!same_uids(fixed, changing)) return fail(corrupt_record("folder: pages differ"));
                loaded = true;
            }
            visit(reference_at(fixed, changing, i));
        }
    }
    auto rows = tail(uids);
    if (!rows) return fail(std::move(rows.error()));
    for (auto& row : *rows) visit(std::move(row));
    return {};
}

Result<void> FolderPages::remove_from_page(const RawPage& page, UidWalk& walk,
                                           const std::function<bool(Uid, std::uint8_t)>& chosen,
                                           std::vector<Reference>& removed) {
    MutablePage changing;
    if (auto decoded = changing.decode(page.value); !decoded) return decoded;
    std::array<bool, kPageUidsMax> take;
    std::size_t taken = 0;
    for (std::size_t i = 0; i < changing.count; ++i) {
        take[i] = walk.contains(changing.uid[i]) && chosen(changing.uid[i], changing.flags[i]);
        taken += take[i] ? 1 : 0;
    }
    if (taken == 0) return {};
    StaticPage fixed;
    if (auto decoded = load_static(page.last, fixed); !decoded) return decoded;
    if (!same_uids(fixed, changing)) return fail(corrupt_record("folder: pages differ"));
    StaticPage fixed_left;
    MutablePage changing_left;
    for (std::size_t i = 0; i < changing.count; ++i) {
        auto reference = reference_at(fixed, changing, i);
        if (take[i]) {
            removed.push_back(std::move(reference));
        } else {
            fixed_left.add(reference);
            changing_left.add(reference);
        }
    }
    const auto fixed_key = keys::references(folder_, References::fixed, page.last);
    const auto changing_key = keys::references(folder_, References::changing, page.last);
    if (fixed_left.count == 0) {
        tx_.erase(fixed_key);
        tx_.erase(changing_key);
    } else {
        tx_.put(fixed_key, fixed_left.encode());
        tx_.put(changing_key, changing_left.encode());
    }
    return {};
}

Result<std::vector<Reference>> FolderPages::remove(const UidSet& uids,
                                                   const std::function<bool(Uid, std::uint8_t)>& chosen) {
    std::vector<Reference> removed;
    UidWalk walk(uids);
    for (const auto& page : pages(References::changing, uids)) {
        if (auto done = remove_from_page(page, walk, chosen, removed); !done) {
            return fail(std::move(done.error()));
        }
    }
    auto rows = tail(uids);
    if (!rows) return fail(std::move(rows.error()));
    for (auto& row : *rows) {
        if (!chosen(row.uid, row.flags)) continue;
        tx_.erase(keys::references(folder_, References::tail, row.uid));
        --record_.tail_messages;
        removed.push_back(std::move(row));
    }
    return removed;
}

Result<Uid> FolderPages::first_unseen(Uid from) {
    Uid found = 0;
    std::optional<Error> error;
    MutablePage page;
    const auto in_pages = keys::references_from(folder_, References::changing, from);
    if (from < record_.tail_first) {
        tx_.scan(in_pages.from, in_pages.to, [&](std::string_view, std::string_view value) {
            if (auto decoded = page.decode(value); !decoded) error = std::move(decoded.error());
            for (std::size_t i = 0; !error && i < page.count && found == 0; ++i) {
                if (page.uid[i] >= from && (page.flags[i] & v1::SYSTEM_FLAG_SEEN) == 0) found = page.uid[i];
            }
            return !error && found == 0;
        });
    }
    if (error) return fail(std::move(*error));
    if (found != 0) return found;
    const auto in_tail = keys::references_from(folder_, References::tail, std::max(from, record_.tail_first));
    tx_.scan(in_tail.from, in_tail.to, [&](std::string_view key, std::string_view value) {
        const auto row = decode_row(keys::uid_of_key(key), value);
        if (!row) error = row.error();
        else if (!row->seen()) found = row->uid;
        return !error && found == 0;
    });
    if (error) return fail(std::move(*error));
    return found;
}

}  // namespace tayori::spool
