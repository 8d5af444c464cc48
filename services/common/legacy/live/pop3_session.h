// One POP3 session with another server (RFC 1939), read only: DELE is said for removal.h alone.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/live/link.h"

namespace tayori::legacy {

struct DropLine {
    std::uint32_t number = 0;
    std::string uidl;
    std::string key;  // the UIDL, with its count where the server gives it twice
    std::uint64_t octets = 0;
};

class Pop3Session {
  public:
    // `link` has been logged in to.
    Pop3Session(std::unique_ptr<Link> link, std::uint64_t message_bytes_max)
        : link_(std::move(link)), reader_(*link_), message_bytes_max_(message_bytes_max) {}

    // closed, corrupt: the session is over. unsupported: the server has no UIDL.
    Result<void> start();
    // By number. UIDLs are as the server spells them.
    Result<std::vector<DropLine>> drop();

    // What is asked for comes in this order. At most window() before something is taken.
    std::size_t window() const;
    bool may_have_top() const { return top_ != Top::no; }
    Result<void> ask_header(std::uint32_t number);  // by TOP
    // By TOP where there is one: Dovecot and others mark what RETR has read as seen.
    Result<void> ask(std::uint32_t number);
    std::size_t asked() const { return asked_; }
    Result<std::string> take();  // denied: the server said -ERR

    // For removal.h alone: what is marked goes with commit(), which ends the session.
    Result<void> mark_deleted(std::uint32_t number);
    Result<void> commit();

    void goodbye();  // QUIT, where it changes nothing

  private:
    Result<std::string> answer();  // of "+OK"; denied
    Result<std::string> text(std::uint64_t bytes_max);
    Result<std::vector<std::string>> list(std::string_view command);

    std::unique_ptr<Link> link_;
    LinkReader reader_;
    const std::uint64_t message_bytes_max_;
    bool pipelines_ = false;
    enum class Top { untried, yes, no };
    Top top_ = Top::untried;
    std::uint32_t last_ = 0;  // what was asked for last, and
    bool header_ = false;     // whether it was a header
    bool read_some_ = false;  // by RETR
    std::size_t asked_ = 0;
};

}  // namespace tayori::legacy
