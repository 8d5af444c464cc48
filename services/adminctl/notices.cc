#include "adminctl/notices.h"

#include <cstdlib>
#include <string_view>

#include "adminctl/table.h"

namespace tayori::admin {

Language language_of_environment() {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0')
            return std::string_view(value).starts_with("ja") ? Language::japanese : Language::english;
    }
    return Language::english;
}

std::string sentence(const v1::Notice& notice, Language language) {
    legacy::ReportLine line;
    line.code = notice.code();
    line.values.assign(notice.values().begin(), notice.values().end());
    return printable(legacy::sentence(line, language));
}

}  // namespace tayori::admin
