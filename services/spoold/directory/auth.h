// Logging in: PLAIN in all its dresses, and SCRAM-SHA-256 (RFC 5802, RFC 7677).
//
// Nobody learns from the answer or its time whether an account exists. Failures are counted by the client's network
// and the name tried; a network from which that name logged in lately is known, and strangers' guesses neither lock it
// out nor stand before it in the queue. All tables are bounded.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "spoold/directory/directory.h"
#include "spoold/directory/tickets.h"
#include "tayori/spool/v1/auth.pb.h"

namespace tayori::spool {

class Auth {
  public:
    Auth(Directory& directory, Tickets& tickets);
    // Stops the directory's pool: waits for verifications that are running, answers those that wait with busy. So
    // afterwards nothing of this touches the store.
    ~Auth();
    Auth(const Auth&) = delete;
    Auth& operator=(const Auth&) = delete;

    // `done` is called once: before this returns where the password was seen lately, else by a thread of the pool.
    void auth_password(const v1::AuthPassword& request, Answer<v1::AuthReply> done);

    // Both cost microseconds and answer at once.
    Result<v1::AuthScramFirstReply> scram_first(const v1::AuthScramFirst& request);
    Result<v1::AuthScramFinalReply> scram_final(const v1::AuthScramFinal& request);

    struct State;  // auth_state.h

  private:
    std::shared_ptr<State> state_;
};

}  // namespace tayori::spool
