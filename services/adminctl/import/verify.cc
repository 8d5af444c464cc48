#include "adminctl/import/verify.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "adminctl/import/wire.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/date.h"

namespace tayori::admin {
namespace {

// What the import itself has said: account, file or folder, code.
using Reported = std::set<std::tuple<std::string, std::string, std::string>>;

struct Expected {
    const legacy::Folder* folder = nullptr;
    const legacy::Mail* mail = nullptr;
    bool found = false;
};

struct Order {  // of one mail in the maildrop, there and here
    std::uint64_t source = 0;
    std::uint64_t store = 0;
    const legacy::Mail* mail = nullptr;
};

struct VerifyParts {
    rpc::ImportClient& client;
    const Reported& reported;
    std::uint64_t message_bytes_max = 0;
    Thoroughness thoroughness = Thoroughness::bytes;
    VerifyOutcome& outcome;
    const std::function<void(const legacy::ReportLine&)>& tell;
};

class AccountVerify {
  public:
    AccountVerify(VerifyParts& parts, const legacy::Tree& tree, const legacy::Account& account)
        : client_(parts.client),
          tree_(tree),
          account_(account),
          reported_(parts.reported),
          message_bytes_max_(parts.message_bytes_max),
          thoroughness_(parts.thoroughness),
          outcome_(parts.outcome),
          tell_(parts.tell) {}

    Result<void> run(const legacy::Mailbox& mailbox, std::uint64_t import_id, std::uint64_t account_id) {
        for (const auto& folder : mailbox.folders)
            for (const auto& mail : folder.mails) expected_[identity_of(mail)] = {&folder, &mail, false};
        v1::ReadImportedMailsRequest request;
        request.set_import_id(import_id);
        request.set_account_id(account_id);
        request.set_numbers_only(thoroughness_ == Thoroughness::numbers);
        auto read = client_.read_mails(request, [this](const v1::ImportedMails& batch) {
            for (const auto& mail : batch.mails()) compare(mail);
            return true;
        });
        if (!read) return read;
        for (const auto& [identity, expected] : expected_)
            if (!expected.found) differs(*expected.mail, "verify-missing", {expected.folder->name}, {"mail-refused", "mail-unreadable"});
        compare_orders();
        return {};
    }

  private:
    void differs(const legacy::Mail& mail, std::string code, std::vector<std::string> values,
                 std::vector<std::string> excuses = {}, const std::string& folder = {}) {
        for (const auto& excuse : excuses) {
            if (reported_.contains({account_.address, mail.file, excuse}) ||
                reported_.contains({account_.address, folder, excuse})) {
                ++outcome_.reported;
                return;
            }
        }
        ++outcome_.problems;
        tell_({legacy::Severity::refused, account_.address, mail.file, 0, std::move(code), std::move(values)});
    }

    void compare(const v1::ImportedMail& stored) {
        const auto at = expected_.find(stored.identity());
        if (at == expected_.end()) return;  // it has gone from the source since
        auto& expected = at->second;
        expected.found = true;
        ++outcome_.mails;
        if (stored.gone()) return differs(*expected.mail, "verify-gone", {expected.folder->name});
        compare_numbers(expected, stored);
        compare_marks(*expected.mail, stored);
        if (thoroughness_ == Thoroughness::bytes) compare_bytes(*expected.mail, stored);
        if (stored.pop3_order() != 0 || expected.mail->pop3_order != 0)
            orders_.push_back({expected.mail->pop3_order, stored.pop3_order(), expected.mail});
    }

    void compare_numbers(const Expected& expected, const v1::ImportedMail& stored) {
        const auto& mail = *expected.mail;
        const auto& folder = *expected.folder;
        if (stored.folder() != folder.name) differs(mail, "verify-folder", {folder.name, stored.folder()});
        if (folder.keeps_uids) {
            if (stored.uid() != mail.uid)
                differs(mail, "verify-uid", {cat(mail.uid), cat(stored.uid())}, {"uid-not-kept", "folder-uids-not-kept"}, folder.name);
            if (folder.uid_validity != 0 && stored.uid_validity() != folder.uid_validity)
                differs(mail, "verify-uidvalidity", {cat(folder.uid_validity), cat(stored.uid_validity())},
                        {"folder-uids-not-kept"}, folder.name);
        }
        if (!mail.uidl.empty() && stored.uidl() != mail.uidl)
            differs(mail, "verify-uidl", {mail.uidl, stored.uidl()}, {"uidl-hashed", "uidl-twice"});
    }

    void compare_marks(const legacy::Mail& mail, const v1::ImportedMail& stored) {
        if (mail.flags_known && stored.flags() != mail.flags)
            differs(mail, "verify-flags", {cat(mail.flags), cat(stored.flags())});
        if (mail.flags_known && !same_keywords({stored.keywords().begin(), stored.keywords().end()}, mail.keywords))
            differs(mail, "verify-keywords", {}, {"keywords-dropped"});
        if (!mail.internal_date) return;
        const mail::MailDate date{stored.internal_date_s(), stored.zone_minutes()};
        if (!(date == *mail.internal_date))
            differs(mail, "verify-date", {mail::format_internal_date(*mail.internal_date), mail::format_internal_date(date)});
    }

    void compare_bytes(const legacy::Mail& mail, const v1::ImportedMail& stored) {
        const auto message = legacy::read_message(tree_, mail, message_bytes_max_);
        if (!message) return differs(mail, "verify-unreadable", {message.error().text});
        outcome_.bytes += message->size();
        if (crypto::sha256(*message) != stored.sha256()) differs(mail, "verify-bytes", {cat(message->size()), cat(stored.bytes())});
    }

    // What counts is what POP3 shows, and in which order; the numbers themselves lie above what was there before.
    void compare_orders() {
        std::sort(orders_.begin(), orders_.end(), [](const Order& a, const Order& b) { return a.source < b.source; });
        std::uint64_t before = 0;
        for (const auto& order : orders_) {
            if ((order.source == 0) != (order.store == 0)) differs(*order.mail, "verify-pop3-shown", {});
            else if (order.source != 0 && order.store <= before) differs(*order.mail, "verify-pop3-order", {});
            before = std::max(before, order.store);
        }
    }

    rpc::ImportClient& client_;
    const legacy::Tree& tree_;
    const legacy::Account& account_;
    const Reported& reported_;
    const std::uint64_t message_bytes_max_;
    const Thoroughness thoroughness_;
    VerifyOutcome& outcome_;
    const std::function<void(const legacy::ReportLine&)>& tell_;
    std::unordered_map<std::string, Expected> expected_;
    std::vector<Order> orders_;
};

Result<Reported> read_reported(rpc::ImportClient& client, const v1::ImportRequest& request) {
    Reported reported;
    auto read = client.read_report(request, [&](const v1::ImportReportLine& wire) {
        const auto line = from_wire(wire);
        const bool of_folder = line.code == "folder-uids-not-kept" && !line.values.empty();
        reported.emplace(line.account, of_folder ? line.values[0] : line.file, line.code);
        return true;
    });
    if (!read) return fail(std::move(read.error()));
    return reported;
}

// One account of the source, read anew.
Result<void> verify_account(VerifyParts& parts, SourceReader& reader, const legacy::Account& account,
                            const v1::Import& import, std::uint64_t account_id, bool live) {
    ++parts.outcome.accounts;
    legacy::Report report;
    legacy::Mailbox mailbox;
    if (!account.directory.empty()) {
        auto loaded = reader.load(account, report);
        if (!loaded) {
            ++parts.outcome.problems;
            parts.tell({legacy::Severity::refused,
                        account.address,
                        account.directory,
                        0,
                        "live-account-unread",
                        {loaded.error().text}});
            return {};
        }
        mailbox = std::move(*loaded);
        // A folder that was not read is not compared, and must not pass for one that is alike.
        for (const auto& line : report.lines()) {
            if (!live || line.severity != legacy::Severity::refused) continue;
            ++parts.outcome.problems;
            parts.tell(line);
        }
    }
    AccountVerify verify(parts, reader.tree(), account);
    return verify.run(mailbox, import.import_id(), account_id);
}

}  // namespace

Result<VerifyOutcome> verify_import(rpc::ImportClient& client, ImportSource& source, const v1::Import& import,
                                    Thoroughness thoroughness,
                                    const std::function<void(const legacy::ReportLine&)>& tell) {
    VerifyOutcome outcome;
    v1::ImportRequest request;
    request.set_import_id(import.import_id());
    auto reported = read_reported(client, request);
    if (!reported) return fail(std::move(reported.error()));
    std::unordered_map<std::string, std::uint64_t> ids;
    auto listed = client.list_accounts(request, [&](const v1::ImportAccount& account) {
        if (account.state() != v1::IMPORT_STATE_UNDONE) ids[account.address()] = account.account_id();
        return true;
    });
    if (!listed) return fail(std::move(listed.error()));
    auto reader = source.reader(import.message_bytes_max());
    if (!reader) return fail(std::move(reader.error()));
    VerifyParts parts{client, *reported, import.message_bytes_max(), thoroughness, outcome, tell};
    for (const auto& account : source.plan().accounts) {
        if (account.address.empty()) continue;
        const auto id = ids.find(account.address);
        if (id == ids.end()) {
            if (reported->contains({account.address, account.directory, "account-refused"})) continue;
            ++outcome.problems;
            tell({legacy::Severity::refused, account.address, account.directory, 0, "verify-account-missing", {}});
            continue;
        }
        auto done = verify_account(parts, **reader, account, import, id->second, source.is_live());
        if (!done) return fail(std::move(done.error()));
    }
    return outcome;
}

}  // namespace tayori::admin
