// The embedded engine, put together. embedded.cc opens and serves; maintain.cc, checkpoint.cc, verify.cc, rebuild.cc do
// the rest.
#pragma once

#include "spoold/store/committer.h"
#include "spoold/store/copy.h"
#include "spoold/store/engine.h"
#include "spoold/store/holds.h"

namespace tayori::store {

// What a checkpoint holds, kept beside its files.
struct Checkpoint {
    std::string directory;
    IndexState state;
};

class EmbeddedStore final : public CopyableStore {
  public:
    explicit EmbeddedStore(Options options);
    ~EmbeddedStore() override;
    Result<void> open();

    Result<std::optional<std::string>> get(std::string_view key) const override;
    std::shared_ptr<const Snapshot> snapshot() const override;
    Result<std::shared_ptr<const BodyReader>> open_body(BodyId id) const override;
    void submit(Request request) override;
    void begin_batch() override;
    void end_batch() override;
    int leave_batches() override;
    void enter_batches(int depth) override;
    Staging& staging() override { return *uploads_; }
    Stats stats() const override;
    Result<std::uint64_t> compact() override;
    Result<VerifyReport> verify() override;
    Result<std::uint64_t> checkpoint() override;
    Result<std::unique_ptr<Copy>> start_copy(const CopyWish& wish) override;  // copy.cc

    // What the background does once every maintenance_interval_ms.
    void maintain();

  private:
    void close();
    void fatal(const std::string& reason);
    bool has_space() const;
    void watch_space();
    void maintenance_loop();

    // maintain.cc
    struct MovedBody {
        std::uint64_t id = 0;
        std::string bytes;
    };
    Result<std::uint64_t> collect();
    bool may_go(const Segment& segment) const;
    std::vector<Lease> worth_compacting() const;
    Result<void> compact_segments(const std::vector<Lease>& segments);
    using BodiesOfSegments = std::map<std::uint64_t, std::vector<std::uint64_t>>;
    Result<BodiesOfSegments> bodies_in_log(const Lease& segment);
    Result<BodiesOfSegments> bodies_in_staging(const std::vector<Lease>& segments);
    Result<void> move_bodies(const Lease& segment, const std::vector<std::uint64_t>& ids);
    Result<void> commit_moves(std::uint64_t segment, const std::vector<MovedBody>& moves);
    Result<std::uint64_t> checkpoint_and_prune(std::size_t keep);
    // checkpoint.cc: the index, hard-linked, in a directory that is not there yet.
    Result<IndexState> link_index(const std::string& directory);

    // copy.cc
    class RunningCopy;
    std::string copying_directory() const;
    Result<IndexState> committed_state() const;
    std::uint64_t needed_from() const;

    // verify.cc
    struct Verification;
    void verify_checkpoints(Verification& v);
    void verify_log_segment(Verification& v, const Lease& segment);
    void verify_bodies(Verification& v);
    void verify_keys(Verification& v);

    const SystemClock system_clock_;
    Options options_;
    Files& files_;
    const Clock& clock_;
    std::unique_ptr<FileLock> lock_;
    std::unique_ptr<SegmentTable> segments_;
    std::shared_ptr<Index> index_;
    std::unique_ptr<Holds> holds_;
    std::unique_ptr<Log> log_;
    std::unique_ptr<UploadArea> uploads_;
    std::unique_ptr<Committer> committer_;
    std::atomic<bool> failed_ = false;
    std::atomic<bool> closing_ = false;
    std::atomic<std::uint64_t> free_bytes_ = ~std::uint64_t{0};
    std::atomic<std::uint64_t> log_position_ = 0;
    std::atomic<std::uint64_t> bodies_ = 0;

    std::mutex work_mutex_;  // one of maintain(), compact(), checkpoint(), verify(), start_copy() at a time
    std::atomic<bool> copying_ = false;
    mutable std::mutex checkpoints_mutex_;
    std::vector<Checkpoint> checkpoints_;  // oldest first

    std::mutex loop_mutex_;
    std::condition_variable loop_wake_;
    bool loop_ends_ = false;
    std::thread maintenance_;
};

// checkpoint.cc: the good ones in a store's directory, oldest first; what was cut short is removed.
Result<std::vector<Checkpoint>> load_checkpoints(Files& files, const std::string& store_directory);
// Of the last record that any of them contains: it was synced.
std::uint64_t newest_sequence(const std::vector<Checkpoint>& checkpoints);
// Opens it, which shows that it is good.
Result<IndexState> state_of_checkpoint(Files& files, const std::string& directory);
IndexOptions index_options(const Options& options, std::string directory);

// rebuild.cc
Result<void> finish_or_drop_rebuild(Files& files, const Options& options);
Result<std::uint64_t> rebuild_index(Files& files, const Options& options);

}  // namespace tayori::store
