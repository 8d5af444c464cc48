// Checkpoints: hard-linked copies of the index under checkpoints/, numbered. They bound the log: what is older than the oldest one is needed by nobody (maintain.cc).
//
// RocksDB makes the copy beside and renames it; then it is opened once, and what it contains is written into its file
// `state`. A directory without one is unfinished, and removed at the next start.
#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/store/embedded.h"

namespace tayori::store {
namespace {

constexpr std::size_t kNameDigits = 12;
constexpr std::string_view kStateFile = "/state";
constexpr std::size_t kLookCacheBytes = 1 << 20;

std::string checkpoint_name(std::uint64_t number) {
    auto digits = std::to_string(number);
    digits.insert(0, kNameDigits - digits.size(), '0');
    return digits;
}

Result<IndexState> kept_state(Files& files, const std::string& directory) {
    auto bytes = read_whole_file(files, cat(directory, kStateFile));
    if (!bytes) return fail(bytes.error());
    IndexState state;
    if (decode_state(*bytes, state)) return state;
    return fail(Kind::corrupt, "Stored data is damaged.", cat(directory, kStateFile, " can't be read"));
}

// Its state goes first: what is left, if the power fails half-way, does not pass for a checkpoint.
Result<void> remove_checkpoint(Files& files, const std::string& directory) {
    auto removed = files.remove(cat(directory, kStateFile));
    if (!removed && removed.error().kind != Kind::not_found) return removed;
    if (auto synced = files.sync_directory(directory); !synced) return synced;
    return remove_tree(files, directory);
}

}  // namespace

Result<IndexState> state_of_checkpoint(Files& files, const std::string& directory) {
    IndexOptions options;
    options.directory = directory;
    options.block_cache_bytes = kLookCacheBytes;
    options.memtable_bytes = kLookCacheBytes;
    options.memtables_max = 2;
    options.open_files_max = 16;
    options.read_only = true;
    auto index = Index::open(files, options);
    if (!index) return fail(index.error());
    return (*index)->state();
}

Result<std::vector<Checkpoint>> load_checkpoints(Files& files, const std::string& store_directory) {
    const auto parent = cat(store_directory, "/checkpoints");
    auto names = files.list(parent);
    if (!names) return fail(names.error());
    std::vector<Checkpoint> result;
    for (const auto& name : *names) {
        const auto directory = cat(parent, "/", name);
        const bool whole = name.size() == kNameDigits &&
                           name.find_first_not_of("0123456789") == std::string::npos;
        auto state = whole ? kept_state(files, directory) : fail(Kind::invalid, "unfinished");
        if (state) {
            result.push_back({directory, *state});
            continue;
        }
        log_warn("store: a checkpoint is unfinished or damaged and is removed",
                 {{"directory", directory}, {"detail", state.error().detail}});
        if (auto removed = remove_checkpoint(files, directory); !removed) return fail(removed.error());
    }
    return result;
}

std::uint64_t newest_sequence(const std::vector<Checkpoint>& checkpoints) {
    std::uint64_t newest = 0;
    for (const auto& one : checkpoints) newest = std::max(newest, one.state.stamp.sequence);
    return newest;
}

Result<std::uint64_t> EmbeddedStore::checkpoint() {
    const std::lock_guard lock(work_mutex_);
    return checkpoint_and_prune(options_.checkpoints_kept);
}

Result<IndexState> EmbeddedStore::link_index(const std::string& directory) {
    rocksdb::Checkpoint* maker_pointer = nullptr;
    auto status = rocksdb::Checkpoint::Create(&index_->db(), &maker_pointer);
    if (!status.ok()) return fail(index_error(status));
    const std::unique_ptr<rocksdb::Checkpoint> maker(maker_pointer);
    status = maker->CreateCheckpoint(directory);
    if (!status.ok()) return fail(index_error(status));
    if (auto synced = files_.sync_directory(std::string(parent_directory(directory))); !synced) {
        return fail(synced.error());
    }
    // Opening it shows that it is good, and tells which position it has.
    return state_of_checkpoint(files_, directory);
}

Result<std::uint64_t> EmbeddedStore::checkpoint_and_prune(std::size_t keep) {
    const auto parent = cat(options_.directory, "/checkpoints");
    std::uint64_t number = 1;
    {
        const std::lock_guard lock(checkpoints_mutex_);
        if (!checkpoints_.empty()) {
            number = std::stoull(std::string(base_name(checkpoints_.back().directory))) + 1;
        }
    }
    Checkpoint made;
    made.directory = cat(parent, "/", checkpoint_name(number));
    auto state = link_index(made.directory);
    if (!state) return fail(state.error());
    auto kept = replace_file(files_, cat(made.directory, kStateFile), encode(*state));
    if (!kept) return fail(kept.error());
    made.state = *state;
    const auto position = made.state.stamp.position;

    std::vector<Checkpoint> old;
    {
        const std::lock_guard lock(checkpoints_mutex_);
        checkpoints_.push_back(std::move(made));
        while (checkpoints_.size() > keep) {
            old.push_back(std::move(checkpoints_.front()));
            checkpoints_.erase(checkpoints_.begin());
        }
    }
    for (const auto& one : old) {
        if (auto removed = remove_checkpoint(files_, one.directory); !removed) return fail(removed.error());
    }
    return position;
}

}  // namespace tayori::store
