// A set in S3: every file is an object, PREFIX/SET/000001/log/00000012.log.
//
// What is small goes in one request, the rest in parts of one size, one after the other, so that 16 MiB are in memory. An upload
// that ends before its last request is no object; tidy() gives its parts back.
#pragma once

#include "spoold/backup/s3/client.h"
#include "spoold/backup/target.h"

namespace tayori::spool::s3 {

inline constexpr std::size_t kPartBytes = 16 << 20;
inline constexpr std::size_t kPartsMax = 10'000;  // S3's limit

std::unique_ptr<Target> make_s3_target(std::shared_ptr<S3Client> client, const std::string& set);
// The names right below `prefix`, sorted.
Result<std::vector<std::string>> names_below(S3Client& client, const std::string& prefix);

}  // namespace tayori::spool::s3
