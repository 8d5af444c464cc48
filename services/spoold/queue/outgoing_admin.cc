// What administrators see of the queue and do with it.
#include <algorithm>
#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/address.h"
#include "common/mail/date.h"
#include "common/mail/encoded_word.h"
#include "common/mail/header.h"
#include "common/mail/summary.h"
#include "spoold/queue/outgoing.h"
#include "spoold/store/commit.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kMailsPerChange = 100;      // in one commit
constexpr std::size_t kShownHeaderBytes = 16 * 1024;
constexpr int kSendRecipientsMax = 1'000;
constexpr std::size_t kSendBytesMax = 16 * 1024 * 1024;
constexpr std::int64_t kAdminSecondMs = 1'000;
constexpr std::int64_t kTraceDayMs = 24 * 3'600 * kAdminSecondMs;

bool is_same_address(std::string_view a, std::string_view b) { return equals_ignoring_case(a, b); }

bool matches_recipient(const QueuedRecipient& recipient, const std::string& wanted) {
    if (!wanted.starts_with('@')) return is_same_address(recipient.address, wanted);
    return domain_of_address(recipient.address) == domain_of_address(wanted);
}

v1::QueuedRecipient::State state_of(const QueuedRecipient& recipient) {
    switch (recipient.state) {
        case RecipientState::delivered:
        case RecipientState::relayed: return v1::QueuedRecipient::STATE_DELIVERED;
        case RecipientState::failed: return v1::QueuedRecipient::STATE_FAILED;
        case RecipientState::waiting: break;
    }
    return v1::QueuedRecipient::STATE_WAITING;
}

Result<std::string> checked_recipient(const std::string& text) {
    auto address = mail::parse_address(text);
    if (!address || address->domain.empty()) return fail(Kind::invalid, cat("\"", text.substr(0, kShownHeaderBytes), "\" is no address."));
    return mail::to_text(*address);
}

std::string test_mail(const v1::SendMailRequest& request, const std::string& sender, const std::string& trace_id,
                      const std::string& hostname, std::int64_t now_ms) {
    std::string to;
    for (const auto& recipient : request.recipients()) append(to, to.empty() ? "" : ",\r\n ", "<", recipient, ">");
    return cat("From: <", sender, ">\r\nTo: ", to, "\r\nSubject: Test mail\r\nDate: ",
               mail::format_mail_date({now_ms / kAdminSecondMs, 0}), "\r\nMessage-ID: <test.", trace_id, "@", hostname,
               ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
               "This is a test mail of ", hostname, ". Its way: adminctl trace ", trace_id, "\r\n");
}

}  // namespace

Result<void> Outgoing::visit_selected(const v1::SelectQueued& select, const std::function<bool(const QueuedMail&)>& visit) const {
    const bool by_id = select.queue_id_size() > 0;
    for (const auto id : select.queue_id()) {
        auto mail = queue_.get(QueueId{id});
        if (!mail && mail.error().kind == Kind::not_found) continue;
        if (!mail) return fail(std::move(mail.error()));
        if (!visit(*mail)) return {};
    }
    if (by_id) return {};
    if (!select.all() && select.sender().empty() && select.recipient().empty() && select.destination().empty())
        return fail(Kind::invalid, "Name mails by id, sender, recipient or destination, or say that all are meant.");
    return queue_.list([&](const QueuedMail& mail) {
        if (!select.sender().empty() && !is_same_address(mail.reverse_path, select.sender())) return true;
        const auto of_recipient = [&](const QueuedRecipient& recipient) {
            if (!select.recipient().empty() && !matches_recipient(recipient, select.recipient())) return false;
            if (select.destination().empty()) return true;
            auto way = routes_.way_to(recipient.address, mail.via);
            return way && way->destination == select.destination();
        };
        if (std::none_of(mail.recipients.begin(), mail.recipients.end(), of_recipient)) return true;
        return visit(mail);
    });
}

void Outgoing::to_wire(const QueuedMail& mail, v1::QueuedMail& out) const {
    out.set_queue_id(raw(mail.id));
    out.set_trace_id(mail.trace_id);
    out.set_sender(mail.reverse_path);
    out.set_bytes(mail.bytes);
    out.set_created_ms(mail.created_ms);
    out.set_held(mail.held);
    std::string header = mail.prefix;
    if (auto body = store_.open_body(mail.body)) {
        if (auto read = (*body)->read(0, kShownHeaderBytes, header)) {
            header.resize(mail::header_bytes(header));
            if (const auto subject = mail::find_field(header, "Subject")) out.set_subject(mail::decode_header_text(*subject));
            if (const auto id = mail::find_field(header, "Message-ID")) out.set_message_id(mail::unfold(*id));
        }
    }
    std::int64_t expires_ms = 0;
    for (std::uint32_t i = 0; i < mail.recipients.size(); ++i) {
        const auto& recipient = mail.recipients[i];
        auto& to = *out.add_recipients();
        to.set_address(recipient.address);
        to.set_state(state_of(recipient));
        to.set_tries(recipient.tries);
        to.set_last_try_ms(recipient.last_try_ms);
        if (!recipient.said.empty()) to.mutable_said()->ParseFromString(recipient.said);
        auto rules = options_.schedule.retry;
        if (auto way = routes_.way_to(recipient.address, mail.via)) {
            to.set_destination(way->destination);
            rules = rules.with(*way->route);
        }
        expires_ms = std::max(expires_ms, mail.created_ms + rules.max_age_ms);
        if (recipient.is_settled()) continue;
        std::lock_guard lock(mutex_);
        to.set_next_try_ms(schedule_.due_ms(mail.id, i));
        // Not tried itself, it waits for what its destination has said to another.
        const auto* words = to.has_said() ? nullptr : schedule_.words_of_destination(mail.id, i);
        if (words != nullptr) *to.mutable_said() = *words;
        if (mail.held) to.set_state(v1::QueuedRecipient::STATE_HELD);
        if (schedule_.is_carried(mail.id, i)) to.set_state(v1::QueuedRecipient::STATE_CARRIED);
    }
    out.set_expires_ms(expires_ms);
}

Result<void> Outgoing::list(const v1::ListQueueRequest& request, const std::function<bool(const v1::QueuedMail&)>& visit) const {
    auto select = request.select();
    if (select.queue_id_size() == 0 && select.sender().empty() && select.recipient().empty() && select.destination().empty())
        select.set_all(true);
    std::uint32_t listed = 0;
    return visit_selected(select, [&](const QueuedMail& mail) {
        if (request.held() && !mail.held) return true;
        v1::QueuedMail out;
        to_wire(mail, out);
        if (!visit(out)) return false;
        return ++listed != request.limit() || request.limit() == 0;
    });
}

Result<v1::QueuedMail> Outgoing::show(QueueId id) const {
    auto mail = queue_.get(id);
    if (!mail) return fail(std::move(mail.error()));
    v1::QueuedMail out;
    to_wire(*mail, out);
    return out;
}

Result<v1::QueueChanged> Outgoing::change(const v1::SelectQueued& select, Change what, const std::string& via) {
    if (!via.empty()) {
        if (auto route = route_of(via); !route) return fail(std::move(route.error()));
    }
    std::vector<QueueId> ids;
    auto visited = visit_selected(select, [&](const QueuedMail& mail) {
        ids.push_back(mail.id);
        return true;
    });
    if (!visited) return fail(std::move(visited.error()));
    v1::QueueChanged changed;
    for (std::size_t at = 0; at < ids.size(); at += kMailsPerChange) {
        const auto end = std::min(ids.size(), at + kMailsPerChange);
        auto some = change_some({ids.begin() + static_cast<std::ptrdiff_t>(at), ids.begin() + static_cast<std::ptrdiff_t>(end)}, what, via);
        if (!some) return fail(std::move(some.error()));
        changed.set_mails(changed.mails() + *some);
    }
    return changed;
}

Result<std::uint64_t> Outgoing::change_some(const std::vector<QueueId>& ids, Change what, const std::string& via) {
    if (what == Change::cancel || what == Change::cancel_and_tell) {
        std::uint64_t cancelled = 0;
        for (const auto id : ids) {
            auto gone = cancel_one(id, what == Change::cancel_and_tell);
            if (!gone) return fail(std::move(gone.error()));
            if (*gone) ++cancelled;
        }
        return cancelled;
    }
    std::vector<QueueId> changed;
    auto done = store::commit_and_wait(store_, 0, store::Effect::shrinks, [&](store::Transaction& transaction) -> Result<void> {
        changed.clear();
        for (const auto id : ids) {
            auto mail = Queue::read(transaction, id);
            if (!mail && mail.error().kind == Kind::not_found) continue;
            if (!mail) return fail(std::move(mail.error()));
            const bool at_once = what == Change::retry || what == Change::route;
            const bool held = what == Change::hold || (at_once && mail->held);
            const bool differs = held != mail->held || at_once;
            if (!differs) continue;
            TraceRecord record;
            record.kind = held ? v1::TraceEvent::KIND_HELD : v1::TraceEvent::KIND_RELEASED;
            record.trace_id = mail->trace_id;
            record.queued.push_back({id, {}});
            if (held != mail->held) add_trace(transaction, record);
            mail->held = held;
            if (what == Change::route) mail->via = via;
            if (at_once) {
                for (auto& recipient : mail->recipients) recipient.next_try_ms = 0;
            }
            Queue::change(transaction, *mail);
            changed.push_back(id);
        }
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    std::lock_guard lock(mutex_);
    for (const auto id : changed) {
        plan_as_stored(id);
        if (what == Change::retry) schedule_.hurry(id);
    }
    wake_.notify_one();
    return changed.size();
}

Result<bool> Outgoing::cancel_one(QueueId id, bool tell) {
    auto mail = queue_.get(id);
    if (!mail && mail.error().kind == Kind::not_found) return false;
    if (!mail) return fail(std::move(mail.error()));
    std::vector<Fate> fates;
    for (std::uint32_t i = 0; i < mail->recipients.size(); ++i) {
        auto& fate = fates.emplace_back();
        fate.index = i;
        fate.what = Fate::What::cancelled;
        fate.tell = tell;
        fate.said.set_status("5.7.0");
        fate.said.set_text("Delivery was cancelled by the postmaster.");
    }
    auto promise = std::make_shared<std::promise<Result<bool>>>();
    settle(*mail, 0, std::move(fates), [promise](Result<bool> known) { promise->set_value(std::move(known)); });
    return promise->get_future().get();
}

ScheduleStats Outgoing::schedule_stats() const {
    std::lock_guard lock(mutex_);
    return schedule_.stats();
}

Result<v1::QueueStats> Outgoing::stats() const {
    v1::QueueStats out;
    std::lock_guard lock(mutex_);
    const auto stats = schedule_.stats();
    out.set_waiting(stats.waiting);
    out.set_held(stats.held);
    out.set_leased(stats.leased);
    out.set_bytes(stats.bytes);
    out.set_oldest_ms(stats.oldest_ms);
    out.set_unknown(stats.unknown);
    out.set_delivered(counts_.delivered);
    out.set_deferred(counts_.deferred);
    out.set_failed(counts_.failed);
    schedule_.list_destinations([&](const v1::DestinationStats& one) { *out.add_destinations() = one; });
    std::sort(out.mutable_destinations()->begin(), out.mutable_destinations()->end(),
              [](const auto& a, const auto& b) { return a.waiting() != b.waiting() ? a.waiting() > b.waiting() : a.destination() < b.destination(); });
    return out;
}

Result<void> Outgoing::trace(const v1::TraceRequest& request, const std::function<bool(const v1::TracedMail&)>& visit) const {
    return search_traces(*store_.snapshot(), request, hooks_.trace, visit);
}

Result<v1::SendMailResponse> Outgoing::send(const v1::SendMailRequest& request) {
    if (request.recipients().empty() || request.recipients_size() > kSendRecipientsMax)
        return fail(Kind::invalid, cat("A mail has between 1 and ", kSendRecipientsMax, " recipients."));
    if (request.content().size() > kSendBytesMax) return fail(Kind::invalid, "The mail is too long.");
    QueuedMail mail;
    mail.reverse_path = request.sender();
    if (mail.reverse_path.empty()) {
        const auto domains = hooks_.domains ? hooks_.domains() : std::vector<std::string>();
        if (domains.empty()) return fail(Kind::invalid, "There is no domain yet, so there is no sender.");
        mail.reverse_path = cat("postmaster@", domains.front());
    }
    auto ours = hooks_.is_ours(domain_of_address(mail.reverse_path));
    if (!ours) return fail(std::move(ours.error()));
    if (!*ours) return fail(Kind::invalid, "The sender is no address of ours.");
    for (const auto& recipient : request.recipients()) {
        auto address = checked_recipient(recipient);
        if (!address) return fail(std::move(address.error()));
        mail.recipients.emplace_back().address = std::move(*address);
    }
    mail.trace_id = hex_encode(crypto::random_bytes(sizeof(std::uint64_t)));
    mail.created_ms = clock_.now_ms();
    const auto content = request.content().empty()
                             ? test_mail(request, mail.reverse_path, mail.trace_id, options_.notices.hostname, mail.created_ms)
                             : request.content();
    mail.bytes = content.size();
    auto done = store::commit_and_wait(store_, 0, store::Effect::grows, [&](store::Transaction& transaction) -> Result<void> {
        mail.body = transaction.add_body(content);
        auto id = Queue::add(transaction, mail);
        if (!id) return fail(std::move(id.error()));
        mail.id = *id;
        TraceRecord record;
        record.kind = v1::TraceEvent::KIND_RECEIVED;
        record.trace_id = mail.trace_id;
        record.sender = mail.reverse_path;
        record.bytes = mail.bytes;
        record.client = "adminctl";
        if (const auto field = mail::find_field(content, "Message-ID")) {
            auto ids = mail::parse_message_ids(*field);
            if (!ids.empty()) record.message_id = std::move(ids.front());
        }
        auto& queued = record.queued.emplace_back();
        queued.id = mail.id;
        for (const auto& recipient : mail.recipients) queued.recipients.push_back(recipient.address);
        add_trace(transaction, record);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    {
        std::lock_guard lock(mutex_);
        plan(mail);
        nudge();
    }
    v1::SendMailResponse reply;
    reply.set_trace_id(mail.trace_id);
    reply.add_queue_ids(raw(mail.id));
    return reply;
}

void Outgoing::tick() {
    const auto before_ms = clock_.now_ms() - std::int64_t{options_.trace_days} * kTraceDayMs;
    if (before_ms > 0 && has_old_traces(*store_.snapshot(), before_ms - kTraceDayMs)) {
        // A day at a time: one erased range instead of many.
        store::Request forget;
        forget.effect = store::Effect::shrinks;
        forget.apply = [before_ms](store::Transaction& transaction) -> Result<void> {
            forget_traces(transaction, before_ms);
            return {};
        };
        forget.done = [](Result<void>) {};
        store_.submit(std::move(forget));
    }
    if (!hooks_.domains) return;
    auto domains = hooks_.domains();
    {
        std::lock_guard lock(mutex_);
        if (domains == domains_) return;
        domains_ = std::move(domains);
    }
    plan_anew();
}

}  // namespace tayori::spool
