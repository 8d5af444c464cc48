#include "common/legacy/hmailserver/database.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::hmailserver {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kDaysFrom1900 = 25'567;  // to 1970
constexpr std::int64_t kTicksPerSecond = 300;   // of SQL Server's datetime
constexpr int kDelivered = 2;                   // messagetype

// One row by the names of its columns.
class Cells {
  public:
    explicit Cells(const SqlRow& row) : row_(row) {}

    std::string text(std::string_view column) const {
        const auto* value = find(column);
        return value && *value ? **value : std::string();
    }
    template <class T>
    std::optional<T> number(std::string_view column) const {
        const auto* value = find(column);
        if (!value || !*value) return std::nullopt;
        std::string_view digits = **value;
        const bool negative = digits.starts_with('-');
        if (negative) digits.remove_prefix(1);
        const auto n = decimal<T>(digits);
        if (!n || !negative) return n;
        if constexpr (std::is_signed_v<T>) return static_cast<T>(-*n);
        return std::nullopt;
    }
    bool flag(std::string_view column, bool otherwise) const {
        const auto n = number<int>(column);
        return n ? *n != 0 : otherwise;
    }

  private:
    const SqlValue* find(std::string_view column) const {
        for (std::size_t i = 0; i < row_.columns.size() && i < row_.values.size(); ++i)
            if (row_.columns[i] == column) return &row_.values[i];
        return nullptr;
    }
    const SqlRow& row_;
};

HmAccount read_account(const Cells& row) {
    HmAccount account;
    account.address = row.text("accountaddress");
    account.password = row.text("accountpassword");
    account.encryption = row.number<int>("accountpwencryption").value_or(0);
    account.active = row.flag("accountactive", true);
    account.quota_mib = row.number<std::uint64_t>("accountmaxsize").value_or(0);
    account.display_name = std::string(trim(cat(row.text("accountpersonlastname"), ' ', row.text("accountpersonfirstname"))));
    account.forwards = row.flag("accountforwardenabled", false);
    account.forward_keeps = row.flag("accountforwardkeeporiginal", true);
    account.forward_to = row.text("accountforwardaddress");
    account.replies = row.flag("accountvacationmessageon", false);
    account.reply_subject = row.text("accountvacationsubject");
    account.reply_text = row.text("accountvacationmessage");
    return account;
}

HmFolder read_folder(const Cells& row) {
    HmFolder folder;
    folder.parent = row.number<std::int64_t>("folderparentid").value_or(-1);
    folder.name = row.text("foldername");
    folder.subscribed = row.flag("folderissubscribed", true);
    folder.created = parse_sql_time(row.text("foldercreationtime"));
    folder.current_uid = row.number<std::uint32_t>("foldercurrentuid").value_or(0);
    return folder;
}

HmMessage read_message_row(const Cells& row) {
    HmMessage message;
    message.id = row.number<std::int64_t>("messageid").value_or(0);
    message.folder = row.number<std::int64_t>("messagefolderid").value_or(0);
    message.uid = row.number<std::uint32_t>("messageuid").value_or(0);
    message.flags = static_cast<std::uint8_t>(row.number<unsigned>("messageflags").value_or(0));
    message.bytes = row.number<std::uint64_t>("messagesize").value_or(0);
    message.created = parse_sql_time(row.text("messagecreatetime"));
    message.file = row.text("messagefilename");
    if (const auto at = message.file.find_last_of("/\\"); at != std::string::npos) message.file.erase(0, at + 1);
    return message;
}

}  // namespace

void Database::take(const SqlRow& row) {
    if (!row.table.starts_with("hm_")) return;
    if (row.columns.empty()) {
        columns_missing = true;
        return;
    }
    const Cells cells(row);
    if (row.table == "hm_accounts") {
        const auto id = cells.number<std::int64_t>("accountid");
        if (id) accounts.emplace(*id, read_account(cells));
        else ++unusable;
    } else if (row.table == "hm_imapfolders") {
        const auto id = cells.number<std::int64_t>("folderid");
        const auto account = cells.number<std::int64_t>("folderaccountid");
        if (id && account) folders[*account].emplace(*id, read_folder(cells));
        else ++unusable;
    } else if (row.table == "hm_messages") {
        const auto account = cells.number<std::int64_t>("messageaccountid");
        const auto type = cells.number<int>("messagetype");
        auto message = read_message_row(cells);
        if (type && *type != kDelivered) ++queued;
        else if (account && !message.file.empty()) messages[*account].push_back(std::move(message));
        else ++unusable;
    } else if (row.table == "hm_aliases") {
        if (cells.flag("aliasactive", true)) aliases.push_back({cells.text("aliasname"), cells.text("aliasvalue")});
    } else if (row.table == "hm_distributionlists") {
        if (const auto id = cells.number<std::int64_t>("distributionlistid")) lists.emplace(*id, cells.text("distributionlistaddress"));
    } else if (row.table == "hm_distributionlistsrecipients") {
        if (const auto id = cells.number<std::int64_t>("distributionlistrecipientlistid"))
            recipients[*id].push_back(cells.text("distributionlistrecipientaddress"));
    }
}

std::optional<std::int64_t> parse_sql_time(std::string_view text) {
    if (text.starts_with("0x") && text.size() == 18) {
        const auto days = decimal<std::uint32_t>(text.substr(2, 8), 16);
        const auto ticks = decimal<std::uint32_t>(text.substr(10), 16);
        if (!days || !ticks) return std::nullopt;
        return (static_cast<std::int32_t>(*days) - kDaysFrom1900) * kDaySeconds + *ticks / kTicksPerSecond;
    }
    if (text.size() < 19) return std::nullopt;
    const auto date = parse_rfc3339(cat(text.substr(0, 10), 'T', text.substr(11, 8), 'Z'));
    if (!date) return std::nullopt;
    return date->unix_s;
}

}  // namespace tayori::legacy::hmailserver
