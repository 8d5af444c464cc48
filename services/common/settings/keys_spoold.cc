#include "common/base/text.h"
#include "common/settings/declare.h"

namespace tayori::settings {
namespace {

void declare_store(Table& table) {
    Section<Store> s(table, "store", &Settings::store, "The store of spoold: one log and its index.");
    s.amount("segment_bytes", &Store::segment_bytes, 1 * kMiB, 4 * kGiB,
             "The size of one file of the log. One more lies in reserve for a full disk.");
    s.amount("group_bytes_max", &Store::group_bytes_max, 64 * kKiB, 256 * kMiB,
             "The most that is written with one sync.");
    s.amount("flush_bytes", &Store::flush_bytes, 1 * kMiB, 1 * kGiB,
             "Changes of the index kept in memory before they are written; after a crash as much log is replayed.");
    s.amount("cache_bytes", &Store::cache_bytes, 1 * kMiB, 64 * kGiB, "Memory for blocks of the index.");
    s.amount("free_min", &Store::free_min, 0, 1 * kTiB,
             "Below this much free disk new mail is put off (452, NO [UNAVAILABLE]); reading and deleting go on.");
    s.amount("checkpoint_bytes", &Store::checkpoint_bytes, 1 * kMiB, 1 * kTiB,
             "A checkpoint of the index is made after this much log; `store rebuild` starts from it.");
    s.amount("compact_dead_percent", &Store::compact_dead_percent, 10, 95,
             "A file of the log of which this much is dead is rewritten in the background.");
    s.amount("undelete_days", &Store::undelete_days, 0, 3650,
             "How long expunged mail can be brought back by `adminctl undelete`.");
    s.amount("staging_hours", &Store::staging_hours, 1, 720, "When an upload that nobody finished is removed.");
}

void declare_backup(Table& table) {
    Section<Backup> s(table, "backup", &Settings::backup, "Backups of the store, which spoold writes.");
    s.choice("target", &Backup::target, {"directory", "s3"},
             "Where the sets of backups lie: in a directory of spoold's machine, or in S3 as `[backup_s3]` says.");
    s.text("directory", &Backup::directory,
           "The directory; best on another disk. In containers this is a volume of its own.");
    s.amount("log_bytes_max", &Backup::log_bytes_max, 64 * kMiB, 64 * kTiB,
             "How much log is kept for the next backup. One that is not made again keeps no more than this; then the next "
             "copies everything.");
}

// These go into URLs, signed requests and the names of hosts.
std::string wrong_characters(std::string_view text, std::string_view also) {
    for (const char c : text) {
        const bool word = (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
        if (!word && also.find(c) == std::string_view::npos) return cat("write letters, digits and ", also, " only");
    }
    return {};
}

bool in_s3(const Settings& all) { return all.backup.target == BackupTarget::s3; }

void check_backup_s3(Section<BackupS3>& s) {
    s.check("bucket", [](const Settings& all) -> std::string {
        if (in_s3(all) && all.backup_s3.bucket.empty()) return "name it, as backup.target is \"s3\"";
        return wrong_characters(all.backup_s3.bucket, "-._");
    });
    s.check("region", [](const Settings& all) -> std::string {
        if (in_s3(all) && all.backup_s3.region.empty()) return "name it; where a server has none, us-east-1 is right";
        return wrong_characters(all.backup_s3.region, "-_");
    });
    s.check("prefix", [](const Settings& all) -> std::string {
        const auto& prefix = all.backup_s3.prefix;
        if (prefix.starts_with('/') || prefix.find("//") != std::string::npos) return "begin without \"/\", and write no \"//\"";
        if (cat("/", prefix, "/").find("/../") != std::string::npos) return "write no \"..\"";
        return wrong_characters(prefix, "-._/");
    });
    s.check("storage_class", [](const Settings& all) { return wrong_characters(all.backup_s3.storage_class, "-_"); });
    s.check("kms_key", [](const Settings& all) -> std::string {
        if (!all.backup_s3.kms_key.empty() && all.backup_s3.encryption != S3Encryption::kms) {
            return "it is for backup_s3.encryption = \"aws:kms\"";
        }
        return wrong_characters(all.backup_s3.kms_key, "-_:/");
    });
}

void declare_backup_s3(Table& table) {
    Section<BackupS3> s(table, "backup_s3", &Settings::backup_s3,
                        "S3, or a service that speaks like it, as the place of backups: where backup.target is \"s3\".");
    s.url("endpoint", &BackupS3::endpoint,
          "`https://HOST`, with `:PORT` and `/PATH` where needed. Empty: that of AWS for the region.");
    s.text("region", &BackupS3::region, "What requests are signed for. Where a server has no regions, leave it.");
    s.text("bucket", &BackupS3::bucket, "It must be there already.");
    s.text("prefix", &BackupS3::prefix,
           "Where in the bucket the sets lie: `PREFIX/main/…`. Of several sites in one bucket each needs its own.");
    s.choice("addressing", &BackupS3::addressing, {"path", "host"},
             "Whether the bucket is named in the path of a request or in front of the host's name.");
    s.text("credentials_file", &BackupS3::credentials_file,
           "A file with `aws_access_key_id = …` and `aws_secret_access_key = …`, readable by spoold's user alone, read anew for each "
           "request. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN in the environment of spoold override it.");
    s.text("ca_file", &BackupS3::ca_file, "PEM file with who may have signed the server's certificate. Empty: the system's.");
    s.text("storage_class", &BackupS3::storage_class,
           "Of the objects: `STANDARD_IA` and so on; one that can be read at once. Empty: the bucket's usual one.");
    s.choice("encryption", &BackupS3::encryption, {"none", "AES256", "aws:kms"},
             "What we ask the server for. `none`: the bucket's own rule holds.");
    s.text("kms_key", &BackupS3::kms_key, "The key for `aws:kms`. Empty: the account's usual one.");
    s.amount("patience_s", &BackupS3::patience_s, 1, 3600,
             "How long a request is tried again while the server does not answer or is overloaded; then the backup fails, and the "
             "next one begins where the last whole one ended.");
    check_backup_s3(s);
}

void declare_accounts(Table& table) {
    Section<Accounts> s(table, "accounts", &Settings::accounts, "Accounts, where neither they nor their domain say else.");
    s.amount("quota_bytes", &Accounts::quota_bytes, 0, 1024 * kTiB, "Room of a new account; 0 is no limit.");
    s.amount("quota_messages", &Accounts::quota_messages, 0, UINT64_C(1'000'000'000),
             "Messages of a new account; 0 is no limit.");
    s.amount("reserve_bytes", &Accounts::reserve_bytes, 0, 10 * kGiB,
             "What Sent and Drafts may take beyond the quota, so that a full account can still send.");
    s.amount("undelete_days", &Accounts::undelete_days, 0, 3650,
             "How long a deleted account can be brought back by `adminctl account undelete`.");
    s.amount("retire_days", &Accounts::retire_days, 0, 3650,
             "How long the mailbox of an account that `adminctl account apply` has retired is kept, and how long that "
             "can be rolled back.");
    s.text("postmaster", &Accounts::postmaster,
           "Who reads mail to postmaster of domains that have none (RFC 5321 §4.5.1). Empty: the first account "
           "of the domain.");
    s.text("tag_separator", &Accounts::tag_separator,
           "alice+shop@example.test is delivered to alice@example.test. Empty: no tags.");
}

}  // namespace

void declare_spoold(Table& table) {
    Section<Spoold> s(table, "spoold", &Settings::spoold, "The owner of all state, and how the others reach it.");
    s.endpoints("listen", &Spoold::listen,
                "Where spoold answers. Over TCP both sides show certificates of the CA that spoold made.");
    s.endpoint("address", &Spoold::address, "Where the other programs and adminctl find spoold.");
    s.text("pki_dir", &Spoold::pki_dir,
           "Certificates for TCP: `ca/` is spoold's alone; `server/`, `smtpd/`, `imapd/`, `pop3d/` and `adminctl/` have "
           "ca.crt, tls.crt and tls.key each. A program needs to see only its own.");
    s.texts("pki_names", &Spoold::pki_names, "The names in spoold's own certificate.");
    s.text("secrets_key", &Spoold::secrets_key,
           "The key file of secrets that must be readable again: passwords for relays, private keys of DKIM. Made when it is first needed; it is in "
           "no backup: keep a copy elsewhere.");
    s.amount("reader_threads", &Spoold::reader_threads, 1, 64, "Threads that read bodies and search.");
    s.amount("pending_max", &Spoold::pending_max, 16, 1'000'000,
             "Changes that may wait for the disk; more get a temporary error.");
    declare_store(table);
    declare_backup(table);
    declare_backup_s3(table);
    declare_accounts(table);

    Section<Imap4> imap4(table, "imap4", &Settings::imap4, "The form of mailboxes.");
    imap4.choice("enabled", &Imap4::enabled, {"switched", "yes", "no"},
                 "Is IMAP4 in use at this site? `switched`: as `adminctl imap4 enable` and `disable` say, at first yes. New "
                 "mailboxes are in IMAP4 form where it is in use, else in POP3 form.");
    imap4.flag("convert_at_login", &Imap4::convert_at_login,
               "An IMAP login to a mailbox in POP3 form converts it. Otherwise the login is refused with a word about it.");
    imap4.amount("uid_renumber_at", &Imap4::uid_renumber_at, 1'000, 4'290'000'000,
                 "When a folder's next UID is above this, the folder gets a new UIDVALIDITY and UIDs from 1: some clients "
                 "count with a sign and go blind at 2147483648.");
}

}  // namespace tayori::settings
