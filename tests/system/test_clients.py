"""Ordinary days by real clients over TLS: curl, swaks, mbsync, fetchmail, smtplib, imaplib, poplib."""

import email
import email.policy
import imaplib
import os
import pathlib
import poplib
import smtplib
import subprocess
import tempfile
import unittest

import letters
from harness.lines import unverified_tls
from harness.mail_clients import Mbsync
from harness.site import PASSWORD, Site, until

HOST = "127.0.0.1"
BOTH_WAYS = "Create Both\nExpunge Both"  # of an mbsync channel


def setUpModule():
    global SITE
    SITE = unittest.enterModuleContext(Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
    SITE.add_domain(letters.DOMAIN)


def run(command, stdin="", expect=0, **options):
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False, **options)
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Clients(unittest.TestCase):
    def setUp(self):
        self.number = getattr(Clients, "count", 0) + 1
        Clients.count = self.number
        self.anna, self.ben = f"anna{self.number}@{letters.DOMAIN}", f"ben{self.number}@{letters.DOMAIN}"
        for address in (self.anna, self.ben):
            SITE.add_account(address)
        self.folder = tempfile.TemporaryDirectory(prefix="tayori-client-")
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def submit(self, letter, sender=None, to=None):
        with smtplib.SMTP_SSL(HOST, SITE.ports["submissions"], context=unverified_tls(), timeout=30) as smtp:
            smtp.login(sender or self.anna, PASSWORD)
            smtp.send_message(letter, sender or self.anna, to or [self.ben])

    def imap(self, address):
        imap = imaplib.IMAP4_SSL(HOST, SITE.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
        self.addCleanup(lambda: imap.state != "LOGOUT" and imap.logout())
        imap.login(address, PASSWORD)
        return imap

    def curl_url(self, scheme, rest=""):
        return f"{scheme}://{HOST}:{SITE.ports[scheme if scheme != 'smtps' else 'submissions']}/{rest}"

    def test_smtplib_sends_japanese_with_an_attachment_and_imaplib_reads_it(self):
        data = os.urandom(300_000)
        self.submit(letters.with_attachment("見積書の件", "よろしくお願いします。\n", data, "見積書.pdf",
                                            sender=self.anna, to=self.ben))
        imap = self.imap(self.ben)
        self.assertEqual(imap.select("INBOX")[1], [b"1"])
        got = email.message_from_bytes(imap.fetch("1", "(BODY.PEEK[])")[1][0][1], policy=email.policy.default)
        self.assertEqual(got["Subject"], "見積書の件")
        part = next(got.iter_attachments())
        self.assertEqual(part.get_filename(), "見積書.pdf")
        self.assertEqual(part.get_content(), data)
        self.assertEqual(got.get_body().get_content().strip(), "よろしくお願いします。")
        imap.literal = "見積".encode()
        self.assertEqual(imap.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")[1], [b"1"])

    def test_search_understands_iso_2022_jp(self):
        with smtplib.SMTP(HOST, SITE.ports["smtp"], timeout=30) as smtp:
            smtp.sendmail("carol@example.org", [self.ben], letters.iso_2022_jp("会議のお知らせ", "明日です。\n", to=self.ben))
        imap = self.imap(self.ben)
        imap.select("INBOX")
        imap.literal = "会議".encode()
        self.assertEqual(imap.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")[1], [b"1"])

    def test_two_clients_at_once_flag_move_and_delete(self):
        for number in range(5):
            self.submit(letters.plain(f"mail {number}", "text\n", self.anna, self.ben))
        first, second = self.imap(self.ben), self.imap(self.ben)
        first.select("INBOX")
        second.select("INBOX")
        first.uid("STORE", "2", "+FLAGS", "(\\Flagged)")
        second.noop()
        self.assertIn(b"\\Flagged", b"".join(second.fetch("2", "(FLAGS)")[1]))
        self.assertEqual(second.create("Archiv-2026")[0], "OK")
        first.uid("MOVE", "1,3", "Archiv-2026")
        second.noop()
        self.assertEqual(second.uid("SEARCH", "ALL")[1], [b"2 4 5"])
        second.uid("STORE", "4", "+FLAGS", "(\\Deleted)")
        second.expunge()
        first.noop()
        self.assertEqual(first.uid("SEARCH", "ALL")[1], [b"2 5"])
        self.assertEqual(first.select("Archiv-2026")[1], [b"2"])

    def test_poplib_over_tls(self):
        self.submit(letters.plain("one", "first\n", self.anna, self.ben))
        self.submit(letters.plain("two", "second\n", self.anna, self.ben))
        pop = poplib.POP3_SSL(HOST, SITE.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop.user(self.ben)
        pop.pass_(PASSWORD)
        self.assertEqual(pop.stat()[0], 2)
        uidls = [line.split()[1] for line in pop.uidl()[1]]
        self.assertEqual(len(set(uidls)), 2)
        self.assertIn(b"Subject: two", pop.retr(2)[1])
        pop.dele(1)
        pop.quit()
        again = poplib.POP3(HOST, SITE.ports["pop3"], timeout=30)
        again.stls(context=unverified_tls())
        again.user(self.ben)
        again.pass_(PASSWORD)
        self.assertEqual([line.split()[1] for line in again.uidl()[1]], uidls[1:])
        again.quit()

    def test_curl_by_smtp_imap_and_pop3(self):
        mail = self.path / "mail.eml"
        mail.write_bytes(letters.plain("by curl", "curl was here\n", self.anna, self.ben).as_bytes())
        login = ["-sS", "-k", "--user", f"{self.anna}:{PASSWORD}"]
        run(["curl", *login, "--mail-from", self.anna, "--mail-rcpt", self.ben, "-T", mail, self.curl_url("smtps")])
        login[-1] = f"{self.ben}:{PASSWORD}"
        self.assertIn("curl was here", run(["curl", *login, self.curl_url("imaps", "INBOX;MAILINDEX=1")]))
        self.assertIn("curl was here", run(["curl", *login, self.curl_url("pop3s", "1")]))
        self.assertIn("INBOX", run(["curl", *login, self.curl_url("imaps")]))
        run(["curl", *login, "-T", mail, self.curl_url("imaps", "INBOX")])
        self.assertIn("* SEARCH 1 2", run(["curl", *login, "-X", "SEARCH ALL", self.curl_url("imaps", "INBOX")]))

    def test_swaks_with_starttls_and_each_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN"):
            run(["swaks", "--server", HOST, "--port", str(SITE.ports["submission"]), "--tls", "--auth", mechanism,
                 "--auth-user", self.anna, "--auth-password", PASSWORD, "--from", self.anna, "--to", self.ben,
                 "--header", f"Subject: {mechanism}", "--timeout", "20"])
        imap = self.imap(self.ben)
        self.assertEqual(imap.select("INBOX")[1], [b"2"])

    def test_swaks_is_refused_for_strangers_and_unknown_people(self):
        server = ["--server", HOST, "--port", str(SITE.ports["smtp"]), "--timeout", "20", "--suppress-data"]
        run(["swaks", *server, "--from", "x@example.org", "--to", "nobody@example.net"], expect=24)
        run(["swaks", *server, "--from", "x@example.org", "--to", f"nobody@{letters.DOMAIN}"], expect=24)

    def test_mbsync_syncs_both_ways(self):
        for number in range(3):
            self.submit(letters.plain(f"mail {number}", "text\n", self.anna, self.ben))
        client = Mbsync(self.path, SITE, self.ben)
        client.pull(BOTH_WAYS)
        new = list((client.maildir / "INBOX/new").iterdir())
        self.assertEqual(len(new), 3)
        new[0].unlink()
        letter = letters.plain("written here", "and synced\n", self.ben, self.anna).as_bytes().replace(b"\r\n", b"\n")
        (client.maildir / "INBOX/cur/1.local:2,S").write_bytes(letter)
        client.pull(BOTH_WAYS)
        imap = self.imap(self.ben)
        imap.select("INBOX")
        self.assertEqual(imap.search(None, "ALL")[1], [b"1 2 3"])
        self.assertEqual(imap.search(None, "SEEN")[1], [b"3"])
        before = imap.uid("SEARCH", "ALL")[1]
        client.pull(BOTH_WAYS)
        self.assertEqual(imap.uid("SEARCH", "ALL")[1], before)

    def test_fetchmail_collects_by_pop3_and_by_imap(self):
        for protocol, service in (("POP3", "pop3s"), ("IMAP", "imaps")):
            self.submit(letters.plain(f"for {protocol}", "text\n", self.anna, self.ben))
            config = self.path / f"fetchmailrc-{protocol}"
            config.write_text(f"poll {HOST} service {SITE.ports[service]} protocol {protocol} "
                              f"user '{self.ben}' password '{PASSWORD}' ssl no sslcertck "
                              f"mda \"cat >> {self.path}/out-{protocol}\" fetchall no keep\n")
            config.chmod(0o600)
            run(["fetchmail", "-f", str(config), "--pidfile", str(self.path / "pid")],
                env={**os.environ, "HOME": str(self.path), "FETCHMAILHOME": str(self.path)})
            self.assertIn(f"for {protocol}", (self.path / f"out-{protocol}").read_text())
        imap = self.imap(self.ben)
        self.assertEqual(imap.select("INBOX")[1], [b"0"])

    def test_a_mail_arrives_while_a_client_idles(self):
        imap = self.imap(self.ben)
        imap.select("INBOX")
        imap.send(b"i1 IDLE\r\n")
        self.assertTrue(imap.readline().startswith(b"+"))
        self.submit(letters.plain("ring", "ring\n", self.anna, self.ben))
        heard = []
        until(lambda: heard.append(imap.readline()) or b"EXISTS" in heard[-1], 5, "untagged EXISTS")
        imap.send(b"DONE\r\n")
        until(lambda: imap.readline().startswith(b"i1 OK"), 5, "the end of IDLE")

    def test_full_accounts_refuse_for_now_and_still_send(self):
        SITE.adminctl("account", "set", self.ben, "--quota-messages", "1")
        self.submit(letters.plain("fits", "text\n", self.anna, self.ben))
        with smtplib.SMTP(HOST, SITE.ports["smtp"], timeout=30) as smtp:
            smtp.ehlo()
            smtp.mail("carol@example.org")
            code, text = smtp.rcpt(self.ben)
        self.assertEqual((code, text[:5]), (452, b"4.2.2"))
        self.submit(letters.plain("from the full one", "text\n", self.ben, self.anna), self.ben, [self.anna])
        imap = self.imap(self.ben)
        self.assertEqual(imap.append("Sent", None, None, letters.plain("kept", "copy\n").as_bytes())[0], "OK")


if __name__ == "__main__":
    unittest.main()
