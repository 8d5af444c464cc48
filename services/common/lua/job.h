// What a hook is given and what comes of it, as plain values: made on the loop's thread, used on another one while nobody else has
// them. Field by field as plugins/api/tayori.d.lua has it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/mail/summary.h"

namespace tayori::lua {

enum class Hook : std::uint8_t {
    connect, helo, auth, mail, rcpt, headers, message, deliver,
    sent, bounce, login, append, store, expunge, quota, daily
};

// A set of hooks: bits by Hook.
using HookSet = std::uint32_t;
constexpr HookSet hook_bit(Hook hook) { return 1u << static_cast<unsigned>(hook); }
// Of those names that are hooks, as plugins declare them.
HookSet hooks_named(const std::vector<std::string>& names);

// An account's plugins with their settings, in the order in which they run. Shared by all accounts that have the same; immutable, so
// that states may keep by its id what they have made of it.
struct Profile {
    struct Entry {
        std::string plugin;
        std::string settings_json;  // without defaults
    };
    std::uint64_t id = 0;           // PluginProfile.profile; 0: nothing runs
    std::vector<Entry> plugins;
};
using ProfilePtr = std::shared_ptr<const Profile>;

struct SessionView {
    std::string id, protocol, peer, helo, sender, recipient;
    bool tls = false;
    bool outgoing = false;
    std::uint64_t declared_size = 0;
    std::uint64_t recipients = 0;
    std::vector<std::string> accepted;  // headers, message: as they were asked for, at most 1,000
};

struct AccountView {
    std::uint64_t account_id = 0;   // 0: nobody
    std::string address;
    std::vector<std::string> aliases;
    std::string recipient, detail, folder;
    ProfilePtr profile;             // never null
    // What plugins that declare `state` keep, by plugin and key; the others have none.
    std::map<std::string, std::map<std::string, std::string>> state;
};

// A mail. `bytes` is the head of it where it is too large to be kept whole; parts that lie beyond have no text.
struct MailView {
    std::string id;
    std::string sender;
    bool authenticated = false;
    std::string_view bytes;                   // must outlive the job
    std::uint64_t size = 0;
    const mail::Summary* summary = nullptr;   // likewise
    std::map<std::string, std::string> results;
    std::shared_ptr<const void> keep;         // owns both, where the caller may be gone before the job has ended
};

struct ChangeView {
    std::string protocol, folder;
    std::uint64_t messages = 0;
    std::vector<std::string> add, remove;
};
struct UsageView {
    std::uint64_t used_bytes = 0, quota_bytes = 0, used_messages = 0, quota_messages = 0;
    std::int64_t full_at_s = 0;
};
struct ReportView {
    std::string recipient, host, reply, subject;
    std::uint32_t tries = 0;
};

// ---- What comes of it.

// How often something may happen (PluginCondition of plugin.proto).
struct Condition {
    std::string key;
    std::uint32_t max = 1;
    std::uint32_t period_s = 0;
};
struct Refusal {  // reject, tempfail
    int code = 0;
    std::string enhanced, text;
    bool is_temporary() const { return code < 500; }
};
struct Discard {};
struct Quarantine {};
struct Keep {};
struct Stop {};
struct FileInto {
    std::string folder;         // or:
    std::string special_use;    // "junk", …
    bool create = true;
    bool keep = false;
};
struct Flag {
    std::string name;
};
struct AddHeader {
    std::string field;          // whole, encoded, with CRLF
};
struct Forward {
    std::vector<std::string> to;
    std::string content;        // empty: the mail as it is; else what goes instead (subject_only, drop_attachments, size_max)
    std::vector<Condition> conditions;
};
struct Copy {                   // Mail:copy
    std::vector<std::string> to;
    bool null_sender = false;
};
struct Compose {                // reply, notify: a whole mail, by the null path
    std::string to;
    std::string content;        // empty: it was not written, as a condition is known not to hold (spent.h)
    std::vector<Condition> conditions;
};
struct Limit {
    Condition condition;
    std::string text;
};
struct Remember {
    std::string key;
    std::optional<std::string> value;
    std::uint32_t ttl_s = 0;
};
struct Expire {
    std::string folder;
    std::uint64_t older_than_s = 0;
    std::string keyword;
    std::optional<bool> seen, flagged;
    std::string move_to;
};
struct RefuseChange {
    std::string text;
};
struct KeepChange {             // POP3's DELE: they stay, or move
    std::string keyword, move_to;
};
struct AnnounceSize {           // helo: what EHLO says of SIZE at most
    std::uint64_t octets = 0;
};

// One decision, and where in which plugin it was made: "filter/plugin.lua:31".
struct Action {
    std::string plugin;
    std::string at;
    std::variant<Refusal, Discard, Quarantine, Keep, Stop, FileInto, Flag, AddHeader, Forward, Copy, Compose, Limit, Remember, Expire,
                 RefuseChange, KeepChange, AnnounceSize> what;
};
// A sentence about an action for people: `fileinto "Work"`.
std::string describe(const Action& action);

struct Failure {
    std::string plugin;
    std::string hook;
    std::string text;           // file, line, message
    std::string stack;
    bool tempfail = false;      // its policy
};

// What all plugins of one hook have decided for one session, mail or account, in order. The first Refusal ends the rest.
struct Decided {
    std::vector<Action> actions;
    std::vector<Failure> failures;
    std::vector<std::string> trace;     // where a trace was asked for: a line for each plugin that ran, and what it explained
    std::vector<std::string> log;       // "plugin: text"
    const Refusal* refusal() const;     // a plugin's, or that of a failure whose policy is tempfail
};

class SpentConditions;

// One call of a hook for everybody it is for.
struct Job {
    Hook hook = Hook::connect;
    std::int64_t now_s = 0;
    std::string id;                     // for the log, and for the share of a trial
    bool trace = false;
    std::optional<SessionView> session;
    std::optional<AccountView> account;  // whose plugins run; of sessions: who has logged in. Without one: `profile`
    ProfilePtr profile;                  // of the site, where nobody has logged in
    std::optional<MailView> mail;
    std::optional<ChangeView> change;
    std::optional<UsageView> usage;
    std::optional<ReportView> report;
    std::shared_ptr<const SpentConditions> spent;  // null: none is known
};

// All that has to be decided of one mail that has arrived, in one go: `headers` and `message` with the profile of who has logged in,
// or the site's; then `deliver` for each recipient. `deliver` runs for nobody where `message` has refused or discarded.
struct MailJob {
    Job message;                        // hook: message
    std::vector<AccountView> recipients;
};
struct MailDecided {
    Decided message;                    // of `headers` and `message`
    std::vector<Decided> recipients;    // as many as there are, or none
};

}  // namespace tayori::lua
