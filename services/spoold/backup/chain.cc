#include "spoold/backup/chain.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kManifestBytesMax = 256ull << 20;  // a million files

Result<std::string> read_text(Target& target, const std::string& name) {
    auto size = target.size(name);
    if (!size) return fail(std::move(size.error()));
    if (*size > kManifestBytesMax) return fail(Kind::corrupt, "The backup is damaged.", cat(name, " is too long"));
    std::string text(*size, '\0');
    auto got = target.read(name, 0, text.data(), text.size());
    if (!got) return fail(std::move(got.error()));
    text.resize(*got);
    return text;
}

// An increment counts only behind the very step that it was made behind.
void check_order(std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        auto& step = steps[i];
        if (!step.problem.empty() || step.manifest.is_base()) continue;
        if (i == 0 || steps[i - 1].manifest.number + 1 != step.manifest.number) {
            step.problem = "The step before it is missing.";
        } else if (!steps[i - 1].problem.empty()) {
            step.problem = "A step before it is damaged or missing.";
        } else if (steps[i - 1].checksum != step.manifest.after || steps[i - 1].manifest.base != step.manifest.base) {
            step.problem = "It does not belong behind the step before it.";
        }
    }
}

Chain chain_of(const std::vector<Step>& steps, std::uint64_t base) {
    Chain chain;
    for (const auto& step : steps) {
        if (step.problem.empty() && step.manifest.base == base) chain.steps.push_back(step.manifest);
    }
    return chain;
}

}  // namespace

Result<std::vector<Step>> read_steps(Target& target) {
    auto names = target.list({});
    if (!names) return fail(std::move(names.error()));
    std::vector<Step> steps;
    for (const auto& name : *names) {
        const auto number = step_number(name);
        if (number == 0) continue;
        auto text = read_text(target, place_of(number, kManifestName));
        if (!text && text.error().kind == Kind::not_found) continue;
        if (!text && text.error().kind != Kind::corrupt) return fail(std::move(text.error()));
        Step step;
        auto manifest = text ? Manifest::decode(*text) : fail(text.error());
        if (manifest && manifest->number == number) {
            step.manifest = std::move(*manifest);
            step.checksum = checksum_of(*text);
        } else {
            step.manifest.number = number;
            step.problem = manifest ? "It was another step's." : cat(manifest.error().text, " ", manifest.error().detail);
        }
        steps.push_back(std::move(step));
    }
    check_order(steps);
    return steps;
}

Result<std::vector<std::string>> unfinished_steps(Target& target) {
    auto names = target.list({});
    if (!names) return fail(std::move(names.error()));
    std::vector<std::string> unfinished;
    for (const auto& name : *names) {
        if (step_number(name) == 0) continue;
        auto size = target.size(place_of(step_number(name), kManifestName));
        if (!size && size.error().kind != Kind::not_found) return fail(std::move(size.error()));
        if (!size) unfinished.push_back(name);
    }
    return unfinished;
}

std::map<std::string, std::vector<Chain::Part>> Chain::parts(std::string_view below) const {
    std::map<std::string, std::vector<Part>> result;
    for (const auto& step : steps) {
        for (const auto& file : step.files) {
            if (file.piece.name.starts_with(below)) result[file.piece.name].push_back({step.number, file.piece});
        }
    }
    return result;
}

std::map<std::string, std::uint64_t> Chain::log_bytes() const {
    std::map<std::string, std::uint64_t> result;
    for (const auto& [name, pieces] : parts("log/")) result[name] = pieces.back().piece.to;
    return result;
}

std::optional<Chain> newest_chain(const std::vector<Step>& steps) {
    for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
        if (at->problem.empty()) return chain_of(steps, at->manifest.base);
    }
    return std::nullopt;
}

Result<Chain> chain_for(const std::vector<Step>& steps, std::optional<std::int64_t> moment_ms) {
    if (!moment_ms) {
        if (auto newest = newest_chain(steps)) return std::move(*newest);
        return fail(Kind::not_found, "There is no backup that can be used.");
    }
    for (auto at = steps.rbegin(); at != steps.rend(); ++at) {
        if (!at->problem.empty() || !at->manifest.is_base() || at->manifest.index_ms > *moment_ms) continue;
        auto chain = chain_of(steps, at->manifest.number);
        const auto reached = std::find_if(chain.steps.begin(), chain.steps.end(),
                                          [&](const Manifest& step) { return step.until_ms >= *moment_ms; });
        if (reached != chain.steps.end()) chain.steps.erase(reached + 1, chain.steps.end());
        return chain;
    }
    return fail(Kind::not_found, "No backup is so old.");
}

}  // namespace tayori::spool
