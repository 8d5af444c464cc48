// What became of an account's imported mails, for one who compares it with the source: every number, and the hash of the
// bytes as they come from disk.
#include <map>

#include "common/crypto/crypto.h"
#include "spoold/counters/census.h"
#include "spoold/legacy/imports.h"
#include "spoold/legacy/limits.h"
#include "spoold/legacy/records.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

using MailsVisit = std::function<bool(const v1::ImportedMails&)>;

class ReadingImported {
  public:
    ReadingImported(const store::Store& store, const v1::ReadImportedMailsRequest& request, const MailsVisit& visit)
        : store_(store),
          snapshot_(store.snapshot()),
          id_{request.import_id()},
          account_{request.account_id()},
          numbers_only_(request.numbers_only()),
          visit_(visit) {}

    Result<void> run() {
        if (auto there = read_import_account(SnapshotRows(snapshot_), id_, account_); !there)
            return fail(std::move(there.error()));
        if (auto read = read_identities(); !read) return read;
        auto table = read_keywords(*snapshot_, account_);
        if (!table) return fail(std::move(table.error()));
        keywords_ = std::move(*table);
        for (auto& [id, mails] : folders_) {
            if (auto read = read_folder_of(id, mails); !read) return read;
            if (stopped_) return {};
        }
        if (batch_.mails_size() > 0) visit_(batch_);
        return {};
    }

  private:
    using Mails = std::map<Uid, std::string>;  // identities

    Result<void> read_identities() {
        std::optional<Error> error;
        const auto range = keys::all_imported(account_, id_);
        auto scanned = snapshot_->scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            auto row = decode_stored<StoredImportedMail>(value);
            if (!row) error = std::move(row.error());
            else folders_[FolderId{row->folder_id()}][row->uid()] = std::string(keys::identity_of_key(key));
            return !error;
        });
        if (error) return fail(std::move(*error));
        return scanned;
    }

    Result<void> read_folder_of(FolderId id, Mails& mails) {
        const auto record = read_folder(*snapshot_, account_, id);
        if (!record && record.error().kind != Kind::not_found) return fail(record.error());
        if (record) {
            std::optional<Error> error;
            auto visited = visit_references(*snapshot_, id, *record, [&](const Reference& reference) {
                const auto at = mails.find(reference.uid);
                if (at == mails.end() || error || stopped_) return;
                if (auto shown = show_mail(at->second, *record, reference); !shown) error = std::move(shown.error());
                mails.erase(at);
            });
            if (!visited) return visited;
            if (error) return fail(std::move(*error));
        }
        for (const auto& [uid, identity] : mails) {
            auto& out = *batch_.add_mails();
            out.set_identity(identity);
            out.set_uid(uid);
            out.set_gone(true);
            send_when_full();
        }
        return {};
    }

    Result<void> show_mail(const std::string& identity, const FolderRecord& folder, const Reference& reference) {
        auto& out = *batch_.add_mails();
        out.set_identity(identity);
        out.set_folder(folder.name);
        out.set_uid(reference.uid);
        out.set_uid_validity(folder.uid_validity);
        out.set_flags(reference.flags);
        for (const auto keyword : reference.keywords) out.add_keywords(std::string(keywords_.name_of(keyword)));
        out.set_internal_date_s(reference.internal_date_s);
        out.set_zone_minutes(reference.zone_minutes);
        out.set_uidl(reference.uidl);
        out.set_pop3_order(reference.pop3_order);
        out.set_bytes(reference.bytes);
        if (!numbers_only_) {
            auto hash = hash_of(reference.message);
            if (!hash) return fail(std::move(hash.error()));
            out.set_sha256(std::move(*hash));
        }
        send_when_full();
        return {};
    }

    Result<std::string> hash_of(MessageId message) {
        const auto value = snapshot_->get(keys::message(account_, message));
        if (!value) return fail(value.error());
        if (!*value) return fail(corrupt_record("message: it is missing"));
        const auto record = MessageRecord::decode(**value);
        if (!record) return fail(record.error());
        auto reader = store_.open_body(record->body);
        if (!reader) return fail(std::move(reader.error()));
        bytes_.assign(record->prefix);
        if (auto read = (*reader)->read(0, (*reader)->size(), bytes_); !read) return fail(std::move(read.error()));
        return crypto::sha256(bytes_);
    }

    void send_when_full() {
        if (batch_.mails_size() < kImportedMailsPerReply) return;
        stopped_ = !visit_(batch_);
        batch_.Clear();
    }

    const store::Store& store_;
    std::shared_ptr<const store::Snapshot> snapshot_;
    const ImportId id_;
    const AccountId account_;
    const bool numbers_only_;
    const MailsVisit& visit_;
    KeywordTable keywords_;
    std::map<FolderId, Mails> folders_;
    v1::ImportedMails batch_;
    std::string bytes_;
    bool stopped_ = false;
};

}  // namespace

Result<void> Imports::read_mails(const v1::ReadImportedMailsRequest& request, const MailsVisit& visit) const {
    return ReadingImported(mailboxes_.parts().store, request, visit).run();
}

}  // namespace tayori::spool
