"""The check list for the MX switch, against a name server of the test's own and the real ports of the appliance."""

import json
import unittest

from harness.site import Site
from harness.small_dns import SmallDns

DOMAIN = "example.jp"
MAIL = "mail.example.jp"
HERE = "127.0.0.1"
REVERSE = "1.0.0.127.in-addr.arpa"
PORTS = {"smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps"}


class Checklist(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings={"TAYORI__SITE__HOSTNAME": MAIL}))
        self.site.add_domain(DOMAIN)
        self.certificate = next(self.site.instance.data.rglob("tls/*.crt"))

    def check(self, table, *more, expect, as_json=True):
        with SmallDns(table) as dns:
            ports = [part for name, port in self.site.ports.items() for part in ("--port", f"{name}={port}")]
            told = self.site.adminctl(*(["--json"] if as_json else []), "migrate", "checklist", DOMAIN, "--resolver", f"127.0.0.1:{dns.port}",
                                      "--ca", str(self.certificate), *ports, *more, expect=expect)
        return {line["code"]: line for line in json.loads(told)} if as_json else told

    def test_before_the_switch_it_says_what_to_do(self):
        lines = self.check({(DOMAIN, "MX"): [(86400, (10, "old.example.jp"))]}, "--address", HERE, expect=4)
        verdicts = {code: line["verdict"] for code, line in lines.items()}
        self.assertEqual({code for code, verdict in verdicts.items() if verdict == "todo"}, {"postmaster", "address", "mx", "mx-ttl", "ptr", "spf"})
        self.assertEqual(verdicts["domain"], "wrong")  # it has no account
        self.assertEqual({verdicts[f"port-{name}"] for name in PORTS}, {"ok"}, lines)
        self.assertEqual(lines["mx"]["publish"], f"{DOMAIN}. 300 IN MX 10 {MAIL}.")
        self.assertEqual(lines["ptr"]["publish"], f"{REVERSE}. IN PTR {MAIL}.")
        self.assertEqual(lines["spf"]["publish"], f'{DOMAIN}. IN TXT "v=spf1 ip4:{HERE} mx ~all"')

    def test_when_all_is_ready_it_says_so(self):
        self.site.add_account(f"anna@{DOMAIN}")
        self.site.adminctl("alias", "add", f"postmaster@{DOMAIN}", f"anna@{DOMAIN}")
        table = {(DOMAIN, "MX"): [(300, (10, MAIL))], (MAIL, "A"): [(300, HERE)], (REVERSE, "PTR"): [(300, MAIL)],
                 (DOMAIN, "TXT"): [(300, "v=spf1 mx -all")]}
        told = self.check(table, "--lang", "ja", expect=0, as_json=False)
        self.assertIn("すべて整っています。", told)

    def test_a_certificate_of_another_name_is_seen(self):
        table = {("other.example.jp", "A"): [(300, HERE)]}
        lines = self.check(table, "--host", "other.example.jp", expect=4)
        self.assertEqual(lines["port-imaps"]["verdict"], "wrong")
        self.assertIn("other.example.jp", lines["port-imaps"]["should"])

    def test_a_port_that_does_not_answer_is_seen(self):
        self.site.kill("imapd")
        lines = self.check({(MAIL, "A"): [(300, HERE)]}, expect=4)
        self.assertEqual({name for name in PORTS if lines[f"port-{name}"]["verdict"] == "wrong"}, {"imap", "imaps"})
