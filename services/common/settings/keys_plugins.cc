#include "common/settings/declare.h"

namespace tayori::settings {

void declare_plugins(Table& table) {
    Section<Plugins> s(table, "plugins", &Settings::plugins,
                       "Lua plugins, run by smtpd, imapd and pop3d. Which are enabled, and their own settings: `adminctl plugin`.");
    s.texts("directories", &Plugins::directories,
            "Folders with the plugins that come with Tayori, one folder each. Empty: those beside the programs.");
    s.text("site_directory", &Plugins::site_directory,
           "The folder with the site's own plugins; one there takes the place of one of the same name that came with Tayori.");
    s.choice("broken", &Plugins::broken, {"shipped", "others"},
             "What runs after a start where a plugin of the site does not load: only those that came with Tayori, or all others, too. "
             "A reload changes nothing then.");
    s.amount("instructions_max", &Plugins::instructions_max, 10'000, 1'000'000'000, "Instructions of one call of a hook.");
    s.amount("memory_bytes_max", &Plugins::memory_bytes_max, 1 * kMiB, 1 * kGiB, "Memory of one Lua state of a plugin.");
    s.amount("call_ms", &Plugins::call_ms, 10, 60'000, "How long one call of a hook may take.");
    s.amount("output_bytes_max", &Plugins::output_bytes_max, 4 * kKiB, 64 * kMiB,
             "Texts of everything that one call decides, logs and writes.");
    s.amount("actions_max", &Plugins::actions_max, 1, 10'000, "What one call may decide.");
    s.amount("log_lines_max", &Plugins::log_lines_max, 0, 1000, "Lines that one call may log.");
    s.amount("failures_max", &Plugins::failures_max, 1, 1000, "Failures in a row; then the plugin rests.");
    s.amount("rest_min_s", &Plugins::rest_min_s, 1, 86'400, "How long a plugin rests the first time; doubled each time,");
    s.amount("rest_max_s", &Plugins::rest_max_s, 1, 86'400, "up to this.");
    s.amount("states", &Plugins::states, 1, 64, "Lua states of each plugin: so many of its calls run at once in each process.");
    s.amount("waiting_max", &Plugins::waiting_max, 10, 100'000,
             "Jobs that wait for a state, in each process; one more is answered by temporary errors.");
    s.check("rest_max_s", [](const Settings& all) {
        return all.plugins.rest_max_s < all.plugins.rest_min_s ? std::string("write no less than plugins.rest_min_s") : std::string();
    });
}

}  // namespace tayori::settings
