#include "smtpd/outbound/transaction.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"
#include "smtpd/grammar/dot_stuffer.h"
#include "smtpd/grammar/dsn.h"

namespace tayori::smtp {
namespace {

constexpr net::Duration kEarlyReplyMax = std::chrono::seconds(5);  // of a server that closed within the text

}  // namespace

// DSN's parameters only to servers that offer it; to others the mail is relayed, and spoold says so (RFC 3461 §5.2.2). What we
// deliver by LMTP is delivered.
Dsn Transaction::dsn() const { return client_.extensions().dsn || client_.is_lmtp() ? Dsn::offered : Dsn::missing; }

std::vector<std::string> Transaction::commands() const {
    const auto& extensions = client_.extensions();
    std::vector<std::string> out;
    auto mail = cat("MAIL FROM:<", wire_.reverse_path, ">");
    if (extensions.size) append(mail, " SIZE=", mail_.prefix().size() + mail_.content_bytes());
    if (wire_.eight_bit) mail += " BODY=8BITMIME";
    if (wire_.smtputf8) mail += " SMTPUTF8";
    if (extensions.dsn) {
        if (mail_.dsn_return() == v1::DSN_RETURN_FULL) mail += " RET=FULL";
        if (mail_.dsn_return() == v1::DSN_RETURN_HEADERS) mail += " RET=HDRS";
        if (!mail_.envelope_id().empty()) append(mail, " ENVID=", mail_.envelope_id());
    }
    out.push_back(cat(mail, "\r\n"));
    for (const auto place : places_) {
        const auto& recipient = mail_.recipients(static_cast<int>(place));
        auto rcpt = cat("RCPT TO:<", wire_.recipients[place], ">");
        if (extensions.dsn && recipient.notify() != 0) append(rcpt, " NOTIFY=", notify_text(recipient.notify()));
        if (extensions.dsn && !recipient.original().empty()) append(rcpt, " ORCPT=", recipient.original());
        out.push_back(cat(rcpt, "\r\n"));
    }
    return out;
}

void Transaction::settle(std::size_t place, Verdict verdict) {
    if (verdicts_[place].settled()) return;
    verdict.said = client_.signed_by_host(std::move(verdict.said));
    verdicts_[place] = std::move(verdict);
}

void Transaction::settle_accepted(const Verdict& verdict) {
    for (const auto place : accepted_) settle(place, verdict);
}

Async<ServerReply> Transaction::hear(net::Duration patience) {
    auto reply = co_await client_.read_reply(patience);
    if (!client_.alive()) last_words_ = said_of(reply, step_);
    co_return reply;
}

// Who was not refused can be tried again; before any word about a recipient nothing was tried at all.
void Transaction::lost(const Error& error) {
    why_lost_ = client_.signed_by_host(last_words_ ? *last_words_ : client_.lost(error, step_));
    if (!heard_recipient_) return;
    for (const auto place : places_) settle(place, deferred(*why_lost_));
}

Async<void> Transaction::run(std::vector<std::size_t> places, Content& content, Gate gate) {
    places_ = std::move(places);
    auto talked = co_await talk(content, gate).result();
    if (!talked) {
        lost(talked.error());
        client_.abort();
        co_return;
    }
    if (!open_ || !client_.alive()) co_return;
    // What was begun and not ended must not become part of the next mail.
    step_ = Step::mail;
    client_.conn().put("RSET\r\n");
    auto reset = co_await hear(client_.options().command_timeout).result();
    if (!reset || !reset->positive()) client_.abort();
}

Async<void> Transaction::talk(Content& content, const Gate& gate) {
    co_await say_envelope();
    const bool pipelining = client_.extensions().pipelining;
    const bool go_on = co_await hear_data(pipelining);
    if (!go_on) co_return;
    const bool sent = co_await send_text(content, gate);
    if (sent) co_await hear_end();
}

Async<void> Transaction::say_envelope() {
    const bool pipelining = client_.extensions().pipelining;
    const auto patience = client_.options().command_timeout;
    auto lines = commands();
    // RFC 2920 §3.1: DATA may be the last of a group.
    if (pipelining) {
        for (auto& line : lines) client_.conn().put(std::move(line));
        client_.conn().put("DATA\r\n");
    } else {
        client_.conn().put(std::move(lines[0]));
    }
    step_ = Step::mail;
    auto reply = co_await hear(patience);
    const auto sender = judge(reply, Step::mail, dsn());
    // 421 is about the connection: the mail itself was not judged.
    if (last_words_ && reply.code == 421) co_await fail(Kind::closed, "421");
    if (sender.settled()) {
        for (const auto place : places_) settle(place, sender);
    } else {
        open_ = true;
    }
    step_ = Step::rcpt;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        if (!pipelining && sender.settled()) co_return;
        if (!pipelining) client_.conn().put(std::move(lines[i + 1]));
        reply = co_await hear(patience);
        if (reply.code == 421) co_await fail(Kind::closed, "421");
        heard_recipient_ = true;
        auto verdict = judge(reply, Step::rcpt, dsn());
        if (!verdict.settled()) {
            if (!sender.settled()) accepted_.push_back(places_[i]);
            continue;
        }
        if (reply.code == 452 || reply.code == 552) too_many_.push_back(places_[i]);
        settle(places_[i], std::move(verdict));
    }
}

// True: the text may go.
Async<bool> Transaction::hear_data(bool asked) {
    if (!asked && accepted_.empty()) co_return false;
    if (!asked) client_.conn().put("DATA\r\n");
    step_ = Step::data;
    auto reply = co_await hear(client_.options().data_timeout);
    if (reply.code != 354) {
        settle_accepted(judge(reply, Step::data, dsn()));
        if (reply.code == 421) co_await fail(Kind::closed, "421");
        co_return false;
    }
    if (!accepted_.empty()) co_return true;
    // It takes a text for nobody: the empty one (RFC 2920 §3.1).
    client_.conn().put(".\r\n");
    open_ = false;
    auto end = co_await hear(client_.options().end_timeout);
    if (end.code == 421) co_await fail(Kind::closed, "421");
    co_return false;
}

// True: its end has been sent.
Async<bool> Transaction::send_text(Content& content, const Gate& gate) {
    DotStuffer stuffer;
    std::string piece;
    std::string out;
    content.begin();
    for (;;) {
        auto more = co_await content.next(piece).result();
        if (!more) {
            log_warn("a mail's text can't be read", {{"id", mail_.trace_id()}, {"detail", more.error().detail}});
            settle_accepted(deferred(said_ours("4.3.0", "The text could not be read here.", Step::data)));
            client_.abort();
            co_return false;
        }
        if (content.impossible()) {
            // Conversion required but not possible (RFC 3463 §3.7).
            settle_accepted(failed(said_ours("5.6.3", "The server takes 7 bits only, and the mail can't be made so.", Step::data)));
            client_.abort();
            co_return false;
        }
        if (!*more) break;
        stuffer.feed(piece, out);
        auto written = co_await client_.conn().write(std::exchange(out, {})).result();
        if (written) continue;
        // Some servers refuse within the text and close: their last words say why.
        auto early = co_await hear(kEarlyReplyMax).result();
        if (early && early->code >= 400) settle_accepted(judge(*early, Step::end_of_data, dsn()));
        co_await fail(std::move(written.error()));
    }
    const bool ours = co_await gate();
    if (!ours) {
        client_.abort();
        co_return false;
    }
    stuffer.finish(out);
    step_ = Step::end_of_data;
    open_ = false;
    co_await client_.conn().write(std::move(out));
    co_return true;
}

Async<void> Transaction::hear_end() {
    const auto patience = client_.options().end_timeout;
    // LMTP says it for each recipient (RFC 2033 §4.2), SMTP once for all.
    const std::size_t replies = client_.is_lmtp() ? accepted_.size() : 1;
    for (std::size_t i = 0; i < replies; ++i) {
        auto reply = co_await hear(patience);
        auto verdict = judge(reply, Step::end_of_data, dsn());
        delivered_any_ |= reply.positive();
        if (client_.is_lmtp()) settle(accepted_[i], std::move(verdict));
        else settle_accepted(verdict);
        if (reply.code == 421) co_await fail(Kind::closed, "421");
    }
}

}  // namespace tayori::smtp
