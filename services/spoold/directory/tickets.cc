// A ticket's bytes: version, account id (8), generation (8), protocol, and their HMAC-SHA-256.
#include "spoold/directory/tickets.h"

#include "common/crypto/crypto.h"
#include "spoold/directory/core.h"

namespace tayori::spool {
namespace {

constexpr char kTicketVersion = 1;
constexpr std::size_t kTicketClaimBytes = 1 + 8 + 8 + 1;
constexpr unsigned kImapGenerationShift = 40;  // above any number of password changes
constexpr std::size_t kTicketBytes = kTicketClaimBytes + 32;

tl::unexpected<Error> void_ticket(std::string detail) {
    return fail(Kind::auth_failed, "Log in again.", std::move(detail));
}

}  // namespace

std::uint64_t login_generation(const stored::v1::StoredAccount& account, v1::Protocol protocol) {
    const auto imap = protocol == v1::PROTOCOL_IMAP ? account.imap_generation() : 0;
    return account.generation() + (std::uint64_t{imap} << kImapGenerationShift);
}

class Tickets::Cache : public VersionedCache<TicketHolder> {
  public:
    Cache() : VersionedCache(kTicketCacheMax) {}
};

Tickets::Tickets(std::shared_ptr<DirectoryCore> core) : core_(std::move(core)), cache_(std::make_unique<Cache>()) {}
Tickets::~Tickets() = default;

std::string Tickets::issue(TicketHolder holder, std::uint64_t generation) const {
    std::string claim(1, kTicketVersion);
    claim += encode_u64(holder.account_id);
    claim += encode_u64(generation);
    claim.push_back(static_cast<char>(holder.protocol));
    return claim + crypto::hmac_sha256(core_->ticket_key, claim);
}

Result<TicketHolder> Tickets::verify(std::string_view ticket) const {
    if (ticket.size() != kTicketBytes || ticket.front() != kTicketVersion) return void_ticket("malformed ticket");
    const auto version = core_->version.load();
    // Only whole tickets that were right are in there, and a hash table tells nothing about a wrong one.
    if (auto kept = cache_->find(ticket, version)) return *kept;
    const auto claim = ticket.substr(0, kTicketClaimBytes);
    if (!crypto::constant_time_equal(crypto::hmac_sha256(core_->ticket_key, claim), ticket.substr(kTicketClaimBytes)))
        return void_ticket("forged ticket");
    const TicketHolder holder{decode_u64(claim.substr(1, 8)),
                              static_cast<v1::Protocol>(static_cast<unsigned char>(claim.back()))};
    auto account = read_row<stored::v1::StoredAccount>(StoreRows(core_->store), row_key::account(holder.account_id));
    if (!account) return fail(std::move(account.error()));
    if (!*account || (*account)->state() != stored::v1::STORED_STATE_ACTIVE ||
        login_generation(**account, holder.protocol) != decode_u64(claim.substr(9, 8)))
        return void_ticket("the account or its credentials have changed");
    cache_->put(ticket, version, holder);
    return holder;
}

}  // namespace tayori::spool
