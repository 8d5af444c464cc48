#include "common/settings/declare.h"

namespace tayori::settings {

void declare_signing(Table& table) {
    Section<Signing> s(table, "outbound", &Settings::signing, "Mail that goes out.");
    s.amount("dkim_expire_days", &Signing::dkim_expire_days, 0, 365,
             "How long a signature of DKIM says that it holds (`x=`); 0: without end. Not below the days that mail may be on its way.");
    s.text("srs_domain", &Signing::srs_domain,
           "The domain of senders' addresses that are rewritten because their mail is forwarded (SRS). Its MX must lead here. Empty: the "
           "domain of the address that forwards.");
    s.amount("srs_days", &Signing::srs_days, 1, 500, "How long such an address leads back to the sender.");
    s.amount("srs_rotate_days", &Signing::srs_rotate_days, 0, 3650,
             "When a new key for such addresses is made; the older ones are kept for as long as their addresses live. 0: by `adminctl srs "
             "rotate` only.");
}

}  // namespace tayori::settings
