#include "spoold/mailbox/reading.h"

#include "spoold/keys.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

template <class Record, class Source>
Result<Record> read(const Source& source, const std::string& key) {
    const auto value = source.get(key);
    if (!value) return fail(value.error());
    if (!*value) return fail(Kind::not_found, "No such mailbox.");
    return Record::decode(**value);
}

}  // namespace

template <class Source>
Result<FolderRecord> read_folder(const Source& source, AccountId account, FolderId id) {
    return read<FolderRecord>(source, keys::folder(account, id));
}
template <class Source>
Result<AccountState> read_state(const Source& source, AccountId account) {
    return read<AccountState>(source, keys::account_state(account));
}
template <class Source>
Result<KeywordTable> read_keywords(const Source& source, AccountId account) {
    auto table = read<KeywordTable>(source, keys::keyword_table(account));
    if (!table && table.error().kind == Kind::not_found) return KeywordTable();
    return table;
}
template Result<FolderRecord> read_folder(const store::Store&, AccountId, FolderId);
template Result<FolderRecord> read_folder(const store::Snapshot&, AccountId, FolderId);
template Result<AccountState> read_state(const store::Store&, AccountId);
template Result<AccountState> read_state(const store::Snapshot&, AccountId);
template Result<KeywordTable> read_keywords(const store::Store&, AccountId);
template Result<KeywordTable> read_keywords(const store::Snapshot&, AccountId);

Result<FolderId> find_folder(const store::Snapshot& snapshot, AccountId account, std::string_view name) {
    const auto value = snapshot.get(keys::name(account, name));
    if (!value) return fail(value.error());
    if (*value) return FolderId{decode_number(*value, 0)};
    bool any = false;
    const auto range = keys::names_below(account, name);
    auto scanned = snapshot.scan(range.from, range.to,
                                 [&](std::string_view, std::string_view) { return !(any = true); });
    if (!scanned) return fail(std::move(scanned.error()));
    if (any) return fail(Kind::unsupported, "This is only a level of the hierarchy.");
    return fail(Kind::not_found, "No such mailbox.");
}

Result<std::vector<NumberedFolder>> read_folders(const store::Snapshot& snapshot, AccountId account) {
    std::vector<NumberedFolder> folders;
    std::optional<Error> error;
    const auto range = keys::folders(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto record = FolderRecord::decode(value);
        if (!record) error = std::move(record.error());
        else folders.push_back({keys::folder_of_key(key), std::move(*record)});
        return !error;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (error) return fail(std::move(*error));
    return folders;
}

}  // namespace tayori::spool
