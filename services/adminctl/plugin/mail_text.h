// Mails as tests write and change them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::admin::kit {

// Lines of a test as a mail: CRLF, UTF-8 declared where the mail does not say what its text is.
std::string as_mail(const std::vector<std::string>& lines);
// A file; line ends become CRLF.
Result<std::string> read_mail(const std::string& path, std::uint64_t bytes_max);
std::string with_crlf(std::string_view text);

// "Precedence: bulk ; from <>": parted by " ; ".
std::vector<std::string> split_changes(std::string_view changes);
std::string without_field(std::string_view mail, std::string_view name);
std::string with_field(std::string_view mail, std::string_view field);  // instead of those of the same name
std::string with_body(std::string_view mail, std::string_view body);

}  // namespace tayori::admin::kit
