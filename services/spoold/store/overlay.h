// The Transaction of one group: what its mutations have written so far, over the index.
//
// Each mutation runs between begin_mutation() and end_mutation(). A refused one is rolled back by an undo journal, so
// that it leaves nothing. At the end the group is given as the changes and bodies of one record.
#pragma once

#include <memory_resource>

#include "absl/container/btree_map.h"
#include "spoold/store/index.h"
#include "spoold/store/staging.h"

namespace tayori::store {

class Overlay final : public Transaction {
  public:
    Overlay(const Index& index, UploadArea* uploads, std::int64_t now_ms);
    ~Overlay() override;

    void begin_mutation();
    // The outcome of the mutation: its own, or what went wrong in a read or a call. If it is an error, everything
    // since begin_mutation() is undone.
    Result<void> end_mutation(Result<void> outcome);

    bool empty() const;
    // What the group has added to the record so far.
    std::uint64_t bytes() const { return bytes_; }
    // Changes and bodies of the whole group, in order. The bodies are views of the callers' bytes.
    void encode(std::string& changes, std::vector<std::string_view>& bodies) const;
    // The record is durable: adopted uploads are bodies now. Without it they are given back.
    void committed();

    std::optional<std::string> get(std::string_view key) override;
    void scan(std::string_view from, std::string_view to, const Visitor& visit) override;
    void scan_backwards(std::string_view from, std::string_view to, const Visitor& visit) override;
    void put(std::string_view key, std::string_view value) override;
    void erase(std::string_view key) override;
    void erase_range(std::string_view from, std::string_view to) override;
    BodyId add_body(std::string_view bytes) override;
    Result<BodyId> adopt(UploadId upload) override;
    Result<BodyInfo> body(BodyId id) override;
    void retain(BodyId id) override;
    void release(BodyId id) override;
    std::int64_t now_ms() const override { return now_ms_; }

    // For compaction: gives the body new bytes in this record if it still lies in `from`. False if not.
    bool move_body(std::uint64_t id, std::uint64_t from, std::string_view bytes);

  private:
    struct Body {
        BodyEntry entry;
        enum class Source { index, bytes, upload } source = Source::index;
        std::string_view bytes;        // source bytes
        UploadId upload{};             // source upload
        std::uint64_t moved_from = 0;  // source bytes, of a body that the index knows elsewhere
        bool changed = false;
    };
    // Views of what keep() has copied; no value: erased.
    using Entry = std::optional<std::string_view>;
    using Entries = absl::btree_map<std::string_view, Entry>;
    // How one step is undone.
    struct Undo {
        enum class What { entry, range, body, upload } what = What::entry;
        std::string_view key;
        std::optional<Entry> entry;  // none: there was no entry
        std::uint64_t id = 0;
        std::optional<Body> body;
    };

    std::string_view keep(std::string_view bytes);
    void set(std::string_view key, Entry value);
    bool erased_by_range(std::string_view key) const;
    bool may_write(std::string_view key);
    void broken(std::string detail);
    Body* find_body(std::uint64_t id);
    void change_body(std::uint64_t id, const Body& body);
    void remember_body(std::uint64_t id);
    void undo(const Undo& step);

    const Index& index_;
    UploadArea* uploads_;
    const std::int64_t now_ms_;
    std::pmr::monotonic_buffer_resource kept_;  // keys and values of the group, until its end
    Entries entries_;
    std::vector<std::pair<std::string_view, std::string_view>> ranges_;  // erased, before what is in entries_
    absl::btree_map<std::uint64_t, Body> bodies_;
    std::uint64_t next_body_;
    std::uint64_t bytes_ = 0;

    std::vector<Undo> undo_;
    std::uint64_t next_body_before_ = 0;
    std::uint64_t bytes_before_ = 0;
    std::optional<Error> broken_;
};

}  // namespace tayori::store
