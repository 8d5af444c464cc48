#include "common/mail/part_info.h"

#include "common/base/text.h"
#include "common/mail/header.h"
#include "common/mail/utf8.h"

namespace tayori::mail {

std::string decode_file_name(const std::vector<Param>& params, std::string_view name) {
    auto text = to_valid_utf8(decode_param(params, name));
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    const auto cut = text.find_last_of("/\\");
    if (cut != std::string::npos && cut + 1 < text.size()) text.erase(0, cut + 1);
    return text;
}

bool PartInfo::is_file() const {
    if (type.starts_with("multipart/")) return false;
    return disposition == "attachment" || !name.empty() || !type.starts_with("text/");
}

PartInfo read_part_info(std::string_view header, std::string_view default_type) {
    PartInfo info;
    info.type = default_type;
    if (const auto field = find_field(header, "Content-Disposition")) {
        const auto disposition = parse_disposition(*field);
        info.disposition = to_lower(disposition.type);
        info.name = decode_file_name(disposition.params, "filename");
    }
    if (const auto field = find_field(header, "Content-Type")) {
        const auto type = parse_content_type(*field);
        info.type = to_lower(cat(type.type, '/', type.subtype));
        // Older programs name the file here only.
        if (info.name.empty()) info.name = decode_file_name(type.params, "name");
    }
    return info;
}

}  // namespace tayori::mail
