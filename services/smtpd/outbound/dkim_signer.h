// Signs a mail that goes out: one pass over it before it is sent, then spoold signs its hashes (docs/decisions/0008).
//
//   DkimSigner signer(spool, lease.dkim(), times);
//   if (signer.needed()) {
//       … signer.push(piece); …                    // header and body as they will go, but for dot-stuffing
//       auto lines = co_await signer.finish();     // in front of the mail; empty: none of our keys is for its author
//   }
//
// Whatever keeps it from signing is temporary: unsigned mail of a domain with a strict DMARC policy is refused for good.
#pragma once

#include <string>
#include <string_view>

#include "common/mail/dkim.h"
#include "common/rpc/spool.h"

namespace tayori::smtp {

class DkimSigner {
  public:
    // `keys` must outlive it.
    DkimSigner(rpc::Spool& spool, const rpc::v1::DkimKeys& keys, mail::DkimTimes times)
        : spool_(spool), keys_(keys), times_(times) {}

    bool needed() const { return !keys_.keys().empty(); }
    void push(std::string_view piece) { mail_.push(piece); }
    // The DKIM-Signature fields, one for each key of the author's domain. busy.
    Async<std::string> finish();

  private:
    rpc::Spool& spool_;
    const rpc::v1::DkimKeys& keys_;
    const mail::DkimTimes times_;
    mail::DkimMail mail_;
};

// t= and x= of a signature that is made now; `expire_days` 0: it holds for ever.
mail::DkimTimes dkim_times(std::int64_t now_s, std::uint32_t expire_days);

}  // namespace tayori::smtp
