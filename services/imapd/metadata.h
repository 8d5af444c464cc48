// Settings of plugins as annotations of the server (RFC 5464): /private/vendor/tayori/PLUGIN/SETTING. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/rpc/calls.h"
#include "imapd/grammar/metadata.h"

namespace tayori::imap {

inline constexpr std::size_t kMetadataValueBytesMax = 256 * 1024;  // RFC 5464 §4.1: at least 1024

struct Annotation {
    std::string entry;
    std::string value;  // lines end in CRLF (RFC 5464 §3.2)
};
std::vector<Annotation> annotations_of(const rpc::v1::GetOwnSettingsReply& settings);

// Nothing: no setting has such an entry.
std::optional<rpc::v1::OwnSetting> setting_of(const MetadataValue& value);

}  // namespace tayori::imap
