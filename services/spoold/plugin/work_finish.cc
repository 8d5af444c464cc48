// The end of a piece of work: mails, what is remembered, and that it is done, in one commit.
#include <algorithm>

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/summary.h"
#include "spoold/intake/plan_plugins.h"
#include "spoold/keys.h"
#include "spoold/mailbox/parts.h"
#include "spoold/mailbox/records.h"
#include "spoold/plugin/limits.h"
#include "spoold/plugin/work.h"
#include "spoold/queue/queue.h"
#include "spoold/queue/trace.h"

namespace tayori::spool {

// What lives until the commit is done.
struct FinishedWork {
    Shared<v1::FinishPluginWork> request;
    WorkItem item;
    PluginWorkRow row;
    std::vector<QueuedMail> queued;
    std::vector<DroppedState> dropped;
    std::vector<std::string> unsent;
};

namespace {

constexpr std::string_view kTracedClient = "plugins";

Result<void> check_finish(const v1::FinishPluginWork& request) {
    if (static_cast<std::size_t>(request.mails_size()) > kPluginMailsMax)
        return fail(Kind::invalid, cat("One piece of work sends at most ", kPluginMailsMax, " mails."));
    if (static_cast<std::size_t>(request.state_size()) > kStateChangesPerPlanMax) return fail(Kind::invalid, "Too much is to be kept.");
    if (static_cast<std::size_t>(request.limits_size()) > kLimitsPerPlanMax) return fail(Kind::invalid, "Too much is limited.");
    for (const auto& limit : request.limits()) {
        if (auto checked = check_condition(limit.condition()); !checked) return checked;
    }
    for (const auto& mail : request.mails()) {
        if (mail.content().empty() || mail.content().size() > kInlineBytesMax) return fail(Kind::invalid, "A mail is empty, or too long.");
        if (mail.recipients().empty() || static_cast<std::size_t>(mail.recipients_size()) > kOutboundRecipientsMax)
            return fail(Kind::invalid, "A mail has no recipient, or too many.");
        if (static_cast<std::size_t>(mail.conditions_size()) > kConditionsPerMailMax) return fail(Kind::invalid, "A mail has too many conditions.");
        for (const auto& condition : mail.conditions()) {
            if (auto checked = check_condition(condition); !checked) return checked;
        }
    }
    for (const auto& change : request.state()) {
        if (auto checked = check_state_change(change); !checked) return checked;
    }
    return {};
}

std::string message_id_of(const std::string& content) {
    const auto field = mail::find_field(content, "Message-ID");
    if (!field) return {};
    auto ids = mail::parse_message_ids(*field);
    return ids.empty() ? std::string() : std::move(ids.front());
}

class FinishTx {
  public:
    FinishTx(store::Transaction& transaction, FinishedWork& work, bool traces)
        : tx_(transaction), work_(work), request_(*work.request), traces_(traces) {
        work.queued.clear();
        work.dropped.clear();
        work.unsent.clear();
    }

    Result<void> run() {
        if (auto allowed = count_limits(tx_, request_.limits(), work_.dropped); !allowed) return allowed;
        for (const auto& mail : request_.mails()) {
            if (auto sent = send(mail); !sent) return sent;
        }
        for (const auto& change : request_.state()) {
            if (!change_state(tx_, change)) work_.dropped.push_back({AccountId{change.account_id()}, change.plugin()});
        }
        // Hooks without work have nothing to be done with.
        if (request_.lease_id() == 0) return {};
        return note_done();
    }

  private:
    Result<void> send(const v1::PluginMail& mail) {
        if (!mail.conditions().empty()) {
            const auto counted = count_conditions(tx_, mail.conditions());
            if (counted.holds != Holds::yes) {
                const auto& which = mail.conditions(counted.which);
                if (counted.holds == Holds::full) work_.dropped.push_back({AccountId{which.account_id()}, which.plugin()});
                work_.unsent.push_back(unsent_note(which, counted.holds));
                return {};
            }
        }
        QueuedMail queued;
        queued.reverse_path = mail.reverse_path();
        for (const auto& recipient : mail.recipients()) queued.recipients.emplace_back().address = recipient;
        queued.created_ms = tx_.now_ms();
        queued.trace_id = trace_id();
        queued.body = tx_.add_body(mail.content());
        queued.bytes = mail.content().size();
        auto id = Queue::add(tx_, queued);
        if (!id) return fail(std::move(id.error()));
        queued.id = *id;
        if (traces_) trace(mail, queued);
        work_.queued.push_back(std::move(queued));
        return {};
    }

    // Each mail has a way of its own.
    std::string trace_id() const {
        const auto number = work_.queued.size();
        return number == 0 ? request_.trace_id() : cat(request_.trace_id(), ".", number + 1);
    }

    void trace(const v1::PluginMail& mail, const QueuedMail& queued) {
        TraceRecord record;
        record.kind = v1::TraceEvent::KIND_RECEIVED;
        record.trace_id = queued.trace_id;
        record.sender = mail.reverse_path();
        record.message_id = message_id_of(mail.content());
        record.client = kTracedClient;
        record.bytes = queued.bytes;
        auto& one = record.queued.emplace_back();
        one.id = queued.id;
        for (const auto& recipient : queued.recipients) one.recipients.push_back(recipient.address);
        add_trace(tx_, record);
    }

    Result<void> note_done() {
        const auto account = work_.item.account;
        const auto key = keys::plugin_work(account);
        const auto kept = tx_.get(key);
        auto& row = work_.row = kept ? PluginWorkRow::decode(*kept) : PluginWorkRow();
        const auto value = tx_.get(keys::account_state(account));
        if (!value) return {};  // purged meanwhile: nothing may be left of it
        const auto state = AccountState::decode(*value);
        if (!state) return fail(state.error());
        const auto now_ms = tx_.now_ms();
        if (work_.item.kind == v1::PLUGIN_WORK_KIND_DAILY) row.daily_ms = daily_done_ms(work_.item.due_ms, now_ms);
        else row.quota_step = work_.item.step;
        if (row.sample_ms == 0 || now_ms - row.sample_ms >= kUsageSampleMs) {
            row.sample_ms = now_ms;
            row.sample_bytes = state->bytes;
            row.sample_messages = state->messages;
        }
        tx_.put(key, row.encode());
        return {};
    }

    store::Transaction& tx_;
    FinishedWork& work_;
    const v1::FinishPluginWork& request_;
    const bool traces_;
};

}  // namespace

void PluginWork::finish(Shared<v1::FinishPluginWork> request, Answer<v1::FinishPluginWorkReply> done) {
    if (auto checked = check_finish(*request); !checked) return done(fail(std::move(checked.error())));
    auto work = std::make_shared<FinishedWork>();
    const auto id = request->lease_id();
    if (id != 0) {
        std::lock_guard lock(mutex_);
        const auto* lease = queue_.find(id, clock_.now_ms());
        if (lease != nullptr) work->item = lease->item;
        if (lease != nullptr && !queue_.begin_finish(id, clock_.now_ms())) lease = nullptr;
        if (lease == nullptr) work.reset();
    }
    if (work == nullptr) return done(fail(Kind::not_found, "This lease is over: the work comes again."));
    work->request = std::move(request);
    store::Request commit;
    commit.account = raw(work->item.account);
    // What only counts and remembers goes on when the disk is full, as mail could not be read or removed otherwise.
    commit.effect = work->request->mails().empty() ? store::Effect::shrinks : store::Effect::grows;
    commit.apply = [work, traces = parts_.traces](store::Transaction& transaction) { return FinishTx(transaction, *work, traces).run(); };
    commit.done = [this, id, work, done = std::move(done)](Result<void> committed) {
        finished(id, work, committed.has_value());
        if (!committed) return done(fail(std::move(committed.error())));
        done(v1::FinishPluginWorkReply());
    };
    store_.submit(std::move(commit));
}

void PluginWork::finished(std::uint64_t lease_id, const std::shared_ptr<FinishedWork>& work, bool committed) {
    if (committed) {
        if (lease_id != 0) ++finished_;
        if (parts_.queued && !work->queued.empty()) parts_.queued(work->queued);
        if (!work->dropped.empty()) parts_.plugins.dropped(work->dropped);
        // The mailbox may have passed another step meanwhile.
        std::lock_guard lock(touched_mutex_);
        if (work->item.kind == v1::PLUGIN_WORK_KIND_QUOTA) touched_.insert(raw(work->item.account));
    }
    if (lease_id == 0) return;
    std::lock_guard lock(mutex_);
    if (!committed) queue_.give_back(lease_id);
    else if (work->item.kind == v1::PLUGIN_WORK_KIND_QUOTA) queue_.finished(lease_id, 0);
    else queue_.finished(lease_id, daily_due_ms(work->item.account, work->row, clock_.now_ms()));
    nudged_ = true;
    wake_.notify_all();
}

}  // namespace tayori::spool
