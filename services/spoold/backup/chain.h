// The steps of a backup set: chains of a base and the increments behind it, as their manifests say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spoold/backup/manifest.h"
#include "spoold/backup/target.h"

namespace tayori::spool {

struct Step {
    Manifest manifest;
    std::uint32_t checksum = 0;  // of the manifest's text
    std::string problem;         // why it can't be used; its number may be all that is known then
};

// Every step that has a manifest, by number. What is damaged, or follows something damaged, has a problem.
Result<std::vector<Step>> read_steps(Target& target);
// Steps without a manifest: what a backup left behind that did not end.
Result<std::vector<std::string>> unfinished_steps(Target& target);

// One base and the increments behind it, up to where it is needed.
struct Chain {
    std::vector<Manifest> steps;
    const Manifest& base() const { return steps.front(); }
    const Manifest& last() const { return steps.back(); }

    // Where the bytes of a file lie: pieces of steps, without a gap.
    struct Part {
        std::uint64_t step = 0;
        store::CopyPiece piece;
    };
    std::map<std::string, std::vector<Part>> parts(std::string_view below) const;
    // How much of each file of the log there is.
    std::map<std::string, std::uint64_t> log_bytes() const;
};

// The newest chain that can be used, or none.
std::optional<Chain> newest_chain(const std::vector<Step>& steps);
// The chain, as far as it is needed, that has the state at this moment; none: the newest. not_found: all are younger.
Result<Chain> chain_for(const std::vector<Step>& steps, std::optional<std::int64_t> moment_ms);

}  // namespace tayori::spool
