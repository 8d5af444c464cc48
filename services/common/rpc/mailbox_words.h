// What people and plugins call things of a mailbox, in the contract's terms: flags by their IMAP names, folders by what they are for,
// UIDs as ranges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tayori/spool/v1/types.pb.h"

namespace tayori::rpc {

// The bit of "\\Seen" and the like, in any case (RFC 9051 §2.3.2); 0: no system flag of ours.
std::uint32_t system_flag(std::string_view name);
// "junk", "trash", "archive", "sent", "drafts" (RFC 6154 §2); else unspecified.
spool::v1::SpecialUse special_use_named(std::string_view name);
// The account's folder of that use, else the name under which spoold would make one.
std::string folder_of_use(const google::protobuf::RepeatedPtrField<spool::v1::Folder>& folders, spool::v1::SpecialUse use);

// One more UID, above all that are there.
void add_uid(google::protobuf::RepeatedPtrField<spool::v1::UidRange>& ranges, std::uint32_t uid);

}  // namespace tayori::rpc
