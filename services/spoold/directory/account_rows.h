// The rows of accounts, for the files of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "spoold/directory/core.h"

namespace tayori::spool {

struct AccountRow {
    std::uint64_t id = 0;
    stored::v1::StoredAccount account;
};

// The living account of exactly this address; not_found, with a sentence for administrators.
Result<AccountRow> find_account(const Rows& rows, const Name& name);
Result<AccountRow> find_account(const Rows& rows, std::string_view address);
Result<stored::v1::StoredCredentials> read_credentials(const Rows& rows, std::uint64_t id);

// Everything that an administrator sees but the mailbox's facts, which add_facts() adds outside of mutations.
Result<v1::Account> describe(const Rows& rows, const AccountRow& row);
void add_facts(const DirectoryCore& core, v1::Account& account);
// A change of one account: finds it, changes it, describes it.
Answer<v1::Account> with_facts(const CorePtr& core, Answer<v1::Account> done);

// exists, if the address is an account or an alias; no_target, if the domain is none of ours.
Result<void> check_free(const Rows& rows, const Name& name);
Result<stored::v1::StoredDomain> domain_of_account(const Rows& rows, const std::string& domain);
// Adds to the count of the domain's accounts.
Result<void> count_account(store::Transaction& transaction, const std::string& domain, int by);

std::uint32_t all_protocols();
template <class List>
Result<std::uint32_t> protocol_bits(const List& protocols) {
    std::uint32_t bits = 0;
    for (const int protocol : protocols) {
        if (protocol <= v1::PROTOCOL_UNSPECIFIED || !v1::Protocol_IsValid(protocol))
            return fail(Kind::invalid, "No such protocol: imap, pop3 and submission exist.");
        bits |= 1U << protocol;
    }
    return bits;
}
std::string protocols_text(std::uint32_t bits);  // "imap,pop3"
inline bool allows(std::uint32_t bits, v1::Protocol protocol) { return (bits >> protocol & 1U) != 0; }

}  // namespace tayori::spool
