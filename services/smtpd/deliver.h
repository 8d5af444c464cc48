// From a received text to one committed plan, and to the answer that the client gets.
#pragma once

#include <memory>
#include <string>

#include "smtpd/session.h"
#include "smtpd/text.h"

namespace tayori::smtp {

// A text for the envelope of this session.
std::unique_ptr<Text> make_text(Session& session);

// Ends the transaction: hands everything to spoold in one plan and writes the reply. The envelope is reset.
Async<void> deliver(Session& session, std::unique_ptr<Text> text);

}  // namespace tayori::smtp
