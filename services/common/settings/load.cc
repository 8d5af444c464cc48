#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "common/base/text.h"
#include "common/settings/table.h"

extern char** environ;

namespace tayori::settings {
namespace {

constexpr std::string_view kEnvironmentPrefix = "TAYORI__";
constexpr std::size_t kHostnameBytesMax = 255;

// Where a value came from: "tayori.toml:12" or "environment TAYORI__SMTPD__WORKERS".
struct Problem {
    std::string where;
    std::string text;
    std::uint32_t line = 0;
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

std::string what_would_be_right(std::string_view unknown) {
    const Setting* best = nullptr;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const auto& setting : table().settings) {
        if (setting.visibility == Visibility::hidden) continue;
        // A key above the first [section] is compared without one.
        const auto known = unknown.find('.') == std::string_view::npos
                               ? std::string_view(setting.key).substr(setting.key.find('.') + 1)
                               : std::string_view(setting.key);
        const auto distance = edit_distance(unknown, known);
        if (distance < least) {
            least = distance;
            best = &setting;
        }
    }
    if (best != nullptr && least <= std::max<std::size_t>(3, unknown.size() / 3)) {
        return cat("; did you mean ", best->key, "?");
    }
    return "; docs/settings.md lists them all";
}

class Loader {
  public:
    explicit Loader(std::string file) : file_(std::move(file)) {}

    void parse(std::string_view text) {
        try {
            const toml::table root = toml::parse(text);
            walk(root, "");
        } catch (const toml::parse_error& error) {
            problem(line_of(error.source()), std::string(error.description()));
        }
        // toml++ gives the keys in the order of the alphabet.
        std::ranges::stable_sort(problems_, {}, &Problem::line);
    }

    void apply_environment(const Environment& environment) {
        for (const auto& [name, value] : environment) {
            if (!name.starts_with(kEnvironmentPrefix)) continue;
            std::string key = to_lower(std::string_view(name).substr(kEnvironmentPrefix.size()));
            const auto separator = key.find("__");
            if (separator != std::string::npos) key.replace(separator, 2, ".");
            assign(key, from_environment(key, value), cat("environment ", name));
        }
    }

    Result<Settings> finish() {
        if (problems_.empty()) check_together();
        if (problems_.empty()) return std::move(settings_);
        std::string text;
        for (const auto& problem : problems_) append(text, text.empty() ? "" : "\n", problem.where, ": ", problem.text);
        return fail(Kind::invalid, std::move(text));
    }

  private:
    std::string line_of(const toml::source_region& region) {
        line_ = region.begin.line;
        return cat(file_, ":", line_);
    }
    void problem(std::string where, std::string text) {
        problems_.push_back({std::move(where), std::move(text), line_});
    }

    void check_together() {
        for (const auto& check : table().checks) {
            auto wrong = check.problem(settings_);
            if (wrong.empty()) continue;
            const auto given = places_.find(check.key);
            const auto where = given != places_.end() ? given->second : file_.empty() ? "the settings" : file_;
            problem(where, cat(check.key, ": ", wrong));
        }
    }

    void walk(const toml::table& level, const std::string& prefix) {
        for (const auto& [name, node] : level) {
            const auto key = cat(prefix, name.str());
            if (const auto* inner = node.as_table(); inner != nullptr && prefix.empty()) {
                walk(*inner, cat(key, "."));
                continue;
            }
            const auto where = line_of(node.source());
            RawValue raw;
            if (to_raw(node, raw)) assign(key, raw, where);
            else problem(where, cat(key, ": write a text, a number, true or false, or a list of texts"));
        }
    }

    static bool to_item(const toml::node& node, RawValue& raw) {
        if (const auto* text = node.as_string()) raw.items.push_back(text->get());
        else if (const auto* number = node.as_integer()) raw.items.push_back(cat(number->get()));
        else if (const auto* on = node.as_boolean()) raw.items.push_back(on->get() ? "true" : "false");
        else return false;
        return true;
    }

    static bool to_raw(const toml::node& node, RawValue& raw) {
        const auto* array = node.as_array();
        if (array == nullptr) return to_item(node, raw);
        raw.is_list = true;
        return std::ranges::all_of(*array, [&](const toml::node& item) { return to_item(item, raw); });
    }

    // In the environment the items of a list are separated by commas; empty text is an empty list.
    static RawValue from_environment(std::string_view key, std::string_view text) {
        const auto* setting = table().find(key);
        if (setting == nullptr || !setting->type.starts_with("list")) return {{std::string(text)}, false};
        RawValue raw{{}, true};
        while (!text.empty()) {
            const auto comma = text.find(',');
            raw.items.emplace_back(trim(text.substr(0, comma)));
            text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        }
        return raw;
    }

    void assign(const std::string& key, const RawValue& raw, const std::string& where) {
        const auto* setting = table().find(key);
        if (setting == nullptr) {
            problem(where, cat("unknown key ", key, what_would_be_right(key)));
            return;
        }
        if (raw.is_list && !setting->type.starts_with("list")) {
            problem(where, cat(key, ": write one value, not a list"));
            return;
        }
        if (!raw.is_list && setting->type.starts_with("list")) {
            problem(where, cat(key, ": write a list, [\"…\", \"…\"]"));
            return;
        }
        places_[key] = where;
        auto done = setting->set(settings_, raw);
        if (done) return;
        const auto shown = raw.is_list ? detail::show_list(raw.items) : detail::quote(raw.items.front());
        problem(where, cat(key, " = ", shown, ": ", done.error().text));
    }

    std::string file_;
    std::uint32_t line_ = 0;  // of the value that is being looked at
    Settings settings_;
    std::vector<Problem> problems_;
    std::map<std::string, std::string> places_;  // of each key: where its value came from
};

std::string machine_name() {
    char name[kHostnameBytesMax + 1] = {};
    if (gethostname(name, kHostnameBytesMax) != 0 || name[0] == '\0') return "localhost";
    return name;
}

Result<Settings> load_with(Loader loader, const Environment& environment) {
    loader.apply_environment(environment);
    auto settings = loader.finish();
    if (settings && settings->site.hostname.empty()) settings->site.hostname = machine_name();
    return settings;
}

}  // namespace

std::string Settings::path(std::string_view configured) const {
    if (configured.empty() || configured.front() == '/') return std::string(configured);
    return cat(site.data_dir, "/", configured);
}

Endpoint Settings::resolve(const Endpoint& endpoint) const {
    Endpoint resolved = endpoint;
    if (endpoint.is_unix()) resolved.path = path(endpoint.path);
    return resolved;
}

Environment process_environment() {
    Environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

Result<Settings> load_text(std::string_view toml, const std::string& name, const Environment& environment) {
    Loader loader(name);
    loader.parse(toml);
    return load_with(std::move(loader), environment);
}

Result<Settings> load(const std::string& path, const Environment& environment) {
    if (path.empty()) return load_with(Loader(""), environment);
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    // A directory opens but can't be read.
    if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf()))) {
        return fail(Kind::not_found, cat(path, ": cannot be read"));
    }
    return load_text(text.str(), path, environment);
}

}  // namespace tayori::settings
