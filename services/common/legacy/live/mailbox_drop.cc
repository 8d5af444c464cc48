// POP3's view put onto IMAP's: UIDLs and the order of the maildrop.
#include <set>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/capture/hash.h"
#include "common/legacy/capture/match.h"
#include "common/legacy/lines.h"
#include "common/legacy/live/mailbox.h"
#include "common/legacy/live/naming.h"
#include "common/legacy/live/paths.h"

namespace tayori::legacy {
namespace {

// Message-ID, Date and size; empty where one is missing.
std::string fields_of(const CapturedText& text) {
    return text.message_id.empty() || !text.date ? std::string()
                                                 : cat(text.message_id, '\n', text.date->unix_s, '\n', text.octets);
}

}  // namespace

// Which POP3 mail is which of INBOX, where Message-ID, Date and size leave a doubt: the bytes of both say it.
Result<void> LiveMailbox::settle_doubts(Capture& capture, AccountReport& report) {
    std::unordered_map<std::string, std::pair<unsigned, unsigned>> counts;
    for (const auto& line : capture.drop) ++counts[fields_of(line.text)].first;
    for (const auto& mail : capture.mails)
        if (mail.folder == kInbox) ++counts[fields_of(mail.text)].second;
    const auto is_clear = [&](const CapturedText& text) {
        const auto fields = fields_of(text);
        return !fields.empty() && counts.at(fields) == std::pair(1U, 1U);
    };
    Capture doubtful;
    std::vector<CapturedText*> texts;
    std::vector<std::string> paths;
    std::set<std::uint64_t> octets;
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < capture.drop.size(); ++i) {
        auto& text = capture.drop[i].text;
        if (is_clear(text)) continue;
        octets.insert(text.octets);
        if (!text.message_id.empty()) ids.insert(text.message_id);
        texts.push_back(&text);
        paths.push_back(pop3_path(drop_keys_[i]));
    }
    if (texts.empty()) return {};
    for (auto& mail : capture.mails) {
        if (mail.folder != kInbox || is_clear(mail.text)) continue;
        if (!octets.contains(mail.text.octets) && !ids.contains(mail.text.message_id)) continue;
        texts.push_back(&mail.text);
        paths.push_back(imap_path(mail.folder, mail.uid));
    }
    report.add(Severity::note, {}, "live-doubts", {cat(paths.size())});
    expect(paths);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        auto bytes = read(paths[i], 0, options_.message_bytes_max);
        if (bytes)
            texts[i]->sha256 = capture_hash(*bytes);
        else if (bytes.error().kind == Kind::closed)
            return fail(std::move(bytes.error()));
    }
    pop3_.close();
    return {};
}

// Puts UIDLs and POP3's order onto the mails of INBOX. Says which lines of POP3 have found their mail.
std::vector<bool> LiveMailbox::match_drop(const Capture& capture, Mailbox& mailbox, AccountReport& report) {
    std::vector<bool> matched(capture.drop.size());
    if (capture.drop.empty()) return matched;
    Capture drop;  // its UIDLs are places in the list: the real ones may come twice, or be none
    for (std::size_t i = 0; i < capture.drop.size(); ++i) {
        drop.drop.push_back(capture.drop[i]);
        drop.drop.back().uidl = cat(i);
    }
    std::unordered_map<std::string, const CapturedText*> texts;
    for (const auto& mail : capture.mails)
        if (mail.folder == kInbox) texts.emplace(imap_path(mail.folder, mail.uid), &mail.text);
    const auto look = [&](const Mail& mail) -> Result<CapturedText> {
        const auto text = texts.find(mail.file);
        return text == texts.end() ? CapturedText() : *text->second;
    };
    Report scratch;  // what was not matched is a mail of its own, and no line
    AccountReport matching{scratch, account_};
    const auto count =
        apply_capture(drop, look, {options_.message_bytes_max, options_.keep_high_uids}, mailbox, matching);
    for (auto& folder : mailbox.folders) {
        for (auto& mail : folder.mails) {
            if (mail.pop3_order == 0) continue;
            const auto at = parse_number(mail.uidl).value_or(0);
            matched[at] = true;
            mail.uidl = capture.drop[at].uidl;
            mail.pop3_order = at + 1;
        }
    }
    report.add(Severity::note, {}, "live-pop3-matched", {cat(count.drop), cat(count.drop_missing)});
    return matched;
}

// What POP3 shows and IMAP does not goes behind the mails of INBOX. Where there is no IMAP, that is all of it.
void LiveMailbox::add_drop(const Capture& capture, const std::vector<bool>& matched, Mailbox& mailbox) {
    if (mailbox.folders.empty() || mailbox.folders.front().name != kInbox) {
        Folder inbox;
        inbox.name = inbox.raw_name = std::string(kInbox);
        mailbox.folders.insert(mailbox.folders.begin(), std::move(inbox));
    }
    for (std::size_t i = 0; i < capture.drop.size(); ++i) {
        if (matched[i]) continue;
        auto& mail = mailbox.folders.front().mails.emplace_back();
        mail.file = pop3_path(drop_keys_[i]);
        mail.bytes = capture.drop[i].text.octets;
        mail.wrapping = Wrapping::served;
        mail.flags_known = false;
        mail.identity = cat("pop3\n", user_, '\n', drop_keys_[i]);
        mail.uidl = capture.drop[i].uidl;
        mail.pop3_order = i + 1;
    }
}

}  // namespace tayori::legacy
