#include "common/legacy/flags.h"

#include "common/base/text.h"

namespace tayori::legacy {

void take_flag(std::string_view name, Mail& mail, AccountReport& report) {
    constexpr struct {
        std::string_view name;
        SystemFlag flag;
    } kFlags[] = {{"\\Answered", kAnswered}, {"\\Flagged", kFlagged}, {"\\Seen", kSeen}, {"\\Draft", kDraft}};
    for (const auto& known : kFlags) {
        if (!equals_ignoring_case(known.name, name)) continue;
        mail.flags = static_cast<std::uint8_t>(mail.flags | known.flag);
        return;
    }
    if (equals_ignoring_case(name, "\\Deleted"))
        report.add(Severity::changed, mail.file, "flag-deleted");
    else if (!name.starts_with('\\'))
        mail.keywords.emplace_back(name);
}

}  // namespace tayori::legacy
