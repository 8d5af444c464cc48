// What S3 answers, as far as we ask. corrupt: it makes no sense, or was cut off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::spool::s3 {

struct ListedKeys {
    std::vector<std::string> keys;
    std::vector<std::string> prefixes;  // with their last "/"
    std::string next;                   // where the next page begins; empty: this was the last one
};
struct Upload {
    std::string key;
    std::string id;
};
struct ListedUploads {
    std::vector<Upload> uploads;
    bool more = false;
};
// An <Error>. Words of a stranger: made printable and short.
struct Trouble {
    std::string code;  // empty: it is none
    std::string message;
    std::string region;  // where the bucket is instead
};

Result<ListedKeys> parse_listed_keys(std::string_view xml);  // asked for with encoding-type=url
Result<ListedUploads> parse_listed_uploads(std::string_view xml);
Result<std::string> parse_upload_id(std::string_view xml);
Trouble parse_trouble(std::string_view xml);

// The body of CompleteMultipartUpload.
std::string listed_parts(const std::vector<std::string>& etags);

}  // namespace tayori::spool::s3
