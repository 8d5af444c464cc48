// What plugins would do with mails that are there: each as if it came now, one after the other, and nothing is changed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "adminctl/plugin/stage.h"
#include "adminctl/plugin/stored.h"

namespace tayori::admin::kit {

struct Looked {
    std::uint32_t uid = 0;
    std::int64_t received_s = 0;
    std::string sender, subject;
    Outcome outcome;
};

// `account` and `aliases` of the stage are whose mail it is; the clock is the mail's own time of arrival.
Looked look_at(Stage& stage, const StoredMail& mail);

// A row for each mail with `said` of it, as its column is headed.
std::string table_of(const std::vector<Looked>& looked, std::string heading, const std::function<std::string(const Looked&)>& said);
// A line for each mail, then how often what was decided.
std::string replay_text(const std::vector<Looked>& looked);
// What plugins, lines and rules made of one mail.
std::string trace_text(const Looked& looked);
std::string to_json(const std::vector<Looked>& looked);

}  // namespace tayori::admin::kit
