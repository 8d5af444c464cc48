// The whole of spoold in this process, and both clients over its sockets.
#include "spoold/site.h"

#include <sys/stat.h>

#include "common/rpc/admin_client.h"
#include "fake_spoold.h"

namespace tayori::spool {
namespace {

using rpc::AdminClient;
using rpc::Spool;
using rpc::SpoolOptions;

constexpr const char* kMail = "From: a@example.org\r\nSubject: Hello\r\n\r\nThis is the text.\r\n";

class SiteTest : public testing::Test {
  protected:
    SiteTest() {
        settings_.site.data_dir = folder_.path();
        settings_.spoold.listen = {{"", 0, "run/spoold.sock"}, {"127.0.0.1", 0, ""}};
        settings_.store.free_min = 0;
        start();
    }
    void start() {
        auto site = Site::start(settings_, clock_, nullptr, {});
        ASSERT_TRUE(site) << site.error().text << " " << site.error().detail;
        site_ = std::move(*site);
    }
    std::string unix_address() const { return cat("unix:", folder_.path(), "/run/spoold.sock"); }
    std::string tcp_address() const { return cat("127.0.0.1:", site_->ports().front()); }
    rpc::TlsFiles tls(std::string_view program) const {
        return rpc::tls_files(folder_.path() + "/pki", program);
    }
    SpoolOptions options(std::string program) const {
        SpoolOptions options;
        options.address = unix_address();
        options.program = std::move(program);
        options.reconnect_min = std::chrono::milliseconds(5);
        options.reconnect_max = std::chrono::milliseconds(20);
        return options;
    }
    template <class T>
    Result<T> run(Async<T> task) {
        return net::run_to_end(loop_, std::move(task));
    }
    void add_anna(AdminClient& admin) {
        v1::AddDomainRequest domain;
        domain.set_name("example.org");
        auto added = admin.add_domain(domain);
        ASSERT_TRUE(added) << added.error().text << added.error().detail;
        v1::AddAccountRequest account;
        account.set_address("anna@example.org");
        account.set_password("secret-of-anna");
        auto made = admin.add_account(account);
        ASSERT_TRUE(made) << made.error().text << made.error().detail;
    }
    void add_anna() {
        auto admin = AdminClient::make(unix_address(), {});
        ASSERT_TRUE(admin);
        add_anna(**admin);
    }

    TempFolder folder_;
    SystemClock clock_;
    settings::Settings settings_;
    std::unique_ptr<Site> site_;
    net::Loop loop_;
};

Async<rpc::Ticket> log_in(Spool& spool, std::string password) {
    v1::AuthPassword request;
    request.mutable_client()->set_protocol(v1::PROTOCOL_IMAP);
    request.mutable_client()->set_remote_ip("192.0.2.1");
    request.set_user("anna@example.org");
    request.set_password(std::move(password));
    auto reply = co_await spool.call(std::move(request));
    co_return reply.ticket();
}

Async<v1::AppendReply> append(Spool& spool, rpc::Ticket ticket, std::string bytes, std::string id) {
    v1::Append request;
    request.set_target_name("INBOX");
    request.set_request_id(std::move(id));
    request.mutable_summary()->set_header_bytes(40);
    request.set_bytes(std::move(bytes));
    co_return co_await spool.call(std::move(request), std::move(ticket));
}

Async<std::vector<std::uint64_t>> open_inbox(Spool& spool, rpc::Ticket ticket,
                                             std::uint64_t folder) {
    v1::OpenFolder request;
    request.set_folder_id(folder);
    request.set_subscribe(true);
    std::vector<std::uint64_t> messages;
    auto stream = spool.stream(std::move(request), std::move(ticket));
    for (;;) {
        auto reply = co_await stream.next();
        if (!reply) break;
        for (auto id : reply->references().message_id()) messages.push_back(id);
    }
    co_return messages;
}

Async<std::string> fetch_body(Spool& spool, rpc::Ticket ticket, std::uint64_t message) {
    v1::FetchBodies request;
    request.add_ranges()->set_message_id(message);
    std::string bytes;
    auto stream = spool.stream(std::move(request), std::move(ticket));
    for (;;) {
        auto reply = co_await stream.next();
        if (!reply) break;
        for (const auto& chunk : reply->chunks()) bytes += chunk.data();
    }
    co_return bytes;
}

Async<void> set_seen(Spool& spool, rpc::Ticket ticket, std::uint64_t folder,
                     std::vector<std::string>& log) {
    v1::StoreFlags request;
    request.set_folder_id(folder);
    auto* range = request.add_uids();
    range->set_first(1);
    range->set_last(1);
    request.set_change(v1::FLAG_CHANGE_ADD);
    request.set_flags(v1::SYSTEM_FLAG_SEEN);
    auto reply = co_await spool.call(std::move(request), std::move(ticket));
    log.push_back(cat("reply ", reply.modseq()));
}

Async<void> read_and_change(Spool& spool) {
    auto wrong = co_await log_in(spool, "a guess").result();
    EXPECT_FALSE(wrong);
    auto ticket = co_await log_in(spool, "secret-of-anna");
    auto stored = co_await append(spool, ticket, kMail, "append-1");
    EXPECT_EQ(stored.uid(), 1u);
    auto again = co_await append(spool, ticket, kMail, "append-1");
    EXPECT_EQ(again.uid(), 1u);

    std::vector<std::string> log;
    auto watch = spool.on_folder(stored.folder_id(), [&log](const v1::FolderEvent& event) {
        log.push_back(cat("event ", event.modseq()));
    });
    auto messages = co_await open_inbox(spool, ticket, stored.folder_id());
    EXPECT_EQ(messages.size(), 1u);
    co_await set_seen(spool, ticket, stored.folder_id(), log);
    EXPECT_EQ(log.size(), 2u);
    if (log.size() == 2) {
        EXPECT_EQ(log[0].substr(6), log[1].substr(6));
    }
    auto body = co_await fetch_body(spool, ticket, messages.at(0));
    EXPECT_EQ(body, kMail);

    auto forged = co_await spool.call(v1::ListFolders(), "not a ticket").result();
    EXPECT_FALSE(forged);
    if (!forged) {
        EXPECT_EQ(forged.error().kind, Kind::auth_failed);
    }
}

TEST_F(SiteTest, AMailboxIsReadAndChanged) {
    add_anna();
    Spool spool(loop_, options("imapd"));
    ASSERT_TRUE(run(spool.connect()));
    auto outcome = run(read_and_change(spool));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
}

Async<void> upload_large(Spool& spool, std::size_t pieces) {
    auto ticket = co_await log_in(spool, "secret-of-anna");
    auto begun = co_await spool.call(v1::UploadBegin());
    const std::string piece(1024 * 1024, 'x');
    for (std::size_t i = 0; i < pieces; ++i) {
        v1::UploadAppend append_piece;
        append_piece.set_upload_id(begun.upload_id());
        append_piece.set_data(piece);
        co_await spool.call(std::move(append_piece));
    }
    v1::UploadFinish finish;
    finish.set_upload_id(begun.upload_id());
    auto finished = co_await spool.call(std::move(finish));
    EXPECT_EQ(finished.bytes(), pieces * piece.size());
    v1::Append request;
    request.set_target_name("INBOX");
    request.set_request_id("large-1");
    request.mutable_summary()->set_header_bytes(0);
    request.set_upload_id(begun.upload_id());
    auto stored = co_await spool.call(std::move(request), ticket);
    auto messages = co_await open_inbox(spool, ticket, stored.folder_id());
    EXPECT_EQ(messages.size(), 1u);
    auto body = co_await fetch_body(spool, ticket, messages.at(0));
    EXPECT_EQ(body.size(), pieces * piece.size());
}

TEST_F(SiteTest, ALargeMailIsUploadedAndReadInPieces) {
    add_anna();
    Spool spool(loop_, options("imapd"));
    ASSERT_TRUE(run(spool.connect()));
    auto outcome = run(upload_large(spool, 20));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
}

Async<void> deliver(Spool& spool) {
    v1::Resolve resolve;
    resolve.add_recipients("Anna@example.org");
    resolve.add_recipients("nobody@example.org");
    auto resolved = co_await spool.call(std::move(resolve));
    EXPECT_EQ(resolved.recipients_size(), 2);
    EXPECT_FALSE(resolved.recipients(0).has_refused());
    EXPECT_EQ(resolved.recipients(1).refused().kind(), v1::ERROR_KIND_NOT_FOUND);
    v1::CommitPlan plan;
    plan.set_request_id("plan-1");
    plan.set_bytes(kMail);
    plan.mutable_summary()->set_header_bytes(40);
    plan.add_deliveries()->set_account_id(resolved.recipients(0).targets(0).account_id());
    auto committed = co_await spool.call(std::move(plan));
    EXPECT_EQ(committed.deliveries(0).uid(), 1u);
}

TEST_F(SiteTest, AMailIsDelivered) {
    add_anna();
    Spool spool(loop_, options("smtpd"));
    ASSERT_TRUE(run(spool.connect()));
    auto outcome = run(deliver(spool));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
}

Async<std::uint64_t> open_maildrop(Spool& spool, rpc::Ticket ticket) {
    auto stream = spool.stream(v1::OpenMaildrop(), std::move(ticket));
    std::uint64_t lease = 0;
    for (;;) {
        auto reply = co_await stream.next();
        if (!reply) break;
        if (reply->lease() != 0) lease = reply->lease();
    }
    co_return lease;
}

// Reads one reply at most, and gives the stream up.
Async<void> begin_maildrop(Spool& spool, rpc::Ticket ticket) {
    auto stream = spool.stream(v1::OpenMaildrop(), std::move(ticket));
    auto first = co_await stream.next();
    EXPECT_TRUE(first);
}

Async<void> until_free(Spool& spool, net::Loop& loop, rpc::Ticket ticket) {
    for (;;) {
        auto opened = co_await open_maildrop(spool, ticket).result();
        if (opened) break;
        if (opened.error().kind != Kind::in_use) co_await fail(std::move(opened.error()));
        co_await loop.sleep(std::chrono::milliseconds(1));
    }
}

Async<void> leases(Spool& first, std::unique_ptr<Spool>& second, net::Loop& loop) {
    auto ticket = co_await log_in(first, "secret-of-anna");
    auto lease = co_await open_maildrop(first, ticket);
    EXPECT_NE(lease, 0u);
    auto refused = co_await open_maildrop(*second, ticket).result();
    EXPECT_FALSE(refused);
    if (!refused) {
        EXPECT_EQ(refused.error().kind, Kind::in_use);
    }
    v1::CloseMaildrop close;
    close.set_lease(lease);
    first.tell(std::move(close), ticket);
    co_await until_free(*second, loop, ticket);
    second.reset();  // its stream's end frees the lease
    co_await until_free(first, loop, ticket);
}

TEST_F(SiteTest, AMaildropBelongsToOneStreamUntilItCloses) {
    add_anna();
    Spool first(loop_, options("pop3d"));
    auto second = std::make_unique<Spool>(loop_, options("pop3d"));
    ASSERT_TRUE(run(first.connect()));
    ASSERT_TRUE(run(second->connect()));
    auto outcome = run(leases(first, second, loop_));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
}

Async<void> give_up_maildrop(Spool& spool, net::Loop& loop) {
    auto ticket = co_await log_in(spool, "secret-of-anna");
    co_await begin_maildrop(spool, ticket);
    co_await until_free(spool, loop, ticket);
}

TEST_F(SiteTest, AMaildropThatIsGivenUpWhileOpeningIsFree) {
    add_anna();
    Spool spool(loop_, options("pop3d"));
    ASSERT_TRUE(run(spool.connect()));
    auto outcome = run(give_up_maildrop(spool, loop_));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
}

Async<void> after_restart(Spool& spool, rpc::Ticket ticket) {
    // The loss is noticed by a call that was on its way, at the latest.
    auto folders = co_await spool.call(v1::ListFolders(), ticket).result();
    if (!folders && folders.error().kind == Kind::busy)
        folders = co_await spool.call(v1::ListFolders(), ticket).result();
    if (!folders) co_await fail(std::move(folders.error()));
    EXPECT_GE(folders->folders_size(), 1);
}

TEST_F(SiteTest, TicketsOutliveARestart) {
    add_anna();
    Spool spool(loop_, options("imapd"));
    ASSERT_TRUE(run(spool.connect()));
    auto ticket = run(log_in(spool, "secret-of-anna"));
    ASSERT_TRUE(ticket);
    const auto id = spool.server_id();
    site_->stop(std::chrono::seconds(5));
    site_.reset();
    start();
    auto outcome = run(after_restart(spool, *ticket));
    EXPECT_TRUE(outcome) << outcome.error().text << " " << outcome.error().detail;
    EXPECT_EQ(spool.server_id(), id);
}

TEST_F(SiteTest, OverTcpTheCertificateSaysWhoComes) {
    add_anna();
    auto smtpd = options("smtpd");
    smtpd.address = tcp_address();
    smtpd.tls = tls("smtpd");
    Spool delivery(loop_, smtpd);
    ASSERT_TRUE(run(delivery.connect()));
    EXPECT_TRUE(run(deliver(delivery)));

    auto liar = smtpd;
    liar.tls = tls("pop3d");
    Spool pop3d_as_smtpd(loop_, liar);
    auto refused = run(pop3d_as_smtpd.connect());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::denied);

    auto admin = AdminClient::make(tcp_address(), tls("adminctl"));
    ASSERT_TRUE(admin);
    auto status = (*admin)->get_status({});
    ASSERT_TRUE(status) << status.error().text << status.error().detail;
    EXPECT_EQ(status->accounts(), 1u);
    EXPECT_EQ(status->daemons_size(), 1);

    auto stranger = AdminClient::make(tcp_address(), tls("imapd"));
    ASSERT_TRUE(stranger);
    auto denied = (*stranger)->get_status({});
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().kind, Kind::denied);
}

TEST_F(SiteTest, TheSocketsHaveTheirModes) {
    struct stat daemons {};
    struct stat admin {};
    ASSERT_EQ(::stat((folder_.path() + "/run/spoold.sock").c_str(), &daemons), 0);
    ASSERT_EQ(::stat((folder_.path() + "/run/admin.sock").c_str(), &admin), 0);
    EXPECT_EQ(daemons.st_mode & 0777, 0660u);
    EXPECT_EQ(admin.st_mode & 0777, 0600u);
}

TEST_F(SiteTest, AdministratorsHaveTheirMethods) {
    auto made = AdminClient::make(unix_address(), {});
    ASSERT_TRUE(made);
    AdminClient& admin = **made;
    add_anna(admin);
    v1::AccountFolderRequest folder;
    folder.set_address("anna@example.org");
    folder.set_folder("Lists/cpp");
    EXPECT_TRUE(admin.create_account_folder(folder));
    v1::AccountFoldersRequest of_anna;
    of_anna.set_address("anna@example.org");
    auto folders = admin.list_account_folders(of_anna);
    ASSERT_TRUE(folders);
    EXPECT_GE(folders->folders_size(), 3);
    of_anna.set_address("nobody@example.org");
    auto nobody = admin.list_account_folders(of_anna);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().kind, Kind::not_found);

    int accounts = 0;
    EXPECT_TRUE(admin.list_accounts({}, [&](const v1::Account&) { return ++accounts > 0; }));
    EXPECT_EQ(accounts, 1);
    auto counters = admin.verify_counters({});
    ASSERT_TRUE(counters) << counters.error().text;
    EXPECT_EQ(counters->problems_size(), 0);
    auto store = admin.verify_store({});
    ASSERT_TRUE(store) << store.error().text;
    EXPECT_EQ(store->problems_size(), 0);
    EXPECT_TRUE(admin.checkpoint_store({}));
    EXPECT_TRUE(admin.compact_store({}));
    v1::SetLogLevelRequest level;
    level.set_level("loud");
    EXPECT_FALSE(admin.set_log_level(level));
}

}  // namespace
}  // namespace tayori::spool
