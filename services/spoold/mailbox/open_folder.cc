// OpenFolder: SELECT's snapshot, and what changed since a modseq (RFC 7162 §3.2.5), read from one store snapshot.
//
// 20,000 references are 80 pages under 160 keys, read by two scans; the rows of the open tail by a third.
#include <algorithm>
#include <optional>

#include "spoold/keys.h"
#include "spoold/mailbox/pages.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/reading.h"
#include "spoold/mailbox/uid_set.h"

namespace tayori::spool {
namespace {

using keys::References;

constexpr std::size_t kFolderReferenceBytes = 28;  // about, on the wire
constexpr std::size_t kRangeBytes = 14;

struct RawPage {
    Uid last = 0;
    std::string value;
};

template <class T, class Field>
void add_column(const Column<T>& column, std::size_t count, Field* field) {
    field->Add(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(count));
}

void add_page(const StaticPage& fixed, const MutablePage& changing, v1::References& columns) {
    const auto base = static_cast<std::uint32_t>(columns.uid_size());
    add_column(fixed.uid, fixed.count, columns.mutable_uid());
    add_column(fixed.message, fixed.count, columns.mutable_message_id());
    add_column(changing.flags, fixed.count, columns.mutable_flags());
    add_column(changing.modseq, fixed.count, columns.mutable_modseq());
    add_column(fixed.internal_date_s, fixed.count, columns.mutable_internal_date_s());
    add_column(fixed.zone_minutes, fixed.count, columns.mutable_zone_minutes());
    add_column(fixed.bytes, fixed.count, columns.mutable_bytes());
    add_column(fixed.prefix_bytes, fixed.count, columns.mutable_prefix_bytes());
    for (const auto& [position, ids] : changing.keywords) {
        auto* at = columns.add_keywords();
        at->set_index(base + static_cast<std::uint32_t>(position));
        for (const auto id : ids) at->add_keyword_id(id);
    }
}

class FolderCursor final : public Cursor<v1::OpenFolderReply> {
  public:
    FolderCursor(std::shared_ptr<const store::Snapshot> snapshot, FolderId id, FolderRecord record,
                 v1::OpenFolderReply first, Modseq since, const UidSet& vanished)
        : snapshot_(std::move(snapshot)), id_(id), record_(std::move(record)), first_(std::move(first)),
          since_(since), vanished_(vanished.ranges()) {}

    Result<bool> next(std::size_t max_bytes, v1::OpenFolderReply& reply) override {
        if (first_) {
            reply = std::move(*first_);
            first_.reset();
        }
        if (add_vanished(max_bytes, reply)) return true;
        const auto references_max = std::max<std::size_t>(max_bytes / kFolderReferenceBytes, kPageUidsMax);
        if (next_uid_ < record_.tail_first) {
            if (auto added = add_pages(references_max, *reply.mutable_references()); !added) {
                return fail(std::move(added.error()));
            }
            if (next_uid_ < record_.tail_first) return true;
            if (static_cast<std::size_t>(reply.references().uid_size()) + record_.tail_messages > references_max &&
                reply.references().uid_size() > 0) {
                return true;
            }
        }
        if (auto added = add_tail(*reply.mutable_references()); !added) return fail(std::move(added.error()));
        return false;
    }

  private:
    // True when this reply is full of them.
    bool add_vanished(std::size_t max_bytes, v1::OpenFolderReply& reply) {
        const auto room = std::max<std::size_t>(max_bytes / kRangeBytes, 1);
        const auto end = std::min(vanished_.size(), next_vanished_ + room);
        const bool full = end - next_vanished_ == room;
        for (; next_vanished_ < end; ++next_vanished_) {
            auto* range = reply.add_vanished();
            range->set_first(vanished_[next_vanished_].first);
            range->set_last(vanished_[next_vanished_].last);
        }
        return full;
    }

    Result<std::vector<RawPage>> read_pages(References kind, Uid from, std::size_t pages_max) const {
        std::vector<RawPage> pages;
        const auto range = keys::references_from(id_, kind, from);
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            pages.push_back({keys::uid_of_key(key), std::string(value)});
            return pages.size() < pages_max;
        });
        if (!scanned) return fail(std::move(scanned.error()));
        return pages;
    }

    Result<void> add_pages(std::size_t references_max, v1::References& columns) {
        const auto pages_max = references_max / kPageUidsMax;
        auto changing = read_pages(References::changing, next_uid_, pages_max);
        if (!changing) return fail(std::move(changing.error()));
        if (changing->size() < pages_max) next_uid_ = record_.tail_first;
        else next_uid_ = changing->back().last + 1;
        if (changing->empty()) return {};
        if (since_ > 0) return add_changed(*changing, columns);
        auto fixed = read_pages(References::fixed, changing->front().last, changing->size());
        if (!fixed) return fail(std::move(fixed.error()));
        if (fixed->size() != changing->size()) return fail(corrupt_record("folder: pages differ"));
        for (std::size_t i = 0; i < changing->size(); ++i) {
            if (auto decoded = decode((*fixed)[i].value, (*changing)[i].value); !decoded) return decoded;
            add_page(fixed_, changing_, columns);
        }
        return {};
    }

    Result<void> decode(std::string_view fixed, std::string_view changing) {
        if (auto decoded = fixed_.decode(fixed); !decoded) return decoded;
        if (auto decoded = changing_.decode(changing); !decoded) return decoded;
        if (!same_uids(fixed_, changing_)) return fail(corrupt_record("folder: pages differ"));
        return {};
    }

    Result<void> add_changed(const std::vector<RawPage>& pages, v1::References& columns) {
        for (const auto& page : pages) {
            const auto greatest = MutablePage::greatest_modseq(page.value);
            if (!greatest) return fail(greatest.error());
            if (*greatest <= since_) continue;
            const auto fixed = snapshot_->get(keys::references(id_, References::fixed, page.last));
            if (!fixed) return fail(fixed.error());
            if (!*fixed) return fail(corrupt_record("folder: pages differ"));
            if (auto decoded = decode(**fixed, page.value); !decoded) return decoded;
            for (std::size_t i = 0; i < changing_.count; ++i) {
                if (changing_.modseq[i] > since_) add_to_wire(reference_at(fixed_, changing_, i), columns);
            }
        }
        return {};
    }

    Result<void> add_tail(v1::References& columns) const {
        std::optional<Error> error;
        const auto range = keys::references_from(id_, References::tail, record_.tail_first);
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto row = decode_row(keys::uid_of_key(key), value);
            if (!row) error = row.error();
            else if (row->modseq > since_) add_to_wire(*row, columns);
            return !error;
        });
        if (error) return fail(std::move(*error));
        return scanned;
    }

    std::shared_ptr<const store::Snapshot> snapshot_;
    FolderId id_;
    FolderRecord record_;
    std::optional<v1::OpenFolderReply> first_;
    Modseq since_;
    Uid next_uid_ = 1;
    std::vector<UidSet::Range> vanished_;
    std::size_t next_vanished_ = 0;
    StaticPage fixed_;
    MutablePage changing_;
};

Result<UidSet> living(const store::Snapshot& snapshot, FolderId id, const FolderRecord& record) {
    UidSet uids;
    std::optional<Error> error;
    MutablePage page;
    const auto pages = keys::references_from(id, References::changing, 1);
    auto scanned = snapshot.scan(pages.from, pages.to, [&](std::string_view, std::string_view value) {
        if (auto decoded = page.decode(value); !decoded) error = std::move(decoded.error());
        for (std::size_t i = 0; !error && i < page.count; ++i) uids.add_last(page.uid[i]);
        return !error;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (error) return fail(std::move(*error));
    const auto tail = keys::references_from(id, References::tail, record.tail_first);
    scanned = snapshot.scan(tail.from, tail.to, [&](std::string_view key, std::string_view) {
        uids.add_last(keys::uid_of_key(key));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return uids;
}

// What the expunge log has since then; below its floor everything that does not live (RFC 7162 §3.2.5.2).
Result<UidSet> vanished_since(const store::Snapshot& snapshot, FolderId id, const FolderRecord& record, Modseq since) {
    if (since < record.expunge_floor) {
        auto uids = living(snapshot, id, record);
        if (!uids) return uids;
        return record.uid_next > 1 ? uids->complement(1, record.uid_next - 1) : UidSet();
    }
    std::vector<UidSet> entries;
    bool ok = true;
    const auto range = keys::expunged_after(id, since);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        Reader in(value);
        ok = UidSet::read(in, entries.emplace_back());
        return ok;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (!ok) return fail(corrupt_record("expunge log"));
    return UidSet::united(entries);
}

}  // namespace

Result<std::unique_ptr<Cursor<v1::OpenFolderReply>>> Mailboxes::open_folder(AccountId account,
                                                                           const v1::OpenFolder& request,
                                                                           Subscriber* subscriber) const {
    const FolderId id{request.folder_id()};
    const bool watches = request.subscribe() && subscriber != nullptr;
    // Watched before the snapshot is taken: no event falls between.
    if (watches) subscriber->watch(account, id);
    const auto give_up = [&](const Error& error) {
        if (watches) subscriber->unwatch(id);
        return fail(error);
    };
    auto snapshot = parts_->store.snapshot();
    auto record = read_folder(*snapshot, account, id);
    if (!record) return give_up(record.error());
    const auto keywords = read_keywords(*snapshot, account);
    if (!keywords) return give_up(keywords.error());
    const auto subscription = snapshot->get(keys::subscription(account, record->name));
    if (!subscription) return give_up(subscription.error());

    v1::OpenFolderReply first;
    UidSet vanished;
    const auto since = request.uid_validity() == record->uid_validity ? request.since_modseq() : 0;
    if (since > 0) {
        auto found = vanished_since(*snapshot, id, *record, since);
        if (!found) return give_up(found.error());
        vanished = std::move(*found);
    }
    if (watches) subscriber->set_snapshot(id, record->highest_modseq);
    parts_->recents.apply(id, *record);
    record->to_wire(id, *first.mutable_folder());
    first.mutable_folder()->set_subscribed(subscription->has_value());
    for (std::size_t i = 0; i < keywords->names().size(); ++i) {
        auto* keyword = first.add_keywords();
        keyword->set_keyword_id(static_cast<std::uint32_t>(i + 1));
        keyword->set_name(keywords->names()[i]);
    }
    return std::make_unique<FolderCursor>(std::move(snapshot), id, std::move(*record), std::move(first), since,
                                          vanished);
}

}  // namespace tayori::spool
