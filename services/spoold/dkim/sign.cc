// What carriers need: which keys sign, and signatures.
#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/core.h"
#include "spoold/dkim/dkim.h"
#include "spoold/dkim/row.h"

namespace tayori::spool {

namespace {
constexpr std::size_t kSha256Bytes = 32;
}

std::uint64_t Dkim::version() const { return version_.load() + directory_.core()->version.load(); }

Result<crypto::SigningKey> Dkim::unsealed(const stored::v1::StoredDkimKey& row, const std::string& row_key) const {
    auto secret = sealer_.open(row.sealed(), row_key);
    if (!secret) return fail(std::move(secret.error()));
    return crypto::SigningKey::from_private(*secret);
}

Result<std::vector<v1::DkimKey>> Dkim::keys_for(const std::string& domain) {
    const auto at = version();
    if (auto kept = keys_of_.find(domain, at)) return *std::move(kept);
    std::vector<v1::DkimKey> keys;
    if (domain.empty()) return keys;
    std::optional<Error> damaged;
    const auto range = dkim_row::range(domain);
    auto scanned = store_.snapshot()->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto row = decode_stored<stored::v1::StoredDkimKey>(value);
        if (!row) {
            damaged = std::move(row.error());
            return false;
        }
        if (row->state() != v1::DkimEntry::STATE_SIGNING) return true;
        auto names = dkim_row::names(key);
        if (auto usable = unsealed(*row, std::string(key)); !usable) {
            log_warn("a key of DKIM can't be opened: mail goes unsigned",
                     {{"domain", names.domain}, {"selector", names.selector}, {"why", usable.error().text}});
            return true;
        }
        auto& out = keys.emplace_back();
        out.set_domain(std::move(names.domain));
        out.set_selector(std::move(names.selector));
        out.set_algorithm(static_cast<v1::DkimAlgorithm>(row->algorithm()));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (damaged) return fail(std::move(*damaged));
    keys_of_.put(domain, at, keys);
    return keys;
}

Result<std::shared_ptr<const crypto::SigningKey>> Dkim::opened(const std::string& domain, const std::string& selector) {
    const auto at = version();
    const auto row_key = dkim_row::key(domain, selector);
    if (auto kept = opened_.find(row_key, at)) return *std::move(kept);
    auto row = read_row<stored::v1::StoredDkimKey>(StoreRows(store_), row_key);
    if (!row) return fail(std::move(row.error()));
    // One that waits has no record yet; a retired one may have been given out with a lease before it retired.
    if (!*row || (*row)->state() == v1::DkimEntry::STATE_WAITING)
        return fail(Kind::not_found, "There is no such key.", cat("no key ", selector, " of ", domain, " signs"));
    auto key = unsealed(**row, row_key);
    if (!key) return fail(Kind::not_found, "The key cannot be opened.", std::move(key.error().text));
    auto shared = std::make_shared<const crypto::SigningKey>(std::move(*key));
    opened_.put(row_key, at, shared);
    return shared;
}

Result<v1::SignDkimReply> Dkim::sign(const v1::SignDkim& request) {
    if (static_cast<std::size_t>(request.digests_size()) > kDkimDigestsMax)
        return fail(Kind::invalid, "Too many digests in one call.");
    v1::SignDkimReply reply;
    for (const auto& digest : request.digests()) {
        if (digest.sha256().size() != kSha256Bytes) return fail(Kind::invalid, "A digest has 32 octets.");
        auto key = opened(digest.domain(), digest.selector());
        if (!key) return fail(std::move(key.error()));
        auto signature = (*key)->sign_digest(digest.sha256());
        if (!signature) return fail(std::move(signature.error()));
        reply.add_signatures(std::move(*signature));
    }
    return reply;
}

}  // namespace tayori::spool
