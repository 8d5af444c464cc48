// One message for all its recipients, and what is to be sent because of it, in one commit (design.md §5).
#include <algorithm>
#include <deque>

#include "common/base/text.h"
#include "spoold/intake/intake.h"
#include "spoold/intake/new_mail.h"
#include "spoold/intake/outcomes.h"
#include "spoold/intake/plan_plugins.h"
#include "spoold/keys.h"
#include "spoold/mailbox/names.h"
#include "spoold/queue/outbound.h"
#include "spoold/queue/trace.h"

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
        if (outbound.content().size() > kInlineBytesMax) return fail(Kind::invalid, "A mail of its own is too long.");
    }
    return PlanPlugins::check(plan);
}

// What lives until the commit is done.
struct Planned {
    v1::CommitPlan const* plan = nullptr;
    NewMail mail;
    std::vector<QueuedMail> queued;
    std::deque<std::string> bodies;  // of mails of our own
    std::vector<DroppedState> dropped;
};

class PlanTx {
  public:
    PlanTx(store::Transaction& transaction, const Mailboxes::Parts& parts, const IntakeOptions& options, Planned& planned)
        : tx_(transaction), parts_(parts), options_(options), plan_(*planned.plan), mail_(planned.mail), planned_(planned),
          plugins_(transaction, plan_, planned.dropped), seed_(planned.mail.seed) {
        planned.queued.clear();
        planned.bodies.clear();
        planned.dropped.clear();
    }

    Result<void> run(v1::CommitPlanReply& reply, ChangeSet& changes) {
        if (repeat_reply(tx_, kSite, plan_.request_id(), reply)) return {};
        if (auto allowed = plugins_.limits(); !allowed) return allowed;
        auto body = BodyTx::store(tx_, mail_);
        if (!body) return fail(std::move(body.error()));
        bytes_ = body->bytes();
        const auto count = static_cast<std::uint64_t>(plan_.deliveries_size());
        next_message_ = count == 0 ? 0 : take_numbers(tx_, keys::kNextMessageId, count);
        for (const auto& delivery : plan_.deliveries()) {
            auto done = deliver(delivery, *body, *reply.add_deliveries(), changes);
            if (!done) refused_.push_back(std::move(done.error()));
        }
        if (!refused_.empty()) return fail(verdict());
        for (const auto& outbound : plan_.outbound()) {
            if (!plugins_.may_send(outbound)) {
                reply.add_queue_ids(0);
                continue;
            }
            auto id = enqueue(outbound, *body);
            if (!id) return fail(std::move(id.error()));
            reply.add_queue_ids(raw(*id));
        }
        plugins_.keep_state();
        if (options_.traces) add_trace(tx_, trace());
        if (auto ended = body->end(); !ended) return ended;
        keep_reply(tx_, kSite, plan_.request_id(), reply);
        plugins_.put_spent(reply);
        return {};
    }

  private:
    // The folder named, or INBOX: a rule may name one that has been deleted, and mail must not be lost by that; nor by one that
    // can't be made.
    static Result<FolderTx*> target(AccountTx& box, const v1::Delivery& delivery) {
        if (!delivery.folder().empty()) {
            if (const auto canonical = canonical_name(delivery.folder())) {
                if (const auto id = box.find_name(*canonical)) return box.folder(*id);
                if (delivery.create()) {
                    if (auto made = box.ensure_folder(*canonical)) return made;
                }
            }
        } else if (delivery.special_use() != v1::SPECIAL_USE_UNSPECIFIED) {
            auto found = delivery.create() ? box.ensure_special_folder(delivery.special_use())
                                           : box.special_folder(delivery.special_use());
            if (found) return found;
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
        auto folder = target(box, delivery);
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
        stored_.push_back({box->id(), (*folder)->record.name == kInbox ? std::string() : (*folder)->record.name});
        return {};
    }

    Result<QueueId> enqueue(const v1::Outbound& outbound, BodyTx& body) {
        auto mail = queued_mail(outbound, plan_.trace_id(), tx_.now_ms());
        if (outbound.forward() && options_.rewrite) mail.reverse_path = options_.rewrite(outbound.reverse_path(), outbound.forward_domain());
        if (outbound.content().empty()) {
            mail.body = body.take();
            mail.bytes = body.bytes() + mail.prefix.size();
        } else {
            mail.body = tx_.add_body(outbound.content());
            mail.bytes = outbound.content().size() + mail.prefix.size();
        }
        if (auto counted = count(outbound); !counted) return fail(std::move(counted.error()));
        return add(std::move(mail));
    }

    Result<QueueId> add(QueuedMail mail) {
        auto id = Queue::add(tx_, mail);
        if (!id) return id;
        mail.id = *id;
        planned_.queued.push_back(std::move(mail));
        return id;
    }

    // What an account sends is limited, and much of it is told to the postmaster.
    Result<void> count(const v1::Outbound& outbound) {
        const AccountId account{outbound.account_id()};
        if (account == kSite) return {};
        Volume now;
        auto tell = count_volume(tx_, account, static_cast<std::uint64_t>(outbound.recipients_size()), options_.volume, now);
        if (!tell) return fail(std::move(tell.error()));
        if (!*tell) return {};
        VolumeNotice notice;
        notice.address = account_address(tx_, raw(account));
        const auto at = notice.address.rfind('@');
        if (at == std::string::npos) return {};
        notice.postmaster = cat("postmaster", notice.address.substr(at));
        notice.hostname = options_.hostname;
        notice.date_s = tx_.now_ms() / kMillisPerSecond;
        notice.number = next_random(seed_);
        notice.volume = now;
        notice.language = options_.language;
        const auto& text = planned_.bodies.emplace_back(volume_notice(notice));
        QueuedMail mail;
        mail.recipients.emplace_back().address = notice.postmaster;
        mail.created_ms = tx_.now_ms();
        mail.trace_id = cat(plan_.trace_id(), ".volume");
        mail.body = tx_.add_body(text);
        mail.bytes = text.size();
        auto added = add(std::move(mail));
        if (!added) return fail(std::move(added.error()));
        return {};
    }

    // One record for all: where it was stored, and what was queued because of it.
    TraceRecord trace() {
        TraceRecord record;
        record.kind = v1::TraceEvent::KIND_RECEIVED;
        record.trace_id = plan_.trace_id();
        record.sender = plan_.reverse_path();
        record.message_id = plan_.summary().message_id();
        record.client = plan_.client();
        record.bytes = bytes_;
        record.note = plugins_.take_notes();
        record.stored = std::move(stored_);
        for (const auto& mail : planned_.queued) {
            auto& queued = record.queued.emplace_back();
            queued.id = mail.id;
            for (const auto& recipient : mail.recipients) queued.recipients.push_back(recipient.address);
        }
        return record;
    }

    store::Transaction& tx_;
    const Mailboxes::Parts& parts_;
    const IntakeOptions& options_;
    const v1::CommitPlan& plan_;
    const NewMail& mail_;
    Planned& planned_;
    PlanPlugins plugins_;
    std::vector<TraceRecord::Stored> stored_;
    std::uint64_t bytes_ = 0;
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
    auto planned = std::make_shared<Planned>();
    planned->plan = request.get();
    planned->mail = std::move(*prepared);
    submit_write<v1::CommitPlanReply>(
        parts, kSite, store::Effect::grows,
        [&parts, &options = options_, planned](store::Transaction& transaction, v1::CommitPlanReply& reply, ChangeSet& changes) {
            return PlanTx(transaction, parts, options, *planned).run(reply, changes);
        },
        // The store reads the bytes until then.
        [&options = options_, request, planned, done = std::move(done)](Result<v1::CommitPlanReply> reply) {
            if (reply && options.queued) options.queued(planned->queued);
            if (reply && options.dropped && !planned->dropped.empty()) options.dropped(planned->dropped);
            done(std::move(reply));
        });
}

}  // namespace tayori::spool
