// One SMTP session (RFC 5321 §3, §4.1), from greeting to goodbye.
//
// Invariant: 250 to the end of a text is written only after spoold's reply that the whole plan is on disk. Whatever
// happens before, the mail is still its sender's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/mail/address.h"
#include "common/mail/dsn.h"
#include "common/net/listener.h"
#include "common/rpc/spool.h"
#include "common/sasl/sasl.h"
#include "smtpd/grammar/command.h"
#include "smtpd/grammar/data_reader.h"
#include "smtpd/grammar/newline_filter.h"
#include "smtpd/plan.h"
#include "smtpd/plugin_plan.h"
#include "smtpd/recipient_cache.h"
#include "smtpd/replies.h"

namespace tayori::daemon {
class Plugins;
}

namespace tayori::smtp {

inline constexpr std::size_t kDecisionsKeptMax = 1000;  // of plugins, before the text of one mail
inline constexpr std::size_t kRecipientBatchMax = 100;  // RCPTs that share one look-up

enum class Port {
    relay,        // 25: from other servers, for our domains
    submission,   // 587: from our users, STARTTLS
    submissions,  // 465: from our users, TLS from the start
    lmtp,         // from programs of the site, for our mailboxes (RFC 2033)
};

// What all sessions of a process share; built in main.
struct Parts {
    net::Loop& loop;
    rpc::Spool& spool;
    net::Server& server;
    RecipientCache& recipients;
    daemon::Plugins& plugins;
    const Clock& clock;
    const net::TlsContext* tls = nullptr;  // none: STARTTLS is not offered
    std::string hostname;
    std::uint64_t message_bytes_max = 0;
    std::size_t recipients_max = 0;    // LIMITS RCPTMAX (RFC 9422 §3.3)
    std::size_t transactions_max = 0;  // of one connection: LIMITS MAILMAX (RFC 9422 §3.2)
    std::size_t bad_commands_max = 0;  // then 421: whoever it is, it does not speak SMTP
    std::size_t hops_max = 0;          // Received fields: more are a loop (RFC 5321 §6.3)
    net::Duration command_timeout{};
    net::Duration data_timeout{};
    BareNewline bare_newline = BareNewline::reject;
    net::Networks normalize_networks;
    std::function<bool(const net::Conn&)> plaintext_auth_allowed;
    mail::DsnLanguage notice_language = mail::DsnLanguage::english;
    std::uint64_t buffered_bytes = 0;  // of all messages that are being received now
};

// The mail transaction: what RSET forgets (RFC 5321 §4.1.1.5).
struct Envelope {
    bool begun = false;
    std::string reverse_path;
    std::uint64_t declared_bytes = 0;
    bool smtputf8 = false;
    std::string envelope_id;       // ENVID, as xtext
    std::uint32_t dsn_return = 0;  // DsnReturn (queue.proto)
    std::vector<PlanRecipient> recipients;
    std::vector<PluginDecision> decisions;  // of `mail` and `rcpt`: they take effect with the mail
};

class Text;

class Session {
  public:
    Session(Parts& parts, net::Conn& conn, Port port);
    ~Session();
    Async<void> run();

    // For the commands.
    Parts& parts() { return parts_; }
    net::Conn& conn() { return conn_; }
    Port port() const { return port_; }
    bool is_submission() const { return port_ == Port::submission || port_ == Port::submissions; }
    bool is_lmtp() const { return port_ == Port::lmtp; }
    // The text has ended: of LMTP, each recipient is owed an answer (RFC 2033 §4.2). Until the command's end.
    void answer_each_recipient() {
        if (is_lmtp()) answers_ = envelope_.recipients.size();
    }
    Envelope& envelope() { return envelope_; }
    std::optional<sasl::Login>& login() { return login_; }
    std::string& helo() { return helo_; }
    bool& esmtp() { return esmtp_; }
    std::unique_ptr<Text>& bdat_text() { return bdat_text_; }
    NewlineFilter& bdat_filter() { return bdat_filter_; }
    std::size_t& transactions() { return transactions_; }
    const std::string& id() const { return id_; }
    // Whose plugins look at this session, since their last hook: account_id 0 and the site's profile where nobody has logged in.
    lua::AccountView& who() { return who_; }
    // What they have decided for all mails of it.
    std::vector<PluginDecision>& decisions() { return decisions_; }
    void limit_size(std::uint64_t bytes) { size_max_ = std::min(size_max_, bytes); }
    // What EHLO announces: ours, or what plugins have made of it.
    std::uint64_t message_bytes_max() const { return std::min(size_max_, parts_.message_bytes_max); }

    BareNewline newline_policy() const;
    bool may_authenticate() const;
    rpc::v1::ClientInfo client_info() const;
    std::string peer_ip() const;
    void reset_envelope();
    void end() { ended_ = true; }                       // after the reply, the session is over
    Async<void> reply(int code, std::string_view enhanced, std::string_view text);
    Async<void> reply(const lua::Refusal& refusal);
    // Gives the error's reply; what is wrong on our side is logged.
    Async<void> refuse(Error error, Stage stage);
    void count_bad_command() { ++bad_commands_; }
    // The next line of a client that answers us (AUTH). Errors leave.
    Async<std::string> read_answer(std::size_t bytes_max);

  private:
    Async<bool> next_line(std::string& line);
    Async<void> execute(std::string line);
    Async<void> answer(std::string line);
    bool may_speak() const;

    Parts& parts_;
    net::Conn& conn_;
    Port port_;
    std::string id_;  // of this session in the log
    std::string helo_;
    bool esmtp_ = false;
    std::optional<sasl::Login> login_;
    Envelope envelope_;
    std::unique_ptr<Text> bdat_text_;  // between the first and the last chunk
    NewlineFilter bdat_filter_{BareNewline::reject};
    std::size_t answers_ = 1;  // how often the next reply is said
    std::size_t bad_commands_ = 0;
    std::size_t transactions_ = 0;
    lua::AccountView who_;
    std::vector<PluginDecision> decisions_;
    std::uint64_t size_max_ = std::numeric_limits<std::uint64_t>::max();
    bool ended_ = false;
};

}  // namespace tayori::smtp
