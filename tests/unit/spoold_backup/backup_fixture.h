// A site with mail, and a backup set beside it.
#pragma once

#include <gmock/gmock.h>

#include <fstream>

#include "common/base/log.h"
#include "harness.h"
#include "spoold/backup/account_apply.h"
#include "spoold/backup/create.h"
#include "spoold/backup/restore_site.h"
#include "spoold/backup/verify.h"
#include "spoold/counters/census.h"

namespace tayori::spool {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Mode = v1::RestoreAccountRequest;

inline bool go_on(const Progress&) { return true; }

struct SeenMail {
    Uid uid = 0;
    std::uint32_t flags = 0;
    std::string text;
    std::string uidl;
};

class BackupTest : public testing::Test {
  protected:
    void SetUp() override {
        log_set_level(LogLevel::error);
        anna = spool.add_account();
        target = make_directory_target(store::posix_files(), sets.path + "/not/yet/main");
    }

    MadeBackup backup(BackupWish::Kind kind = BackupWish::Kind::increment_if_possible) {
        spool.clock.advance_ms(1000);
        auto made = make_backup(*spool.store, *target, {"main", kind, "test", ""}, go_on);
        EXPECT_TRUE(made) << made.error().text << made.error().detail;
        spool.clock.advance_ms(1000);
        return made ? std::move(*made) : MadeBackup();
    }
    VerifiedBackup verified() {
        auto report = verify_backup(*target, sets.path + "/past", go_on);
        EXPECT_TRUE(report) << report.error().text;
        return report ? std::move(*report) : VerifiedBackup();
    }
    Uid append(const std::string& folder, const std::string& text, std::uint32_t flags = 0,
               std::vector<std::string> keywords = {}) {
        spool.clock.advance_ms(10);
        auto reply = spool.append(anna, folder, text, flags, std::move(keywords));
        EXPECT_TRUE(reply);
        return reply ? reply->uid() : 0;
    }
    void expunge(const std::string& folder, Uid first, Uid last) {
        v1::Expunge request;
        request.set_folder_id(spool.folder(anna, folder).folder_id());
        add_uids(request.mutable_uids(), first, last);
        ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::expunge, anna, request));
    }
    void create(const std::string& name) {
        v1::CreateFolder request;
        request.set_name(name);
        ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::create_folder, anna, request));
    }
    void rename(const std::string& from, const std::string& to) {
        v1::RenameFolder request;
        request.set_from(from);
        request.set_to(to);
        ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::rename_folder, anna, request));
    }
    void remove(const std::string& name) {
        v1::DeleteFolder request;
        request.set_name(name);
        ASSERT_TRUE(spool.call(*spool.mailboxes, &Mailboxes::delete_folder, anna, request));
    }
    // What was expunged goes for good.
    void purge() {
        spool.clock.advance_ms(std::int64_t{spool.settings.undelete_days + 1} * 86'400'000);
        std::promise<std::uint64_t> purged;
        spool.janitor->tick([&](std::uint64_t count) { purged.set_value(count); });
        purged.get_future().wait();
    }

    std::vector<SeenMail> mails(const std::string& folder) { return mails_in(spool, anna, folder); }
    static std::vector<SeenMail> mails_in(Spool& in, AccountId account, const std::string& folder) {
        std::vector<SeenMail> seen;
        const auto id = in.folder(account, folder).folder_id();
        const auto snapshot = in.store->snapshot();
        auto record = read_folder(*snapshot, account, FolderId{id});
        if (!record) return seen;
        auto visited = visit_references(*snapshot, FolderId{id}, *record, [&](const Reference& r) {
            seen.push_back({r.uid, r.flags, in.body(account, raw(r.message)),
                            uidl_text(r.message, r.uidl_random, r.uidl)});
        });
        EXPECT_TRUE(visited);
        return seen;
    }
    static std::vector<std::string> texts(const std::vector<SeenMail>& mails) {
        std::vector<std::string> out;
        for (const auto& mail : mails) out.push_back(mail.text);
        return out;
    }
    static std::vector<std::string> uidls(const std::vector<SeenMail>& mails) {
        std::vector<std::string> out;
        for (const auto& mail : mails) out.push_back(mail.uidl);
        return out;
    }
    std::vector<std::string> names() {
        std::vector<std::string> out;
        const auto list = spool.mailboxes->list_folders(anna, {});
        for (const auto& folder : list->folders()) if (folder.selectable()) out.push_back(folder.name());
        return out;
    }

    // The folders' reports, by their names in the backup ("-x" for one that is in the mailbox only).
    std::map<std::string, v1::RestoredFolder> restore(RestoreMode mode, bool apply = true,
                                                      std::optional<std::int64_t> at = std::nullopt,
                                                      std::optional<AccountId> into = std::nullopt) {
        std::map<std::string, v1::RestoredFolder> reports;
        auto steps = read_steps(*target);
        auto chain = chain_for(*steps, at);
        EXPECT_TRUE(chain);
        auto moment = Moment::open(*target, *chain, at, sets.path + "/past", go_on);
        EXPECT_TRUE(moment) << moment.error().detail;
        if (!moment) return reports;
        AccountWish wish{anna, into.value_or(anna), mode, "Restored"};
        auto plans = plan_account(*(*moment)->past().snapshot(), *spool.store->snapshot(), wish);
        EXPECT_TRUE(plans);
        if (!plans) return reports;
        AccountRestore restoring(*spool.mailboxes, (*moment)->past(), wish);
        for (const auto& plan : *plans) {
            auto report = apply ? restoring.apply(plan) : Result<v1::RestoredFolder>(plan.report());
            EXPECT_TRUE(report) << report.error().text << report.error().detail;
            if (report) reports[plan.past_name.empty() ? cat("-", plan.target_name) : plan.past_name] = *report;
        }
        return reports;
    }

    void damage(const std::string& file, std::streamoff at) {
        std::fstream stream(sets.path + "/not/yet/main/" + file, std::ios::in | std::ios::out | std::ios::binary);
        ASSERT_TRUE(stream) << file;
        stream.seekg(at);
        const auto byte = static_cast<char>(stream.get());
        stream.seekp(at);
        stream.put(static_cast<char>(byte ^ 1));
    }

    Spool spool;
    OwnDirectory sets;
    AccountId anna{};
    std::unique_ptr<Target> target;
};

}  // namespace tayori::spool
