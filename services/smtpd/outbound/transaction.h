// One mail over an open connection (RFC 5321 §3.3): MAIL, RCPTs, DATA, the text, and what was said about each recipient.
//
// Invariant: the end of data is sent only after the gate has said that the lease is still ours. Before it nothing has been
// delivered, whatever happens; behind it only a reply, or its absence, tells.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "smtpd/outbound/client.h"
#include "smtpd/outbound/content.h"

namespace tayori::smtp {

// How a mail goes to this server.
struct Wire {
    bool smtputf8 = false;
    bool eight_bit = false;       // BODY=8BITMIME
    std::string reverse_path;     // as this server understands it
    std::vector<std::string> recipients;  // the same, in the mail's order; empty: refused
};
// What of the mail this server can't take settles its recipients' verdicts at once.
Async<Wire> prepare(Client& client, const v1::LeasedMail& mail, Content& content, std::vector<Verdict>& verdicts);

// Whether the lease is still ours. Waits while that is being asked.
using Gate = std::function<Async<bool>()>;

class Transaction {
  public:
    // All must outlive it. `verdicts` has one for each recipient of the mail.
    Transaction(Client& client, const v1::LeasedMail& mail, const Wire& wire, std::vector<Verdict>& verdicts)
        : client_(client), mail_(mail), wire_(wire), verdicts_(verdicts) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    // For the recipients at these places. Those that are unsettled afterwards have not been tried: the connection was lost
    // before the server had said anything about a recipient, or the lease is lost.
    Async<void> run(std::vector<std::size_t> places, Content& content, Gate gate);
    // A recipient was put off only because there were too many at once (RFC 5321 §4.5.3.1.10).
    const std::vector<std::size_t>& too_many() const { return too_many_; }
    bool delivered_any() const { return delivered_any_; }
    // Why the connection is gone, where it is.
    const std::optional<v1::Said>& why_lost() const { return why_lost_; }

  private:
    std::vector<std::string> commands() const;
    Async<void> talk(Content& content, const Gate& gate);
    Async<void> say_envelope();
    Async<bool> hear_data(bool asked);
    Async<bool> send_text(Content& content, const Gate& gate);
    Async<void> hear_end();
    Async<ServerReply> hear(net::Duration patience);
    void settle(std::size_t place, Verdict verdict);
    void settle_accepted(const Verdict& verdict);
    void lost(const Error& error);
    Dsn dsn() const;

    Client& client_;
    const v1::LeasedMail& mail_;
    const Wire& wire_;
    std::vector<Verdict>& verdicts_;
    std::vector<std::size_t> places_;
    std::vector<std::size_t> accepted_;
    std::vector<std::size_t> too_many_;
    Step step_ = Step::mail;
    std::optional<v1::Said> why_lost_;
    std::optional<v1::Said> last_words_;  // 421, before the connection ended
    bool heard_recipient_ = false;
    bool open_ = false;                   // MAIL was accepted, the end of data not yet sent
    bool delivered_any_ = false;
};

}  // namespace tayori::smtp
