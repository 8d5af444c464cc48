// The bytes of one mail in an mbox become the message.
#pragma once

#include <string>

#include "common/legacy/model.h"

namespace tayori::legacy {

// `file_bytes` is what Mail::offset and bytes name. Takes the From_ line off, one ">" from quoted lines (mbox_rd), the bookkeeping
// fields out of the header (strip_bookkeeping), and makes all line ends CRLF. Linear.
std::string unwrap_mbox(std::string file_bytes, const Mail& mail);

}  // namespace tayori::legacy
