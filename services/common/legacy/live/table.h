// The table of a migration: who somebody is at the source, and who here. CSV (RFC 4180), UTF-8 or cp932, with a header
// line:
//
//   user,password,address,name,quota
//   taro,pass1234,taro@example.jp,山田太郎,2G
//
// `user` and `address` are needed, `password` or `token` of each line; the columns may stand in any order.
#pragma once

#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/live/curl_link.h"
#include "common/legacy/model.h"

namespace tayori::legacy {

inline constexpr std::size_t kMigrationRowsMax = 100'000;

struct MigrationRow {
    LiveLogin login;
    bool token = false;  // login.secret is one
    Account account;     // directory: the user's name at the source
};

// invalid names the line and what is wrong. Each address, and each user, once.
Result<std::vector<MigrationRow>> parse_migration_table(std::string_view bytes, std::string_view domain);

}  // namespace tayori::legacy
