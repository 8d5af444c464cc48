#include "common/legacy/pst/pst.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/mbox/mbox.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kMbox = "mbox";  // readpst's name for the mails of a folder
constexpr std::size_t kLevelsMax = 50;

struct Place {
    std::string file;
    std::uint64_t bytes = 0;
    std::vector<std::string> levels;
    bool inbox = false;
};

bool is_inbox(const std::vector<std::string>& levels) {
    return levels.size() == 1 && (equals_ignoring_case(levels[0], "Inbox") || is_japanese_inbox(levels[0]));
}

void find_places(const std::string& directory, const std::vector<std::string>& levels, std::vector<Place>& places, const Reading& reading) {
    for (const auto& entry : reading.list(directory)) {
        if (entry.kind == EntryKind::file && entry.name() == kMbox) {
            places.push_back({entry.path, entry.bytes, levels, is_inbox(levels)});
        } else if (entry.kind == EntryKind::directory && levels.size() < kLevelsMax) {
            auto below = levels;
            below.emplace_back(entry.name());
            find_places(entry.path, below, places, reading);
        } else {
            reading.say(Severity::note, "not-a-mail", entry.path);
        }
    }
}

// "Personal Folders", of which there is one, is the PST itself.
std::vector<Place> find_places(const Reading& reading) {
    const auto top = reading.list("");
    const bool wrapped = top.size() == 1 && top[0].kind == EntryKind::directory;
    std::vector<Place> places;
    find_places(wrapped ? top[0].path : std::string(), {}, places, reading);
    for (auto& place : places)
        if (place.levels.empty()) place.levels = {"PST"};  // mails beside all folders
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.inbox && !b.inbox; });
    return places;
}

class PstSource final : public Source {
  public:
    PstSource(const Tree& tree, SourceOptions options) : tree_(tree), options_(std::move(options)) { options_.mbox = "rd"; }
    std::string_view kind() const override { return "pst"; }

    Result<Plan> plan(Report& report) override {
        if (!tree_.origin().starts_with("pst:")) return fail(Kind::invalid, "This is no PST file: it does not begin with !BDN.");
        if (options_.account.empty()) return fail(Kind::invalid, "A PST file is one mailbox: say whose it is with an account.");
        const auto measure = [](const std::string&, Account& account, const Reading& said, const Reading& unsaid) {
            for (const auto& place : find_places(said)) {
                account.bytes += place.bytes;
                account.mails += count_mbox_mails(place.file, unsaid);
            }
        };
        return plan_places({{options_.account, ""}}, tree_, options_, report, measure);
    }

    Result<Mailbox> load(const Account& account, Report& report) override {
        AccountReport lines{report, account.address};
        const Reading reading{tree_, options_, lines};
        Report said;
        AccountReport said_lines{said, account.address};
        Mailbox mailbox;
        FolderNames names;
        for (auto& place : find_places(Reading{tree_, options_, said_lines})) {
            Folder folder;
            for (const auto& level : place.levels) folder.raw_name = join_path(folder.raw_name, level);
            if (place.inbox) place.levels = {"INBOX"};
            folder.name = take_folder_name(names, place.levels, place.file, reading);
            if (read_mbox_file(place.file, false, folder, reading)) mailbox.folders.push_back(std::move(folder));
        }
        settle_identities(mailbox);
        settle_special_uses(mailbox);
        return mailbox;
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> make_pst(const Tree& tree, SourceOptions options) {
    return std::make_unique<PstSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
