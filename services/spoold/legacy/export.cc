#include "spoold/legacy/export.h"

#include <algorithm>

#include "spoold/counters/census.h"
#include "spoold/keys.h"
#include "spoold/legacy/limits.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

using FrameVisit = std::function<bool(const v1::ExportFrame&)>;

class Exporting {
  public:
    Exporting(const Mailboxes::Parts& parts, AccountId account, const FrameVisit& visit)
        : parts_(parts), snapshot_(parts.store.snapshot()), account_(account), visit_(visit) {}

    Result<void> run() {
        auto folders = read_folders(*snapshot_, account_);
        if (!folders) return fail(std::move(folders.error()));
        auto table = read_keywords(*snapshot_, account_);
        if (!table) return fail(std::move(table.error()));
        keywords_ = std::move(*table);
        std::sort(folders->begin(), folders->end(), [](const NumberedFolder& a, const NumberedFolder& b) {
            const bool first = a.record.name == kInbox;
            const bool second = b.record.name == kInbox;
            return first != second ? first : a.record.name < b.record.name;
        });
        for (const auto& folder : *folders) {
            if (auto sent = send_folder(folder); !sent) return sent;
            if (stopped_) return {};
        }
        return {};
    }

  private:
    Result<void> send_folder(const NumberedFolder& folder) {
        const auto subscribed = snapshot_->get(keys::subscription(account_, folder.record.name));
        if (!subscribed) return fail(subscribed.error());
        v1::ExportFrame frame;
        auto& wire = *frame.mutable_folder()->mutable_folder();
        folder.record.to_wire(folder.id, wire);
        wire.set_subscribed(subscribed->has_value());
        stopped_ = !visit_(frame);
        std::optional<Error> error;
        auto visited = visit_references(*snapshot_, folder.id, folder.record, [&](const Reference& reference) {
            if (error || stopped_) return;
            if (auto sent = send_mail(reference); !sent) error = std::move(sent.error());
        });
        if (!visited) return visited;
        if (error) return fail(std::move(*error));
        flush();
        return {};
    }

    Result<void> send_mail(const Reference& reference) {
        const auto value = snapshot_->get(keys::message(account_, reference.message));
        if (!value) return fail(value.error());
        if (!*value) return fail(corrupt_record("message: it is missing"));
        const auto record = MessageRecord::decode(**value);
        if (!record) return fail(record.error());
        auto reader = parts_.store.open_body(record->body);
        if (!reader) return fail(std::move(reader.error()));

        auto& mail = *batch_.mutable_mails()->add_mails();
        mail.set_uid(reference.uid);
        mail.set_message_id(raw(reference.message));
        mail.set_flags(reference.flags);
        for (const auto keyword : reference.keywords) mail.add_keywords(std::string(keywords_.name_of(keyword)));
        mail.set_internal_date_s(reference.internal_date_s);
        mail.set_zone_minutes(reference.zone_minutes);
        mail.set_uidl(uidl_text(reference.message, reference.uidl_random, reference.uidl));
        mail.set_pop3_order(reference.pop3_order);
        mail.set_bytes(reference.bytes);
        mail.set_content(std::string(record->prefix));
        return send_body(**reader, *mail.mutable_content());
    }

    Result<void> send_body(const store::BodyReader& reader, std::string& content) {
        std::uint64_t offset = std::min<std::uint64_t>(reader.size(), kExportReplyBytes);
        if (auto read = reader.read(0, offset, content); !read) return read;
        batch_bytes_ += content.size();
        if (batch_bytes_ >= kExportReplyBytes || offset < reader.size()) flush();
        while (offset < reader.size() && !stopped_) {
            v1::ExportFrame frame;
            const auto bytes = std::min<std::uint64_t>(reader.size() - offset, kExportReplyBytes);
            if (auto read = reader.read(offset, bytes, *frame.mutable_more()); !read) return read;
            offset += bytes;
            stopped_ = !visit_(frame);
        }
        return {};
    }

    void flush() {
        if (batch_.mails().mails().empty() || stopped_) return;
        stopped_ = !visit_(batch_);
        batch_.Clear();
        batch_bytes_ = 0;
    }

    const Mailboxes::Parts& parts_;
    std::shared_ptr<const store::Snapshot> snapshot_;
    const AccountId account_;
    const FrameVisit& visit_;
    KeywordTable keywords_;
    v1::ExportFrame batch_;
    std::size_t batch_bytes_ = 0;
    bool stopped_ = false;
};

}  // namespace

Result<void> export_account(const Mailboxes& mailboxes, const Directory& directory, const std::string& address,
                            const FrameVisit& visit) {
    v1::AccountRequest request;
    request.set_address(address);
    auto account = directory.get_account(request);
    if (!account) return fail(std::move(account.error()));
    v1::ExportFrame frame;
    *frame.mutable_account() = *account;
    if (!visit(frame)) return {};
    return Exporting(mailboxes.parts(), AccountId{account->account_id()}, visit).run();
}

}  // namespace tayori::spool
