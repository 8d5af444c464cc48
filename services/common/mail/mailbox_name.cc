#include "common/mail/mailbox_name.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/charset.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

// C0, DEL, C1, and the line and paragraph separators: all of them break lists and logs.
bool has_control(std::string_view utf8) {
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        if (c < 0x20 || c == 0x7f) return true;
        const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
        if (c == 0xc2 && next < 0xa0) return true;
        const auto tail = utf8.substr(i, 3);
        if (tail == "\xe2\x80\xa8" || tail == "\xe2\x80\xa9") return true;
    }
    return false;
}

}  // namespace

bool is_inbox(std::string_view name) { return equals_ignoring_case(name, "INBOX"); }

Result<std::string> normalize_mailbox_name(std::string_view utf8) {
    if (utf8.size() > kMailboxNameBytesMax)
        return fail(Kind::unsupported, "Mailbox name too long.");
    if (utf8.size() > 1 && utf8.back() == kDelimiter) utf8.remove_suffix(1);
    auto name = to_nfc(utf8);
    if (!name) return fail(Kind::unsupported, "Mailbox name is not valid text.");
    if (has_control(*name)) return fail(Kind::unsupported, "Mailbox name has a control character.");
    if (name->size() > kMailboxNameBytesMax)
        return fail(Kind::unsupported, "Mailbox name too long.");
    std::size_t levels = 0;
    for (std::size_t from = 0; from <= name->size(); ++levels) {
        const auto to = std::min(name->find(kDelimiter, from), name->size());
        if (to == from) return fail(Kind::unsupported, "Mailbox name has an empty level.");
        if (levels == 0 && is_inbox(std::string_view(*name).substr(0, to)))
            name->replace(0, to, "INBOX");
        from = to + 1;
    }
    if (levels > kMailboxLevelsMax)
        return fail(Kind::unsupported, "Mailbox name has too many levels.");
    return std::move(*name);
}

}  // namespace tayori::mail
