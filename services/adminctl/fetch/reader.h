// A leased source as the reader of an import.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adminctl/fetch/stop.h"
#include "adminctl/import/source.h"
#include "common/legacy/live/link.h"
#include "common/legacy/live/mailbox.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

// Connections to the source; when `stop` is set they are over, as if they were lost. Both outlive it.
legacy::LinkMaker link_maker(const v1::FetchLease& lease, const Stop& stop);

// Where a mail is at the source.
struct FetchedPlace {
    std::string identity;    // as spoold knows it
    std::string raw_folder;  // IMAP
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;
    std::string drop_key;    // POP3
};

// Where a folder of the source goes: INBOX into `target`, others below it, or beside it where it is INBOX itself.
std::string fetched_folder(const std::string& target, const std::string& folder);

class FetchReader final : public SourceReader {
  public:
    FetchReader(const v1::FetchLease& lease, const Stop& stop);

    // Mails that are marked as deleted at the source are left out.
    Result<legacy::Mailbox> load(const legacy::Account& account, legacy::Report& report) override;
    const legacy::Tree& tree() const override { return *mailbox_; }
    bool saw_all() const override { return mailbox_->is_complete(); }

    // Why load() failed.
    const std::optional<Error>& failed() const { return failed_; }
    // Of every mail that load() gave.
    const std::vector<FetchedPlace>& places() const { return places_; }

  private:
    void place(legacy::Folder& folder);

    const v1::FetchLease& lease_;
    const Stop& stop_;
    std::unique_ptr<legacy::LiveMailbox> mailbox_;
    std::vector<FetchedPlace> places_;
    std::optional<Error> failed_;
};

}  // namespace tayori::admin
