// Jobs over the real engine: what they change, what they keep, and what is left when they are cut off.
#include "spoold/jobs/jobs.h"

#include <condition_variable>
#include <map>

#include "mailboxes_fixture.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

using testing::ElementsAre;

class JobsTest : public MailboxesTest {
  protected:
    void SetUp() override {
        MailboxesTest::SetUp();
        start_jobs();
    }
    void TearDown() override {
        jobs.reset();
        MailboxesTest::TearDown();
    }
    void start_jobs() {
        forms = std::make_unique<Forms>(*spool.mailboxes);
        jobs = std::make_unique<Jobs>(*spool.mailboxes, *spool.store, spool.clock, hooks());
        ASSERT_TRUE(jobs->start());
    }
    JobHooks hooks() {
        JobHooks hooks;
        hooks.address_of = [this](AccountId id) -> Result<std::string> {
            if (on_turn) std::exchange(on_turn, nullptr)();
            return cat("u", raw(id), "@example.test");
        };
        hooks.account_of = [](const std::string& address) -> Result<AccountId> {
            return AccountId{static_cast<std::uint64_t>(std::atoi(address.c_str() + 1))};
        };
        hooks.end_imap_logins = [this](store::Transaction&, AccountId id) -> Result<void> {
            ended_logins.push_back(raw(id));
            return {};
        };
        hooks.logins_changed = [] {};
        return hooks;
    }
    template <class T>
    Result<T> wait(const std::function<void(Answer<T>)>& ask) {
        auto promise = std::make_shared<std::promise<Result<T>>>();
        ask([promise](Result<T> result) { promise->set_value(std::move(result)); });
        return promise->get_future().get();
    }
    static v1::JobSpec convert_to(v1::MailboxForm form, bool reassign = false) {
        v1::JobSpec spec;
        spec.set_kind(v1::JOB_KIND_CONVERT);
        spec.set_to(form);
        spec.set_reassign(reassign);
        return spec;
    }
    Result<v1::Job> start_job(const v1::JobSpec& spec) {
        return wait<v1::Job>([&](Answer<v1::Job> done) { jobs->start_job(spec, done); });
    }
    // The job as it is when it has come so far, or after a while.
    v1::Job wait_until(std::uint64_t id, const std::function<bool(const v1::Job&)>& is_there) {
        std::mutex mutex;
        std::condition_variable moved;
        bool news = true;
        const auto watch = jobs->watch([&] {
            std::lock_guard lock(mutex);
            news = true;
            moved.notify_one();
        });
        v1::Job now;
        for (;;) {
            now = *jobs->get(id);
            if (is_there(now)) break;
            std::unique_lock lock(mutex);
            if (!moved.wait_for(lock, std::chrono::seconds(20), [&] { return std::exchange(news, false); })) break;
        }
        jobs->unwatch(watch);
        return now;
    }
    v1::Job finish(const Result<v1::Job>& job) {
        EXPECT_TRUE(job) << job.error().text;
        auto now = wait_until(job->job_id(), [](const v1::Job& is) {
            return is.state() == v1::JOB_STATE_DONE || is.state() == v1::JOB_STATE_CANCELLED;
        });
        EXPECT_EQ(now.state(), v1::JOB_STATE_DONE);
        return now;
    }
    v1::Job run(const v1::JobSpec& spec) { return finish(start_job(spec)); }
    std::vector<v1::MailboxOutcome> report(std::uint64_t job) {
        std::vector<v1::MailboxOutcome> all;
        v1::JobRequest request;
        request.set_job_id(job);
        EXPECT_TRUE(jobs->report(request, [&](const v1::MailboxOutcome& outcome) { return all.push_back(outcome), true; }));
        return all;
    }
    // What POP3 shows: "UIDL bytes" of each in order.
    std::vector<std::string> maildrop(AccountId account) {
        auto replies = Spool::drain(spool.mailboxes->open_maildrop(account, LeaseOwner{77}));
        EXPECT_TRUE(replies);
        std::vector<std::string> shown;
        for (const auto& reply : *replies)
            for (int i = 0; i < reply.references().uid_size(); ++i)
                shown.push_back(cat(reply.references().uidl(i), " ", reply.references().bytes(i)));
        spool.mailboxes->release_leases(LeaseOwner{77});
        return shown;
    }
    void fill(AccountId account, int mails) {
        for (int i = 0; i < mails; ++i)
            ASSERT_TRUE(spool.append(account, "INBOX", cat("Subject: ", i, "\r\n\r\n", std::string(static_cast<std::size_t>(i % 50), 'x')),
                                     i % 3 == 0 ? v1::SYSTEM_FLAG_SEEN : 0, i % 7 == 0 ? std::vector<std::string>{"$Work"} : std::vector<std::string>{}));
    }
    v1::ImapAccess access(AccountId account) { return forms->imap_access(read_state(*spool.store->snapshot(), account).value()).value(); }

    std::unique_ptr<Forms> forms;
    std::unique_ptr<Jobs> jobs;
    std::vector<std::uint64_t> ended_logins;
    std::function<void()> on_turn;  // called once, when a turn looks at its first mailbox
};

TEST_F(JobsTest, ToPop3AndBackKeepsEverything) {
    fill(anna, 700);
    ASSERT_TRUE(spool.append(anna, "Sent", "Subject: sent\r\n\r\n."));
    const auto before = maildrop(anna);
    const auto inbox = spool.folder(anna, "INBOX");
    const auto references = spool.open_folder(anna, inbox.folder_id())->references().SerializeAsString();

    auto job = run(convert_to(v1::MAILBOX_FORM_POP3));
    EXPECT_EQ(job.changed(), 1u);
    EXPECT_EQ(job.mails_seen(), 701u);
    EXPECT_EQ(access(anna), v1::IMAP_ACCESS_POP3_FORM);
    EXPECT_EQ(maildrop(anna), before);
    EXPECT_THAT(ended_logins, ElementsAre(raw(anna)));

    job = run(convert_to(v1::MAILBOX_FORM_IMAP4));
    EXPECT_EQ(job.changed(), 1u);
    EXPECT_EQ(access(anna), v1::IMAP_ACCESS_ALLOWED);
    EXPECT_EQ(maildrop(anna), before);
    const auto after = spool.folder(anna, "INBOX");
    EXPECT_EQ(after.SerializeAsString(), inbox.SerializeAsString());
    EXPECT_EQ(spool.open_folder(anna, after.folder_id())->references().SerializeAsString(), references);
}

TEST_F(JobsTest, RepeatingConvertsNothing) {
    fill(anna, 5);
    EXPECT_EQ(run(convert_to(v1::MAILBOX_FORM_POP3)).changed(), 1u);
    const auto again = run(convert_to(v1::MAILBOX_FORM_POP3));
    EXPECT_EQ(again.changed(), 0u);
    EXPECT_EQ(again.unchanged(), 1u);
    EXPECT_THAT(report(again.job_id()), IsEmpty());
}

TEST_F(JobsTest, InPop3FormEveryDeliveryIsShown) {
    run(convert_to(v1::MAILBOX_FORM_POP3));
    ASSERT_TRUE(spool.append(anna, "Archive", "Subject: filed\r\n\r\n."));
    EXPECT_EQ(maildrop(anna).size(), 1u);
    run(convert_to(v1::MAILBOX_FORM_IMAP4));
    EXPECT_EQ(maildrop(anna).size(), 1u);
    ASSERT_TRUE(spool.append(anna, "Archive", "Subject: filed again\r\n\r\n."));
    EXPECT_EQ(maildrop(anna).size(), 1u);
}

TEST_F(JobsTest, ReassignGivesNewNumbersAndKeepsUidls) {
    fill(anna, 600);
    ASSERT_TRUE(call(&Mailboxes::expunge, expunge_request(spool.folder(anna, "INBOX").folder_id(), 100, 299)));
    const auto before = spool.folder(anna, "INBOX");
    const auto shown = maildrop(anna);
    const auto job = run(convert_to(v1::MAILBOX_FORM_IMAP4, true));
    EXPECT_EQ(job.changed(), 1u);
    const auto after = spool.folder(anna, "INBOX");
    EXPECT_GT(after.uid_validity(), before.uid_validity());
    EXPECT_NE(after.folder_id(), before.folder_id());
    EXPECT_EQ(after.uid_next(), 401u);
    EXPECT_EQ(after.messages(), before.messages());
    EXPECT_EQ(after.unseen(), before.unseen());
    EXPECT_EQ(maildrop(anna), shown);
    const auto uids = uids_of(spool.open_folder(anna, after.folder_id())->references());
    EXPECT_EQ(uids.front(), 1u);
    EXPECT_EQ(uids.back(), 400u);
}

TEST_F(JobsTest, UndoBringsTheOldNumbersBackUntilAClientHasSeenTheNewOnes) {
    fill(anna, 600);
    ASSERT_TRUE(call(&Mailboxes::expunge, expunge_request(spool.folder(anna, "INBOX").folder_id(), 100, 299)));
    const auto before = spool.folder(anna, "INBOX");
    const auto uids = uids_of(spool.open_folder(anna, before.folder_id())->references());
    const auto job = run(convert_to(v1::MAILBOX_FORM_IMAP4, true));
    ASSERT_TRUE(spool.append(anna, "INBOX", "Subject: meanwhile\r\n\r\n."));

    v1::JobRequest request;
    request.set_job_id(job.job_id());
    const auto undone = finish(wait<v1::Job>([&](Answer<v1::Job> done) { jobs->undo(request, done); }));
    EXPECT_EQ(undone.changed(), 1u);
    const auto after = spool.folder(anna, "INBOX");
    EXPECT_EQ(after.uid_validity(), before.uid_validity());
    auto wanted = uids;
    wanted.push_back(601);
    EXPECT_EQ(uids_of(spool.open_folder(anna, after.folder_id())->references()), wanted);
    EXPECT_EQ(after.uid_next(), 602u);
}

TEST_F(JobsTest, WhatAClientHasSeenIsNotUndone) {
    run(convert_to(v1::MAILBOX_FORM_POP3));
    const auto job = run(convert_to(v1::MAILBOX_FORM_IMAP4));
    forms->seen(anna, v1::PROTOCOL_POP3);  // POP3 sees no difference
    forms->seen(anna, v1::PROTOCOL_IMAP);
    v1::JobRequest request;
    request.set_job_id(job.job_id());
    const auto undone = finish(wait<v1::Job>([&](Answer<v1::Job> done) { jobs->undo(request, done); }));
    EXPECT_EQ(undone.changed(), 0u);
    EXPECT_EQ(undone.refused(), 1u);
    ASSERT_EQ(report(undone.job_id()).size(), 1u);
    EXPECT_EQ(report(undone.job_id())[0].notices(0).code(), "undo-seen");
    EXPECT_EQ(access(anna), v1::IMAP_ACCESS_ALLOWED);
}

TEST_F(JobsTest, ManyMailboxesInTurnsOneDomain) {
    std::vector<AccountId> all{anna};
    for (int i = 0; i < 100; ++i) all.push_back(spool.add_account());
    auto spec = convert_to(v1::MAILBOX_FORM_POP3);
    spec.set_domain("example.test");
    const auto job = run(spec);
    EXPECT_EQ(job.mailboxes(), 101u);
    EXPECT_EQ(job.changed(), 101u);
    EXPECT_EQ(job.mailboxes_seen(), 101u);
    EXPECT_EQ(report(job.job_id()).size(), 101u);
    spec = convert_to(v1::MAILBOX_FORM_IMAP4);
    spec.set_domain("elsewhere.test");
    EXPECT_EQ(run(spec).mailboxes_seen(), 0u);
    spec.set_domain("");
    spec.set_account("u7@example.test");
    EXPECT_EQ(run(spec).changed(), 1u);
    EXPECT_EQ(access(AccountId{7}), v1::IMAP_ACCESS_ALLOWED);
    EXPECT_EQ(access(AccountId{8}), v1::IMAP_ACCESS_POP3_FORM);
}

TEST_F(JobsTest, APausedJobGoesOnAfterARestart) {
    for (int i = 0; i < 200; ++i) spool.add_account();
    // Paused before its thread can have come far.
    auto started = start_job(convert_to(v1::MAILBOX_FORM_POP3));
    ASSERT_TRUE(started);
    v1::ControlJobRequest control;
    control.set_job_id(started->job_id());
    control.set_control(v1::JOB_CONTROL_PAUSE);
    const auto paused = wait<v1::Job>([&](Answer<v1::Job> done) { jobs->control(control, done); });
    if (paused) {
        EXPECT_EQ(paused->state(), v1::JOB_STATE_PAUSED);
    }
    EXPECT_EQ(start_job(convert_to(v1::MAILBOX_FORM_POP3)).has_value(), !paused.has_value());
    jobs.reset();
    forms.reset();
    spool.reopen();
    start_jobs();
    control.set_control(v1::JOB_CONTROL_RESUME);
    if (paused) {
        ASSERT_TRUE(wait<v1::Job>([&](Answer<v1::Job> done) { jobs->control(control, done); }));
        const auto job = finish(started);
        EXPECT_EQ(job.changed() + job.unchanged(), 201u);
    }
    for (std::uint64_t id = 1; id <= 201; ++id) EXPECT_EQ(access(AccountId{id}), v1::IMAP_ACCESS_POP3_FORM);
}

TEST_F(JobsTest, AMaildropInUseIsNotRenumbered) {
    fill(anna, 3);
    ASSERT_TRUE(spool.mailboxes->open_maildrop(anna, LeaseOwner{9}));
    auto started = start_job(convert_to(v1::MAILBOX_FORM_IMAP4, true));
    ASSERT_TRUE(started);
    spool.mailboxes->release_leases(LeaseOwner{9});  // it waits for the session to end
    EXPECT_EQ(finish(started).changed(), 1u);
}

// spoold ends while the job waits for a POP3 session: the mailbox is not passed over when the job goes on.
TEST_F(JobsTest, AMaildropInUseWhenSpooldEndsIsDoneLater) {
    fill(anna, 3);
    ASSERT_TRUE(spool.mailboxes->open_maildrop(anna, LeaseOwner{9}));
    std::promise<void> began;
    on_turn = [&] { began.set_value(); };
    const auto started = start_job(convert_to(v1::MAILBOX_FORM_IMAP4, true));
    ASSERT_TRUE(started);
    began.get_future().wait();
    jobs.reset();
    forms.reset();
    spool.reopen();
    start_jobs();
    const auto job = finish(started);
    EXPECT_EQ(job.changed(), 1u);
    EXPECT_EQ(job.mailboxes_seen(), 1u);
    EXPECT_EQ(spool.folder(anna, "INBOX").uid_next(), 4u);
}

// Nobody is kept out of POP3 because somebody else's session goes on.
TEST_F(JobsTest, AMaildropIsFreeAsSoonAsItIsDone) {
    const auto ben = spool.add_account();
    ASSERT_TRUE(spool.mailboxes->open_maildrop(ben, LeaseOwner{9}));
    const auto started = start_job(convert_to(v1::MAILBOX_FORM_IMAP4, true));
    ASSERT_TRUE(started);
    const auto now = wait_until(started->job_id(), [](const v1::Job& job) { return job.changed() == 1; });
    EXPECT_EQ(now.changed() + now.refused(), 1u);
    EXPECT_TRUE(spool.mailboxes->lock_maildrop(anna));
    spool.mailboxes->release_leases(LeaseOwner{9});
    EXPECT_EQ(finish(started).changed(), 2u);
}

TEST_F(JobsTest, RebuildMendsWhatIsWrong) {
    fill(anna, 300);
    const auto inbox = FolderId{spool.folder(anna, "INBOX").folder_id()};
    // Damage: counts, a name that leads nowhere, a lost one, the ledger.
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        auto record = FolderRecord::decode(*t.get(keys::folder(anna, inbox))).value();
        record.messages = 7;
        record.unseen = 9000;
        t.put(keys::folder(anna, inbox), record.encode());
        t.put(keys::name(anna, "Ghost"), encode_number(4711));
        t.erase(keys::name(anna, "Sent"));
        auto state = AccountState::decode(*t.get(keys::account_state(anna))).value();
        state.bytes = 1;
        t.put(keys::account_state(anna), state.encode());
        return {};
    }));
    EXPECT_FALSE(spool.problems().empty());
    v1::JobSpec spec;
    spec.set_kind(v1::JOB_KIND_REBUILD_FOLDERS);
    const auto job = run(spec);
    EXPECT_EQ(job.changed(), 1u);
    EXPECT_GE(report(job.job_id())[0].notices_size(), 4);
    EXPECT_EQ(spool.folder(anna, "INBOX").messages(), 300u);
    EXPECT_EQ(spool.folder(anna, "Sent").name(), "Sent");
    const auto again = run(spec);
    EXPECT_EQ(again.changed(), 0u);
    EXPECT_EQ(again.unchanged(), 1u);
}

TEST_F(JobsTest, AConversionMendsOnTheWay) {
    fill(anna, 20);
    const auto inbox = FolderId{spool.folder(anna, "INBOX").folder_id()};
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        auto record = FolderRecord::decode(*t.get(keys::folder(anna, inbox))).value();
        record.pop3_messages = 3;
        t.put(keys::folder(anna, inbox), record.encode());
        return {};
    }));
    const auto job = run(convert_to(v1::MAILBOX_FORM_POP3));
    EXPECT_EQ(job.changed(), 1u);
    EXPECT_EQ(report(job.job_id())[0].notices(0).code(), "convert-mended");
    EXPECT_EQ(maildrop(anna).size(), 20u);
}

TEST_F(JobsTest, AFolderNearTheEndOfItsUidsIsRenumberedByItself) {
    fill(anna, 3);
    const auto before = spool.folder(anna, "INBOX");
    ASSERT_TRUE(spool.commit([&](store::Transaction& t) -> Result<void> {
        const auto key = keys::folder(anna, FolderId{before.folder_id()});
        auto record = FolderRecord::decode(*t.get(key)).value();
        record.uid_next = spool.settings.uid_renumber_at;
        t.put(key, record.encode());
        return {};
    }));
    const auto shown = maildrop(anna);
    ASSERT_TRUE(spool.append(anna, "INBOX", "Subject: last\r\n\r\n."));
    ASSERT_TRUE(spool.append(anna, "INBOX", "Subject: first\r\n\r\n."));  // behind the renumbering
    const auto after = spool.folder(anna, "INBOX");
    EXPECT_GT(after.uid_validity(), before.uid_validity());
    EXPECT_EQ(uids_of(spool.open_folder(anna, after.folder_id())->references()), (std::vector<Uid>{1, 2, 3, 4, 5}));
    EXPECT_EQ(spool.mailboxes->parts().renumbered.load(), 1u);
    auto now = maildrop(anna);
    ASSERT_EQ(now.size(), 5u);
    now.resize(3);
    EXPECT_EQ(now, shown);
}

TEST_F(JobsTest, TheSwitchDecidesTheFormOfNewMailboxes) {
    EXPECT_TRUE(forms->show()->enabled());
    ASSERT_TRUE(wait<v1::Imap4>([&](Answer<v1::Imap4> done) { forms->set_imap4(false, done); }));
    EXPECT_EQ(access(anna), v1::IMAP_ACCESS_SITE_OFF);
    const auto ben = spool.add_account();
    ASSERT_TRUE(wait<v1::Imap4>([&](Answer<v1::Imap4> done) { forms->set_imap4(true, done); }));
    EXPECT_EQ(access(anna), v1::IMAP_ACCESS_ALLOWED);
    EXPECT_EQ(access(ben), v1::IMAP_ACCESS_POP3_FORM);
    ASSERT_TRUE(wait<v1::MailboxOutcome>([&](Answer<v1::MailboxOutcome> done) { jobs->convert_at_login(ben, done); }));
    EXPECT_EQ(access(ben), v1::IMAP_ACCESS_ALLOWED);
}

}  // namespace
}  // namespace tayori::spool
