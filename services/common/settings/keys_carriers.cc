#include "common/settings/declare.h"

namespace tayori::settings {

void declare_carriers(Table& table) {
    Section<Carriers> s(table, "outbound", &Settings::carriers,
                        "How smtpd carries mail to other servers. What goes where is spoold's: `adminctl route`.");
    s.amount("carriers_max", &Carriers::carriers_max, 0, 10'000,
             "Connections to other servers at once, for each process. 0: it carries nothing.");
    s.text("helo", &Carriers::helo,
           "Our name in EHLO. It should have the address that others see us by. Empty: site.hostname.");
    s.choice("ip_versions", &Carriers::ip_versions, {"both", "ipv4", "ipv6"},
             "Which addresses of other servers are tried. Without a reverse name for IPv6, `ipv4` is right.");
    s.text("ca_file", &Carriers::ca_file,
           "PEM file with the roots that certificates must lead to where a route asks for it. Empty: the system's.");
    s.amount("addresses_max", &Carriers::addresses_max, 2, 50,
             "How many addresses of a destination are tried at a time (RFC 5321 §5.1: at least two).");
    s.amount("connect_timeout_s", &Carriers::connect_timeout_s, 1, 600, "For a connection.");
    s.amount("greeting_timeout_s", &Carriers::greeting_timeout_s, 1, 3600,
             "For the greeting (RFC 5321 §4.5.3.2.1: 5 minutes).");
    s.amount("command_timeout_s", &Carriers::command_timeout_s, 1, 3600,
             "For answers to EHLO, STARTTLS, AUTH, MAIL and RCPT (RFC 5321 §4.5.3.2.2, §4.5.3.2.3: 5 minutes).");
    s.amount("data_timeout_s", &Carriers::data_timeout_s, 1, 3600,
             "For the answer to DATA (RFC 5321 §4.5.3.2.4: 2 minutes).");
    s.amount("block_timeout_s", &Carriers::block_timeout_s, 1, 3600,
             "How long the other side may take no byte of a mail (RFC 5321 §4.5.3.2.5: 3 minutes).");
    s.amount("end_timeout_s", &Carriers::end_timeout_s, 1, 3600,
             "For the answer to the end of a mail (RFC 5321 §4.5.3.2.6: 10 minutes; less makes duplicates).");

    Section<Dns> d(table, "dns", &Settings::dns, "Whom smtpd asks for names.");
    d.endpoints("servers", &Dns::servers, "Resolvers, `192.0.2.1:53`. Empty: the machine's.");
    d.amount("timeout_ms", &Dns::timeout_ms, 100, 60'000, "For a resolver's first answer; doubles with each try.");
    d.amount("tries", &Dns::tries, 1, 10, "Of each resolver.");
}

}  // namespace tayori::settings
