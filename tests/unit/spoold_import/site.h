// Directory, mailboxes and imports over the real engine in a directory of its own, and calls that wait for their answer.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/counters/census.h"
#include "spoold/counters/counters.h"
#include "spoold/directory/auth.h"
#include "spoold/directory/core.h"
#include "spoold/intake/intake.h"
#include "spoold/keys.h"
#include "spoold/legacy/export.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/legacy/waiting.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/reading.h"
#include "spoold/store/engine.h"

namespace tayori::spool {

using testing::ElementsAre;
using testing::IsEmpty;

inline constexpr const char* kAnna = "anna@x.test";

// One mail of a source, in short form.
struct SourceMail {
    std::string name;  // its identity
    Uid uid = 0;
    std::string uidl;
    std::uint64_t pop3_order = 0;
    std::uint32_t flags = 0;
    std::vector<std::string> keywords;
    std::string text;  // empty: made of the name
};

inline std::string text_of(const SourceMail& mail) {
    return mail.text.empty() ? cat("Subject: ", mail.name, "\r\n\r\n", mail.name, "\r\n") : mail.text;
}
inline std::string identity(const std::string& name) { return crypto::sha256(name).substr(0, kImportIdentityBytes); }

class ImportTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "tayori-import-XXXXXX";
        path_ = mkdtemp(pattern.data());
        open_site();
        v1::AddDomainRequest request;
        request.set_name("x.test");
        ASSERT_TRUE(wait_for_answer<v1::Domain>([&](auto done) { directory->add_domain(request, done); }));
    }
    void TearDown() override {
        EXPECT_THAT(problems(), IsEmpty());
        close_site();
        std::filesystem::remove_all(path_);
    }

    void open_site() {
        store::Options options;
        options.directory = path_;
        options.clock = &clock;
        options.free_min_bytes = 0;
        options.segment_bytes = 4 << 20;
        options.background = false;
        options.on_fatal = [](const std::string& reason) { ADD_FAILURE() << reason; };
        store = std::move(store::open_embedded(std::move(options)).value());
        mailboxes = std::make_unique<Mailboxes>(*store, hub, clock, LimitsSource::of_directory(*store), settings);
        DirectoryOptions of_directory;
        of_directory.scram_iterations = kScramIterationsMin;
        directory = std::move(Directory::open(*store, clock, mailboxes->hooks(), of_directory).value());
        tickets = std::make_unique<Tickets>(directory->core());
        auth = std::make_unique<Auth>(*directory, *tickets);
        intake = std::make_unique<Intake>(*mailboxes);
        imports = std::make_unique<Imports>(*mailboxes, *directory);
        const auto address_of = [](AccountId a) { return cat("account ", raw(a)); };
        const auto account_of = [](const std::string&) { return Result<AccountId>(AccountId{0}); };
        counters = std::make_unique<Counters>(
            Counters::Parts{*store, clock, address_of, account_of, mailboxes->parts().raised, settings.uid_renumber_at});
        uploads = std::make_unique<ImportUploads>(store->staging(), settings.message_bytes_max);
    }
    void close_site() {
        uploads.reset();
        auth.reset();
        store.reset();
        imports.reset();
        directory.reset();
    }
    void reopen() {
        close_site();
        open_site();
    }

    std::vector<std::string> problems() {
        auto report = counters->verify(AccountId{0});
        if (!report) return {report.error().detail};
        std::vector<std::string> all(report->problems().begin(), report->problems().end());
        auto more = directory->verify();
        if (!more) return {more.error().detail};
        all.insert(all.end(), more->begin(), more->end());
        return all;
    }

    Result<v1::Import> open_import(const std::string& origin = "dir:/old") {
        v1::OpenImportRequest request;
        request.set_kind("maildir");
        request.set_origin(origin);
        return wait_for_answer<v1::Import>([&](auto done) { imports->open(request, done); });
    }
    static v1::ImportFolder folder(const std::string& name, std::uint32_t uid_validity = 0, std::uint32_t uid_next = 0) {
        v1::ImportFolder out;
        out.set_name(name);
        out.set_keeps_uids(uid_next > 0);
        out.set_uid_validity(uid_validity);
        out.set_uid_next(uid_next);
        out.set_subscribed(true);
        return out;
    }
    v1::OpenImportAccountRequest account_request(std::vector<v1::ImportFolder> folders, std::uint64_t pop3_order_last = 0,
                                                 const std::string& address = kAnna) {
        v1::OpenImportAccountRequest request;
        request.set_import_id(import.import_id());
        request.set_address(address);
        request.set_password("secret of anna");
        request.set_pop3_order_last(pop3_order_last);
        for (auto& one : folders) *request.add_folders() = std::move(one);
        return request;
    }
    Result<v1::ImportAccount> open_account(const v1::OpenImportAccountRequest& request) {
        auto opened = wait_for_answer<v1::ImportAccount>([&](auto done) {
            imports->open_account(std::make_shared<const v1::OpenImportAccountRequest>(request), done);
        });
        if (opened) {
            account = *opened;
            next_batch = opened->next_batch();
        }
        return opened;
    }
    // An import with one account, opened.
    void begin(std::vector<v1::ImportFolder> folders, std::uint64_t pop3_order_last = 0) {
        auto opened = open_import();
        ASSERT_TRUE(opened) << opened.error().text;
        import = *opened;
        auto made = open_account(account_request(std::move(folders), pop3_order_last));
        ASSERT_TRUE(made) << made.error().text;
    }

    v1::ImportBatch batch(const std::vector<SourceMail>& mails, int folder_at = 0) {
        v1::ImportBatch out;
        out.set_import_id(import.import_id());
        out.set_account_id(account.account_id());
        for (const auto& mail : mails) {
            auto& wire = *out.add_mails();
            wire.set_identity(identity(mail.name));
            wire.set_folder_id(account.folders(folder_at).folder_id());
            wire.set_uid(mail.uid);
            wire.set_uidl(mail.uidl);
            wire.set_pop3_order(mail.pop3_order);
            wire.set_flags(mail.flags);
            for (const auto& keyword : mail.keywords) wire.add_keywords(keyword);
            wire.set_internal_date_s(1'600'000'000);
            wire.set_zone_minutes(540);
            wire.set_file(cat("cur/", mail.name));
            wire.set_bytes(text_of(mail));
            wire.mutable_summary()->set_header("Subject: x\r\n\r\n");
            wire.mutable_summary()->set_header_bytes(14);
        }
        return out;
    }
    Result<v1::ImportBatchReply> send(v1::ImportBatch wanted) {
        wanted.set_number(next_batch);
        auto reply = wait_for_answer<v1::ImportBatchReply>([&](auto done) {
            imports->add_batch(std::make_shared<const v1::ImportBatch>(std::move(wanted)), *uploads, done);
        });
        if (reply) ++next_batch;
        return reply;
    }
    Result<v1::ImportBatchReply> send(const std::vector<SourceMail>& mails, int folder_at = 0) {
        return send(batch(mails, folder_at));
    }
    void close_account() {
        v1::CloseImportAccountRequest request;
        request.set_import_id(import.import_id());
        request.set_account_id(account.account_id());
        ASSERT_TRUE(wait_for_answer<v1::ImportAccount>([&](auto done) { imports->close_account(request, done); }));
    }

    // A mail that just arrives, as by SMTP.
    void deliver(const std::string& text, std::uint64_t account_id) {
        v1::CommitPlan plan;
        plan.set_bytes(text);
        plan.mutable_summary()->set_header("x\r\n\r\n");
        plan.add_deliveries()->set_account_id(account_id);
        auto done = wait_for_answer<v1::CommitPlanReply>(
            [&](auto answer) { intake->commit_plan(std::make_shared<const v1::CommitPlan>(plan), answer); });
        ASSERT_TRUE(done) << done.error().text;
    }
    Result<v1::AuthReply> login(const std::string& password, v1::Protocol protocol = v1::PROTOCOL_IMAP) {
        v1::AuthPassword request;
        request.mutable_client()->set_remote_ip("192.0.2.1");
        request.mutable_client()->set_protocol(protocol);
        request.set_user(kAnna);
        request.set_password(password);
        return wait_for_answer<v1::AuthReply>([&](auto done) { auth->auth_password(request, done); });
    }

    FolderRecord record(const std::string& name) {
        const auto snapshot = store->snapshot();
        const AccountId id{account.account_id()};
        const auto found = find_folder(*snapshot, id, name);
        return found ? read_folder(*snapshot, id, *found).value() : FolderRecord();
    }
    std::vector<Reference> references(const std::string& name) {
        const auto snapshot = store->snapshot();
        const AccountId id{account.account_id()};
        const auto found = find_folder(*snapshot, id, name);
        std::vector<Reference> all;
        if (!found) return all;
        const auto folder_record = read_folder(*snapshot, id, *found).value();
        EXPECT_TRUE(visit_references(*snapshot, *found, folder_record, [&](const Reference& r) { all.push_back(r); }));
        return all;
    }
    std::vector<Uid> uids(const std::string& name) {
        std::vector<Uid> all;
        for (const auto& reference : references(name)) all.push_back(reference.uid);
        return all;
    }
    std::vector<std::string> uidls(const std::string& name) {
        std::vector<std::string> all;
        for (const auto& reference : references(name)) all.push_back(reference.uidl);
        return all;
    }
    std::vector<std::string> report_codes() {
        std::vector<std::string> codes;
        EXPECT_TRUE(imports->read_report(ImportId{import.import_id()}, [&](const v1::ImportReportLine& line) {
            codes.push_back(line.code());
            return true;
        }));
        return codes;
    }
    Result<v1::UndoImportReply> undo() { return imports->undo(ImportId{import.import_id()}); }
    Result<v1::Account> get_account() {
        v1::AccountRequest request;
        request.set_address(kAnna);
        return directory->get_account(request);
    }

    std::string path_;
    ManualClock clock;
    MailboxSettings settings;
    Hub hub;
    std::unique_ptr<store::CopyableStore> store;
    std::unique_ptr<Mailboxes> mailboxes;
    std::unique_ptr<Directory> directory;
    std::unique_ptr<Tickets> tickets;
    std::unique_ptr<Auth> auth;
    std::unique_ptr<Intake> intake;
    std::unique_ptr<Imports> imports;
    std::unique_ptr<Counters> counters;
    std::unique_ptr<ImportUploads> uploads;
    v1::Import import;
    v1::ImportAccount account;
    std::uint64_t next_batch = 0;
};

}  // namespace tayori::spool
