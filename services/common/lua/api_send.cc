// What an account sends because of a mail: answers (RFC 3834), the mail itself, notices. Whole mails are written here, so that the plan
// carries bytes and no wishes; how often is counted by spoold, by the conditions that go with each.
#include <algorithm>
#include <cmath>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/lua/api_parts.h"
#include "common/lua/check.h"
#include "common/lua/object.h"
#include "common/lua/spent.h"
#include "common/lua/state.h"
#include "common/mail/address.h"
#include "common/mail/automatic.h"
#include "common/mail/charset.h"
#include "common/mail/compose.h"
#include "common/mail/forwarded.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"
#include "common/mail/utf8.h"

namespace tayori::lua {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kReplyDays = 7;                     // RFC 3834 §2: "a 7-day period is RECOMMENDED as a default"
constexpr std::int64_t kOncePeriodMin = 60;                // shorter ones would let two responders talk to each other
constexpr std::size_t kComposedTextMax = 256 * 1024;
constexpr std::size_t kComposedSubjectMax = 1000;
constexpr std::size_t kEchoWholeBytesMax = 32 * 1024;      // of larger mails the header is shown
constexpr std::size_t kEchoHeaderBytesMax = 16 * 1024;
constexpr std::size_t kUniqueBytes = 12;
constexpr std::uint64_t kComposeSteps = 100;
constexpr std::uint64_t kCopiedPerStep = 64;
constexpr std::uint64_t kStepsPerPart = 50;

constexpr const char* kReplyOptionNames[] = {"text", "subject", "from", "html", "once_in_days", "once_in_seconds", "per_day", "echo", "charset"};
constexpr const char* kForwardOptionNames[] = {"subject_only", "drop_attachments", "size_max", "per_day"};
constexpr const char* kNotifyOptionNames[] = {"subject", "text", "to", "once", "period"};
constexpr const char* kCharsets[] = {"utf-8", "iso-2022-jp"};

std::string valid_text(const char* function, const char* option, std::string_view text) {
    if (!mail::is_valid_utf8(text)) script_error(cat(function, ": option \"", option, "\" is not UTF-8"));
    return std::string(text);
}

std::string domain_of(std::string_view address) {
    const auto at = address.rfind('@');
    return std::string(at == std::string_view::npos ? std::string_view("localhost") : address.substr(at + 1));
}

// Fields that all of them have. `unique` makes the Message-ID and the boundaries.
mail::NewMail new_mail(const Call& call, const mail::NamedAddress& from) {
    mail::NewMail made;
    made.from = from;
    made.unique = hex_encode(crypto::random_bytes(kUniqueBytes));
    made.message_id = cat(made.unique, "@", domain_of(from.address));
    made.date = {call.job.now_s, 0};
    return made;
}

void decide_compose(lua_State* lua, Call& call, Compose compose) {
    charge_octets(lua, compose.content.size());
    const auto bytes = compose.content.size() + compose.to.size();
    call.decide(lua, std::move(compose), bytes);
}

bool is_spent(const Call& call, const std::vector<Condition>& conditions) {
    const auto& job = call.job;
    return job.spent != nullptr && std::any_of(conditions.begin(), conditions.end(), [&](const Condition& one) {
        return job.spent->has(call.account->account_id, call.plugin.declaration.name, one, job.now_s);
    });
}

std::optional<std::uint32_t> per_day(Options& options) {
    const auto value = options.optional_integer("per_day", 1, INT32_MAX);
    return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

// Why the sender of this mail gets no answer; empty: it does.
std::string why_no_reply(MailText& mail, const mail::MailboxSet& own) {
    if (const auto& why = mail.why_automatic(); !why.empty()) return why;
    const auto& sender = mail.view().sender;
    if (own.contains(sender)) return "the sender is the account itself";
    if (!mail::parse_address(sender)) return "the sender's path is no address";
    return {};
}

// The period of the answers to one sender.
std::uint32_t reply_period(const char* function, Options& options) {
    const auto days = options.optional_number("once_in_days", 0, 366);
    const auto seconds = options.optional_integer("once_in_seconds", 0, kPeriodSecondsMax);
    if (days && seconds) script_error(cat(function, ": options \"once_in_days\" and \"once_in_seconds\" exclude each other; give one"));
    auto period = seconds.value_or(kReplyDays * kDaySeconds);
    if (days) period = static_cast<std::int64_t>(std::llround(*days * static_cast<double>(kDaySeconds)));
    return static_cast<std::uint32_t>(std::max(period, kOncePeriodMin));
}

// The From of an answer: what the plugin says where it is an address of the account, as nobody may write in another's name; else the
// address that the mail was sent to (RFC 3834 §3.1.1).
mail::NamedAddress reply_from(Call& call, const char* function, std::optional<std::string_view> wanted) {
    const auto& account = *call.account;
    const auto mailboxes = own_mailboxes(account);
    mail::NamedAddress own{{}, mailboxes.contains(account.recipient) ? account.recipient : account.address};
    if (!wanted || wanted->empty()) return own;
    // What makes no sense is passed over, not an error (RFC 5230 §4.3): it may be a user's setting, and the answer is wanted all the same.
    try {
        auto [name, address] = checked_mailbox(function, *wanted);
        if (mailboxes.contains(address)) return {std::move(name), std::move(address)};
    } catch (const ScriptError&) {
        call.note("the option \"from\" is no address");
        return own;
    }
    call.note(cat("the option \"from\" is not an address of the account; ", own.address, " is taken"));
    return own;
}

// The sender, with the name that From gives to it.
mail::NamedAddress reply_to(MailText& mail) {
    const auto& sender = mail.view().sender;
    const auto field = mail.find("From");
    if (field) {
        for (const auto& listed : mail::parse_address_list(*field)) {
            if (!listed.domain.empty() && mail::is_same_mailbox(mail::to_text({listed.local, listed.domain}), sender))
                return {mail::decode_header_text(listed.name), sender};
        }
    }
    return {{}, sender};
}

void put_echo(mail::NewMail& made, MailText& mail) {
    const auto& view = mail.view();
    const bool whole = mail.is_whole() && view.size <= kEchoWholeBytesMax;
    made.echo = whole ? mail::Echo::whole : mail::Echo::header;
    made.original = whole ? view.bytes : mail.header().substr(0, kEchoHeaderBytesMax);
}

std::string default_reply_subject(MailText& mail) {
    const auto subject = mail.find("Subject");
    return mail::reply_subject(subject ? mail::to_valid_utf8(mail::decode_header_text(*subject)) : std::string());
}

mail::NewMail make_reply(lua_State* lua, Call& call, MailText& mail, Options& options) {
    constexpr const char* kName = "account:reply";
    auto made = new_mail(call, reply_from(call, kName, options.optional_text("from", mail::kFieldBytesMax)));
    made.to = {reply_to(mail)};
    made.text = valid_text(kName, "text", options.text("text", kComposedTextMax));
    if (const auto html = options.optional_text("html", kComposedTextMax)) made.html = valid_text(kName, "html", *html);
    const auto subject = options.optional_text("subject", kComposedSubjectMax);
    made.subject = subject && !subject->empty() ? valid_text(kName, "subject", *subject) : default_reply_subject(mail);
    if (options.optional_word("charset", kCharsets).value_or("utf-8") == "iso-2022-jp") made.charset = mail::TextCharset::iso_2022_jp;
    if (options.boolean("echo")) put_echo(made, mail);
    made.auto_submitted = "auto-replied";  // RFC 3834 §5
    auto threading = mail::reply_threading(mail.header());
    made.in_reply_to = std::move(threading.in_reply_to);
    made.references = std::move(threading.references);
    charge_octets(lua, made.text.size() + made.html.size() + made.original.size());
    return made;
}

struct ForwardWish {
    bool subject_only = false, drop_attachments = false;
    std::optional<std::uint64_t> size_max;
};

// What goes instead of the mail; empty: the mail itself.
std::string forwarded_content(lua_State* lua, Call& call, const std::vector<std::string>& to, const ForwardWish& wish) {
    auto& mail = *call.mail;
    const auto& view = mail.view();
    const auto& account = *call.account;
    if (wish.subject_only) {
        mail::ForwardNotice notice;
        notice.account = account.address;
        notice.to = to;
        notice.unique = hex_encode(crypto::random_bytes(kUniqueBytes));
        notice.message_id = cat(notice.unique, "@", domain_of(account.address));
        notice.now = {call.job.now_s, 0};
        notice.bytes = view.size;
        return mail::forward_notice(mail.header(), notice);
    }
    std::string content;
    const auto most = wish.size_max.value_or(UINT64_MAX);
    if (wish.drop_attachments) {
        content = mail::without_files(view.bytes, mail.tree());
        // Files are passed over, however large: what counts is what is left.
        State::charge(lua, content.size() / kCopiedPerStep + kStepsPerPart * mail.tree().parts.size());
    }
    const auto bytes = wish.drop_attachments ? content.size() : view.size;
    const bool has_no_room = content.size() > call.output_left();
    if (bytes > most || has_no_room) {
        charge_octets(lua, mail.header().size());
        content = mail::without_body(mail.header(), bytes, std::min<std::uint64_t>(most, call.limits.output_bytes));
    }
    return content;
}

// A mail that has been delivered to the account before has been through here (loop stop).
bool was_here(MailText& mail, const mail::MailboxSet& own) {
    const auto& fields = mail.fields();
    return std::any_of(fields.begin(), fields.end(), [&](const mail::Field& field) {
        return equals_ignoring_case(field.name, "Delivered-To") && own.contains(mail::unfold(field.value));
    });
}

}  // namespace

constinit const std::span<const char* const> kReplyOptions = kReplyOptionNames, kForwardOptions = kForwardOptionNames, kNotifyOptions = kNotifyOptionNames;

int account_reply(lua_State* lua) {
    constexpr const char* kName = "account:reply";
    auto self = self_of(lua, kAccountClass, kName);
    auto& call = self.call;
    call.require(kName, hooks(Hook::deliver));
    Arguments in(lua, kName, 2);
    object_at(lua, in.take(), kMailClass, kName);
    Options options(lua, kName, in.take(), kReplyOptionNames, Options::Need::must);
    in.end();
    auto& mail = *call.mail;
    State::charge(lua, kComposeSteps);
    const auto period = reply_period(kName, options);
    const auto most = per_day(options);
    charge_octets(lua, mail.header().size());
    const auto why = why_no_reply(mail, own_mailboxes(*call.account));
    Compose compose;
    compose.to = mail.view().sender;
    if (why.empty()) compose.conditions.push_back({condition_key(kName, "reply/", mail::correspondent_key(compose.to)), 1, period});
    if (why.empty() && most) compose.conditions.push_back({"reply/day", *most, kDaySeconds});
    if (is_spent(call, compose.conditions)) {
        decide_compose(lua, call, std::move(compose));
        return 0;
    }
    // All options are looked at, sent or not: a mistake in them shows with the first mail, not with the first that is answered.
    auto made = make_reply(lua, call, mail, options);
    if (!why.empty()) {
        call.note(cat("no reply: ", why));
        return 0;
    }
    compose.content = mail::compose(made);
    decide_compose(lua, call, std::move(compose));
    return 0;
}

int account_forward(lua_State* lua) {
    constexpr const char* kName = "account:forward";
    auto self = self_of(lua, kAccountClass, kName);
    auto& call = self.call;
    call.require(kName, hooks(Hook::deliver));
    Arguments in(lua, kName, 2);
    Forward forward;
    forward.to = checked_addresses(kName, take_texts(lua, "account:forward: argument 1 (to)", in.take(), mail::kPathBytesMax));
    Options options(lua, kName, in.take(), kForwardOptionNames, Options::Need::may);
    in.end();
    ForwardWish wish;
    wish.subject_only = options.boolean("subject_only");
    wish.drop_attachments = options.boolean("drop_attachments");
    if (const auto most = options.optional_integer("size_max", 0, INT64_MAX)) wish.size_max = static_cast<std::uint64_t>(*most);
    const auto most = per_day(options);

    State::charge(lua, kComposeSteps);
    charge_octets(lua, call.mail->header().size());
    const auto own = own_mailboxes(*call.account);
    if (was_here(*call.mail, own)) {
        call.note("not forwarded: the mail has been here before (Delivered-To)");
        lua_pushboolean(lua, 0);
        return 1;
    }
    if (std::erase_if(forward.to, [&](const std::string& to) { return own.contains(to); }) > 0)
        call.note("not forwarded to the account itself");
    if (forward.to.empty()) {
        lua_pushboolean(lua, 0);
        return 1;
    }
    forward.content = forwarded_content(lua, call, forward.to, wish);
    if (most) forward.conditions.push_back({"forward/day", *most, kDaySeconds});
    std::size_t bytes = forward.content.size();
    for (const auto& to : forward.to) bytes += to.size();
    call.decide(lua, std::move(forward), bytes);
    lua_pushboolean(lua, 1);
    return 1;
}

int account_notify(lua_State* lua) {
    constexpr const char* kName = "account:notify";
    auto self = self_of(lua, kAccountClass, kName);
    auto& call = self.call;
    call.require(kName, hooks(Hook::deliver, Hook::sent, Hook::bounce, Hook::append, Hook::quota, Hook::daily));
    Arguments in(lua, kName, 2);
    Options options(lua, kName, in.take(), kNotifyOptionNames, Options::Need::must);
    in.end();
    const auto& account = view_of_account(self.handle);
    auto made = new_mail(call, {"Postmaster", cat("postmaster@", domain_of(account.address))});
    Compose compose;
    compose.to = account.address;
    if (const auto to = options.optional_text("to", mail::kPathBytesMax)) compose.to = checked_address(kName, *to);
    made.to = {{{}, compose.to}};
    made.subject = valid_text(kName, "subject", options.text("subject", kComposedSubjectMax));
    made.text = valid_text(kName, "text", options.text("text", kComposedTextMax));
    made.auto_submitted = "auto-generated";
    const auto once = options.optional_text("once", kStateKeyBytesMax);
    const auto period = options.optional_integer("period", 1, kPeriodSecondsMax);
    if (period && !once) script_error("account:notify: option \"period\" needs \"once\", the key that is counted by");
    if (once) compose.conditions.push_back({condition_key(kName, "notify/", *once), 1, static_cast<std::uint32_t>(period.value_or(kDaySeconds))});
    State::charge(lua, kComposeSteps);
    charge_octets(lua, made.text.size());
    compose.content = mail::compose(made);
    decide_compose(lua, call, std::move(compose));
    return 0;
}

}  // namespace tayori::lua
