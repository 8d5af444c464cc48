// The two ways to a mail's bytes, alike for the one who asks (bodies.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/result.h"
#include "common/legacy/live/imap_session.h"
#include "common/legacy/live/link.h"
#include "common/legacy/live/pop3_session.h"

namespace tayori::legacy {

// Where a mail is at the source.
struct LivePlace {
    std::string raw_folder;  // empty: it is asked for by POP3
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;
    std::string uidl;  // DropLine::key
    std::uint64_t octets = 0;
};

// How often a connection is tried, with longer and longer pauses.
struct Patience {
    unsigned retries = 5;
    std::function<void(std::chrono::milliseconds)> pause;
};
// closed: every try failed; other errors are not tried again.
Result<std::unique_ptr<Link>> connect_patiently(const LinkMaker& make_link, LiveProtocol protocol,
                                                const Patience& patience);

class Lane {
  public:
    virtual ~Lane() = default;
    // Connects and goes where the mail is; nothing may be asked for at that time. not_found: it is not there any more.
    virtual Result<void> open(const LivePlace& place) = 0;
    // Can it be asked for without open()?
    virtual bool is_open(const LivePlace& place) const = 0;
    virtual std::size_t window() const = 0;
    virtual Result<void> ask(const LivePlace& place) = 0;
    // What was asked for first. not_found, denied: of this mail alone.
    virtual Result<std::string> take() = 0;
    virtual void lose() = 0;  // the session is of no use any more
};

class ImapLane final : public Lane {
  public:
    ImapLane(LinkMaker make_link, Patience patience, std::uint64_t message_bytes_max)
        : make_link_(std::move(make_link)), patience_(std::move(patience)), message_bytes_max_(message_bytes_max) {}
    ~ImapLane() override;

    Result<ImapSession*> session();  // connects where there is none
    Result<ExaminedFolder> examine(const std::string& raw_folder);

    Result<void> open(const LivePlace& place) override;
    bool is_open(const LivePlace& place) const override { return session_ && place.raw_folder == examined_; }
    std::size_t window() const override;
    Result<void> ask(const LivePlace& place) override;
    Result<std::string> take() override;
    void lose() override;

  private:
    const LinkMaker make_link_;
    const Patience patience_;
    const std::uint64_t message_bytes_max_;
    std::unique_ptr<ImapSession> session_;
    std::string examined_;  // empty: no folder
};

class Pop3Lane final : public Lane {
  public:
    Pop3Lane(LinkMaker make_link, Patience patience, std::uint64_t message_bytes_max)
        : make_link_(std::move(make_link)), patience_(std::move(patience)), message_bytes_max_(message_bytes_max) {}
    ~Pop3Lane() override { close(); }

    Result<Pop3Session*> session();  // connects where there is none, and reads the drop
    const std::vector<DropLine>& drop() const { return drop_; }
    void close();  // many servers lock a mailbox as long as a POP3 session lasts

    Result<void> open(const LivePlace& place) override;
    bool is_open(const LivePlace& place) const override { return session_ && numbers_.contains(place.uidl); }
    std::size_t window() const override { return session_ ? session_->window() : 1; }
    Result<void> ask(const LivePlace& place) override;
    Result<std::string> take() override;
    void lose() override { session_.reset(); }

  private:
    const LinkMaker make_link_;
    const Patience patience_;
    const std::uint64_t message_bytes_max_;
    std::unique_ptr<Pop3Session> session_;
    std::vector<DropLine> drop_;
    std::unordered_map<std::string, std::uint32_t> numbers_;  // in this session, by UIDL
};

}  // namespace tayori::legacy
