// What plugins would do with mails that are there: each as if it came now, one after the other, and nothing is changed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adminctl/plugin/stage.h"
#include "adminctl/plugin/stored.h"

namespace tayori::admin::kit {

struct Looked {
    StoredMail mail;
    Outcome outcome;
};

// `account` and `aliases` are whose mail it is; the clock is each mail's own time of arrival.
std::vector<Looked> look_at(Stage& stage, std::vector<StoredMail> mails);

// A line for each mail, then how often what was decided.
std::string replay_text(const std::vector<Looked>& looked);
// What plugins, lines and rules made of one mail.
std::string trace_text(const Looked& looked);
std::string to_json(const std::vector<Looked>& looked);

}  // namespace tayori::admin::kit
