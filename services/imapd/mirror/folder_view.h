// What one session has been told of its selected folder: message sequence numbers, \Recent, and up
// to which modseq. A view lags behind the mirror until sync(), which says in untagged responses
// what happened in between.
//
// Invariant: the numbers change only in sync(), so within a command they stand still. What a
// withheld EXPUNGE hides, visible_modseq() hides too (RFC 7162 §3.2).
#pragma once

#include <memory>
#include <string>

#include "imapd/mirror/folder_mirror.h"

namespace tayori::imap {

enum class Access { read_write, read_only };
enum class Expunges { told, withheld };

struct SyncRules {
    Expunges expunges = Expunges::told;
    bool with_uid = false;  // FETCH responses name the UID: within UID commands (RFC 3501 §6.4.8)
    bool with_modseq = false;  // CONDSTORE is on (RFC 7162 §3.1)
};

class FolderView {
  public:
    FolderView(std::shared_ptr<FolderMirror> mirror, Access access);
    ~FolderView() { mirror_->detach(*this); }
    FolderView(const FolderView&) = delete;
    FolderView& operator=(const FolderView&) = delete;

    FolderMirror& mirror() { return *mirror_; }
    const FolderState& state() const { return mirror_->state(); }
    const SequenceMap& numbers() const { return numbers_; }
    Access access() const { return access_; }
    bool gone() const { return mirror_->gone(); }

    // Something to tell, besides withheld expunges.
    bool has_news() const;
    bool has_new_messages() const;
    bool has_expunges() const;
    // Takes the new messages' \Recent for this session; call before sync() when has_new_messages().
    Async<void> claim_recent();
    void sync(std::string& out, const SyncRules& rules);
    bool has_new_keywords() const { return state().keyword_count() > told_keywords_; }
    void tell_keywords(std::string& out);
    // The flags of these messages have been told otherwise, as the answer to STORE.
    void set_told_changes(std::uint64_t modseq) { told_changes_ = modseq; }
    std::uint64_t told_changes() const { return told_changes_; }
    std::uint64_t told_expunges() const { return told_expunges_; }

    std::uint64_t visible_modseq() const;
    bool is_recent(Uid uid) const;
    SequenceNumber count_recent() const;
    void add_recent(const NumberSet& uids);
    SequenceNumber first_unseen() const;  // 0: none

    // The row of a message that this session knows, also when it has been expunged elsewhere.
    const Row* find(Uid uid, std::size_t& hint) const;

    void append_flags(std::string& out, const Row& row) const;  // "FLAGS (\Seen)"
    void append_fetch(std::string& out, SequenceNumber number, const Row& row,
                      const SyncRules& rules) const;
    void append_defined_flags(std::string& out) const;  // "* FLAGS (…)" and PERMANENTFLAGS

  private:
    void tell_expunges(std::string& out);
    void tell_new_messages(std::string& out);
    void tell_changes(std::string& out, Uid known_up_to, const SyncRules& rules);

    std::shared_ptr<FolderMirror> mirror_;
    Access access_;
    SequenceMap numbers_;
    NumberSet recent_;  // UIDs
    std::uint64_t told_changes_ = 0;
    std::uint64_t told_expunges_ = 0;
    std::size_t told_keywords_ = 0;
};

}  // namespace tayori::imap
