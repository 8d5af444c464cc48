"""A long queue goes out while programs are killed at random."""

import collections
import json
import os
import random
import smtplib
import tempfile
import unittest

from harness.remote_smtp import Remote
from harness.site import PASSWORD, Site, until
from harness.small_dns import SmallDns
from tayori import plan

from test_outbound import HOST, OURS, SECONDS, Clock, letter


class Kills(unittest.TestCase):
    """Each mail arrives; again only what was on its way at a kill."""

    CONNECTIONS_MAX = 20  # to one destination: at a kill each may have a mail whose report is not on disk yet

    def test_each_mail_arrives_and_few_again(self):
        chance = random.Random(int(os.environ.get("TAYORI_SEED", "5")))
        is_long = os.environ.get("TAYORI_TEST_LONG") == "1"
        count, kills = (10_000, 40) if is_long else (1_000, 6)
        with tempfile.TemporaryDirectory(prefix="tayori-clock-") as folder:
            clock, port = Clock(folder), plan.free_port()
            with SmallDns({("kills.test", "A"): [(1, "127.3.0.1")]}) as dns, Site(programs=("spoold", "smtpd"), settings={
                    "TAYORI__DNS__SERVERS": f"{HOST}:{dns.port}", "TAYORI__TEST__MX_PORT": str(port), "TAYORI__TEST__MX_ANYWHERE": "true",
                    "TAYORI__TEST__CLOCK_FILE": str(clock.path), "TAYORI__SITE__HOSTNAME": "mail.ours.test",
                    "TAYORI__SMTPD__MAILS_MAX": str(count)}) as site:
                site.add_domain(OURS)
                site.add_account(f"anna@{OURS}")
                with smtplib.SMTP(HOST, site.ports["submission"], timeout=30) as smtp:
                    smtp.login(f"anna@{OURS}", PASSWORD)
                    for number in range(count):
                        smtp.sendmail(f"anna@{OURS}", [f"x{number}@kills.test"], letter())
                with Remote("127.3.0.1", port) as remote:
                    site.adminctl("queue", "retry", "--all")
                    self.kill_while_it_goes_out(site, remote, clock, chance, kills, count)
                    arrived = collections.Counter(mail.recipients[0] for mail in remote.mails)
                    self.assertEqual(sorted(arrived), sorted(f"x{number}@kills.test" for number in range(count)))
                    again = sum(arrived.values()) - count
                    print(f"[{kills} kills, {again} of {count} mails twice] ", end="", flush=True)
                    self.assertLessEqual(again, kills * self.CONNECTIONS_MAX)
                    self.assertIn("empty", site.adminctl("status"))

    def kill_while_it_goes_out(self, site, remote, clock, chance, kills, count):
        for kill in range(1, kills + 1):
            until(lambda n=kill: len(remote.mails) >= count * n // (kills + 2), 3 * SECONDS, f"mails to go out\n{site.last_words()}")
            program = chance.choice(("spoold", "smtpd"))
            site.kill(program)
            if program == "smtpd":
                # A lease outlives its stream by a minute, as its carrier may come back: this one does not.
                until(lambda: not json.loads(site.adminctl("--json", "status")).get("daemons"), SECONDS, "spoold to miss it")
                clock.forward(90)
            site.start_process(program)
            site.wait_until_serving()
        until(lambda: json.loads(site.adminctl("--json", "status"))["queued"] == 0, 3 * SECONDS, f"an empty queue\n{site.last_words()}")


if __name__ == "__main__":
    unittest.main()
