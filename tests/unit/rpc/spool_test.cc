#include "common/base/log.h"
#include "fake_spoold.h"

namespace tayori::spool {
namespace {

using rpc::Spool;
using rpc::SpoolOptions;

class SpoolTest : public testing::Test {
  protected:
    SpoolTest() : path_(folder_.path() + "/spoold.sock") { start(); }

    void start() { spoold_ = std::make_unique<FakeSpoold>(path_); }
    SpoolOptions options() {
        SpoolOptions options;
        options.address = "unix:" + path_;
        options.program = "imapd";
        options.reconnect_min = std::chrono::milliseconds(5);
        options.reconnect_max = std::chrono::milliseconds(20);
        return options;
    }
    template <class T>
    Result<T> run(Async<T> task) {
        return net::run_to_end(loop_, std::move(task));
    }
    void connect(Spool& spool) {
        auto connected = run(spool.connect());
        ASSERT_TRUE(connected) << connected.error().text << connected.error().detail;
    }

    TempFolder folder_;
    std::string path_;
    std::unique_ptr<FakeSpoold> spoold_;
    net::Loop loop_;
};

Async<std::string> folder_name(Spool& spool, std::string name) {
    v1::GetFolder request;
    request.set_name(std::move(name));
    auto reply = co_await spool.call(std::move(request));
    co_return reply.folder().name();
}

TEST_F(SpoolTest, ACallHasItsReply) {
    Spool spool(loop_, options());
    connect(spool);
    EXPECT_TRUE(spool.healthy());
    EXPECT_EQ(spool.server_id(), "server-1");
    auto name = run(folder_name(spool, "INBOX"));
    ASSERT_TRUE(name) << name.error().detail;
    EXPECT_EQ(*name, "INBOX");
    EXPECT_EQ(spool.pending(), 0u);
}

// Restores the level: it belongs to the whole process.
struct LogLevelKept {
    ~LogLevelKept() { log_set_level(LogLevel::info); }
};

TEST_F(SpoolTest, AnAdministratorsLogLevelReachesDaemonsAlreadyConnectedAndLaterOnes) {
    const LogLevelKept kept;
    log_set_level(LogLevel::info);
    Spool first(loop_, options());
    connect(first);
    spoold_->streams().set_log_level("error");
    // What was said before a call comes before its reply.
    ASSERT_TRUE(run(folder_name(first, "INBOX")));
    EXPECT_FALSE(log_enabled(LogLevel::warn));

    log_set_level(LogLevel::info);
    Spool second(loop_, options());
    connect(second);
    EXPECT_FALSE(log_enabled(LogLevel::warn));
}

v1::PluginReload plugin_reload(std::uint64_t number, v1::ReloadAction action = v1::RELOAD_ACTION_UNSPECIFIED) {
    v1::PluginReload reload;
    reload.set_number(number);
    reload.set_action(action);
    return reload;
}

Async<void> wait_for_reload(Spool& spool, std::uint64_t number) {
    while (spool.plugin_reload().number() < number) co_await spool.plugin_reloaded().wait();
}

TEST_F(SpoolTest, AReloadOfPluginsReachesEachDaemonOnce) {
    Spool spool(loop_, options());
    connect(spool);
    EXPECT_EQ(spool.plugin_reload().number(), 0u);
    EXPECT_EQ(spoold_->streams().tell_plugin_reload(plugin_reload(7, v1::RELOAD_ACTION_TRY)).size(), 1u);
    EXPECT_TRUE(spoold_->streams().tell_plugin_reload(plugin_reload(7)).empty());
    ASSERT_TRUE(run(wait_for_reload(spool, 7)));
    EXPECT_EQ(spool.plugin_reload().action(), v1::RELOAD_ACTION_TRY);
    EXPECT_EQ(spoold_->streams().tell_plugin_reload(plugin_reload(8)).size(), 1u);
    ASSERT_TRUE(run(wait_for_reload(spool, 8)));
}

Async<void> subscribe_to_nothing(Spool& spool) {
    v1::SetSubscribed request;
    co_await spool.call(std::move(request));
}

TEST_F(SpoolTest, CallsAndRefusalsAreCounted) {
    Spool spool(loop_, options());
    connect(spool);
    ASSERT_TRUE(run(folder_name(spool, "INBOX")));
    EXPECT_FALSE(run(subscribe_to_nothing(spool)));
    const auto text = spoold_->metrics();
    EXPECT_NE(text.find("tayori_fake_calls_total{call=\"get_folder\"} 1"), std::string::npos) << text;
    EXPECT_NE(text.find("tayori_fake_calls_refused_total{call=\"set_subscribed\"} 1"), std::string::npos) << text;
    EXPECT_NE(text.find("tayori_fake_calls_refused_total{call=\"get_folder\"} 0"), std::string::npos) << text;
}

Async<void> count_name(Spool& spool, int i, int& right) {
    auto name = co_await folder_name(spool, cat("folder ", i));
    if (name == cat("folder ", i)) ++right;
}

Async<void> many_names(Spool& spool, net::Loop& loop, int& right) {
    Tasks tasks;
    Event ended;
    for (int i = 0; i < 1000; ++i)
        tasks.spawn(count_name(spool, i, right), [&](Result<void>) { ended.notify(); });
    while (tasks.size() != 0) co_await loop.wait(ended, loop.in(std::chrono::seconds(10)));
}

TEST_F(SpoolTest, ManyCallsAreInFlight) {
    Spool spool(loop_, options());
    connect(spool);
    int right = 0;
    ASSERT_TRUE(run(many_names(spool, loop_, right)));
    EXPECT_EQ(right, 1000);
}

Async<void> get_quota(Spool& spool, rpc::CallOptions options) {
    co_await spool.call(v1::GetQuota(), "", options);
}

TEST_F(SpoolTest, ACallWithoutReplyEndsAsBusyAtItsDeadline) {
    Spool spool(loop_, options());
    connect(spool);
    auto outcome = run(get_quota(spool, {.timeout = std::chrono::milliseconds(1)}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::busy);
    EXPECT_EQ(spool.pending(), 0u);
}

TEST_F(SpoolTest, ErrorsComeThroughWhole) {
    Spool spool(loop_, options());
    connect(spool);
    auto outcome = run(spool.call(v1::ListFolders()));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::unsupported);
    EXPECT_EQ(outcome.error().text, "Not supported.");
}

TEST_F(SpoolTest, OnlySmtpdMayDeliver) {
    Spool spool(loop_, options());
    connect(spool);
    auto outcome = run(spool.call(v1::Resolve()));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::denied);

    auto smtpd = options();
    smtpd.program = "smtpd";
    Spool delivery(loop_, smtpd);
    connect(delivery);
    auto allowed = run(delivery.call(v1::Resolve()));
    ASSERT_FALSE(allowed);
    EXPECT_EQ(allowed.error().kind, Kind::unsupported);  // the fake's answer: it got there
}

TEST_F(SpoolTest, AnUnknownProgramIsDenied) {
    auto unknown = options();
    unknown.program = "strangerd";
    Spool spool(loop_, unknown);
    auto connected = run(spool.connect());
    ASSERT_FALSE(connected);
    EXPECT_EQ(connected.error().kind, Kind::denied);
}

Async<std::uint64_t> fetch(Spool& spool, std::uint64_t bytes) {
    v1::FetchBodies request;
    request.add_ranges()->set_bytes(bytes);
    auto stream = spool.stream(std::move(request));
    std::uint64_t got = 0;
    for (;;) {
        auto reply = co_await stream.next();
        if (!reply) break;
        for (const auto& chunk : reply->chunks()) got += chunk.data().size();
    }
    co_return got;
}

TEST_F(SpoolTest, AStreamGivesCreditAsItIsConsumed) {
    Spool spool(loop_, options());
    connect(spool);
    auto got = run(fetch(spool, 20'000'000));
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, 20'000'000u);
}

Async<void> fetch_first_only(Spool& spool, std::uint64_t bytes) {
    v1::FetchBodies request;
    request.add_ranges()->set_bytes(bytes);
    auto stream = spool.stream(std::move(request));
    auto reply = co_await stream.next();
    // Another call goes through while nobody consumes the stream.
    auto name = co_await folder_name(spool, "INBOX");
}

TEST_F(SpoolTest, AStreamThatNobodyConsumesStopsAtItsCreditAndIsCancelled) {
    Spool spool(loop_, options());
    connect(spool);
    ASSERT_TRUE(run(fetch_first_only(spool, 1'000'000'000)));
    ASSERT_TRUE(run(folder_name(spool, "INBOX")));  // a turn of the loop takes the cancel out
    EXPECT_TRUE(spoold_->handler.wait_cancelled(1));
    EXPECT_LE(spoold_->handler.pieces_made, 8u);  // 1 MiB and what the first reply gave back
}

Async<void> change_flags(Spool& spool, std::vector<std::string>& log) {
    v1::StoreFlags request;
    request.set_folder_id(7);
    auto reply = co_await spool.call(std::move(request));
    log.push_back(cat("reply ", reply.modseq()));
}

TEST_F(SpoolTest, AnEventComesBeforeTheReplyOfItsCause) {
    Spool spool(loop_, options());
    connect(spool);
    std::vector<std::string> log;
    auto watch = spool.on_folder(
        7, [&](const v1::FolderEvent& event) { log.push_back(cat("event ", event.modseq())); });
    auto other = spool.on_folder(8, [&](const v1::FolderEvent&) { log.push_back("wrong folder"); });
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(run(change_flags(spool, log)));
    ASSERT_EQ(log.size(), 200u);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(log[2 * i], cat("event ", i + 1));
        EXPECT_EQ(log[2 * i + 1], cat("reply ", i + 1));
    }
    watch.reset();
    ASSERT_TRUE(run(change_flags(spool, log)));
    EXPECT_EQ(log.size(), 201u);
}

Async<Kind> quota_outcome(Spool& spool) {
    auto outcome = co_await spool.call(v1::GetQuota()).result();
    co_return outcome ? Kind::internal : outcome.error().kind;
}

Async<void> wait_healthy(Spool& spool) {
    while (!spool.healthy()) co_await spool.connected().wait();
}

TEST_F(SpoolTest, WhenSpooldDiesWaitersEndAsBusyAndSubscriptionsAreTold) {
    Spool spool(loop_, options());
    connect(spool);
    int resyncs = 0;
    auto watch = spool.on_folder(
        7, [&](const v1::FolderEvent& event) { resyncs += event.resync() ? 1 : 0; });
    std::thread killer([this] {
        EXPECT_TRUE(spoold_->handler.wait_held(1));
        spoold_.reset();
        start();
    });
    auto kind = run(quota_outcome(spool));
    killer.join();
    ASSERT_TRUE(kind);
    EXPECT_EQ(*kind, Kind::busy);
    ASSERT_TRUE(run(wait_healthy(spool)));
    EXPECT_EQ(resyncs, 1);
    EXPECT_TRUE(run(folder_name(spool, "INBOX")));
}

Async<void> append(Spool& spool, std::string id) {
    v1::Append request;
    request.set_request_id(std::move(id));
    request.set_bytes("From: a\r\n\r\n");
    co_await spool.call(std::move(request));
}

TEST_F(SpoolTest, AWriteWithARequestIdIsRepeatedOnceAfterAReconnect) {
    Spool spool(loop_, options());
    connect(spool);
    std::thread killer([this] {
        EXPECT_TRUE(spoold_->handler.wait_held(1));
        spoold_.reset();
        start();
        EXPECT_TRUE(spoold_->handler.wait_held(1));
        spoold_->handler.release();
    });
    auto outcome = run(append(spool, "append-1"));
    killer.join();
    EXPECT_TRUE(outcome);
    EXPECT_EQ(spoold_->handler.appended(), std::vector<std::string>{"append-1"});
}

TEST_F(SpoolTest, ACallWhileDisconnectedWaitsForTheReconnect) {
    spoold_.reset();
    Spool spool(loop_, options());
    std::thread starter([this] { start(); });
    auto name = run(folder_name(spool, "INBOX"));
    starter.join();
    ASSERT_TRUE(name) << name.error().detail;
}

TEST_F(SpoolTest, ACallWithoutSpooldEndsAsBusySoon) {
    spoold_.reset();
    auto impatient = options();
    impatient.patience = std::chrono::milliseconds(10);
    Spool spool(loop_, impatient);
    auto name = run(folder_name(spool, "INBOX"));
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().kind, Kind::busy);
}

TEST_F(SpoolTest, AboveTheBoundOfPendingCallsIsBusy) {
    auto bounded = options();
    bounded.calls_pending_max = 2;
    Spool spool(loop_, bounded);
    connect(spool);
    Tasks tasks;
    tasks.spawn(get_quota(spool, {}));
    tasks.spawn(get_quota(spool, {}));
    auto outcome = run(get_quota(spool, {}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::busy);
    EXPECT_EQ(spool.pending(), 2u);
}

TEST_F(SpoolTest, AGracefulStopAnswersWhatRunsAndRefusesWhatComes) {
    Spool spool(loop_, options());
    connect(spool);
    std::thread stopper([this] {
        EXPECT_TRUE(spoold_->handler.wait_held(2));
        std::thread releaser([this] { spoold_->handler.release(); });
        spoold_->streams().drain(std::chrono::system_clock::now() + std::chrono::seconds(10));
        releaser.join();
        EXPECT_TRUE(spoold_->handler.wait_closed(2));
    });
    Tasks tasks;
    tasks.spawn(get_quota(spool, {}));
    auto outcome = run(get_quota(spool, {}));
    stopper.join();
    EXPECT_TRUE(outcome);
    EXPECT_FALSE(run(get_quota(spool, {.timeout = std::chrono::milliseconds(1)})));
}

Async<void> quotas(Spool& spool, net::Loop& loop, int count, int& answered) {
    Tasks tasks;
    Event ended;
    for (int i = 0; i < count; ++i) {
        tasks.spawn(get_quota(spool, {}), [&](Result<void> outcome) {
            answered += outcome ? 1 : 0;
            ended.notify();
        });
    }
    while (tasks.size() != 0) co_await loop.wait(ended, loop.in(std::chrono::seconds(10)));
}

TEST_F(SpoolTest, AboveTheBoundOfCallsInFlightSpooldReadsNoMore) {
    constexpr int kCalls = 3 * static_cast<int>(kCallsInFlightMax);
    auto many = options();
    many.calls_pending_max = kCalls;
    Spool spool(loop_, many);
    connect(spool);
    std::size_t most = 0;
    std::thread releaser([&] {
        std::size_t released = 0;
        while (released < kCalls) {
            EXPECT_TRUE(spoold_->handler.wait_held(1));
            const auto held = spoold_->handler.held();
            most = std::max(most, held);
            released += spoold_->handler.release();
        }
    });
    int answered = 0;
    EXPECT_TRUE(run(quotas(spool, loop_, kCalls, answered)));
    releaser.join();
    EXPECT_EQ(answered, kCalls);
    // A frame that was read is taken in whole.
    EXPECT_LE(most, kCallsInFlightMax + static_cast<std::size_t>(rpc::kFrameCallsMax));
}

grpc::Status say_hello(const std::string& path, const v1::ClientFrame& frame,
                       std::uint32_t& version) {
    auto stub = v1::SpoolStream::NewStub(
        grpc::CreateChannel("unix:" + path, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    auto stream = stub->Open(&context);
    stream->Write(frame);
    v1::ServerFrame reply;
    if (stream->Read(&reply)) {
        version = reply.welcome().version();
        context.TryCancel();
    }
    return stream->Finish();
}

TEST_F(SpoolTest, VersionsAreAgreedOnOrRefused) {
    v1::ClientFrame frame;
    std::uint32_t version = 0;
    EXPECT_EQ(say_hello(path_, frame, version).error_code(), grpc::StatusCode::INVALID_ARGUMENT);

    auto& hello = *frame.mutable_hello();
    hello.set_program("imapd");
    hello.set_kind(v1::STREAM_KIND_CONTROL);
    hello.set_version(rpc::kVersion + 1);  // also speaks ours
    say_hello(path_, frame, version);
    EXPECT_EQ(version, rpc::kVersion);

    version = 0;
    hello.set_version(rpc::kVersion + 2);
    EXPECT_EQ(say_hello(path_, frame, version).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(version, 0u);
    hello.set_version(0);
    EXPECT_EQ(say_hello(path_, frame, version).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(SpoolTest, ACallThatIsTooLargeIsRefusedByItself) {
    Spool spool(loop_, options());
    connect(spool);
    auto outcome = run(folder_name(spool, std::string(rpc::kMessageBytesMax, 'x')));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, Kind::too_big);
    EXPECT_TRUE(run(folder_name(spool, std::string(rpc::kFrameBytesSoft * 4, 'x'))));
}

}  // namespace
}  // namespace tayori::spool
