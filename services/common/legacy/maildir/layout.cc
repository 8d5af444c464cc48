#include "common/legacy/maildir/layout.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"

namespace tayori::legacy::maildir {
namespace {

constexpr std::size_t kLevelsMax = 50;
// What a user's home calls its Maildir.
constexpr std::array<std::string_view, 4> kHomeNames = {"Maildir", ".maildir", "maildir", "mail"};
constexpr std::array<std::string_view, 3> kOwnNames = {"cur", "new", "tmp"};

bool is_own(std::string_view name) { return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end(); }

bool is_directory(const Entry& entry, std::string_view name) {
    return entry.kind == EntryKind::directory && entry.name() == name;
}

// "Folder/Sub" of LAYOUT=fs, below `directory`.
void find_fs_folders(const std::string& directory, const FolderPlace& parent, std::vector<FolderPlace>& places,
                     const Reading& reading) {
    const auto entries = reading.list(directory);
    FolderPlace place = parent;
    place.directory = directory;
    const bool is_folder = has_mails(entries);
    if (is_folder) places.push_back(place);
    const auto before = places.size();
    for (const auto& entry : entries) {
        if (entry.kind != EntryKind::directory || is_own(entry.name()) || entry.name().starts_with('.')) continue;
        if (place.levels.size() >= kLevelsMax) {
            reading.say(Severity::refused, "too-deep", entry.path);
            continue;
        }
        FolderPlace below = place;
        below.inbox = false;
        below.levels.emplace_back(entry.name());
        below.raw_name = join_path(place.raw_name, entry.name());
        find_fs_folders(entry.path, below, places, reading);
    }
    if (!is_folder && places.size() == before && !entries.empty()) reading.say(Severity::note, "not-a-folder", directory);
}

// ".Folder.Sub" of Maildir++.
void take_dotted(const Entry& entry, std::vector<FolderPlace>& places, const Reading& reading) {
    FolderPlace place{entry.path, {}, std::string(entry.name()), false};
    auto rest = entry.name().substr(1);
    while (!rest.empty()) place.levels.emplace_back(take_word(rest, '.'));
    if (!has_mails(reading.list(entry.path))) {
        reading.say(Severity::note, "not-a-folder", entry.path);
    } else if (place.levels.empty() || place.levels.size() > kLevelsMax) {
        reading.say(Severity::refused, "too-deep", entry.path);
    } else {
        places.push_back(std::move(place));
    }
}

bool holds_inbox_folder(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return is_directory(e, "INBOX"); });
}

// The Maildir of a user's directory: itself, or one of the usual names in it; nothing.
std::optional<std::string> maildir_of(const Tree& tree, const std::string& directory) {
    const auto entries = tree.list(directory);
    if (!entries) return std::nullopt;
    if (has_mails(*entries)) return directory;
    for (const auto name : kHomeNames)
        for (const auto& entry : *entries) {
            if (!is_directory(entry, name)) continue;
            const auto within = tree.list(entry.path);
            if (within && has_mails(*within)) return entry.path;
        }
    return std::nullopt;
}

void find_users(const Tree& tree, const Entry& domain, const SourceOptions& options, std::vector<AccountPlace>& places,
                Report& report) {
    const auto users = tree.list(domain.path);
    bool any = false;
    for (const auto& user : users ? *users : std::vector<Entry>{}) {
        if (user.kind == EntryKind::special) report.add({Severity::refused, "", user.path, 0, "special-file", {}});
        if (user.kind != EntryKind::directory) continue;
        if (auto directory = maildir_of(tree, user.path)) {
            any = true;
            places.push_back({address_of_directory(user.name(), domain.name(), user.path, options, report), *directory});
        }
    }
    if (!any) report.add({Severity::note, "", domain.path, 0, "no-maildir", {}});
}

}  // namespace

bool has_mails(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return is_directory(e, "cur") || is_directory(e, "new"); });
}

std::vector<FolderPlace> find_folders(const std::string& root, const Reading& reading) {
    std::vector<FolderPlace> places;
    const auto entries = reading.list(root);
    const bool inbox_is_root = has_mails(entries);
    if (inbox_is_root) places.push_back({root, {"INBOX"}, "INBOX", true});
    for (const auto& entry : entries) {
        if (entry.kind == EntryKind::special) reading.say(Severity::refused, "special-file", entry.path);
        if (entry.kind != EntryKind::directory || is_own(entry.name())) continue;
        if (entry.name().starts_with('.')) {
            take_dotted(entry, places, reading);
        } else if (!entry.name().starts_with("courier")) {  // courierimapkeywords and the like
            const std::string name(entry.name());
            const FolderPlace below{{}, {name}, name, !inbox_is_root && name == "INBOX"};
            find_fs_folders(entry.path, below, places, reading);
        }
    }
    std::stable_sort(places.begin(), places.end(), [](const FolderPlace& a, const FolderPlace& b) {
        if (a.inbox != b.inbox) return a.inbox;
        return a.raw_name < b.raw_name;
    });
    return places;
}

Result<std::vector<AccountPlace>> find_accounts(const Tree& tree, const SourceOptions& options, Report& report) {
    const auto top = tree.list("");
    if (!top) return fail(top.error());
    std::vector<AccountPlace> places;
    if (!options.account.empty()) {
        const auto directory = maildir_of(tree, "");
        if (!directory && holds_inbox_folder(*top)) places.push_back({options.account, ""});
        else if (directory) places.push_back({options.account, *directory});
        else return fail(Kind::invalid, "This is no Maildir: there is no cur and no new, nor a Maildir with them.");
        return places;
    }
    if (has_mails(*top))
        return fail(Kind::invalid, "This is one Maildir: say whose it is with an account.");
    for (const auto& entry : *top) {
        if (entry.kind == EntryKind::special) report.add({Severity::refused, "", entry.path, 0, "special-file", {}});
        if (entry.kind != EntryKind::directory) continue;
        if (auto directory = maildir_of(tree, entry.path))
            places.push_back({address_of_directory(entry.name(), "", entry.path, options, report), *directory});
        else
            find_users(tree, entry, options, places, report);
    }
    if (places.empty())
        return fail(Kind::invalid, "No Maildir was found: looked for USER, USER/Maildir, DOMAIN/USER and DOMAIN/USER/Maildir.");
    return places;
}

}  // namespace tayori::legacy::maildir
