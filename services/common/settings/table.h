// The table of all keys. A Section<C> declares those of one struct: each key once, with its member, bounds and meaning.
//
//   Section<Smtpd> s(table, "smtpd", &Settings::smtpd, "Mail that comes in.");
//   s.amount("message_bytes_max", &Smtpd::message_bytes_max, 64 * kKiB, 1 * kGiB, "Announced in EHLO (RFC 1870).");
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/settings/settings.h"
#include "common/settings/value.h"

namespace tayori::settings {

// A value as the file or the environment gives it: one text, or several.
struct RawValue {
    std::vector<std::string> items;
    bool is_list = false;
};

enum class Visibility { documented, hidden };

struct Setting {
    std::string key;          // "smtpd.message_bytes_max"
    std::string type;         // for people: "bytes", "reject | normalize", "list of addresses"
    std::string bounds;       // "64KiB to 1GiB", or empty
    std::string description;
    Visibility visibility = Visibility::documented;
    std::function<Result<void>(Settings&, const RawValue&)> set;
    std::function<std::string(const Settings&)> show;  // as TOML
};

struct SectionText {
    std::string name;
    std::string description;
    Visibility visibility = Visibility::documented;
};

// What keys must be together. Says what is wrong with its key; empty: nothing.
struct Check {
    std::string key;
    std::function<std::string(const Settings&)> problem;
};

struct Table {
    std::vector<Setting> settings;
    std::vector<SectionText> sections;
    std::vector<Check> checks;
    const Setting* find(std::string_view key) const;
};

// Every key of every program, in the order of the documentation.
const Table& table();

namespace detail {
std::string quote(std::string_view text);
std::string show_list(const std::vector<std::string>& items);
Result<std::string> single(const RawValue& value);
Result<bool> to_bool(const RawValue& value);
Result<std::uint64_t> to_amount(const RawValue& value, Unit unit, std::uint64_t low, std::uint64_t high);
Result<std::size_t> to_choice(const RawValue& value, const std::vector<std::string>& names);
std::string show_amount_toml(std::uint64_t amount, Unit unit);
std::string bounds_text(std::uint64_t low, std::uint64_t high, Unit unit);
std::string_view unit_name(Unit unit);
std::string choices_text(const std::vector<std::string>& names);

template <class N>
std::uint64_t count_of(const N& n) {
    if constexpr (requires { n.count(); }) return static_cast<std::uint64_t>(n.count());
    else return static_cast<std::uint64_t>(n);
}
}  // namespace detail

template <class C>
class Section {
  public:
    Section(Table& table, std::string name, C Settings::*where, std::string description,
            Visibility visibility = Visibility::documented)
        : table_(table), name_(std::move(name)), where_(where), visibility_(visibility) {
        // Several structs may share a section; the first one describes it.
        const bool known = std::any_of(table_.sections.begin(), table_.sections.end(),
                                       [this](const SectionText& section) { return section.name == name_; });
        if (!known) table_.sections.push_back({name_, std::move(description), visibility});
    }

    void flag(std::string key, bool C::*member, std::string description) {
        row(std::move(key), "true | false", "", std::move(description),
            [member](C& c, const RawValue& raw) -> Result<void> {
                return detail::to_bool(raw).map([&](bool on) { c.*member = on; });
            },
            [member](const C& c) { return std::string(c.*member ? "true" : "false"); });
    }

    // Integers and durations. The unit is the key's last word.
    template <class N>
    void amount(std::string key, N C::*member, std::uint64_t low, std::uint64_t high, std::string description) {
        const Unit unit = unit_of(key);
        row(std::move(key), std::string(detail::unit_name(unit)), detail::bounds_text(low, high, unit),
            std::move(description),
            [=](C& c, const RawValue& raw) -> Result<void> {
                return detail::to_amount(raw, unit, low, high).map([&](std::uint64_t n) {
                    c.*member = static_cast<N>(n);
                });
            },
            [=](const C& c) { return detail::show_amount_toml(detail::count_of(c.*member), unit); });
    }

    void text(std::string key, std::string C::*member, std::string description) {
        row(std::move(key), "text", "", std::move(description),
            [member](C& c, const RawValue& raw) -> Result<void> {
                return detail::single(raw).map([&](std::string s) { c.*member = std::move(s); });
            },
            [member](const C& c) { return detail::quote(c.*member); });
    }

    // An enum whose enumerators count up from zero in the order of `names`.
    template <class E>
    void choice(std::string key, E C::*member, std::vector<std::string> names, std::string description) {
        const std::string type = detail::choices_text(names);
        row(std::move(key), type, "", std::move(description),
            [member, names](C& c, const RawValue& raw) -> Result<void> {
                return detail::to_choice(raw, names).map([&](std::size_t i) { c.*member = static_cast<E>(i); });
            },
            [member, names](const C& c) { return detail::quote(names[static_cast<std::size_t>(c.*member)]); });
    }

    void texts(std::string key, std::vector<std::string> C::*member, std::string description) {
        row(std::move(key), "list of text", "", std::move(description),
            [member](C& c, const RawValue& raw) -> Result<void> {
                c.*member = raw.items;
                return {};
            },
            [member](const C& c) { return detail::show_list(c.*member); });
    }

    void endpoint(std::string key, Endpoint C::*member, std::string description) {
        row(std::move(key), "address", "", std::move(description),
            [member](C& c, const RawValue& raw) -> Result<void> {
                return detail::single(raw).and_then(parse_endpoint).map([&](Endpoint e) {
                    c.*member = std::move(e);
                });
            },
            [member](const C& c) { return detail::quote((c.*member).to_string()); });
    }

    void url(std::string key, HttpUrl C::*member, std::string description) {
        row(std::move(key), "URL", "", std::move(description),
            [member](C& c, const RawValue& raw) -> Result<void> {
                return detail::single(raw).and_then(parse_http_url).map([&](HttpUrl u) { c.*member = std::move(u); });
            },
            [member](const C& c) { return detail::quote((c.*member).to_string()); });
    }

    // What is wrong with this key beside the others; empty: nothing.
    void check(std::string key, std::function<std::string(const Settings&)> problem) {
        table_.checks.push_back({name_ + "." + key, std::move(problem)});
    }

    void endpoints(std::string key, std::vector<Endpoint> C::*member, std::string description) {
        list(std::move(key), "list of addresses", member, parse_endpoint, &Endpoint::to_string,
             std::move(description));
    }

    void networks(std::string key, std::vector<Network> C::*member, std::string description) {
        list(std::move(key), "list of networks", member, parse_network,
             [](const Network& network) { return network.text; }, std::move(description));
    }

  private:
    template <class T, class Parse, class Show>
    void list(std::string key, std::string type, std::vector<T> C::*member, Parse parse, Show show,
              std::string description) {
        row(std::move(key), std::move(type), "", std::move(description),
            [member, parse](C& c, const RawValue& raw) -> Result<void> {
                std::vector<T> items;
                for (const auto& text : raw.items) {
                    auto item = parse(text);
                    if (!item) return fail(std::move(item.error()));
                    items.push_back(std::move(*item));
                }
                c.*member = std::move(items);
                return {};
            },
            [member, show](const C& c) {
                std::vector<std::string> items;
                for (const auto& item : c.*member) items.push_back(std::invoke(show, item));
                return detail::show_list(items);
            });
    }

    template <class Set, class Show>
    void row(std::string key, std::string type, std::string bounds, std::string description, Set set, Show show) {
        const auto where = where_;
        table_.settings.push_back(
            {name_ + "." + key, std::move(type), std::move(bounds), std::move(description), visibility_,
             [where, set](Settings& all, const RawValue& raw) { return set(all.*where, raw); },
             [where, show](const Settings& all) { return show(all.*where); }});
    }

    Table& table_;
    std::string name_;
    C Settings::*where_;
    Visibility visibility_;
};

}  // namespace tayori::settings
