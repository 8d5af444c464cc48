// The tables of hMailServer that say something of mail, out of a dump.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/legacy/hmailserver/sql_reader.h"

namespace tayori::legacy::hmailserver {

struct HmAccount {
    std::string address;
    std::string password;
    int encryption = 0;  // 0 none, 1 Blowfish, 2 MD5, 3 salted SHA-256
    bool active = true;
    std::uint64_t quota_mib = 0;
    std::string display_name;
    bool forwards = false, forward_keeps = true;
    std::string forward_to;
    bool replies = false;
    std::string reply_subject, reply_text;
};

struct HmFolder {
    std::int64_t parent = -1;
    std::string name;
    bool subscribed = true;
    std::optional<std::int64_t> created;  // local seconds
    std::uint32_t current_uid = 0;
};

struct HmMessage {
    std::int64_t id = 0;
    std::int64_t folder = 0;
    std::uint32_t uid = 0;
    std::uint8_t flags = 0;  // 1 Seen 2 Deleted 4 Flagged 8 Answered 16 Draft 32 Recent
    std::uint64_t bytes = 0;
    std::optional<std::int64_t> created;  // local seconds
    std::string file;                     // "{GUID}.eml", without what stands before it
};

struct HmAlias {
    std::string name, target;
};

struct Database {
    std::map<std::int64_t, HmAccount> accounts;
    std::map<std::int64_t, std::map<std::int64_t, HmFolder>> folders;    // by account, folder
    std::map<std::int64_t, std::vector<HmMessage>> messages;             // by account
    std::vector<HmAlias> aliases;
    std::map<std::int64_t, std::string> lists;                           // distribution lists: address by id
    std::map<std::int64_t, std::vector<std::string>> recipients;         // by list
    std::uint64_t queued = 0;    // messages that were on their way
    std::uint64_t unusable = 0;  // rows without what makes them one
    bool columns_missing = false;  // an INSERT whose columns nothing names

    void take(const SqlRow& row);
};

// "2014-05-13 09:00:00", also with "T" and fractions, and SQL Server's binary datetime 0x…; seconds as if it were UTC.
std::optional<std::int64_t> parse_sql_time(std::string_view text);

}  // namespace tayori::legacy::hmailserver
