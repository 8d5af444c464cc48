"""What plugins do to sessions and mail, as clients see it."""

import itertools
import json
import os
import poplib
import tempfile
import threading
import unittest

from harness import imap
from harness.remote_smtp import Remote
from harness.site import PASSWORD, TestFailure, until
from harness.small_dns import SmallDns
from tayori import plan

from plugin_site import DOER, GATE, HOST, OURS, STRICT, TELLER, PluginSite
from test_outbound import Clock

SECONDS = 30
NUMBERS = itertools.count(1)
REST_FAILURES = 3


def setUpModule():
    global SITE
    SITE = PluginSite({"gate": GATE, "doer": DOER, "strict": STRICT}, settings={"TAYORI__PLUGINS__FAILURES_MAX": str(REST_FAILURES)})
    unittest.enterModuleContext(SITE)
    SITE.add_domain(OURS)
    SITE.add_account(f"postmaster@{OURS}")


class PluginCase(unittest.TestCase):
    def setUp(self):
        self.number = next(NUMBERS)
        self.anna = self.account("anna")

    def account(self, name):
        address = f"{name}{self.number}@{OURS}"
        SITE.add_account(address)
        return address

    def scope(self, address):
        return "--account", address

    def arrives(self, address, subject, folder="INBOX", count=1):
        """The mails with this subject, once there are so many."""
        def found():
            mails = [row for row in SITE.mails(address, folder) if str(row[1]["Subject"]) == subject]
            return mails if len(mails) >= count else None
        return until(found, SECONDS, f"{subject} in {address} {folder}\n{SITE.last_words()}")


class Refusals(PluginCase):
    """Every hook's refusal, in the client's own protocol."""

    def test_of_the_whole_site(self):
        rows = (("connect", 550), ("helo", 550), ("mail", 550), ("headers", 550), ("message", 550))
        self.addCleanup(SITE.adminctl, "plugin", "unset", "gate", "at", "later")
        self.addCleanup(SITE.adminctl, "plugin", "disable", "gate")
        for hook, code in rows:
            with self.subTest(hook):
                SITE.enable("gate", at=hook, later="false")
                said = SITE.send(self.anna)
                self.assertEqual((said[0], f"no at {hook}" in said[1]), (code, True), f"{said}\n{SITE.last_words()}")
        SITE.enable("gate", at="message", later="true")
        self.assertEqual(SITE.send(self.anna)[0], 451)
        SITE.enable("gate", at="nothing")
        self.assertEqual(SITE.send(self.anna)[0], 250)
        self.assertEqual(SITE.subjects(self.anna), ["hello"])

    def test_of_an_account(self):
        for hook in ("rcpt", "deliver"):
            with self.subTest(hook):
                SITE.enable("gate", *self.scope(self.anna), at=hook)
                said = SITE.send(self.anna)
                self.assertEqual((said[0], f"no at {hook}" in said[1]), (550, True), said)
        self.assertEqual(SITE.subjects(self.anna), [])

    def test_of_what_comes_too_often(self):
        SITE.enable("gate", *self.scope(self.anna), at="twice")
        said = [SITE.send(self.anna, sender=f"{name}@far.example") for name in ("jiro", "jiro", "jiro", "saburo")]
        self.assertEqual([code for code, _ in said], [250, 250, 451, 250], said)
        self.assertIn("Twice an hour is enough.", said[2][1])
        self.assertEqual(len(SITE.subjects(self.anna)), 3)

    def test_of_who_sends(self):
        bob = self.account("bob")
        for hook, code in (("auth", 550), ("mail", 550), ("outgoing", 550), ("message", 550)):
            with self.subTest(hook):
                SITE.enable("gate", *self.scope(self.anna), at=hook)
                said = SITE.send(bob, sender=self.anna, port="submission", user=self.anna)
                self.assertEqual((said[0], f"no at {hook}" in said[1]), (code, True), f"{said}\n{SITE.last_words()}")
        self.assertEqual(SITE.subjects(bob), [])

    def test_of_one_among_several_strangers_mail_goes_to_junk(self):
        bob = self.account("bob")
        SITE.enable("gate", *self.scope(bob), at="deliver")
        self.assertEqual(SITE.send([self.anna, bob], "to both")[0], 250)
        self.assertEqual(SITE.subjects(self.anna), ["to both"])
        self.assertEqual(SITE.subjects(bob), [])
        self.assertEqual(SITE.subjects(bob, "Junk"), ["to both"])

    def test_of_one_among_several_our_sender_is_told(self):
        bob, cleo = self.account("bob"), self.account("cleo")
        SITE.enable("gate", *self.scope(bob), at="deliver")
        self.assertEqual(SITE.send([cleo, bob], "to both", sender=self.anna, port="submission", user=self.anna)[0], 250)
        self.assertEqual(SITE.subjects(cleo), ["to both"])
        self.assertEqual(SITE.subjects(bob) + SITE.subjects(bob, "Junk"), [])
        until(lambda: SITE.mails(self.anna), SECONDS, f"a notification\n{SITE.last_words()}")
        (_, notice), = SITE.mails(self.anna)
        self.assertIn("no at deliver", notice.as_string())
        self.assertIn(bob, notice.as_string())

    def test_later_for_one_is_later_for_all(self):
        bob = self.account("bob")
        SITE.enable("gate", *self.scope(bob), at="deliver", later="true")
        self.assertEqual(SITE.send([self.anna, bob])[0], 451)
        self.assertEqual(SITE.subjects(self.anna) + SITE.subjects(bob), [])

    def test_in_imap(self):
        SITE.send(self.anna)
        connection = SITE.imap(self.anna)
        imap.command(connection, "SELECT INBOX")
        rows = (("store", r"STORE 1 +FLAGS (\Seen)", r"no at store: \Seen"), ("expunge", "EXPUNGE", "no at expunge: 1"),
                ("append", "APPEND INBOX", "no at append"))
        imap.command(connection, r"STORE 1 +FLAGS (\Deleted)")
        for hook, command, words in rows:
            with self.subTest(hook):
                SITE.enable("gate", *self.scope(self.anna), at=hook)

                def refused(command=command):
                    try:
                        imap.command(connection, command, b"Subject: x\r\n\r\n" if command.startswith("APPEND") else None)
                    except AssertionError as refusal:
                        return str(refusal)
                # What an account's plugins are imapd hears within seconds, not at once.
                said = until(refused, SECONDS, f"{command} to be refused")
                self.assertIn(" NO ", said)
                self.assertIn(words, said)
        SITE.enable("gate", *self.scope(self.anna), at="expunge")
        until(lambda: self.close_keeps(connection), SECONDS, "CLOSE to keep what may not be removed")
        SITE.enable("gate", *self.scope(self.anna), at="login")
        until(lambda: self.login_refused(), SECONDS, "a login to be refused")

    def close_keeps(self, connection):
        imap.command(connection, "SELECT INBOX")
        imap.command(connection, "CLOSE")
        return len(SITE.subjects(self.anna)) >= 1

    def login_refused(self):
        try:
            SITE.imap(self.anna).close()
        except AssertionError as refusal:
            return "no at login" in str(refusal)
        return False

    def pop3(self):
        client = poplib.POP3(HOST, SITE.ports["pop3"], timeout=SECONDS)
        client.user(self.anna)
        client.pass_(PASSWORD)
        return client

    def test_in_pop3(self):
        rows = (("expunge", 1, []), ("keep", 1, []), ("trash", 0, ["hello"]))
        SITE.send(self.anna)
        for at, left, trash in rows:
            with self.subTest(at):
                SITE.enable("gate", *self.scope(self.anna), at=at)
                def deleted():
                    client = self.pop3()
                    client.dele(1)
                    try:
                        client.quit()
                    except poplib.error_proto as refusal:
                        return "no at expunge: 1" in str(refusal)
                    # Of `keep` the keyword tells that it was kept.
                    flags = [flags for flags, _ in SITE.mails(self.anna)]
                    if at == "keep":
                        return flags and "$Kept" in flags[0]
                    return at != "expunge"
                until(deleted, SECONDS, f"{at}\n{SITE.last_words()}")
                self.assertEqual(len(SITE.subjects(self.anna)), left)
                self.assertEqual(SITE.subjects(self.anna, "Trash"), trash)


class Deliveries(PluginCase):
    def setUp(self):
        super().setUp()
        self.bob = self.account("bob")
        SITE.enable("doer", *self.scope(self.anna), to=self.bob, mark="日本")

    def test_where_it_goes(self):
        rows = (("into Work/2026", {"Work/2026": 1}), ("both Two", {"Two": 1, "Two2": 1}), ("junk it", {"Junk": 1}), ("gone", {}),
                ("plain", {"INBOX": 1}))
        for subject, where in rows:
            with self.subTest(subject):
                self.assertEqual(SITE.send(self.anna, subject)[0], 250)
                for folder in ("INBOX", "Work/2026", "Two", "Two2", "Junk"):
                    count = SITE.subjects(self.anna, folder).count(subject)
                    self.assertEqual(count, where.get(folder, 0), folder)

    def test_flags_and_fields(self):
        SITE.send(self.anna, "flag it")
        SITE.send(self.anna, "mark it")
        (flagged, _), (_, marked) = SITE.mails(self.anna)
        self.assertLessEqual({r"\Flagged", "$Label1"}, flagged)
        self.assertEqual(str(marked["X-Doer"]), "日本")

    def test_passed_on_through_the_queue(self):
        SITE.send(self.anna, "pass it")
        (_, mail), = self.arrives(self.bob, "pass it")
        self.assertIn(self.anna, [str(value) for value in mail.get_all("Delivered-To")])
        self.assertEqual(SITE.subjects(self.anna), ["pass it"])

    def test_a_circle_ends(self):
        SITE.enable("doer", *self.scope(self.bob), to=self.anna)
        SITE.send(self.anna, "pass it round")
        self.arrives(self.bob, "pass it round")
        self.arrives(self.anna, "pass it round", count=2)
        until(lambda: json.loads(SITE.adminctl("--json", "status"))["queued"] == 0, SECONDS, "an empty queue")
        self.assertEqual(SITE.subjects(self.anna).count("pass it round"), 2)
        self.assertEqual(SITE.subjects(self.bob).count("pass it round"), 1)

    def test_passed_on_to_another_server_in_our_name(self):
        with Remote(HOST, 0) as remote:
            SITE.adminctl("route", "set", "other.test", "relay", "--host", HOST, "--port", str(remote.port))
            self.addCleanup(SITE.adminctl, "route", "delete", "other.test")
            SITE.enable("doer", *self.scope(self.anna), to="x@other.test")
            SITE.send(self.anna, "pass it")
            mail, = until(lambda: remote.taken_for("x@other.test"), SECONDS, f"the mail\n{SITE.last_words()}")
        # Bounces come back to us, who pass them on (SRS); the sender's own domain would fail SPF from here.
        self.assertRegex(mail.sender, rf"^SRS0=.*=far\.example=carol@{OURS}$")
        self.assertIn(f"Delivered-To: {self.anna}\r\n".encode(), mail.data)
        self.assertEqual(SITE.subjects(self.anna), ["pass it"])

    def test_answered_once(self):
        carol = self.account("carol")
        for _ in range(3):
            self.assertEqual(SITE.send(self.anna, "answer me", sender=carol)[0], 250)
        # Of the second one spoold says that it may not go; the third is not even written.
        traced = SITE.adminctl("trace", carol)
        self.assertEqual(traced.count("not sent, as it may happen once within 7 days"), 1, traced)
        self.assertEqual(traced.count("not sent: no more within this period"), 1, traced)
        until(lambda: SITE.mails(carol), SECONDS, f"an answer\n{SITE.last_words()}")
        until(lambda: json.loads(SITE.adminctl("--json", "status"))["queued"] == 0, SECONDS, "an empty queue")
        (_, answer), = SITE.mails(carol)
        self.assertNotEqual(str(answer["Auto-Submitted"] or "no"), "no")
        self.assertEqual(str(answer["Return-Path"]), "<>")
        self.assertIn("away", answer.get_body().get_content())

    def test_a_notice_about_a_notice_is_not_written(self):
        SITE.send(self.anna, "notify me")
        self.arrives(self.anna, "notified")
        until(lambda: json.loads(SITE.adminctl("--json", "status"))["queued"] == 0, SECONDS, "an empty queue")
        self.assertEqual(sorted(SITE.subjects(self.anna)), ["notified", "notify me"])

    def test_what_is_remembered_is_read_with_the_next_mail(self):
        for _ in range(3):
            SITE.send(self.anna, "count")
        self.assertEqual([str(mail["X-Count"]) for _, mail in SITE.mails(self.anna)], ["1", "2", "3"])

    def test_a_mail_beyond_what_is_kept_in_memory(self):
        body = "".join(f"line {n:06} {'x' * 60}\r\n" for n in range(20_000))
        self.assertEqual(SITE.send(self.anna, "into Large", body=body)[0], 250)
        (_, mail), = SITE.mails(self.anna, "Large")
        self.assertEqual(mail.get_content().replace("\n", "\r\n").replace("\r\r", "\r"), body)

    def test_a_trace_says_which_plugin_it_was(self):
        SITE.send(self.anna, "into Traced")
        self.assertIn("doer/plugin.lua:", SITE.adminctl("trace", self.anna))


class Scopes(PluginCase):
    def test_the_nearest_setting_holds(self):
        domain = f"scope{self.number}.test"
        SITE.add_domain(domain)
        for name in ("a", "b"):
            SITE.add_account(f"{name}@{domain}")
        self.addCleanup(SITE.adminctl, "plugin", "unset", "doer", "mark")
        SITE.enable("doer", "--domain", domain)
        rows = (((), "site", "site", "site"), (("--domain", domain), "domain", "domain", "domain"),
                (("--account", f"a@{domain}"), "account", "account", "domain"))
        for scope, value, of_a, of_b in rows:
            SITE.adminctl("plugin", "set", "doer", *scope, f"mark={value}")
            for name, expected in (("a", of_a), ("b", of_b)):
                with self.subTest(f"{value}: {name}"):
                    SITE.send(f"{name}@{domain}", "mark")
                    self.assertEqual(str(SITE.mails(f"{name}@{domain}")[-1][1]["X-Doer"]), expected)
        SITE.adminctl("plugin", "disable", "doer", "--account", f"a@{domain}")
        SITE.send(f"a@{domain}", "mark")
        self.assertIsNone(SITE.mails(f"a@{domain}")[-1][1]["X-Doer"])


class Reloads(PluginCase):
    """Version N of the plugin `turn` writes N into the mail."""

    @staticmethod
    def write(version, broken=False):
        SITE.write_plugin("turn", 'local tayori = require "tayori"\nlocal turn = tayori.plugin { name = "turn" }\n'
                          f'function turn.deliver(mail, account) mail:addheader("X-Turn", "{version}") end\nreturn turn'
                          + (" oops" if broken else "") + "\n")

    def turn(self):
        SITE.send(self.anna)
        return SITE.mails(self.anna)[-1][1]["X-Turn"]

    def test_new_ones_at_once_broken_ones_never(self):
        self.write(1)
        SITE.adminctl("plugin", "reload")
        SITE.enable("turn", *self.scope(self.anna))
        self.assertEqual(self.turn(), "1")
        self.write(2)
        SITE.adminctl("plugin", "reload")
        self.assertEqual(self.turn(), "2")
        self.write(3, broken=True)
        with self.assertRaises(TestFailure) as failure:
            SITE.adminctl("plugin", "reload")
        self.assertIn("turn/plugin.lua:4", str(failure.exception))
        self.assertEqual(self.turn(), "2")

        self.write(4)
        SITE.adminctl("plugin", "reload", "--percent", "50")
        turns = {self.turn() for _ in range(24)}
        self.assertEqual(turns, {"2", "4"})
        SITE.adminctl("plugin", "reload", "--reject")
        self.assertEqual({self.turn() for _ in range(6)}, {"2"})
        SITE.adminctl("plugin", "reload", "--percent", "50")
        SITE.adminctl("plugin", "reload", "--accept")
        self.assertEqual({self.turn() for _ in range(6)}, {"4"})


class Failures(PluginCase):
    def test_mail_goes_on_and_the_postmaster_hears_of_it(self):
        SITE.enable("doer", *self.scope(self.anna))
        for number in range(REST_FAILURES + 1):
            self.assertEqual(SITE.send(self.anna, f"fail {number}")[0], 250)
        self.assertEqual(len(SITE.subjects(self.anna)), REST_FAILURES + 1)
        (_, notice), = self.arrives(f"postmaster@{OURS}", "Plugin doer rests after failures")
        self.assertIn("broken on purpose", notice.get_content())
        self.assertIn("doer/plugin.lua:", notice.get_content())
        SITE.adminctl("plugin", "reload")  # begins anew: other tests use it
        SITE.send(self.anna, "into Again")
        self.assertEqual(SITE.subjects(self.anna, "Again"), ["into Again"])


    def test_who_lets_nothing_pass_has_it_sent_again_also_while_it_rests(self):
        SITE.enable("strict", *self.scope(self.anna))
        self.addCleanup(SITE.adminctl, "plugin", "reload")
        self.assertEqual(SITE.send(self.anna, "well")[0], 250)
        for number in range(REST_FAILURES):
            self.assertEqual(SITE.send(self.anna, f"fail {number}")[0], 451)
        self.assertEqual(SITE.send(self.anna, "well, too")[0], 451)  # it rests
        SITE.adminctl("plugin", "reload")
        self.assertEqual(SITE.send(self.anna, "well again")[0], 250)
        self.assertEqual(SITE.subjects(self.anna), ["well", "well again"])

    def test_of_imapd_the_postmaster_hears_too(self):
        SITE.enable("gate", *self.scope(self.anna), at="append fails")
        self.addCleanup(SITE.adminctl, "plugin", "reload")
        connection = SITE.imap(self.anna)
        appended = 0

        def told():
            nonlocal appended
            imap.command(connection, "APPEND INBOX", b"Subject: kept\r\n\r\n")  # it is stored all the same
            appended += 1
            return [mail for _, mail in SITE.mails(f"postmaster@{OURS}") if str(mail["Subject"]) == "Plugin gate rests after failures"]
        notice, = until(told, SECONDS, f"a notice\n{SITE.last_words()}")
        self.assertIn("in imapd", notice.get_content())
        self.assertIn("broken in the mailbox", notice.get_content())
        self.assertEqual(SITE.subjects(self.anna), ["kept"] * appended)


class Replicas(unittest.TestCase):
    def test_two_of_smtpd_and_one_sender_in_the_same_second(self):
        os.environ["TAYORI__SMTPD__WORKERS"] = "2"
        self.addCleanup(os.environ.pop, "TAYORI__SMTPD__WORKERS")
        with PluginSite({"doer": DOER}, programs=("spoold", "smtpd", "imapd")) as site:
            site.add_domain(OURS)
            for name in ("anna", "carol"):
                site.add_account(f"{name}@{OURS}")
            site.enable("doer", "--account", f"anna@{OURS}")
            said = []
            threads = [threading.Thread(target=lambda: said.append(site.send(f"anna@{OURS}", "answer me", sender=f"carol@{OURS}")[0]))
                       for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(said, [250] * 16)
            self.assertEqual(len(site.mails(f"anna@{OURS}")), 16)
            until(lambda: site.mails(f"carol@{OURS}"), SECONDS, "an answer")
            until(lambda: json.loads(site.adminctl("--json", "status"))["queued"] == 0, SECONDS, "an empty queue")
            self.assertEqual(len(site.mails(f"carol@{OURS}")), 1)


class Work(unittest.TestCase):
    """What comes to plugins without a session."""

    @classmethod
    def setUpClass(cls):
        cls.clock = Clock(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tayori-clock-")))
        cls.port = plan.free_port()
        cls.remote = cls.enterClassContext(Remote("127.4.0.1", cls.port, {
            "rcpt": lambda address, times: "550 5.1.1 nobody of that name" if address.startswith("nobody") else None}))
        dns = cls.enterClassContext(SmallDns({("far.test", "A"): [(1, "127.4.0.1")]}))
        cls.site = cls.enterClassContext(PluginSite({"teller": TELLER}, programs=("spoold", "smtpd", "imapd"), settings={
            "TAYORI__DNS__SERVERS": f"{HOST}:{dns.port}", "TAYORI__TEST__MX_PORT": str(cls.port), "TAYORI__TEST__MX_ANYWHERE": "true",
            "TAYORI__TEST__CLOCK_FILE": str(cls.clock.path)}))
        cls.site.add_domain(OURS)
        cls.site.add_account(f"postmaster@{OURS}")

    def account(self, name):
        address = f"{name}@{OURS}"
        self.site.add_account(address)
        self.site.enable("teller", "--account", address)
        return address

    def hears(self, address, words):
        return until(lambda: [subject for subject in self.site.subjects(address) if words in subject], SECONDS,
                     f"{words}\n{self.site.last_words()}")

    def test_daily_lets_old_mail_go(self):
        anna = self.account("anna")
        connection = self.site.imap(anna)
        for folder in ("Old", "Old/deep", "Keep", "New"):
            imap.command(connection, f"CREATE {folder}")
            imap.append(connection, folder, b"Subject: plain\r\n\r\ntext\r\n")
        imap.append(connection, "Keep", b"Subject: flagged\r\n\r\ntext\r\n", (r"\Flagged",))
        connection.close()
        self.clock.forward(2 * 86_400)

        until(lambda: "a day has passed" in self.site.subjects(anna), SECONDS, f"a day to pass\n{self.site.last_words()}")
        left = {folder: self.site.subjects(anna, folder) for folder in ("Old", "Old/deep", "Keep", "New", "Archive")}
        self.assertEqual(left, {"Old": [], "Old/deep": [], "Keep": ["flagged"], "New": ["plain"], "Archive": ["plain"]})

    def test_a_step_of_the_quota(self):
        ben = self.account("ben")
        self.site.adminctl("account", "set", ben, "--quota-messages", "10")
        for _ in range(8):  # with the two notices of it the mailbox is full
            self.assertEqual(self.site.send(ben)[0], 250)
        self.hears(ben, " of 10 mails")

    def test_what_became_of_mail_for_others(self):
        cleo = self.account("cleo")
        for to in ("somebody@far.test", "nobody@far.test"):
            self.assertEqual(self.site.send(to, sender=cleo, port="submission", user=cleo)[0], 250)
        self.hears(cleo, "sent to somebody@far.test: 250")
        self.hears(cleo, "not to nobody@far.test: 550 5.1.1 nobody of that name")


class Starts(unittest.TestCase):
    def test_a_broken_plugin_of_the_site_leaves_those_of_tayori(self):
        with PluginSite({"doer": DOER, "broken": "this is no Lua\n"}, programs=("spoold", "smtpd", "imapd")) as site:
            site.add_domain(OURS)
            site.add_account(f"anna@{OURS}")
            self.assertEqual(site.send(f"anna@{OURS}")[0], 250)
            listed = site.adminctl("plugin", "list")
            self.assertIn("autoreply", listed)
            self.assertIn("broken/plugin.lua:1", site.log_path("smtpd").read_text())


if __name__ == "__main__":
    unittest.main()
