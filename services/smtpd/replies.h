// What smtpd says. The only file that knows reply codes: RFC 5321 §4.2, enhanced ones by RFC 3463 and RFC 5248.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::smtp {

// A whole reply with its CRLF; several lines where `text` has newlines.
// `enhanced` is empty for replies that carry no enhanced code (greeting, EHLO; RFC 2034 §4).
std::string reply(int code, std::string_view enhanced, std::string_view text);

// Where in the transaction an error arose: the same Kind has other codes for a recipient than for a message.
enum class Stage { session, sender, recipient, message };
std::string error_reply(const Error& error, Stage stage);

}  // namespace tayori::smtp
