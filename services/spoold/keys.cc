#include "spoold/keys.h"

#include <algorithm>

#include "common/crypto/crypto.h"

namespace tayori::spool::keys {
namespace {

constexpr std::size_t kPluginOfRow = 9;  // where its name stands

template <class N>
void put(std::string& out, N n) {
    for (int shift = static_cast<int>(sizeof(N)) * 8 - 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(n >> shift));
    }
}

template <class N>
N take(std::string_view key, std::size_t at) {
    N n = 0;
    for (std::size_t i = 0; i < sizeof(N) && at + i < key.size(); ++i) {
        n = static_cast<N>((n << 8) | static_cast<unsigned char>(key[at + i]));
    }
    return n;
}

std::string key1(char kind, std::uint64_t a) {
    std::string out;
    out.reserve(9);
    out.push_back(kind);
    put(out, a);
    return out;
}

std::string key2(char kind, std::uint64_t a, std::uint64_t b) {
    std::string out;
    out.reserve(17);
    out.push_back(kind);
    put(out, a);
    put(out, b);
    return out;
}

std::string key_text(char kind, std::uint64_t a, std::string_view text) {
    std::string out;
    out.reserve(9 + text.size());
    out.push_back(kind);
    put(out, a);
    out.append(text);
    return out;
}

// The least key above everything that begins with `prefix`. Kinds are letters, so there is always one.
std::string after(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

Range prefixed(std::string prefix) {
    auto to = after(prefix);
    return {std::move(prefix), std::move(to)};
}

std::string references_prefix(FolderId folder, References kind) {
    auto out = key1('R', raw(folder));
    out.push_back(static_cast<char>(kind));
    return out;
}

std::string key_of_import(char kind, std::uint64_t a) {
    std::string out = "Y";
    out.append(key1(kind, a));
    return out;
}
std::string key_of_import(char kind, std::uint64_t a, std::uint64_t b) {
    std::string out = "Y";
    out.append(key2(kind, a, b));
    return out;
}

constexpr std::size_t kHashBytes = 16;
std::string half_hash(std::string_view text) { return crypto::sha256(text).substr(0, kHashBytes); }

}  // namespace

std::string account_state(AccountId account) { return key1('A', raw(account)); }
Range account_states() { return prefixed("A"); }
Range account_states_after(AccountId account) { return {account_state(AccountId{raw(account) + 1}), after("A")}; }
AccountId account_of_state(std::string_view key) { return AccountId{take<std::uint64_t>(key, 1)}; }

std::string keyword_table(AccountId account) { return key1('K', raw(account)); }

std::string folder(AccountId account, FolderId folder) { return key2('F', raw(account), raw(folder)); }
Range folders(AccountId account) { return prefixed(key1('F', raw(account))); }
FolderId folder_of_key(std::string_view key) { return FolderId{take<std::uint64_t>(key, 9)}; }

std::string name(AccountId account, std::string_view text) { return key_text('N', raw(account), text); }
Range names(AccountId account) { return prefixed(key1('N', raw(account))); }
Range names_below(AccountId account, std::string_view text) {
    auto prefix = key_text('N', raw(account), text);
    prefix.push_back('/');
    return prefixed(std::move(prefix));
}
std::string subscription(AccountId account, std::string_view text) { return key_text('U', raw(account), text); }
Range subscriptions(AccountId account) { return prefixed(key1('U', raw(account))); }
std::string_view name_of_key(std::string_view key) { return key.substr(std::min<std::size_t>(9, key.size())); }

std::string references(FolderId folder, References kind, Uid uid) {
    std::string out;
    out.reserve(14);
    out.push_back('R');
    put(out, raw(folder));
    out.push_back(static_cast<char>(kind));
    put(out, uid);
    return out;
}
Range references_from(FolderId folder, References kind, Uid from) {
    return {references(folder, kind, from), after(references_prefix(folder, kind))};
}
Range all_references(FolderId folder) { return prefixed(key1('R', raw(folder))); }
Uid uid_of_key(std::string_view key) { return take<Uid>(key, 10); }

std::string expunged(FolderId folder, Modseq modseq) { return key2('E', raw(folder), modseq); }
Range expunged_after(FolderId folder, Modseq modseq) {
    return {expunged(folder, modseq + 1), after(key1('E', raw(folder)))};
}
Modseq modseq_of_key(std::string_view key) { return take<Modseq>(key, 9); }

std::string message(AccountId account, MessageId message) { return key2('M', raw(account), raw(message)); }
Range messages_from(AccountId account, MessageId from) {
    return {message(account, from), after(key1('M', raw(account)))};
}
MessageId message_of_key(std::string_view key) { return MessageId{take<std::uint64_t>(key, 9)}; }
std::string message_references(AccountId account, MessageId message) {
    return key2('D', raw(account), raw(message));
}
Range all_message_references(AccountId account) { return prefixed(key1('D', raw(account))); }
std::string header(store::BodyId body) { return key1('H', raw(body)); }

std::string trash(const Trash& page) {
    std::string out;
    out.reserve(37);
    out.push_back('X');
    put(out, raw(page.account));
    put(out, static_cast<std::uint64_t>(page.expunged_ms));
    put(out, page.modseq);
    put(out, raw(page.folder));
    put(out, page.first_uid);
    return out;
}
Range trash_of(AccountId account) { return prefixed(key1('X', raw(account))); }
Range trash_from(AccountId account) { return {key1('X', raw(account)), "Y"}; }
Trash trash_of_key(std::string_view key) {
    return {AccountId{take<std::uint64_t>(key, 1)}, static_cast<std::int64_t>(take<std::uint64_t>(key, 9)),
            take<Modseq>(key, 17), FolderId{take<std::uint64_t>(key, 25)}, take<Uid>(key, 33)};
}

std::string outcome(std::uint32_t day, AccountId account, std::string_view request_id) {
    std::string out;
    out.reserve(13 + request_id.size());
    out.push_back('I');
    put(out, day);
    put(out, raw(account));
    out.append(request_id);
    return out;
}
Range outcomes_before(std::uint32_t day) {
    std::string to = "I";
    put(to, day);
    return {"I", std::move(to)};
}

std::string queued(QueueId id) { return key1('O', raw(id)); }
Range all_queued() { return prefixed("O"); }
QueueId queue_id_of_key(std::string_view key) { return QueueId{take<std::uint64_t>(key, 1)}; }

std::string route(std::string_view domain) {
    std::string out = "P";
    out.append(domain);
    return out;
}
Range routes() { return prefixed("P"); }
std::string_view domain_of_route(std::string_view key) { return key.substr(1); }
std::string trace_event(std::int64_t at_ms, std::uint32_t number) {
    auto out = key1('T', static_cast<std::uint64_t>(at_ms));
    put(out, number);
    return out;
}
Range trace_events(std::int64_t from_ms, std::int64_t to_ms) {
    return {key1('T', static_cast<std::uint64_t>(from_ms)), key1('T', static_cast<std::uint64_t>(to_ms))};
}
std::int64_t time_of_trace_event(std::string_view key) { return static_cast<std::int64_t>(take<std::uint64_t>(key, 1)); }
std::string volume(AccountId account) { return key1('V', raw(account)); }

std::string plugin_use(AccountId account, std::string_view plugin) { return plugin_row(account, plugin, PluginRow::use, {}); }
std::string plugin_row(AccountId account, std::string_view plugin, PluginRow kind, std::string_view name) {
    std::string out;
    out.reserve(kPluginOfRow + plugin.size() + 2 + name.size());
    out.push_back('B');
    put(out, raw(account));
    out.append(plugin);
    out.push_back('\0');
    out.push_back(static_cast<char>(kind));
    out.append(name);
    return out;
}
Range plugin_rows(AccountId account, std::string_view plugin, PluginRow kind) {
    return prefixed(plugin_row(account, plugin, kind, {}));
}
Range plugin_rows_of(AccountId account) { return prefixed(key1('B', raw(account))); }
Range all_plugin_rows() { return prefixed("B"); }
AccountId account_of_plugin_row(std::string_view key) { return AccountId{take<std::uint64_t>(key, 1)}; }
std::string_view plugin_of_plugin_row(std::string_view key) {
    key.remove_prefix(std::min(kPluginOfRow, key.size()));
    return key.substr(0, key.find('\0'));
}
PluginRow kind_of_plugin_row(std::string_view key) {
    const auto at = kPluginOfRow + plugin_of_plugin_row(key).size() + 1;
    return at < key.size() ? static_cast<PluginRow>(key[at]) : PluginRow::use;
}
std::string_view name_of_plugin_row(std::string_view key) {
    return key.substr(std::min(kPluginOfRow + plugin_of_plugin_row(key).size() + 2, key.size()));
}
std::string plugin_work(AccountId account) { return key1('Z', raw(account)); }
Range all_plugin_work() { return prefixed("Z"); }
AccountId account_of_plugin_work(std::string_view key) { return AccountId{take<std::uint64_t>(key, 1)}; }

std::string job(JobId id) { return key1('J', raw(id)); }
Range all_jobs() { return prefixed("J"); }
std::string job_outcome(JobId id, AccountId account) { return key2('L', raw(id), raw(account)); }
Range job_outcomes(JobId id) { return prefixed(key1('L', raw(id))); }
std::string import(ImportId id) { return key_of_import('i', raw(id)); }
Range imports() { return prefixed("Yi"); }
ImportId import_of_key(std::string_view key) { return ImportId{take<std::uint64_t>(key, 2)}; }
std::string import_source(std::string_view kind, std::string_view origin) {
    std::string text(kind);
    text.push_back('\0');
    text.append(origin);
    return "Ys" + crypto::sha256(text);
}
std::string import_account(ImportId id, AccountId account) { return key_of_import('a', raw(id), raw(account)); }
Range import_accounts(ImportId id) { return prefixed(key_of_import('a', raw(id))); }
AccountId account_of_import_account(std::string_view key) { return AccountId{take<std::uint64_t>(key, 10)}; }
std::string import_folder(AccountId account, ImportId id, FolderId folder) {
    auto out = key_of_import('f', raw(account), raw(id));
    put(out, raw(folder));
    return out;
}
Range import_folders(AccountId account, ImportId id) { return prefixed(key_of_import('f', raw(account), raw(id))); }
Range all_import_folders(AccountId account) { return prefixed(key_of_import('f', raw(account))); }
FolderId folder_of_import_folder(std::string_view key) { return FolderId{take<std::uint64_t>(key, 18)}; }
std::string imported(AccountId account, ImportId id, std::string_view identity) {
    auto out = key_of_import('m', raw(account), raw(id));
    out.append(identity);
    return out;
}
Range all_imported(AccountId account, ImportId id) { return prefixed(key_of_import('m', raw(account), raw(id))); }
Range all_imported(AccountId account) { return prefixed(key_of_import('m', raw(account))); }
std::string_view identity_of_key(std::string_view key) { return key.substr(std::min<std::size_t>(18, key.size())); }
std::string imported_uidl(AccountId account, std::string_view uidl) {
    return key_of_import('u', raw(account)) + half_hash(uidl);
}
Range imported_uidls(AccountId account) { return prefixed(key_of_import('u', raw(account))); }
std::string import_alias(ImportId id, std::string_view address) {
    auto out = key_of_import('l', raw(id));
    out.append(address);
    return out;
}
Range import_aliases(ImportId id) { return prefixed(key_of_import('l', raw(id))); }
std::string_view alias_of_key(std::string_view key) { return key.substr(std::min<std::size_t>(10, key.size())); }
std::string import_line(ImportId id, std::string_view line) { return key_of_import('r', raw(id)) + half_hash(line); }
Range import_lines(ImportId id) { return prefixed(key_of_import('r', raw(id))); }

std::string fetch_source(AccountId account, FetchId id) { return key2('W', raw(account), raw(id)); }
Range fetch_sources(AccountId account) { return prefixed(key1('W', raw(account))); }
Range all_fetch_sources() { return prefixed("W"); }
AccountId account_of_fetch_source(std::string_view key) { return AccountId{take<std::uint64_t>(key, 1)}; }
FetchId id_of_fetch_source(std::string_view key) { return FetchId{take<std::uint64_t>(key, 9)}; }

}  // namespace tayori::spool::keys
