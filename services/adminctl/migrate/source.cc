#include "adminctl/migrate/source.h"

#include <thread>

#include "common/base/text.h"

namespace tayori::admin {

LiveSource::LiveSource(LiveSettings settings, std::vector<legacy::MigrationRow> rows)
    : settings_(std::move(settings)), rows_(std::move(rows)), throttle_(settings_.bytes_per_second) {
    for (const auto& row : rows_) {
        by_address_.emplace(row.account.address, &row);
        auto& account = plan_.accounts.emplace_back(row.account);
        if (!settings_.passwords) account.password.reset();
    }
}

std::string LiveSource::protocols() const {
    return cat(settings_.imap ? "imap" : "", settings_.imap && settings_.pop3 ? "+" : "", settings_.pop3 ? "pop3" : "");
}

std::string LiveSource::origin() const {
    const auto& host = settings_.imap ? settings_.imap->host : settings_.pop3->host;
    return cat(protocols(), ':', settings_.name.empty() ? host : settings_.name);
}

Result<std::unique_ptr<legacy::Link>> LiveSource::connect(legacy::LiveProtocol protocol,
                                                          const legacy::MigrationRow& row) {
    const auto& server = protocol == legacy::LiveProtocol::imap ? settings_.imap : settings_.pop3;
    auto access = settings_.access;
    if (row.token) access.auth = "XOAUTH2";
    return legacy::connect_by_curl(protocol, *server, access, row.login,
                                   settings_.bytes_per_second > 0 ? &throttle_ : nullptr);
}

std::unique_ptr<legacy::LiveMailbox> LiveSource::mailbox(const legacy::Account& account,
                                                         std::uint64_t message_bytes_max) {
    const auto* row = by_address_.at(account.address);
    legacy::LiveOptions options;
    options.imap = settings_.imap.has_value();
    options.pop3 = settings_.pop3.has_value();
    options.keep_high_uids = settings_.keep_high_uids;
    options.message_bytes_max = message_bytes_max;
    options.patience = {settings_.retries, [](std::chrono::milliseconds pause) { std::this_thread::sleep_for(pause); }};
    return std::make_unique<legacy::LiveMailbox>(
        std::move(options), [this, row](legacy::LiveProtocol protocol) { return connect(protocol, *row); },
        row->login.user, account.address);
}

class LiveSource::Reader final : public SourceReader {
  public:
    Reader(LiveSource& source, std::uint64_t message_bytes_max)
        : source_(source), message_bytes_max_(message_bytes_max) {}
    Result<legacy::Mailbox> load(const legacy::Account& account, legacy::Report& report) override {
        mailbox_ = source_.mailbox(account, message_bytes_max_);
        return mailbox_->load(report);
    }
    const legacy::Tree& tree() const override { return *mailbox_; }
    bool saw_all() const override { return mailbox_->is_complete(); }

  private:
    LiveSource& source_;
    const std::uint64_t message_bytes_max_;
    std::unique_ptr<legacy::LiveMailbox> mailbox_;
};

Result<std::unique_ptr<SourceReader>> LiveSource::reader(std::uint64_t message_bytes_max) {
    return std::unique_ptr<SourceReader>(std::make_unique<Reader>(*this, message_bytes_max));
}

}  // namespace tayori::admin
