#include "adminctl/plugin/player.h"

#include <algorithm>
#include <map>

#include "adminctl/plugin/mail_text.h"
#include "adminctl/plugin/times.h"
#include "adminctl/values.h"
#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/date.h"
#include "common/mail/summary.h"
#include "common/plugin/declaration.h"

namespace tayori::admin::kit {
namespace {

// 2026-01-05 09:00 UTC, a Monday: tests do not depend on the day on which they run.
constexpr std::int64_t kFirstNow = 1'767'603'600;
constexpr std::uint64_t kMailBytesMax = 8 * 1024 * 1024;

tl::unexpected<Error> wrong(std::string text) { return fail(Kind::invalid, std::move(text)); }

// What stands behind a word: `from` in {"mail", "from", "bob@x"}; "" where it is not there.
std::string behind(const std::vector<std::string>& words, std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    return found == words.end() || found + 1 == words.end() ? std::string() : *(found + 1);
}
bool has(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// "<bob@x>", "<>", "bob@x,".
std::string bare_address(std::string text) {
    while (!text.empty() && (text.back() == ',' || text.back() == '>')) text.pop_back();
    return text.starts_with('<') ? text.substr(1) : text;
}

// All addresses behind a word up to the next word that is none.
std::vector<std::string> addresses_behind(const std::vector<std::string>& words, std::string_view word) {
    std::vector<std::string> out;
    auto at = std::find(words.begin(), words.end(), word);
    if (at == words.end()) return out;
    for (++at; at != words.end() && at->find('@') != std::string::npos; ++at) out.push_back(bare_address(*at));
    return out;
}

std::string first_address(std::string_view mail, std::string_view field) {
    for (const auto& one : mail::parse_address_list(field_of(mail, field)))
        if (one.type == mail::ListedAddress::Type::mailbox) return cat(one.local, '@', one.domain);
    return {};
}

// The path in "MAIL FROM:<bob@x> SIZE=100".
std::string path_in(std::string_view line) {
    const auto open = line.find('<');
    const auto close = line.find('>', open == std::string_view::npos ? 0 : open);
    return close == std::string_view::npos ? std::string() : std::string(line.substr(open + 1, close - open - 1));
}

}  // namespace

Player::Player(std::shared_ptr<const lua::Plugin> plugin, std::string directory)
    : plugin_(std::move(plugin)), directory_(std::move(directory)), stage_({plugin_}) {
    stage_.now_s = kFirstNow;
}

Result<Outcome> Player::play(const Step& step) {
    using Handler = Result<Outcome> (Player::*)(const Step&, const Words&);
    static const std::map<std::string, Handler, std::less<>> kHandlers = {
        {"settings", &Player::settings}, {"account", &Player::account}, {"now", &Player::now},       {"later", &Player::later},
        {"mail", &Player::mail},         {"append", &Player::append},   {"connect", &Player::connect}, {"login", &Player::login},
        {"EHLO", &Player::greet},        {"HELO", &Player::greet},      {"MAIL", &Player::mail_from}, {"RCPT", &Player::rcpt_to},
        {"store", &Player::store},       {"expunge", &Player::expunge}, {"quota", &Player::quota},   {"daily", &Player::daily},
        {"sent", &Player::report},       {"bounce", &Player::report},
    };
    const auto words = split_words(step.words);
    const auto handler = kHandlers.find(words.front());
    if (handler != kHandlers.end()) return (this->*handler->second)(step, words);
    std::string known;
    for (const auto& [name, _] : kHandlers) tayori::append(known, known.empty() ? "" : ", ", name);
    return wrong(cat("`", words.front(), "` is nothing that can happen; a line begins with one of ", known, ", each, then, or #"));
}

Result<Outcome> Player::settings(const Step& step, const Words& words) {
    const auto strictness = has(words, "imported") ? plugin::Strictness::imported : plugin::Strictness::strict;
    auto checked = plugin::check_settings(plugin_->declaration, plugin::Scope::site, step.json, strictness);
    if (!checked) return fail(std::move(checked.error()));
    stage_.set_settings(plugin_->declaration.name, std::move(*checked));
    return Outcome();
}

Result<Outcome> Player::account(const Step&, const Words& words) {
    if (words.size() < 2 || words[1].find('@') == std::string::npos)
        return wrong("write `account taro@example.test`, and `with aliases info@example.test` behind it where it has some");
    stage_.address = bare_address(words[1]);
    stage_.aliases = addresses_behind(words, "aliases");
    return Outcome();
}

Result<Outcome> Player::now(const Step& step, const Words&) {
    if (!parse_moment(step.words.substr(3), stage_.now_s, zone_minutes_))
        return wrong("write `now 2026-12-28 10:00` or `now 2026-12-28 10:00 +0900`");
    return Outcome();
}

Result<Outcome> Player::later(const Step&, const Words& words) {
    std::int64_t seconds = 0;
    if (words.size() != 3 || !parse_duration(words[1], words[2], seconds)) return wrong("write `later 8 days`, hours, minutes or seconds");
    stage_.now_s += seconds;
    return Outcome();
}

Result<std::string> Player::content_of(const Step& step, const Words& words) const {
    const auto file = std::find_if(words.begin(), words.end(), [](const std::string& word) { return word.ends_with(".eml"); });
    if (file == words.end()) return as_mail(step.body);
    return read_mail(cat(directory_, '/', *file), kMailBytesMax);
}

// What every mail has; a test says only what it is about.
std::string Player::completed(std::string mail, const Envelope& envelope) {
    std::string head;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty() && field_of(mail, name).empty()) tayori::append(head, name, ": ", value, "\r\n");
    };
    add("From", envelope.sender.empty() ? "postmaster@example.com" : envelope.sender);
    if (!envelope.to.empty()) add("To", envelope.to.front());
    add("Date", mail::format_mail_date({stage_.now_s, zone_minutes_}));
    add("Message-ID", cat("<", ++mails_, "@test.example>"));
    return head + mail;
}

// mail [FILE.eml] [again] [from ADDRESS] [to ADDRESS, …] [by the account] [size 20M]
Result<Outcome> Player::mail(const Step& step, const Words& words) {
    if (has(words, "again")) {
        if (last_.content.empty()) return wrong("there is no mail above that could come again");
        return stage_.mail(last_.envelope, last_.content);
    }
    auto content = content_of(step, words);
    if (!content) return fail(std::move(content.error()));
    Incoming mail;
    mail.envelope.from_account = has(words, "by");
    mail.envelope.sender = bare_address(behind(words, "from"));
    if (!has(words, "from")) mail.envelope.sender = mail.envelope.from_account ? stage_.address : first_address(*content, "From");
    mail.envelope.to = addresses_behind(words, "to");
    if (mail.envelope.to.empty() && has(words, "to")) return wrong("behind `to` stand addresses, parted by commas");
    if (mail.envelope.to.empty()) mail.envelope.to = {stage_.address};
    if (has(words, "size")) {
        auto size = parse_size(behind(words, "size"));
        if (!size) return fail(std::move(size.error()));
        mail.envelope.size = *size;
    }
    mail.content = completed(std::move(*content), mail.envelope);
    last_ = std::move(mail);
    return stage_.mail(last_.envelope, last_.content);
}

Result<Outcome> Player::play(const TableRow& row) {
    if (last_.content.empty()) return wrong("a table stands below the mail that its rows change");
    auto changed = last_;
    for (auto change : split_changes(row.changes)) {
        const auto words = split_words(change);
        if (words.empty()) continue;
        if (words.front() == "from" && words.size() == 2) changed.envelope.sender = bare_address(words[1]);
        else if (words.front() == "to" && words.size() > 1) changed.envelope.to = addresses_behind(words, "to");
        else if (words.front() == "without" && words.size() == 2) changed.content = without_field(changed.content, words[1]);
        else if (words.front() == "body") changed.content = with_body(changed.content, words.size() > 1 ? words[1] : "");
        else if (change.find(':') != std::string::npos) changed.content = with_field(changed.content, change);
        else if (change != "as it is")
            return wrong(cat("`", change, "` is none of: Name: value, from ADDRESS, to ADDRESS, without Name, body \"…\", as it is"));
    }
    stage_.forget();
    return stage_.mail(changed.envelope, changed.content);
}

Result<Outcome> Player::append(const Step& step, const Words& words) {
    auto content = content_of(step, words);
    if (!content) return fail(std::move(content.error()));
    const auto whole = completed(std::move(*content), {});
    const auto summary = mail::make_summary(whole);
    lua::Job job;
    job.hook = lua::Hook::append;
    job.account.emplace();
    job.account->folder = words.size() > 2 && words[1] == "to" ? words[2] : "INBOX";
    lua::MailView view;
    view.bytes = whole;
    view.size = whole.size();
    view.summary = &summary;
    view.authenticated = true;
    job.mail = std::move(view);
    return run(std::move(job));
}

Outcome Player::session_hook(lua::Hook hook, bool outgoing, const std::string& recipient) {
    lua::Job job;
    job.hook = hook;
    lua::SessionView view;
    view.id = "session";
    view.protocol = session_.protocol;
    view.peer = session_.peer;
    view.tls = session_.tls;
    view.helo = session_.helo;
    view.sender = session_.sender;
    view.recipient = recipient;
    view.outgoing = outgoing;
    view.declared_size = session_.declared_size;
    view.recipients = session_.accepted.size();
    view.accepted = session_.accepted;
    job.session = std::move(view);
    job.account.emplace();
    job.account->recipient = recipient;
    const bool for_account = session_.logged_in || hook == lua::Hook::rcpt;
    return stage_.run(std::move(job), for_account);
}

Result<Outcome> Player::connect(const Step&, const Words& words) {
    session_ = {};
    if (has(words, "from")) session_.peer = behind(words, "from");
    session_.tls = !has(words, "plain");
    return session_hook(lua::Hook::connect, false, {});
}

// login imap|pop3|submission [from 192.0.2.1] [without TLS]
Result<Outcome> Player::login(const Step&, const Words& words) {
    const auto protocol = words.size() > 1 ? words[1] : "";
    if (protocol != "imap" && protocol != "pop3" && protocol != "submission") return wrong("write `login imap`, pop3 or submission");
    if (protocol != "submission") session_ = {};
    session_.protocol = protocol;
    session_.logged_in = true;
    session_.tls = !has(words, "without");
    if (has(words, "from")) session_.peer = behind(words, "from");
    return session_hook(protocol == "submission" ? lua::Hook::auth : lua::Hook::login, false, {});
}

Result<Outcome> Player::greet(const Step&, const Words& words) {
    if (words.size() != 2) return wrong("write `EHLO client.example`");
    session_.helo = words[1];
    return session_hook(lua::Hook::helo, false, {});
}

Result<Outcome> Player::mail_from(const Step& step, const Words& words) {
    if (step.words.find('<') == std::string::npos)
        return wrong("write `MAIL FROM:<bob@example.com>`, with SIZE=1000 behind it where it is declared");
    session_.sender = path_in(step.words);
    session_.accepted.clear();
    session_.declared_size = 0;
    constexpr std::string_view kSize = "SIZE=";
    for (const auto& word : words) {
        if (!word.starts_with(kSize)) continue;
        auto size = parse_size(std::string_view(word).substr(kSize.size()));
        if (!size) return fail(std::move(size.error()));
        session_.declared_size = *size;
    }
    return session_hook(lua::Hook::mail, false, {});
}

Result<Outcome> Player::rcpt_to(const Step& step, const Words&) {
    const auto recipient = path_in(step.words);
    if (recipient.empty()) return wrong("write `RCPT TO:<taro@example.test>`");
    Outcome outcome;
    if (session_.logged_in) outcome = session_hook(lua::Hook::rcpt, true, recipient);
    else if (stage_.is_own(recipient)) outcome = session_hook(lua::Hook::rcpt, false, recipient);
    else return wrong(cat(recipient, " is not the account of this test, and nobody has logged in: no plugin is asked"));
    if (outcome.done.empty()) session_.accepted.push_back(recipient);
    return outcome;
}

// store +\Flagged -\Seen in Work
Result<Outcome> Player::store(const Step&, const Words& words) {
    lua::Job job;
    job.hook = lua::Hook::store;
    job.change.emplace();
    job.change->protocol = "imap";
    job.change->folder = has(words, "in") ? behind(words, "in") : "INBOX";
    job.change->messages = 1;
    for (const auto& word : words) {
        if (word.starts_with('+')) job.change->add.push_back(word.substr(1));
        if (word.starts_with('-')) job.change->remove.push_back(word.substr(1));
    }
    return run(std::move(job));
}

// expunge by pop3 3 mails in INBOX
Result<Outcome> Player::expunge(const Step&, const Words& words) {
    lua::Job job;
    job.hook = lua::Hook::expunge;
    job.change.emplace();
    job.change->protocol = has(words, "pop3") ? "pop3" : "imap";
    job.change->folder = has(words, "in") ? behind(words, "in") : "INBOX";
    job.change->messages = 1;
    return run(std::move(job));
}

// quota 81% [of 100M] [full on 2026-12-03]
Result<Outcome> Player::quota(const Step&, const Words& words) {
    constexpr std::uint64_t kHundred = 100;
    std::int64_t percent = 0;
    if (words.size() < 2 || !words[1].ends_with('%') || !parse_number(words[1].substr(0, words[1].size() - 1), percent))
        return wrong("write `quota 81%`, with `of 100M` and `full on 2026-12-03` behind it where that matters");
    lua::UsageView usage;
    auto quota = parse_size(has(words, "of") ? behind(words, "of") : "100M");
    if (!quota) return fail(std::move(quota.error()));
    usage.quota_bytes = *quota;
    usage.used_bytes = (*quota * static_cast<std::uint64_t>(percent) + kHundred - 1) / kHundred;
    int zone = 0;
    if (has(words, "full") && !parse_moment(behind(words, "on"), usage.full_at_s, zone)) return wrong("write `full on 2026-12-03`");
    lua::Job job;
    job.hook = lua::Hook::quota;
    job.usage = usage;
    return run(std::move(job));
}

Result<Outcome> Player::daily(const Step&, const Words&) {
    lua::Job job;
    job.hook = lua::Hook::daily;
    return run(std::move(job));
}

// sent to bob@example.com: 250 ok — bounce of bob@example.com: 550 no such user
Result<Outcome> Player::report(const Step& step, const Words& words) {
    const auto colon = step.words.find(": ");
    if (words.size() < 4 || colon == std::string::npos)
        return wrong("write `sent to bob@example.com: 250 ok` or `bounce of bob@example.com: 550 no such user`");
    lua::Job job;
    job.hook = words.front() == "sent" ? lua::Hook::sent : lua::Hook::bounce;
    job.report.emplace();
    job.report->recipient = words[2].substr(0, words[2].size() - 1);
    job.report->host = "mx.example.com";
    job.report->reply = step.words.substr(colon + 2);
    job.report->subject = last_.content.empty() ? "test" : field_of(last_.content, "Subject");
    job.report->tries = 1;
    return run(std::move(job));
}

}  // namespace tayori::admin::kit
