#include "spoold/mailbox/undelete.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {


struct KeyedPage {
    std::string key;
    keys::Trash where;
    TrashPage page;
};

class Restoring {
  public:
    Restoring(AccountTx& box, const v1::UndeleteRequest& request, ChangeSet& changes)
        : box_(box), request_(request), changes_(changes),
          wanted_(request.message_id().begin(), request.message_id().end()) {}

    Result<std::uint64_t> run() {
        auto pages = read_pages();
        if (!pages) return fail(std::move(pages.error()));
        std::uint64_t restored = 0;
        for (auto& page : *pages) {
            auto count = restore(page);
            if (!count) return count;
            restored += *count;
        }
        return restored;
    }

  private:
    bool wants(const keys::Trash& where, const Reference& reference) const {
        if (!wanted_.empty()) return wanted_.contains(raw(reference.message));
        return where.expunged_ms >= request_.since_s() * kMillisPerSecond;
    }

    Result<std::vector<KeyedPage>> read_pages() {
        std::vector<KeyedPage> pages;
        std::optional<Error> error;
        const auto range = keys::trash_of(box_.id());
        box_.tx().scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            auto page = TrashPage::decode(value);
            if (!page) error = std::move(page.error());
            else pages.push_back({std::string(key), keys::trash_of_key(key), std::move(*page)});
            return !error;
        });
        if (error) return fail(std::move(*error));
        return pages;
    }

    // The folder named in the request; else the one it was in, by id or else by name; else INBOX.
    Result<FolderTx*> target(const KeyedPage& page) {
        if (!request_.folder().empty()) {
            const auto name = canonical_name(request_.folder());
            if (!name) return fail(name.error());
            return box_.folder_named(*name);
        }
        auto folder = box_.folder(page.where.folder);
        if (folder || folder.error().kind != Kind::not_found) return folder;
        if (const auto id = box_.find_name(page.page.folder_name)) return box_.folder(*id);
        return box_.folder(box_.state().inbox);
    }

    Result<std::uint64_t> restore(KeyedPage& page) {
        std::vector<Reference> back;
        std::vector<Reference> rest;
        for (auto& reference : page.page.references) {
            auto& to = wants(page.where, reference) ? back : rest;
            to.push_back(std::move(reference));
        }
        if (back.empty()) return 0;
        auto folder = target(page);
        if (!folder) return fail(std::move(folder.error()));
        if (auto uids = AccountTx::check_uids(**folder, back.size()); !uids) return fail(std::move(uids.error()));
        for (auto& reference : back) {
            reference.flags = static_cast<std::uint8_t>(reference.flags & ~v1::SYSTEM_FLAG_DELETED);
        }
        const auto count = back.size();
        auto change = box_.start_change(**folder);
        if (auto appended = box_.append(**folder, std::move(back), change); !appended) {
            return fail(std::move(appended.error()));
        }
        if (auto named = box_.name_keywords(change); !named) return fail(std::move(named.error()));
        merge(std::move(change));
        page.page.references = std::move(rest);
        if (page.page.references.empty()) box_.tx().erase(page.key);
        else box_.tx().put(page.key, page.page.encode());
        return count;
    }

    // One event for a folder and modseq: a second would be taken for one that is known.
    void merge(Change&& change) {
        const auto at = std::find_if(changes_.begin(), changes_.end(),
                                     [&](const Change& other) { return other.folder == change.folder; });
        if (at == changes_.end()) {
            changes_.push_back(std::move(change));
            return;
        }
        at->appended.insert(at->appended.end(), change.appended.begin(), change.appended.end());
        at->keywords.insert(at->keywords.end(), change.keywords.begin(), change.keywords.end());
    }

    AccountTx& box_;
    const v1::UndeleteRequest& request_;
    ChangeSet& changes_;
    absl::flat_hash_set<std::uint64_t> wanted_;
};

std::string subject_of(const store::Snapshot& snapshot, AccountId account, MessageId message) {
    const auto value = snapshot.get(keys::message(account, message));
    if (!value || !*value) return {};
    const auto record = MessageRecord::decode(**value);
    v1::Summary summary;
    SummaryFields fields;
    fields.sort_keys = true;
    if (!record || !decode_summary(record->summary, fields, summary)) return {};
    return summary.base_subject();
}

}  // namespace

Result<void> Undelete::list(AccountId account, const std::function<bool(const v1::ExpungedMail&)>& visit) const {
    const auto snapshot = mailboxes_.parts().store.snapshot();
    std::optional<Error> error;
    const auto range = keys::trash_of(account);
    auto scanned = snapshot->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto page = TrashPage::decode(value);
        if (!page) {
            error = page.error();
            return false;
        }
        for (const auto& reference : page->references) {
            v1::ExpungedMail mail;
            mail.set_folder(page->folder_name);
            mail.set_uid(reference.uid);
            mail.set_expunged_s(keys::trash_of_key(key).expunged_ms / kMillisPerSecond);
            mail.set_bytes(reference.bytes);
            mail.set_message_id(raw(reference.message));
            mail.set_subject(subject_of(*snapshot, account, reference.message));
            if (!visit(mail)) return false;
        }
        return true;
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

void Undelete::restore(AccountId account, const v1::UndeleteRequest& request, Answer<v1::UndeleteResponse> done) {
    const auto& parts = mailboxes_.parts();
    submit_write<v1::UndeleteResponse>(
        parts, account, store::Effect::shrinks,
        [&parts, account, request](store::Transaction& transaction, v1::UndeleteResponse& reply,
                                   ChangeSet& changes) -> Result<void> {
            auto box = AccountTx::open(transaction, parts, account);
            if (!box) return fail(std::move(box.error()));
            const auto restored = Restoring(*box, request, changes).run();
            if (!restored) return fail(restored.error());
            reply.set_restored(*restored);
            if (*restored > 0) box->save();
            return {};
        },
        std::move(done));
}

}  // namespace tayori::spool
