// The reference columns of one folder as spoold's snapshot and change events describe them: who is
// there, with which flags, since which modseq. Pure: no I/O, no sessions; folder_mirror.h keeps one
// true.
//
// Rows of expunged messages stay as ghosts while a session has not been told: it may still FETCH
// them (RFC 2180 §4.1.2).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "imapd/mirror/sequence_map.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::imap {

namespace v1 = ::tayori::spool::v1;

using KeywordSet = std::uint32_t;  // index into FolderState's table; 0: no keywords

struct Row {
    std::uint64_t modseq = 0;
    std::uint64_t message_id = 0;
    std::int64_t internal_date_s = 0;
    Uid uid = 0;
    std::uint32_t bytes = 0;  // RFC822.SIZE
    KeywordSet keywords = 0;
    std::int16_t zone_minutes = 0;
    std::uint16_t prefix_bytes = 0;
    std::uint8_t flags = 0;
};

struct Ghost {
    Row row;
    std::uint64_t expunged_modseq = 0;
};

class FolderState {
  public:
    // One reply of OpenFolder; the first brings the folder. Several may follow each other.
    void snapshot(const v1::OpenFolderReply& reply);
    // A snapshot after since_modseq: what it names is new or changed, `vanished` is gone.
    void catch_up(const v1::OpenFolderReply& reply);
    void apply(const v1::FolderEvent& event);
    void clear();

    const std::vector<Row>& rows() const { return rows_; }
    // The row of a living message. `hint` is where the last search ended: ascending searches cost
    // nothing.
    const Row* find(Uid uid, std::size_t& hint) const;
    const Row* find(Uid uid) const;
    const Row* find_ghost(Uid uid) const;

    std::uint64_t modseq() const { return modseq_; }
    std::uint64_t changed_modseq() const { return changed_modseq_; }  // of the last change of flags
    std::uint64_t expunged_modseq() const { return expunged_modseq_; }  // of the last expunge
    std::uint32_t uid_validity() const { return uid_validity_; }
    std::uint32_t uid_next() const { return uid_next_; }
    std::uint64_t folder_id() const { return folder_id_; }

    // Ghosts that expunges up to this modseq left are of no use any more.
    void drop_ghosts(std::uint64_t told_modseq);
    // The earliest expunge above `told_modseq` that left a ghost; 0: none.
    std::uint64_t first_expunge_after(std::uint64_t told_modseq) const;
    bool has_ghosts() const { return !ghosts_.empty(); }

    // Keywords.
    const std::vector<std::uint32_t>& keywords(KeywordSet set) const { return sets_[set]; }
    std::string_view keyword_name(std::uint32_t id) const;
    bool find_keyword(std::string_view name, std::uint32_t& id) const;  // any case
    const std::map<std::uint32_t, std::string>& all_keywords() const { return names_; }
    KeywordSet intern(std::vector<std::uint32_t> ids);  // in any order
    std::size_t keyword_count() const { return names_.size(); }
    // Sets that no row has any more are dropped now and then.
    void tidy_keywords();

  private:
    void add_keywords(const google::protobuf::RepeatedPtrField<v1::Keyword>& keywords);
    void add_folder(const v1::Folder& folder);
    void upsert(const v1::References& references);
    void change(const v1::References& references);
    void expunge(const google::protobuf::RepeatedPtrField<v1::UidRange>& ranges,
                 std::uint64_t modseq);
    std::vector<KeywordSet> keyword_column(const v1::References& references);

    std::vector<Row> rows_;
    std::vector<Ghost> ghosts_;  // ascending by UID
    std::uint64_t folder_id_ = 0;
    std::uint64_t modseq_ = 0;
    std::uint64_t changed_modseq_ = 0;
    std::uint64_t expunged_modseq_ = 0;
    std::uint32_t uid_validity_ = 0;
    std::uint32_t uid_next_ = 1;
    std::map<std::uint32_t, std::string> names_;
    std::vector<std::vector<std::uint32_t>> sets_{{}};
    std::map<std::vector<std::uint32_t>, KeywordSet> set_index_;
};

}  // namespace tayori::imap
