#include "common/legacy/mh/mh.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.h"
#include "common/legacy/mh/sequences.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"
#include "common/legacy/spool/numbering.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kSequences = ".mh_sequences";
constexpr std::size_t kLevelsMax = 50;
constexpr std::array<std::string_view, 2> kHomeNames = {"Mail", "mail"};
// What MH programs keep beside the mails, and no mail.
constexpr std::array<std::string_view, 6> kOwnFiles = {".xmhcache", ".mh_profile", "context", "components", "replcomps", ".mew-summary"};

struct Place {
    std::string directory;
    std::vector<std::string> levels;
    std::string raw_name;
    bool inbox = false;
};

std::optional<std::uint64_t> mail_number(const Entry& entry) {
    return entry.kind == EntryKind::file ? decimal<std::uint64_t>(entry.name()) : std::nullopt;
}

bool is_folder(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return mail_number(e) || e.name() == kSequences; });
}

bool has_folder(const Tree& tree, const std::vector<Entry>& entries) {
    return is_folder(entries) || std::any_of(entries.begin(), entries.end(), [&](const Entry& e) {
        if (e.kind != EntryKind::directory) return false;
        const auto below = tree.list(e.path);
        return below && is_folder(*below);
    });
}

void find_places(const Place& place, std::vector<Place>& places, const Reading& reading) {
    const auto entries = reading.list(place.directory);
    if (is_folder(entries)) {
        places.push_back(place);
        auto& found = places.back();
        found.inbox = found.levels.empty() || (found.levels.size() == 1 && equals_ignoring_case(found.levels[0], "inbox"));
        if (found.inbox) found.levels = {"INBOX"};
        if (found.raw_name.empty()) found.raw_name = "INBOX";
    }
    for (const auto& entry : entries) {
        if (entry.kind == EntryKind::special) reading.say(Severity::refused, "special-file", entry.path);
        if (entry.kind != EntryKind::directory || entry.name().starts_with('.')) continue;
        if (place.levels.size() >= kLevelsMax) {
            reading.say(Severity::refused, "too-deep", entry.path);
            continue;
        }
        auto below = place;
        below.directory = entry.path;
        below.levels.emplace_back(entry.name());
        below.raw_name = join_path(place.raw_name, entry.name());
        find_places(below, places, reading);
    }
}

std::vector<Place> find_places(const std::string& root, const Reading& reading) {
    std::vector<Place> places;
    find_places(Place{root, {}, "", false}, places, reading);
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        if (a.inbox != b.inbox) return a.inbox;
        return a.raw_name < b.raw_name;
    });
    for (std::size_t i = 1; i < places.size(); ++i) places[i].inbox = false;
    return places;
}

std::vector<std::pair<std::uint64_t, Entry>> find_mails(const Place& place, const Reading& reading) {
    std::vector<std::pair<std::uint64_t, Entry>> mails;
    std::size_t removed = 0;
    for (auto& entry : reading.list(place.directory)) {
        const auto number = mail_number(entry);
        if (number && entry.bytes == 0) reading.say(Severity::refused, "mail-empty", entry.path, {"0"});
        else if (number) mails.emplace_back(*number, std::move(entry));
        else if (entry.kind != EntryKind::file || entry.name() == kSequences) continue;
        else if (entry.name().starts_with(',') || entry.name().starts_with('#')) ++removed;  // rmm only renames
        else if (std::find(kOwnFiles.begin(), kOwnFiles.end(), entry.name()) == kOwnFiles.end())
            reading.say(Severity::note, "not-a-mail", entry.path);
    }
    if (removed != 0) reading.say(Severity::note, "mh-removed", place.directory, {std::to_string(removed)});
    std::sort(mails.begin(), mails.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return mails;
}

bool is_keyword(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return c > 0x20 && c < 0x7f && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    });
}

void set_flags(const mh::Sequences& sequences, std::uint64_t number, Mail& mail) {
    if (!sequences.has("unseen", number)) mail.flags |= kSeen;
    if (sequences.has("replied", number)) mail.flags |= kAnswered;
    if (sequences.has("flagged", number)) mail.flags |= kFlagged;
    for (const auto& [name, ranges] : sequences.by_name) {
        if (name == "unseen" || name == "replied" || name == "flagged" || name == "cur" || !is_keyword(name)) continue;
        if (sequences.has(name, number)) mail.keywords.push_back(name);
    }
}

Folder read_folder(const Place& place, std::string name, const Reading& reading) {
    Folder folder;
    folder.name = std::move(name);
    folder.raw_name = place.raw_name;
    const auto file = join_path(place.directory, kSequences);
    const auto text = reading.text(file, kControlFileBytesMax);
    const auto sequences = mh::parse_sequences(text.value_or(""));
    for (const auto line : sequences.bad_lines) reading.say(Severity::person, "list-line-damaged", file, {}, line);
    for (auto& [number, entry] : find_mails(place, reading)) {
        Mail mail;
        mail.bytes = entry.bytes;
        mail.identity = join_path(place.raw_name, entry.name());
        mail.internal_date = mail::MailDate{entry.mtime_s, 0};
        mail.date_source = DateSource::mtime;
        set_flags(sequences, number, mail);
        mail.file = std::move(entry.path);
        folder.mails.push_back(std::move(mail));
    }
    if (place.inbox) order_maildrop(folder);
    return folder;
}

std::optional<std::string> mail_of(const Tree& tree, const std::string& directory) {
    const auto entries = tree.list(directory);
    if (!entries) return std::nullopt;
    for (const auto name : kHomeNames)
        for (const auto& entry : *entries) {
            if (entry.kind != EntryKind::directory || entry.name() != name) continue;
            const auto below = tree.list(entry.path);
            if (below && has_folder(tree, *below)) return entry.path;
        }
    if (has_folder(tree, *entries)) return directory;
    return std::nullopt;
}

// A user's name may have a dot, too; but only users have an inbox or a Mail directory.
bool is_domain(const Tree& tree, const Entry& directory) {
    const auto name = directory.name();
    if (name.find('.') == std::string_view::npos || name.find('@') != std::string_view::npos) return false;
    const auto entries = tree.list(directory.path);
    return !entries || std::none_of(entries->begin(), entries->end(), [](const Entry& e) {
        return e.kind == EntryKind::directory && (equals_ignoring_case(e.name(), "inbox") || equals_ignoring_case(e.name(), "mail"));
    });
}

Result<std::vector<AccountPlace>> find_accounts(const Tree& tree, const SourceOptions& options, Report& report) {
    const auto top = tree.list("");
    if (!top) return fail(top.error());
    std::vector<AccountPlace> places;
    if (!options.account.empty()) {
        if (auto directory = mail_of(tree, "")) places.push_back({options.account, *directory});
    } else {
        for (const auto& entry : *top) {
            if (entry.kind == EntryKind::special) report.add({Severity::refused, "", entry.path, 0, "special-file", {}});
            if (entry.kind != EntryKind::directory) continue;
            const bool domain = is_domain(tree, entry);
            const auto users = domain ? tree.list(entry.path) : Result<std::vector<Entry>>(std::vector<Entry>{entry});
            for (const auto& user : users ? *users : std::vector<Entry>{}) {
                if (user.kind == EntryKind::special) report.add({Severity::refused, "", user.path, 0, "special-file", {}});
                if (user.kind != EntryKind::directory) continue;
                if (auto directory = mail_of(tree, user.path))
                    places.push_back({address_of_directory(user.name(), domain ? entry.name() : "", user.path, options, report), *directory});
                else report.add({Severity::note, "", user.path, 0, "not-a-folder", {}});
            }
        }
    }
    if (places.empty())
        return fail(Kind::invalid, "No MH folder was found: looked for files named by numbers in USER, USER/Mail, DOMAIN/USER and DOMAIN/USER/Mail.");
    return places;
}

class MhSource final : public Source {
  public:
    MhSource(const Tree& tree, SourceOptions options) : tree_(tree), options_(std::move(options)) {}
    std::string_view kind() const override { return "mh"; }

    Result<Plan> plan(Report& report) override {
        const auto found = find_accounts(tree_, options_, report);
        if (!found) return fail(found.error());
        const auto measure = [](const std::string& path, Account& account, const Reading&, const Reading& unsaid) {
            for (const auto& folder : find_places(path, unsaid))
                for (const auto& [number, entry] : find_mails(folder, unsaid)) {
                    ++account.mails;
                    account.bytes += entry.bytes;
                }
        };
        return plan_places(*found, tree_, options_, report, measure);
    }

    Result<Mailbox> load(const Account& account, Report& report) override {
        AccountReport lines{report, account.address};
        const Reading reading{tree_, options_, lines};
        Mailbox mailbox;
        FolderNames names;
        for (const auto& place : find_places(path_of(account), reading))
            mailbox.folders.push_back(read_folder(place, take_folder_name(names, place.levels, place.directory, reading), reading));
        settle_identities(mailbox);
        settle_pop3_order(mailbox);
        settle_special_uses(mailbox);
        return mailbox;
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> make_mh(const Tree& tree, SourceOptions options) {
    return std::make_unique<MhSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
