// A connection to another server that has been logged in to, as bytes, lines and counted bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace tayori::legacy {

class Link {
  public:
    virtual ~Link() = default;
    // closed: the connection is gone, or nothing came in time.
    virtual Result<void> send(std::string_view bytes) = 0;
    // At least one byte.
    virtual Result<std::string> receive() = 0;
};

enum class LiveProtocol : std::uint8_t { imap, pop3 };

// Connects and logs in. auth_failed: the server knows no such user or password; closed: not reached, try again;
// unsupported: there is no way to log in that both sides know.
using LinkMaker = std::function<Result<std::unique_ptr<Link>>(LiveProtocol)>;

// What comes over a link, cut into lines and counted bytes. After any error the link is of no use.
class LinkReader {
  public:
    explicit LinkReader(Link& link) : link_(link) {}
    // Without its line end, CRLF or LF. corrupt: it is longer than `bytes_max`.
    Result<std::string> line(std::size_t bytes_max);
    Result<std::string> exactly(std::uint64_t bytes);

  private:
    Result<void> more();

    Link& link_;
    std::string buffer_;
    std::size_t from_ = 0;
};

// Does the session end with this error, and not just one question of it?
bool ends_session(const Error& error);
// The error of a server that says something that makes no sense.
tl::unexpected<Error> fail_nonsense(std::string detail);

}  // namespace tayori::legacy
