// Making the index anew from a checkpoint and the log, or from the log alone.
//
// The new index grows in index.new/ and takes the place of index/ by two renames. A start that finds no index/ but a
// log makes one in the same way, so the power may fail at any moment: what is half done is dropped and done again.
#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/embedded.h"
#include "spoold/store/format.h"

namespace tayori::store {
namespace {

std::string index_path(const Options& options) { return cat(options.directory, "/index"); }
std::string new_index_path(const Options& options) { return cat(options.directory, "/index.new"); }

// Table files never change, so a link is a copy; everything else is copied.
Result<void> copy_checkpoint(Files& files, const std::string& from, const std::string& to) {
    auto names = files.list(from);
    if (!names) return fail(names.error());
    for (const auto& name : *names) {
        if (name == "state") continue;
        const auto source = cat(from, "/", name);
        const auto target = cat(to, "/", name);
        if (name.ends_with(".sst")) {
            if (auto done = files.link(source, target); !done) return done;
            continue;
        }
        auto bytes = read_whole_file(files, source);
        if (!bytes) return fail(bytes.error());
        if (auto done = replace_file(files, target, *bytes); !done) return done;
    }
    return files.sync_directory(to);
}

Result<std::uint64_t> replay_into(Files& files, const Options& options, const std::string& directory,
                                  std::uint64_t synced) {
    SegmentTable segments(files, cat(options.directory, "/log"), options.segment_bytes,
                          options.open_segments_max);
    if (auto done = segments.load(); !done) return fail(done.error());
    auto index = Index::open(files, index_options(options, directory));
    if (!index) return fail(index.error());
    segments.never_below((*index)->state().next_segment);
    const SystemClock system_clock;
    const Clock& clock = options.clock != nullptr ? *options.clock : system_clock;
    Log log(segments, [&] { return clock.now_ms(); }, options.segment_bytes);
    std::uint64_t records = 0;
    auto done = log.recover((*index)->state().stamp, synced, [&](const LogRecord& record, const Segment& segment) {
        ++records;
        return (*index)->apply(record, segment);
    });
    if (!done) return fail(done.error());
    for (const auto id : (*index)->live_segments()) {
        if (!segments.find(id)) {
            return fail(Kind::corrupt, "Stored data is damaged.",
                        cat("segment ", id, " is missing, and mail was in it"));
        }
    }
    if (auto flushed = (*index)->flush(true); !flushed) return fail(flushed.error());
    return records;
}

Result<std::uint64_t> try_from(Files& files, const Options& options, const std::string& checkpoint,
                               std::uint64_t synced) {
    const auto directory = new_index_path(options);
    if (auto done = remove_tree(files, directory); !done) return fail(done.error());
    if (auto done = ensure_directory(files, directory); !done) return fail(done.error());
    if (!checkpoint.empty()) {
        if (auto done = copy_checkpoint(files, checkpoint, directory); !done) return fail(done.error());
    }
    return replay_into(files, options, directory, synced);
}

}  // namespace

Result<std::uint64_t> rebuild_index(Files& files, const Options& options) {
    auto checkpoints = load_checkpoints(files, options.directory);
    if (!checkpoints) return fail(checkpoints.error());
    std::vector<std::string> sources;
    for (auto at = checkpoints->rbegin(); at != checkpoints->rend(); ++at) sources.push_back(at->directory);
    sources.emplace_back();  // the log alone
    Holds holds(files, cat(options.directory, "/holds"));
    if (auto done = holds.load(); !done) return fail(done.error());
    const auto synced = std::max(newest_sequence(*checkpoints), holds.newest_sequence());
    Result<std::uint64_t> records = std::uint64_t{0};
    for (const auto& source : sources) {
        records = try_from(files, options, source, synced);
        log_info("store: the index is made anew", {{"from", source.empty() ? "the log alone" : source},
                                                   {"good", records.has_value()},
                                                   {"detail", records ? "" : records.error().detail}});
        if (records || records.error().kind != Kind::corrupt) break;
    }
    if (!records) return records;
    if (auto done = remove_tree(files, index_path(options)); !done) return fail(done.error());
    if (auto done = files.rename(new_index_path(options), index_path(options)); !done) {
        return fail(done.error());
    }
    if (auto done = files.sync_directory(options.directory); !done) return fail(done.error());
    return records;
}

Result<void> finish_or_drop_rebuild(Files& files, const Options& options) {
    if (files.info(index_path(options))) return remove_tree(files, new_index_path(options));
    // A store without an index: new, or a rebuild was interrupted between its two renames.
    auto segments = files.list(cat(options.directory, "/log"));
    if (!segments) return fail(segments.error());
    if (segments->empty()) return {};
    auto records = rebuild_index(files, options);
    return records ? Result<void>() : fail(records.error());
}

Result<std::uint64_t> rebuild_embedded(Options options) {
    auto& files = options.files != nullptr ? *options.files : posix_files();
    auto lock = files.lock(cat(options.directory, "/lock"));
    if (!lock) return fail(lock.error());
    if (auto done = settle_format(files, options.directory, kStoreFormat, migrations()); !done) {
        return fail(done.error());
    }
    return rebuild_index(files, options);
}

}  // namespace tayori::store
