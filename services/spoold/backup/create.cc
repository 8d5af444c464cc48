#include "spoold/backup/create.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/checksum.h"
#include "spoold/store/format.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kCopiedAtOnce = 1 << 20;  // at once

tl::unexpected<Error> stopped() { return fail(Kind::closed, "Stopped."); }

Result<ManifestFile> copy_piece(store::Copy& copy, const store::CopyPiece& piece, Target& target,
                                const std::string& place, const std::function<bool(std::uint64_t)>& advance) {
    auto writer = target.create(place);
    if (!writer) return fail(std::move(writer.error()));
    ManifestFile file{piece, 0};
    std::string bytes;
    for (auto at = piece.from; at < piece.to; at += bytes.size()) {
        bytes.clear();
        auto got = copy.read(piece.name, at, std::min(kCopiedAtOnce, piece.to - at), bytes);
        if (!got) return fail(std::move(got.error()));
        file.checksum = store::crc32c(bytes, file.checksum);
        if (auto written = (*writer)->append(bytes); !written) return fail(std::move(written.error()));
        if (!advance(bytes.size())) return stopped();
    }
    if (auto done = (*writer)->finish(); !done) return fail(std::move(done.error()));
    return file;
}

Result<void> copy_all(store::Copy& copy, Target& target, Manifest& manifest, const Watch& watch) {
    Progress progress;
    for (const auto& piece : copy.pieces()) progress.total += piece.to - piece.from;
    const auto advance = [&](std::uint64_t bytes) {
        progress.done += bytes;
        return watch(progress);
    };
    if (!watch(progress)) return stopped();
    for (const auto& piece : copy.pieces()) {
        auto file = copy_piece(copy, piece, target, place_of(manifest.number, piece.name), advance);
        if (!file) return fail(std::move(file.error()));
        manifest.files.push_back(std::move(*file));
    }
    return {};
}

struct Started {
    std::unique_ptr<store::Copy> copy;
    const Step* behind = nullptr;  // none: a base
    std::string why;
};

Result<Started> start(store::CopyableStore& store, const std::vector<Step>& steps, const BackupWish& wish) {
    Started started;
    store::CopyWish copy;
    copy.holder = wish.set;
    const auto chain = newest_chain(steps);
    if (wish.kind == BackupWish::Kind::base) started.why = "A base was asked for.";
    else if (!chain) started.why = "There is no earlier backup in this set that can be gone on from.";
    else if (!steps.back().problem.empty()) started.why = cat("The last step can't be used: ", steps.back().problem);
    if (started.why.empty()) {
        copy.since = chain->last().until;
        copy.have = chain->log_bytes();
        auto running = store.start_copy(copy);
        if (!running && running.error().kind != Kind::not_found) return fail(std::move(running.error()));
        if (running) {
            started.copy = std::move(*running);
            started.behind = &steps.back();
            return started;
        }
        started.why = "The log has not been kept since the last backup: it was too long ago, or of another store.";
        copy.since.reset();
        copy.have.clear();
    }
    auto running = store.start_copy(copy);
    if (!running) return fail(std::move(running.error()));
    started.copy = std::move(*running);
    return started;
}

Result<void> check_account(const std::vector<Step>& steps, const std::string& account) {
    const auto name = [](const std::string& of) { return of.empty() ? std::string("the whole site") : of; };
    for (const auto& step : steps) {
        if (!step.problem.empty() || step.manifest.account == account) continue;
        return fail(Kind::invalid, cat("This set has backups of ", name(step.manifest.account), ", not of ", name(account),
                                       ": name another one with --set."));
    }
    return {};
}

}  // namespace

Result<MadeBackup> make_backup(store::CopyableStore& store, Target& target, const BackupWish& wish, const Watch& watch) {
    if (auto tidied = target.tidy(); !tidied) return fail(std::move(tidied.error()));
    auto left = unfinished_steps(target);
    if (!left) return fail(std::move(left.error()));
    for (const auto& name : *left) {
        log_info("backup: a step that did not end is removed", {{"set", wish.set}, {"step", name}});
        if (auto gone = target.remove(name); !gone) return fail(std::move(gone.error()));
    }
    auto steps = read_steps(target);
    if (!steps) return fail(std::move(steps.error()));
    if (auto same = check_account(*steps, wish.account); !same) return fail(std::move(same.error()));
    auto started = start(store, *steps, wish);
    if (!started) return fail(std::move(started.error()));

    MadeBackup made;
    made.why = std::move(started->why);
    auto& manifest = made.manifest;
    manifest.number = steps->empty() ? 1 : steps->back().manifest.number + 1;
    manifest.base = started->behind != nullptr ? started->behind->manifest.base : manifest.number;
    manifest.after = started->behind != nullptr ? started->behind->checksum : 0;
    manifest.program = wish.program;
    manifest.account = wish.account;
    manifest.store_format = store::kStoreFormat;
    manifest.index_ms = started->copy->index_ms();
    manifest.until_ms = started->copy->until_ms();
    manifest.until = started->copy->until();
    if (auto copied = copy_all(*started->copy, target, manifest, watch); !copied) return fail(std::move(copied.error()));
    // If the machine stops right here, nothing of this step counts, and the next backup makes it again.
    if (auto done = target.put(place_of(manifest.number, kManifestName), manifest.encode()); !done) {
        return fail(std::move(done.error()));
    }
    // And here: the next one finds the manifest, and the hold expects it.
    if (auto kept = started->copy->keep(); !kept) return fail(std::move(kept.error()));
    return made;
}

// The youngest of a chain goes first, and its manifest before its files: what is left is a chain, and all of it counts.
Result<std::size_t> drop_old_chains(Target& target, std::size_t bases) {
    auto steps = read_steps(target);
    if (!steps) return fail(std::move(steps.error()));
    std::vector<std::uint64_t> good;
    for (const auto& step : *steps) {
        if (step.problem.empty() && step.manifest.is_base()) good.push_back(step.manifest.number);
    }
    if (bases == 0 || good.size() <= bases) return std::size_t{0};
    const auto oldest_kept = good[good.size() - bases];
    std::size_t dropped = 0;
    for (auto at = steps->rbegin(); at != steps->rend(); ++at) {
        if (at->manifest.number >= oldest_kept) continue;
        if (auto gone = target.remove(place_of(at->manifest.number, kManifestName)); !gone) return fail(gone.error());
        if (auto gone = target.remove(step_name(at->manifest.number)); !gone) return fail(gone.error());
        ++dropped;
    }
    return dropped;
}

}  // namespace tayori::spool
