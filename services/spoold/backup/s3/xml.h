// The XML of S3's answers: elements and their text. Attributes, namespaces' prefixes and comments are passed over; a DOCTYPE, and
// with it every entity that is no character, is refused.
#pragma once

#include <functional>
#include <string_view>

#include "common/base/result.h"

namespace tayori::spool::s3 {

// Called at the end of each element with its path ("ListBucketResult/Contents/Key") and its own text.
using SeeElement = std::function<void(std::string_view path, std::string_view text)>;

// corrupt: it is not well-formed, or ends too early. What came before has been seen.
Result<void> read_xml(std::string_view text, const SeeElement& see);

}  // namespace tayori::spool::s3
