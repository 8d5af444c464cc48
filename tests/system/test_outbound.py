"""Mail that goes out: to servers that are down, slow, wrong or strange, each with the right outcome, nothing twice, nothing lost."""

import email
import email.policy
import itertools
import json
import os
import pathlib
import poplib
import shutil
import smtplib
import ssl
import sys
import tempfile
import unittest

from harness.remote_smtp import CLOSE, SILENT, Remote
from harness.signatures import verified
from harness.site import PASSWORD, Site, TestFailure, until
from harness.small_dns import SmallDns
from tayori import native, plan

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
from outbound import RelayingPostfix  # noqa: E402

HOST = "127.0.0.1"
OURS = "ours.test"
SECONDS = 40
NUMBERS = itertools.count(1)
EHLO_WITHOUT = ("PIPELINING", "SIZE 10000000", "ENHANCEDSTATUSCODES")


def setUpModule():
    global DNS, SITE, PORT, CLOCK
    CLOCK = Clock(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="tayori-clock-")))
    DNS = unittest.enterModuleContext(SmallDns({}))
    with Remote("127.0.0.1", 0) as probe:
        PORT = probe.port
    SITE = unittest.enterModuleContext(Site(programs=("spoold", "smtpd", "pop3d"), settings={
        "TAYORI__AUTH__SCRAM_ITERATIONS": "4096", "TAYORI__SITE__HOSTNAME": "mail.ours.test",
        "TAYORI__DNS__SERVERS": f"{HOST}:{DNS.port}", "TAYORI__DNS__TIMEOUT_MS": "300", "TAYORI__DNS__TRIES": "1",
        "TAYORI__TEST__MX_PORT": str(PORT), "TAYORI__TEST__MX_ANYWHERE": "true", "TAYORI__TEST__CLOCK_FILE": str(CLOCK.path),
        "TAYORI__OUTBOUND__RETRY_FIRST_S": "1", "TAYORI__OUTBOUND__RETRY_CAP_S": "2",
        "TAYORI__OUTBOUND__COMMAND_TIMEOUT_S": "2", "TAYORI__OUTBOUND__GREETING_TIMEOUT_S": "2",
        "TAYORI__OUTBOUND__CONNECT_TIMEOUT_S": "2", "TAYORI__OUTBOUND__END_TIMEOUT_S": "3"}))
    SITE.add_domain(OURS)


class Clock:
    """The site's, which a test moves."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "clock"
        self.seconds = 0
        self.forward(0)

    def forward(self, seconds):
        self.seconds += seconds
        new = self.path.with_suffix(".new")
        new.write_text(f"{self.seconds * 1000}\n", encoding="ascii")
        new.rename(self.path)


def letter(subject="hello", body="text\r\n.\r\n..dots\r\n", headers=""):
    return f"From: <anna@{OURS}>\r\nTo: <x@example>\r\nSubject: {subject}\r\n{headers}\r\n{body}".encode()


class Outbound(unittest.TestCase):
    def setUp(self):
        self.number = next(NUMBERS)
        self.domain = f"d{self.number}.test"
        self.anna = f"anna{self.number}@{OURS}"
        SITE.add_account(self.anna)

    def remote(self, host=1, script=None, **options):
        """A server of its own at 127.1.NUMBER.host."""
        return self.enterContext(Remote(f"127.1.{self.number}.{host}", PORT, script, **options))

    def publish(self, *hosts, domain=None):
        """MX of the domain: the remotes of these numbers, in the order of preference."""
        domain = domain or self.domain
        DNS.table[domain, "MX"] = [(1, (10 * at, f"mx{host}.{domain}")) for at, host in enumerate(hosts, 1)]
        for host in hosts:
            DNS.table[f"mx{host}.{domain}", "A"] = [(1, f"127.1.{self.number}.{host}")]

    def submit(self, *recipients, content=None, options=(), rcpt_options=()):
        with smtplib.SMTP(HOST, SITE.ports["submission"], timeout=30) as smtp:
            smtp.login(self.anna, PASSWORD)
            smtp.sendmail(self.anna, recipients or [f"x@{self.domain}"], content or letter(), list(options), list(rcpt_options))

    def mails(self, address=None):
        pop = poplib.POP3(HOST, SITE.ports["pop3"], timeout=30)
        try:
            pop.user(address or self.anna)
            pop.pass_(PASSWORD)
            return [email.message_from_bytes(b"\r\n".join(pop.retr(at + 1)[1]), policy=email.policy.default)
                    for at in range(pop.stat()[0])]
        finally:
            pop.quit()

    def bounce(self):
        """The text of the one notification that the sender got."""
        got = until(self.mails, SECONDS, f"a notification\n{SITE.last_words()}")
        self.assertEqual(len(got), 1)
        self.assertEqual(got[0].get_content_type(), "multipart/report")
        self.assertEqual(got[0]["Return-Path"], "<>")
        return got[0].as_string()

    def outcomes(self, recipient=None):
        """What smtpd's log says of a recipient: [(outcome, line)]."""
        wanted = f"to={recipient or 'x@' + self.domain}"
        with open(SITE.log_path("smtpd"), encoding="utf-8", errors="replace") as log:
            return [(word, line) for line in log if wanted in line for word in ("sent", "deferred", "failed") if f" {word} " in line]

    def arrives(self, remote, recipient=None):
        recipient = recipient or f"x@{self.domain}"
        return until(lambda: remote.taken_for(recipient), SECONDS, f"the mail for {recipient}\n{SITE.last_words()}")

    # --- what arrives -----------------------------------------------------------------------------------------------

    def test_a_mail_arrives_as_it_was(self):
        remote = self.remote()
        self.publish(1)
        self.submit()
        mail, = self.arrives(remote)
        self.assertEqual(mail.sender, self.anna)
        self.assertTrue(mail.data.endswith(b"\r\n\r\ntext\r\n.\r\n..dots\r\n"), mail.data)
        self.assertTrue(mail.data.startswith(b"Received: ") or mail.data.startswith(b"DKIM-Signature: "), mail.data)
        self.assertIn("EHLO mail.ours.test", remote.talk)

    def test_another_implementation_verifies_what_arrives(self):
        """Small and large ones, made 7 bits on the way: what is signed is what goes."""
        remote = self.remote(extensions=EHLO_WITHOUT)
        self.publish(1)
        records = {}
        for algorithm in ("rsa", "ed25519"):
            made = json.loads(SITE.adminctl("--json", "dkim", "create", OURS, "--algorithm", algorithm))
            self.addCleanup(SITE.adminctl, "dkim", "disable", OURS, "--selector", made["selector"])
            SITE.adminctl("dkim", "enable", OURS, "--selector", made["selector"], "--force")
            records[made["record_name"].rstrip(".")] = made["record"]
        headers = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        bodies = ("text\r\n.\r\n..dots \r\n\r\n", "\u4fbf\u308a\r\n" * 3, "\u983c\u308a 0123456789\r\n" * 40_000)
        for body in bodies:
            self.submit(content=letter(body=body, headers=headers), options=["BODY=8BITMIME"])
        mails = until(lambda: len(remote.taken_for(f"x@{self.domain}") or ()) == len(bodies) and remote.taken_for(f"x@{self.domain}"),
                      SECONDS, f"the mails\n{SITE.last_words()}")
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-signed-")))
        for number, mail in enumerate(mails):
            (folder / str(number)).write_bytes(mail.data)
        self.assertEqual(verified(records, sorted(folder.iterdir())), [["ok", "ok"]] * len(bodies))

    def test_a_large_mail_is_fetched_as_it_is_sent(self):
        remote = self.remote()
        self.publish(1)
        body = os.urandom(3_000_000).hex()
        body = "\r\n".join(body[at:at + 900] for at in range(0, len(body), 900)) + "\r\n"
        self.submit(content=letter(body=body))
        mail, = self.arrives(remote)
        self.assertTrue(mail.data.endswith(body.encode()))

    def test_each_recipient_has_an_outcome_of_its_own(self):
        remote = self.remote(script={"rcpt": lambda address, _: "550 5.1.1 nobody" if address.startswith("no") else None})
        self.publish(1)
        self.submit(f"a@{self.domain}", f"no@{self.domain}", f"b@{self.domain}")
        mail, = self.arrives(remote, f"b@{self.domain}")
        self.assertEqual(sorted(mail.recipients), [f"a@{self.domain}", f"b@{self.domain}"])
        bounce = self.bounce()
        self.assertIn(f"no@{self.domain}", bounce)
        self.assertIn("5.1.1", bounce)
        self.assertNotIn(f"rfc822;a@{self.domain}", bounce.replace(" ", ""))

    def test_several_mails_share_a_connection(self):
        remote = self.remote(script={"greeting": "421 4.3.2 later"})
        self.publish(1)
        for _ in range(10):
            self.submit()
        del remote.script["greeting"]  # they have gathered, because the destination rests
        refused = remote.connections
        until(lambda: len(remote.mails) == 10, SECONDS, "ten mails")
        self.assertLess(remote.connections - refused, 10)

    # --- later ------------------------------------------------------------------------------------------------------

    def comes_once_after(self, script, **options):
        remote = self.remote(script=script, **options)
        self.publish(1)
        self.submit()
        self.assertEqual(len(self.arrives(remote)), 1)
        self.assertEqual(self.mails(), [])
        return remote

    def test_greylisting_is_waited_for(self):
        self.comes_once_after({"rcpt": lambda _, times: "450 4.2.0 greylisted" if times == 1 else None})
        self.assertEqual(self.outcomes()[0][0], "deferred")

    def test_a_4xx_at_any_stage_is_waited_for(self):
        for stage in ("greeting", "ehlo", "mail", "data", "end"):
            with self.subTest(stage):
                self.setUp()
                self.comes_once_after({stage: lambda _, times: "451 4.3.0 later" if times == 1 else None})

    def test_421_and_a_lost_connection_at_any_stage_are_waited_for(self):
        for stage, reply in itertools.product(("greeting", "ehlo", "mail", "rcpt", "data", "text", "end"), ("421 4.3.2 bye", CLOSE)):
            with self.subTest(f"{stage} {reply}"):
                self.setUp()
                self.comes_once_after({stage: lambda _, times, say=reply: say if times == 1 else None})

    def test_a_silent_server_is_given_up_in_time(self):
        for stage in ("greeting", "mail", "end"):
            with self.subTest(stage):
                self.setUp()
                self.comes_once_after({stage: lambda _, times: SILENT if times == 1 else None})

    def test_a_server_that_is_down_is_asked_again(self):
        self.publish(1)
        self.submit()
        until(lambda: DNS.asked(f"mx1.{self.domain}"), SECONDS, "a look for the server")
        remote = self.remote()
        self.arrives(remote)
        self.assertEqual(self.mails(), [])

    def test_endless_replies_cost_nothing(self):
        before = SITE.resident_kib("smtpd")
        many = [f"250-{'x' * 500}" for _ in range(5000)] + ["250 end"]
        self.comes_once_after({"ehlo": lambda _, times: many if times == 1 else None})
        self.setUp()
        self.comes_once_after({"mail": lambda _, times: "250 " + "y" * 3_000_000 if times == 1 else None})
        self.assertLess(SITE.resident_kib("smtpd") - before, 8 * 1024)

    def test_servfail_and_silence_of_the_dns_are_waited_for(self):
        for trouble in (DNS.failing, DNS.silent):
            self.setUp()
            remote = self.remote()
            self.publish(1)
            trouble.add(self.domain)
            self.submit()
            until(lambda: DNS.asked(self.domain), SECONDS, "a question")
            trouble.discard(self.domain)
            self.assertEqual(len(self.arrives(remote)), 1)
            self.assertEqual(self.mails(), [])

    # --- another host -------------------------------------------------------------------------------------------------

    def test_the_next_mx_takes_what_the_first_does_not(self):
        for script in (None, {"greeting": "554 5.3.2 no service"}, {"greeting": "450 busy"}, {"ehlo": CLOSE}, {"mail": CLOSE}):
            with self.subTest(str(script)):
                self.setUp()
                if script is not None:
                    self.remote(1, script)
                second = self.remote(2)
                self.publish(1, 2)
                self.submit()
                self.assertEqual(len(self.arrives(second)), 1)
                self.assertEqual(self.outcomes()[0][0], "sent")

    def test_a_domain_without_mx_is_its_own(self):
        remote = self.remote()
        DNS.table[self.domain, "A"] = [(1, f"127.1.{self.number}.1")]
        self.submit()
        self.arrives(remote)

    # --- never --------------------------------------------------------------------------------------------------------

    def test_5xx_comes_back_at_once_with_the_servers_words(self):
        for stage in ("mail", "rcpt", "data", "end"):
            with self.subTest(stage):
                self.setUp()
                remote = self.remote(script={stage: "550 5.7.1 not with me"})
                self.publish(1)
                self.submit()
                bounce = self.bounce()
                self.assertIn("5.7.1", bounce)
                self.assertIn("not with me", bounce)
                self.assertEqual(remote.mails, [])

    def test_a_5xx_greeting_of_all_hosts_is_final(self):
        self.remote(1, {"greeting": "554 no mail here"})
        self.remote(2, {"greeting": "554 none here either"})
        self.publish(1, 2)
        self.submit()
        self.assertIn("none here either", self.bounce())

    def test_what_the_dns_denies_comes_back(self):
        self.publish(1)
        DNS.table[self.domain, "MX"] = [(1, (0, ""))]
        self.submit()
        self.assertIn("5.1.10", self.bounce())
        self.setUp()
        self.submit()
        self.assertIn("5.1.2", self.bounce())
        self.setUp()
        DNS.table[self.domain, "MX"] = [(1, (10, f"gone.{self.domain}"))]
        self.submit()
        self.assertIn("5.4.4", self.bounce())

    def test_mail_does_not_loop_to_us(self):
        DNS.table[self.domain, "MX"] = [(1, (10, "mail.ours.test"))]
        DNS.table["mail.ours.test", "A"] = [(1, f"127.1.{self.number}.1")]
        self.submit()
        self.assertIn("5.4.6", self.bounce())
        self.setUp()
        self.remote(name="mail.ours.test")
        self.publish(1)
        self.submit()
        self.assertIn("5.4.6", self.bounce())

    # --- extensions ---------------------------------------------------------------------------------------------------

    def tls(self, broken=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if not broken:
            data = SITE.instance.data / "tls"
            context.load_cert_chain(data / "tls.crt", data / "tls.key")
        return context

    def test_tls_is_used_where_it_is_offered_and_works(self):
        remote = self.remote(tls=self.tls())
        self.publish(1)
        self.submit()
        self.assertTrue(self.arrives(remote)[0].tls)

    def test_broken_tls_does_not_keep_mail_back(self):
        for remote in (self.remote(1, tls=self.tls(broken=True)), self.remote(2, {"starttls": "454 4.7.0 not now"}, tls=self.tls()),
                       self.remote(3, {"starttls": CLOSE}, tls=self.tls())):
            self.setUp()
            DNS.table[self.domain, "A"] = [(1, remote.address)]
            self.submit()
            self.assertFalse(self.arrives(remote)[0].tls)
            self.assertEqual([outcome for outcome, _ in self.outcomes()], ["sent"])

    def test_without_8bitmime_a_mail_becomes_one_of_7_bits(self):
        remote = self.remote(extensions=EHLO_WITHOUT)
        self.publish(1)
        headers = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        self.submit(content=letter(headers=headers).replace(b"text\r\n", "日本語\r\n".encode()), options=["BODY=8BITMIME"])
        mail, = self.arrives(remote)
        self.assertTrue(mail.data.isascii())
        got = email.message_from_bytes(mail.data, policy=email.policy.default)
        self.assertEqual(got.get_content().splitlines()[0], "日本語")

    def test_smtputf8_is_needed_only_where_it_is(self):
        remote = self.remote(extensions=EHLO_WITHOUT)
        self.publish(1)
        self.submit(options=["SMTPUTF8"])
        self.assertNotIn("SMTPUTF8", self.arrives(remote)[0].parameters[0])
        self.setUp()
        remote = self.remote(extensions=EHLO_WITHOUT)
        self.publish(1)
        self.submit(content=letter(subject="件名"), options=["SMTPUTF8"])
        self.assertIn("5.6.7", self.bounce())
        self.setUp()
        remote = self.remote()
        self.publish(1)
        self.submit(content=letter(headers="X-Name: 件名\r\n"), options=["SMTPUTF8"])
        self.assertIn("SMTPUTF8", self.arrives(remote)[0].parameters[0])

    def test_dsn_is_passed_on(self):
        remote = self.remote()
        self.publish(1)
        self.submit(options=["RET=HDRS", "ENVID=QQ314159"],
                    rcpt_options=["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;first+2Bx@{self.domain}"])
        mail, = self.arrives(remote)
        self.assertIn("RET=HDRS", mail.parameters[0])
        self.assertIn("ENVID=QQ314159", mail.parameters[0])
        self.assertEqual(mail.parameters[1], f"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first+2Bx@{self.domain}")
        self.assertEqual(self.mails(), [])

    def test_a_server_that_takes_few_recipients_gets_the_others_after(self):
        remote = self.remote(extensions=(*EHLO_WITHOUT, "LIMITS RCPTMAX=2"))
        self.publish(1)
        recipients = [f"r{number}@{self.domain}" for number in range(5)]
        self.submit(*recipients)
        until(lambda: sum(len(mail.recipients) for mail in remote.mails) == 5, SECONDS, "five recipients")
        self.assertEqual(sorted(len(mail.recipients) for mail in remote.mails), [1, 2, 2])
        self.assertEqual(remote.connections, 1)

    # --- ourselves ------------------------------------------------------------------------------------------------------

    def test_a_killed_carrier_loses_nothing(self):
        remote = self.remote(script={"text": lambda _, times: SILENT if times == 1 else None})
        self.publish(1)
        self.submit()
        until(lambda: remote.said["text", self.anna], SECONDS, "a text begun")
        SITE.kill("smtpd")
        SITE.start_process("smtpd")
        SITE.wait_until_serving()
        CLOCK.forward(90)  # a lease outlives its stream by a minute: its carrier may come back
        self.assertEqual(len(self.arrives(remote)), 1)

    def test_a_killed_spoold_loses_nothing_and_doubles_nothing(self):
        gate = {"closed": True}

        def slow(_, __):
            until(lambda: not gate["closed"], SECONDS, "the gate")
            return None
        remote = self.remote(script={"end": slow})
        self.publish(1)
        self.submit()
        until(lambda: remote.said["data", self.anna], SECONDS, "a text begun")
        SITE.kill("spoold")
        SITE.start_process("spoold")
        SITE.wait_until_serving()
        gate["closed"] = False
        self.arrives(remote)
        until(lambda: any(outcome == "sent" for outcome, _ in self.outcomes()), SECONDS, "the outcome")
        self.assertEqual(len(remote.mails), 1)


class Retries(unittest.TestCase):
    def test_after_2_4_and_8_minutes(self):
        with tempfile.TemporaryDirectory(prefix="tayori-clock-") as folder:
            clock = Clock(folder)
            with Site(programs=("spoold", "smtpd"), settings={
                    "TAYORI__DNS__SERVERS": f"{HOST}:{DNS.port}", "TAYORI__TEST__MX_PORT": str(PORT),
                    "TAYORI__TEST__MX_ANYWHERE": "true", "TAYORI__TEST__CLOCK_FILE": str(clock.path),
                    "TAYORI__SITE__HOSTNAME": "mail.ours.test", "TAYORI__OUTBOUND__RETRY_JITTER_PERCENT": "0"}) as site, \
                    Remote("127.2.0.1", PORT, {"rcpt": lambda _, times: "450 4.2.0 later" if times < 4 else None}) as remote:
                DNS.table["retries.test", "A"] = [(1, "127.2.0.1")]
                site.add_domain(OURS)
                site.add_account(f"anna@{OURS}")
                with smtplib.SMTP(HOST, site.ports["submission"], timeout=30) as smtp:
                    smtp.login(f"anna@{OURS}", PASSWORD)
                    smtp.sendmail(f"anna@{OURS}", ["x@retries.test"], letter())
                for tries, minutes in enumerate((2, 4, 8), 1):
                    until(lambda n=tries: self.deferrals(site) == n, SECONDS, f"try {tries}\n{site.last_words()}")
                    self.assertEqual(remote.said["rcpt", "x@retries.test"], tries)
                    clock.forward(60 * minutes)
                until(lambda: remote.mails, SECONDS, f"the mail\n{site.last_words()}")
                self.assertEqual(remote.said["rcpt", "x@retries.test"], 4)

    def deferrals(self, site):  # as spoold has recorded them: smtpd's log is ahead of it
        traced = json.loads(site.adminctl("--json", "trace", "x@retries.test"))
        return [event["kind"] for mail in traced for event in mail["events"]].count("deferred")


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("postfix"), "needs root and Postfix")
class RealPostfix(unittest.TestCase):
    """Tayori to Postfix, and through it to another server: what one of the most common servers makes of us."""

    def test_many_mails_at_once_all_arrive_once(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-postfix-"))
        behind = self.enterContext(Remote(HOST, 0, name="behind.example"))
        port = plan.free_port()
        postfix = RelayingPostfix(folder, port, behind.port)
        self.addCleanup(postfix.stop)
        postfix.start()
        until(lambda: native.greeting_on(port, native.GREETINGS["smtp"]), SECONDS, "Postfix")
        postfix.open_door()
        DNS.table["postfix.test", "A"] = [(600, HOST)]
        with Site(programs=("spoold", "smtpd"), settings={
                "TAYORI__DNS__SERVERS": f"{HOST}:{DNS.port}", "TAYORI__TEST__MX_PORT": str(port),
                "TAYORI__TEST__MX_ANYWHERE": "true", "TAYORI__SITE__HOSTNAME": "mail.ours.test"}) as site:
            site.add_domain(OURS)
            site.add_account(f"anna@{OURS}")
            with smtplib.SMTP(HOST, site.ports["submission"], timeout=30) as smtp:
                smtp.login(f"anna@{OURS}", PASSWORD)
                for number in range(100):
                    smtp.sendmail(f"anna@{OURS}", [f"x{number}@postfix.test", f"y{number}@postfix.test"],
                                  letter(f"mail {number}", body=".\r\n" * number))
            got = []
            until(lambda: got.clear() or got.extend(r for mail in list(behind.mails) for r in mail.recipients) or len(got) >= 200,
                  2 * SECONDS, f"200 recipients, not {len(got)}\n{site.last_words()}")
            self.assertEqual(sorted(got), sorted(f"{who}{number}@postfix.test" for who in "xy" for number in range(100)))
            for mail in behind.mails:
                number = int(mail.recipients[0][1:].partition("@")[0])
                self.assertTrue(mail.data.endswith(b"\r\n\r\n" + b".\r\n" * number))
                self.assertIn(b"by mail.example.org (Postfix)", mail.data)


class Lmtp(unittest.TestCase):
    def test_programs_of_the_site_deliver_by_it(self):
        with tempfile.TemporaryDirectory(prefix="tayori-lmtp-") as folder:
            path = f"{folder}/lmtp.sock"
            with Site(programs=("spoold", "smtpd", "pop3d"), settings={"TAYORI__SMTPD__LISTEN_LMTP": f"unix:{path}"}) as site:
                site.add_domain(OURS)
                for name in ("anna", "ben"):
                    site.add_account(f"{name}@{OURS}")
                with smtplib.LMTP(path) as lmtp:
                    lmtp.ehlo_or_helo_if_needed()
                    self.assertEqual(lmtp.docmd("EHLO", "x")[0], 500)
                    self.assertEqual(lmtp.mail("list@example.net")[0], 250)
                    self.assertEqual(lmtp.rcpt(f"anna@{OURS}")[0], 250)
                    self.assertEqual(lmtp.rcpt(f"nobody@{OURS}")[0], 550)
                    self.assertEqual(lmtp.rcpt("x@elsewhere.example")[0], 550)
                    self.assertEqual(lmtp.rcpt(f"ben@{OURS}")[0], 250)
                    self.assertEqual(lmtp.data(letter())[0], 250)
                    self.assertEqual(lmtp.getreply()[0], 250)  # the second recipient's
                    self.assertEqual(lmtp.noop()[0], 250)
                for name in ("anna", "ben"):
                    pop = poplib.POP3(HOST, site.ports["pop3"], timeout=30)
                    pop.user(f"{name}@{OURS}")
                    pop.pass_(PASSWORD)
                    self.assertEqual(pop.stat()[0], 1)
                    self.assertIn(b"with LMTP", b"\n".join(pop.retr(1)[1]))
                    pop.quit()

    def test_port_25_is_refused(self):
        with self.assertRaises(TestFailure) as failure, Site(programs=("spoold", "smtpd"), settings={"TAYORI__SMTPD__LISTEN_LMTP": "127.0.0.1:25"}):
            pass
        self.assertIn("25", str(failure.exception))
