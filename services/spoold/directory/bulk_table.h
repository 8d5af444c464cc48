// A table of accounts (proto/tayori/spool/v1/bulk.proto), checked in itself: pure over its rows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "spoold/directory/records.h"
#include "tayori/spool/v1/bulk.pb.h"

namespace tayori::spool {

struct TableRow {
    const v1::AccountsRow* asked = nullptr;
    Name name;
    std::vector<Name> aliases;
    bool has_password() const { return !asked->password().empty() || !asked->password_hash().empty(); }
};

struct Table {
    Table() = default;
    Table(Table&&) = default;  // a copy's rows would point into the original
    Table& operator=(Table&&) = default;

    v1::AccountsTable asked;
    std::vector<TableRow> rows;  // those that make sense; they point into `asked`
    std::vector<v1::AccountsProblem> problems;
    std::set<std::string> named;  // addresses of all rows, also of those that are wrong otherwise: nobody of them is missing
    std::string domain;          // normalised; empty: none given
    std::set<std::string> new_people;
    std::set<std::string> same_people;
    std::string fingerprint;     // hexadecimal
};

// `key`: a secret of this store, for the fingerprint. invalid: the options are wrong, or there are too many rows.
Result<Table> check_table(v1::AccountsTable asked, const std::string& key);

v1::AccountsProblem problem(const v1::AccountsRow& row, v1::AccountsField field, std::string text);
v1::AccountsProblem problem_of(std::string address, v1::AccountsField field, std::string text);

}  // namespace tayori::spool
