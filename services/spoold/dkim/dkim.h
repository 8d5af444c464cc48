// Keys of our domains that sign (proto/tayori/spool/v1/dkim.proto says what each call means).
//
// Thread-safe. Writes call `done` on the committer's thread; must outlive the store's last `done`.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/crypto/sealed.h"
#include "common/crypto/signing_key.h"
#include "spoold/directory/cache.h"
#include "spoold/directory/directory.h"
#include "spoold/store/store.h"
#include "tayori/spool/stored/v1/dkim.pb.h"
#include "tayori/spool/v1/dkim.pb.h"
#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

inline constexpr std::size_t kDkimKeysMax = 20;            // of one domain, retired ones too
inline constexpr std::size_t kDkimDigestsMax = 16;         // of one SignDkim
inline constexpr std::size_t kDkimOpenedMax = 1024;        // private halves kept open
inline constexpr std::size_t kDkimDomainsCached = 4096;    // whose list of keys is kept
inline constexpr std::int64_t kDkimMailTravels = 7 * 86'400;  // seconds: the queue's days, and those of relays behind it

class Dkim {
  public:
    Dkim(store::Store& store, const Clock& clock, const Directory& directory, crypto::Sealer& sealer)
        : store_(store), clock_(clock), directory_(directory), sealer_(sealer) {}
    Dkim(const Dkim&) = delete;
    Dkim& operator=(const Dkim&) = delete;

    void create(const v1::CreateDkimRequest& request, Answer<v1::DkimEntry> done);  // makes the key on the caller's thread
    Result<v1::DkimList> list(const v1::ListDkimRequest& request) const;
    void enable(const v1::DkimRequest& request, Answer<v1::DkimEntry> done);
    void disable(const v1::DkimRequest& request, Answer<v1::DkimEntry> done);
    void remove(const v1::DkimRequest& request, Answer<v1::DkimList> done);

    // Keys that sign for the author's domain (common/mail/dkim.h, author_domain) now, at most one of each algorithm; none: not
    // one of ours, or unsigned. For the leases of carriers: cheap, cached.
    Result<std::vector<v1::DkimKey>> keys_for(const std::string& domain);
    // A millisecond for each digest of RSA: for threads that can be spared so long.
    Result<v1::SignDkimReply> sign(const v1::SignDkim& request);

  private:
    using Change = std::function<Result<v1::DkimEntry>(store::Transaction&)>;
    void submit(Change change, Answer<v1::DkimEntry> done);
    Result<std::shared_ptr<const crypto::SigningKey>> opened(const std::string& domain, const std::string& selector);
    Result<crypto::SigningKey> unsealed(const stored::v1::StoredDkimKey& row, const std::string& row_key) const;
    v1::DkimEntry shown(const std::string& row_key, const stored::v1::StoredDkimKey& row) const;

    // A domain takes its keys along when it goes, so changes of the directory count, too.
    std::uint64_t version() const;

    store::Store& store_;
    const Clock& clock_;
    const Directory& directory_;
    crypto::Sealer& sealer_;
    std::atomic<std::uint64_t> version_{1};  // cache.h
    VersionedCache<std::shared_ptr<const crypto::SigningKey>> opened_{kDkimOpenedMax};
    VersionedCache<std::vector<v1::DkimKey>> keys_of_{kDkimDomainsCached};
};

}  // namespace tayori::spool
