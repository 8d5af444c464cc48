// spoold and its store, and where the daemons find it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/settings/value.h"

namespace tayori::settings {

struct Spoold {
    std::vector<Endpoint> listen = {{"", 0, "run/spoold.sock"}};
    Endpoint address = {"", 0, "run/spoold.sock"};
    std::string pki_dir = "pki";
    std::vector<std::string> pki_names = {"spoold", "localhost"};
    std::string secrets_key = "secrets.key";
    std::uint32_t reader_threads = 2;
    std::uint32_t pending_max = 4096;
};

struct Store {
    std::uint64_t segment_bytes = 64 * kMiB;
    std::uint64_t group_bytes_max = 8 * kMiB;
    std::uint64_t flush_bytes = 64 * kMiB;
    std::uint64_t cache_bytes = 64 * kMiB;
    std::uint64_t free_min = 512 * kMiB;
    std::uint64_t checkpoint_bytes = 1 * kGiB;
    std::uint32_t compact_dead_percent = 50;
    std::uint32_t undelete_days = 7;
    std::chrono::hours staging_hours{24};
};

enum class Imap4Use { switched, yes, no };

struct Imap4 {
    Imap4Use enabled = Imap4Use::switched;
    bool convert_at_login = false;
    std::uint32_t uid_renumber_at = 2'147'483'648;
};

enum class BackupTarget { directory, s3 };

struct Backup {
    BackupTarget target = BackupTarget::directory;
    std::string directory = "backup";
    std::uint64_t log_bytes_max = 16 * kGiB;
};

enum class S3Addressing { path, host };
enum class S3Encryption { none, aes256, kms };

struct BackupS3 {
    HttpUrl endpoint;
    std::string region = "us-east-1";
    std::string bucket;
    std::string prefix = "tayori";
    S3Addressing addressing = S3Addressing::path;
    std::string credentials_file;
    std::string ca_file;
    std::string storage_class;
    S3Encryption encryption = S3Encryption::none;
    std::string kms_key;
    std::chrono::seconds patience_s{60};
};

struct Accounts {
    std::uint64_t quota_bytes = 0;
    std::uint64_t quota_messages = 0;
    std::uint64_t reserve_bytes = 50 * kMiB;
    std::uint32_t undelete_days = 30;
    std::uint32_t retire_days = 30;
    std::string postmaster;
    std::string tag_separator = "+";
};

}  // namespace tayori::settings
