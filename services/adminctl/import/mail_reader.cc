#include "adminctl/import/mail_reader.h"

#include <algorithm>
#include <ctime>

#include "adminctl/import/wire.h"
#include "common/base/text.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/source.h"
#include "common/legacy/tab_fields.h"
#include "common/mail/summary.h"
#include "common/rpc/summary.h"

namespace tayori::admin {
namespace {

// Where a server hands a mail over without telling its date, the topmost Received does.
void put_date(const legacy::Mail& mail, std::string_view message, v1::ImportMail& out) {
    auto date = mail.internal_date;
    if (!date && mail.wrapping == legacy::Wrapping::served)
        date = legacy::parse_head(message.substr(0, legacy::kHeadBytes), message.size()).received;
    if (date) {
        out.set_internal_date_s(date->unix_s);
        out.set_zone_minutes(date->zone_minutes);
    } else if (out.summary().sent_s() != 0) {
        out.set_internal_date_s(out.summary().sent_s());
    } else {
        out.set_internal_date_s(std::time(nullptr));
    }
}

}  // namespace

void MailReader::refuse(const legacy::Mail& mail, const Error& error) {
    ++refused_;
    lines_.push_back({legacy::Severity::refused, address_, mail.file, 0, "mail-unreadable", {error.text}});
}

bool MailReader::send() {
    if (!frame_) return true;
    frame_->mutable_batch()->set_number(numbers_.first_batch++);
    frame_bytes_ = 0;
    return out_.push(std::move(frame_));
}

// Pieces go before the batch that names them, and nothing of the batch is held up by them.
bool MailReader::upload(std::string_view message) {
    ++uploads_;
    for (std::size_t at = 0; at < message.size(); at += kPieceBytes) {
        auto frame = std::make_unique<v1::ImportFrame>();
        auto& piece = *frame->mutable_piece();
        const auto bytes = message.substr(at, kPieceBytes);
        piece.set_upload(uploads_);
        piece.set_data(std::string(bytes));
        piece.set_last(at + bytes.size() == message.size());
        if (!out_.push(std::move(frame))) return false;
    }
    return true;
}

bool MailReader::add(const WantedMail& wanted, std::string message) {
    const auto& mail = *wanted.mail;
    const bool is_large = message.size() > kInlineMailBytesMax;
    if (frame_ && (frame_bytes_ + message.size() > kBatchBytesSoft ||
                   frame_->batch().mails_size() >= kBatchMailsMax)) {
        if (!send()) return false;
    }
    if (is_large && !upload(message)) return false;
    if (!frame_) {
        frame_ = std::make_unique<v1::ImportFrame>();
        frame_->mutable_batch()->set_import_id(numbers_.import_id);
        frame_->mutable_batch()->set_account_id(numbers_.account_id);
    }
    auto& out = *frame_->mutable_batch()->add_mails();
    out.set_identity(wanted.identity);
    out.set_folder_id(wanted.folder_id);
    out.set_uid(mail.uid);
    out.set_flags(mail.flags);
    for (const auto& keyword : mail.keywords) out.add_keywords(keyword);
    out.set_uidl(mail.uidl);
    out.set_pop3_order(mail.pop3_order);
    out.set_file(legacy::escape_field(mail.file));
    rpc::put_summary(mail::make_summary(message), *out.mutable_summary());
    put_date(mail, message, out);
    frame_bytes_ += is_large ? 0 : message.size();
    if (is_large) out.set_upload(uploads_);
    else out.set_bytes(std::move(message));
    return true;
}

// False: there is no use in going on.
bool MailReader::read(const WantedMail& wanted) {
    const auto& mail = *wanted.mail;
    auto message = legacy::read_message(tree_, mail, numbers_.message_bytes_max);
    if (!message && (message.error().kind == Kind::closed || message.error().kind == Kind::auth_failed)) {
        lost_source_ = true;
        return false;
    }
    if (!message) {
        refuse(mail, message.error());
        return true;
    }
    if (mail.wrapping == legacy::Wrapping::served && mail.flags_known && message->size() != mail.bytes) ++other_sizes_;
    return add(wanted, std::move(*message));
}

void MailReader::run(const std::vector<WantedMail>& wanted) {
    std::vector<std::string> files;
    for (const auto& one : wanted) files.push_back(one.mail->file);
    tree_.expect(std::move(files));
    std::size_t at = 0;
    while (at < wanted.size() && read(wanted[at])) ++at;
    // What was read before the source went is here to stay.
    if (at == wanted.size() || lost_source_) send();
    if (lost_source_)
        lines_.push_back({legacy::Severity::refused, address_, {}, 0, "live-source-lost", {cat(wanted.size() - at)}});
    if (other_sizes_ > 0)
        lines_.push_back({legacy::Severity::note, address_, {}, 0, "live-sizes", {cat(other_sizes_)}});
    out_.end();
}

}  // namespace tayori::admin
