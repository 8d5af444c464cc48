// The sentences of reports. Each family keeps its own table beside its code; report.cc lists the
// tables.
#pragma once

#include <span>
#include <string_view>

namespace tayori::legacy {

// {0}, {1} … stand for the line's values.
struct Message {
    std::string_view code;  // unique over all tables
    std::string_view english;
    std::string_view japanese;
};

std::span<const Message> common_messages();
std::span<const Message> accounts_messages();
std::span<const Message> capture_messages();
std::span<const Message> epost_messages();
std::span<const Message> pmail_messages();
std::span<const Message> spool_messages();
std::span<const Message> import_messages();
std::span<const Message> job_messages();
std::span<const Message> live_messages();

// The text of an Error, where it stands as a value in a sentence: as it is, or in Japanese.
std::string_view japanese_reason(std::string_view english);

// Nothing: no table has this code.
const Message* find_message(std::string_view code);
// All tables, in the order in which they are listed.
std::span<const std::span<const Message>> all_messages();

}  // namespace tayori::legacy
