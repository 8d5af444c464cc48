// sender.dat and mail.dat as rules. Only what is documented, or written in our own `filter 1`,
// becomes a rule that can run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/plugin_json.h"
#include "common/legacy/report.h"

namespace tayori::legacy::epost {

// "*" in a pattern stands for any text; the first match wins.
std::vector<DestinationRule> parse_sender_dat(std::string_view bytes, std::string_view file,
                                              AccountReport& report);

// Of a mail.dat that is no `filter 1`, each line becomes a rule that only keeps it as it stands.
std::vector<FilterSettingsRule> parse_mail_dat(std::string_view bytes, std::string_view file,
                                               AccountReport& report);

// One line of `filter 1`; nothing if it is none.
std::optional<FilterSettingsRule> parse_filter_line(std::string_view line);

// effect.dat: `<ip|ip/nn|domain|address> [false|only]`.
bool is_effect_line(std::string_view line);

}  // namespace tayori::legacy::epost
