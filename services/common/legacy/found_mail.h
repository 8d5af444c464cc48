// One file that is one mail, as load() finds it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/legacy/mail_head.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

struct FoundMail {
    Mail mail;
    MailHead head;
};

enum class Stuffing { looked_for, ignored };  // see Wrapping::dot_stuffed

// Reads the file's first bytes. Nothing: it is no mail that can be taken, which is in the report.
// The identity is made of `kind`, the B id and the header, so it stays when the file is renamed or
// moved.
std::optional<FoundMail> open_mail(const Tree& tree, const Entry& entry, std::string_view kind,
                                   Stuffing stuffing, AccountReport& report);

// What is said of a folder's mails in one line for all of them.
class Tally {
  public:
    void add(const Mail& mail);
    void tell(std::string_view path, AccountReport& report) const;

  private:
    std::array<std::uint64_t, 5> dates_{};  // by DateSource
    std::uint64_t stuffed_ = 0;
};

}  // namespace tayori::legacy
