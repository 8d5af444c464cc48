#include "spoold/backup/account_apply.h"

#include <algorithm>
#include <future>

#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kMailsPerCommit = 200;
constexpr std::uint64_t kBytesPerCommit = 4 * kMiB;

struct Nothing {};

// Runs a change of the account and waits for its commit.
template <class Reply, class Apply>
Result<Reply> change(const Mailboxes& mailboxes, AccountId account, store::Effect effect, Apply apply) {
    const auto& parts = mailboxes.parts();
    auto promise = std::make_shared<std::promise<Result<Reply>>>();
    auto future = promise->get_future();
    submit_write<Reply>(
        parts, account, effect,
        [&parts, account, apply](store::Transaction& transaction, Reply& reply, ChangeSet& changes) -> Result<void> {
            auto box = AccountTx::open(transaction, parts, account);
            if (!box) return fail(std::move(box.error()));
            return apply(*box, reply, changes);
        },
        [promise](Result<Reply> reply) { promise->set_value(std::move(reply)); });
    return future.get();
}

// The levels above need no folder of their own; a mailbox that was made meanwhile is the right one.
Result<void> make_folder(AccountTx& box, const FolderPlan& plan, FolderId& made) {
    auto name = canonical_name(plan.target_name);
    if (!name) return fail(std::move(name.error()));
    if (const auto id = box.find_name(*name)) {
        made = *id;
        return {};
    }
    auto folder = box.create_folder(*name, plan.special_use);
    if (!folder) return fail(std::move(folder.error()));
    made = (*folder)->id;
    if (plan.subscribed && !box.tx().get(keys::subscription(box.id(), *name))) {
        if (auto added = box.add_subscription(*name); !added) return added;
    }
    box.save();
    return {};
}

void count(const LoadedMail& mail, v1::RestoredFolder& report) {
    if (!mail.done) return report.set_present(report.present() + 1);
    switch (mail.comeback.from) {
        case Comeback::From::backup:
            report.set_added(report.added() + 1);
            report.set_added_bytes(report.added_bytes() + mail.comeback.reference.bytes);
            return;
        case Comeback::From::trash: return report.set_undeleted(report.undeleted() + 1);
        case Comeback::From::living: return report.set_copied(report.copied() + 1);
    }
}

}  // namespace

Result<FolderId> AccountRestore::target_of(const FolderPlan& plan) {
    if (plan.target) return *plan.target;
    return change<FolderId>(mailboxes_, wish_.living, store::Effect::grows,
                            [plan](AccountTx& box, FolderId& made, ChangeSet&) { return make_folder(box, plan, made); });
}

Result<void> AccountRestore::commit_batch(FolderId folder_id, std::vector<LoadedMailPtr> batch,
                                          v1::RestoredFolder& report) {
    if (batch.empty()) return {};
    auto mails = std::make_shared<const std::vector<LoadedMailPtr>>(std::move(batch));
    const auto numbers = wish_.same_account() ? Numbers::kept : Numbers::fresh;
    auto apply = [mails, folder_id, numbers, before = &made_](AccountTx& box, Nothing&, ChangeSet& changes) -> Result<void> {
        auto folder = box.folder(folder_id);
        if (!folder) return fail(std::move(folder.error()));
        if (auto room = AccountTx::check_uids(**folder, mails->size()); !room) return room;
        MadeSoFar made{*before, {}};
        std::vector<Reference> back;
        for (const auto& mail : *mails) {
            auto reference = place_again(box, *mail, made, numbers);
            if (!reference) return fail(std::move(reference.error()));
            if (*reference) back.push_back(std::move(**reference));
        }
        if (back.empty()) return {};
        auto event = box.start_change(**folder);
        if (auto appended = box.append(**folder, std::move(back), event); !appended) return appended;
        if (auto named = box.name_keywords(event); !named) return named;
        box.save();
        changes.push_back(std::move(event));
        return {};
    };
    auto done = change<Nothing>(mailboxes_, wish_.living, store::Effect::grows, std::move(apply));
    if (!done) return fail(std::move(done.error()));
    for (const auto& mail : *mails) {
        if (raw(mail->made) != 0) made_[raw(mail->comeback.reference.message)] = mail->made;
        count(*mail, report);
    }
    return {};
}

Result<void> AccountRestore::bring_back(const FolderPlan& plan, FolderId folder, v1::RestoredFolder& report) {
    const MailSource source{past_, *snapshot_, wish_.past, *keywords_};
    std::vector<LoadedMailPtr> batch;
    std::uint64_t bytes = 0;
    for (const auto& comeback : plan.back) {
        auto loaded = load_mail(source, comeback, mailboxes_.parts().store.staging());
        if (!loaded) return fail(std::move(loaded.error()));
        bytes += (*loaded)->bytes.size();
        batch.push_back(std::move(*loaded));
        if (batch.size() < kMailsPerCommit && bytes < kBytesPerCommit) continue;
        if (auto done = commit_batch(folder, std::exchange(batch, {}), report); !done) return done;
        bytes = 0;
    }
    return commit_batch(folder, std::move(batch), report);
}

Result<void> AccountRestore::set_flags(const FolderPlan& plan, FolderId folder_id, v1::RestoredFolder& report) {
    if (plan.flags.empty()) return {};
    auto wanted = std::make_shared<const std::vector<FlagsBack>>(plan.flags);
    auto apply = [wanted, folder_id](AccountTx& box, Nothing&, ChangeSet& changes) -> Result<void> {
        auto folder = box.folder(folder_id);
        if (!folder) return fail(std::move(folder.error()));
        std::map<Uid, std::pair<std::uint8_t, std::vector<KeywordId>>> flags;
        for (const auto& one : *wanted) {
            google::protobuf::RepeatedPtrField<std::string> names(one.keywords.begin(), one.keywords.end());
            auto keywords = box.keyword_ids(names);
            if (!keywords) return fail(std::move(keywords.error()));
            flags[one.uid] = {one.flags, std::move(*keywords)};
        }
        UidSet uids;
        for (const auto& [uid, value] : flags) uids.add_last(uid);
        auto event = box.start_change(**folder);
        const auto alter = [&flags](FlagsNow& now) {
            const auto& [system, keywords] = flags[now.uid];
            if (now.flags == system && now.keywords == keywords) return false;
            now.flags = system;
            now.keywords = keywords;
            return true;
        };
        if (auto changed = box.change_flags(**folder, uids, alter, event); !changed) return changed;
        if (event.changed.empty()) return {};
        if (auto named = box.name_keywords(event); !named) return named;
        box.save();
        changes.push_back(std::move(event));
        return {};
    };
    auto done = change<Nothing>(mailboxes_, wish_.living, store::Effect::shrinks, std::move(apply));
    if (!done) return fail(std::move(done.error()));
    report.set_changed(plan.flags.size());
    return {};
}

// To the trash, so that it can be had back with `undelete`.
Result<void> AccountRestore::remove(const FolderPlan& plan, FolderId folder_id, v1::RestoredFolder& report) {
    if (plan.remove.empty() && !plan.delete_folder) return {};
    UidSet uids;
    for (const auto uid : plan.remove) uids.add_last(uid);
    auto apply = [uids, folder_id, whole = plan.delete_folder](AccountTx& box, std::uint64_t& removed,
                                                               ChangeSet& changes) -> Result<void> {
        auto folder = box.folder(folder_id);
        if (!folder && whole && folder.error().kind == Kind::not_found) return {};
        if (!folder) return fail(std::move(folder.error()));
        auto event = box.start_change(**folder);
        // Mail that came after the plan was made keeps its folder.
        const bool emptied = whole && (*folder)->record.messages == uids.size();
        if (emptied) {
            removed = (*folder)->record.messages;
            if (auto deleted = box.delete_folder(**folder, event); !deleted) return deleted;
        } else {
            auto gone = box.remove(**folder, uids, [](Uid, std::uint8_t) { return true; }, AccountTx::Goes::to_trash,
                                   event);
            if (!gone) return fail(std::move(gone.error()));
            removed = gone->size();
            if (gone->empty()) return {};
        }
        box.save();
        changes.push_back(std::move(event));
        return {};
    };
    auto done = change<std::uint64_t>(mailboxes_, wish_.living, store::Effect::shrinks, std::move(apply));
    if (!done) return fail(std::move(done.error()));
    report.set_removed(*done);
    return {};
}

Result<v1::RestoredFolder> AccountRestore::apply(const FolderPlan& plan) {
    if (!keywords_) {
        auto table = read_keywords(*snapshot_, wish_.past);
        if (!table) return fail(std::move(table.error()));
        keywords_ = std::move(*table);
    }
    v1::RestoredFolder report;
    report.set_folder(plan.past_name);
    report.set_target(plan.target_name);
    report.set_created(!plan.target);
    report.set_deleted(plan.delete_folder);
    report.set_present(plan.present);
    auto folder = target_of(plan);
    if (!folder) return fail(std::move(folder.error()));
    auto done = bring_back(plan, *folder, report);
    if (done) done = set_flags(plan, *folder, report);
    if (done) done = remove(plan, *folder, report);
    if (!done) return fail(std::move(done.error()));
    return report;
}

}  // namespace tayori::spool
