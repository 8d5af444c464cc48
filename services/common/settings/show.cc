#include <utility>

#include "common/base/text.h"
#include "common/settings/table.h"

namespace tayori::settings {
namespace {

std::string_view section_of(const Setting& setting) {
    return std::string_view(setting.key).substr(0, setting.key.find('.'));
}

}  // namespace

std::string show(const Settings& settings, Which which) {
    const Settings defaults;
    std::string out;
    // By sections: a section has one table, whoever declares keys of it.
    for (const auto& section : table().sections) {
        bool open = false;
        for (const auto& setting : table().settings) {
            if (section_of(setting) != section.name) continue;
            const auto value = setting.show(settings);
            const bool is_default = value == setting.show(defaults);
            if (setting.visibility == Visibility::hidden && is_default) continue;
            if (which == Which::changed && is_default) continue;
            if (!std::exchange(open, true)) append(out, out.empty() ? "" : "\n", "[", section.name, "]\n");
            append(out, setting.key.substr(section.name.size() + 1), " = ", value, "\n");
        }
    }
    return out;
}

std::string documentation() {
    const Settings defaults;
    std::string out =
        "# Settings\n\n"
        "Made from the declarations in `services/common/settings` by its unit test; do not edit by hand.\n\n"
        "All settings are in one file, `tayori.toml`; every program checks all of it, and an unknown key or a wrong value\n"
        "stops the start with file, line and what would be right. `TAYORI__SECTION__KEY` in the environment overrides the\n"
        "file: `TAYORI__SMTPD__WORKERS=2`; the items of a list are separated by commas there.\n\n"
        "A name ends in its unit, and a bare number is in that unit: `idle_timeout_s = 1800`. A text may bring another one:\n"
        "`\"30min\"`. Sizes: B, KiB, MiB, GiB, TiB. Times: ms, s, min, h, d. Relative paths start at `site.data_dir`.\n"
        "Addresses: `*:25` is every address of the machine, IPv4 and IPv6; `192.0.2.1:25`, `[2001:db8::1]:25`,\n"
        "`unix:run/spoold.sock`.\n\n"
        "`adminctl config check` says whether a file is right, `adminctl config show` what is in force.\n";
    for (const auto& section : table().sections) {
        if (section.visibility == Visibility::hidden) continue;
        append(out, "\n## [", section.name, "]\n\n", section.description, "\n\n",
               "| key | type | default | meaning |\n|---|---|---|---|\n");
        for (const auto& setting : table().settings) {
            if (section_of(setting) != section.name) continue;
            append(out, "| `", setting.key.substr(section.name.size() + 1), "` | ", setting.type,
                   setting.bounds.empty() ? "" : ", ", setting.bounds, " | `", setting.show(defaults), "` | ",
                   setting.description, " |\n");
        }
    }
    return out;
}

}  // namespace tayori::settings
