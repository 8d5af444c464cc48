#include "spoold/directory/bulk_undo.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "common/base/text.h"
#include "spoold/directory/account_life.h"
#include "spoold/directory/bulk_diff.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredBulkEntry;
using stored::v1::StoredName;

class Undoer {
  public:
    Undoer(const Rows& rows, const BulkChangeRow& change, const DirectoryCore& core)
        : rows_(rows), change_(change), core_(core) {
        out_.aliases = std::make_unique<AliasEdits>(rows);
    }

    Result<Undo> run() {
        auto entries = read_entries(rows_, change_.id);
        if (!entries) return fail(std::move(entries.error()));
        // Who goes first: those who come back need the addresses.
        auto done = each(*entries, &Undoer::retire, {stored::v1::STORED_BULK_KIND_ADDED, stored::v1::STORED_BULK_KIND_RETURNED});
        if (done) done = each(*entries, &Undoer::restore_alias, {stored::v1::STORED_BULK_KIND_ALIAS});
        if (done) note_aliases_made_since(*entries);
        if (done) done = each(*entries, &Undoer::bring_back, {stored::v1::STORED_BULK_KIND_RETIRED});
        if (done) done = each(*entries, &Undoer::restore, {stored::v1::STORED_BULK_KIND_CHANGED});
        if (!done) return fail(std::move(done.error()));
        show();
        return std::move(out_);
    }

  private:
    using Step = Result<void> (Undoer::*)(const StoredBulkEntry&);
    Result<void> each(const std::vector<StoredBulkEntry>& entries, Step step,
                      std::initializer_list<stored::v1::StoredBulkKind> kinds) {
        for (const auto& entry : entries)
            if (std::find(kinds.begin(), kinds.end(), entry.kind()) != kinds.end())
                if (auto done = (this->*step)(entry); !done) return done;
        return {};
    }
    void trouble(const std::string& address, v1::AccountsField field, std::string text) {
        *out_.plan.add_problems() = problem_of(address, field, std::move(text));
    }
    Result<std::optional<StoredAccount>> account(std::uint64_t id) {
        return read_row<StoredAccount>(rows_, row_key::account(id));
    }
    static bool is_gone(const std::optional<StoredAccount>& row) {
        return !row || row->state() == stored::v1::STORED_STATE_DELETED;
    }

    Result<void> retire(const StoredBulkEntry& entry) {
        const auto& address = entry.after().address();
        auto row = account(entry.account_id());
        if (!row) return fail(std::move(row.error()));
        if (is_gone(*row)) {
            trouble(address, v1::ACCOUNTS_FIELD_STATE, "Has been deleted since.");
            return {};
        }
        const auto& now = **row;
        if (now.address() != address)
            trouble(now.address(), v1::ACCOUNTS_FIELD_ADDRESS, cat("Was ", address, ", and has been renamed since."));
        if (now.display_name() != entry.after().display_name() || now.quota_bytes() != entry.after().quota_bytes() ||
            now.quota_messages() != entry.after().quota_messages() || now.protocols() != entry.after().protocols() ||
            now.state() != entry.after().state())
            trouble(now.address(), v1::ACCOUNTS_FIELD_UNSPECIFIED, "Was added, and has been changed since.");
        going_.insert(now.address());
        UndoStep step{UndoStep::What::retire, entry.account_id(), now, now, false, {}, {}};
        out_.steps.push_back(std::move(step));
        return out_.aliases->detach(now.address());
    }

    // Aliases and lists that lead to somebody who goes and that this change did not touch: they lose that target.
    void note_aliases_made_since(const std::vector<StoredBulkEntry>& entries) {
        std::set<std::string> known;
        for (const auto& entry : entries) known.insert(entry.alias());
        for (const auto& [address, edit] : out_.aliases->edits())
            if (edit.before != edit.after && !known.contains(address))
                trouble(address, v1::ACCOUNTS_FIELD_ALIASES, "Was made since, and leads to somebody who goes.");
        for (const auto& domain : out_.aliases->catch_alls())
            trouble(cat("@", domain), v1::ACCOUNTS_FIELD_ADDRESS,
                    cat("The catch-all of ", domain, " leads to somebody who goes."));
    }

    Result<void> restore_alias(const StoredBulkEntry& entry) {
        auto name = parse_name(entry.alias());
        if (!name) return fail(std::move(name.error()));
        auto row = read_row<StoredName>(rows_, row_key::name(*name));
        if (!row) return fail(std::move(row.error()));
        const bool is_account = *row && (*row)->account_id() != 0;
        AliasEdits::Targets now;
        if (*row) now.assign((*row)->targets().begin(), (*row)->targets().end());
        const AliasEdits::Targets left(entry.targets_after().begin(), entry.targets_after().end());
        if (is_account && !going_.contains(entry.alias()) && entry.targets_before_size() != 0) {
            trouble(entry.alias(), v1::ACCOUNTS_FIELD_ALIASES, "Was an alias, and has been made an account since.");
            return {};
        }
        if (!is_account && now != left)
            trouble(entry.alias(), v1::ACCOUNTS_FIELD_ALIASES, "This alias has been changed since.");
        return out_.aliases->set(*name, {entry.targets_before().begin(), entry.targets_before().end()});
    }

    Result<void> bring_back(const StoredBulkEntry& entry) {
        const auto& address = entry.before().address();
        auto row = account(entry.account_id());
        if (!row) return fail(std::move(row.error()));
        const bool waits = *row && (*row)->state() == stored::v1::STORED_STATE_DELETED;
        if (*row && !waits) {
            trouble((*row)->address(), v1::ACCOUNTS_FIELD_STATE, "Has been brought back since.");
            return {};
        }
        if (!waits || purged_at(core_.options, (*row)->deleted_s(), true) < core_.now_s()) {
            trouble(address, v1::ACCOUNTS_FIELD_STATE, "Can't come back: the mailbox has been deleted for good.");
            return {};
        }
        if ((*row)->retired_by() == 0) {
            trouble(address, v1::ACCOUNTS_FIELD_STATE, "Has been brought back, and deleted by hand, since.");
            return {};
        }
        auto name = parse_name(address);
        if (!name) return fail(std::move(name.error()));
        auto free = is_free(*name);
        if (!free) return fail(std::move(free.error()));
        if (!*free) {
            trouble(address, v1::ACCOUNTS_FIELD_ADDRESS, "Can't come back: the address has been given to others since.");
            return {};
        }
        UndoStep step{UndoStep::What::bring_back, entry.account_id(), **row, **row, false, {}, {}};
        step.then.set_state(entry.before().state());
        out_.steps.push_back(std::move(step));
        return {};
    }

    Result<bool> is_free(const Name& name) {
        auto domain = rows_.get(row_key::domain(name.domain));
        if (!domain) return fail(std::move(domain.error()));
        auto row = read_row<StoredName>(rows_, row_key::name(name));
        if (!row) return fail(std::move(row.error()));
        auto targets = out_.aliases->targets(name);
        if (!targets) return fail(std::move(targets.error()));
        const bool account_stays = *row && (*row)->account_id() != 0 && !going_.contains(name.text());
        return domain->has_value() && !account_stays && targets->empty();
    }

    // Only what this change has changed goes back; what others changed beside it stays.
    Result<void> restore(const StoredBulkEntry& entry) {
        auto row = account(entry.account_id());
        if (!row) return fail(std::move(row.error()));
        if (is_gone(*row)) {
            trouble(entry.after().address(), v1::ACCOUNTS_FIELD_STATE, "Has been deleted since.");
            return {};
        }
        UndoStep step{UndoStep::What::restore, entry.account_id(), **row, **row, false, {}, {}};
        const auto& before = entry.before();
        const auto& after = entry.after();
        const auto back = [&](auto get, auto set, v1::AccountsField field) {
            if (get(before) == get(after)) return;
            if (get(step.now) != get(after)) trouble(step.now.address(), field, "Has been changed again since.");
            set(step.then, get(before));
        };
        back([](const StoredAccount& a) { return a.display_name(); },
             [](StoredAccount& a, const std::string& v) { a.set_display_name(v); }, v1::ACCOUNTS_FIELD_NAME);
        back([](const StoredAccount& a) { return a.quota_bytes(); },
             [](StoredAccount& a, std::uint64_t v) { a.set_quota_bytes(v); }, v1::ACCOUNTS_FIELD_QUOTA);
        back([](const StoredAccount& a) { return a.protocols(); },
             [](StoredAccount& a, std::uint32_t v) { a.set_protocols(v); }, v1::ACCOUNTS_FIELD_PROTOCOLS);
        back([](const StoredAccount& a) { return a.state(); },
             [](StoredAccount& a, stored::v1::StoredState v) { a.set_state(v); }, v1::ACCOUNTS_FIELD_STATE);
        if (before.state() != after.state()) step.then.set_suspended_by(before.suspended_by());
        if (auto password = restore_password(entry, step); !password) return password;
        out_.steps.push_back(std::move(step));
        return {};
    }

    Result<void> restore_password(const StoredBulkEntry& entry, UndoStep& step) {
        if (!entry.password_changed()) return {};
        auto credentials = read_credentials(rows_, step.id);
        if (!credentials) return fail(std::move(credentials.error()));
        step.sets_password = true;
        step.password_now = credentials->password();
        step.password_then = entry.password_before();
        // A login turns an imported hash into keys of the same password: that is no change, and the generation says so.
        const bool same = step.password_now.SerializeAsString() == entry.password_after().SerializeAsString();
        if (!same && step.now.generation() != entry.after().generation())
            trouble(step.now.address(), v1::ACCOUNTS_FIELD_PASSWORD, "Has another password since.");
        return {};
    }

    void show() {
        std::stable_sort(out_.steps.begin(), out_.steps.end(), [](const UndoStep& a, const UndoStep& b) {
            return std::tuple(a.now.address(), a.what != UndoStep::What::retire) < std::tuple(b.now.address(), b.what != UndoStep::What::retire);
        });
        for (const auto& step : out_.steps) {
            v1::AccountsChange change;
            change.set_address(step.now.address());
            change.set_account_id(step.id);
            change.set_name(step.then.display_name());
            switch (step.what) {
                case UndoStep::What::retire: change.set_action(v1::BULK_ACTION_REMOVED); break;
                case UndoStep::What::bring_back: change.set_action(v1::BULK_ACTION_RETURNED); break;
                case UndoStep::What::restore:
                    change.set_action(v1::BULK_ACTION_CHANGED);
                    show_account_change(step.now, step.then, change);
                    if (step.sets_password) change.add_fields()->set_field(v1::ACCOUNTS_FIELD_PASSWORD);
                    break;
            }
            count_change(out_.plan, std::move(change));
        }
        limit_problems(out_.plan);
    }

    const Rows& rows_;
    const BulkChangeRow& change_;
    const DirectoryCore& core_;
    Undo out_;
    std::set<std::string> going_;  // addresses of those who go
};

}  // namespace

Result<BulkChangeRow> find_change(const Rows& rows, std::uint64_t id, const DirectoryCore& core) {
    auto changes = read_changes(rows);
    if (!changes) return fail(std::move(changes.error()));
    const auto until = [&](const BulkChangeRow& row) { return purged_at(core.options, row.change.at_s(), true); };
    for (auto row = changes->rbegin(); row != changes->rend(); ++row) {
        if (id == 0 ? !row->counts() : row->id != id) continue;
        if (row->change.undone_by() != 0)
            return fail(Kind::invalid, cat("Change ", row->id, " was undone already, by ", row->change.undone_by(), "."));
        if (row->change.expired() || until(*row) < core.now_s())
            return fail(Kind::not_found, cat("Change ", row->id, " is older than accounts.retire_days: its retired mailboxes "
                                             "have been deleted."));
        return std::move(*row);
    }
    return fail(Kind::not_found, id == 0 ? std::string("There is nothing to roll back.")
                                         : cat("There is no change ", id, ": `adminctl account changes` lists them."));
}

Result<Undo> make_undo(const Rows& rows, const BulkChangeRow& change, const DirectoryCore& core) {
    auto undo = Undoer(rows, change, core).run();
    if (!undo) return undo;
    auto changes = read_changes(rows);
    if (!changes) return fail(std::move(changes.error()));
    for (const auto& later : *changes)
        if (later.id > change.id && later.counts())
            *undo->plan.add_problems() = problem_of({}, v1::ACCOUNTS_FIELD_UNSPECIFIED,
                                                    cat("Change ", later.id, " came later: roll that one back first."));
    return undo;
}

}  // namespace tayori::spool
