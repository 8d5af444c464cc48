// "* STATUS" responses, for STATUS and LIST RETURN (STATUS …).
#pragma once

#include <string>

#include "imapd/grammar/list_args.h"
#include "imapd/session.h"

namespace tayori::imap {

// One response for a folder as spoold has it now.
Async<void> append_status(Session& session, std::string& out, const v1::Folder& folder,
                          StatusItems items);

}  // namespace tayori::imap
