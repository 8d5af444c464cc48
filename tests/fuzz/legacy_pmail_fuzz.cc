// PMail's files: a guess leaves no choice, counters stay in their bounds.
#include <cstdint>
#include <set>
#include <string_view>

#include "common/legacy/pmail/forms.h"
#include "common/legacy/pmail/rules.h"
#include "legacy_report.h"

using namespace tayori::legacy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Report report;
    AccountReport account{report, "a@b.example"};
    (void)pmail::parse_uidl_file(text, "uidl.txt", account);
    (void)pmail::parse_folder_file(text, "folder.txt", account);
    if (const auto guess = pmail::guess_uidl_file(
            text, [](std::string_view name) { return name.ends_with(".eml"); })) {
        std::set<std::string> uidls;
        for (const auto& line : guess->lines)
            FUZZ_CHECK(line.file.ends_with(".eml") && uidls.insert(line.uidl).second);
    }
    if (const auto counter = pmail::parse_counter_file(text))
        FUZZ_CHECK(*counter >= 1 && *counter <= 4'294'967'294);
    for (const auto& rule : pmail::parse_forward_file(text, "forward.txt", account))
        FUZZ_CHECK(!rule.to.empty());
    for (const auto& rule : pmail::parse_filter_file(text, "filter.txt", account))
        FUZZ_CHECK(!rule.understood);
    check_report(report);
    return 0;
}
