#include "common/settings/declare.h"

namespace tayori::settings {

const Table& table() {
    static const Table all = [] {
        Table made;
        declare_site(made);
        declare_smtpd(made);
        declare_signing(made);
        declare_imapd(made);
        declare_pop3d(made);
        declare_fetch(made);
        declare_outbound(made);
        declare_carriers(made);
        declare_plugins(made);
        declare_spoold(made);
        return made;
    }();
    return all;
}

}  // namespace tayori::settings
