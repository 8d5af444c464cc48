// Values of the reader (common/legacy) in the form that travels.
#pragma once

#include <string>
#include <vector>

#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

inline constexpr std::size_t kIdentityBytes = 16;
inline constexpr std::size_t kReportValueBytesMax = 2 * 1024;  // spoold keeps no line above 16 KiB

// What spoold knows a mail by: half of the SHA-256 of the reader's identity, or more than nobody can collide with.
std::string identity_of(const legacy::Mail& mail);
// The same names, in any order and case.
bool same_keywords(std::vector<std::string> a, std::vector<std::string> b);
v1::SpecialUse special_use_of(std::string_view name);

// As a field of text must be: valid UTF-8, and no more of it than can be read.
std::string text_on_wire(std::string_view value);

v1::ImportReportLine to_wire(const legacy::ReportLine& line);
legacy::ReportLine from_wire(const v1::ImportReportLine& line);

// Everything of an account but its password, which is moved in last and goes with the request.
v1::OpenImportAccountRequest account_request(std::uint64_t import_id, const legacy::Account& account,
                                             const legacy::Mailbox& mailbox, bool enable_settings);

}  // namespace tayori::admin
