#include "adminctl/import/wire.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/tab_fields.h"
#include "common/mail/charset.h"
#include "common/mail/utf8.h"

namespace tayori::admin {
namespace {

void put_folder(const legacy::Folder& folder, v1::ImportFolder& out, std::uint64_t& pop3_order_last) {
    std::uint32_t uid_last = 0;
    for (const auto& mail : folder.mails) {
        uid_last = std::max(uid_last, mail.uid);
        pop3_order_last = std::max(pop3_order_last, mail.pop3_order);
    }
    out.set_name(folder.name);
    out.set_keeps_uids(folder.keeps_uids);
    out.set_uid_validity(folder.uid_validity);
    out.set_uid_next(std::max(folder.uid_next, uid_last == UINT32_MAX ? UINT32_MAX : uid_last + 1));
    out.set_subscribed(folder.subscribed);
    out.set_special_use(special_use_of(folder.special_use));
}

std::vector<std::string> sorted_lower(std::vector<std::string> names) {
    for (auto& name : names) name = to_lower(name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

}  // namespace

std::string text_on_wire(std::string_view value) {
    const auto text = mail::is_valid_utf8(value) ? std::string(value) : mail::guess_to_utf8(value);
    const auto shown = mail::clip_utf8(text, kReportValueBytesMax);
    return cat(shown, shown.size() < text.size() ? "..." : "");
}

std::string identity_of(const legacy::Mail& mail) {
    return crypto::sha256(mail.identity).substr(0, kIdentityBytes);
}

bool same_keywords(std::vector<std::string> a, std::vector<std::string> b) {
    return sorted_lower(std::move(a)) == sorted_lower(std::move(b));
}

v1::SpecialUse special_use_of(std::string_view name) {
    if (name == "\\Archive") return v1::SPECIAL_USE_ARCHIVE;
    if (name == "\\Drafts") return v1::SPECIAL_USE_DRAFTS;
    if (name == "\\Junk") return v1::SPECIAL_USE_JUNK;
    if (name == "\\Sent") return v1::SPECIAL_USE_SENT;
    if (name == "\\Trash") return v1::SPECIAL_USE_TRASH;
    return v1::SPECIAL_USE_UNSPECIFIED;
}

v1::ImportReportLine to_wire(const legacy::ReportLine& line) {
    v1::ImportReportLine out;
    out.set_severity(static_cast<std::uint32_t>(line.severity));
    out.set_account(line.account);
    out.set_file(legacy::escape_field(line.file));
    out.set_line(line.line);
    out.set_code(line.code);
    for (const auto& value : line.values) out.add_values(text_on_wire(value));
    return out;
}

legacy::ReportLine from_wire(const v1::ImportReportLine& line) {
    legacy::ReportLine out;
    out.severity = static_cast<legacy::Severity>(std::min(line.severity(), 3U));
    out.account = line.account();
    out.file = legacy::unescape_field(line.file()).value_or(line.file());
    out.line = line.line();
    out.code = line.code();
    out.values.assign(line.values().begin(), line.values().end());
    return out;
}

v1::OpenImportAccountRequest account_request(std::uint64_t import_id, const legacy::Account& account,
                                             const legacy::Mailbox& mailbox, bool enable_settings) {
    v1::OpenImportAccountRequest out;
    out.set_import_id(import_id);
    out.set_address(account.address);
    out.set_display_name(account.display_name);
    if (account.password_hash) out.set_password_hash(*account.password_hash);
    else if (account.password) out.set_password(*account.password);
    if (account.app_password) out.set_app_password(*account.app_password);
    if (account.quota_bytes) out.set_quota_bytes(*account.quota_bytes);
    if (account.imap) out.add_protocols(v1::PROTOCOL_IMAP);
    if (account.pop3) out.add_protocols(v1::PROTOCOL_POP3);
    if (account.submission) out.add_protocols(v1::PROTOCOL_SUBMISSION);
    for (const auto& settings : account.settings) {
        auto& to = *out.add_settings();
        to.set_plugin(settings.plugin);
        to.set_json(settings.json);
        to.set_file(legacy::escape_field(settings.file));
    }
    out.set_enable_settings(enable_settings);
    std::uint64_t pop3_order_last = 0;
    for (const auto& folder : mailbox.folders) put_folder(folder, *out.add_folders(), pop3_order_last);
    out.set_pop3_order_last(pop3_order_last);
    return out;
}

}  // namespace tayori::admin
