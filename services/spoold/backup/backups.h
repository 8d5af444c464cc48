// Backups for administrators: the calls of proto/tayori/spool/v1/backup.proto, which says what each does.
//
// Each call runs on its caller's thread from beginning to end, which takes long, and at a lower priority than mail.
// One at a time: the rpc side sees to that.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "common/base/clock.h"
#include "spoold/backup/create.h"
#include "spoold/backup/place.h"
#include "spoold/directory/directory.h"
#include "spoold/mailbox/mailboxes.h"
#include "tayori/spool/v1/backup.pb.h"

namespace tayori::spool {

struct BackupOptions {
    std::shared_ptr<Place> place;  // where the sets lie
    std::string store_directory;  // what they are backups of
    std::string scratch;          // for the index of a moment; removed afterwards
    std::string program;          // our version
};

class Backups {
  public:
    struct Parts {
        store::CopyableStore& store;
        Directory& directory;
        const Mailboxes& mailboxes;
    };
    Backups(Parts parts, BackupOptions options);

    // Called for each message; false: nobody listens any more.
    template <class Message>
    using Visit = std::function<bool(const Message&)>;

    Result<void> create(const v1::CreateBackupRequest& request, const Visit<v1::BackupProgress>& visit);
    Result<v1::BackupList> list(const v1::ListBackupsRequest& request);
    Result<void> verify(const v1::VerifyBackupRequest& request, const Visit<v1::BackupProgress>& visit);
    Result<void> restore_account(const v1::RestoreAccountRequest& request, const Visit<v1::RestoredFolder>& visit);

    // What runs ends soon, with `closed`, and nothing more begins.
    void stop() { stopping_ = true; }

  private:
    // Its name; invalid: it is none. busy: we are stopping.
    Result<std::string> name_of(const std::string& set) const;
    std::unique_ptr<Target> open(const std::string& set);
    std::string too_near() const;
    std::string scratch_of_account() const { return options_.scratch + "-account"; }
    Result<MadeBackup> make(const v1::CreateBackupRequest& request, Target& target, BackupWish wish, const Watch& watch);
    Result<MadeBackup> copy_and_back_up(AccountId account, const std::string& directory, Target& target,
                                        const BackupWish& wish, const Watch& watch);

    Parts parts_;
    const BackupOptions options_;
    std::atomic<bool> stopping_ = false;
};

// The set of one account's backups, where none is named.
std::string set_of_account(std::string_view address);
// The name of a set, where none is given the usual one; invalid: no name for one.
Result<std::string> set_name(const std::string& set);

}  // namespace tayori::spool
