// SRS of this site: reverse paths of mail that is forwarded, and the way back. Thread-safe; must outlive the store's last `done`.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/mail/srs.h"
#include "spoold/directory/directory.h"
#include "spoold/store/store.h"
#include "tayori/spool/stored/v1/dkim.pb.h"
#include "tayori/spool/v1/srs.pb.h"

namespace tayori::spool {

struct ForwardingOptions {
    std::string domain;               // of rewritten addresses; empty: of the domain that forwards
    std::uint32_t days = 21;          // that they live
    std::uint32_t rotate_days = 90;   // 0: only by hand
};

inline constexpr int kSrsKeysMax = 32;  // the oldest goes before its time

class Forwarding {
  public:
    // Makes the first key, so it may wait for one commit. invalid: no domain.
    static Result<std::unique_ptr<Forwarding>> open(store::Store& store, const Clock& clock, ForwardingOptions options);

    // The reverse path for mail of `sender` that an address of our `domain` passes on; `sender` itself where nothing is to be done.
    std::string reverse_path(const std::string& sender, const std::string& domain) const;
    // Whom a recipient as it came over SMTP leads back to. None: it is no such address of ours. not_found: it is not valid.
    std::optional<Result<std::string>> behind(const std::string& recipient) const;

    v1::SrsState show(const v1::GetSrsRequest& request = {}) const;
    void rotate(Answer<v1::SrsState> done);
    void tick();  // rotates when it is time; waits for the commit

  private:
    Forwarding(store::Store& store, const Clock& clock, ForwardingOptions options)
        : store_(store), clock_(clock), options_(std::move(options)) {}
    std::int64_t now_s() const { return clock_.now_ms() / kMillisPerSecond; }
    bool is_ours(const std::string& domain) const;
    bool is_due() const;
    mail::Srs srs() const;
    void take(const stored::v1::StoredSrsKeys& keys);

    store::Store& store_;
    const Clock& clock_;
    ForwardingOptions options_;
    mutable std::mutex mutex_;
    stored::v1::StoredSrsKeys keys_;
};

}  // namespace tayori::spool
