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

// Takes frames as they come, and keeps the newest mails of one folder.
class Newest {
  public:
    explicit Newest(const Choice& choice) : choice_(choice) {}

    // False: nothing more is wanted.
    bool take(const v1::ExportFrame& frame) {
        if (frame.has_folder()) {
            if (found_) return false;
            found_ = frame.folder().folder().name() == choice_.folder;
            return true;
        }
        if (!found_) return true;
        if (!frame.more().empty() && open_) open_->content += frame.more();
        for (const auto& mail : frame.mails().mails()) {
            close();
            if (choice_.last == 0 && mail.uid() != choice_.uid) continue;
            open_ = StoredMail{mail.uid(), mail.internal_date_s(), mail.content()};
        }
        return true;
    }
    bool found() const { return found_; }
    std::vector<StoredMail> end() {
        close();
        return {std::make_move_iterator(mails_.begin()), std::make_move_iterator(mails_.end())};
    }

  private:
    void close() {
        if (!open_) return;
        bytes_ += open_->content.size();
        mails_.push_back(std::move(*open_));
        open_.reset();
        while (mails_.size() > std::max<std::size_t>(choice_.last, 1) || (bytes_ > kStoredBytesMax && mails_.size() > 1)) {
            bytes_ -= mails_.front().content.size();
            mails_.pop_front();
        }
    }

    const Choice& choice_;
    bool found_ = false;
    std::optional<StoredMail> open_;
    std::deque<StoredMail> mails_;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<StoredMail>> read_stored(rpc::ImportClient& client, const Choice& choice) {
    Newest newest(choice);
    v1::ExportAccountRequest request;
    request.set_address(choice.account);
    auto read = client.export_account(request, [&newest](const v1::ExportFrame& frame) { return newest.take(frame); });
    if (!read) return fail(std::move(read.error()));
    if (!newest.found())
        return fail(Kind::not_found, cat(choice.account, " has no folder ", choice.folder, "; `adminctl folder list` shows them."));
    auto mails = newest.end();
    if (choice.last == 0 && mails.empty())
        return fail(Kind::not_found, cat("There is no mail with the UID ", choice.uid, " in ", choice.folder, "."));
    return mails;
}

std::string sender_of(std::string_view mail) {
    const auto path = field_of(mail, "Return-Path");
    if (path.starts_with("<>")) return {};
    for (const auto& one : mail::parse_address_list(path.empty() ? field_of(mail, "From") : path))
        if (one.type == mail::ListedAddress::Type::mailbox) return cat(one.local, '@', one.domain);
    return {};
}

}  // namespace tayori::admin::kit
