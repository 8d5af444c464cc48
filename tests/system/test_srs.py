"""Addresses of forwarded mail (SRS) over SMTP: the way back works for who has one, and nobody can make one."""

import json
import smtplib
import unittest

from harness.site import Site

OURS = "example.test"
BOB = "bob@example.org"


class Srs(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(programs=("spoold", "smtpd")))
        self.site.add_domain(OURS)
        self.site.add_account(f"anna@{OURS}")
        self.site.adminctl("alias", "add", f"gone@{OURS}", "friend@elsewhere.example.org")

    def rewritten(self, sender):
        return json.loads(self.site.adminctl("--json", "srs", "rewrite", sender, OURS))["rewritten"]

    def codes(self, sender, *recipients):
        with smtplib.SMTP("127.0.0.1", self.site.ports["smtp"]) as client:
            client.ehlo("client.example.org")
            self.assertEqual(client.mail(sender)[0], 250)
            return [client.rcpt(recipient)[0] for recipient in recipients]

    def test_a_notification_finds_its_way_back(self):
        address = self.rewritten(BOB)
        self.assertRegex(address, rf"^SRS0=[A-Z2-7]{{6}}=[A-Z2-7]{{2}}=example\.org=bob@{OURS}$")
        self.assertEqual(self.codes("", address, address.lower(), address.replace("SRS0=", "SRS0+")), [250, 250, 250])
        self.assertEqual(self.codes("postmaster@example.org", address), [250])
        self.assertIn(BOB, self.site.adminctl("srs", "resolve", address))
        with smtplib.SMTP("127.0.0.1", self.site.ports["smtp"]) as client:
            client.sendmail("", [address], "Subject: Undelivered Mail\r\n\r\nSorry.\r\n")
        self.site.adminctl("srs", "rotate")
        self.assertEqual(self.codes("", address), [250])  # the older key
        self.assertNotEqual(self.rewritten(BOB), address)

    def test_nobody_can_make_an_address(self):
        address = self.rewritten(BOB)
        local = address.partition("@")[0]
        tried = [address.replace("=bob@", "=victim@"), address.replace("=example.org=", "=example.com="), f"{local}@elsewhere.example.org",
                 address.replace("SRS0=", "SRS0=A", 1)[:-1], f"SRS0=AAAAAA=AA=example.org=bob@{OURS}",
                 f"SRS1=AAAAAA=example.org==AAAAAA=AA=example.com=bob@{OURS}", address.replace("SRS0", "SRS1")]
        self.assertEqual(set(self.codes("", *tried)) | set(self.codes("x@example.org", *tried)), {550})

    def test_forwarded_twice_it_goes_past_those_between(self):
        other = "SRS0=ABCD=EF=example.org=bob@first.example.net"
        address = self.rewritten(other)
        self.assertRegex(address, rf"^SRS1=[A-Z2-7]{{6}}=first\.example\.net==ABCD=EF=example\.org=bob@{OURS}$")
        self.assertEqual(json.loads(self.site.adminctl("--json", "srs", "resolve", address))["leads_to"], other)
        self.assertEqual(self.codes("", address), [250])

    def test_what_is_ours_stays(self):
        self.assertEqual(self.rewritten(f"anna@{OURS}"), f"anna@{OURS}")
        self.assertEqual(self.rewritten(self.rewritten(BOB)), self.rewritten(BOB))
