// forward.txt, filter.txt and serverfilter.txt, as PMail's documents describe them.
#pragma once

#include <string_view>
#include <vector>

#include "common/legacy/plugin_json.h"
#include "common/legacy/report.h"

namespace tayori::legacy::pmail {

// <addr>[,<addr>…],<NONE|DELETE|FILTERNONE|FILTERDELETE|SUBJECTONLY|FILTERSUBJECTONLY>,[<filter>[,…]],[disable]
// Top-down, the first hit stops; a filter is a part of the sender.
std::vector<ForwardRule> parse_forward_file(std::string_view bytes, std::string_view file,
                                            AccountReport& report);

// FILTERn="name","type","max size", FILTERSTARTn … FILTERENDn. The lines between have no documented
// meaning: each filter becomes a rule that keeps them as they stand.
std::vector<FilterSettingsRule> parse_filter_file(std::string_view bytes, std::string_view file,
                                                  AccountReport& report);

}  // namespace tayori::legacy::pmail
