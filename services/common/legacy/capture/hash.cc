#include "common/legacy/capture/hash.h"

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/header.h"

namespace tayori::legacy {
namespace {

bool is_added(std::string_view name) {
    return equals_ignoring_case(name, "X-UIDL") || equals_ignoring_case(name, "Status") ||
           equals_ignoring_case(name, "X-Status");
}

}  // namespace

std::string capture_hash(std::string_view message) {
    std::string copy;
    std::size_t behind = 0;  // of what is copied or left out
    bool changed = false;
    mail::Fields fields(message.substr(0, mail::header_bytes(message)));
    while (const auto field = fields.next()) {
        const bool added = is_added(field->name);
        changed |= added;
        if (!added) copy += field->raw;
        behind += field->raw.size();
    }
    if (!changed && message.ends_with("\r\n")) return hex_encode(crypto::sha256(message));
    copy += message.substr(behind);
    if (!copy.ends_with("\r\n")) copy += "\r\n";
    return hex_encode(crypto::sha256(copy));
}

}  // namespace tayori::legacy
