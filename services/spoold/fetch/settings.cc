#include "spoold/fetch/settings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/utf8.h"
#include "spoold/fetch/limits.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kMechanisms[] = {"PLAIN", "LOGIN", "CRAM-MD5", "APOP", "XOAUTH2"};
constexpr std::string_view kNoHostChars = "/@?#[]\\\" ";

bool is_imap(const v1::FetchSettings& settings) { return settings.protocol() == v1::FETCH_PROTOCOL_IMAP; }

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

Result<void> check_server(v1::FetchSettings& settings) {
    settings.set_host(to_lower(settings.host()));
    const auto& host = settings.host();
    if (host.empty() || host.size() > kFetchHostBytesMax || has_control(host) ||
        host.find_first_of(kNoHostChars) != std::string::npos)
        return fail(Kind::invalid, cat("\"", host, "\" is no host's name."));
    if (settings.port() > kFetchPortMax) return fail(Kind::invalid, cat(settings.port(), " is no port."));
    if (settings.ca_pem().size() > kFetchCaBytesMax) return fail(Kind::invalid, "The file of who signed is too large.");
    if (settings.tls() == v1::FETCH_TLS_UNSPECIFIED) settings.set_tls(v1::FETCH_TLS_IMPLICIT);
    if (!v1::FetchTls_IsValid(settings.tls())) return fail(Kind::invalid, "This way of TLS is not known.");
    if (settings.port() != 0) return {};
    const bool implicit = settings.tls() == v1::FETCH_TLS_IMPLICIT;
    settings.set_port(is_imap(settings) ? (implicit ? 993 : 143) : (implicit ? 995 : 110));
    return {};
}

Result<void> check_login(v1::FetchSettings& settings) {
    const auto& user = settings.user();
    if (user.empty() || user.size() > kFetchUserBytesMax || has_control(user))
        return fail(Kind::invalid, "The user's name at the source is missing, too long, or has control characters.");
    settings.set_mechanism(to_upper(settings.mechanism()));
    const auto& mechanism = settings.mechanism();
    const bool known = mechanism.empty() || std::find(std::begin(kMechanisms), std::end(kMechanisms), mechanism) !=
                                                std::end(kMechanisms);
    if (!known || (mechanism == "APOP" && is_imap(settings)))
        return fail(Kind::invalid, cat("\"", mechanism, "\" is no way to log in there: PLAIN, LOGIN, CRAM-MD5, XOAUTH2, and "
                                       "with POP3 APOP."));
    return {};
}

Result<void> check_use(v1::FetchSettings& settings) {
    if (settings.interval_s() < kFetchIntervalMinS || settings.interval_s() > kFetchIntervalMaxS)
        return fail(Kind::invalid, cat("The interval is from ", kFetchIntervalMinS, " seconds to ",
                                       kFetchIntervalMaxS / 86'400, " days."));
    if (settings.all_folders() && !is_imap(settings))
        return fail(Kind::invalid, "POP3 shows no folders: --all-folders is for IMAP.");
    if (settings.delete_after_days() > kFetchDeleteDaysMax)
        return fail(Kind::invalid, cat("At most ", kFetchDeleteDaysMax, " days."));
    auto folder = canonical_name(settings.folder().empty() ? "INBOX" : settings.folder());
    if (!folder) return fail(std::move(folder.error()));
    settings.set_folder(std::move(*folder));
    return {};
}

Result<v1::FetchSettings> checked(v1::FetchSettings settings) {
    settings.clear_address();
    settings.clear_secret();
    settings.clear_keep_at_source();
    settings.clear_accept_renumbered();
    if (auto server = check_server(settings); !server) return fail(std::move(server.error()));
    if (auto login = check_login(settings); !login) return fail(std::move(login.error()));
    if (auto use = check_use(settings); !use) return fail(std::move(use.error()));
    return settings;
}

}  // namespace

Result<v1::FetchSettings> new_fetch_settings(const v1::FetchSettings& wanted) {
    auto settings = wanted;
    if (settings.protocol() != v1::FETCH_PROTOCOL_IMAP && settings.protocol() != v1::FETCH_PROTOCOL_POP3)
        return fail(Kind::invalid, "Mail is fetched by IMAP or by POP3.");
    if (settings.secret().empty() || settings.secret().size() > kFetchSecretBytesMax)
        return fail(Kind::invalid, "The password at the source is missing, or too long.");
    if (!settings.has_interval_s()) settings.set_interval_s(kFetchIntervalDefaultS);
    if (!settings.has_enabled()) settings.set_enabled(true);
    return checked(std::move(settings));
}

Result<v1::FetchSettings> changed_fetch_settings(const v1::FetchSettings& now, const v1::FetchSettings& wanted) {
    if (wanted.has_protocol() && wanted.protocol() != now.protocol())
        return fail(Kind::invalid, "The protocol can't be changed: remove this source, and add another one.");
    auto settings = now;
    // Another way of TLS has another usual port.
    if (wanted.has_tls() && wanted.tls() != now.tls() && !wanted.has_port()) settings.clear_port();
    settings.MergeFrom(wanted);
    if (wanted.keep_at_source()) settings.clear_delete_after_days();
    auto out = checked(std::move(settings));
    if (!out) return out;
    const bool moved = out->host() != now.host() || out->user() != now.user();
    if (moved && wanted.secret().empty())
        return fail(Kind::invalid, "Another host or user needs its password, too.");
    if (wanted.secret().size() > kFetchSecretBytesMax) return fail(Kind::invalid, "The password is too long.");
    return out;
}

bool is_same_source(const v1::FetchSettings& a, const v1::FetchSettings& b) { return fetch_origin(a) == fetch_origin(b); }

std::string fetch_origin(const v1::FetchSettings& settings) {
    return cat(is_imap(settings) ? "imap" : "pop3", ':', settings.user(), '@', settings.host());
}

std::string secret_bound_to(AccountId account, const v1::FetchSettings& settings) {
    return cat("fetch\n", raw(account), '\n', fetch_origin(settings));
}

std::string fetch_text(std::string_view text) {
    std::string out(mail::clip_utf8(text, kFetchTextBytesMax));
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    return out;
}

}  // namespace tayori::spool
