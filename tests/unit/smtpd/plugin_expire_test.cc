#include "smtpd/plugin_expire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tayori::smtp {
namespace {

namespace v1 = rpc::v1;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kNow = 1000 * kDay;

TEST(PluginExpire, PatternsFitFolders) {
    struct Case {
        const char* pattern;
        const char* name;
        bool fits;
    };
    const Case cases[] = {
        {"INBOX", "INBOX", true},       {"inbox", "INBOX", true},       {"Lists/*", "Lists/cpp", true}, {"Lists/*", "Lists", false},
        {"*", "Anything/deep", true},   {"*/old", "a/b/old", true},     {"*/old", "a/older", false},    {"a*b*c", "axxbyyc", true},
        {"a*b*c", "axxbyy", false},     {"Trash", "trash", false},      {"", "Trash", false},           {"**", "x", true},
        {"a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (const auto& c : cases) EXPECT_EQ(folder_fits(c.pattern, c.name), c.fits) << c.pattern << " " << c.name;
}

// UIDs 1 to 4, of 40, 30, 20 and 10 days; 1 is flagged, 2 is seen, 3 has the keyword 7.
v1::References four() {
    v1::References out;
    const std::uint32_t flags[] = {v1::SYSTEM_FLAG_FLAGGED, v1::SYSTEM_FLAG_SEEN, 0, 0};
    for (std::uint32_t i = 0; i < 4; ++i) {
        out.add_uid(i + 1);
        out.add_flags(flags[i]);
        out.add_internal_date_s(kNow - (40 - 10 * static_cast<std::int64_t>(i)) * kDay);
    }
    auto& at = *out.add_keywords();
    at.set_index(2);
    at.add_keyword_id(7);
    return out;
}

TEST(PluginExpire, NamesWhatARuleMeans) {
    v1::Keyword keyword;
    keyword.set_keyword_id(7);
    keyword.set_name("$POP3Deleted");
    struct Case {
        std::int64_t days;
        const char* keyword;
        std::optional<bool> seen, flagged;
        std::vector<std::uint32_t> uids;
    };
    const Case cases[] = {
        {30, "", {}, {}, {1, 2}},
        {31, "", {}, {}, {1}},
        {0, "", {}, {}, {1, 2, 3, 4}},
        {10, "", {}, false, {2, 3, 4}},
        {10, "", true, {}, {2}},
        {10, "", false, false, {3, 4}},
        {10, "$pop3deleted", {}, {}, {3}},
        {25, "$POP3Deleted", {}, {}, {}},
        {0, "$Unknown", {}, {}, {}},
    };
    for (const auto& c : cases) {
        lua::Expire rule;
        rule.older_than_s = static_cast<std::uint64_t>(c.days * kDay);
        rule.keyword = c.keyword;
        rule.seen = c.seen;
        rule.flagged = c.flagged;
        EXPECT_EQ(expired(four(), {keyword}, rule, kNow), c.uids) << c.days << c.keyword;
    }
}

}  // namespace
}  // namespace tayori::smtp
