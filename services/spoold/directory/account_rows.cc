#include "spoold/directory/account_rows.h"

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/plugin_rows.h"

namespace tayori::spool {
namespace {

template <class Add>
void for_each_protocol(std::uint32_t bits, Add add) {
    for (int p = v1::Protocol_MIN + 1; p <= v1::Protocol_MAX; ++p)
        if (allows(bits, static_cast<v1::Protocol>(p))) add(static_cast<v1::Protocol>(p));
}

v1::AccountState state_of(const stored::v1::StoredAccount& account) {
    switch (account.state()) {
        case stored::v1::STORED_STATE_ACTIVE: return v1::ACCOUNT_STATE_ACTIVE;
        case stored::v1::STORED_STATE_SUSPENDED: return v1::ACCOUNT_STATE_SUSPENDED;
        case stored::v1::STORED_STATE_DELETED:
            return account.retired_by() != 0 ? v1::ACCOUNT_STATE_RETIRED : v1::ACCOUNT_STATE_DELETED;
        default: return v1::ACCOUNT_STATE_UNSPECIFIED;
    }
}

Result<void> describe_credentials(const Rows& rows, std::uint64_t id, v1::Account& out) {
    auto credentials = read_credentials(rows, id);
    if (!credentials) return fail(std::move(credentials.error()));
    auto use = read_row<stored::v1::StoredUse>(rows, row_key::use(id));
    if (!use) return fail(std::move(use.error()));
    if (*use) out.set_last_login_s((*use)->last_login_s());
    out.set_has_password(credentials->has_password());
    for (const auto& stored : credentials->app_passwords()) {
        auto& shown = *out.add_app_passwords();
        shown.set_name(stored.name());
        shown.set_created_s(stored.created_s());
        for_each_protocol(stored.protocols(), [&](v1::Protocol p) { shown.add_protocols(p); });
        if (!*use) continue;
        const auto at = (*use)->app_passwords().find(stored.name());
        // An older use was of an earlier password of that name.
        if (at != (*use)->app_passwords().end() && at->second >= stored.created_s()) shown.set_last_used_s(at->second);
    }
    return {};
}

}  // namespace

std::uint32_t all_protocols() {
    std::uint32_t bits = 0;
    for (int p = v1::Protocol_MIN + 1; p <= v1::Protocol_MAX; ++p) bits |= 1U << p;
    return bits;
}

std::string protocols_text(std::uint32_t bits) {
    std::string out;
    const auto add = [&](v1::Protocol protocol, std::string_view name) {
        if (allows(bits, protocol)) append(out, out.empty() ? "" : ",", name);
    };
    add(v1::PROTOCOL_IMAP, "imap");
    add(v1::PROTOCOL_POP3, "pop3");
    add(v1::PROTOCOL_SUBMISSION, "submission");
    return out;
}

Result<AccountRow> find_account(const Rows& rows, const Name& name) {
    auto row = read_row<stored::v1::StoredName>(rows, row_key::name(name));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("There is no account ", name.text(), "."));
    if ((*row)->account_id() == 0)
        return fail(Kind::not_found, cat(name.text(), " is an alias, not an account."));
    auto account = read_row<stored::v1::StoredAccount>(rows, row_key::account((*row)->account_id()));
    if (!account) return fail(std::move(account.error()));
    if (!*account) return fail(Kind::corrupt, "The directory is damaged.", "a name without its account");
    return AccountRow{(*row)->account_id(), std::move(**account)};
}

Result<AccountRow> find_account(const Rows& rows, std::string_view address) {
    auto name = parse_name(address);
    if (!name) return fail(std::move(name.error()));
    return find_account(rows, *name);
}

Result<stored::v1::StoredCredentials> read_credentials(const Rows& rows, std::uint64_t id) {
    auto row = read_row<stored::v1::StoredCredentials>(rows, row_key::credentials(id));
    if (!row) return fail(std::move(row.error()));
    return std::move(*row).value_or(stored::v1::StoredCredentials());
}

Result<v1::Account> describe(const Rows& rows, const AccountRow& row) {
    v1::Account out;
    out.set_account_id(row.id);
    out.set_address(row.account.address());
    out.set_state(state_of(row.account));
    for_each_protocol(row.account.protocols(), [&](v1::Protocol p) { out.add_protocols(p); });
    out.set_quota_bytes(row.account.quota_bytes());
    out.set_quota_messages(row.account.quota_messages());
    out.set_display_name(row.account.display_name());
    out.set_created_s(row.account.created_s());
    out.set_deleted_s(row.account.deleted_s());
    auto described = describe_credentials(rows, row.id, out);
    if (!described) return fail(std::move(described.error()));
    auto settings = read_row<stored::v1::StoredPluginSettings>(rows, row_key::plugin_settings(row.id));
    if (!settings) return fail(std::move(settings.error()));
    if (*settings) {
        for (const auto& entry : (*settings)->entries()) {
            auto& shown = *out.add_plugin_settings();
            shown.set_plugin(entry.plugin());
            shown.set_json(entry.json());
            shown.set_file(entry.file());
            shown.set_enabled(enables(entry));
        }
    }
    if (row.account.state() == stored::v1::STORED_STATE_DELETED) return out;
    const auto pointers = row_key::pointers_begin(row.account.address());
    auto scanned = rows.scan(pointers, row_key::end_of(pointers), [&](std::string_view key, std::string_view) {
        auto source = row_key::source_of(key);
        if (source.front() != '@') out.add_aliases(std::move(source));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return out;
}

void add_facts(const DirectoryCore& core, v1::Account& account) {
    auto facts = core.mailboxes.facts(account.account_id());
    if (!facts) {
        log_warn("mailbox_facts_unknown",
                 {{"account", account.address()}, {"error", facts.error().text}, {"detail", facts.error().detail}});
        return;
    }
    if (account.deleted_s() != 0)
        account.set_purged_s(
            purged_at(core.options, account.deleted_s(), account.state() == v1::ACCOUNT_STATE_RETIRED));
    account.set_used_bytes(facts->used_bytes);
    account.set_used_messages(facts->used_messages);
    account.set_form(facts->pop3_form ? v1::MAILBOX_FORM_POP3 : v1::MAILBOX_FORM_IMAP4);
}

Answer<v1::Account> with_facts(const CorePtr& core, Answer<v1::Account> done) {
    return [core, done = std::move(done)](Result<v1::Account> account) {
        if (account) add_facts(*core, *account);
        done(std::move(account));
    };
}

Result<stored::v1::StoredDomain> domain_of_account(const Rows& rows, const std::string& domain) {
    auto row = read_row<stored::v1::StoredDomain>(rows, row_key::domain(domain));
    if (!row) return fail(std::move(row.error()));
    if (!*row)
        return fail(Kind::no_target, cat("The domain ", domain, " is not one of this site's: add it first."));
    return std::move(**row);
}

Result<void> check_free(const Rows& rows, const Name& name) {
    auto domain = domain_of_account(rows, name.domain);
    if (!domain) return fail(std::move(domain.error()));
    auto taken = read_row<stored::v1::StoredName>(rows, row_key::name(name));
    if (!taken) return fail(std::move(taken.error()));
    if (*taken)
        return fail(Kind::exists, cat(name.text(), (*taken)->account_id() != 0 ? " is an account already."
                                                                               : " is an alias already."));
    return {};
}

Result<void> count_account(store::Transaction& transaction, const std::string& domain, int by) {
    auto row = domain_of_account(TransactionRows(transaction), domain);
    if (!row) return fail(std::move(row.error()));
    row->set_accounts(row->accounts() + static_cast<std::uint64_t>(static_cast<std::int64_t>(by)));
    write_row(transaction, row_key::domain(domain), *row);
    return {};
}

}  // namespace tayori::spool
