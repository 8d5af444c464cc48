#include "spoold/directory/bulk_table.h"

#include <absl/container/flat_hash_map.h>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/limits.h"
#include "spoold/directory/password.h"

namespace tayori::spool {
namespace {

Result<std::set<std::string>> addresses(const google::protobuf::RepeatedPtrField<std::string>& list) {
    std::set<std::string> out;
    for (const auto& address : list) {
        auto name = parse_name(address);
        if (!name) return fail(std::move(name.error()));
        out.insert(name->text());
    }
    return out;
}

class TableChecker {
  public:
    explicit TableChecker(Table& table) : table_(table) {}

    void check(const v1::AccountsRow& row) {
        const auto before = table_.problems.size();
        TableRow out{&row, {}, {}};
        if (auto name = parse_name(row.address())) out.name = std::move(*name);
        else table_.problems.push_back(problem(row, v1::ACCOUNTS_FIELD_ADDRESS, name.error().text));
        if (!out.name.local.empty()) table_.named.insert(out.name.text());
        if (row.name().size() > kDisplayNameBytesMax)
            table_.problems.push_back(problem(row, v1::ACCOUNTS_FIELD_NAME,
                                              cat("The name has more than ", kDisplayNameBytesMax, " bytes.")));
        check_secret(row);
        for (const auto& alias : row.aliases().addresses()) {
            if (auto name = parse_name(alias)) out.aliases.push_back(std::move(*name));
            else table_.problems.push_back(problem(row, v1::ACCOUNTS_FIELD_ALIASES, name.error().text));
        }
        if (table_.problems.size() == before) table_.rows.push_back(std::move(out));
    }

    // Every address is one thing, and in one line.
    void check_names() {
        for (const auto& row : table_.rows) claim(*row.asked, row.name, v1::ACCOUNTS_FIELD_ADDRESS);
        for (const auto& row : table_.rows)
            for (const auto& alias : row.aliases) claim(*row.asked, alias, v1::ACCOUNTS_FIELD_ALIASES);
    }

  private:
    void check_secret(const v1::AccountsRow& row) {
        if (!row.password().empty() && !row.password_hash().empty()) {
            table_.problems.push_back(
                problem(row, v1::ACCOUNTS_FIELD_PASSWORD, "There is a password and a hash of one: give one of them."));
        } else if (!row.password().empty()) {
            if (auto good = check_password(row.password()); !good)
                table_.problems.push_back(problem(row, v1::ACCOUNTS_FIELD_PASSWORD, good.error().text));
        } else if (!row.password_hash().empty()) {
            if (auto good = import_password(row.password_hash()); !good)
                table_.problems.push_back(problem(row, v1::ACCOUNTS_FIELD_PASSWORD, good.error().text));
        }
    }
    void claim(const v1::AccountsRow& row, const Name& name, v1::AccountsField field) {
        const auto [at, first] = claimed_.try_emplace(name.text(), row.line());
        if (!first)
            table_.problems.push_back(problem(
                row, field, cat(name.text(), " stands in line ", at->second, " already: leave it in one of both.")));
    }

    Table& table_;
    absl::flat_hash_map<std::string, std::uint32_t> claimed_;
};

// A keyed one: that of a table with one unknown password would else be as good as a fast hash of it.
std::string fingerprint(const v1::AccountsTable& table, const std::string& key) {
    std::string all;
    for (const auto& row : table.rows()) {
        const auto bytes = row.SerializeAsString();
        append(all, encode_u64(bytes.size()), bytes);
    }
    return hex_encode(crypto::hmac_sha256(key, all));
}

}  // namespace

v1::AccountsProblem problem(const v1::AccountsRow& row, v1::AccountsField field, std::string text) {
    auto out = problem_of(row.address(), field, std::move(text));
    out.set_line(row.line());
    return out;
}

v1::AccountsProblem problem_of(std::string address, v1::AccountsField field, std::string text) {
    v1::AccountsProblem out;
    out.set_field(field);
    out.set_address(std::move(address));
    out.set_text(std::move(text));
    return out;
}

Result<Table> check_table(v1::AccountsTable asked, const std::string& key) {
    if (static_cast<std::size_t>(asked.rows_size()) > kBulkRowsMax)
        return fail(Kind::invalid, cat("A table has at most ", kBulkRowsMax, " lines: divide it by domains."));
    Table out;
    const auto& options = asked.options();
    if (!options.domain().empty()) {
        auto domain = parse_domain(options.domain());
        if (!domain) return fail(std::move(domain.error()));
        out.domain = std::move(*domain);
    }
    auto new_people = addresses(options.new_people());
    if (!new_people) return fail(std::move(new_people.error()));
    auto same_people = addresses(options.same_people());
    if (!same_people) return fail(std::move(same_people.error()));
    out.new_people = std::move(*new_people);
    out.same_people = std::move(*same_people);
    for (const auto& address : out.new_people)
        if (out.same_people.contains(address))
            return fail(Kind::invalid, cat(address, " can't be the same person and another one."));
    out.fingerprint = fingerprint(asked, key);
    out.asked = std::move(asked);
    TableChecker checker(out);
    for (const auto& row : out.asked.rows()) checker.check(row);
    checker.check_names();
    return out;
}

}  // namespace tayori::spool
