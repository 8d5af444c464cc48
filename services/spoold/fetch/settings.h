// What a source may be, and what one with other settings becomes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "spoold/ids.h"
#include "tayori/spool/stored/v1/fetch.pb.h"
#include "tayori/spool/v1/fetch.pb.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;
using stored::v1::StoredFetchSource;

// Settings of a new source, with everything that was left out; address and secret stay with the request. invalid says what is
// wrong.
Result<v1::FetchSettings> new_fetch_settings(const v1::FetchSettings& wanted);
// The same after a change.
Result<v1::FetchSettings> changed_fetch_settings(const v1::FetchSettings& now, const v1::FetchSettings& wanted);

bool is_same_source(const v1::FetchSettings& a, const v1::FetchSettings& b);
// What its mail is remembered by: the same after a change of port, TLS or password.
std::string fetch_origin(const v1::FetchSettings& settings);
// What its secret is sealed for.
std::string secret_bound_to(AccountId account, const v1::FetchSettings& settings);

// A sentence for the list: at most kFetchTextBytesMax, on one line.
std::string fetch_text(std::string_view text);

}  // namespace tayori::spool
