// What the mailbox model costs over the embedded engine: deliveries, snapshots, flags, listings.
//
//   bench_model [directory]     the store is made there and removed; default /dev/shm, where a sync costs nothing
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
#include "spoold/mailbox/mailboxes.h"
#include "spoold/store/engine.h"

namespace tayori::spool {
namespace {

constexpr int kFolder = 20'000;
constexpr std::size_t kMailBytes = 4096;
constexpr std::uint64_t kAccounts = 100;

double now_s() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}
double cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Timing {
    double wall = now_s();
    double cpu = cpu_s();
    void print(const char* what, double count, const char* unit) const {
        const auto w = now_s() - wall;
        const auto c = cpu_s() - cpu;
        std::printf("%-44s %10.0f %s/s  %8.2f ms  %7.2f us cpu each\n", what, count / w, unit, 1e3 * w, 1e6 * c / count);
        std::fflush(stdout);
    }
};

class Bench {
  public:
    explicit Bench(const std::string& directory) {
        store::Options options;
        options.directory = directory;
        options.clock = &clock_;
        options.free_min_bytes = 0;
        store_ = std::move(*store::open_embedded(std::move(options)));
        LimitsSource limits{[](store::Transaction&, std::uint64_t) { return AccountLimits{true, 0, 0}; },
                            [](std::uint64_t) -> Result<AccountLimits> { return AccountLimits{true, 0, 0}; }};
        mailboxes_ = std::make_unique<Mailboxes>(*store_, hub_, clock_, limits, MailboxSettings());
        intake_ = std::make_unique<Intake>(*mailboxes_);
        for (std::uint64_t account = 1; account <= kAccounts; ++account) {
            std::promise<void> made;
            store::Request request;
            request.apply = [&](store::Transaction& t) { return mailboxes_->hooks().create(t, account); };
            request.done = [&](Result<void>) { made.set_value(); };
            store_->submit(std::move(request));
            made.get_future().wait();
        }
    }
    ~Bench() { store_.reset(); }

    // `in_flight` plans at a time, of `recipients` each; account 0: all in turn.
    void deliver(int plans, int in_flight, int recipients, std::uint64_t account) {
        std::mutex mutex;
        std::condition_variable freed;
        int running = 0;
        for (int i = 0; i < plans; ++i) {
            auto plan = make_plan(i, recipients, account);
            std::unique_lock lock(mutex);
            freed.wait(lock, [&] { return running < in_flight; });
            ++running;
            lock.unlock();
            intake_->commit_plan(plan, [&](Result<v1::CommitPlanReply> reply) {
                if (!reply) std::abort();
                std::lock_guard locked(mutex);
                --running;
                freed.notify_one();
            });
        }
        std::unique_lock lock(mutex);
        freed.wait(lock, [&] { return running == 0; });
    }

    std::uint64_t inbox() {
        v1::GetFolder request;
        request.set_name("INBOX");
        return mailboxes_->get_folder(AccountId{1}, request)->folder().folder_id();
    }

    std::vector<std::uint64_t> snapshot(std::uint64_t folder) {
        v1::OpenFolder request;
        request.set_folder_id(folder);
        auto cursor = mailboxes_->open_folder(AccountId{1}, request, nullptr);
        std::vector<std::uint64_t> ids;
        for (bool more = true; more;) {
            v1::OpenFolderReply reply;
            more = *(*cursor)->next(256 * 1024, reply);
            ids.insert(ids.end(), reply.references().message_id().begin(), reply.references().message_id().end());
        }
        return ids;
    }

    void flag_all(std::uint64_t folder, v1::FlagChange change, std::uint32_t flags) {
        v1::StoreFlags request;
        request.set_folder_id(folder);
        request.set_change(change);
        request.set_flags(flags);
        auto* all = request.add_uids();
        all->set_first(1);
        all->set_last(UINT32_MAX);
        std::promise<void> done;
        mailboxes_->store_flags(AccountId{1}, std::make_shared<const v1::StoreFlags>(request),
                                [&](Result<v1::StoreFlagsReply>) { done.set_value(); });
        done.get_future().wait();
    }

    void expunge_all(std::uint64_t folder) {
        v1::Expunge request;
        request.set_folder_id(folder);
        auto* all = request.add_uids();
        all->set_first(1);
        all->set_last(UINT32_MAX);
        std::promise<void> done;
        mailboxes_->expunge(AccountId{1}, std::make_shared<const v1::Expunge>(request),
                            [&](Result<v1::ExpungeReply>) { done.set_value(); });
        done.get_future().wait();
    }

    void copy_all(std::uint64_t folder, bool move) {
        v1::CopyMessages request;
        request.set_folder_id(folder);
        request.set_target_name("Archive");
        request.set_move(move);
        auto* all = request.add_uids();
        all->set_first(1);
        all->set_last(UINT32_MAX);
        std::promise<void> done;
        mailboxes_->copy_messages(AccountId{1}, std::make_shared<const v1::CopyMessages>(request),
                                  [&](Result<v1::CopyMessagesReply>) { done.set_value(); });
        done.get_future().wait();
    }

    int summaries(const std::vector<std::uint64_t>& ids) {
        auto request = std::make_shared<v1::FetchSummaries>();
        request->mutable_message_id()->Add(ids.begin(), ids.end());
        request->set_envelope(true);
        request->set_bodystructure(true);
        auto cursor = mailboxes_->fetch_summaries(AccountId{1}, request);
        int items = 0;
        for (bool more = true; more;) {
            v1::FetchSummariesReply reply;
            more = *(*cursor)->next(256 * 1024, reply);
            items += reply.items_size();
        }
        return items;
    }

  private:
    Shared<v1::CommitPlan> make_plan(int number, int recipients, std::uint64_t account) {
        auto plan = std::make_shared<v1::CommitPlan>();
        plan->set_request_id(cat("bench-", ++requests_, "-0123456789abcdef"));
        std::string header = cat("Subject: mail ", number, "\r\n");
        header.append(600, 'h');
        plan->set_bytes(header + std::string(kMailBytes - header.size(), 'b'));
        auto& summary = *plan->mutable_summary();
        summary.set_envelope(std::string(350, 'e'));
        summary.set_bodystructure(std::string(90, 's'));
        summary.set_body_structure_basic(std::string(70, 's'));
        summary.set_parts(std::string(20, 'p'));
        summary.set_header(header);
        summary.set_header_bytes(static_cast<std::uint32_t>(header.size()));
        summary.set_base_subject(cat("MAIL ", number));
        summary.set_message_id("<1234567890.abcdef@example.test>");
        for (int i = 0; i < recipients; ++i) {
            auto* delivery = plan->add_deliveries();
            const auto in_turn = 1 + (requests_ * 11 + static_cast<std::uint64_t>(i)) % kAccounts;
            delivery->set_account_id(account != 0 ? account : in_turn);
            delivery->set_prefix("Return-Path: <someone@example.test>\r\nDelivered-To: user@example.test\r\n");
        }
        plan->set_received_s(1'700'000'000 + number);
        return plan;
    }

    SystemClock clock_;
    Hub hub_;
    std::uint64_t requests_ = 0;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Mailboxes> mailboxes_;
    std::unique_ptr<Intake> intake_;
};

template <class Work>
void measure(const char* what, double count, const char* unit, Work work) {
    const Timing timing;
    work();
    timing.print(what, count, unit);
}

void run(const std::string& directory) {
    Bench bench(directory);
    measure("deliver 4 KiB, one at a time", 2000, "mail", [&] { bench.deliver(2000, 1, 1, 0); });
    measure("deliver 4 KiB, 64 in flight", 20'000, "mail", [&] { bench.deliver(20'000, 64, 1, 0); });
    measure("deliver 4 KiB to 10, 64 plans in flight", 3000, "plan", [&] { bench.deliver(3000, 64, 10, 0); });
    bench.deliver(kFolder, 64, 1, 1);
    const auto folder = bench.inbox();
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 3; ++i) {
        measure("snapshot of 20,000", kFolder, "ref", [&] { ids = bench.snapshot(folder); });
        measure("summaries of 20,000", kFolder, "mail", [&] { bench.summaries(ids); });
        measure("+\\Seen on 20,000", kFolder, "ref", [&] { bench.flag_all(folder, v1::FLAG_CHANGE_ADD, 8); });
        measure("-\\Seen on 20,000", kFolder, "ref", [&] { bench.flag_all(folder, v1::FLAG_CHANGE_REMOVE, 8); });
    }
    measure("COPY of 20,000", kFolder, "ref", [&] { bench.copy_all(folder, false); });
    measure("MOVE of 20,000", kFolder, "ref", [&] { bench.copy_all(folder, true); });
    bench.deliver(kFolder, 64, 1, 1);
    measure("EXPUNGE of 20,000", kFolder, "ref", [&] { bench.expunge_all(folder); });
}

}  // namespace
}  // namespace tayori::spool

int main(int argc, char** argv) {
    const std::filesystem::path parent = argc > 1 ? argv[1] : "/dev/shm";
    const auto directory = parent / tayori::cat("tayori-bench-model-", ::getpid());
    std::filesystem::create_directories(directory);
    tayori::spool::run(directory.string());
    std::filesystem::remove_all(directory);
    return 0;
}
