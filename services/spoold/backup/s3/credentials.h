// Who we are for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment, else a file.
#pragma once

#include "common/base/result.h"
#include "spoold/backup/s3/signature.h"

namespace tayori::spool::s3 {

// The file is in the form of AWS's own tools; without sections, or that of [default] counts:
//
//   [default]
//   aws_access_key_id = AKIA…
//   aws_secret_access_key = …
//
// invalid: what is missing.
Result<Credentials> parse_credentials(std::string_view text);
// Read anew each time, since temporary ones are replaced. `file` may be empty. invalid.
Result<Credentials> read_credentials(const std::string& file);

}  // namespace tayori::spool::s3
