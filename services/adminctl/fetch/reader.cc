#include "adminctl/fetch/reader.h"

#include <utility>

#include "adminctl/import/wire.h"
#include "common/base/text.h"
#include "common/legacy/live/curl_link.h"
#include "common/legacy/live/naming.h"
#include "common/legacy/live/paths.h"

namespace tayori::admin {
namespace {

// There is another run soon: nobody has to be patient.
constexpr unsigned kFetchRetries = 1;
constexpr std::chrono::milliseconds kFetchConnectTimeout{30'000};
constexpr std::chrono::milliseconds kFetchIdleTimeout{60'000};

class StoppableLink final : public legacy::Link {
  public:
    StoppableLink(std::unique_ptr<legacy::Link> link, const Stop& stop) : link_(std::move(link)), stop_(stop) {}
    Result<void> send(std::string_view bytes) override {
        if (stop_.is_set()) return fail(Kind::closed, "The run was stopped.");
        return link_->send(bytes);
    }
    Result<std::string> receive() override {
        if (stop_.is_set()) return fail(Kind::closed, "The run was stopped.");
        return link_->receive();
    }

  private:
    const std::unique_ptr<legacy::Link> link_;
    const Stop& stop_;
};

legacy::LiveTls tls_of(v1::FetchTls tls) {
    if (tls == v1::FETCH_TLS_STARTTLS) return legacy::LiveTls::starttls;
    if (tls == v1::FETCH_TLS_NONE) return legacy::LiveTls::none;
    return legacy::LiveTls::implicit;
}

}  // namespace

legacy::LinkMaker link_maker(const v1::FetchLease& lease, const Stop& stop) {
    const auto& settings = lease.settings();
    legacy::LiveServer server{settings.host(), static_cast<std::uint16_t>(settings.port()), tls_of(settings.tls())};
    legacy::LiveAccess access;
    access.ca_pem = settings.ca_pem();
    access.any_certificate = settings.any_certificate();
    access.auth = settings.mechanism();
    access.connect_timeout = kFetchConnectTimeout;
    access.idle_timeout = kFetchIdleTimeout;
    legacy::LiveLogin login{settings.user(), settings.secret()};
    return [=, &stop](legacy::LiveProtocol protocol) -> Result<std::unique_ptr<legacy::Link>> {
        // Busy is not tried again.
        if (stop.is_set()) return fail(Kind::busy, "The run was stopped.");
        auto link = legacy::connect_by_curl(protocol, server, access, login, nullptr);
        if (!link) return link;
        return std::unique_ptr<legacy::Link>(std::make_unique<StoppableLink>(std::move(*link), stop));
    };
}

std::string fetched_folder(const std::string& target, const std::string& folder) {
    if (folder == legacy::kInbox) return target;
    return target == legacy::kInbox ? folder : cat(target, '/', folder);
}

FetchReader::FetchReader(const v1::FetchLease& lease, const Stop& stop) : lease_(lease), stop_(stop) {
    const auto& settings = lease.settings();
    legacy::LiveOptions options;
    options.imap = settings.protocol() == v1::FETCH_PROTOCOL_IMAP;
    options.pop3 = !options.imap;
    options.folders = settings.all_folders() ? legacy::LiveFolders::kept : legacy::LiveFolders::inbox;
    options.message_bytes_max = lease.message_bytes_max();
    options.patience = {kFetchRetries, [&stop](std::chrono::milliseconds pause) { stop.wait_for(pause); }};
    mailbox_ = std::make_unique<legacy::LiveMailbox>(std::move(options), link_maker(lease, stop), settings.user(),
                                                     settings.address());
}

// No number of the source is kept: mail gets those of mail that arrives.
void FetchReader::place(legacy::Folder& folder) {
    std::erase_if(folder.mails, [](const legacy::Mail& mail) { return (mail.flags & legacy::kDeleted) != 0; });
    const auto pop3_begin = legacy::pop3_path({});
    for (auto& mail : folder.mails) {
        FetchedPlace place;
        place.identity = identity_of(mail);
        if (mail.file.starts_with(pop3_begin)) {
            place.drop_key = mail.file.substr(pop3_begin.size());
        } else {
            place.raw_folder = folder.raw_name;
            place.uid_validity = folder.uid_validity;
            place.uid = mail.uid;
        }
        places_.push_back(std::move(place));
        mail.uid = 0;
        mail.uidl.clear();
        mail.pop3_order = 0;
    }
    folder.keeps_uids = false;
    folder.uid_next = 0;
    folder.special_use.clear();
    folder.name = fetched_folder(lease_.settings().folder(), folder.name);
}

Result<legacy::Mailbox> FetchReader::load(const legacy::Account& /*account*/, legacy::Report& report) {
    places_.clear();
    failed_.reset();
    auto loaded = mailbox_->load(report);
    if (!loaded) {
        failed_ = loaded.error();
        return loaded;
    }
    for (auto& folder : loaded->folders) place(folder);
    return loaded;
}

}  // namespace tayori::admin
