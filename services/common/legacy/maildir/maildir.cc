#include "common/legacy/maildir/maildir.h"

#include <algorithm>
#include <set>

#include "common/legacy/maildir/folder_reader.h"
#include "common/legacy/maildir/uidlist.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"
#include "common/legacy/spool/numbering.h"

namespace tayori::legacy {
namespace {

using namespace maildir;

// What the lists of subscriptions say: Dovecot's, else Courier's; nothing where there is none.
std::optional<std::vector<std::string>> read_subscriptions(const std::string& root, bool dotted, const Reading& reading) {
    if (auto text = reading.text(join_path(root, "subscriptions"), kControlFileBytesMax))
        return parse_subscriptions(*text, dotted ? '.' : '/');
    if (auto text = reading.text(join_path(root, "courierimapsubscribed"), kControlFileBytesMax))
        return parse_subscriptions(*text, '.');
    return std::nullopt;
}

void set_subscriptions(const std::string& root, const std::vector<FolderPlace>& places, Mailbox& mailbox, const Reading& reading) {
    const bool dotted = std::none_of(places.begin(), places.end(), [](const FolderPlace& place) {
        return !place.inbox && !place.raw_name.starts_with('.');
    });
    const auto names = read_subscriptions(root, dotted, reading);
    if (!names) return;
    std::set<std::string> left(names->begin(), names->end());
    for (auto& folder : mailbox.folders) {
        const bool by_dot = folder.raw_name.starts_with('.');
        folder.subscribed = left.erase(by_dot ? folder.raw_name.substr(1) : folder.raw_name) != 0;
    }
    for (const auto& name : left) reading.say(Severity::note, "subscription-without-folder", root, {name});
}

class MaildirSource final : public Source {
  public:
    MaildirSource(const Tree& tree, SourceOptions options) : tree_(tree), options_(std::move(options)) {}
    std::string_view kind() const override { return "maildir"; }

    Result<Plan> plan(Report& report) override {
        const auto found = find_accounts(tree_, options_, report);
        if (!found) return fail(found.error());
        const auto measure = [](const std::string& root, Account& account, const Reading& said, const Reading&) {
            for (const auto& folder : find_folders(root, said)) {
                const auto count = count_mails(folder, said);
                account.mails += count.mails;
                account.bytes += count.bytes;
            }
            if (const auto text = said.text(join_path(root, "maildirsize"), kControlFileBytesMax))
                account.quota_bytes = parse_maildirsize(*text);
        };
        return plan_places(*found, tree_, options_, report, measure);
    }

    Result<Mailbox> load(const Account& account, Report& report) override {
        AccountReport lines{report, account.address};
        const Reading reading{tree_, options_, lines};
        const auto root = path_of(account);
        Report said;  // of places, by plan()
        AccountReport said_lines{said, account.address};
        const auto places = find_folders(root, Reading{tree_, options_, said_lines});
        if (places.empty()) return fail(Kind::not_found, "The Maildir is gone.");
        const bool ours = tree_.stat(join_path(root, kOwnExport)).has_value();
        Mailbox mailbox;
        FolderNames names;
        for (const auto& place : places) {
            auto name = take_folder_name(names, place.levels, place.directory, reading);
            mailbox.folders.push_back(read_folder(place, std::move(name), reading));
            if (!ours) take_deleted_off(mailbox.folders.back(), reading);
        }
        set_subscriptions(root, places, mailbox, reading);
        settle_identities(mailbox);
        settle_pop3_order(mailbox);
        settle_uidls(mailbox, lines);
        settle_special_uses(mailbox);
        return mailbox;
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> make_maildir(const Tree& tree, SourceOptions options) {
    return std::make_unique<MaildirSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
