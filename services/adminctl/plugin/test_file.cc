#include "adminctl/plugin/test_file.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace tayori::admin::kit {
namespace {

constexpr std::string_view kIndent = "  ";
constexpr std::string_view kThen = "then ";
constexpr std::size_t kStepsMax = 10'000;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

class TestParser {
  public:
    explicit TestParser(std::string_view text) : lines_(lines_of(text)) {}

    Result<std::vector<Step>> run() {
        for (at_ = 0; at_ < lines_.size(); ++at_) {
            const auto line = lines_[at_];
            if (trim(line).empty()) ++blanks_;
            else if (line.front() == '#') blanks_ = 0;
            else if (auto taken = line.starts_with(kIndent) ? below(line.substr(kIndent.size())) : head(line); !taken)
                return fail(Kind::invalid, cat(at_ + 1, ": ", taken.error().text));
        }
        return std::move(steps_);
    }

  private:
    // Begins something: a step, or what must have come of the last one.
    Result<void> head(std::string_view line) {
        blanks_ = 0;
        below_then_ = line.starts_with(kThen);
        if (line.starts_with(' ')) return fail(Kind::invalid, "a line below another one begins with two spaces");
        if (below_then_) {
            if (steps_.empty())
                return fail(Kind::invalid, "`then` says what came of the line above it; there is none, e.g. `mail from bob@example.com`");
            steps_.back().expected.push_back({at_ + 1, std::string(trim(line.substr(kThen.size()))), {}});
            return {};
        }
        if (steps_.size() == kStepsMax) return fail(Kind::invalid, cat("more than ", kStepsMax, " steps; make it two files"));
        steps_.push_back({at_ + 1, std::string(trim(line)), {}, {}, {}, {}});
        return line.starts_with("settings") ? settings(steps_.back()) : Result<void>();
    }
    Result<void> below(std::string_view line) {
        if (steps_.empty()) return fail(Kind::invalid, "this belongs to a line above it that is not there");
        auto& step = steps_.back();
        if (below_then_) {
            step.expected.back().details.emplace_back(trim(line));
        } else if (step.words == "each") {
            const auto bar = line.rfind(" | ");
            if (bar == std::string_view::npos)
                return fail(Kind::invalid, "a row of a table is `what is different | what must come of it`");
            step.rows.push_back({at_ + 1, std::string(trim(line.substr(0, bar))), std::string(trim(line.substr(bar + 3)))});
        } else {
            for (; blanks_ > 0 && !step.body.empty(); --blanks_) step.body.emplace_back();
            step.body.emplace_back(line);
        }
        blanks_ = 0;
        return {};
    }
    // JSON over as many lines as it takes.
    Result<void> settings(Step& step) {
        const auto brace = step.words.find('{');
        if (brace == std::string::npos) return fail(Kind::invalid, "write `settings {\"name\": value}`");
        step.json = step.words.substr(brace);
        step.words = trim(step.words.substr(0, brace));
        while (!nlohmann::json::accept(step.json)) {
            if (++at_ == lines_.size()) {
                at_ = step.line - 1;
                return fail(Kind::invalid, "these settings are no JSON; is a quote, comma or brace missing?");
            }
            append(step.json, "\n", lines_[at_]);
        }
        return {};
    }

    std::vector<std::string_view> lines_;
    std::vector<Step> steps_;
    std::size_t at_ = 0;
    std::size_t blanks_ = 0;   // before this line; they count only between lines of a mail
    bool below_then_ = false;
};

}  // namespace

Result<std::vector<Step>> parse_test(std::string_view text) {
    if (text.size() > kTestFileBytesMax) return fail(Kind::invalid, cat("1: a test has at most ", kTestFileBytesMax, " octets"));
    return TestParser(text).run();
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        const bool quoted = text.front() == '"';
        const auto end = quoted ? text.find('"', 1) : text.find_first_of(" \t");
        words.emplace_back(text.substr(quoted ? 1 : 0, end == std::string_view::npos ? end : end - (quoted ? 1 : 0)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + (quoted ? 1 : 0));
    }
    return words;
}

}  // namespace tayori::admin::kit
