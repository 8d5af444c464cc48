// Text files beside old mailboxes: lists of UIDs and sizes, keywords, subscriptions, sequences.
#include <cstdint>
#include <string_view>

#include "check.h"
#include "common/legacy/maildir/uidlist.h"
#include "common/legacy/mh/sequences.h"

using namespace tayori::legacy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto list = maildir::parse_uidlist(text)) {
        FUZZ_CHECK(list->uid_validity != 0 && list->uid_next != 0);
        FUZZ_CHECK(list->bad >= list->bad_lines.size());
        for (const auto& record : list->records) {
            FUZZ_CHECK(record.uid != 0 && !record.base.empty());
            FUZZ_CHECK(record.base.find_first_of("\n/") == std::string::npos);
        }
    }
    if (const auto list = maildir::parse_sizelist(text))
        for (const auto& record : list->records) FUZZ_CHECK(!record.base.empty() && !record.uidl.empty());
    std::vector<std::uint64_t> bad;
    for (const auto& [letter, name] : maildir::parse_keywords(text, bad)) FUZZ_CHECK(letter >= 'a' && letter <= 'z' && !name.empty());
    for (const auto& name : maildir::parse_subscriptions(text, '.')) FUZZ_CHECK(name.find('\n') == std::string::npos);
    (void)maildir::parse_maildirsize(text);
    const auto name = maildir::parse_mail_file_name(text);
    FUZZ_CHECK(text.starts_with(name.base));
    const auto sequences = mh::parse_sequences(text);
    for (const auto& [sequence, ranges] : sequences.by_name)
        for (const auto& [from, to] : ranges) FUZZ_CHECK(from <= to && sequences.has(sequence, from) && sequences.has(sequence, to));
    return 0;
}
