#include "adminctl/import/export.h"

#include <optional>
#include <utility>

#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/legacy/export.h"

namespace tayori::admin {
namespace {

std::string special_use(v1::SpecialUse use) {
    switch (use) {
        case v1::SPECIAL_USE_ARCHIVE: return "\\Archive";
        case v1::SPECIAL_USE_DRAFTS: return "\\Drafts";
        case v1::SPECIAL_USE_JUNK: return "\\Junk";
        case v1::SPECIAL_USE_SENT: return "\\Sent";
        case v1::SPECIAL_USE_TRASH: return "\\Trash";
        default: return {};
    }
}

legacy::Folder folder_of(const v1::Folder& wire) {
    legacy::Folder out;
    out.name = out.raw_name = wire.name();
    out.uid_validity = wire.uid_validity();
    out.uid_next = wire.uid_next();
    out.subscribed = wire.subscribed();
    out.special_use = special_use(wire.special_use());
    out.keeps_uids = true;
    return out;
}

legacy::Mail mail_of(const v1::ExportMail& wire) {
    legacy::Mail out;
    out.bytes = wire.bytes();
    out.uid = wire.uid();
    out.flags = static_cast<std::uint8_t>(wire.flags());
    out.keywords.assign(wire.keywords().begin(), wire.keywords().end());
    out.internal_date = mail::MailDate{wire.internal_date_s(), wire.zone_minutes()};
    out.date_source = legacy::DateSource::stored;
    out.uidl = wire.uidl();
    out.pop3_order = wire.pop3_order();
    return out;
}

// Frames as they come; the first error ends it.
class Writing {
  public:
    Writing(legacy::MailboxWriter& writer, ExportOutcome& outcome) : writer_(writer), outcome_(outcome) {}

    bool take(const v1::ExportFrame& frame) {
        auto done = write(frame);
        if (!done) failed_ = std::move(done.error());
        return !failed_;
    }
    Result<void> end() {
        if (failed_) return fail(std::move(*failed_));
        if (auto ended = end_folder(); !ended) return ended;
        return writer_.finish();
    }

  private:
    Result<void> write(const v1::ExportFrame& frame) {
        if (frame.has_folder()) {
            if (auto ended = end_folder(); !ended) return ended;
            ++outcome_.folders;
            in_folder_ = true;
            return writer_.begin_folder(folder_of(frame.folder().folder()));
        }
        if (!frame.more().empty()) {
            if (!pending_) return fail(Kind::internal, "spoold sent a piece of no mail.");
            pending_->mutable_content()->append(frame.more());
            return add_when_whole();
        }
        for (const auto& mail : frame.mails().mails()) {
            pending_ = mail;
            if (auto added = add_when_whole(); !added) return added;
        }
        return {};
    }
    Result<void> add_when_whole() {
        if (pending_->content().size() < pending_->bytes()) return {};
        ++outcome_.mails;
        outcome_.bytes += pending_->bytes();
        auto added = writer_.add(mail_of(*pending_), pending_->content());
        pending_.reset();
        return added;
    }
    Result<void> end_folder() {
        if (pending_) return fail(Kind::internal, "spoold sent only a part of a mail.");
        if (!std::exchange(in_folder_, false)) return {};
        return writer_.end_folder();
    }

    legacy::MailboxWriter& writer_;
    ExportOutcome& outcome_;
    std::optional<v1::ExportMail> pending_;
    std::optional<Error> failed_;
    bool in_folder_ = false;
};

}  // namespace

std::string directory_of(const std::string& address) {
    std::string out;
    for (const char c : address) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("@._-+=").find(c) != std::string_view::npos;
        if (plain && !(out.empty() && c == '.')) out += c;
        else append(out, '%', to_upper(hex_encode({&c, 1})));
    }
    return out;
}

std::string capture_file(const std::string& directory, const std::string& address) {
    return cat(directory, '/', directory_of(address), ".capture");
}

Result<ExportOutcome> export_account(rpc::ImportClient& client, const std::string& address, const std::string& form,
                                     const std::string& directory, legacy::Report& report) {
    auto writer = legacy::make_writer(form, directory, report);
    if (!writer) return fail(std::move(writer.error()));
    ExportOutcome outcome;
    Writing writing(**writer, outcome);
    v1::ExportAccountRequest request;
    request.set_address(address);
    auto read = client.export_account(request, [&](const v1::ExportFrame& frame) { return writing.take(frame); });
    if (!read) return fail(std::move(read.error()));
    if (auto ended = writing.end(); !ended) return fail(std::move(ended.error()));
    return outcome;
}

}  // namespace tayori::admin
