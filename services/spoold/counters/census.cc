#include "spoold/counters/census.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/pages.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

using keys::References;

struct Counting {
    const store::Snapshot& snapshot;
    AccountId account;
    const AccountState& state;
    const CensusScope scope;
    const SeeReference& see;
    Census census;
    absl::flat_hash_map<std::uint64_t, std::uint64_t> references_of;  // by message, trash included

    void problem(std::string text) { census.problems.push_back(std::move(text)); }
    void compare(std::string_view what, std::string_view of, std::uint64_t kept, std::uint64_t counted) {
        if (kept != counted) problem(cat(of, ": ", what, " is ", kept, ", but counted are ", counted, "."));
    }

    Result<void> folder(const NumberedFolder& folder);
    Result<void> trash();
    Result<void> messages();
    Result<void> names(const std::vector<NumberedFolder>& folders);
    Result<void> subscriptions();
    Result<void> run();
    std::uint64_t list_bytes = 0;
};

Result<void> Counting::folder(const NumberedFolder& folder) {
    FolderRecord counted;
    Uid before = 0;
    const auto& record = folder.record;
    auto visited = visit_references(snapshot, folder.id, record, [&](const Reference& reference) {
        if (reference.uid <= before) problem(cat(record.name, ": UID ", reference.uid, " follows UID ", before, "."));
        before = reference.uid;
        ++counted.messages;
        counted.bytes += reference.bytes;
        if (!reference.seen() && counted.unseen++ == 0) counted.first_unseen = reference.uid;
        if (reference.deleted()) ++counted.deleted;
        if (reference.pop3_order != 0) ++counted.pop3_messages;
        if (reference.uid >= record.tail_first) ++counted.tail_messages;
        if (reference.modseq > record.highest_modseq) {
            problem(cat(record.name, ": UID ", reference.uid, " has a modseq above HIGHESTMODSEQ."));
        }
        if (scope == CensusScope::everything) ++references_of[raw(reference.message)];
        if (see) see(folder, reference);
    });
    if (!visited) return visited;
    compare("messages", record.name, record.messages, counted.messages);
    compare("bytes", record.name, record.bytes, counted.bytes);
    compare("unseen", record.name, record.unseen, counted.unseen);
    compare("the first unseen UID", record.name, record.first_unseen, counted.first_unseen);
    compare("deleted", record.name, record.deleted, counted.deleted);
    compare("messages for POP3", record.name, record.pop3_messages, counted.pop3_messages);
    compare("messages in the open tail", record.name, record.tail_messages, counted.tail_messages);
    if (before >= record.uid_next) problem(cat(record.name, ": UIDNEXT is not above UID ", before, "."));
    if (record.highest_modseq > state.modseq) problem(cat(record.name, ": HIGHESTMODSEQ is above the account's."));
    if (record.uid_validity >= state.next_uid_validity) {
        problem(cat(record.name, ": UIDVALIDITY is not below the account's next."));
    }
    ++census.folders;
    census.references += counted.messages;
    census.bytes += counted.bytes;
    return {};
}

Result<void> Counting::trash() {
    std::optional<Error> error;
    const auto range = keys::trash_of(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        const auto page = TrashPage::decode(value);
        if (!page) error = page.error();
        else for (const auto& reference : page->references) ++references_of[raw(reference.message)];
        return !error;
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<void> Counting::messages() {
    const auto range = keys::messages_from(account, MessageId{0});
    std::uint64_t known = 0;
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        const auto id = raw(keys::message_of_key(key));
        const auto at = references_of.find(id);
        if (at == references_of.end()) problem(cat("Message ", id, " is in no folder."));
        else ++known;
        return true;
    });
    if (!scanned) return scanned;
    if (known != references_of.size()) {
        problem(cat(references_of.size() - known, " messages are in folders, but not stored."));
    }
    const auto counts = keys::all_message_references(account);
    absl::flat_hash_map<std::uint64_t, std::uint64_t> kept;
    scanned = snapshot.scan(counts.from, counts.to, [&](std::string_view key, std::string_view value) {
        kept[raw(keys::message_of_key(key))] = decode_number(std::string(value), 0);
        return true;
    });
    if (!scanned) return scanned;
    for (const auto& [id, counted] : references_of) {
        const auto at = kept.find(id);
        compare("the number of references", cat("Message ", id), at == kept.end() ? 1 : at->second, counted);
    }
    return {};
}

Result<void> Counting::names(const std::vector<NumberedFolder>& folders) {
    absl::flat_hash_map<std::string, std::uint64_t> by_name;
    const auto range = keys::names(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        by_name[std::string(keys::name_of_key(key))] = decode_number(std::string(value), 0);
        return true;
    });
    if (!scanned) return scanned;
    for (const auto& folder : folders) {
        list_bytes += list_cost(folder.record.name);
        const auto at = by_name.find(folder.record.name);
        if (at == by_name.end() || at->second != raw(folder.id)) {
            problem(cat(folder.record.name, ": its name leads elsewhere."));
        }
    }
    compare("names", "mailbox", by_name.size(), folders.size());
    return {};
}

Result<void> Counting::subscriptions() {
    std::uint64_t count = 0;
    const auto range = keys::subscriptions(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        ++count;
        list_bytes += keys::name_of_key(key).size() + kListEntryBytes;
        return true;
    });
    compare("subscriptions", "mailbox", state.subscriptions, count);
    return scanned;
}

Result<void> Counting::run() {
    const auto folders = read_folders(snapshot, account);
    if (!folders) return fail(folders.error());
    for (const auto& one : *folders) {
        if (auto counted = folder(one); !counted) return counted;
    }
    if (auto done = names(*folders); !done) return done;
    if (auto done = subscriptions(); !done) return done;
    if (scope == CensusScope::everything) {
        if (auto done = trash(); !done) return done;
        if (auto done = messages(); !done) return done;
    }
    compare("folders", "mailbox", state.folders, census.folders);
    compare("what listings take", "mailbox", state.list_bytes, list_bytes);
    compare("the ledger's messages", "mailbox", state.messages, census.references);
    compare("the ledger's bytes", "mailbox", state.bytes, census.bytes);
    return {};
}

}  // namespace

Result<void> visit_references(const store::Snapshot& snapshot, FolderId folder, const FolderRecord& record,
                              const std::function<void(const Reference&)>& visit) {
    std::optional<Error> error;
    StaticPage fixed;
    MutablePage changing;
    const auto pages = keys::references_from(folder, References::changing, 1);
    auto scanned = snapshot.scan(pages.from, pages.to, [&](std::string_view key, std::string_view value) {
        const auto other = snapshot.get(keys::references(folder, References::fixed, keys::uid_of_key(key)));
        if (!other) error = other.error();
        else if (!*other) error = corrupt_record("folder: a static page is missing");
        if (error) return false;
        if (auto decoded = fixed.decode(**other); !decoded) error = std::move(decoded.error());
        if (auto decoded = changing.decode(value); !decoded) error = std::move(decoded.error());
        if (!error && !same_uids(fixed, changing)) error = corrupt_record("folder: pages differ");
        for (std::size_t i = 0; !error && i < fixed.count; ++i) visit(reference_at(fixed, changing, i));
        return !error;
    });
    if (!scanned) return scanned;
    if (error) return fail(std::move(*error));
    const auto tail = keys::references_from(folder, References::tail, record.tail_first);
    scanned = snapshot.scan(tail.from, tail.to, [&](std::string_view key, std::string_view value) {
        const auto row = decode_row(keys::uid_of_key(key), value);
        if (!row) error = row.error();
        else visit(*row);
        return !error;
    });
    if (!scanned) return scanned;
    if (error) return fail(std::move(*error));
    return {};
}

Result<void> visit_accounts(const store::Snapshot& snapshot,
                            const std::function<bool(AccountId, const AccountState&)>& visit) {
    std::optional<Error> error;
    const auto range = keys::account_states();
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto state = AccountState::decode(value);
        if (!state) error = state.error();
        return state && visit(keys::account_of_state(key), *state);
    });
    if (error) return fail(std::move(*error));
    return scanned;
}

Result<Uid> greatest_uid(const store::Snapshot& snapshot, FolderId folder, const FolderRecord& record) {
    Uid greatest = 0;
    const auto last = [&](const keys::Range& range) {
        return snapshot.scan_backwards(range.from, range.to, [&](std::string_view key, std::string_view) {
            greatest = std::max(greatest, keys::uid_of_key(key));
            return false;
        });
    };
    auto scanned = last(keys::references_from(folder, References::tail, record.tail_first));
    if (!scanned) return fail(std::move(scanned.error()));
    if (greatest != 0) return greatest;
    scanned = last(keys::references_from(folder, References::fixed, 1));
    if (!scanned) return fail(std::move(scanned.error()));
    return greatest;
}

Result<Census> take_census(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                           CensusScope scope, const SeeReference& see) {
    Counting counting{snapshot, account, state, scope, see, {}, {}, 0};
    if (auto counted = counting.run(); !counted) return fail(std::move(counted.error()));
    return std::move(counting.census);
}

}  // namespace tayori::spool
