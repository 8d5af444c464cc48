// What carriers report, and what becomes due by time alone: each is one mutation (settle.h).
#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/header.h"
#include "spoold/queue/outgoing.h"

namespace tayori::spool {
namespace {

constexpr std::size_t kSaidTextMax = 1'000;   // queue.proto
constexpr std::size_t kSaidNameMax = 255;
constexpr std::size_t kSaidStatusMax = 16;
constexpr int kOutcomesMax = 10'000;          // of one report

// A remote's words are kept, shown and mailed: printable, and not too long.
std::string tamed(const std::string& text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most)) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
    }
    // Not within a character of UTF-8.
    if (text.size() > most) {
        while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
        if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    }
    return out;
}

v1::Said tamed_said(const v1::Said& said) {
    v1::Said out;
    out.set_code(said.code());
    out.set_status(tamed(said.status(), kSaidStatusMax));
    out.set_text(tamed(said.text(), kSaidTextMax));
    out.set_host(tamed(said.host(), kSaidNameMax));
    out.set_address(tamed(said.address(), kSaidNameMax));
    out.set_tls(tamed(said.tls(), kSaidNameMax));
    out.set_stage(tamed(said.stage(), kSaidNameMax));
    return out;
}

std::optional<Fate::What> what_of(v1::CarryOutcome outcome) {
    switch (outcome) {
        case v1::CARRY_OUTCOME_DELIVERED: return Fate::What::delivered;
        case v1::CARRY_OUTCOME_RELAYED: return Fate::What::relayed;
        case v1::CARRY_OUTCOME_DEFERRED: return Fate::What::deferred;
        case v1::CARRY_OUTCOME_FAILED: return Fate::What::failed;
        default: return std::nullopt;
    }
}

bool is_final(const v1::Route& route) {
    return route.kind() == v1::Route::KIND_LOCAL || route.kind() == v1::Route::KIND_LMTP;
}

}  // namespace

void Outgoing::report_mail(const v1::ReportMail& request, Answer<v1::ReportMailReply> done) {
    if (request.outcomes_size() > kOutcomesMax) return done(fail(Kind::invalid, "Too many outcomes in one report."));
    const QueueId id{request.queue_id()};
    std::vector<Fate> fates;
    {
        std::lock_guard lock(mutex_);
        const bool leased = schedule_.knows_lease(request.lease_id());
        for (const auto& reported : request.outcomes()) {
            const auto what = what_of(reported.outcome());
            if (!what) return done(fail(Kind::invalid, "A report without outcome."));
            // A repeated report defers nothing twice.
            const bool repeated = leased && !schedule_.is_carried(id, reported.index());
            if (repeated && *what == Fate::What::deferred) continue;
            auto& fate = fates.emplace_back();
            fate.index = reported.index();
            fate.what = *what;
            fate.said = tamed_said(reported.said());
        }
    }
    auto mail = queue_.get(id);
    v1::ReportMailReply reply;
    if (!mail && mail.error().kind == Kind::not_found) return done(std::move(reply));
    if (!mail) return done(fail(std::move(mail.error())));
    settle(*mail, request.lease_id(), std::move(fates), [done = std::move(done)](Result<bool> known) {
        if (!known) return done(fail(std::move(known.error())));
        v1::ReportMailReply out;
        out.set_known(*known);
        done(std::move(out));
    });
}

void Outgoing::settle(const QueuedMail& mail, std::uint64_t lease_id, std::vector<Fate> fates, Answer<bool> done) {
    auto settlement = std::make_shared<Settlement>();
    settlement->id = mail.id;
    settlement->rules = options_.schedule.retry;
    settlement->notices = options_.notices;
    settlement->notice_from = notice_sender(mail);
    settlement->seed = options_.schedule.random ? options_.schedule.random() : crypto::random_u64();
    bool notices = false;
    for (auto& fate : fates) {
        if (fate.index >= mail.recipients.size()) continue;
        const auto& recipient = mail.recipients[fate.index];
        auto way = routes_.way_to(recipient.address, mail.via);
        if (way && way->route) {
            fate.final = is_final(*way->route);
            settlement->rules = options_.schedule.retry.with(*way->route);
        }
        // A deferral may turn out to be the last one.
        auto worst = fate;
        if (worst.what == Fate::What::deferred && settlement->rules.is_over(mail.created_ms, clock_.now_ms()))
            worst.what = Fate::What::expired;
        notices = notices || wants_notice(mail, recipient, worst);
    }
    settlement->fates = std::move(fates);
    if (!notices) return submit_settlement(std::move(settlement), lease_id, std::move(done));
    auto prepare = [this, mail, settlement, lease_id, done = std::move(done)]() mutable {
        if (auto read = read_original(mail, *settlement); !read) return done(fail(std::move(read.error())));
        submit_settlement(std::move(settlement), lease_id, std::move(done));
    };
    if (offload_) offload_(std::move(prepare));
    else prepare();
}

void Outgoing::submit_settlement(std::shared_ptr<Settlement> settlement, std::uint64_t lease_id, Answer<bool> done) {
    auto outcome = std::make_shared<Settled>();
    store::Request write;
    write.effect = store::Effect::shrinks;  // what the remote has said must not be lost on a full disk
    write.apply = [settlement, outcome](store::Transaction& transaction) { return apply(transaction, *settlement, *outcome); };
    write.done = [this, settlement, outcome, lease_id, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        settled(*outcome, settlement->id, lease_id, settlement->fates);
        done(outcome->known);
    };
    store_.submit(std::move(write));
}

void Outgoing::settled(const Settled& settled, QueueId id, std::uint64_t lease_id, const std::vector<Fate>& fates) {
    counts_.delivered += settled.delivered;
    counts_.deferred += settled.deferred;
    counts_.failed += settled.failed;
    counts_.notices += settled.notices.size();
    std::vector<std::uint32_t> recipients;
    for (const auto& fate : fates) recipients.push_back(fate.index);
    std::lock_guard lock(mutex_);
    if (lease_id != 0) schedule_.reported(lease_id, id, recipients, settled.delivered > 0);
    if (!settled.known || settled.gone) schedule_.erase(id);
    else plan(settled.mail);
    for (const auto& notice : settled.notices) plan(notice);
    nudge();
}

void Outgoing::settle_overdue(const Overdue& overdue) {
    auto mail = queue_.get(overdue.id);
    if (!mail) {
        if (mail.error().kind != Kind::not_found) log_error("a queued mail can't be read", {{"queue_id", raw(overdue.id)}, {"cause", mail.error().detail}});
        return;
    }
    std::vector<Fate> fates;
    for (const auto index : overdue.expired) {
        auto& fate = fates.emplace_back();
        fate.index = index;
        fate.what = Fate::What::expired;
        fate.said = overdue.said;
    }
    for (std::uint32_t i = 0; overdue.delayed && i < mail->recipients.size(); ++i) {
        if (std::find(overdue.expired.begin(), overdue.expired.end(), i) != overdue.expired.end()) continue;
        auto& fate = fates.emplace_back();
        fate.index = i;
        fate.what = Fate::What::delayed;
    }
    settle(*mail, 0, std::move(fates), [id = overdue.id](Result<bool> known) {
        if (!known) log_warn("a mail whose time is over could not be settled", {{"queue_id", raw(id)}, {"cause", known.error().detail}});
    });
}

// The mail as it was sent, where the sender wants it and it is not long; else its header (RFC 3461 §4.3).
Result<void> Outgoing::read_original(const QueuedMail& mail, Settlement& settlement) const {
    auto body = store_.open_body(mail.body);
    if (!body && body.error().kind == Kind::not_found) return {};  // settled meanwhile: nothing will come of it
    if (!body) return fail(std::move(body.error()));
    const auto& notices = options_.notices;
    settlement.original_full = mail.dsn_return == v1::DSN_RETURN_FULL && mail.bytes <= notices.full_bytes_max;
    settlement.original = mail.prefix;
    const auto most = settlement.original_full ? (*body)->size() : std::min((*body)->size(), notices.header_bytes_max);
    if (auto read = (*body)->read(0, most, settlement.original); !read) return read;
    if (settlement.original_full) return {};
    settlement.original.resize(mail::header_bytes(settlement.original));
    return {};
}

// From a postmaster who can be answered: of the sender's domain where that is ours.
std::string Outgoing::notice_sender(const QueuedMail& mail) const {
    const auto domain = domain_of_address(mail.reverse_path);
    auto ours = hooks_.is_ours(domain);
    if (ours && *ours) return cat("postmaster@", domain);
    std::lock_guard lock(mutex_);
    return cat("postmaster@", domains_.empty() ? options_.notices.hostname : domains_.front());
}

}  // namespace tayori::spool
