#include "spoold/outbound_parts.h"

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "spoold/directory/records.h"

namespace tayori::spool {
namespace {

std::int64_t ms(std::chrono::seconds seconds) { return std::chrono::milliseconds(seconds).count(); }

mail::DsnLanguage language_of(settings::NoticeLanguage language) {
    switch (language) {
        case settings::NoticeLanguage::en: return mail::DsnLanguage::english;
        case settings::NoticeLanguage::ja: return mail::DsnLanguage::japanese;
        case settings::NoticeLanguage::both: return mail::DsnLanguage::both;
    }
    return mail::DsnLanguage::english;
}

VolumeLimits volume_limits(const settings::Outbound& outbound) {
    return {outbound.per_hour_max, outbound.per_day_max, outbound.unusual_factor, outbound.unusual_min};
}

std::vector<std::string> own_domains(const store::Store& store) {
    std::vector<std::string> domains;
    const auto begin = row_key::domains_begin();
    const auto scanned = store.snapshot()->scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        domains.push_back(row_key::domain_of(key));
        return true;
    });
    return scanned ? domains : std::vector<std::string>();
}

}  // namespace

OutgoingOptions outgoing_options(const settings::Settings& settings) {
    const auto& from = settings.outbound;
    OutgoingOptions options;
    options.schedule.retry = {ms(from.retry_first_s), ms(from.retry_cap_s), ms(from.max_age_s), from.retry_jitter_percent};
    options.schedule.connections_start = from.connections_start;
    options.schedule.connections_per_destination_max = from.connections_per_destination_max;
    options.schedule.lease_ms = ms(from.lease_s);
    options.schedule.delay_notice_ms = ms(from.delay_notice_s);
    options.schedule.random = crypto::random_u64;
    options.notices.hostname = settings.site.hostname;
    options.notices.language = language_of(from.dsn_language);
    options.notices.full_bytes_max = from.dsn_full_bytes_max;
    options.trace_days = settings.trace.days;
    options.clock_jumps = !settings.test.clock_file.empty();
    return options;
}

OutgoingHooks outgoing_hooks(const store::Store& store, const Directory& directory, Dkim& dkim) {
    OutgoingHooks hooks;
    hooks.dkim_keys = [&dkim](const std::string& domain) { return dkim.keys_for(domain); };
    hooks.is_ours = [&store](const std::string& domain) -> Result<bool> {
        auto row = store.get(row_key::domain(domain));
        if (!row) return fail(std::move(row.error()));
        return row->has_value();
    };
    hooks.domains = [&store] { return own_domains(store); };
    hooks.trace.address_of = [&directory](AccountId account) {
        return directory.address_of(raw(account)).value_or(cat("account ", raw(account)));
    };
    hooks.trace.accounts_of = [&directory](const std::string& address) {
        v1::Resolve request;
        request.add_recipients(address);
        std::vector<AccountId> accounts;
        const auto reply = directory.resolve(request, std::nullopt);
        if (!reply || reply->recipients().empty()) return accounts;
        for (const auto& target : reply->recipients(0).targets()) {
            if (target.account_id() != 0) accounts.push_back(AccountId{target.account_id()});
        }
        return accounts;
    };
    return hooks;
}

ForwardingOptions forwarding_options(const settings::Settings& settings) {
    ForwardingOptions options;
    options.domain = settings.signing.srs_domain;
    options.days = settings.signing.srs_days;
    options.rotate_days = settings.signing.srs_rotate_days;
    return options;
}

IntakeOptions intake_options(const settings::Settings& settings) {
    IntakeOptions options;
    options.volume = volume_limits(settings.outbound);
    options.hostname = settings.site.hostname;
    options.language = language_of(settings.outbound.dsn_language);
    return options;
}

}  // namespace tayori::spool
