#include "common/legacy/live/mailbox.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/capture/hash.h"
#include "common/legacy/flags.h"
#include "common/legacy/live/limits.h"
#include "common/legacy/live/naming.h"
#include "common/legacy/live/paths.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/settle.h"

namespace tayori::legacy {

struct LiveMailbox::Named {
    ListedFolder listed;
    std::string name;
};

LiveMailbox::LiveMailbox(LiveOptions options, LinkMaker make_link, std::string user, std::string account)
    : options_(std::move(options)),
      user_(std::move(user)),
      account_(std::move(account)),
      imap_(make_link, options_.patience, options_.message_bytes_max),
      pop3_(make_link, options_.patience, options_.message_bytes_max),
      imap_bodies_(imap_),
      pop3_bodies_(pop3_) {}

void LiveMailbox::put(const std::string& path, LivePlace place) {
    if (places_.emplace(path, std::move(place)).second) order_.push_back(path);
}

std::vector<LiveMailbox::Named> LiveMailbox::name_folders(const ImapSession::Folders& listed, AccountReport& report) {
    LiveNaming naming(listed.prefix, report);
    std::vector<Named> out;
    bool has_inbox = false;  // a server may spell it twice, or leave it out
    for (const auto& folder : listed.folders) {
        if (folder.raw_name.size() > kLiveNameBytesMax) {
            complete_ = false;
            report.add(Severity::refused, folder.raw_name.substr(0, kLiveNameBytesMax), "live-folder-unreadable",
                       {"Its name is too long."});
            continue;
        }
        auto name = naming.name_of(folder.raw_name, folder.delimiter);
        if (std::any_of(listed.foreign.begin(), listed.foreign.end(),
                        [&](const std::string& prefix) { return folder.raw_name.starts_with(prefix); })) {
            report.add(Severity::note, folder.raw_name, "live-folder-foreign", {name});
            continue;
        }
        if (folder.has("\\Noselect") || folder.has("\\NonExistent")) continue;
        if (folder.has("\\All") || folder.has("\\Flagged")) {
            report.add(Severity::note, folder.raw_name, "live-folder-virtual", {name});
            continue;
        }
        const bool discarded = folder.has("\\Trash") || folder.has("\\Junk");
        if (options_.folders == LiveFolders::kept && discarded) continue;
        if (options_.folders == LiveFolders::inbox && name != kInbox) continue;
        if (name == kInbox && std::exchange(has_inbox, true)) continue;
        out.push_back({folder, std::move(name)});
    }
    if (!has_inbox) out.push_back({{std::string(kInbox), {}, {}, true}, std::string(kInbox)});
    std::stable_sort(out.begin(), out.end(),
                     [](const Named& a, const Named& b) { return (a.name == kInbox) > (b.name == kInbox); });
    return out;
}

Result<void> LiveMailbox::list_folder(const Named& named, bool with_fields, Capture& capture, AccountReport& report) {
    auto examined = imap_.examine(named.listed.raw_name);
    if (!examined) return fail(std::move(examined.error()));
    auto session = imap_.session();
    if (!session) return fail(std::move(session.error()));
    auto mails = (*session)->mails(with_fields);
    if (!mails) return fail(std::move(mails.error()));
    if (mails->size() < examined->exists) {
        complete_ = false;
        report.add(Severity::refused, named.name, "live-folder-incomplete",
                   {cat(examined->exists), cat(mails->size())});
    }
    capture.folders.push_back(
        {named.name, named.listed.raw_name, examined->uid_validity, examined->uid_next, named.listed.subscribed});
    for (auto& mail : *mails) {
        put(imap_path(named.name, mail.uid),
            {named.listed.raw_name, examined->uid_validity, mail.uid, {}, mail.text.octets});
        mail.folder = named.name;
        capture.mails.push_back(std::move(mail));
    }
    return {};
}

Result<void> LiveMailbox::list_imap(bool with_fields, Capture& capture, AccountReport& report) {
    auto session = imap_.session();
    if (!session) return fail(std::move(session.error()));
    auto listed = (*session)->list();
    if (!listed) return fail(std::move(listed.error()));
    for (const auto& named : name_folders(*listed, report)) {
        const bool fields = with_fields || (options_.pop3 && named.name == kInbox);
        if (const auto use = live_special_use(named.listed); !use.empty()) special_uses_[named.name] = use;
        Result<void> done;
        for (unsigned tries = 0; tries < kLiveTriesOfOneMail; ++tries) {
            done = list_folder(named, fields, capture, report);
            if (done || !ends_session(done.error())) break;
            imap_.lose();
        }
        if (done) continue;
        if (done.error().kind == Kind::closed || done.error().kind == Kind::auth_failed) return done;
        complete_ = false;
        report.add(Severity::refused, named.name, "live-folder-unreadable", {done.error().text});
    }
    return {};
}

// Message-ID and Date. Where there is no TOP, or it gives nothing, the bytes will have to tell.
Result<void> LiveMailbox::read_headers(Pop3Session& session, Capture& capture) {
    const auto& drop = pop3_.drop();
    for (std::size_t taken = 0, asked = 0; taken < drop.size() && session.may_have_top(); ++taken) {
        for (; asked < drop.size() && session.asked() < session.window(); ++asked) {
            if (auto sent = session.ask_header(drop[asked].number); !sent) return sent;
        }
        auto header = session.take();
        if (!header && header.error().kind == Kind::denied) continue;
        if (!header) return fail(std::move(header.error()));
        const auto head = parse_head(std::string_view(*header).substr(0, kHeadBytes), header->size());
        capture.drop[taken].text.message_id = head.message_id;
        capture.drop[taken].text.date = head.date;
    }
    return {};
}

Result<void> LiveMailbox::list_pop3(bool with_fields, Capture& capture) {
    auto session = pop3_.session();
    if (!session) return fail(std::move(session.error()));
    const auto& drop = pop3_.drop();
    for (std::size_t i = 0; i < drop.size(); ++i) {
        capture.drop.push_back({i + 1, drop[i].uidl, {}});
        capture.drop.back().text.octets = drop[i].octets;
        drop_keys_.push_back(drop[i].key);
        put(pop3_path(drop[i].key), {{}, 0, 0, drop[i].key, drop[i].octets});
    }
    if (with_fields) {
        if (auto read = read_headers(**session, capture); !read) return read;
    }
    pop3_.close();
    return {};
}

Result<Capture> LiveMailbox::list_all(bool with_fields, Report& report) {
    AccountReport to{report, account_};
    Capture capture;
    capture.user = user_;
    complete_ = true;
    places_.clear();
    order_.clear();
    drop_keys_.clear();
    special_uses_.clear();
    if (options_.imap) {
        if (auto listed = list_imap(with_fields, capture, to); !listed) return fail(std::move(listed.error()));
    }
    if (options_.pop3) {
        if (auto listed = list_pop3(with_fields || options_.imap, capture); !listed)
            return fail(std::move(listed.error()));
    }
    expect(order_);
    return capture;
}

Result<void> LiveMailbox::hash(Capture& capture, Report& report) {
    AccountReport to{report, account_};
    const auto one = [&](const std::string& path, CapturedText& text) -> Result<void> {
        auto bytes = read(path, 0, options_.message_bytes_max);
        if (bytes)
            text.sha256 = capture_hash(*bytes);
        else if (bytes.error().kind == Kind::closed || bytes.error().kind == Kind::auth_failed)
            return fail(std::move(bytes.error()));
        else
            to.add(Severity::refused, path, "mail-unreadable", {bytes.error().text});
        return {};
    };
    for (auto& mail : capture.mails) {
        if (auto done = one(imap_path(mail.folder, mail.uid), mail.text); !done) return done;
    }
    for (std::size_t i = 0; i < capture.drop.size(); ++i) {
        if (auto done = one(pop3_path(drop_keys_[i]), capture.drop[i].text); !done) return done;
    }
    pop3_.close();
    return {};
}

Mailbox LiveMailbox::to_mailbox(const Capture& capture, AccountReport& report) {
    Mailbox mailbox;
    std::unordered_map<std::string_view, std::size_t> at;
    for (const auto& captured : capture.folders) {
        at.emplace(captured.name, mailbox.folders.size());
        auto& folder = mailbox.folders.emplace_back();
        folder.name = captured.name;
        folder.raw_name = captured.raw_name;
        folder.uid_validity = captured.uid_validity;
        folder.uid_next = captured.uid_next;
        folder.subscribed = captured.subscribed || captured.name == kInbox;
        if (const auto use = special_uses_.find(captured.name); use != special_uses_.end())
            folder.special_use = use->second;
    }
    for (const auto& captured : capture.mails) {
        auto& folder = mailbox.folders[at.at(captured.folder)];
        auto& mail = folder.mails.emplace_back();
        mail.file = imap_path(captured.folder, captured.uid);
        mail.bytes = captured.text.octets;
        mail.wrapping = Wrapping::served;
        mail.identity = cat("imap\n", user_, '\n', folder.raw_name, '\n', folder.uid_validity, '\n', captured.uid);
        mail.uid = captured.uid;
        mail.internal_date = captured.internal_date;
        mail.date_source = captured.internal_date ? DateSource::stored : DateSource::none;
        for (const auto& flag : captured.flags) take_flag(flag, mail, report);
    }
    return mailbox;
}

Result<Mailbox> LiveMailbox::load(Report& report) {
    AccountReport to{report, account_};
    auto capture = list_all(false, report);
    if (!capture) return fail(std::move(capture.error()));
    auto mailbox = to_mailbox(*capture, to);
    std::vector<bool> matched(capture->drop.size());
    if (options_.imap && options_.pop3) {
        if (auto settled = settle_doubts(*capture, to); !settled) return fail(std::move(settled.error()));
        matched = match_drop(*capture, mailbox, to);
    }
    if (options_.pop3) add_drop(*capture, matched, mailbox);
    for (auto& folder : mailbox.folders) settle_uids(folder, options_.keep_high_uids, to);
    settle_pop3_order(mailbox);
    settle_uidls(mailbox, to);
    settle_special_uses(mailbox);
    settle_identities(mailbox);
    std::vector<std::string> order;
    for (const auto& folder : mailbox.folders)
        for (const auto& mail : folder.mails) order.push_back(mail.file);
    expect(std::move(order));
    return mailbox;
}

Result<std::vector<Entry>> LiveMailbox::list(std::string_view directory) const {
    return fail(Kind::not_found, "There is no such file in the source.", std::string(directory));
}
Result<Entry> LiveMailbox::stat(std::string_view path) const {
    return fail(Kind::not_found, "There is no such file in the source.", std::string(path));
}

Result<std::string> LiveMailbox::read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const {
    const auto place = places_.find(std::string(path));
    if (place == places_.end()) return fail(Kind::not_found, "There is no such file in the source.", std::string(path));
    auto& bodies = place->second.raw_folder.empty() ? pop3_bodies_ : imap_bodies_;
    auto body = bodies.read(place->second);
    if (!body || (offset == 0 && body->size() <= bytes)) return body;
    return body->substr(std::min<std::size_t>(offset, body->size()), bytes);
}

void LiveMailbox::expect(std::vector<std::string> paths) const {
    std::vector<LivePlace> by_imap;
    std::vector<LivePlace> by_pop3;
    for (const auto& path : paths) {
        const auto place = places_.find(path);
        if (place == places_.end() || place->second.octets > options_.message_bytes_max) continue;
        (place->second.raw_folder.empty() ? by_pop3 : by_imap).push_back(place->second);
    }
    imap_bodies_.expect(std::move(by_imap));
    pop3_bodies_.expect(std::move(by_pop3));
}

}  // namespace tayori::legacy
