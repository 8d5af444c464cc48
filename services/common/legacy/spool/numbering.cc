#include "common/legacy/spool/numbering.h"

#include <algorithm>

namespace tayori::legacy {

void drop_uids_unless_ascending(Folder& folder, const Reading& reading) {
    std::uint32_t last = 0;
    const Mail* broken = nullptr;
    for (const auto& mail : folder.mails) {
        if (mail.uid == 0) continue;
        if (mail.uid < last && broken == nullptr) broken = &mail;
        last = mail.uid;
    }
    if (broken == nullptr) return;
    reading.say(Severity::changed, "uids-not-ascending", broken->file, {folder.name, std::to_string(broken->uid)});
    for (auto& mail : folder.mails) mail.uid = 0;
}

void order_maildrop(Folder& folder) {
    std::uint64_t highest = 0;
    for (const auto& mail : folder.mails)
        if (mail.pop3_order != kHiddenFromPop3) highest = std::max(highest, mail.pop3_order);
    for (auto& mail : folder.mails) {
        if (mail.pop3_order == kHiddenFromPop3) mail.pop3_order = 0;
        else if (mail.pop3_order == 0) mail.pop3_order = ++highest;
    }
}

void take_deleted_off(Folder& folder, const Reading& reading) {
    for (auto& mail : folder.mails) {
        if ((mail.flags & kDeleted) == 0) continue;
        mail.flags = static_cast<std::uint8_t>(mail.flags & ~kDeleted);
        reading.say(Severity::changed, "flag-deleted", mail.file);
    }
}

}  // namespace tayori::legacy
