// One IMAP client from greeting to goodbye (RFC 3501 §3).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/mail/date.h"
#include "common/net/listener.h"
#include "common/rpc/spool.h"
#include "imapd/command_reader.h"
#include "imapd/mirror/folder_view.h"

namespace tayori::daemon {
class Plugins;
}

namespace tayori::imap {

// Lets so many coroutines through at a time; the others wait in order of arrival.
class Gate {
  public:
    explicit Gate(std::size_t places) : free_(places) {}
    class Pass {
      public:
        explicit Pass(Gate& gate) : gate_(&gate) {}
        Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Pass& operator=(Pass&&) = delete;
        ~Pass() {
            if (gate_ == nullptr) return;
            ++gate_->free_;
            gate_->freed_.notify();
        }

      private:
        Gate* gate_;
    };
    Async<Pass> enter() {
        while (free_ == 0) co_await freed_.wait();
        --free_;
        co_return Pass(*this);
    }

  private:
    std::size_t free_;
    Event freed_;
};

// What all sessions of the process share.
struct Parts {
    net::Loop& loop;
    rpc::Spool& spool;
    net::Server& server;
    const Clock& clock;
    const net::TlsContext* tls = nullptr;  // none: no STARTTLS
    Mirrors& mirrors;
    Gate& text_searches;
    daemon::Plugins& plugins;
    std::string hostname;
    std::size_t command_bytes_max = 64 * 1024;
    std::uint64_t append_bytes_max = 64 * 1024 * 1024;
    int bad_commands_max = 20;
    std::chrono::seconds login_timeout{60};
    std::chrono::seconds idle_timeout{1800};
    std::chrono::seconds keep_alive{120};  // "* OK Still here" in IDLE
    std::function<bool(const net::Conn&)> plaintext_allowed;
};

// Bits, so that the command table can name several.
enum State : unsigned { not_authenticated = 1, authenticated = 2, selected = 4 };

struct Account {
    rpc::Ticket ticket;
    std::uint64_t id = 0;
    std::string address;
};

class Session {
  public:
    Session(Parts& parts, net::Conn& conn);
    Async<void> run();

    // For handlers.
    Parts& parts() { return parts_; }
    net::Conn& conn() { return conn_; }
    State state() const;
    const Account& account() const { return *account_; }
    const rpc::Ticket& ticket() const { return account_->ticket; }
    FolderView& view() { return *view_; }
    bool has_view() const { return view_ != nullptr; }
    bool condstore() const { return condstore_; }
    SyncRules rules(Expunges expunges, bool with_uid = false) const {
        return {expunges, with_uid, condstore_};
    }

    template <class Request>
    auto call(Request request) {
        return parts_.spool.call(std::move(request), account_->ticket);
    }
    template <class Request>
    auto stream(Request request) {
        return parts_.spool.stream(std::move(request), account_->ticket);
    }

    bool plaintext_login_allowed() const;
    std::string capabilities() const;
    rpc::v1::ClientInfo client_info() const;

    void log_in(Account account);
    // Waits where the client guesses; after kLoginFailuresMax the session ends.
    Async<void> login_failed();
    void select(std::unique_ptr<FolderView> view, std::string name) {
        view_ = std::move(view);
        selected_ = std::move(name);
    }
    const std::string& selected() const { return selected_; }  // as it was called when it was selected
    void unselect() { view_.reset(); }
    // The first use of CONDSTORE tells a selected mailbox's HIGHESTMODSEQ (RFC 7162 §3.1).
    void enable_condstore();
    void log_out() { leaving_ = true; }
    void say_goodbye();  // BYE, with the reason why must_leave()
    // Untagged responses now, for handlers that need the numbers to be up to date.
    Async<void> tell_news(SyncRules rules);
    void tls_wanted() { starts_tls_ = true; }

    // APPEND's message on the connection: handlers read it themselves and say how much.
    bool has_message() const { return message_.has_value(); }
    const LiteralHeader& message() const { return *message_; }
    void message_taken() { message_.reset(); }

    net::Deadline idle_deadline() const { return parts_.loop.in(parts_.idle_timeout); }
    const std::string& tag() const { return tag_; }  // of the command that is being served
    bool must_leave() const { return parts_.server.is_stopping() || (view_ && view_->gone()); }
    Event& wake_event();

  private:
    Async<bool> wait_for_command();
    Async<void> serve_command();
    Async<Reply> execute(Command command);
    Async<void> finish_message();
    Async<void> answer(Reply reply, SyncRules rules);
    ReadLimits read_limits() const;
    net::Deadline deadline() const;
    Parts& parts_;
    net::Conn& conn_;
    std::unique_ptr<Account> account_;
    std::unique_ptr<FolderView> view_;
    std::optional<LiteralHeader> message_;
    std::string tag_;
    std::string selected_;
    net::Deadline login_deadline_;
    int bad_commands_ = 0;
    int login_failures_ = 0;
    bool condstore_ = false;
    bool leaving_ = false;
    bool starts_tls_ = false;
};

}  // namespace tayori::imap
