"""The outbound queue as an administrator sees it, over the real programs: what waits, routes, traces, a moved clock."""

import json
import pathlib
import smtplib
import tempfile
import unittest

from harness.remote_smtp import Remote
from harness.site import PASSWORD, Site, plan, until

ANNA = "anna@example.test"
SECONDS = 20
HOUR_MS = 3_600_000


class Queue(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-queue-")))
        self.clock = self.folder / "clock"
        self.clock.write_text("0", encoding="ascii")
        self.site = self.enterContext(Site(settings={
            "TAYORI__TEST__CLOCK_FILE": str(self.clock), "TAYORI__OUTBOUND__DSN_LANGUAGE": "both"}, programs=("spoold", "smtpd")))
        self.site.add_domain("example.test")
        self.site.add_account(ANNA)
        # Nothing leaves this machine, for nobody listens there.
        port = plan.free_port()
        self.nowhere = f"relay:127.0.0.1:{port}"
        self.site.adminctl("route", "set", "*", "relay", "--host", "127.0.0.1", "--port", str(port))

    def send(self, recipients, subject="hello"):
        with smtplib.SMTP("127.0.0.1", self.site.ports["submission"], timeout=SECONDS) as client:
            client.login(ANNA, PASSWORD)
            client.sendmail(ANNA, recipients, f"From: {ANNA}\r\nMessage-ID: <{subject}@example.test>\r\nSubject: {subject}\r\n\r\nBody.\r\n")

    def queue(self, *arguments):
        return json.loads(self.site.adminctl("--json", "queue", "list", *arguments))

    def events(self, what):
        traced = json.loads(self.site.adminctl("--json", "trace", what))
        return [event["kind"] for mail in traced for event in mail["events"]]

    def test_mail_waits_is_held_traced_and_given_up(self):
        self.send(["x@one.test", "y@two.test"])
        until(lambda: len(self.queue()) == 1, SECONDS, "the mail in the queue")
        mail = self.queue()[0]
        self.assertEqual(mail["sender"], ANNA)
        self.assertEqual([one["destination"] for one in mail["recipients"]], [self.nowhere] * 2)
        self.assertEqual(mail["subject"], "hello")
        number = str(mail["queue_id"])
        self.assertIn("1 mail held.", self.site.adminctl("queue", "hold", "--recipient", "@two.test"))
        self.assertEqual(len(self.queue("--held")), 1)
        self.assertIn(", held", self.site.adminctl("queue", "show", number))
        self.assertIn("1 mail released.", self.site.adminctl("queue", "release", number))
        self.assertIn("1 mails wait", self.site.adminctl("status"))
        self.assertIn(self.nowhere, self.site.adminctl("queue", "stats"))
        for what in ("<hello@example.test>", "x@one.test", ANNA, mail["trace_id"], number):
            self.assertEqual(self.events(what)[:2], ["received", "queued"], what)
        self.assertIn("1 mail given up.", self.site.adminctl("queue", "cancel", number))
        self.assertEqual([one for one in self.queue() if one["sender"] == ANNA], [])
        self.assertIn("cancelled", self.events(mail["trace_id"]))

    def test_a_test_mail_goes_the_way_that_is_chosen(self):
        with Remote("127.0.0.1", 0) as remote:
            trace = self.site.adminctl("send", "x@one.test").split()[-1]
            until(lambda: self.queue() and self.queue()[0]["recipients"][0]["said"]["text"], SECONDS, "the destination's words")
            number = str(self.queue()[0]["queue_id"])
            self.site.adminctl("queue", "route", number, "--via", "carrier pigeon", expect=1)
            self.assertIn("1 mail routed anew.", self.site.adminctl("queue", "route", number, "--via", f"relay:127.0.0.1:{remote.port}"))
            mail, = until(lambda: remote.taken_for("x@one.test"), SECONDS, "the mail")
            self.assertEqual(mail.sender, "postmaster@example.test")
            until(lambda: "delivered" in self.events(trace), SECONDS, "its end")

    def test_routes_are_set_listed_and_kept(self):
        self.site.adminctl("route", "set", ".corp.test", "relay", "--host", "10.0.0.5", "--connections", "2", "--per-minute", "60")
        self.site.adminctl("route", "set", "slow.test", "mx", "--retry-first-s", "10", "--tls", "verify")
        self.site.adminctl("route", "set", "login.test", "relay", "--host", "smart.test", "--user", "me", "--password-stdin", stdin="geheim\n")
        shown = self.site.adminctl("route", "list")
        self.assertRegex(shown, r"login\.test +relay smart\.test:587 as me +verify")
        self.assertNotIn("geheim", self.site.adminctl("--json", "route", "list"))
        store = b"".join(path.read_bytes() for path in (self.site.instance.data / "store").rglob("*") if path.is_file())
        self.assertNotIn(b"geheim", store)
        self.site.kill("spoold")
        self.site.start_process("spoold")
        self.site.wait_until_serving()
        self.assertEqual(self.site.adminctl("route", "list"), shown)
        self.assertNotIn("slow.test", self.site.adminctl("route", "delete", "slow.test"))

    def test_the_moved_clock_brings_the_delay_and_the_end(self):
        self.send(["x@one.test"])
        mail = until(self.queue, SECONDS, "the mail in the queue")[0]
        self.clock.write_text(str(5 * HOUR_MS), encoding="ascii")
        until(lambda: "notified" in self.events(mail["trace_id"]), SECONDS, "a word about the delay")


if __name__ == "__main__":
    unittest.main()
