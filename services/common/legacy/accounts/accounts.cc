#include "common/legacy/accounts/accounts.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/legacy/accounts/csv.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"
#include "common/legacy/plugin_json.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kHiddenPassword = "*****";  // accounts that Windows keeps
constexpr std::string_view kTableColumns[] = {"account",    "pass",     "fullname", "domain",
                                              "homefolder", "smtpauth", "apop",     "mailboxlimit",
                                              "pop3",       "imap4"};

// The fields of one line by the names of their columns, in lower case.
using Row = std::map<std::string, std::string, std::less<>>;

class TableReader {
  public:
    TableReader(std::string_view file, std::string_view domain, Report& report)
        : file_(file), domain_(domain), report_(report) {}

    void take(const Row& row, std::uint64_t line) {
        line_ = line;
        const bool is_csv = row.contains("address");
        const auto& local = get(row, is_csv ? "address" : "account");
        const auto& domain = get(row, "domain");
        const auto address =
            account_address_of(local, domain.empty() ? domain_ : std::string_view(domain));
        account_ = Account{};
        if (!address)
            return add(Severity::refused, "account-address", {shown(local), address.error().text});
        account_.address = *address;
        if (!seen_.insert(*address).second)
            return add(Severity::refused, "account-twice", {*address});
        read_password(get(row, is_csv ? "password" : "pass"));
        read_name(get(row, is_csv ? "name" : "fullname"));
        read_quota(get(row, is_csv ? "quota" : "mailboxlimit"));
        account_.pop3 = read_bool(row, "pop3");
        account_.imap = read_bool(row, "imap4");
        account_.submission = read_bool(row, is_csv ? "smtp_auth" : "smtpauth");
        if (row.contains("apop") && !get(row, "apop").empty() && read_bool(row, "apop")) ++apop_;
        const auto& home = get(row, "homefolder");
        if (!home.empty() && !equals_ignoring_case(home, "Home"))
            add(Severity::note, "account-home", {shown(home)});
        read_aliases(get(row, "aliases"));
        read_forward(get(row, "forward"));
        table_.accounts.push_back(std::move(account_));
    }

    AccountTable finish() {
        account_ = Account{};
        line_ = 0;
        if (apop_ != 0) add(Severity::note, "account-apop", {cat(apop_)});
        return std::move(table_);
    }

  private:
    void add(Severity severity, std::string_view code, std::vector<std::string> values = {}) {
        report_.add({severity, account_.address, std::string(file_), line_, std::string(code),
                     std::move(values)});
    }
    static const std::string& get(const Row& row, std::string_view name) {
        static const std::string kNone;
        const auto it = row.find(name);
        return it == row.end() ? kNone : it->second;
    }
    static std::string shown(std::string_view text) { return verbatim(text); }

    void read_password(const std::string& text) {
        if (text.empty() || text == kHiddenPassword) return;
        const bool good = mail::is_valid_utf8(text) &&
                          std::none_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20; });
        if (!good) return add(Severity::person, "password-not-text");
        // "{SSHA}…": a hash that another server made.
        const auto end = text.find('}');
        const bool is_hash =
            text.front() == '{' && end != std::string::npos && end > 1 && end + 1 < text.size() &&
            std::all_of(
                text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
                    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                });
        (is_hash ? account_.password_hash : account_.password) = text;
    }

    void read_name(const std::string& text) {
        const auto name = decode_utf8_or_cp932(text);
        if (!name) return add(Severity::changed, "account-name", {verbatim(text)});
        account_.display_name = trim(name->text);
    }

    void read_quota(const std::string& text) {
        if (trim_white(text).empty()) return;
        const auto bytes = parse_amount(text);
        if (!bytes) return add(Severity::person, "size-not-number", {shown(text)});
        if (*bytes != 0) account_.quota_bytes = *bytes;
    }

    bool read_bool(const Row& row, std::string_view column) {
        const auto value = trim_white(get(row, column));
        for (const auto yes : {"", "1", "yes", "true", "on"})
            if (equals_ignoring_case(value, yes)) return true;
        for (const auto no : {"0", "no", "false", "off"})
            if (equals_ignoring_case(value, no)) return false;
        add(Severity::person, "account-switch", {std::string(column), shown(value)});
        return false;
    }

    static std::vector<std::string> split_list(std::string_view text) {
        std::vector<std::string> out;
        for (std::size_t from = 0; from <= text.size();) {
            const auto to = std::min(text.find_first_of(" ,;\t\r\n", from), text.size());
            if (to > from) out.emplace_back(text.substr(from, to - from));
            from = to + 1;
        }
        return out;
    }

    void read_aliases(const std::string& text) {
        for (const auto& alias : split_list(text)) {
            const auto own = account_.address.substr(account_.address.rfind('@') + 1);
            const auto address = account_address_of(alias, own);
            if (address)
                table_.aliases.push_back({*address, {account_.address}});
            else
                add(Severity::person, "not-an-address", {shown(alias)});
        }
    }

    void read_forward(const std::string& text) {
        ForwardSettings settings;
        std::string targets;
        for (const auto& target : split_list(text)) {
            if (!mail::parse_address(target)) {
                add(Severity::person, "not-an-address", {shown(target)});
                continue;
            }
            append(targets, targets.empty() ? "" : ", ", target);
            settings.to.push_back(target);
        }
        if (settings.to.empty()) return;
        add(Severity::person, "forward-disabled", {targets});
        account_.settings.push_back({"forward", std::string(file_), to_json(settings)});
    }

    std::string_view file_;
    std::string_view domain_;
    Report& report_;
    std::uint64_t line_ = 0;
    Account account_;
    std::uint64_t apop_ = 0;
    std::set<std::string, std::less<>> seen_;
    AccountTable table_;
};

std::vector<std::string> lower_trimmed(const std::vector<std::string>& fields) {
    std::vector<std::string> out;
    for (const auto& field : fields) out.push_back(to_lower(trim_white(field)));
    return out;
}

Row make_row(const std::vector<std::string>& columns, std::vector<std::string> fields) {
    Row row;
    for (std::size_t i = 0; i < fields.size() && i < columns.size(); ++i)
        row[columns[i]] = std::move(fields[i]);
    return row;
}

void note_columns(const std::vector<std::string>& columns, std::string_view file, Report& report,
                  bool is_csv) {
    constexpr std::string_view kCsvColumns[] = {"address", "password", "name",      "quota",
                                                "pop3",    "imap4",    "smtp_auth", "apop",
                                                "aliases", "forward"};
    for (const auto& column : columns) {
        const bool known = is_csv ? std::find(std::begin(kCsvColumns), std::end(kCsvColumns),
                                              column) != std::end(kCsvColumns)
                                  : std::find(std::begin(kTableColumns), std::end(kTableColumns),
                                              column) != std::end(kTableColumns);
        if (!known && !column.empty())
            report.add(
                {Severity::person, {}, std::string(file), 1, "account-column", {verbatim(column)}});
    }
}

Result<AccountTable> parse_table(std::string_view bytes, std::string_view file,
                                 std::string_view domain, Report& report) {
    TableReader reader(file, domain, report);
    const auto lines = split_lines(bytes);
    const auto columns = lower_trimmed(split_fields(lines.front(), '\t'));
    note_columns(columns, file, report, false);
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (trim_white(lines[i]).empty()) continue;
        auto fields = split_fields(lines[i], '\t');
        if (fields.size() > columns.size() || fields.size() < 2) {
            report.add({Severity::refused,
                        {},
                        std::string(file),
                        i + 1,
                        "account-fields",
                        {cat(fields.size()), cat(columns.size())}});
            continue;
        }
        reader.take(make_row(columns, std::move(fields)), i + 1);
    }
    return reader.finish();
}

Result<AccountTable> parse_csv_table(std::string_view bytes, std::string_view file,
                                     std::string_view domain, Report& report) {
    const auto text = decode_utf8_or_cp932(bytes);
    if (!text)
        return fail(Kind::invalid, "The table is neither UTF-8 nor cp932 (Shift_JIS) text.",
                    std::string(file));
    auto records = parse_csv(text->text);
    if (!records) return fail(records.error());
    TableReader reader(file, domain, report);
    const auto columns = lower_trimmed(records->front().fields);
    note_columns(columns, file, report, true);
    for (std::size_t i = 1; i < records->size(); ++i) {
        auto& record = (*records)[i];
        if (record.fields.size() != columns.size()) {
            report.add({Severity::refused,
                        {},
                        std::string(file),
                        record.line,
                        "account-fields",
                        {cat(record.fields.size()), cat(columns.size())}});
            continue;
        }
        reader.take(make_row(columns, std::move(record.fields)), record.line);
    }
    return reader.finish();
}

}  // namespace

std::optional<std::uint64_t> parse_amount(std::string_view text) {
    text = trim_white(text);
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    constexpr std::size_t kDigitsMax = 18;
    auto value = parse_number(text.substr(0, digits), kDigitsMax);
    const auto unit = to_lower(trim_white(text.substr(digits)));
    if (!value || unit.empty()) return value;
    constexpr std::string_view kUnits = "kmgt";
    const auto power = kUnits.find(unit.front());
    const auto rest = std::string_view(unit).substr(1);
    if (unit == "b") return value;
    if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib"))
        return std::nullopt;
    const auto factor = std::uint64_t{1} << (10 * (power + 1));
    if (*value > UINT64_MAX / factor) return std::nullopt;
    return *value * factor;
}

Result<AccountTable> parse_accounts(std::string_view bytes, std::string_view file,
                                    std::string_view domain, Report& report) {
    const std::string_view mark = "\xef\xbb\xbf";
    if (bytes.starts_with(mark)) bytes.remove_prefix(mark.size());
    const auto lines = split_lines(bytes.substr(0, bytes.find('\n')));
    const auto first = lines.empty() ? std::string_view() : lines.front();
    const auto tabs = split_fields(first, '\t');
    if (equals_ignoring_case(trim_white(tabs.front()), kTableColumns[0]) && tabs.size() > 1)
        return parse_table(bytes, file, domain, report);
    const auto commas = split_fields(first, ',');
    if (equals_ignoring_case(trim_white(commas.front()), "address") ||
        equals_ignoring_case(trim_white(commas.front()), "\"address\""))
        return parse_csv_table(bytes, file, domain, report);
    return fail(Kind::invalid,
                "This is no table of accounts: the first line has to be E-Post's header (Account, "
                "TAB, Pass, …) or "
                "address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward.",
                std::string(file));
}

}  // namespace tayori::legacy
