// A contract's message as JSON for programs: the names of the contract, numbers as numbers (they are exact: JSON sets
// no bound), enum values as their short names ("active", "imap"), every field always there.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

namespace tayori::admin {

std::string to_json(const google::protobuf::Message& message);
std::string json_string(std::string_view text);

}  // namespace tayori::admin
