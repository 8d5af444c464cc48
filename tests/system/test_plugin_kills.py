"""Mail that plugins file, pass on and answer, while smtpd and spoold are killed: each effect as often as its mail, each answer once."""

import collections
import json
import os
import random
import smtplib
import tempfile
import threading
import time
import unittest

from harness.site import until

from plugin_site import DOER, HOST, OURS, PluginSite
from test_outbound import Clock

SECONDS = 120
SENDERS = 4


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
            unanswered, taken, failures = collections.Counter(), [], []
            threads = [threading.Thread(target=self.send_all, args=(site, range(at, count, SENDERS), unanswered, taken, failures))
                       for at in range(SENDERS)]
            for thread in threads:
                thread.start()
            for kill in range(1, kills + 1):
                until(lambda n=kill: failures or len(taken) >= count * n // (kills + 1), SECONDS, f"mails to be taken\n{site.last_words()}")
                program = chance.choice(("spoold", "smtpd"))
                site.kill(program)
                site.start_process(program)
                site.wait_until_serving()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [], site.last_words())
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

    def send_all(self, site, numbers, unanswered, taken, failures):
        for number in numbers:
            if failures or not self.send(site, number, unanswered):
                failures.append(number)
                return
            taken.append(number)

    def send(self, site, number, unanswered):
        """Like a client that comes again until it hears 250."""
        sender = f"carol+{number}@{OURS}"
        text = f"From: <{sender}>\r\nTo: <anna@{OURS}>\r\nSubject: serve {number}\r\n\r\ntext\r\n".encode()
        until_when = time.monotonic() + SECONDS
        while time.monotonic() < until_when:
            ended = False
            try:
                with smtplib.SMTP(HOST, site.ports["smtp"], timeout=30) as smtp:
                    smtp.ehlo("client.example")
                    smtp.mail(sender)
                    smtp.rcpt(f"anna@{OURS}")
                    smtp.putcmd("data")
                    if smtp.getreply()[0] != 354:
                        continue
                    smtp.send(text + b".\r\n")
                    ended = True
                    code, _ = smtp.getreply()
                    if code == 250:
                        return True
                    # "Try again": whether a lost connection to spoold had stored it smtpd does not know, either.
                    unanswered[number] += 1
            except (OSError, smtplib.SMTPException):
                unanswered[number] += ended
        return False


if __name__ == "__main__":
    unittest.main()
