#include "common/legacy/capture/match.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/capture/hash.h"
#include "common/legacy/flags.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/settle.h"
#include "common/legacy/source.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

// A mail of the mailbox as a capture could know it.
struct Known {
    Mail* mail = nullptr;
    std::size_t folder = 0;
    std::string sha256;
    std::string b_id;
    std::string by_fields;  // Message-ID, Date and size
    bool taken = false;
};
using Candidates = std::vector<Known*>;

std::string fields_key(std::string_view message_id, const std::optional<mail::MailDate>& date,
                       std::uint64_t octets) {
    if (message_id.empty() || !date) return {};
    return cat(message_id, '\n', date->unix_s, '\n', octets);
}

// One captured line, with what it is found by.
struct Wanted {
    std::string sha256;
    std::string b_id;
    std::string by_fields;
    std::string name;  // for the report
    Known* found = nullptr;
    bool ambiguous = false;
};

Wanted wanted(const CapturedText& text, std::string b_id, std::string name) {
    return {text.sha256,     std::move(b_id), fields_key(text.message_id, text.date, text.octets),
            std::move(name), nullptr,         false};
}

class Finder {
  public:
    Finder(AccountReport& report) : report_(report) {}

    // `candidates` in the order in which equal mails are given away. By hash first for all, so that
    // no weaker sign takes a mail from the line that it belongs to.
    void find(std::vector<Wanted>& lines, const Candidates& candidates) {
        by_hash(lines, candidates);
        by_key(lines, candidates, &Wanted::b_id, &Known::b_id);
        by_key(lines, candidates, &Wanted::by_fields, &Known::by_fields);
    }

  private:
    void by_hash(std::vector<Wanted>& lines, const Candidates& candidates) {
        std::unordered_map<std::string_view, Candidates> mails;
        for (auto* known : candidates)
            if (!known->taken && !known->sha256.empty()) mails[known->sha256].push_back(known);
        std::unordered_map<std::string_view, std::size_t> used;
        for (auto& line : lines) {
            const auto it = line.sha256.empty() ? mails.end() : mails.find(line.sha256);
            if (it == mails.end()) continue;
            auto& next = used[line.sha256];
            if (next >= it->second.size()) continue;
            line.found = it->second[next++];
            line.found->taken = true;
            if (next == 2)
                report_.add(Severity::note, line.found->mail->file, "capture-identical",
                            {cat(it->second.size())});
        }
    }

    // Only where one line and one mail have this key.
    void by_key(std::vector<Wanted>& lines, const Candidates& candidates,
                std::string Wanted::*of_line, std::string Known::*of_mail) {
        std::unordered_map<std::string_view, Candidates> mails;
        for (auto* known : candidates)
            if (!known->taken && !(known->*of_mail).empty())
                mails[known->*of_mail].push_back(known);
        std::unordered_map<std::string_view, std::vector<Wanted*>> keys;
        for (auto& line : lines)
            if (line.found == nullptr && !line.ambiguous && !(line.*of_line).empty())
                keys[line.*of_line].push_back(&line);
        for (auto& [key, asking] : keys) {
            const auto it = mails.find(key);
            if (it == mails.end()) continue;
            if (asking.size() == 1 && it->second.size() == 1) {
                asking.front()->found = it->second.front();
                it->second.front()->taken = true;
                continue;
            }
            for (auto* line : asking) line->ambiguous = true;
        }
    }

    AccountReport& report_;
};

class Matcher {
  public:
    // What is seen of a mail of the mailbox.
    struct Sight {
        CapturedText text;
        std::string b_id;
    };
    using Look = std::function<Result<Sight>(const Mail&)>;
    Matcher(const Capture& capture, Look look, const MatchOptions& options, Mailbox& mailbox, AccountReport& report)
        : capture_(capture), look_(std::move(look)), options_(options), mailbox_(mailbox), report_(report) {}

    MatchCount run() {
        look_at_mails();
        if (!capture_.drop.empty()) match_drop();
        if (!capture_.folders.empty()) match_folders();
        settle_pop3_order(mailbox_);
        settle_uidls(mailbox_, report_);
        settle_special_uses(mailbox_);
        return count_;
    }

  private:
    void look_at_mails() {
        for (std::size_t i = 0; i < mailbox_.folders.size(); ++i) {
            for (auto& mail : mailbox_.folders[i].mails) {
                Known known;
                known.mail = &mail;
                known.folder = i;
                const auto sight = look_(mail);
                if (sight) {
                    known.sha256 = sight->text.sha256;
                    known.b_id = sight->b_id;
                    known.by_fields = fields_key(sight->text.message_id, sight->text.date, sight->text.octets);
                } else {
                    report_.add(Severity::person, mail.file, "mail-unreadable", {sight.error().text});
                }
                known_.push_back(std::move(known));
            }
        }
    }

    void complain(const std::vector<Wanted>& lines, std::string_view file, std::uint64_t& found,
                  std::uint64_t& missing) {
        for (const auto& line : lines) {
            if (line.found != nullptr) {
                ++found;
                continue;
            }
            ++missing;
            if (line.ambiguous) ++count_.ambiguous;
            report_.add(Severity::person, file,
                        line.ambiguous ? "capture-ambiguous" : "capture-no-mail", {line.name});
        }
    }

    void match_drop() {
        // Those that POP3 shows by what is on disk come first, then INBOX, then all others.
        Candidates candidates;
        for (auto& known : known_) candidates.push_back(&known);
        std::stable_sort(candidates.begin(), candidates.end(), [](const Known* a, const Known* b) {
            const auto rank = [](const Known* k) {
                return std::pair(k->mail->pop3_order - 1, k->folder);
            };
            return rank(a) < rank(b);
        });
        auto drop = capture_.drop;
        std::stable_sort(
            drop.begin(), drop.end(),
            [](const CapturedDrop& a, const CapturedDrop& b) { return a.order < b.order; });
        std::vector<Wanted> lines;
        for (const auto& d : drop) lines.push_back(wanted(d.text, find_b_id(d.uidl), d.uidl));
        Finder(report_).find(lines, candidates);
        complain(lines, "", count_.drop, count_.drop_missing);
        const auto last = drop.back().order;
        std::uint64_t later = 0;
        for (auto& known : known_) {
            if (known.taken || known.mail->pop3_order == 0) continue;
            known.mail->pop3_order += last;  // it came since
            ++later;
        }
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i].found == nullptr) continue;
            auto& mail = *lines[i].found->mail;
            if (!mail.uidl.empty() && mail.uidl != drop[i].uidl) ++corrected_;
            mail.uidl = drop[i].uidl;
            mail.pop3_order = drop[i].order;
        }
        report_.add(Severity::note, "", "capture-pop3",
                    {cat(count_.drop), cat(count_.drop_missing), cat(later), cat(corrected_)});
        for (auto& known : known_) known.taken = false;
    }

    // By name, else by the mails in it: a source may not know its folders' names.
    std::map<std::string, std::size_t> pair_folders() {
        std::map<std::string, std::size_t> pairs;
        std::set<std::size_t> paired;
        const auto pair = [&](const CapturedFolder& captured, std::size_t at) {
            pairs[captured.name] = at;
            paired.insert(at);
        };
        for (const auto& captured : capture_.folders) {
            const auto name = mail::to_nfc(captured.name).value_or(captured.name);
            for (std::size_t i = 0; i < mailbox_.folders.size(); ++i)
                if (mailbox_.folders[i].name == name && !paired.contains(i)) {
                    pair(captured, i);
                    break;
                }
        }
        std::unordered_map<std::string_view, std::set<std::size_t>> homes;
        for (const auto& known : known_) homes[known.sha256].insert(known.folder);
        for (const auto& captured : capture_.folders) {
            if (pairs.contains(captured.name)) continue;
            std::set<std::size_t> votes;
            for (const auto& mail : capture_.mails) {
                if (mail.folder != captured.name || mail.text.sha256.empty()) continue;
                const auto it = homes.find(mail.text.sha256);
                if (it == homes.end()) continue;
                for (const auto i : it->second)
                    if (!paired.contains(i)) votes.insert(i);
            }
            if (votes.size() != 1) continue;
            auto& folder = mailbox_.folders[*votes.begin()];
            report_.add(Severity::changed, folder.raw_name, "capture-folder-name",
                        {folder.name, captured.name});
            folder.name = captured.name;
            folder.special_use.clear();
            pair(captured, *votes.begin());
        }
        return pairs;
    }

    void match_folders() {
        const auto pairs = pair_folders();
        std::unordered_map<std::string_view, std::vector<const CapturedMail*>> mails;
        for (const auto& mail : capture_.mails) mails[mail.folder].push_back(&mail);
        for (const auto& captured : capture_.folders) {
            const auto& lines = mails[captured.name];
            const auto it = pairs.find(captured.name);
            if (it == pairs.end()) {
                count_.mails_missing += lines.size();
                report_.add(Severity::person, captured.name, "capture-no-folder",
                            {cat(lines.size())});
                continue;
            }
            match_folder(captured, lines, it->second);
        }
        report_.add(Severity::note, "", "capture-imap",
                    {cat(count_.mails), cat(count_.mails_missing)});
    }

    void match_folder(const CapturedFolder& captured, std::vector<const CapturedMail*> mails,
                      std::size_t at) {
        auto& folder = mailbox_.folders[at];
        Candidates candidates;
        for (auto& known : known_)
            if (known.folder == at) candidates.push_back(&known);
        std::stable_sort(
            mails.begin(), mails.end(),
            [](const CapturedMail* a, const CapturedMail* b) { return a->uid < b->uid; });
        std::vector<Wanted> lines;
        for (const auto* m : mails) lines.push_back(wanted(m->text, "", cat("UID ", m->uid)));
        Finder(report_).find(lines, candidates);
        complain(lines, folder.raw_name, count_.mails, count_.mails_missing);
        // What the capture does not know came later: its own UID is believed only if it can be one.
        const auto next = std::max(captured.uid_next, mails.empty() ? 1 : mails.back()->uid + 1);
        for (auto* known : candidates)
            if (!known->taken && known->mail->uid < next) known->mail->uid = 0;
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (lines[i].found != nullptr) take(*mails[i], *lines[i].found->mail);
        folder.uid_validity = captured.uid_validity;
        folder.uid_next = std::max(folder.uid_next, next);
        folder.subscribed = captured.subscribed;
        const auto uid_validity = folder.uid_validity;
        settle_order(folder, at);
        folder.uid_validity = folder.keeps_uids ? uid_validity : 0;
    }

    // settle_uids() moves mails: what points to them is put right.
    void settle_order(Folder& folder, std::size_t at) {
        std::unordered_map<std::string, Known*> by_identity;
        for (auto& known : known_)
            if (known.folder == at) by_identity[known.mail->identity] = &known;
        settle_uids(folder, options_.keep_high_uids, report_);
        for (auto& mail : folder.mails) by_identity[mail.identity]->mail = &mail;
    }

    void take(const CapturedMail& captured, Mail& mail) {
        mail.uid = captured.uid;
        mail.flags = 0;
        mail.keywords.clear();
        for (const auto& flag : captured.flags) take_flag(flag, mail, report_);
        if (!captured.internal_date) return;
        mail.internal_date = captured.internal_date;
        mail.date_source = DateSource::stored;
    }

    const Capture& capture_;
    const Look look_;
    const MatchOptions& options_;
    Mailbox& mailbox_;
    AccountReport& report_;
    std::vector<Known> known_;
    MatchCount count_;
    std::uint64_t corrected_ = 0;
};

}  // namespace

MatchCount apply_capture(const Capture& capture, const Tree& tree, const MatchOptions& options,
                         Mailbox& mailbox, AccountReport& report) {
    const auto look = [&](const Mail& mail) -> Result<Matcher::Sight> {
        auto message = read_message(tree, mail, options.message_bytes_max);
        if (!message) return fail(std::move(message.error()));
        auto head = parse_head(std::string_view(*message).substr(0, kHeadBytes), message->size());
        return Matcher::Sight{{message->size(), capture_hash(*message), std::move(head.message_id), head.date},
                              std::move(head.b_id)};
    };
    return Matcher(capture, look, options, mailbox, report).run();
}

MatchCount apply_capture(const Capture& capture, const LookAtMail& look, const MatchOptions& options, Mailbox& mailbox,
                         AccountReport& report) {
    const auto sight = [&](const Mail& mail) -> Result<Matcher::Sight> {
        auto text = look(mail);
        if (!text) return fail(std::move(text.error()));
        return Matcher::Sight{std::move(*text), {}};
    };
    return Matcher(capture, sight, options, mailbox, report).run();
}

}  // namespace tayori::legacy
