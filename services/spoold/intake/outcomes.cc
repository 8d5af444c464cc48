#include "spoold/intake/outcomes.h"

#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {
namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

std::uint32_t day_of(std::int64_t ms) { return static_cast<std::uint32_t>(ms / kDayMs); }
std::uint32_t today(const store::Transaction& transaction) { return day_of(transaction.now_ms()); }

}  // namespace

Result<void> check_request_id(std::string_view request_id) {
    if (request_id.size() > kRequestIdBytesMax) return fail(Kind::invalid, "Request id too long.");
    return {};
}

std::optional<std::string> find_outcome(store::Transaction& transaction, AccountId account,
                                        std::string_view request_id) {
    const auto day = today(transaction);
    if (auto outcome = transaction.get(keys::outcome(day, account, request_id))) return outcome;
    if (day == 0) return std::nullopt;
    return transaction.get(keys::outcome(day - 1, account, request_id));
}

void keep_outcome(store::Transaction& transaction, AccountId account, std::string_view request_id,
                  std::string_view outcome) {
    transaction.put(keys::outcome(today(transaction), account, request_id), outcome);
}

bool has_old_outcomes(const store::Snapshot& snapshot, std::int64_t now_ms) {
    if (now_ms < kDayMs) return false;
    const auto range = keys::outcomes_before(day_of(now_ms) - 1);
    bool any = false;
    const auto scanned = snapshot.scan(range.from, range.to,
                                       [&](std::string_view, std::string_view) { return !(any = true); });
    return scanned && any;
}

void forget_old_outcomes(store::Transaction& transaction) {
    const auto day = today(transaction);
    if (day < 1) return;
    const auto range = keys::outcomes_before(day - 1);
    transaction.erase_range(range.from, range.to);
}

}  // namespace tayori::spool
