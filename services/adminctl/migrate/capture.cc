#include "adminctl/migrate/capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <thread>

#include "adminctl/import/export.h"
#include "common/base/text.h"
#include "common/legacy/mail_head.h"

namespace tayori::admin {
namespace {

// On disk and whole, or not there at all.
Result<void> write_new(const std::string& path, std::string_view bytes) {
    const auto part = path + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const auto failed = [&] { return fail(Kind::busy, cat(path, " can't be written: ", std::strerror(errno), ".")); };
    if (fd < 0) return failed();
    bool good = true;
    while (good && !bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        good = written > 0;
        if (good) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    good = good && ::fsync(fd) == 0;
    ::close(fd);
    if (!good || ::rename(part.c_str(), path.c_str()) != 0) return failed();
    return {};
}

class Capturing {
  public:
    Capturing(LiveSource& source, const CaptureOptions& options,
              const std::function<void(const legacy::ReportLine&)>& tell)
        : source_(source), options_(options), tell_(tell) {}

    Result<CaptureOutcome> run() {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < std::max(options_.jobs, 1U); ++i) threads.emplace_back([this] { work(); });
        for (auto& thread : threads) thread.join();
        if (failed_) return fail(std::move(*failed_));
        return outcome_;
    }

  private:
    void work() {
        const auto& accounts = source_.plan().accounts;
        for (auto at = next_.fetch_add(1); at < accounts.size() && !stopped_; at = next_.fetch_add(1)) {
            legacy::Report report;
            auto captured = capture(accounts[at], report);
            auto written =
                captured ? write_new(path_of(accounts[at]), legacy::write_capture(*captured)) : Result<void>();
            const std::lock_guard lock(mutex_);
            if (!captured)
                report.add({legacy::Severity::refused,
                            accounts[at].address,
                            accounts[at].directory,
                            0,
                            "live-account-unread",
                            {captured.error().text}});
            for (const auto& line : report.lines()) tell_(line);
            outcome_.refused += report.count(legacy::Severity::refused);
            if (!written) {
                failed_ = std::move(written.error());
                stopped_ = true;
            }
            if (!captured || !written) continue;
            ++outcome_.accounts;
            outcome_.mails += captured->mails.size();
            outcome_.drop += captured->drop.size();
        }
    }

    Result<legacy::Capture> capture(const legacy::Account& account, legacy::Report& report) {
        auto mailbox = source_.mailbox(account, kLookedAtBytesMax);
        auto capture = mailbox->list_all(true, report);
        if (!capture) return capture;
        if (!options_.headers_only) {
            if (auto hashed = mailbox->hash(*capture, report); !hashed) return fail(std::move(hashed.error()));
        }
        capture->product = source_.protocols();
        capture->taken = legacy::format_rfc3339({std::time(nullptr), 0});
        return capture;
    }

    std::string path_of(const legacy::Account& account) const {
        return capture_file(options_.directory, account.address);
    }

    LiveSource& source_;
    const CaptureOptions& options_;
    const std::function<void(const legacy::ReportLine&)>& tell_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> stopped_ = false;
    std::mutex mutex_;
    CaptureOutcome outcome_;
    std::optional<Error> failed_;
};

}  // namespace

Result<CaptureOutcome> capture_accounts(LiveSource& source, const CaptureOptions& options,
                                        const std::function<void(const legacy::ReportLine&)>& tell) {
    std::error_code code;
    std::filesystem::create_directories(options.directory, code);
    for (const auto& account : source.plan().accounts) {
        const auto path = capture_file(options.directory, account.address);
        if (std::filesystem::exists(path, code))
            return fail(Kind::exists, cat(path, " is there already: name another directory for this capture."));
    }
    return Capturing(source, options, tell).run();
}

}  // namespace tayori::admin
