// The store: ordered keys and values, bodies, and one atomic durable commit for both (README.md has every byte on disk).
//
// Who writes: mutations, which one committer runs one after the other. A mutation sees what stands earlier in its group,
// and either takes effect whole or, when it returns an error, not at all. Its group is one record of the log and one
// sync; only then are all of the group told, in commit order. So what a `done` callback reports survives kill -9 and
// power loss.
//
// Who reads: anybody, from a Snapshot or with get(); what they see is always committed and durable.
//
// A later engine may run a mutation more than once (optimistic commit): a Mutation must have no effect but on its
// Transaction and on what it captured for `done`, which it assigns, not appends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::store {

// Bytes of a message, stored once however many refer to it. Ids rise and are never reused.
enum class BodyId : std::uint64_t {};

// A finished, synced upload (Staging below) which a mutation may adopt as a body.
enum class UploadId : std::uint64_t {};

// What a scan calls for every entry, in ascending order of bytes; the views live for the call. Return false to stop.
using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

// Where a body lies now. Compaction may move it: resolve it anew for every read, or hold a BodyReader.
struct BodyInfo {
    std::uint64_t bytes = 0;
    std::uint64_t references = 0;
};

class Snapshot {
  public:
    virtual ~Snapshot() = default;
    virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
    // Every entry of [from, to).
    virtual Result<void> scan(std::string_view from, std::string_view to, const Visitor& visit) const = 0;
    virtual Result<void> scan_backwards(std::string_view from, std::string_view to,
                                        const Visitor& visit) const = 0;
    // Many keys at once, in the order given; faster than one by one when they lie close together.
    virtual Result<std::vector<std::optional<std::string>>> get_many(
        const std::vector<std::string>& keys) const = 0;
};

// What a mutation reads and writes. Lives for one call, on the committer's thread.
// A read error ends the whole group: the engine sees to it, so reads here give plain values.
class Transaction {
  public:
    virtual ~Transaction() = default;

    virtual std::optional<std::string> get(std::string_view key) = 0;
    virtual void scan(std::string_view from, std::string_view to, const Visitor& visit) = 0;
    virtual void scan_backwards(std::string_view from, std::string_view to, const Visitor& visit) = 0;
    virtual void put(std::string_view key, std::string_view value) = 0;
    virtual void erase(std::string_view key) = 0;
    virtual void erase_range(std::string_view from, std::string_view to) = 0;

    // Adds a body with one reference. The bytes must stay valid until `done`.
    virtual BodyId add_body(std::string_view bytes) = 0;
    // Makes an upload a body with one reference; each upload can be adopted once. not_found: expired or unknown.
    virtual Result<BodyId> adopt(UploadId upload) = 0;
    virtual Result<BodyInfo> body(BodyId id) = 0;
    virtual void retain(BodyId id) = 0;
    // At zero references the body is gone with this commit and its space is reclaimed in the background.
    virtual void release(BodyId id) = 0;

    // Of the whole group, so that everything in it carries one time (the store's clock).
    virtual std::int64_t now_ms() const = 0;
};

using Mutation = std::function<Result<void>(Transaction&)>;

enum class Effect {
    grows,    // refused with no_space below store.free_min
    shrinks,  // deleting, expunging, administration: goes on when the disk is full
};

struct Request {
    // Whose data it is; 0 for the site's. The embedded engine has one committer for all; a distributed one routes by it.
    std::uint64_t account = 0;
    Effect effect = Effect::grows;
    Mutation apply;
    // Called once, on the thread that committed (one at a time, never two), after the group is durable and readable, in commit order; with the
    // mutation's own error; or with busy (the store is stopping or its disk failed: outcome unknown, repeat by request id).
    std::function<void(Result<void>)> done;
};

// Reads one body, also while compaction moves it: holds a lease on its segment.
class BodyReader {
  public:
    virtual ~BodyReader() = default;
    virtual std::uint64_t size() const = 0;
    // Appends up to `bytes` from `offset` to `out`; fewer only at the end.
    virtual Result<void> read(std::uint64_t offset, std::uint64_t bytes, std::string& out) const = 0;
    // Compares the whole body with its checksum: corrupt when it differs.
    virtual Result<void> verify() const = 0;
};

// Large bodies arrive in pieces before the commit that names them. What no commit adopts expires.
class Staging {
  public:
    virtual ~Staging() = default;
    virtual Result<UploadId> begin() = 0;
    virtual Result<void> append(UploadId upload, std::string_view bytes) = 0;
    // No more bytes; returns the size. Synced at the latest before the record that adopts it.
    virtual Result<std::uint64_t> finish(UploadId upload) = 0;
    // The bytes so far, for one who needs them again (a summary made at the end).
    virtual Result<void> read(UploadId upload, std::uint64_t offset, std::uint64_t bytes,
                              std::string& out) = 0;
    virtual void abandon(UploadId upload) = 0;
};

struct Stats {
    std::uint64_t log_position = 0;      // bytes ever written to the log
    std::uint64_t flushed_position = 0;  // contained in the index on disk
    std::uint64_t segments = 0;
    std::uint64_t segment_bytes = 0;
    std::uint64_t dead_bytes = 0;
    std::uint64_t bodies = 0;
    std::uint64_t groups = 0;
    std::uint64_t mutations = 0;
    std::uint64_t syncs = 0;
    std::uint64_t free_bytes = 0;  // of the file system
    bool accepting = true;         // false below store.free_min
};

struct VerifyReport {
    std::uint64_t records = 0;
    std::uint64_t bodies = 0;
    std::uint64_t keys = 0;
    std::vector<std::string> problems;  // empty: all is well
};

class Store {
  public:
    virtual ~Store() = default;

    virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
    virtual std::shared_ptr<const Snapshot> snapshot() const = 0;
    virtual Result<std::shared_ptr<const BodyReader>> open_body(BodyId id) const = 0;

    // Thread-safe. Never blocks but for back-pressure of a full queue (Options::queue_requests_max → busy at once).
    virtual void submit(Request request) = 0;
    // While a Batch lives, what its thread submits is gathered; at its end the thread commits it itself where nobody is
    // committing: it may take as long as the disk takes. For threads that can be spared so long, and only those.
    class Batch {
      public:
        explicit Batch(Store& store) : store_(store) { store_.begin_batch(); }
        ~Batch() { store_.end_batch(); }
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

      private:
        Store& store_;
    };
    // Within a Batch, around submitting something and waiting for it: nobody else would commit it.
    class Outside {
      public:
        explicit Outside(Store& store) : store_(store), depth_(store.leave_batches()) {}
        ~Outside() { store_.enter_batches(depth_); }
        Outside(const Outside&) = delete;
        Outside& operator=(const Outside&) = delete;

      private:
        Store& store_;
        const int depth_;
    };
    virtual Staging& staging() = 0;

    virtual Stats stats() const = 0;
    // Reclaims what can be reclaimed now, as the background does by itself; returns the bytes freed.
    virtual Result<std::uint64_t> compact() = 0;
    // Reads everything: records' checksums and chain, bodies' checksums, reference counts of the body table, the index.
    virtual Result<VerifyReport> verify() = 0;
    // A consistent copy of the index at one log position, hard-linked where possible, and that position.
    virtual Result<std::uint64_t> checkpoint() = 0;

  private:
    virtual void begin_batch() {}
    virtual void end_batch() {}
    virtual int leave_batches() { return 0; }  // how many there were
    virtual void enter_batches(int) {}
};

}  // namespace tayori::store
