#include "adminctl/plugin/test_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adminctl/plugin/player.h"
#include "adminctl/plugin/test_file.h"
#include "common/base/text.h"

namespace tayori::admin::kit {
namespace {

constexpr std::string_view kBecause = "because \"";
constexpr std::string_view kNothing = "nothing";
constexpr std::string_view kFails = "fails";

std::string shown(const Outcome& outcome) {
    std::string out;
    for (const auto& failure : outcome.failures) append(out, out.empty() ? "" : "; ", "fails: ", failure.text);
    for (const auto& did : outcome.done) append(out, out.empty() ? "" : "; ", whole(did.said));
    if (out.empty()) out = kNothing;
    if (!outcome.reasons.empty()) {
        out += "  (";
        for (std::size_t i = 0; i < outcome.reasons.size(); ++i) append(out, i == 0 ? "" : "; ", outcome.reasons[i]);
        out += ')';
    }
    return out;
}

bool is_explained(const Outcome& outcome, std::string_view why) {
    return std::any_of(outcome.reasons.begin(), outcome.reasons.end(),
                       [why](const std::string& reason) { return reason.find(why) != std::string::npos; });
}

// `… because "List-Id"` parted into what and why.
std::string_view cut_because(std::string_view& expected) {
    const auto at = expected.find(kBecause);
    if (at == std::string_view::npos || !expected.ends_with('"')) return {};
    const auto why = expected.substr(at + kBecause.size(), expected.size() - at - kBecause.size() - 1);
    expected = trim(expected.substr(0, at));
    return why;
}

// A line below `then`: with|without subject|text|header|charset "…". Empty: it is so.
std::string breach(const std::string& detail, const std::string& content) {
    const auto words = split_words(detail);
    const bool wanted = words.front() == "with";
    if (words.size() != 3 || (!wanted && words.front() != "without"))
        return cat("`", detail, "`: write with or without, then subject, text, header or charset, then what in quotes");
    std::string found;
    bool is_so = false;
    if (words[1] == "subject") {
        found = field_of(content, "Subject");
        is_so = found == words[2];
    } else if (words[1] == "text") {
        found = text_of(content);
        is_so = found.find(words[2]) != std::string::npos;
    } else if (words[1] == "charset") {
        found = charset_of(content);
        is_so = found == words[2];
    } else if (words[1] == "header") {
        const auto colon = std::min(words[2].find(':'), words[2].size());
        const auto value = field_of(content, words[2].substr(0, colon));
        found = cat(words[2].substr(0, colon), ": ", value);
        is_so = fits(words[2], {found, {}});
    } else {
        return cat("a mail has no ", words[1], "; look at subject, text, header or charset");
    }
    return is_so == wanted ? std::string() : cat(detail, ", but there is: ", content.empty() ? "no mail of its own" : found);
}

// What is not as expected, in the order of the file; empty: all is.
std::string compare(const std::vector<Expectation>& expected, const Outcome& outcome) {
    std::size_t next = 0;
    bool fails = false;
    for (const auto& one : expected) {
        std::string_view text = one.text;
        const auto why = cut_because(text);
        if (!why.empty() && !is_explained(outcome, why)) return one.text;
        if (text == kNothing) {
            if (!outcome.done.empty()) return one.text;
            continue;
        }
        if (text.starts_with(kFails)) {
            const auto said = trim(text.substr(kFails.size()));
            fails = std::any_of(outcome.failures.begin(), outcome.failures.end(),
                                [said](const lua::Failure& failure) { return failure.text.find(said) != std::string::npos; });
            if (!fails) return one.text;
            continue;
        }
        if (next == outcome.done.size() || !fits(text, outcome.done[next].said)) return one.text;
        const auto content = content_of(outcome.done[next++].action);
        for (const auto& detail : one.details)
            if (auto wrong = breach(detail, content); !wrong.empty()) return wrong;
    }
    if (next < outcome.done.size()) return cat("nothing more than that, but also: ", whole(outcome.done[next].said));
    return outcome.failures.empty() || fails ? std::string() : std::string("no failure of the plugin");
}

class TestRun {
  public:
    TestRun(std::shared_ptr<const lua::Plugin> plugin, std::string file, TestResult& result)
        : file_(std::move(file)), player_(std::move(plugin), std::filesystem::path(file_).parent_path().string()), result_(result) {}

    void run(const std::vector<Step>& steps) {
        const auto before = result_.passed + result_.failures.size();
        for (const auto& step : steps) {
            if (step.words == "each") for (const auto& row : step.rows) play_row(row);
            else if (!play(step)) return;  // what follows would only be confused
        }
        if (result_.passed + result_.failures.size() == before) fail_at(1, "nothing here is followed by a `then`: it tests nothing");
    }

  private:
    bool play(const Step& step) {
        auto outcome = player_.play(step);
        if (!outcome) return fail_at(step.line, outcome.error().text);
        if (!step.expected.empty()) judge(step.expected.front().line, step.words, step.expected, *outcome);
        else if (!outcome->failures.empty()) return fail_at(step.line, outcome->failures.front().text);
        return true;
    }
    void play_row(const TableRow& row) {
        auto outcome = player_.play(row);
        if (!outcome) fail_at(row.line, outcome.error().text);
        else judge(row.line, row.changes, {{row.line, row.expected, {}}}, *outcome);
    }
    void judge(std::size_t line, const std::string& what, const std::vector<Expectation>& expected, const Outcome& outcome) {
        auto missing = compare(expected, outcome);
        if (missing.empty()) ++result_.passed;
        else result_.failures.push_back({cat(file_, ':', line), what, std::move(missing), shown(outcome)});
    }
    bool fail_at(std::size_t line, std::string what) {
        result_.failures.push_back({cat(file_, ':', line), std::move(what), {}, {}});
        return false;
    }

    std::string file_;
    Player player_;
    TestResult& result_;
};

}  // namespace

void run_test(const std::shared_ptr<const lua::Plugin>& plugin, const std::string& file, TestResult& result) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto steps = parse_test(text);
    if (!steps) result.failures.push_back({cat(file, ':', steps.error().text), {}, {}, {}});
    else TestRun(plugin, file, result).run(*steps);
}

Result<TestResult> run_tests(const std::string& directory) {
    auto plugin = lua::PluginSet::load_plugin(directory, lua::Limits());
    if (!plugin) return fail(std::move(plugin.error()));
    std::vector<std::string> files;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/tests", code))
        if (entry.path().extension() == ".txt") files.push_back(entry.path().string());
    if (files.empty()) return fail(Kind::not_found, cat(directory, "/tests has no test; docs/plugins.md shows how to write one"));
    std::sort(files.begin(), files.end());
    TestResult result;
    for (const auto& file : files) run_test(*plugin, file, result);
    return result;
}

}  // namespace tayori::admin::kit
