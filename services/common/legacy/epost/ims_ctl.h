// IMS.CTL: auto-reply, forwarding, and whether a copy is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/report.h"

namespace tayori::legacy::epost {

// A value as it stands, and where.
struct Located {
    std::string text;
    std::uint64_t line = 0;
};

struct ImsCtl {
    bool has_auto_reply = false;  // there is a section of that name
    std::string reply_from;
    std::string subject;
    bool echo_message = false;
    bool delete_header = false;
    bool record_replies = false;
    std::vector<Located> forward_to;  // addresses and file:…, one each
    bool discard = false;
    std::uint64_t discard_line = 0;
};

// Never fails: what makes no sense goes into the report, verbatim.
ImsCtl parse_ims_ctl(std::string_view bytes, std::string_view file, AccountReport& report);

// The last part of a path of the old machine, "\" or "/".
std::string_view base_name(std::string_view path);

}  // namespace tayori::legacy::epost
