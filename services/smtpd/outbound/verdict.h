// What the other side's words mean for a recipient: delivered, later, or never (RFC 5321 §4.2.1). Pure.
//
// Temporary trouble is never permanent: only a 5yz reply about the mail or the recipient itself, or the DNS' clear "no", fails.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/rpc/calls.h"
#include "smtpd/grammar/server_reply.h"

namespace tayori::smtp {

namespace v1 = rpc::v1;

enum class Step { connect, greeting, ehlo, starttls, auth, mail, rcpt, data, end_of_data };  // the stage of the talk
std::string_view stage_name(Step stage);

struct Verdict {
    v1::CarryOutcome outcome = v1::CARRY_OUTCOME_UNSPECIFIED;
    v1::Said said;
    bool settled() const { return outcome != v1::CARRY_OUTCOME_UNSPECIFIED; }
};

// Why a destination can't be talked to.
struct Trouble {
    bool permanent = false;
    v1::Said said;
};

// Who takes care of notifications from here on.
enum class Dsn { offered, missing };

// A reply's words. Without an enhanced status it gets its class': "5.0.0".
v1::Said said_of(const ServerReply& reply, Step stage);
// Our own words; `status` "4.4.1".
v1::Said said_ours(std::string_view status, std::string_view text, Step stage);

// Of MAIL, RCPT, DATA or the end of data: what it means for a recipient. Unsettled: 2yz of a stage that settles nothing.
Verdict judge(const ServerReply& reply, Step stage, Dsn dsn);
Verdict failed(v1::Said said);
Verdict deferred(v1::Said said);

// Its time is over: what was deferred has failed. `max_age_s`: of its route, 0 where that is not known.
void give_up(Verdict& verdict, std::uint32_t max_age_s);

}  // namespace tayori::smtp
