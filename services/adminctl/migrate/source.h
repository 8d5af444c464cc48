// A server that still runs as the source of an import: one account for each line of the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "adminctl/import/source.h"
#include "common/base/result.h"
#include "common/legacy/live/curl_link.h"
#include "common/legacy/live/mailbox.h"
#include "common/legacy/live/table.h"

namespace tayori::admin {

inline constexpr std::string_view kLiveKind = "live";

struct LiveSettings {
    std::optional<legacy::LiveServer> imap;
    std::optional<legacy::LiveServer> pop3;
    legacy::LiveAccess access;
    std::string name;  // of the source, the same in every run; empty: its host
    unsigned retries = 5;
    std::uint64_t bytes_per_second = 0;  // of all connections together; 0: as fast as it goes
    bool keep_high_uids = false;
    bool passwords = true;  // accounts that are made here get the password of the table
};

class LiveSource final : public ImportSource {
  public:
    LiveSource(LiveSettings settings, std::vector<legacy::MigrationRow> rows);

    std::string_view kind() const override { return kLiveKind; }
    std::string origin() const override;  // "imap+pop3:mail.old.example"
    const legacy::Plan& plan() const override { return plan_; }
    Result<std::unique_ptr<SourceReader>> reader(std::uint64_t message_bytes_max) override;
    bool is_live() const override { return true; }

    // One account's mailbox. The source outlives it.
    std::unique_ptr<legacy::LiveMailbox> mailbox(const legacy::Account& account, std::uint64_t message_bytes_max);
    std::string protocols() const;  // "imap+pop3"

  private:
    class Reader;
    Result<std::unique_ptr<legacy::Link>> connect(legacy::LiveProtocol protocol, const legacy::MigrationRow& row);

    const LiveSettings settings_;
    const std::vector<legacy::MigrationRow> rows_;
    std::unordered_map<std::string, const legacy::MigrationRow*> by_address_;
    legacy::Plan plan_;
    legacy::Throttle throttle_;
};

}  // namespace tayori::admin
