// One message for all its recipients, and what is to be sent because of it, in one commit (design.md §5).
#include <algorithm>

#include "spoold/intake/intake.h"
#include "spoold/intake/new_mail.h"
#include "spoold/intake/outcomes.h"
#include "spoold/keys.h"
#include "spoold/mailbox/names.h"
#include "spoold/queue/queue.h"

namespace tayori::spool {
namespace {

constexpr AccountId kSite{0};

Result<void> check_plan(const v1::CommitPlan& plan) {
    if (auto checked = check_request_id(plan.request_id()); !checked) return checked;
    if (static_cast<std::size_t>(plan.deliveries_size()) > kDeliveriesPerPlanMax ||
        static_cast<std::size_t>(plan.outbound_size()) > kOutboundPerPlanMax) {
        return fail(Kind::invalid, "Too many recipients in one plan.");
    }
    for (const auto& delivery : plan.deliveries()) {
        if (delivery.prefix().size() > kPrefixBytesMax) return fail(Kind::invalid, "The prefix is too long.");
    }
    for (const auto& outbound : plan.outbound()) {
        if (outbound.prefix().size() > kPrefixBytesMax) return fail(Kind::invalid, "The prefix is too long.");
        if (outbound.recipients().empty()) return fail(Kind::invalid, "Outbound mail without recipient.");
        if (static_cast<std::size_t>(outbound.recipients_size()) > kOutboundRecipientsMax) {
            return fail(Kind::invalid, "Too many recipients of one outbound mail.");
        }
    }
    return {};
}

class PlanTx {
  public:
    PlanTx(store::Transaction& transaction, const Mailboxes::Parts& parts, const v1::CommitPlan& plan,
           const NewMail& mail, const Intake::Rewrite& rewrite)
        : tx_(transaction), parts_(parts), plan_(plan), mail_(mail), rewrite_(rewrite), seed_(mail.seed) {}

    Result<void> run(v1::CommitPlanReply& reply, ChangeSet& changes) {
        if (repeat_reply(tx_, kSite, plan_.request_id(), reply)) return {};
        auto body = BodyTx::store(tx_, mail_);
        if (!body) return fail(std::move(body.error()));
        const auto count = static_cast<std::uint64_t>(plan_.deliveries_size());
        next_message_ = count == 0 ? 0 : take_numbers(tx_, keys::kNextMessageId, count);
        for (const auto& delivery : plan_.deliveries()) {
            auto done = deliver(delivery, *body, *reply.add_deliveries(), changes);
            if (!done) refused_.push_back(std::move(done.error()));
        }
        if (!refused_.empty()) return fail(verdict());
        for (const auto& outbound : plan_.outbound()) {
            auto id = enqueue(outbound, *body);
            if (!id) return fail(std::move(id.error()));
            reply.add_queue_ids(raw(*id));
        }
        if (auto ended = body->end(); !ended) return ended;
        keep_reply(tx_, kSite, plan_.request_id(), reply);
        return {};
    }

  private:
    // The folder named, or INBOX: a rule may name one that has been deleted, and mail must not be lost by that.
    static Result<FolderTx*> target(AccountTx& box, const std::string& name) {
        if (!name.empty()) {
            if (const auto canonical = canonical_name(name)) {
                if (const auto id = box.find_name(*canonical)) return box.folder(*id);
            }
        }
        return box.folder(box.state().inbox);
    }

    // One answer for all: nothing of the plan is stored. What holds for every recipient is told as it is; else the
    // sender tries again and hears at RCPT whom it cannot reach.
    Error verdict() {
        const bool all = refused_.size() == static_cast<std::size_t>(plan_.deliveries_size()) &&
                         plan_.outbound().empty();
        const auto same = [this](const Error& error) { return error.kind == refused_.front().kind; };
        if (all && std::all_of(refused_.begin(), refused_.end(), same)) return std::move(refused_.front());
        return Error::make(Kind::busy, "A recipient cannot receive this mail now, try again.", refused_.front().text);
    }

    Result<FolderTx*> check(AccountTx& box, const v1::Delivery& delivery, std::uint64_t bytes) const {
        auto folder = target(box, delivery.folder());
        if (!folder) return folder;
        if (auto room = box.check_room(**folder, bytes, 1); !room) return fail(std::move(room.error()));
        if (auto uids = AccountTx::check_uids(**folder, 1); !uids) return fail(std::move(uids.error()));
        return folder;
    }

    Result<void> deliver(const v1::Delivery& delivery, BodyTx& body, v1::DeliveryOutcome& outcome,
                         ChangeSet& changes) {
        const auto message = next_message_++;
        auto box = AccountTx::open(tx_, parts_, AccountId{delivery.account_id()});
        if (!box) return fail(std::move(box.error()));
        auto folder = check(*box, delivery, body.bytes() + delivery.prefix().size());
        if (!folder) return fail(std::move(folder.error()));
        auto keywords = box->keyword_ids(delivery.keywords());
        // A keyword that can't be had is no reason to turn mail away.
        if (!keywords && keywords.error().kind == Kind::invalid) keywords = std::vector<KeywordId>();
        if (!keywords) return fail(std::move(keywords.error()));

        Placement to;
        to.message = MessageId{message};
        to.prefix = delivery.prefix();
        to.flags = static_cast<std::uint8_t>(delivery.flags() & kSystemFlags);
        to.keywords = std::move(*keywords);
        to.internal_date_s = plan_.received_s() != 0 ? plan_.received_s() : tx_.now_ms() / kMillisPerSecond;
        to.zone_minutes = plan_.zone_minutes();
        auto stored = place_mail(*box, **folder, mail_, body, std::move(to), next_random(seed_), changes);
        if (!stored) return fail(std::move(stored.error()));
        outcome.set_folder_id(raw((*folder)->id));
        outcome.set_uid(stored->uid);
        return {};
    }

    Result<QueueId> enqueue(const v1::Outbound& outbound, BodyTx& body) {
        QueuedMail mail;
        mail.reverse_path = outbound.reverse_path();
        if (outbound.forward() && rewrite_) mail.reverse_path = rewrite_(outbound.reverse_path(), outbound.forward_domain());
        for (const auto& recipient : outbound.recipients()) mail.recipients.push_back(recipient.address());
        mail.prefix = outbound.prefix();
        mail.body = body.take();
        mail.bytes = body.bytes() + mail.prefix.size();
        mail.created_ms = tx_.now_ms();
        mail.trace_id = plan_.trace_id();
        return Queue::add(tx_, mail);
    }

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const v1::CommitPlan& plan_;
    const NewMail& mail_;
    const Intake::Rewrite& rewrite_;
    std::uint64_t seed_;
    std::uint64_t next_message_ = 0;
    std::vector<Error> refused_;
};

}  // namespace

void Intake::commit_plan(Shared<v1::CommitPlan> request, Answer<v1::CommitPlanReply> done) {
    const auto& parts = mailboxes_.parts();
    if (auto checked = check_plan(*request); !checked) return done(fail(std::move(checked.error())));
    auto prepared = prepare_mail(*request, parts.settings);
    if (!prepared) return done(fail(std::move(prepared.error())));
    auto mail = std::make_shared<const NewMail>(std::move(*prepared));
    submit_write<v1::CommitPlanReply>(
        parts, kSite, store::Effect::grows,
        [this, &parts, request, mail](store::Transaction& transaction, v1::CommitPlanReply& reply, ChangeSet& changes) {
            return PlanTx(transaction, parts, *request, *mail, rewrite_).run(reply, changes);
        },
        // The store reads the bytes until then.
        [request, mail, done = std::move(done)](Result<v1::CommitPlanReply> reply) { done(std::move(reply)); });
}

}  // namespace tayori::spool
