// STORE (RFC 3501 §6.4.6), with UNCHANGEDSINCE (RFC 7162 §3.1.3). What changes nothing costs no modseq and no write.
#include <algorithm>
#include <iterator>

#include "spoold/mailbox/account_tx.h"

namespace tayori::spool {
namespace {


using Keywords = std::vector<KeywordId>;

// True when something became different.
bool alter(FlagsNow& now, v1::FlagChange how, std::uint8_t flags, const Keywords& keywords) {
    const auto flags_before = now.flags;
    if (how == v1::FLAG_CHANGE_REPLACE) {
        now.flags = flags;
        const bool same = now.keywords == keywords;
        if (!same) now.keywords = keywords;
        return !same || now.flags != flags_before;
    }
    const bool add = how == v1::FLAG_CHANGE_ADD;
    now.flags = static_cast<std::uint8_t>(add ? now.flags | flags : now.flags & ~flags);
    if (keywords.empty()) return now.flags != flags_before;
    Keywords result;
    if (add) {
        std::set_union(now.keywords.begin(), now.keywords.end(), keywords.begin(), keywords.end(),
                       std::back_inserter(result));
    } else {
        std::set_difference(now.keywords.begin(), now.keywords.end(), keywords.begin(), keywords.end(),
                            std::back_inserter(result));
    }
    const bool same = now.keywords == result;
    now.keywords = std::move(result);
    return !same || now.flags != flags_before;
}

// Removing a keyword that the account never had changes nothing, and must not make it known.
Result<Keywords> wanted_keywords(AccountTx& box, const v1::StoreFlags& request) {
    if (request.change() != v1::FLAG_CHANGE_REMOVE) return box.keyword_ids(request.keywords());
    Keywords ids;
    auto table = box.keywords();
    if (!table) return fail(std::move(table.error()));
    for (const auto& name : request.keywords()) {
        if (const auto id = (*table)->find(name)) ids.push_back(*id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

Result<void> apply_store_flags(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                               const v1::StoreFlags& request, const UidSet& uids, v1::StoreFlagsReply& reply,
                               ChangeSet& changes) {
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    auto folder = box->folder(FolderId{request.folder_id()});
    if (!folder) return fail(std::move(folder.error()));
    auto keywords = wanted_keywords(*box, request);
    if (!keywords) return fail(std::move(keywords.error()));

    UidSet modified;
    bool too_many = false;
    const auto flags = static_cast<std::uint8_t>(request.flags() & kSystemFlags);
    auto change = box->start_change(**folder);
    const auto changed = box->change_flags(
        **folder, uids,
        [&](FlagsNow& now) {
            if (request.has_unchanged_since() && now.modseq > request.unchanged_since()) {
                modified.add_last(now.uid);
                return false;
            }
            const bool altered = alter(now, request.change(), flags, *keywords);
            too_many = too_many || now.keywords.size() > kKeywordsPerMessageMax;
            return altered;
        },
        change);
    if (!changed) return changed;
    if (too_many) return fail(Kind::invalid, "Too many keywords on one message.");
    modified.to_wire(reply.mutable_modified());
    if (change.changed.empty()) return {};
    if (auto named = box->name_keywords(change); !named) return named;
    reply.set_modseq(change.modseq);
    box->save();
    changes.push_back(std::move(change));
    return {};
}

}  // namespace

void Mailboxes::store_flags(AccountId account, Shared<v1::StoreFlags> request, Answer<v1::StoreFlagsReply> done) {
    if (request->change() == v1::FLAG_CHANGE_UNSPECIFIED) return done(fail(Kind::invalid, "No change of flags."));
    auto uids = UidSet::of(request->uids());
    if (!uids) return done(fail(std::move(uids.error())));
    submit_write<v1::StoreFlagsReply>(
        *parts_, account, store::Effect::shrinks,
        [parts = parts_.get(), account, request, uids = std::move(*uids)](
            store::Transaction& transaction, v1::StoreFlagsReply& reply, ChangeSet& changes) {
            return apply_store_flags(transaction, *parts, account, *request, uids, reply, changes);
        },
        std::move(done));
}

}  // namespace tayori::spool
