// Runs a plugin's tests: each line that is followed by a `then`, and each row of a table, is one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/lua/plugin_set.h"

namespace tayori::admin::kit {

struct TestFailure {
    std::string at;        // "plugins/filter/tests/sizes.txt:12"
    std::string what;      // the line that it is about
    std::string expected, got;  // both empty: `what` says what is wrong
};
struct TestResult {
    std::size_t passed = 0;
    std::vector<TestFailure> failures;
};

void run_test(const std::shared_ptr<const lua::Plugin>& plugin, const std::string& file, TestResult& result);
// All of DIRECTORY/tests/*.txt, by name. not_found: there is none.
Result<TestResult> run_tests(const std::string& directory);

}  // namespace tayori::admin::kit
