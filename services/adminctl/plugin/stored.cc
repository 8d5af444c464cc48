#include "adminctl/plugin/stored.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>

#include "adminctl/plugin/sentence.h"
#include "common/base/text.h"
#include "common/mail/address.h"

namespace tayori::admin::kit {
namespace {

// Takes frames as they come, and gives the mails of one folder.
class Reader {
  public:
    Reader(const std::string& name, const std::function<void(StoredMail)>& visit) : name_(name), visit_(visit) {}

    // False: nothing more is wanted.
    bool take(const v1::ExportFrame& frame) {
        if (frame.has_account()) found_.form = frame.account().form();
        if (frame.has_folder()) {
            if (is_found()) return false;
            if (frame.folder().folder().name() == name_) found_.folder = frame.folder().folder();
            return true;
        }
        if (!is_found()) return true;
        if (!frame.more().empty() && open_) open_->content += frame.more();
        for (const auto& mail : frame.mails().mails()) {
            close();
            open_ = StoredMail{mail.uid(), mail.internal_date_s(), mail.content()};
        }
        return true;
    }
    bool is_found() const { return found_.folder.folder_id() != 0; }
    StoredFolder end() {
        close();
        return std::move(found_);
    }

  private:
    void close() {
        if (open_) visit_(std::move(*open_));
        open_.reset();
    }

    const std::string& name_;
    const std::function<void(StoredMail)>& visit_;
    StoredFolder found_;
    std::optional<StoredMail> open_;
};

}  // namespace

Result<StoredFolder> visit_stored(rpc::ImportClient& client, const std::string& account, const std::string& folder,
                                  const std::function<void(StoredMail)>& visit) {
    Reader reader(folder, visit);
    v1::ExportAccountRequest request;
    request.set_address(account);
    auto read = client.export_account(request, [&reader](const v1::ExportFrame& frame) { return reader.take(frame); });
    if (!read) return fail(std::move(read.error()));
    if (!reader.is_found())
        return fail(Kind::not_found, cat(account, " has no folder ", folder, "; `adminctl folder list` shows them."));
    return reader.end();
}

Result<std::vector<StoredMail>> read_stored(rpc::ImportClient& client, const Choice& choice) {
    std::deque<StoredMail> newest;
    std::size_t bytes = 0;
    auto read = visit_stored(client, choice.account, choice.folder, [&](StoredMail mail) {
        if (choice.last == 0 && mail.uid != choice.uid) return;
        bytes += mail.content.size();
        newest.push_back(std::move(mail));
        while (newest.size() > std::max<std::size_t>(choice.last, 1) || (bytes > kStoredBytesMax && newest.size() > 1)) {
            bytes -= newest.front().content.size();
            newest.pop_front();
        }
    });
    if (!read) return fail(std::move(read.error()));
    if (choice.last == 0 && newest.empty())
        return fail(Kind::not_found, cat("There is no mail with the UID ", choice.uid, " in ", choice.folder, "."));
    return std::vector<StoredMail>{std::make_move_iterator(newest.begin()), std::make_move_iterator(newest.end())};
}

std::string sender_of(std::string_view mail) {
    const auto path = field_of(mail, "Return-Path");
    if (path.starts_with("<>")) return {};
    for (const auto& one : mail::parse_address_list(path.empty() ? field_of(mail, "From") : path))
        if (one.type == mail::ListedAddress::Type::mailbox) return cat(one.local, '@', one.domain);
    return {};
}

}  // namespace tayori::admin::kit
