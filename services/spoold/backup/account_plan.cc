#include "spoold/backup/account_plan.h"

#include <algorithm>

#include "common/base/text.h"
#include "spoold/backup/living_mail.h"
#include "spoold/counters/census.h"
#include "spoold/keys.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

using Mode = v1::RestoreAccountRequest;

class Planner {
  public:
    Planner(const store::Snapshot& past, const AccountWish& wish, LivingMail living, KeywordTable past_keywords,
            KeywordTable living_keywords)
        : past_(past), wish_(wish), by_(wish.same_account() ? KnownBy::message_id : KnownBy::uidl),
          living_(std::move(living)), past_keywords_(std::move(past_keywords)),
          living_keywords_(std::move(living_keywords)) {}

    Result<std::vector<FolderPlan>> run() {
        auto folders = read_folders(past_, wish_.past);
        if (!folders) return fail(std::move(folders.error()));
        if (auto counted = count_past(*folders); !counted) return fail(std::move(counted.error()));
        // Parents before children, INBOX first.
        std::sort(folders->begin(), folders->end(), [](const NumberedFolder& a, const NumberedFolder& b) {
            const bool a_inbox = a.record.name == kInbox;
            const bool b_inbox = b.record.name == kInbox;
            return a_inbox != b_inbox ? a_inbox : a.record.name < b.record.name;
        });
        std::vector<FolderPlan> plans;
        for (const auto& folder : *folders) {
            auto plan = plan_folder(folder);
            if (!plan) return fail(std::move(plan.error()));
            plans.push_back(std::move(*plan));
        }
        if (wish_.mode == Mode::MODE_EXACT) plan_removals(plans);
        return plans;
    }

  private:
    // How many references each mail lacks in the mailbox as a whole: a mail that was moved lacks none.
    Result<void> count_past(const std::vector<NumberedFolder>& folders) {
        for (const auto& folder : folders) {
            auto visited = visit_references(past_, folder.id, folder.record,
                                            [&](const Reference& r) { ++lacking_[key_of(r, by_)]; });
            if (!visited) return visited;
        }
        for (auto& [key, count] : lacking_) {
            const auto found = living_.mails.find(key);
            const auto there = found == living_.mails.end() ? 0 : found->second.places.size();
            count -= std::min<std::uint64_t>(count, there);
        }
        return {};
    }

    const NumberedFolder* living_folder(const NumberedFolder& past, const std::string& name) const {
        const NumberedFolder* named = nullptr;
        for (const auto& folder : living_.folders) {
            const bool same = wish_.same_account() && wish_.mode != Mode::MODE_BESIDE && folder.id == past.id;
            if (same) return &folder;
            if (folder.record.name == name) named = &folder;
        }
        return named;
    }

    Result<FolderPlan> plan_folder(const NumberedFolder& past) {
        FolderPlan plan;
        plan.past_name = past.record.name;
        const bool beside = wish_.mode == Mode::MODE_BESIDE;
        plan.target_name = beside ? cat(wish_.beside, "/", past.record.name) : past.record.name;
        auto subscribed = past_.get(keys::subscription(wish_.past, past.record.name));
        if (!subscribed) return fail(std::move(subscribed.error()));
        plan.subscribed = beside || subscribed->has_value();
        if (const auto* folder = living_folder(past, plan.target_name)) {
            plan.target = folder->id;
            plan.target_name = folder->record.name;
            targets_.insert(raw(folder->id));
        } else if (!beside && !use_is_taken(past.record.special_use)) {
            plan.special_use = past.record.special_use;
        }
        auto visited = visit_references(past_, past.id, past.record, [&](const Reference& r) { decide(plan, r); });
        if (!visited) return fail(std::move(visited.error()));
        return plan;
    }

    bool use_is_taken(v1::SpecialUse use) const {
        return std::any_of(living_.folders.begin(), living_.folders.end(), [use](const NumberedFolder& folder) {
            return folder.record.special_use == use && use != v1::SPECIAL_USE_UNSPECIFIED;
        });
    }

    void decide(FolderPlan& plan, const Reference& past) {
        const auto key = key_of(past, by_);
        auto found = living_.mails.find(key);
        const LivingMail::Place* here = nullptr;
        if (found != living_.mails.end() && plan.target) {
            for (const auto& place : found->second.places) {
                const bool taken = matched_.contains({raw(place.folder), place.reference.uid});
                if (place.folder == *plan.target && !taken) {
                    here = &place;
                    break;
                }
            }
        }
        if (here != nullptr) {
            ++plan.present;
            matched_.insert({raw(here->folder), here->reference.uid});
            if (wish_.mode == Mode::MODE_EXACT) compare_flags(plan, past, here->reference);
            return;
        }
        if (wish_.mode == Mode::MODE_MERGE) {
            auto& lacking = lacking_[key];
            if (lacking == 0) {
                ++plan.present;
                return;
            }
            --lacking;
        }
        plan.back.push_back(comeback(past, found == living_.mails.end() ? nullptr : &found->second));
    }

    Comeback comeback(const Reference& past, LivingMail::Mail* mail) {
        Comeback back;
        back.reference = past;
        const auto uidl = uidl_of(past);
        // Two references with one UIDL may both come to INBOX one day: POP3 wants it unique (RFC 1939 §7). Where the
        // mailbox becomes what it was, the other one goes.
        back.new_uidl = !living_.uidls.insert(uidl).second && wish_.mode != Mode::MODE_EXACT;
        // What POP3 clients know a mail by must stay, whatever number the message gets.
        if (!wish_.same_account()) back.reference.uidl = uidl;
        if (mail != nullptr && wish_.mode != Mode::MODE_BESIDE && !mail->trashed.empty()) {
            back.from = Comeback::From::trash;
            back.trash_key = mail->trashed.back().page;
            back.message = mail->trashed.back().message;
            mail->trashed.pop_back();
        } else if (mail != nullptr && (!mail->places.empty() || !mail->trashed.empty())) {
            back.from = Comeback::From::living;
            back.message = mail->places.empty() ? mail->trashed.back().message : mail->places.back().reference.message;
        }
        return back;
    }

    static std::vector<std::string> names_of(const std::vector<KeywordId>& ids, const KeywordTable& table) {
        std::vector<std::string> names;
        for (const auto id : ids) names.emplace_back(table.name_of(id));
        std::sort(names.begin(), names.end());
        return names;
    }

    void compare_flags(FolderPlan& plan, const Reference& past, const Reference& living) {
        auto names = names_of(past.keywords, past_keywords_);
        if (past.flags == living.flags && names == names_of(living.keywords, living_keywords_)) return;
        plan.flags.push_back({living.uid, past.flags, std::move(names)});
    }

    // What is in the mailbox and was not in the backup.
    void plan_removals(std::vector<FolderPlan>& plans) {
        absl::flat_hash_map<std::uint64_t, std::vector<Uid>> younger;
        for (const auto& [key, mail] : living_.mails) {
            for (const auto& place : mail.places) {
                if (!matched_.contains({raw(place.folder), place.reference.uid})) {
                    younger[raw(place.folder)].push_back(place.reference.uid);
                }
            }
        }
        for (auto& plan : plans) {
            if (!plan.target) continue;
            plan.remove = std::move(younger[raw(*plan.target)]);
            std::sort(plan.remove.begin(), plan.remove.end());
        }
        for (const auto& folder : living_.folders) {
            if (targets_.contains(raw(folder.id)) || folder.record.name == kInbox) continue;
            FolderPlan plan;
            plan.target = folder.id;
            plan.target_name = folder.record.name;
            plan.delete_folder = true;
            plan.remove = std::move(younger[raw(folder.id)]);
            plans.push_back(std::move(plan));
        }
    }

    const store::Snapshot& past_;
    const AccountWish& wish_;
    const KnownBy by_;
    LivingMail living_;
    const KeywordTable past_keywords_;
    const KeywordTable living_keywords_;
    absl::flat_hash_map<std::string, std::uint64_t> lacking_;
    absl::flat_hash_set<std::pair<std::uint64_t, Uid>> matched_;  // living references that were in the backup too
    absl::flat_hash_set<std::uint64_t> targets_;
};

}  // namespace

v1::RestoredFolder FolderPlan::report() const {
    v1::RestoredFolder report;
    report.set_folder(past_name);
    report.set_target(target_name);
    report.set_created(!target);
    report.set_deleted(delete_folder);
    report.set_present(present);
    report.set_removed(remove.size());
    report.set_changed(flags.size());
    std::uint64_t added = 0, undeleted = 0, copied = 0, bytes = 0;
    for (const auto& one : back) {
        switch (one.from) {
            case Comeback::From::backup:
                ++added;
                bytes += one.reference.bytes;
                break;
            case Comeback::From::trash: ++undeleted; break;
            case Comeback::From::living: ++copied; break;
        }
    }
    report.set_added(added);
    report.set_undeleted(undeleted);
    report.set_copied(copied);
    report.set_added_bytes(bytes);
    return report;
}

Result<std::vector<FolderPlan>> plan_account(const store::Snapshot& past, const store::Snapshot& living,
                                             const AccountWish& wish) {
    if (auto there = read_state(past, wish.past); !there) {
        if (there.error().kind != Kind::not_found) return fail(std::move(there.error()));
        return fail(Kind::not_found, "The account was not there at that moment.");
    }
    auto past_keywords = read_keywords(past, wish.past);
    if (!past_keywords) return fail(std::move(past_keywords.error()));
    auto living_keywords = read_keywords(living, wish.living);
    if (!living_keywords) return fail(std::move(living_keywords.error()));
    auto mail = LivingMail::read(living, wish.living, wish.same_account() ? KnownBy::message_id : KnownBy::uidl);
    if (!mail) return fail(std::move(mail.error()));
    return Planner(past, wish, std::move(*mail), std::move(*past_keywords), std::move(*living_keywords)).run();
}

}  // namespace tayori::spool
