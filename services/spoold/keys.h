// Every key of the store, in one place. The first byte says what the value is; numbers are big-endian, so that a scan
// goes in their order. The directory's keys begin with a small letter or are made in directory/; these here:
//
//   key                                         value                                        written
//   C j                                         site counter: next job id                    with each use
//   G 4                                         is IMAP4 in use? one byte, "1" or "0"         imap4 enable, disable
//   J job                                       StoredJob                                    with each mailbox
//   L job account                               StoredOutcome: what a job did to a mailbox   with it
//   C m | C f | C q | C i                       site counters: next message, folder, queue, import id   with each use
//   C p                                         SitePace: how fast message and folder ids are given out    every 30 days
//   S                                           what this store calls itself to daemons         first start
//   A account                                   AccountState (records.h)                        every change
//   K account                                   keyword table                                   new keyword
//   F account folder                            FolderRecord                                    every change in it
//   N account name                              folder id                                       create, rename
//   U account name                              (empty) a subscription, by name                 subscribe
//   R folder 1 last-uid                         static page of references (pages.h)             sealed, expunge
//   R folder 2 last-uid                         mutable page of references                      flag change too
//   R folder 3 uid                              one reference of the open tail                  append, flags
//   E folder modseq                             expunge log: UID ranges                         expunge, move
//   M account message                           MessageRecord, immutable                        intake
//   D account message                           references of the message; none: 1              copy, purge
//   H body                                      raw header of at most 16 KiB, immutable          intake
//   X account time modseq folder uid            expunged references, until purged               expunge
//   I day account request-id                    outcome of a request, kept a day                 intake, copy
//   O queue-id                                  QueuedMail                                      intake
//   Q                                           how many mails are queued                       intake
//   P domain                                    StoredRoute: how mail for it goes out            route set
//   T time number                               what happened to a mail (queue/trace.h)          intake, report
//   V account                                   how much it sends (queue/volume.h)               intake
//   Y i import                                  StoredImport                                    each batch
//   Y s sha256(kind, origin)                    import id: the same source is the same import    first run
//   Y a import account                          StoredImportAccount                             each batch
//   Y f account import folder                   StoredImportFolder                              each batch
//   Y m account import identity                 where an imported mail was put                  import
//   Y u account sha256(uidl)/2                  (empty) an imported UIDL that is taken           import
//   Y l import address                          StoredImportAlias                               import
//   Y r import sha256(line)/2                   a line of the import's report                   import
//   W account source                            StoredFetchSource                               set, each run
//   B account plugin 00 u                       how much a plugin keeps of the account (plugin/state.h)   with it
//   B account plugin 00 v key                   what it keeps: when it expires, value           intake
//   B account plugin 00 c key                   how often something has happened, since when    intake
//   Z account                                   PluginWorkRow: work of plugins that is done     after each work
//   C w                                         site counter: next source to fetch from          with each use
//
// A page's key is its last UID at the time of sealing, so that the page that holds a UID is the first at or after it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spoold/ids.h"
#include "spoold/store/store.h"

namespace tayori::spool::keys {

// [from, to) of a scan.
struct Range {
    std::string from;
    std::string to;
};

inline constexpr std::string_view kNextMessageId = "Cm";
inline constexpr std::string_view kNextFolderId = "Cf";
inline constexpr std::string_view kNextQueueId = "Cq";
inline constexpr std::string_view kNextJobId = "Cj";
inline constexpr std::string_view kImap4 = "G4";
inline constexpr std::string_view kNextImportId = "Ci";
inline constexpr std::string_view kNextFetchId = "Cw";
inline constexpr std::string_view kPace = "Cp";
inline constexpr std::string_view kQueued = "Q";
inline constexpr std::string_view kServerId = "S";

std::string account_state(AccountId account);
Range account_states();
Range account_states_after(AccountId account);
AccountId account_of_state(std::string_view key);

std::string keyword_table(AccountId account);

std::string folder(AccountId account, FolderId folder);
Range folders(AccountId account);
FolderId folder_of_key(std::string_view key);

std::string name(AccountId account, std::string_view name);
Range names(AccountId account);
Range names_below(AccountId account, std::string_view name);  // "name/…"
std::string subscription(AccountId account, std::string_view name);
Range subscriptions(AccountId account);
std::string_view name_of_key(std::string_view key);  // of name() and subscription()

enum class References : std::uint8_t { fixed = 1, changing = 2, tail = 3 };
std::string references(FolderId folder, References kind, Uid uid);
Range references_from(FolderId folder, References kind, Uid from);  // to the end of that kind
Range all_references(FolderId folder);
Uid uid_of_key(std::string_view key);

std::string expunged(FolderId folder, Modseq modseq);
Range expunged_after(FolderId folder, Modseq modseq);  // entries with a greater modseq
Modseq modseq_of_key(std::string_view key);

std::string message(AccountId account, MessageId message);
Range messages_from(AccountId account, MessageId from);  // to the account's last
MessageId message_of_key(std::string_view key);
std::string message_references(AccountId account, MessageId message);
Range all_message_references(AccountId account);
std::string header(store::BodyId body);

struct Trash {
    AccountId account{};
    std::int64_t expunged_ms = 0;
    Modseq modseq = 0;
    FolderId folder{};
    Uid first_uid = 0;
};
std::string trash(const Trash& page);
Range trash_of(AccountId account);
Range trash_from(AccountId account);  // of this and all later accounts
Trash trash_of_key(std::string_view key);

std::string outcome(std::uint32_t day, AccountId account, std::string_view request_id);
Range outcomes_before(std::uint32_t day);

std::string queued(QueueId id);
Range all_queued();
QueueId queue_id_of_key(std::string_view key);

std::string route(std::string_view domain);
Range routes();
std::string_view domain_of_route(std::string_view key);
// `number`: tells apart what happened in one millisecond.
std::string trace_event(std::int64_t at_ms, std::uint32_t number);
Range trace_events(std::int64_t from_ms, std::int64_t to_ms);  // to_ms not included
std::int64_t time_of_trace_event(std::string_view key);
std::string volume(AccountId account);

enum class PluginRow : char { use = 'u', value = 'v', count = 'c' };
std::string plugin_use(AccountId account, std::string_view plugin);
std::string plugin_row(AccountId account, std::string_view plugin, PluginRow kind, std::string_view name);
Range plugin_rows(AccountId account, std::string_view plugin, PluginRow kind);
Range plugin_rows_of(AccountId account);  // of all plugins
Range all_plugin_rows();
AccountId account_of_plugin_row(std::string_view key);
std::string_view plugin_of_plugin_row(std::string_view key);
PluginRow kind_of_plugin_row(std::string_view key);
std::string_view name_of_plugin_row(std::string_view key);
std::string plugin_work(AccountId account);
Range all_plugin_work();
AccountId account_of_plugin_work(std::string_view key);

std::string job(JobId id);
Range all_jobs();
std::string job_outcome(JobId id, AccountId account);
Range job_outcomes(JobId id);
std::string import(ImportId id);
Range imports();
ImportId import_of_key(std::string_view key);  // of import(), import_account() and what else begins with it
std::string import_source(std::string_view kind, std::string_view origin);
std::string import_account(ImportId id, AccountId account);
Range import_accounts(ImportId id);
AccountId account_of_import_account(std::string_view key);
std::string import_folder(AccountId account, ImportId id, FolderId folder);
Range import_folders(AccountId account, ImportId id);
Range all_import_folders(AccountId account);
FolderId folder_of_import_folder(std::string_view key);
std::string imported(AccountId account, ImportId id, std::string_view identity);
Range all_imported(AccountId account, ImportId id);
Range all_imported(AccountId account);
std::string_view identity_of_key(std::string_view key);
std::string imported_uidl(AccountId account, std::string_view uidl);
Range imported_uidls(AccountId account);
std::string import_alias(ImportId id, std::string_view address);
Range import_aliases(ImportId id);
std::string_view alias_of_key(std::string_view key);
std::string import_line(ImportId id, std::string_view line);
Range import_lines(ImportId id);
std::string fetch_source(AccountId account, FetchId id);
Range fetch_sources(AccountId account);
Range all_fetch_sources();
AccountId account_of_fetch_source(std::string_view key);
FetchId id_of_fetch_source(std::string_view key);

}  // namespace tayori::spool::keys
