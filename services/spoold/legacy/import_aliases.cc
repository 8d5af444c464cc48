// Aliases of an import: added, and taken back by undo.
#include <algorithm>

#include "common/base/text.h"
#include "spoold/directory/core.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/records.h"
#include "spoold/legacy/waiting.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

template <class A, class B>
bool same_targets(const A& a, const B& b) {
    return std::equal(a.targets().begin(), a.targets().end(), b.targets().begin(), b.targets().end());
}

// Those that still lead where the import made them lead; others are somebody else's now.
Result<void> take_back(store::Transaction& transaction, ImportId id, std::uint64_t& count) {
    const TransactionRows rows(transaction);
    const auto range = keys::import_aliases(id);
    std::vector<std::string> addresses;
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        addresses.emplace_back(keys::alias_of_key(key));
        return true;
    });
    for (const auto& address : addresses) {
        auto name = parse_name(address);
        auto ours = read_row<StoredImportAlias>(rows, keys::import_alias(id, address));
        auto is = name ? read_row<stored::v1::StoredName>(rows, row_key::name(*name))
                       : Result<std::optional<stored::v1::StoredName>>(std::nullopt);
        if (!ours || !is) return fail(!ours ? ours.error() : is.error());
        transaction.erase(keys::import_alias(id, address));
        if (!*ours || !*is || (*is)->account_id() != 0 || !same_targets(**is, **ours)) continue;
        for (const auto& target : (*is)->targets())
            if (auto to = parse_name(target)) transaction.erase(row_key::pointer(to->text(), name->text()));
        transaction.erase(row_key::name(*name));
        ++count;
    }
    auto import = read_import(rows, id);
    if (!import) return fail(std::move(import.error()));
    import->set_state(stored::v1::STORED_IMPORT_STATE_UNDONE);
    import->set_finished_s(transaction.now_ms() / 1000);
    write_row(transaction, keys::import(id), *import);
    return {};
}

}  // namespace

void Imports::add_alias(const v1::AddImportAliasRequest& request, Answer<v1::AddImportAliasReply> done) {
    auto name = parse_name(request.address());
    if (!name) return done(fail(std::move(name.error())));
    const ImportId id{request.import_id()};
    // Who takes it back must know of it first; one that is there already is not the import's.
    submit_write<bool>(
        mailboxes_.parts(), AccountId{0}, store::Effect::grows,
        [id, name = *name, request](store::Transaction& transaction, bool& there, ChangeSet&) -> Result<void> {
            const TransactionRows rows(transaction);
            if (auto import = read_import(rows, id); !import) return fail(std::move(import.error()));
            auto present = read_row<stored::v1::StoredName>(rows, row_key::name(name));
            if (!present) return fail(std::move(present.error()));
            if (*present) {
                there = (*present)->account_id() == 0 && same_targets(**present, request);
                if (there) return {};
                return fail(Kind::exists, cat(name.text(), " is an account or another alias already."));
            }
            StoredImportAlias row;
            *row.mutable_targets() = request.targets();
            write_row(transaction, keys::import_alias(id, name.text()), row);
            return {};
        },
        [directory = &directory_, request, done = std::move(done)](Result<bool> there) {
            if (!there) return done(fail(std::move(there.error())));
            if (*there) return done(v1::AddImportAliasReply());
            v1::AddAliasRequest wanted;
            wanted.mutable_alias()->set_address(request.address());
            *wanted.mutable_alias()->mutable_targets() = request.targets();
            directory->add_alias(wanted, [done](Result<v1::Alias> made) {
                if (!made) return done(fail(std::move(made.error())));
                done(v1::AddImportAliasReply());
            });
        });
}

Result<std::uint64_t> Imports::undo_aliases(ImportId id) {
    auto removed = wait_for_answer<std::uint64_t>([&](auto done) {
        submit_write<std::uint64_t>(
            mailboxes_.parts(), AccountId{0}, store::Effect::shrinks,
            [id](store::Transaction& transaction, std::uint64_t& count, ChangeSet&) {
                return take_back(transaction, id, count);
            },
            std::move(done));
    });
    directory_.core()->version.fetch_add(1);
    return removed;
}

}  // namespace tayori::spool
