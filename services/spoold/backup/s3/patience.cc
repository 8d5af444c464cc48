#include "spoold/backup/s3/patience.h"

#include <algorithm>

#include "common/crypto/crypto.h"

namespace tayori::spool::s3 {
namespace {

constexpr unsigned kAttemptsMax = 30;
constexpr std::int64_t kFirstPauseMs = 200;
constexpr std::int64_t kPauseMsMax = 10'000;
constexpr unsigned kDoublingsMax = 10;

// Refusals that are none for good. RequestTimeout and IncompleteBody: our bytes came too slowly, or not all; the digests: they came
// otherwise than we sent them.
constexpr std::string_view kPassing[] = {"RequestTimeout", "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch",
                                         "InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted",
                                         "TooManyRequests", "Throttling", "ThrottlingException", "ConditionalRequestConflict"};
constexpr int kPassingStatuses[] = {408, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524};

}  // namespace

Verdict verdict_of(int status, std::string_view code) {
    if (std::ranges::find(kPassing, code) != std::end(kPassing)) return Verdict::again;
    if (std::ranges::find(kPassingStatuses, status) != std::end(kPassingStatuses)) return Verdict::again;
    return status >= 200 && status < 300 && code.empty() ? Verdict::fine : Verdict::final;
}

Patience::Patience(const Clock& clock, std::chrono::milliseconds longest, const Pause& pause)
    : clock_(clock), pause_(pause), until_(clock.now_ms() + longest.count()) {}

bool Patience::again() {
    const auto left = until_ - clock_.now_ms();
    if (attempts_ >= kAttemptsMax || left <= 0) return false;
    const auto whole = std::min(kFirstPauseMs << std::min(attempts_ - 1, kDoublingsMax), kPauseMsMax);
    const auto half = whole / 2;
    const auto chance = static_cast<std::int64_t>(crypto::random_u64() % static_cast<std::uint64_t>(whole - half + 1));
    ++attempts_;
    return pause_(std::chrono::milliseconds(std::min(half + chance, left)));
}

}  // namespace tayori::spool::s3
