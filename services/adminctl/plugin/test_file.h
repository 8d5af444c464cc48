// A test of a plugin as its author writes it: what happens, line by line, and what must have been decided. docs/plugins.md says how.
//
//   settings {"text": "I am away."}
//   mail from bob@example.com
//     Subject: hello
//
//     Are you there?
//   then reply to bob@example.com once in 7 days
//     with text "I am away."
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::admin::kit {

inline constexpr std::size_t kTestFileBytesMax = 4 * 1024 * 1024;

struct Expectation {
    std::size_t line = 0;
    std::string text;                   // behind "then"
    std::vector<std::string> details;   // the lines below it
};
// A row of a table: what is different in the mail before, and what must come of it.
struct TableRow {
    std::size_t line = 0;
    std::string changes, expected;
};
struct Step {
    std::size_t line = 0;
    std::string words;
    std::vector<std::string> body;      // the lines below it, without their two spaces
    std::string json;                   // of `settings`
    std::vector<TableRow> rows;         // of `each`
    std::vector<Expectation> expected;
};

// invalid: "12: what is wrong and what would be right".
Result<std::vector<Step>> parse_test(std::string_view text);

// "once in" and the like: words parted by blanks, "…" kept together without its quotes.
std::vector<std::string> split_words(std::string_view text);

}  // namespace tayori::admin::kit
