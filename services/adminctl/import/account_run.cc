#include "adminctl/import/account_run.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "adminctl/import/follow.h"
#include "adminctl/import/mail_reader.h"
#include "adminctl/import/wire.h"
#include "common/base/text.h"
#include "common/rpc/errors.h"

namespace tayori::admin {
namespace {

constexpr int kReportLinesPerCall = 500;
constexpr std::size_t kFilterPerCall = 100'000;
constexpr std::uint64_t kFirstBatch = 1;

class AccountRun {
  public:
    AccountRun(ImportParts& parts, const legacy::Account& account, SourceReader& source)
        : parts_(parts), account_(account), source_(source) {}

    Result<AccountOutcome> run() {
        auto loaded = load();
        if (!loaded && parts_.live) return come_back_later(loaded.error());
        auto opened = loaded ? open() : loaded;
        if (!opened) return give_up(std::move(opened.error()));
        auto wanted = unknown_mails();
        if (!wanted) return fail(std::move(wanted.error()));
        if (!wanted->empty()) {
            if (auto sent = send(*wanted); !sent) return fail(std::move(sent.error()));
        }
        if (outcome_.unfinished) return outcome_;
        if (parts_.follow) {
            if (auto followed = follow(); !followed) return fail(std::move(followed.error()));
        }
        v1::CloseImportAccountRequest request;
        request.set_import_id(parts_.import_id);
        request.set_account_id(opened_.account_id());
        auto closed = parts_.client.close_account(request);
        if (!closed) return fail(std::move(closed.error()));
        return outcome_;
    }

  private:
    // An account that can't be is no reason to leave the others.
    Result<AccountOutcome> give_up(Error error) {
        if (ends_the_run(error)) return fail(std::move(error));
        auto kept = keep({{legacy::Severity::refused, account_.address, account_.directory, 0, "account-refused", {error.text}}});
        if (!kept) return fail(std::move(kept.error()));
        return outcome_;
    }
    Result<AccountOutcome> come_back_later(const Error& error) {
        outcome_.unfinished = true;
        auto kept = keep({{legacy::Severity::refused,
                           account_.address,
                           account_.directory,
                           0,
                           "live-account-unread",
                           {error.text}}});
        if (!kept) return fail(std::move(kept.error()));
        return outcome_;
    }

    Result<void> keep(const std::vector<legacy::ReportLine>& lines) {
        for (const auto& line : lines)
            if (line.severity == legacy::Severity::refused) ++outcome_.refused;
        if (parts_.lines != nullptr) {
            parts_.lines->insert(parts_.lines->end(), lines.begin(), lines.end());
            return {};
        }
        return keep_report(parts_.client, parts_.import_id, lines);
    }

    Result<void> load() {
        if (account_.directory.empty()) return {};
        legacy::Report report;
        auto loaded = source_.load(account_, report);
        if (!loaded) return fail(std::move(loaded.error()));
        mailbox_ = std::move(*loaded);
        saw_all_ = source_.saw_all();
        return keep(report.lines());
    }

    Result<void> open() {
        auto request = account_request(parts_.import_id, account_, mailbox_, parts_.enable_rules);
        for (auto& folder : *request.mutable_folders()) folder.set_accept_renumbered(parts_.accept_renumbered);
        std::vector<legacy::ReportLine> lines;
        auto opened = parts_.client.open_account(request);
        // A hash that nobody here can verify is no reason to leave the mail behind: the account needs a new password.
        const bool refused = !opened && (opened.error().kind == Kind::unsupported || opened.error().kind == Kind::invalid);
        if (refused && !request.password_hash().empty()) {
            const auto why = opened.error().text;
            request.clear_password_hash();
            opened = parts_.client.open_account(request);
            if (opened) lines.push_back({legacy::Severity::person, account_.address, {}, 0, "password-hash-unknown", {why}});
        }
        if (!opened) return fail(std::move(opened.error()));
        opened_ = std::move(*opened);
        // Every run that opens the account counts its batches on; the one that made it was the first.
        outcome_.created = opened_.created() && opened_.next_batch() == kFirstBatch;
        if (!opened_.created()) {
            lines.push_back({legacy::Severity::note, account_.address, {}, 0, "account-there", {}});
        }
        for (int i = 0; i < opened_.folders_size(); ++i)
            look_at_folder(mailbox_.folders[static_cast<std::size_t>(i)], *opened_.mutable_folders(i), lines);
        return keep(lines);
    }

    void look_at_folder(const legacy::Folder& folder, v1::ImportedFolder& opened,
                        std::vector<legacy::ReportLine>& lines) {
        if (opened.has_refused()) {
            lines.push_back({legacy::Severity::refused,
                             account_.address,
                             folder.raw_name,
                             0,
                             "folder-refused",
                             {folder.name, opened.refused().text()}});
        }
        const auto before = opened.source_uid_validity();
        if (!parts_.live || before == 0 || folder.uid_validity == 0 || before == folder.uid_validity) return;
        // All of its mails would look new: they would come a second time, and those that are here would be gone.
        lines.push_back({legacy::Severity::refused,
                         account_.address,
                         folder.raw_name,
                         0,
                         "live-folder-renumbered",
                         {folder.name, cat(folder.uid_validity), cat(before)}});
        opened.set_folder_id(0);
        saw_all_ = false;
    }

    Result<void> follow() {
        const auto removals = !parts_.remove ? Removals::keep : saw_all_ ? Removals::follow : Removals::unsure;
        auto followed = follow_source(parts_.client, {parts_.import_id, opened_.account_id(), account_.address},
                                      mailbox_, removals);
        if (!followed) return fail(std::move(followed.error()));
        outcome_.changed = followed->changed;
        outcome_.removed = followed->removed;
        return keep(followed->lines);
    }

    // In the order in which they are to be numbered.
    Result<std::vector<WantedMail>> unknown_mails() {
        std::vector<WantedMail> all;
        for (std::size_t i = 0; i < mailbox_.folders.size(); ++i) {
            const auto id = opened_.folders(static_cast<int>(i)).folder_id();
            for (const auto& mail : mailbox_.folders[i].mails)
                if (id != 0) all.push_back({&mail, id, identity_of(mail)});
        }
        parts_.progress.listed += all.size();
        const auto listed = all.size();
        auto wanted = unknown_to(parts_.import_id, std::move(all));
        for (const auto import : parts_.also_known_by) {
            if (!wanted) return wanted;
            wanted = unknown_to(import, std::move(*wanted));
        }
        if (!wanted) return wanted;
        outcome_.known = listed - wanted->size();
        parts_.progress.mails += outcome_.known;
        leave_what_has_no_room(*wanted);
        return wanted;
    }

    Result<std::vector<WantedMail>> unknown_to(std::uint64_t import_id, std::vector<WantedMail> all) {
        std::vector<WantedMail> wanted;
        for (std::size_t from = 0; from < all.size(); from += kFilterPerCall) {
            const auto to = std::min(all.size(), from + kFilterPerCall);
            v1::FilterImportedRequest request;
            request.set_import_id(import_id);
            request.set_account_id(opened_.account_id());
            for (std::size_t i = from; i < to; ++i) request.mutable_identities()->append(all[i].identity);
            auto reply = parts_.client.filter_imported(request);
            if (!reply) return fail(std::move(reply.error()));
            for (const auto& range : reply->unknown())
                for (std::size_t i = range.first(); i <= range.last(); ++i)
                    wanted.push_back(std::move(all[from + i]));
        }
        return wanted;
    }

    // It would be read, refused, and read again in the next run. A smaller one behind it may still fit.
    void leave_what_has_no_room(std::vector<WantedMail>& wanted) {
        std::uint64_t bytes = 0;
        std::uint64_t mails = 0;
        outcome_.over_quota += std::erase_if(wanted, [&](const WantedMail& one) {
            if (bytes + one.mail->bytes > parts_.room_bytes.value_or(UINT64_MAX) ||
                mails + 1 > parts_.room_mails.value_or(UINT64_MAX))
                return true;
            bytes += one.mail->bytes;
            ++mails;
            return false;
        });
    }

    Result<void> send(const std::vector<WantedMail>& wanted) {
        FrameQueue queue;
        MailReader reader(source_.tree(), account_.address,
                          {parts_.import_id, opened_.account_id(), opened_.next_batch(), parts_.message_bytes_max},
                          queue);
        auto stream = parts_.client.import_mails();
        std::optional<Error> failed;
        std::thread making([&] { reader.run(wanted); });
        std::thread hearing([&] {
            hear(*stream, failed);
            queue.close();
        });
        while (auto frame = queue.pop())
            if (!stream->write(*frame)) break;
        stream->writes_done();
        hearing.join();
        making.join();
        auto ended = stream->finish();
        if (failed) return fail(std::move(*failed));
        if (!ended) return ended;
        parts_.progress.mails += reader.refused();
        outcome_.unfinished = reader.lost_source();
        return keep(reader.lines());
    }

    void hear(rpc::ImportStream& stream, std::optional<Error>& failed) {
        v1::ImportBatchReply reply;
        while (stream.read(reply)) {
            if (reply.has_error()) {
                failed = rpc::from_wire(reply.error());
                return stream.cancel();
            }
            outcome_.imported += reply.imported();
            outcome_.known += reply.known();
            outcome_.refused += reply.refused();
            outcome_.over_quota += reply.over_quota();
            parts_.progress.mails += reply.imported() + reply.known() + reply.refused();
        }
    }

    ImportParts& parts_;
    const legacy::Account& account_;
    SourceReader& source_;
    legacy::Mailbox mailbox_;
    bool saw_all_ = true;
    v1::ImportAccount opened_;
    AccountOutcome outcome_;
};

}  // namespace

bool ends_the_run(const Error& error) {
    return error.kind == Kind::busy || error.kind == Kind::no_space || error.kind == Kind::closed ||
           error.kind == Kind::internal || error.kind == Kind::auth_failed || error.kind == Kind::in_use;
}

Result<AccountOutcome> import_account(ImportParts& parts, const legacy::Account& account, SourceReader& source) {
    return AccountRun(parts, account, source).run();
}

Result<void> keep_report(rpc::ImportClient& client, std::uint64_t import_id,
                         const std::vector<legacy::ReportLine>& lines) {
    v1::AddImportReportRequest request;
    request.set_import_id(import_id);
    for (const auto& line : lines) {
        *request.add_lines() = to_wire(line);
        if (request.lines_size() < kReportLinesPerCall) continue;
        if (auto kept = client.add_report(request); !kept) return fail(std::move(kept.error()));
        request.clear_lines();
    }
    if (request.lines().empty()) return {};
    if (auto kept = client.add_report(request); !kept) return fail(std::move(kept.error()));
    return {};
}

}  // namespace tayori::admin
