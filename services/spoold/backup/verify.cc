#include "spoold/backup/verify.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/backup/moment.h"
#include "spoold/counters/counters.h"
#include "spoold/directory/check.h"
#include "spoold/store/checksum.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kReadBytes = 1 << 20;
constexpr std::size_t kProblemsMax = 1000;

class Verification {
  public:
    Verification(Target& target, const std::string& directory, const Watch& watch)
        : target_(target), directory_(directory), watch_(watch) {}

    Result<VerifiedBackup> run() {
        auto steps = read_steps(target_);
        if (!steps) return fail(std::move(steps.error()));
        if (steps->empty()) return fail(Kind::not_found, "There is no backup in this set.");
        for (const auto& step : *steps) progress_.total += step.manifest.bytes();
        std::vector<std::uint64_t> bases;
        for (const auto& step : *steps) {
            ++report_.steps;
            if (!step.problem.empty()) {
                problem(cat("Step ", step.manifest.number, ": ", step.problem));
                continue;
            }
            if (step.manifest.is_base()) bases.push_back(step.manifest.number);
            if (auto read = read_files(step.manifest); !read) return fail(std::move(read.error()));
        }
        for (const auto base : bases) {
            if (auto proved = prove(*steps, base); !proved) return fail(std::move(proved.error()));
        }
        return std::move(report_);
    }

  private:
    void problem(std::string text) {
        if (report_.problems.size() < kProblemsMax) report_.problems.push_back(std::move(text));
    }
    // It ends here, and says nothing about the backup.
    bool ends(const Error& error) const {
        return error.kind == Kind::closed || (error.kind == Kind::busy && target_.far());
    }
    bool go_on(std::uint64_t bytes) {
        progress_.done += bytes;
        return watch_(progress_);
    }

    Result<void> read_files(const Manifest& manifest) {
        for (const auto& file : manifest.files) {
            const auto place = place_of(manifest.number, file.piece.name);
            const auto size = file.piece.to - file.piece.from;
            auto there = target_.size(place);
            if (!there && ends(there.error())) return fail(std::move(there.error()));
            if (!there) {
                problem(cat(place, " is missing."));
                continue;
            }
            if (*there != size) problem(cat(place, " has ", *there, " bytes, not ", size, "."));
            auto sum = checksum_of_file(place, size);
            if (!sum && ends(sum.error())) return fail(std::move(sum.error()));
            if (!sum) problem(cat(place, " can't be read: ", sum.error().detail));
            else if (*sum != file.checksum) problem(cat(place, " is damaged: its checksum is another one."));
        }
        return {};
    }

    Result<std::uint32_t> checksum_of_file(const std::string& place, std::uint64_t size) {
        std::uint32_t sum = 0;
        std::string bytes;
        for (std::uint64_t at = 0; at < size; at += bytes.size()) {
            bytes.resize(std::min(kReadBytes, size - at));
            auto got = target_.read(place, at, bytes.data(), bytes.size());
            if (!got) return fail(std::move(got.error()));
            if (*got == 0) break;
            bytes.resize(*got);
            sum = store::crc32c(bytes, sum);
            report_.bytes += bytes.size();
            if (!go_on(bytes.size())) return fail(Kind::closed, "Stopped.");
        }
        return sum;
    }

    // What a restore of the chain's last moment would have.
    Result<void> prove(const std::vector<Step>& steps, std::uint64_t base) {
        Chain chain;
        for (const auto& step : steps) {
            if (step.problem.empty() && step.manifest.base == base) chain.steps.push_back(step.manifest);
        }
        ++report_.chains;
        check_parts(chain);
        auto moment = Moment::open(target_, std::move(chain), std::nullopt, directory_, watch_);
        if (!moment && ends(moment.error())) return fail(std::move(moment.error()));
        if (!moment) {
            problem(cat("The chain of step ", base, " can't be restored: ", moment.error().text, " ", moment.error().detail));
            return {};
        }
        report_.records += (*moment)->past().records();
        if (auto read = read_bodies((*moment)->past()); !read) return read;
        return prove_rows((*moment)->past());
    }

    void check_parts(const Chain& chain) {
        for (const auto& [name, parts] : chain.parts({})) {
            std::uint64_t end = 0;
            for (const auto& part : parts) {
                if (part.piece.from != end) problem(cat(place_of(part.step, name), " does not begin at ", end, "."));
                end = part.piece.to;
            }
        }
    }

    Result<void> read_bodies(const store::Past& past) {
        Result<void> ended;
        auto visited = past.visit_bodies([&](store::BodyId id, const store::BodyReader& reader) {
            ++report_.bodies;
            if (auto good = reader.verify(); !good) {
                if (ends(good.error())) ended = std::move(good);
                else problem(cat("Body ", static_cast<std::uint64_t>(id), ": ", good.error().detail));
            }
            if (ended && !watch_(progress_)) ended = fail(Kind::closed, "Stopped.");
            return ended.has_value();
        });
        if (!ended) return ended;
        if (!visited && ends(visited.error())) return visited;
        if (!visited) problem(cat(visited.error().text, " ", visited.error().detail));
        return {};
    }

    Result<void> prove_rows(const store::Past& past) {
        const auto snapshot = past.snapshot();
        const auto address_of = [](AccountId account) { return cat("account ", raw(account)); };
        auto counted = verify_counters(*snapshot, AccountId{0}, address_of);
        if (!counted) return fail(std::move(counted.error()));
        report_.references += counted->references_checked();
        for (auto& text : *counted->mutable_problems()) problem(std::move(text));
        auto directory = verify_directory(SnapshotRows(snapshot));
        if (!directory) return fail(std::move(directory.error()));
        for (auto& text : *directory) problem(std::move(text));
        return {};
    }

    Target& target_;
    const std::string& directory_;
    const Watch& watch_;
    Progress progress_;
    VerifiedBackup report_;
};

}  // namespace

Result<VerifiedBackup> verify_backup(Target& target, const std::string& directory, const Watch& watch) {
    return Verification(target, directory, watch).run();
}

}  // namespace tayori::spool
