// What the outbound queue costs over the embedded engine: traces at intake, 100,000 mails that wait, a restart with them, and
// carrying them.
//
//   bench_queue [directory]     the store is made there and removed; default /dev/shm, where a sync costs nothing
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>

#include "common/base/text.h"
#include "spoold/intake/intake.h"
#include "spoold/queue/outgoing.h"
#include "spoold/store/engine.h"

namespace tayori::spool {
namespace {

constexpr int kQueued = 100'000;
constexpr std::size_t kQueuedBytes = 4096;
constexpr int kDestinations = 5'000;
constexpr int kInFlight = 64;

double wall_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double used_cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
double heap_mib() {
    const auto info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / (1024 * 1024);
}

template <class Work>
void measure(const char* what, double count, Work work) {
    const auto wall = wall_s();
    const auto cpu = used_cpu_s();
    const auto heap = heap_mib();
    work();
    std::printf("%-40s %10.0f mail/s  %8.2f us cpu each  %+8.1f MiB\n", what, count / (wall_s() - wall), 1e6 * (used_cpu_s() - cpu) / count,
                heap_mib() - heap);
    std::fflush(stdout);
}

// Calls `one(i, done)` for each i, so many at a time.
template <class One>
void all(int count, One one) {
    std::mutex mutex;
    std::condition_variable freed;
    int running = 0;
    for (int i = 0; i < count; ++i) {
        std::unique_lock lock(mutex);
        freed.wait(lock, [&] { return running < kInFlight; });
        ++running;
        lock.unlock();
        one(i, [&] {
            std::lock_guard locked(mutex);
            --running;
            freed.notify_one();
        });
    }
    std::unique_lock lock(mutex);
    freed.wait(lock, [&] { return running == 0; });
}

class QueueBench {
  public:
    explicit QueueBench(const std::string& directory) : directory_(directory), sealer_(directory + "/secrets.key") {
        store::Options options;
        options.directory = directory_;
        options.clock = &clock_;
        options.free_min_bytes = 0;
        store_ = std::move(*store::open_embedded(std::move(options)));
        LimitsSource limits{[](store::Transaction&, std::uint64_t) { return AccountLimits{true, 0, 0}; },
                            [](std::uint64_t) -> Result<AccountLimits> { return AccountLimits{true, 0, 0}; }};
        mailboxes_ = std::make_unique<Mailboxes>(*store_, hub_, clock_, limits, MailboxSettings());
        std::promise<void> made;
        store::Request request;
        request.apply = [&](store::Transaction& t) { return mailboxes_->hooks().create(t, 1); };
        request.done = [&](Result<void>) { made.set_value(); };
        store_->submit(std::move(request));
        made.get_future().wait();
    }
    ~QueueBench() {
        outgoing_.reset();
        store_.reset();
    }

    void start_queue() {
        outgoing_.reset();
        OutgoingHooks hooks;
        hooks.is_ours = [](const std::string& domain) -> Result<bool> { return domain == "ours.test"; };
        routes_ = std::make_unique<Routes>(*store_, sealer_, hooks.is_ours);
        OutgoingOptions options;
        options.reclaim_wait_ms = 0;
        outgoing_ = std::make_unique<Outgoing>(*store_, clock_, *routes_, options, std::move(hooks));
        if (!outgoing_->start(nullptr)) std::abort();
    }

    void intake(int mails, bool traces, bool outbound) {
        IntakeOptions options;
        options.traces = traces;
        if (outbound) options.queued = [this](const std::vector<QueuedMail>& queued) { outgoing_->queued(queued); };
        Intake intake(*mailboxes_, std::move(options));
        all(mails, [&](int i, std::function<void()> done) {
            intake.commit_plan(plan(i, outbound), [done = std::move(done)](Result<v1::CommitPlanReply> reply) {
                if (!reply) std::abort();
                done();
            });
        });
    }

    int carry() {
        int carried = 0;
        std::mutex mutex;
        std::condition_variable freed;
        for (;;) {
            v1::LeaseMail wanted;
            wanted.set_mails_max(100);
            v1::Lease lease;
            outgoing_->lease_mail(wanted, LeaseStream{1}, 1, [&](Result<v1::LeaseMailReply> reply) { lease = std::move(*reply->mutable_lease()); });
            if (lease.mails_size() == 0) return carried;
            int running = lease.mails_size();
            for (const auto& mail : lease.mails()) {
                v1::ReportMail report;
                report.set_lease_id(lease.lease_id());
                report.set_queue_id(mail.queue_id());
                report.add_outcomes()->set_outcome(v1::CARRY_OUTCOME_DELIVERED);
                outgoing_->report_mail(report, [&](Result<v1::ReportMailReply>) {
                    std::lock_guard lock(mutex);
                    --running;
                    freed.notify_one();
                });
            }
            std::unique_lock lock(mutex);
            freed.wait(lock, [&] { return running == 0; });
            carried += lease.mails_size();
            v1::EndLease end;
            end.set_lease_id(lease.lease_id());
            if (!outgoing_->end_lease(end)) std::abort();
        }
    }

  private:
    static Shared<v1::CommitPlan> plan(int number, bool outbound) {
        auto plan = std::make_shared<v1::CommitPlan>();
        plan->set_trace_id(cat("trace", number));
        plan->set_reverse_path(cat("user", number % 1'000, "@ours.test"));
        plan->set_client("192.0.2.25");
        std::string header = cat("Subject: mail ", number, "\r\n\r\n");
        plan->set_bytes(header + std::string(kQueuedBytes - header.size(), 'b'));
        plan->mutable_summary()->set_message_id(cat("<", number, ".0123456789@example.test>"));
        if (!outbound) {
            plan->add_deliveries()->set_account_id(1);
            return plan;
        }
        auto& out = *plan->add_outbound();
        out.set_reverse_path(plan->reverse_path());
        out.add_recipients()->set_address(cat("somebody@d", number % kDestinations, ".example.net"));
        return plan;
    }

    const std::string directory_;
    SystemClock clock_;
    Hub hub_;
    crypto::Sealer sealer_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Mailboxes> mailboxes_;
    std::unique_ptr<Routes> routes_;
    std::unique_ptr<Outgoing> outgoing_;
};

void run(const std::string& directory) {
    QueueBench bench(directory);
    for (int i = 0; i < 3; ++i) {
        measure("deliver, without trace", 20'000, [&] { bench.intake(20'000, false, false); });
        measure("deliver, with trace", 20'000, [&] { bench.intake(20'000, true, false); });
    }
    bench.start_queue();
    measure("queue 100,000", kQueued, [&] { bench.intake(kQueued, true, true); });
    measure("deliver, beside 100,000 queued", 20'000, [&] { bench.intake(20'000, true, false); });
    measure("the schedule is made again", kQueued, [&] { bench.start_queue(); });
    int carried = 0;
    measure("carry 100,000", kQueued, [&] { carried = bench.carry(); });
    std::printf("%d carried\n", carried);
}

}  // namespace
}  // namespace tayori::spool

int main(int argc, char** argv) {
    const std::filesystem::path parent = argc > 1 ? argv[1] : "/dev/shm";
    const auto directory = parent / tayori::cat("tayori-bench-queue-", ::getpid());
    std::filesystem::create_directories(directory);
    tayori::spool::run(directory.string());
    std::filesystem::remove_all(directory);
    return 0;
}
