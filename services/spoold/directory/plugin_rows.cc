#include "spoold/directory/plugin_rows.h"

#include <algorithm>

#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredPluginSettings;

constexpr std::string_view kYes = "1";
constexpr std::string_view kNo = "0";

bool enables_any(const StoredPluginSettings& settings) {
    return std::any_of(settings.entries().begin(), settings.entries().end(), enables);
}

}  // namespace

bool enables(const StoredPluginSettings::Entry& entry) {
    return entry.file().empty() ? entry.choice() == v1::PLUGIN_CHOICE_ENABLED : entry.enabled();
}

void note_plugins_used(store::Transaction& transaction, const StoredPluginSettings& written) {
    if (!enables_any(written)) return;
    const auto key = row_key::plugins_used();
    if (transaction.get(key) != kYes) transaction.put(key, kYes);
}

Result<bool> plugins_used(const Rows& rows) {
    auto row = rows.get(row_key::plugins_used());
    if (!row) return fail(std::move(row.error()));
    // Unknown: as if they were.
    return !*row || **row != kNo;
}

Result<void> find_plugins_used(store::Transaction& transaction) {
    const auto key = row_key::plugins_used();
    if (transaction.get(key)) return {};
    bool used = false;
    std::optional<Error> damaged;
    for (const auto& begin : {row_key::scope_plugin_settings_begin(), row_key::plugin_settings_begin()}) {
        transaction.scan(begin, row_key::end_of(begin), [&](std::string_view, std::string_view value) {
            auto settings = decode_stored<StoredPluginSettings>(value);
            if (!settings) damaged = std::move(settings.error());
            else used = used || enables_any(*settings);
            return !damaged && !used;
        });
    }
    if (damaged) return fail(std::move(*damaged));
    transaction.put(key, used ? kYes : kNo);
    return {};
}

}  // namespace tayori::spool
