#include "common/legacy/live/table.h"

#include <array>
#include <optional>
#include <set>

#include "common/base/text.h"
#include "common/legacy/accounts/accounts.h"
#include "common/legacy/accounts/csv.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"

namespace tayori::legacy {
namespace {

enum Column : std::size_t { kUser, kPassword, kToken, kAddress, kName, kQuota, kColumns };
constexpr std::array<std::string_view, kColumns> kTitles = {"user", "password", "token", "address", "name", "quota"};
using Places = std::array<std::optional<std::size_t>, kColumns>;

tl::unexpected<Error> fail_line(std::uint64_t line, std::string_view what) {
    return fail(Kind::invalid, cat("The table, line ", line, ": ", what));
}

Result<Places> read_header(const CsvRecord& header) {
    Places places;
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
        const auto title = to_lower(trim(header.fields[i]));
        std::size_t column = 0;
        while (column < kColumns && kTitles[column] != title) ++column;
        if (column == kColumns)
            return fail_line(header.line, cat("there is no column \"", title,
                                              "\"; known are user, password, token, address, name, quota."));
        if (places[column]) return fail_line(header.line, cat("the column \"", title, "\" comes twice."));
        places[column] = i;
    }
    if (!places[kUser] || !places[kAddress] || (!places[kPassword] && !places[kToken]))
        return fail_line(header.line, "the header line needs the columns user, address, and password or token.");
    return places;
}

Result<MigrationRow> read_row(const CsvRecord& record, const Places& places, std::string_view domain) {
    const auto field = [&](Column column) -> std::string {
        const auto at = places[column];
        return at && *at < record.fields.size() ? record.fields[*at] : std::string();
    };
    MigrationRow row;
    row.login.user = std::string(trim(field(kUser)));
    if (row.login.user.empty()) return fail_line(record.line, "the user is missing.");
    row.login.secret = field(kPassword);
    row.token = row.login.secret.empty();
    if (row.token) row.login.secret = field(kToken);
    if (row.login.secret.empty()) return fail_line(record.line, "the password, or a token, is missing.");
    auto address = account_address_of(trim(field(kAddress)), domain);
    if (!address) return fail_line(record.line, address.error().text);
    row.account.address = std::move(*address);
    row.account.directory = row.login.user;
    row.account.display_name = std::string(trim(field(kName)));
    if (!row.token) row.account.password = row.login.secret;
    const auto quota = field(kQuota);
    if (trim(quota).empty()) return row;
    row.account.quota_bytes = parse_amount(trim(quota));
    if (!row.account.quota_bytes)
        return fail_line(record.line, cat("\"", quota, "\" is no size: 500M, 2G, 0 for none."));
    return row;
}

}  // namespace

Result<std::vector<MigrationRow>> parse_migration_table(std::string_view bytes, std::string_view domain) {
    const auto text = decode_utf8_or_cp932(bytes);
    if (!text) return fail(Kind::invalid, "The table is neither UTF-8 nor cp932.");
    auto records = parse_csv(text->text);
    if (!records) return fail(std::move(records.error()));
    if (records->empty())
        return fail(Kind::invalid, "The table is empty: it begins with a header line, user,password,address.");
    if (records->size() > kMigrationRowsMax)
        return fail(Kind::invalid, cat("The table has more than ", kMigrationRowsMax, " lines."));
    auto places = read_header(records->front());
    if (!places) return fail(std::move(places.error()));
    std::vector<MigrationRow> rows;
    std::set<std::string> addresses;
    std::set<std::string> users;
    for (std::size_t i = 1; i < records->size(); ++i) {
        const auto& record = (*records)[i];
        auto row = read_row(record, *places, domain);
        if (!row) return fail(std::move(row.error()));
        if (!addresses.insert(row->account.address).second)
            return fail_line(record.line, cat(row->account.address,
                                              " comes twice; a mailbox is brought into an account of its own."));
        if (!users.insert(row->login.user).second)
            return fail_line(record.line, cat("the user ", row->login.user, " comes twice."));
        rows.push_back(std::move(*row));
    }
    if (rows.empty()) return fail(Kind::invalid, "The table has no line but its header.");
    return rows;
}

}  // namespace tayori::legacy
