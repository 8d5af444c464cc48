#include "common/legacy/maildir/folder_reader.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "common/base/text.h"
#include "common/legacy/maildir/lists.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/numbering.h"

namespace tayori::legacy::maildir {
namespace {

constexpr std::string_view kForwarded = "$Forwarded";  // P, "passed"
constexpr std::size_t kMailsForTimes = 10;  // fewer may well have come in one hour
constexpr std::int64_t kCopySeconds = 3600, kWeekSeconds = 7 * 86'400;

struct File {
    Entry entry;
    std::string base;
    std::string letters;
    std::optional<std::uint64_t> said_bytes;
    const UidRecord* record = nullptr;
};

// What Dovecot's `%08Xu%08Xv` gives, which is in lower case.
std::string dovecot_uidl(std::uint32_t uid, std::uint32_t uid_validity) {
    char text[2 * 8 + 1];
    std::snprintf(text, sizeof text, "%08x%08x", static_cast<unsigned>(uid), static_cast<unsigned>(uid_validity));
    return text;
}

// A server's plugin may have compressed it; that is not ours to undo.
bool is_compressed(const File& file, const Reading& reading) {
    const bool doubtful = file.letters.find('Z') != std::string::npos || (file.said_bytes && *file.said_bytes != file.entry.bytes);
    if (!doubtful) return false;
    const auto head = reading.tree.read(file.entry.path, 0, 4);
    return head && (head->starts_with("\x1f\x8b") || head->starts_with("BZh") || head->starts_with("\x28\xb5\x2f\xfd") ||
                    head->starts_with("\x04\x22\x4d\x18") || head->starts_with("\xfd" "7zX"));
}

void take_files(const std::string& directory, std::vector<File>& files, const Reading& reading) {
    for (auto& entry : reading.list(directory)) {
        if (entry.kind == EntryKind::special) {
            reading.say(Severity::refused, "special-file", entry.path);
        } else if (entry.kind == EntryKind::directory || entry.name().starts_with('.')) {
            reading.say(Severity::note, "not-a-mail", entry.path);
        } else if (entry.bytes == 0) {
            reading.say(Severity::refused, "mail-empty", entry.path, {"0"});
        } else {
            const auto name = parse_mail_file_name(entry.name());
            File file{{}, std::string(name.base), std::string(name.letters), name.bytes, nullptr};
            file.entry = std::move(entry);
            files.push_back(std::move(file));
        }
    }
}

std::vector<File> find_files(const FolderPlace& place, const Reading& reading) {
    std::vector<File> files;
    take_files(join_path(place.directory, "cur"), files, reading);
    take_files(join_path(place.directory, "new"), files, reading);
    const auto unfinished = reading.list(join_path(place.directory, "tmp"));
    if (!unfinished.empty())
        reading.say(Severity::note, "maildir-tmp", join_path(place.directory, "tmp"), {std::to_string(unfinished.size())});
    std::erase_if(files, [&](const File& file) {
        const bool compressed = is_compressed(file, reading);
        if (compressed) reading.say(Severity::refused, "mail-compressed", file.entry.path);
        else if (file.said_bytes && *file.said_bytes != file.entry.bytes)
            reading.say(Severity::person, "mail-size-differs", file.entry.path,
                        {std::to_string(*file.said_bytes), std::to_string(file.entry.bytes)});
        return compressed;
    });
    return files;
}

// Gives each file its record; each record goes to one file, the one in cur first.
void match_records(const UidList& list, const std::string& list_file, std::vector<File>& files, const Reading& reading) {
    std::unordered_map<std::string_view, const UidRecord*> by_base;
    std::size_t twice = 0;
    for (const auto& record : list.records)
        if (!by_base.emplace(record.base, &record).second) ++twice;
    if (twice != 0) reading.say(Severity::person, "list-name-twice", list_file, {std::to_string(twice)});
    std::size_t matched = 0;
    for (auto& file : files) {
        const auto at = by_base.find(file.base);
        if (at == by_base.end() || at->second == nullptr) continue;
        file.record = std::exchange(at->second, nullptr);
        ++matched;
    }
    if (by_base.size() > matched)
        reading.say(Severity::note, "list-files-gone", list_file, {std::to_string(by_base.size() - matched)});
}

// As they stand in the list; behind them what has no UID, by arrival.
void sort_files(const std::optional<UidList>& list, std::vector<File>& files) {
    const auto rank = [&](const File& file) {
        return file.record == nullptr ? SIZE_MAX : static_cast<std::size_t>(file.record - list->records.data());
    };
    std::stable_sort(files.begin(), files.end(), [&](const File& a, const File& b) {
        if (rank(a) != rank(b)) return rank(a) < rank(b);
        if (a.entry.mtime_s != b.entry.mtime_s) return a.entry.mtime_s < b.entry.mtime_s;
        return a.base < b.base;
    });
}

struct Keywords {
    std::map<char, std::string> names;
    std::map<char, std::size_t> unknown;  // letters of mails that have no name
    std::map<char, std::size_t> strange;  // flag letters that mean nothing to us
};

void add_keyword(const std::string& keyword, Mail& mail) {
    if (std::find(mail.keywords.begin(), mail.keywords.end(), keyword) == mail.keywords.end()) mail.keywords.push_back(keyword);
}

void set_flags(const std::string& letters, Keywords& keywords, Mail& mail) {
    for (const char c : letters) {
        switch (c) {
            case 'R': mail.flags |= kAnswered; break;
            case 'F': mail.flags |= kFlagged; break;
            case 'T': mail.flags |= kDeleted; break;
            case 'S': mail.flags |= kSeen; break;
            case 'D': mail.flags |= kDraft; break;
            case 'P': add_keyword(std::string(kForwarded), mail); break;
            default:
                if (const auto at = keywords.names.find(c); at != keywords.names.end()) add_keyword(at->second, mail);
                else if (c >= 'a' && c <= 'z') ++keywords.unknown[c];
                else ++keywords.strange[c];
        }
    }
}

Mail as_mail(const FolderPlace& place, File& file, Keywords& keywords) {
    Mail mail;
    mail.bytes = file.entry.bytes;
    mail.internal_date = mail::MailDate{file.entry.mtime_s, 0};
    mail.date_source = DateSource::mtime;
    mail.identity = cat(place.raw_name, '/', file.base);
    if (file.record != nullptr) mail.uid = file.record->uid;
    set_flags(file.letters, keywords, mail);
    mail.file = std::move(file.entry.path);
    return mail;
}

// A spool that was copied without its times: all files are of one hour, while their names tell of weeks.
void warn_of_lost_times(const FolderPlace& place, const std::vector<File>& files, const Reading& reading) {
    if (files.size() < kMailsForTimes) return;
    const auto named = [](const File& file) { return decimal<std::int64_t>(std::string_view(file.base).substr(0, file.base.find('.'))).value_or(0); };
    auto first_mtime = files[0].entry.mtime_s, last_mtime = first_mtime;
    auto first_named = named(files[0]), last_named = first_named;
    for (const auto& file : files) {
        first_mtime = std::min(first_mtime, file.entry.mtime_s);
        last_mtime = std::max(last_mtime, file.entry.mtime_s);
        first_named = std::min(first_named, named(file));
        last_named = std::max(last_named, named(file));
    }
    if (first_named == 0 || last_mtime - first_mtime > kCopySeconds || last_named - first_named < kWeekSeconds) return;
    reading.say(Severity::person, "times-lost", place.directory, {std::to_string(files.size())});
}

// What POP3 showed. Order: field O, then the rest by UID; Courier's by its list.
void set_maildrop(const Lists& lists, const std::vector<File>& files, Folder& folder) {
    std::unordered_map<std::string_view, std::size_t> by_base;
    if (lists.sizes)
        for (std::size_t i = 0; i < lists.sizes->records.size(); ++i) by_base.emplace(lists.sizes->records[i].base, i);
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto& mail = folder.mails[i];
        const auto* record = files[i].record;
        if (record != nullptr && record->uidl) mail.uidl = record->uidl->empty() ? files[i].base : *record->uidl;
        if (record != nullptr) mail.pop3_order = record->hidden_from_pop3 ? kHiddenFromPop3 : record->pop3_order;
        const auto at = by_base.find(files[i].base);
        if (at == by_base.end()) continue;
        if (mail.uidl.empty()) mail.uidl = lists.sizes->records[at->second].uidl;
        if (mail.pop3_order == 0) mail.pop3_order = at->second + 1;
    }
}

// What the old server made where no list has a UIDL. Courier's is in its list, or comes at the next login.
std::string default_uidl(const Lists& lists, std::uint32_t uid, const std::string& base) {
    if (lists.sizes || lists.lost) return {};
    if (!lists.from_dovecot) return base;
    return uid == 0 ? std::string() : dovecot_uidl(uid, lists.uids->uid_validity);
}

void settle_maildrop(const Lists& lists, const std::vector<File>& files, Folder& folder, const Reading& reading) {
    set_maildrop(lists, files, folder);
    order_maildrop(folder);
    for (std::size_t i = 0; i < files.size(); ++i)
        if (auto& mail = folder.mails[i]; mail.uidl.empty()) mail.uidl = default_uidl(lists, mail.uid, files[i].base);
    drop_uids_unless_ascending(folder, reading);
    settle_uids(folder, reading.options.keep_high_uids, reading.report);
    if (!folder.keeps_uids) return;
    for (auto& mail : folder.mails)  // those that got their UID now
        if (mail.uidl.empty()) mail.uidl = default_uidl(lists, mail.uid, {});
}

}  // namespace

Folder read_folder(const FolderPlace& place, std::string name, const Reading& reading) {
    Folder folder;
    folder.name = std::move(name);
    folder.raw_name = place.raw_name;
    const bool inbox = place.inbox;
    auto files = find_files(place, reading);
    const auto lists = read_lists(place, reading);
    if (lists.uids) {
        folder.uid_validity = lists.uids->uid_validity;
        folder.uid_next = lists.uids->uid_next;
        // The header is older than records that were appended; and what is gone has used its UID, too.
        for (const auto& record : lists.uids->records)
            if (record.uid < UINT32_MAX) folder.uid_next = std::max(folder.uid_next, record.uid + 1);
        match_records(*lists.uids, lists.uids_file, files, reading);
    }
    sort_files(lists.uids, files);
    warn_of_lost_times(place, files, reading);

    if (const auto courier = join_path(place.directory, "courierimapkeywords"); !reading.list(courier).empty())
        reading.say(Severity::person, "courier-keywords", courier);
    Keywords keywords;
    const auto keywords_file = join_path(place.directory, "dovecot-keywords");
    std::vector<std::uint64_t> bad_lines;
    if (const auto text = reading.text(keywords_file, kControlFileBytesMax)) keywords.names = parse_keywords(*text, bad_lines);
    say_bad_lines(keywords_file, bad_lines, bad_lines.size(), reading);
    for (auto& file : files) folder.mails.push_back(as_mail(place, file, keywords));
    for (const auto& [letter, count] : keywords.unknown)
        reading.say(Severity::changed, "keyword-without-name", keywords_file, {std::string(1, letter), std::to_string(count)});
    for (const auto& [letter, count] : keywords.strange)
        reading.say(Severity::note, "flag-letter-unknown", place.directory, {std::string(1, letter), std::to_string(count)});

    if (inbox) {
        settle_maildrop(lists, files, folder, reading);
    } else {
        for (std::size_t i = 0; i < files.size(); ++i) {  // a mail of the maildrop that was filed here
            if (files[i].record == nullptr || !files[i].record->uidl || files[i].record->uidl->empty()) continue;
            folder.mails[i].uidl = *files[i].record->uidl;
            folder.mails[i].pop3_order = files[i].record->pop3_order;
        }
        drop_uids_unless_ascending(folder, reading);
        settle_uids(folder, reading.options.keep_high_uids, reading.report);
    }
    return folder;
}

Found count_mails(const FolderPlace& place, const Reading& reading) {
    Found found;
    for (const auto* part : {"cur", "new"})
        for (const auto& entry : reading.list(join_path(place.directory, part))) {
            if (entry.kind != EntryKind::file || entry.bytes == 0 || entry.name().starts_with('.')) continue;
            ++found.mails;
            found.bytes += entry.bytes;
        }
    return found;
}

}  // namespace tayori::legacy::maildir
