// What a source holds, in the words of mail. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/mail/date.h"

namespace tayori::legacy {

enum SystemFlag : std::uint8_t {  // as spoold's v1::SystemFlag
    kAnswered = 1,
    kFlagged = 2,
    kDeleted = 4,
    kSeen = 8,
    kDraft = 16,
};

// How bytes of a file become a message (RFC 5322, CRLF).
enum class Wrapping : std::uint8_t {
    plain,        // as they are; bare LF becomes CRLF
    dot_stuffed,  // EMWAC's incoming spool
    mbox_o,       // a From_ line in front; nothing is unquoted
    mbox_rd,      // a From_ line in front; one ">" is taken off ">From ", ">>From "
    served,       // as a server hands it over: `bytes` is what it said, which need not be right
};

enum class DateSource : std::uint8_t { stored, mtime, received, date_field, none };

// One message in one folder.
struct Mail {
    std::string file;           // path in the tree
    std::uint64_t offset = 0;   // where it begins in the file
    std::uint64_t bytes = 0;    // of the file's, not of the message
    Wrapping wrapping = Wrapping::plain;
    bool strip_bookkeeping = false;  // mbox: X-UID, Status, … are read into this record, then taken out

    // The same for the same mail in every later run over this source, unique in its mailbox.
    std::string identity;

    std::uint32_t uid = 0;      // 0: none known
    std::uint8_t flags = 0;
    std::vector<std::string> keywords;
    bool flags_known = true;    // false: from a server's POP3, which tells none
    std::optional<mail::MailDate> internal_date;
    DateSource date_source = DateSource::none;
    std::string uidl;               // empty: none known
    std::uint64_t pop3_order = 0;   // 0: POP3 does not show it
};

struct Folder {
    std::string name;      // UTF-8, NFC, levels by "/"; "INBOX"
    std::string raw_name;  // as the source spells it, for reports and captures
    std::uint32_t uid_validity = 0;  // 0: none known
    std::uint32_t uid_next = 0;
    bool subscribed = true;
    std::string special_use;  // "\\Sent", … or empty
    std::vector<Mail> mails;  // ascending by UID where the folder's UIDs are kept, else in the order to be numbered
    bool keeps_uids = false;  // every mail has one, unique, ascending, below the limit
};

// A mailbox of the source as it was loaded: folders, INBOX first where there is one.
struct Mailbox {
    std::vector<Folder> folders;
};

// What a control file says, as settings of the plugin that does the same. Never enabled by itself.
struct PluginSettings {
    std::string plugin;    // "autoreply", "forward", "filter", "destinations"
    std::string file;      // where it was found
    std::string json;      // an object, the plugin's settings
};

struct Account {
    std::string address;         // normalised; empty: the directory could not be given an address (then reported)
    std::string directory;       // of its mailbox in the tree; ".": the root itself; empty: no mail
    std::string display_name;
    std::optional<std::string> password;       // in clear: hashed at once, never shown
    std::optional<std::string> password_hash;  // "{SCHEME}…" as it is
    std::optional<std::string> app_password;   // another one for submission (E-Post's apop.dat)
    std::optional<std::uint64_t> quota_bytes;
    bool imap = true, pop3 = true, submission = true;
    std::vector<PluginSettings> settings;
    // As found without opening a mail.
    std::uint64_t mails = 0;
    std::uint64_t bytes = 0;
};

struct Alias {
    std::string address;
    std::vector<std::string> targets;
};

struct Plan {
    std::vector<Account> accounts;  // by address
    std::vector<Alias> aliases;
    std::map<std::string, std::uint64_t> counters;  // "imap4.cnt", "imap4folder.cnt": the next value, already checked for form
};

}  // namespace tayori::legacy
