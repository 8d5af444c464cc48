// Names in a mailbox folder. The old systems ran on Windows: case never matters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tayori::legacy::epost {

bool is_mail_name(std::string_view name);  // *.MSG

// "B0001589565.MSG" in the POP3 folder: the number.
std::optional<std::uint64_t> pop3_number(std::string_view name);

// "0000000123-000010.MSG" in an IMAP folder.
struct ImapName {
    std::uint32_t uid = 0;
    std::uint8_t flags = 0;  // SystemFlag; Deleted among them
};
std::optional<ImapName> parse_imap_name(std::string_view name);

// What a control file is for. `none`: not one of this family's.
enum class Control : std::uint8_t {
    none,
    ims_ctl,       // ims.ctl
    reply_text,    // autoreply.txt, autorply.txt
    noreply,       // noreply.txt
    replied,       // replied.txt
    permit_from,   // permitfrom.txt
    password,      // apop.dat, smtpauth.dat
    size,          // size.ctl
    destinations,  // sender.dat
    filter,        // mail.dat
    virus,         // virus.dat
    use_time,      // usetime.dat
    effect,        // effect.dat
    uid,           // uid
};
Control control_of(std::string_view name);

}  // namespace tayori::legacy::epost
