// What the postmaster is told where a plugin has failed so often that it rests.
#pragma once

#include <cstdint>
#include <string>

#include "common/mail/dsn.h"

namespace tayori::daemon {

struct RestNotice {
    std::string postmaster;  // address
    std::string hostname;
    std::string program;
    std::string plugin;
    std::string failure;     // file, line, why
    std::int64_t date_s = 0;
    std::int64_t until_s = 0;
    bool tempfail = false;   // mail waits meanwhile, instead of going on without it
    std::string number;      // of the Message-ID
    mail::DsnLanguage language = mail::DsnLanguage::english;
};
// A whole mail.
std::string rest_notice(const RestNotice& notice);

}  // namespace tayori::daemon
