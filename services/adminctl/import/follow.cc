#include "adminctl/import/follow.h"

#include <algorithm>
#include <unordered_map>

#include "adminctl/import/wire.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kChangesPerCall = 1'000;  // spoold's bound (services/spoold/legacy/limits.h)

class Following {
  public:
    Following(rpc::ImportClient& client, const FollowedAccount& account, Removals removals)
        : client_(client), account_(account), removals_(removals) {}

    Result<FollowOutcome> run(const legacy::Mailbox& mailbox) {
        for (const auto& folder : mailbox.folders)
            for (const auto& mail : folder.mails) there_.emplace(identity_of(mail), &mail);
        v1::ReadImportedMailsRequest request;
        request.set_import_id(account_.import_id);
        request.set_account_id(account_.account_id);
        request.set_numbers_only(true);
        auto read = client_.read_mails(request, [this](const v1::ImportedMails& batch) {
            for (const auto& mail : batch.mails()) compare(mail);
            return true;
        });
        if (!read) return fail(std::move(read.error()));
        drop_removals();
        if (auto sent = send(); !sent) return fail(std::move(sent.error()));
        return std::move(outcome_);
    }

  private:
    void compare(const v1::ImportedMail& stored) {
        if (stored.gone()) return;
        v1::ImportedChange change;
        change.set_identity(stored.identity());
        const auto at = there_.find(stored.identity());
        if (at == there_.end()) {
            ++gone_;
            change.set_gone(true);
            return changes_.push_back(std::move(change));
        }
        const auto& mail = *at->second;
        if (!mail.flags_known) return;
        if (stored.flags() == mail.flags &&
            same_keywords({stored.keywords().begin(), stored.keywords().end()}, mail.keywords))
            return;
        ++flagged_;
        change.set_flags(mail.flags);
        for (const auto& keyword : mail.keywords) change.add_keywords(keyword);
        changes_.push_back(std::move(change));
    }

    // An empty source is more likely one that has been cleared out than one whose owner wanted all of it gone.
    void drop_removals() {
        const bool all_gone = there_.empty() && gone_ > 0;
        if (removals_ == Removals::follow && !all_gone) return;
        std::erase_if(changes_, [](const v1::ImportedChange& change) { return change.gone(); });
        if (gone_ == 0 || removals_ == Removals::keep) return;
        say(all_gone ? "live-source-empty" : "live-removals-kept", {cat(gone_)});
    }

    Result<void> send() {
        for (std::size_t from = 0; from < changes_.size(); from += kChangesPerCall) {
            v1::ChangeImportedRequest request;
            request.set_import_id(account_.import_id);
            request.set_account_id(account_.account_id);
            const auto to = std::min(changes_.size(), from + kChangesPerCall);
            for (std::size_t i = from; i < to; ++i) *request.add_changes() = std::move(changes_[i]);
            auto reply = client_.change(request);
            if (!reply) return fail(std::move(reply.error()));
            if (reply->clients_came()) {
                say("live-changes-kept", {cat(flagged_), cat(changes_.size() - flagged_)});
                return {};
            }
            outcome_.changed += reply->changed();
            outcome_.removed += reply->removed();
        }
        return {};
    }

    void say(std::string code, std::vector<std::string> values) {
        outcome_.lines.push_back(
            {legacy::Severity::person, account_.address, {}, 0, std::move(code), std::move(values)});
    }

    rpc::ImportClient& client_;
    const FollowedAccount& account_;
    const Removals removals_;
    std::unordered_map<std::string, const legacy::Mail*> there_;
    std::vector<v1::ImportedChange> changes_;
    std::uint64_t flagged_ = 0;
    std::uint64_t gone_ = 0;
    FollowOutcome outcome_;
};

}  // namespace

Result<FollowOutcome> follow_source(rpc::ImportClient& client, const FollowedAccount& account,
                                    const legacy::Mailbox& mailbox, Removals removals) {
    return Following(client, account, removals).run(mailbox);
}

}  // namespace tayori::admin
