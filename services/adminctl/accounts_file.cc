#include "adminctl/accounts_file.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/accounts/accounts.h"
#include "common/legacy/accounts/csv.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kHiddenPassword = "*****";  // of accounts that Windows kept
constexpr std::string_view kNone = "-";

struct Column {
    std::string_view name;
    v1::AccountsField field;
};
constexpr Column kCsvColumns[] = {
    {"address", v1::ACCOUNTS_FIELD_ADDRESS},   {"password", v1::ACCOUNTS_FIELD_PASSWORD},
    {"name", v1::ACCOUNTS_FIELD_NAME},         {"quota", v1::ACCOUNTS_FIELD_QUOTA},
    {"pop3", v1::ACCOUNTS_FIELD_PROTOCOLS},    {"imap4", v1::ACCOUNTS_FIELD_PROTOCOLS},
    {"smtp_auth", v1::ACCOUNTS_FIELD_PROTOCOLS}, {"apop", v1::ACCOUNTS_FIELD_UNSPECIFIED},
    {"aliases", v1::ACCOUNTS_FIELD_ALIASES},   {"forward", v1::ACCOUNTS_FIELD_FORWARD},
};
// What E-Post calls the same; its Homefolder has no counterpart.
constexpr std::pair<std::string_view, std::string_view> kEpostColumns[] = {
    {"account", "address"}, {"pass", "password"}, {"fullname", "name"}, {"domain", "domain"}, {"homefolder", "homefolder"},
    {"smtpauth", "smtp_auth"}, {"apop", "apop"}, {"mailboxlimit", "quota"}, {"pop3", "pop3"}, {"imap4", "imap4"},
};

enum class Form { csv, epost };

class Reader {
  public:
    Reader(Form form, const std::string& domain) : form_(form), domain_(domain) {}

    void header(const std::vector<std::string>& titles) {
        for (std::size_t i = 0; i < titles.size(); ++i) {
            auto title = to_lower(legacy::trim_white(titles[i]));
            if (form_ == Form::epost) title = our_name(title);
            const auto column = std::find_if(std::begin(kCsvColumns), std::end(kCsvColumns),
                                             [&](const Column& known) { return known.name == title; });
            const bool known = column != std::end(kCsvColumns) ||
                               (form_ == Form::epost && (title == "domain" || title == "homefolder"));
            // A mistyped title would else be a column that silently does nothing.
            if (!known && (form_ == Form::csv || !title.empty()))
                wrong(1, i + 1, v1::ACCOUNTS_FIELD_UNSPECIFIED,
                      cat("\"", legacy::verbatim(titles[i]), "\" is no column of this table: there are ",
                          "address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward."));
            if (std::find(columns_.begin(), columns_.end(), title) != columns_.end())
                wrong(1, i + 1, v1::ACCOUNTS_FIELD_UNSPECIFIED, cat("There are two columns \"", title, "\"."));
            // Of the three protocols the first one is shown where all are meant.
            if (column != std::end(kCsvColumns)) out_.columns.emplace(column->field, static_cast<std::uint32_t>(i + 1));
            columns_.push_back(std::move(title));
        }
    }

    void record(std::uint64_t line, std::vector<std::string> fields) {
        const bool fits = form_ == Form::csv ? fields.size() == columns_.size()
                                             : fields.size() >= 2 && fields.size() <= columns_.size();
        if (!fits)
            return wrong(line, 0, v1::ACCOUNTS_FIELD_UNSPECIFIED,
                         cat("This line has ", fields.size(), " fields, and the first line names ", columns_.size(),
                             ". A field with a comma, a quote or a line end in it stands in quotes."));
        line_ = line;
        fields_ = std::move(fields);
        const auto before = problems_;
        v1::AccountsRow row;
        row.set_line(static_cast<std::uint32_t>(line));
        read_address(row);
        read_password(row);
        read_name(row);
        read_quota(row);
        read_switch("pop3", [&](bool on) { row.set_pop3(on); });
        read_switch("imap4", [&](bool on) { row.set_imap(on); });
        read_switch("smtp_auth", [&](bool on) { row.set_submission(on); });
        read_switch("apop", [&](bool on) { count(apop_, on); });
        read_aliases(row);
        if (const auto forward = get("forward"); !forward.empty())
            note(line, column_of("forward"), v1::ACCOUNTS_FIELD_FORWARD, row.address(),
                 cat("Kept aside, not set: mail is to be forwarded to ", legacy::verbatim(forward), "."));
        if (const auto home = get("homefolder"); !home.empty() && !equals_ignoring_case(home, "home")) count(homes_, true);
        if (problems_ == before) *out_.table.add_rows() = std::move(row);
    }

    AccountsFile finish() {
        if (apop_.count != 0)
            note(apop_.first, column_of("apop"), v1::ACCOUNTS_FIELD_PROTOCOLS, {},
                 cat("APOP is asked for in ", apop_.count, " lines, this is the first: it is not offered here; the password "
                     "works over TLS."));
        if (homes_.count != 0)
            note(homes_.first, column_of("homefolder"), v1::ACCOUNTS_FIELD_UNSPECIFIED, {},
                 cat("A home folder of their own is in ", homes_.count, " lines, this is the first: there is none here."));
        return std::move(out_);
    }

  private:
    struct Count {
        std::uint64_t count = 0;
        std::uint64_t first = 0;
    };
    void count(Count& counted, bool on) const {
        if (on && counted.count++ == 0) counted.first = line_;
    }

    static std::string our_name(const std::string& title) {
        for (const auto& [theirs, ours] : kEpostColumns)
            if (title == theirs) return std::string(ours);
        return title;
    }
    std::size_t column_of(std::string_view name) const {
        const auto at = std::find(columns_.begin(), columns_.end(), name);
        return at == columns_.end() ? 0 : static_cast<std::size_t>(at - columns_.begin()) + 1;
    }
    std::string_view get(std::string_view name) const {
        const auto column = column_of(name);
        if (column == 0 || column > fields_.size()) return {};
        return legacy::trim_white(fields_[column - 1]);
    }

    v1::AccountsProblem& add(std::uint64_t line, std::size_t column, v1::AccountsField field, std::string text) {
        auto& problem = out_.problems.emplace_back();
        problem.set_line(static_cast<std::uint32_t>(line));
        problem.set_column(static_cast<std::uint32_t>(column));
        problem.set_field(field);
        problem.set_text(std::move(text));
        return problem;
    }
    void wrong(std::uint64_t line, std::size_t column, v1::AccountsField field, std::string text) {
        add(line, column, field, std::move(text));
        ++problems_;
    }
    void note(std::uint64_t line, std::size_t column, v1::AccountsField field, const std::string& address, std::string text) {
        auto& problem = add(line, column, field, std::move(text));
        problem.set_address(address);
        problem.set_is_note(true);
    }

    void read_address(v1::AccountsRow& row) {
        const auto own = get("domain");
        auto address = legacy::account_address_of(get("address"), own.empty() ? std::string_view(domain_) : own);
        if (address) return row.set_address(std::move(*address));
        wrong(line_, column_of("address"), v1::ACCOUNTS_FIELD_ADDRESS,
              cat("\"", legacy::verbatim(get("address")), "\" is no address: write name@domain, or give --domain for names alone."));
    }

    void read_password(v1::AccountsRow& row) {
        const auto column = column_of("password");
        if (column == 0 || column > fields_.size()) return;
        auto& text = fields_[column - 1];  // as it is: blanks may belong to it
        if (text.empty() || text == kHiddenPassword) return;
        // "{SHA512-CRYPT}…": another server's hash.
        const auto end = text.find('}');
        const bool is_hash = text.front() == '{' && end != std::string::npos && end > 1 &&
                             text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", 1) == end;
        if (is_hash) row.set_password_hash(std::move(text));
        else if (legacy::decode_utf8_or_cp932(text).value_or(legacy::Decoded{}).text == text) row.set_password(std::move(text));
        else wrong(line_, column, v1::ACCOUNTS_FIELD_PASSWORD, "The password is no UTF-8 text: save the file as UTF-8.");
    }

    void read_name(v1::AccountsRow& row) {
        const auto text = get("name");
        if (text.empty()) return;
        auto name = legacy::decode_utf8_or_cp932(text);
        if (name) row.set_name(std::move(name->text));
        else wrong(line_, column_of("name"), v1::ACCOUNTS_FIELD_NAME, "The name is neither UTF-8 nor cp932 (Shift_JIS) text.");
    }

    void read_quota(v1::AccountsRow& row) {
        const auto text = get("quota");
        if (text.empty()) return;
        const auto bytes = equals_ignoring_case(text, "none") ? std::optional<std::uint64_t>(0) : legacy::parse_amount(text);
        // E-Post writes 0 where an account has no limit of its own.
        if (bytes && (*bytes != 0 || form_ == Form::csv)) row.set_quota_bytes(*bytes);
        if (!bytes)
            wrong(line_, column_of("quota"), v1::ACCOUNTS_FIELD_QUOTA,
                  cat("\"", legacy::verbatim(text), "\" is no size: write 2G, 500M, a number of bytes, or none."));
    }

    template <class Set>
    void read_switch(std::string_view name, Set set) {
        const auto text = get(name);
        if (text.empty()) return;
        for (const auto* yes : {"1", "yes", "true", "on"})
            if (equals_ignoring_case(text, yes)) return set(true);
        for (const auto* no : {"0", "no", "false", "off"})
            if (equals_ignoring_case(text, no)) return set(false);
        wrong(line_, column_of(name), v1::ACCOUNTS_FIELD_PROTOCOLS,
              cat("\"", legacy::verbatim(text), "\" in ", name, ": write 1 for allowed, 0 for not."));
    }

    void read_aliases(v1::AccountsRow& row) {
        auto text = get("aliases");
        if (text.empty()) return;
        row.mutable_aliases();
        if (text == kNone) return;
        const auto own = row.address().substr(row.address().rfind('@') + 1);
        while (!text.empty()) {
            const auto end = std::min(text.find_first_of(" ,;\t\r\n"), text.size());
            const auto word = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (word.empty()) continue;
            auto alias = legacy::account_address_of(word, own);
            if (alias) row.mutable_aliases()->add_addresses(std::move(*alias));
            else wrong(line_, column_of("aliases"), v1::ACCOUNTS_FIELD_ALIASES,
                       cat("\"", legacy::verbatim(word), "\" is no address: write name@domain, several with blanks between."));
        }
    }

    const Form form_;
    const std::string domain_;
    std::vector<std::string> columns_;
    std::uint64_t line_ = 0;
    std::vector<std::string> fields_;
    std::size_t problems_ = 0;
    Count apop_;
    Count homes_;
    AccountsFile out_;
};

AccountsFile read_epost(std::string_view bytes, const std::string& domain) {
    Reader reader(Form::epost, domain);
    const auto lines = legacy::split_lines(bytes);
    reader.header(legacy::split_fields(lines.front(), '\t'));
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!legacy::trim_white(lines[i]).empty()) reader.record(i + 1, legacy::split_fields(lines[i], '\t'));
    return reader.finish();
}

Result<AccountsFile> read_csv(std::string_view bytes, const std::string& domain) {
    const auto text = legacy::decode_utf8_or_cp932(bytes);
    if (!text) return fail(Kind::invalid, "The file is neither UTF-8 nor cp932 (Shift_JIS) text: save it as one of them.");
    auto records = legacy::parse_csv(text->text);
    if (!records) return fail(Kind::invalid, cat(records.error().text, " (", records.error().detail, ")"));
    Reader reader(Form::csv, domain);
    reader.header(records->front().fields);
    for (std::size_t i = 1; i < records->size(); ++i)
        reader.record((*records)[i].line, std::move((*records)[i].fields));
    return reader.finish();
}

}  // namespace

Result<AccountsFile> parse_accounts_file(std::string_view bytes, const std::string& domain) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
    const auto first = legacy::trim_white(bytes.substr(0, bytes.find('\n')));
    const auto begins = [&](std::string_view word, char then) {
        return first.size() > word.size() && equals_ignoring_case(first.substr(0, word.size()), word) && first[word.size()] == then;
    };
    if (begins("account", '\t')) return read_epost(bytes, domain);
    if (begins("address", ',') || begins("\"address\"", ',') || equals_ignoring_case(first, "address"))
        return read_csv(bytes, domain);
    return fail(Kind::invalid,
                "This is no file of accounts. The first line has to be address,password,name,quota,pop3,imap4,smtp_auth,apop,"
                "aliases,forward (as much of it as the file has), or the first line of E-Post's text export.");
}

void locate_problems(const AccountsFile& file, v1::AccountsPlan& plan) {
    for (auto& problem : *plan.mutable_problems())
        if (const auto at = file.columns.find(problem.field()); problem.line() != 0 && at != file.columns.end())
            problem.set_column(at->second);
    for (const auto& problem : file.problems) *plan.add_problems() = problem;
    std::stable_sort(plan.mutable_problems()->begin(), plan.mutable_problems()->end(),
                     [](const auto& a, const auto& b) { return a.line() < b.line(); });
}

}  // namespace tayori::admin
