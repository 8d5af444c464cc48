// What people read of sources and runs.
#pragma once

#include <string>
#include <string_view>

#include "adminctl/table.h"
#include "common/base/result.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

std::string_view show_problem(v1::FetchProblem problem);
// "taro@old.example by imap"
std::string show_source(const v1::FetchSettings& settings);
// "10m", "1h", "90s", "2d"; at least a number and s, m, h or d.
Result<std::uint32_t> parse_interval(std::string_view text);
std::string show_interval(std::uint32_t seconds);

Table fetch_table();
void add_fetch_row(Table& table, const v1::FetchSource& source);
// What there is to say of a source besides its row; empty: nothing.
std::string fetch_trouble(const v1::FetchSource& source);
std::string outcome_text(const v1::FetchOutcome& outcome);

}  // namespace tayori::admin
