#include "common/legacy/epost/copies.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/text.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kMailSuffix = ".MSG";

// The server's counter may have begun anew since: the same id on another mail is no copy.
bool is_same_mail(const MailHead& a, const MailHead& b) {
    if (!a.message_id.empty() && !b.message_id.empty() && a.message_id != b.message_id)
        return false;
    return !a.b_id.empty() || a.fingerprint == b.fingerprint;
}

class Joiner {
  public:
    Joiner(FoundMailbox found, AccountReport& report) : found_(std::move(found)), report_(report) {
        for (auto& folder : found_.folders)  // INBOX first: there the copy belongs to POP3's
            for (auto& mail : folder.mails) copies_[key(mail.head)].push_back(&mail);
    }

    Mailbox run() {
        std::uint64_t joined = 0;
        std::vector<FoundMail> alone;
        for (auto& pop3 : found_.pop3) {
            uidls_.insert(pop3.mail.uidl);
            if (join(pop3))
                ++joined;
            else
                alone.push_back(std::move(pop3));
        }
        const bool has_imap = std::any_of(found_.folders.begin(), found_.folders.end(),
                                          [](const FoundFolder& f) { return !f.mails.empty(); });
        if (has_imap && !found_.pop3.empty())
            report_.add(Severity::note, "", "copies-joined", {cat(joined), cat(alone.size())});
        auto& inbox = found_.folders.front();
        tell_hidden(inbox);
        for (auto& mail : alone) inbox.mails.push_back(std::move(mail));
        restore_uidls();
        Mailbox out;
        for (auto& folder : found_.folders) {
            for (auto& mail : folder.mails) folder.folder.mails.push_back(std::move(mail.mail));
            out.folders.push_back(std::move(folder.folder));
        }
        return out;
    }

  private:
    static const std::string& key(const MailHead& head) {
        return head.b_id.empty() ? head.fingerprint : head.b_id;
    }

    bool join(const FoundMail& pop3) {
        const auto it = copies_.find(key(pop3.head));
        if (it == copies_.end()) return false;
        FoundMail* copy = nullptr;
        std::size_t fitting = 0;
        for (auto* candidate : it->second) {
            if (candidate->mail.pop3_order != 0 || !is_same_mail(candidate->head, pop3.head))
                continue;
            if (copy == nullptr) copy = candidate;
            ++fitting;
        }
        if (copy == nullptr) return false;
        if (fitting > 1)
            report_.add(Severity::note, pop3.mail.file, "copies-several",
                        {cat(fitting), copy->mail.file});
        if (copy->mail.bytes != pop3.mail.bytes)
            report_.add(Severity::note, pop3.mail.file, "copy-size-differs",
                        {copy->mail.file, cat(pop3.mail.bytes), cat(copy->mail.bytes)});
        copy->mail.pop3_order = pop3.mail.pop3_order;
        copy->mail.uidl = pop3.mail.uidl;
        return true;
    }

    void tell_hidden(const FoundFolder& inbox) {
        const auto hidden =
            std::count_if(inbox.mails.begin(), inbox.mails.end(),
                          [](const FoundMail& m) { return m.mail.pop3_order == 0; });
        if (hidden != 0)
            report_.add(Severity::note, inbox.folder.raw_name, "pop3-hidden", {cat(hidden)});
    }

    // The POP3 copy is gone; its name was the B id.
    void restore_uidls() {
        for (auto& folder : found_.folders) {
            for (auto& mail : folder.mails) {
                if (!mail.mail.uidl.empty() || mail.head.b_id.empty()) continue;
                auto uidl = cat(mail.head.b_id, kMailSuffix);
                if (uidls_.insert(uidl).second) mail.mail.uidl = std::move(uidl);
            }
        }
    }

    FoundMailbox found_;
    AccountReport& report_;
    std::unordered_map<std::string, std::vector<FoundMail*>> copies_;
    std::unordered_set<std::string> uidls_;
};

}  // namespace

Mailbox join_copies(FoundMailbox found, AccountReport& report) {
    return Joiner(std::move(found), report).run();
}

}  // namespace tayori::legacy::epost
