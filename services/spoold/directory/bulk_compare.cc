#include "spoold/directory/bulk_compare.h"

#include "common/base/text.h"
#include "spoold/directory/account_rows.h"

namespace tayori::spool {

std::string name_key(std::string_view name) {
    std::string out;
    constexpr std::string_view kWideBlank = "\u3000";
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == ' ') continue;
        if (name.substr(i).starts_with(kWideBlank)) i += kWideBlank.size() - 1;
        else out.push_back(ascii_lower(name[i]));
    }
    return out;
}

bool all_off(const v1::AccountsRow& row) {
    return row.has_pop3() && row.has_imap() && row.has_submission() && !row.pop3() && !row.imap() && !row.submission();
}
std::uint32_t protocols_after(const v1::AccountsRow& row, std::uint32_t bits) {
    if (all_off(row)) return bits;
    const auto set = [&bits](v1::Protocol protocol, bool given, bool on) {
        if (given) bits = on ? bits | 1U << protocol : bits & ~(1U << protocol);
    };
    set(v1::PROTOCOL_POP3, row.has_pop3(), row.pop3());
    set(v1::PROTOCOL_IMAP, row.has_imap(), row.imap());
    set(v1::PROTOCOL_SUBMISSION, row.has_submission(), row.submission());
    return bits;
}

stored::v1::StoredAccount new_account(const TableRow& row) {
    stored::v1::StoredAccount out;
    out.set_address(row.name.text());
    out.set_state(all_off(*row.asked) ? stored::v1::STORED_STATE_SUSPENDED : stored::v1::STORED_STATE_ACTIVE);
    out.set_protocols(protocols_after(*row.asked, all_protocols()));
    out.set_display_name(row.asked->name());
    out.set_quota_bytes(row.asked->quota_bytes());
    out.set_generation(1);
    return out;
}

}  // namespace tayori::spool
