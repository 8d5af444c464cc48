// Lists of what was looked at: a word of judgement, what it is about, and lines below that say more.
#pragma once

#include <string>
#include <string_view>

namespace tayori::admin {

// "ok      MX example.jp: …"
void verdict_line(std::string& out, std::string_view word, std::string_view rest);
// One line below it for each line of `text`.
void verdict_detail(std::string& out, std::string_view title, std::string_view text);

}  // namespace tayori::admin
