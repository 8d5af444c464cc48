#include "smtpd/grammar/command.h"

#include <gmock/gmock.h>

namespace tayori::smtp {
namespace {

TEST(Command, SplitsVerbAndArgument) {
    EXPECT_EQ(split_command("mail FROM:<a@b>  ").verb, "MAIL");
    EXPECT_EQ(split_command("mail FROM:<a@b>  ").argument, "FROM:<a@b>");
    EXPECT_EQ(split_command("QUIT").argument, "");
    EXPECT_EQ(split_command("").verb, "");
}

TEST(Command, ParsesPathsAndParameters) {
    struct Row {
        const char* argument;
        const char* path;  // null: refused
        std::size_t parameters;
    };
    const Row rows[] = {
        {"TO:<a@b>", "a@b", 0},
        {"to: <a@b>", "a@b", 0},
        {"TO:<>", "", 0},
        {"TO:<\"a>b\"@c> SIZE=1 BODY=8BITMIME SMTPUTF8", "\"a>b\"@c", 3},
        {"TO:<@x,@y:a@b>", "a@b", 0},
        {"TO:a@b", nullptr, 0},
        {"TO:<a@b", nullptr, 0},
        {"TO:<a@b>SIZE=1", nullptr, 0},
        {"TO:<a@b> SIZE=", nullptr, 0},
        {"TO:<a@b> =1", nullptr, 0},
        {"TO:<a<b@c>", nullptr, 0},
        {"FROM:<a@b>", nullptr, 0},
        {"", nullptr, 0},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.argument);
        const auto parsed = parse_path_argument(row.argument, "TO:");
        ASSERT_EQ(parsed.has_value(), row.path != nullptr);
        if (!parsed) continue;
        EXPECT_EQ(parsed->path, row.path);
        EXPECT_EQ(parsed->parameters.size(), row.parameters);
    }
}

TEST(Command, ParsesBdat) {
    EXPECT_EQ(parse_bdat("10")->bytes, 10u);
    EXPECT_TRUE(parse_bdat("0 LAST")->last);
    for (const char* wrong : {"", "x", "-1", "1 2", "1 LAST x", "99999999999999999999"})
        EXPECT_FALSE(parse_bdat(wrong)) << wrong;
}

}  // namespace
}  // namespace tayori::smtp
