// E-Post's control files: rules that are made of them can be written as JSON, whatever the files
// hold.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "common/legacy/epost/file_names.h"
#include "common/legacy/epost/ims_ctl.h"
#include "common/legacy/epost/rules.h"
#include "legacy_report.h"

using namespace tayori::legacy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Report report;
    AccountReport account{report, "a@b.example"};
    const auto ims = epost::parse_ims_ctl(text, "ims.ctl", account);
    for (const auto& target : ims.forward_to) {
        FUZZ_CHECK(!target.text.empty() && target.line > 0);
        FUZZ_CHECK(epost::base_name(target.text).find_first_of("/\\") == std::string_view::npos);
    }
    const auto destinations = epost::parse_sender_dat(text, "sender.dat", account);
    FUZZ_CHECK(nlohmann::json::accept(destinations_json(destinations)));
    const auto filters = epost::parse_mail_dat(text, "mail.dat", account);
    const auto json = nlohmann::json::parse(filter_json(filters));
    FUZZ_CHECK(json["rules"].size() == filters.size());
    for (const auto& rule : json["rules"])
        FUZZ_CHECK(rule.contains("if") != rule.contains("enabled"));
    (void)epost::is_effect_line(text);
    if (const auto name = epost::parse_imap_name(text))
        FUZZ_CHECK(name->uid != 0 && text.size() == 21);
    (void)epost::pop3_number(text);
    check_report(report);
    return 0;
}
