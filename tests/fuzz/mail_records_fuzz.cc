// Texts of the DNS about mail: SPF, DKIM, DMARC, TLS-RPT, MTA-STS and its policy. Each record is tried with each parser.
#include <cstdint>
#include <string>
#include <string_view>

#include "adminctl/outside/dkim.h"
#include "adminctl/outside/dmarc.h"
#include "adminctl/outside/mta_sts.h"
#include "adminctl/outside/spf_record.h"
#include "adminctl/outside/tags.h"
#include "check.h"

using namespace tayori::admin;

namespace {

void spf(std::string_view text) {
    std::string wrong;
    const auto terms = parse_spf(text, wrong);
    if (!terms) FUZZ_CHECK(!wrong.empty());
    // What is left of a record without its wrong terms holds no wrong one; only one that comes twice.
    const auto rest = "v=spf1" + right_spf_terms(text);
    const auto again = parse_spf(rest, wrong);
    if (terms) FUZZ_CHECK(again && again->size() == terms->size());
    const SpfSender sender{"example.jp", "mail.example.jp", {}};
    for (const auto& term : terms ? *terms : std::vector<SpfTerm>()) {
        FUZZ_CHECK(term.prefix4 <= 32 && term.prefix6 <= 128);
        expand_spf_macros(term.domain, sender, "example.jp");
    }
    expand_spf_macros(text, sender, "example.jp");
    is_wrongly_split_spf({std::string(text.substr(0, text.size() / 2)), std::string(text.substr(text.size() / 2))});
}

void tagged(std::string_view text) {
    std::string wrong;
    if (const auto tags = parse_tags(text, wrong)) {
        for (const auto& tag : *tags) FUZZ_CHECK(find_tag(*tags, tag.name) == &tag.value);
    } else {
        FUZZ_CHECK(!wrong.empty());
    }
    const auto key = parse_dkim_key(text);
    if (key.fault == DkimFault::none) FUZZ_CHECK(!key.key.empty() && (key.key_type == "rsa") == (key.key_bits > 0));
    const auto dmarc = parse_dmarc(text, wrong);
    if (dmarc) FUZZ_CHECK(is_dmarc(text) && !dmarc->policy.empty() && dmarc->percent <= 100);
    if (parse_mta_sts(text, wrong)) FUZZ_CHECK(is_mta_sts(text));
    if (parse_tls_rpt(text, wrong)) FUZZ_CHECK(is_tls_rpt(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    spf(text);
    tagged(text);
    std::string wrong;
    if (const auto policy = parse_mta_sts_policy(text, wrong)) {
        FUZZ_CHECK(!policy->mode.empty());
        for (const auto& mx : policy->mx)
            if (!mx.starts_with("*.")) FUZZ_CHECK(policy_allows(*policy, mx));
    } else {
        FUZZ_CHECK(!wrong.empty());
    }
    return 0;
}
