"""Mail that plugins file, pass on and answer, while smtpd and spoold are killed: each effect as often as its mail, each answer once."""

import collections
import json
import os
import random
import smtplib
import tempfile
import unittest

from harness.site import until

from plugin_site import DOER, HOST, OURS, PluginSite
from test_outbound import Clock

SECONDS = 120
TRIES_MAX = 200


class Kills(unittest.TestCase):
    def test_each_effect_comes_with_its_mail(self):
        chance = random.Random(int(os.environ.get("TAYORI_SEED", "11")))
        is_long = os.environ.get("TAYORI_TEST_LONG") == "1"
        count, kills = (1_000, 40) if is_long else (80, 6)
        clock = Clock(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-clock-")))
        with PluginSite({"doer": DOER}, programs=("spoold", "smtpd", "imapd"), settings={
                "TAYORI__TEST__CLOCK_FILE": str(clock.path)}) as site:
            site.add_domain(OURS)
            for name in ("postmaster", "anna", "archive", "carol"):
                site.add_account(f"{name}@{OURS}")
            site.enable("doer", "--account", f"anna@{OURS}", to=f"archive@{OURS}")
            at = sorted(chance.sample(range(1, count), kills))
            unanswered = collections.Counter()
            for number in range(count):
                self.send(site, number, unanswered, chance.choice(("spoold", "smtpd")) if number in at else None)
            clock.forward(90)  # a lease outlives its stream by a minute: its carrier may come back
            until(lambda: json.loads(site.adminctl("--json", "status"))["queued"] == 0, SECONDS, f"an empty queue\n{site.last_words()}")
            stored = collections.Counter(site.subjects(f"anna@{OURS}", "Served"))
            passed_on = collections.Counter(site.subjects(f"archive@{OURS}"))
            answers = collections.Counter(str(mail["To"]) for _, mail in site.mails(f"carol@{OURS}"))
            for number in range(count):
                subject = f"serve {number}"
                self.assertGreaterEqual(stored[subject], 1, subject)
                # Again only where no answer was heard.
                self.assertLessEqual(stored[subject], 1 + unanswered[number], subject)
            self.assertEqual(passed_on, stored)
            self.assertEqual(sorted(answers.values()), [1] * count)
            self.assertEqual(site.subjects(f"anna@{OURS}"), [])
            print(f"[{kills} kills, {sum(stored.values()) - count} of {count} mails sent again] ", end="", flush=True)

    def send(self, site, number, unanswered, kill):
        """Like a client that comes again until it hears 250."""
        sender = f"carol+{number}@{OURS}"
        text = f"From: <{sender}>\r\nTo: <anna@{OURS}>\r\nSubject: serve {number}\r\n\r\ntext\r\n".encode()
        for _ in range(TRIES_MAX):
            ended = False
            try:
                with smtplib.SMTP(HOST, site.ports["smtp"], timeout=30) as smtp:
                    smtp.ehlo("client.example")
                    smtp.mail(sender)
                    if smtp.rcpt(f"anna@{OURS}")[0] != 250:
                        continue
                    smtp.putcmd("data")
                    if smtp.getreply()[0] != 354:
                        continue
                    smtp.send(text + b".\r\n")
                    ended = True
                    if kill:
                        site.kill(kill)
                        site.start_process(kill)
                        kill = None
                        site.wait_until_serving()
                    code, _ = smtp.getreply()
                    ended = False
                    if code == 250:
                        return
            except (OSError, smtplib.SMTPException):
                unanswered[number] += ended
        self.fail(f"mail {number} is not taken\n{site.last_words()}")


if __name__ == "__main__":
    unittest.main()
