// The mails that are sent: always the same ones for the same number, so that servers are compared fairly.
#pragma once

#include <cstdint>
#include <string>

namespace tayori::bench {

enum class Mix {
    small,  // 4 KiB, one in five multipart
    large,  // 64 KiB with an attachment
    mixed,  // nine small, one large
};
Mix mix_of(const std::string& name);  // "4k", "64k", "mix"

// CRLF lines, none begins with a dot.
void write_letter(std::string& out, std::uint64_t number, Mix mix);

}  // namespace tayori::bench
