// The directory's rows: keys, and reading and writing them as values.
//
//   "d" "d" <domain>                    StoredDomain
//   "d" "n" <domain> 00 <local>         StoredName: an account or an alias
//   "d" "a" <account id, 8 bytes>       StoredAccount
//   "d" "p" <account id>                StoredCredentials
//   "d" "u" <account id>                StoredUse
//   "d" "r" <target> 00 <source>        who points at an address: an alias' address, or "@domain" for a catch-all
//   "d" "x" <address> 00 <account id>   when it was deleted, 8 bytes, and 8 more if retired, by which bulk change
//   "d" "b" <bulk change, 8 bytes>      StoredBulkChange
//   "d" "e" <bulk change> <n, 8 bytes>  StoredBulkEntry
//   "d" "c" "account"                   the next account id, 8 bytes; "bulk": the next bulk change
//   "d" "k" <name>                      keys of this store
//   "d" "g" <domain> 00 <selector>      StoredDkimKey (spoold/dkim/row.h)
//   "d" "s" <account id>                StoredPluginSettings: what is set for it, and of control files of an old server
//   "d" "t" <domain>                    StoredPluginSettings of a domain; without one, of the site
//   "d" "v" <plugin>                    what it declares, as JSON
//   "d" "f"                             is any plugin enabled, or was one ever? "1" or "0" (plugin_rows.h)
//   "d" "l" <account id>                (empty) nobody has logged in since an import into it
//
// Names are normalised (common/mail/address.h) and have no zero byte. Numbers are big-endian, so that they sort.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "spoold/store/store.h"
#include "tayori/spool/stored/v1/directory.pb.h"

namespace tayori::spool {

// One way to read for code that runs both inside a mutation and outside.
class Rows {
  public:
    virtual ~Rows() = default;
    virtual Result<std::optional<std::string>> get(const std::string& key) const = 0;
    virtual Result<void> scan(const std::string& from, const std::string& to, const store::Visitor& visit) const = 0;
};

class TransactionRows final : public Rows {
  public:
    explicit TransactionRows(store::Transaction& transaction) : transaction_(transaction) {}
    Result<std::optional<std::string>> get(const std::string& key) const override { return transaction_.get(key); }
    Result<void> scan(const std::string& from, const std::string& to, const store::Visitor& visit) const override {
        transaction_.scan(from, to, visit);
        return {};
    }

  private:
    store::Transaction& transaction_;
};

// Point gets of what is committed now; a scan takes a snapshot for itself.
class StoreRows final : public Rows {
  public:
    explicit StoreRows(const store::Store& store) : store_(store) {}
    Result<std::optional<std::string>> get(const std::string& key) const override { return store_.get(key); }
    Result<void> scan(const std::string& from, const std::string& to, const store::Visitor& visit) const override {
        return store_.snapshot()->scan(from, to, visit);
    }

  private:
    const store::Store& store_;
};

class SnapshotRows final : public Rows {
  public:
    explicit SnapshotRows(std::shared_ptr<const store::Snapshot> snapshot) : snapshot_(std::move(snapshot)) {}
    Result<std::optional<std::string>> get(const std::string& key) const override { return snapshot_->get(key); }
    Result<void> scan(const std::string& from, const std::string& to, const store::Visitor& visit) const override {
        return snapshot_->scan(from, to, visit);
    }

  private:
    std::shared_ptr<const store::Snapshot> snapshot_;
};

// A normalised address.
struct Name {
    std::string local;
    std::string domain;
    bool operator==(const Name&) const = default;
    std::string text() const;  // as people write it, quoted where it must be
};
// From an administrator or a stored record; invalid says what is wrong.
Result<Name> parse_name(std::string_view address);
Result<std::string> parse_domain(std::string_view domain);

namespace row_key {
std::string domain(std::string_view name);
std::string name(const Name& name);
std::string account(std::uint64_t id);
std::string credentials(std::uint64_t id);
std::string use(std::uint64_t id);
std::string pointer(std::string_view target, std::string_view source);
std::string deleted(std::string_view address, std::uint64_t id);
std::string next_account();
std::string bulk_change(std::uint64_t id);
std::string bulk_entry(std::uint64_t id, std::uint64_t number);
std::string next_bulk_change();
std::string secret(std::string_view name);
std::string plugin_settings(std::uint64_t id);
std::string untouched(std::uint64_t id);
std::string scope_plugin_settings(std::string_view domain);  // empty: the site's
std::string plugin_declaration(std::string_view plugin);
std::string plugins_used();

std::string domains_begin();
std::string names_begin(std::string_view domain);  // empty: of all domains
std::string accounts_begin();
std::string pointers_begin(std::string_view target);
std::string deleted_begin(std::string_view address);  // empty: of all addresses
std::string bulk_changes_begin();
std::string bulk_entries_begin(std::uint64_t id);
std::string plugin_settings_begin();
std::string scope_plugin_settings_begin();
std::string plugin_declarations_begin();
// The first key that does not start with `prefix`, which is not all 0xff.
std::string end_of(std::string prefix);

// Back from a key; the caller has got it from a scan of that table.
Name name_of(std::string_view key);
std::string domain_of(std::string_view key);
std::uint64_t id_at_end(std::string_view key);
std::string source_of(std::string_view pointer_key);
std::string deleted_address_of(std::string_view key);
std::string declared_plugin_of(std::string_view key);
}  // namespace row_key

std::string encode_u64(std::uint64_t n);
std::uint64_t decode_u64(std::string_view bytes);

// A stored message, or corrupt.
template <class T>
Result<T> decode_stored(std::string_view bytes) {
    T value;
    if (!value.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return fail(Kind::corrupt, "The directory is damaged.", "a stored record does not parse");
    return value;
}
template <class T>
Result<std::optional<T>> read_row(const Rows& rows, const std::string& key) {
    auto bytes = rows.get(key);
    if (!bytes) return fail(std::move(bytes.error()));
    if (!*bytes) return std::optional<T>();
    auto value = decode_stored<T>(**bytes);
    if (!value) return fail(std::move(value.error()));
    return std::optional<T>(std::move(*value));
}
template <class T>
void write_row(store::Transaction& transaction, const std::string& key, const T& value) {
    transaction.put(key, value.SerializeAsString());
}

}  // namespace tayori::spool
