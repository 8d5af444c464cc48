#include "adminctl/commands/account_view.h"

#include "adminctl/table.h"
#include "adminctl/values.h"
#include "common/base/text.h"

namespace tayori::admin {

std::string account_text(const v1::Account& account) {
    std::string out;
    const auto line = [&](std::string_view name, std::string_view value) {
        append(out, name, std::string(14 - name.size(), ' '), printable(value), "\n");
    };
    line("address", account.address());
    line("id", cat(account.account_id()));
    line("state", show_state(account.state()));
    if (!account.display_name().empty()) line("name", account.display_name());
    line("may log in by", show_protocols(account.protocols()));
    line("password", account.has_password() ? "set" : "none: set one with `adminctl account password`");
    line("used", cat(show_size(account.used_bytes()), " of ", show_limit(account.quota_bytes(), true), "  ",
                     show_percent(account.used_bytes(), account.quota_bytes())));
    line("messages", cat(account.used_messages(), " of ", show_limit(account.quota_messages(), false)));
    line("form", account.form() == v1::MAILBOX_FORM_POP3 ? "POP3" : "IMAP4");
    line("created", show_time(account.created_s()));
    if (account.deleted_s() != 0) line("deleted", show_time(account.deleted_s()));
    line("last login", show_time(account.last_login_s()));
    for (const auto& alias : account.aliases()) line("alias", alias);
    for (const auto& app : account.app_passwords())
        line("app password", cat(app.name(), " (", show_protocols(app.protocols()), "), made ",
                                 show_time(app.created_s()), ", last used ", show_time(app.last_used_s())));
    for (const auto& settings : account.plugin_settings()) {
        if (settings.file().empty()) {
            line("plugin", cat(settings.plugin(), settings.enabled() ? ", enabled here" : ", has settings here"));
            continue;
        }
        line("rule", cat(settings.plugin(), " (", settings.file(), "), ",
                         settings.enabled() ? std::string("in force")
                                            : cat("waits for approval: `plugin enable ", settings.plugin(), " --account ", account.address(), "`")));
    }
    return out;
}

}  // namespace tayori::admin
