#include "imapd/metadata.h"

#include <absl/strings/str_replace.h>

#include "common/base/text.h"

namespace tayori::imap {
namespace {

constexpr std::string_view kOurs = "/private/vendor/tayori/";
constexpr std::string_view kAdmin = "/shared/admin";

}  // namespace

std::vector<Annotation> annotations_of(const rpc::v1::GetOwnSettingsReply& settings) {
    std::vector<Annotation> out;
    for (const auto& setting : settings.settings()) {
        out.push_back({cat(kOurs, setting.plugin(), "/", setting.name()),
                       absl::StrReplaceAll(setting.text(), {{"\r\n", "\r\n"}, {"\n", "\r\n"}})});
    }
    // Whom to ask (RFC 5464 §6.2.2); read-only.
    if (!settings.postmaster().empty()) out.push_back({std::string(kAdmin), cat("mailto:", settings.postmaster())});
    return out;
}

std::optional<rpc::v1::OwnSetting> setting_of(const MetadataValue& value) {
    if (!value.entry.starts_with(kOurs)) return std::nullopt;
    const auto name = std::string_view(value.entry).substr(kOurs.size());
    const auto slash = name.find('/');
    if (slash == std::string_view::npos || slash == 0 || name.find('/', slash + 1) != std::string_view::npos) return std::nullopt;
    rpc::v1::OwnSetting setting;
    setting.set_plugin(std::string(name.substr(0, slash)));
    setting.set_name(std::string(name.substr(slash + 1)));
    if (value.value) setting.set_text(absl::StrReplaceAll(*value.value, {{"\r\n", "\n"}}));
    return setting;
}

}  // namespace tayori::imap
