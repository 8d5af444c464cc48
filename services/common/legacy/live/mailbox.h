// A mailbox of a server that still runs, as a reader: what it holds, and its mails as files of a Tree that are fetched
// when they are read, many on their way at once.
//
// With IMAP and POP3 both, folders, UIDs and flags are IMAP's; UIDLs and POP3's order are put onto the mails of INBOX
// by Message-ID, Date and size, and where that leaves a doubt by the bytes.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/capture/capture.h"
#include "common/legacy/live/bodies.h"
#include "common/legacy/live/lanes.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

// Which folders of IMAP.
enum class LiveFolders : std::uint8_t {
    all,
    kept,   // but for those of discarded mail (\Trash, \Junk)
    inbox,
};

struct LiveOptions {
    LiveFolders folders = LiveFolders::all;
    bool imap = false;
    bool pop3 = false;
    bool keep_high_uids = false;
    std::uint64_t message_bytes_max = 0;
    Patience patience;
};

// One account. Not thread-safe.
class LiveMailbox final : public Tree {
  public:
    // `user` is the name at the source, `account` the address here.
    LiveMailbox(LiveOptions options, LinkMaker make_link, std::string user, std::string account);

    // What IMAP and POP3 show, without hashes; with_fields: Message-ID and Date of every mail.
    Result<Capture> list_all(bool with_fields, Report& report);
    // The same as a mailbox to import. Not all folders could be read: is_complete() is false, and the report says
    // which.
    Result<Mailbox> load(Report& report);
    bool is_complete() const { return complete_; }
    // Fills in the hashes.
    Result<void> hash(Capture& capture, Report& report);

    Result<std::vector<Entry>> list(std::string_view directory) const override;
    Result<Entry> stat(std::string_view path) const override;
    Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const override;
    void expect(std::vector<std::string> paths) const override;
    std::string origin() const override { return "live:" + user_; }

  private:
    struct Named;
    std::vector<Named> name_folders(const ImapSession::Folders& listed, AccountReport& report);
    Result<void> list_imap(bool with_fields, Capture& capture, AccountReport& report);
    Result<void> list_folder(const Named& named, bool with_fields, Capture& capture, AccountReport& report);
    Result<void> list_pop3(bool with_fields, Capture& capture);
    Result<void> read_headers(Pop3Session& session, Capture& capture);
    Result<void> settle_doubts(Capture& capture, AccountReport& report);
    Mailbox to_mailbox(const Capture& capture, AccountReport& report);
    std::vector<bool> match_drop(const Capture& capture, Mailbox& mailbox, AccountReport& report);
    void add_drop(const Capture& capture, const std::vector<bool>& matched, Mailbox& mailbox);
    void put(const std::string& path, LivePlace place);

    const LiveOptions options_;
    const std::string user_;
    const std::string account_;
    std::map<std::string, std::string> special_uses_;  // by name
    bool complete_ = true;
    std::unordered_map<std::string, LivePlace> places_;  // by path
    std::vector<std::string> order_;                     // of paths, as they were listed
    std::vector<std::string> drop_keys_;                 // of the drop's lines
    mutable ImapLane imap_;
    mutable Pop3Lane pop3_;
    mutable Bodies imap_bodies_;
    mutable Bodies pop3_bodies_;
};

}  // namespace tayori::legacy
