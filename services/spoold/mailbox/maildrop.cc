#include "spoold/mailbox/maildrop.h"

#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/pages.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kDropReferenceBytes = 48;  // about, on the wire
constexpr LeaseOwner kOwnLeases{0};          // spoold's; streams count from 1

struct Shown {
    std::uint64_t order = 0;
    FolderId folder{};
    Uid uid = 0;
    MessageId message{};
    std::uint64_t bytes = 0;
    std::string uidl;
};

// Every reference of the folder that has a POP3 order.
Result<void> read_shown(const store::Snapshot& snapshot, const NumberedFolder& folder, std::vector<Shown>& shown) {
    std::optional<Error> error;
    StaticPage page;
    const auto pages = keys::references_from(folder.id, keys::References::fixed, 1);
    auto scanned = snapshot.scan(pages.from, pages.to, [&](std::string_view, std::string_view value) {
        if (auto decoded = page.decode(value); !decoded) error = std::move(decoded.error());
        auto imported = page.uidl.begin();
        for (std::size_t i = 0; !error && i < page.count; ++i) {
            const bool own = imported != page.uidl.end() && imported->first == i;
            const MessageId message{page.message[i]};
            auto uidl = uidl_text(message, page.uidl_random[i], own ? imported->second : std::string());
            if (own) ++imported;
            if (page.pop3_order[i] == 0) continue;
            shown.push_back({page.pop3_order[i], folder.id, page.uid[i], message, page.bytes[i], std::move(uidl)});
        }
        return !error;
    });
    if (!scanned) return scanned;
    if (error) return fail(std::move(*error));
    const auto tail = keys::references_from(folder.id, keys::References::tail, folder.record.tail_first);
    scanned = snapshot.scan(tail.from, tail.to, [&](std::string_view key, std::string_view value) {
        const auto row = decode_row(keys::uid_of_key(key), value);
        if (!row) error = row.error();
        else if (row->pop3_order != 0) {
            shown.push_back({row->pop3_order, folder.id, row->uid, row->message, row->bytes,
                             uidl_text(row->message, row->uidl_random, row->uidl)});
        }
        return !error;
    });
    if (!scanned) return scanned;
    if (error) return fail(std::move(*error));
    return {};
}

class MaildropCursor final : public Cursor<v1::OpenMaildropReply> {
  public:
    MaildropCursor(std::uint64_t lease, FolderId inbox, std::vector<Shown> shown)
        : lease_(lease), inbox_(inbox), shown_(std::move(shown)) {}

    Result<bool> next(std::size_t max_bytes, v1::OpenMaildropReply& reply) override {
        if (at_ == 0) {
            reply.set_lease(lease_);
            reply.set_folder_id(raw(inbox_));
        }
        auto& columns = *reply.mutable_references();
        const auto end = std::min(shown_.size(), at_ + std::max<std::size_t>(max_bytes / kDropReferenceBytes, 1));
        for (; at_ < end; ++at_) {
            auto& entry = shown_[at_];
            columns.add_uid(static_cast<std::uint32_t>(at_ + 1));
            columns.add_message_id(raw(entry.message));
            columns.add_bytes(entry.bytes);
            columns.add_uidl(std::move(entry.uidl));
        }
        return at_ < shown_.size();
    }

  private:
    std::uint64_t lease_;
    FolderId inbox_;
    std::vector<Shown> shown_;
    std::size_t at_ = 0;
};

Result<std::vector<Shown>> read_maildrop(const store::Snapshot& snapshot, AccountId account) {
    const auto folders = read_folders(snapshot, account);
    if (!folders) return fail(folders.error());
    std::vector<Shown> shown;
    for (const auto& folder : *folders) {
        if (folder.record.pop3_messages == 0) continue;
        if (auto read = read_shown(snapshot, folder, shown); !read) return fail(std::move(read.error()));
    }
    std::sort(shown.begin(), shown.end(), [](const Shown& a, const Shown& b) { return a.order < b.order; });
    return shown;
}

// What becomes of mail that a POP3 client has deleted. What another session has expunged by now is gone, as was wished.
class Removal {
  public:
    Removal(AccountTx& box, const v1::RemovedMail& how, ChangeSet& changes) : box_(box), how_(how), changes_(changes) {}

    // How many it has met.
    Result<std::uint32_t> run(FolderTx& folder, const UidSet& uids) {
        if (how_.keep()) return mark(folder, uids);
        if (how_.move_to() == v1::SPECIAL_USE_UNSPECIFIED) return expunge(folder, uids);
        auto target = box_.ensure_special_folder(how_.move_to());
        if (!target) return fail(std::move(target.error()));
        // Where it lies there already, removing it again means removing it.
        if (*target == &folder) return expunge(folder, uids);
        return move(folder, uids, **target);
    }

  private:
    Result<std::vector<Reference>> take_out(FolderTx& folder, const UidSet& uids, AccountTx::Goes goes) {
        auto change = box_.start_change(folder);
        auto removed = box_.remove(folder, uids, [](Uid, std::uint8_t) { return true; }, goes, change);
        if (removed && !removed->empty()) changes_.push_back(std::move(change));
        return removed;
    }

    Result<std::uint32_t> expunge(FolderTx& folder, const UidSet& uids) {
        auto removed = take_out(folder, uids, AccountTx::Goes::to_trash);
        if (!removed) return fail(std::move(removed.error()));
        return static_cast<std::uint32_t>(removed->size());
    }

    Result<std::uint32_t> move(FolderTx& folder, const UidSet& uids, FolderTx& target) {
        if (auto room = AccountTx::check_uids(target, folder.record.messages); !room) return fail(std::move(room.error()));
        auto moved = take_out(folder, uids, AccountTx::Goes::elsewhere);
        if (!moved) return fail(std::move(moved.error()));
        const auto count = static_cast<std::uint32_t>(moved->size());
        if (count == 0) return count;
        auto arriving = box_.start_change(target);
        // Hidden also in POP3 form, where every folder is shown: the client has deleted it.
        auto appended = box_.append(target, std::move(*moved), arriving, AccountTx::Pop3Order::hidden);
        if (appended) appended = box_.name_keywords(arriving);
        if (!appended) return fail(std::move(appended.error()));
        changes_.push_back(std::move(arriving));
        return count;
    }

    Result<std::uint32_t> mark(FolderTx& folder, const UidSet& uids) {
        std::uint32_t count = 0;
        std::vector<KeywordId> keyword;
        if (!how_.keyword().empty()) {
            google::protobuf::RepeatedPtrField<std::string> names;
            *names.Add() = how_.keyword();
            auto ids = box_.keyword_ids(names);
            if (!ids) return fail(std::move(ids.error()));
            keyword = std::move(*ids);
        }
        auto change = box_.start_change(folder);
        auto changed = box_.change_flags(
            folder, uids,
            [&](FlagsNow& now) {
                ++count;
                if (keyword.empty() || now.keywords.size() >= kKeywordsPerMessageMax) return false;
                const auto at = std::lower_bound(now.keywords.begin(), now.keywords.end(), keyword.front());
                if (at != now.keywords.end() && *at == keyword.front()) return false;
                now.keywords.insert(at, keyword.front());
                return true;
            },
            change);
        if (!changed) return fail(std::move(changed.error()));
        if (change.changed.empty()) return count;
        if (auto named = box_.name_keywords(change); !named) return fail(std::move(named.error()));
        changes_.push_back(std::move(change));
        return count;
    }

    AccountTx& box_;
    const v1::RemovedMail& how_;
    ChangeSet& changes_;
};

Result<void> apply_close(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                         const std::vector<MaildropNumbers::InFolder>& remove, const v1::RemovedMail& how,
                         v1::CloseMaildropReply& reply, ChangeSet& changes) {
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    Removal removal(*box, how, changes);
    std::uint32_t count = 0;
    for (const auto& part : remove) {
        auto folder = box->folder(part.folder);
        if (!folder && folder.error().kind == Kind::not_found) continue;
        if (!folder) return fail(std::move(folder.error()));
        auto done = removal.run(**folder, part.uids);
        if (!done) return fail(std::move(done.error()));
        count += *done;
    }
    reply.set_removed(count);
    // The target of a move may be new though nothing is left to go there.
    if (!changes.empty() || how.move_to() != v1::SPECIAL_USE_UNSPECIFIED) box->save();
    return {};
}

}  // namespace

void MaildropNumbers::add(FolderId folder, Uid uid) {
    ++count_;
    if (!runs_.empty()) {
        auto& run = runs_.back();
        if (run.folder == folder && run.first_uid + run.count == uid) {
            ++run.count;
            return;
        }
    }
    runs_.push_back({folder, count_, uid, 1});
}

Result<std::vector<MaildropNumbers::InFolder>> MaildropNumbers::find(const UidSet& numbers) const {
    std::vector<InFolder> found;
    if (!numbers.empty() && numbers.last() > count_) return fail(Kind::invalid, "No such message.");
    for (const auto& range : numbers.ranges()) {
        auto run = std::upper_bound(runs_.begin(), runs_.end(), range.first,
                                    [](std::uint32_t number, const Run& r) { return number < r.first_number; });
        --run;
        for (auto number = range.first; number <= range.last; ++run) {
            const auto last = std::min(range.last, run->first_number + run->count - 1);
            auto at = std::find_if(found.begin(), found.end(),
                                   [&](const InFolder& part) { return part.folder == run->folder; });
            if (at == found.end()) at = found.insert(found.end(), {run->folder, UidSet()});
            const auto offset = run->first_uid - run->first_number;
            at->uids.add(number + offset, last + offset);
            number = last + 1;
        }
    }
    return found;
}

Result<std::uint64_t> Maildrops::acquire(AccountId account, LeaseOwner owner) {
    std::lock_guard lock(mutex_);
    if (by_account_.contains(raw(account))) {
        return fail(Kind::in_use, "The maildrop is in use by another session.");
    }
    const auto lease = ++last_;
    by_account_[raw(account)] = lease;
    leases_[lease] = {account, owner, false, {}};
    return lease;
}

void Maildrops::set_numbers(std::uint64_t lease, MaildropNumbers numbers) {
    std::lock_guard lock(mutex_);
    const auto at = leases_.find(lease);
    if (at != leases_.end()) at->second.numbers = std::move(numbers);
}

Result<MaildropNumbers> Maildrops::close(AccountId account, std::uint64_t lease) {
    std::lock_guard lock(mutex_);
    const auto at = leases_.find(lease);
    if (at == leases_.end() || at->second.account != account || at->second.closing) {
        return fail(Kind::not_found, "The maildrop is not open any more.");
    }
    at->second.closing = true;
    return std::move(at->second.numbers);
}

void Maildrops::release(std::uint64_t lease) {
    std::lock_guard lock(mutex_);
    const auto at = leases_.find(lease);
    if (at == leases_.end()) return;
    by_account_.erase(raw(at->second.account));
    leases_.erase(at);
}

void Maildrops::release_all(LeaseOwner owner) {
    std::lock_guard lock(mutex_);
    for (auto at = leases_.begin(); at != leases_.end();) {
        const auto here = at++;
        // One that is being closed goes when its commit has answered.
        if (here->second.owner != owner || here->second.closing) continue;
        by_account_.erase(raw(here->second.account));
        leases_.erase(here);
    }
}

Result<std::unique_ptr<Cursor<v1::OpenMaildropReply>>> Mailboxes::open_maildrop(AccountId account, LeaseOwner owner) {
    const auto lease = maildrops_->acquire(account, owner);
    if (!lease) return fail(lease.error());
    const auto snapshot = parts_->store.snapshot();
    const auto state = read_state(*snapshot, account);
    auto shown = state ? read_maildrop(*snapshot, account) : fail(state.error());
    if (!shown) {
        maildrops_->release(*lease);
        return fail(std::move(shown.error()));
    }
    MaildropNumbers numbers;
    for (const auto& entry : *shown) numbers.add(entry.folder, entry.uid);
    maildrops_->set_numbers(*lease, std::move(numbers));
    return std::make_unique<MaildropCursor>(*lease, state->inbox, std::move(*shown));
}

void Mailboxes::close_maildrop(AccountId account, Shared<v1::CloseMaildrop> request,
                               Answer<v1::CloseMaildropReply> done) {
    const auto lease = request->lease();
    auto numbers = maildrops_->close(account, lease);
    if (!numbers) return done(fail(std::move(numbers.error())));
    const auto give_up = [&](Error error) {
        maildrops_->release(lease);
        done(fail(std::move(error)));
    };
    auto wanted = UidSet::of(request->remove());
    if (!wanted) return give_up(std::move(wanted.error()));
    auto remove = numbers->find(*wanted);
    if (!remove) return give_up(std::move(remove.error()));
    if (remove->empty()) {
        maildrops_->release(lease);
        return done(v1::CloseMaildropReply());
    }
    submit_write<v1::CloseMaildropReply>(
        *parts_, account, store::Effect::shrinks,
        [parts = parts_.get(), account, request, remove = std::move(*remove)](
            store::Transaction& transaction, v1::CloseMaildropReply& reply, ChangeSet& changes) {
            return apply_close(transaction, *parts, account, remove, request->removed_mail(), reply, changes);
        },
        [this, lease, done = std::move(done)](Result<v1::CloseMaildropReply> reply) {
            maildrops_->release(lease);
            done(std::move(reply));
        });
}

Result<std::uint64_t> Mailboxes::lock_maildrop(AccountId account) { return maildrops_->acquire(account, kOwnLeases); }

void Mailboxes::unlock_maildrop(std::uint64_t lease) { maildrops_->release(lease); }

void Mailboxes::release_leases(LeaseOwner owner) { maildrops_->release_all(owner); }

}  // namespace tayori::spool
