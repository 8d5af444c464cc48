"""Several processes on one port: a client that idles on one sees at once what came in through another."""

import os
import statistics
import time
import unittest

from harness import imap
from harness.lines import Lines
from harness.site import PASSWORD, Site

MAILS = 60
P99_SECONDS = 0.25  # 50 ms on a quiet machine; a test shares its machine


class Replicas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = [f"TAYORI__{name}__WORKERS" for name in ("SMTPD", "IMAPD", "POP3D")]
        for name in names:  # the plan of processes asks the environment
            os.environ[name] = "2"
            cls.addClassCleanup(os.environ.pop, name)
        cls.site = cls.enterClassContext(Site())
        cls.site.add_domain("example.test")
        cls.site.add_account("anna@example.test")

    def idler(self):
        connection = imap.login(self.site.ports["imap"], "anna@example.test", PASSWORD)
        imap.command(connection, "SELECT INBOX")
        connection.line("i IDLE")
        while not connection.read_line().startswith("+"):
            pass
        return connection

    def test_there_are_two_of_each(self):
        self.assertEqual(sorted(self.site.rows), ["imapd-1", "imapd-2", "pop3d-1", "pop3d-2", "smtpd-1", "smtpd-2", "spoold"])

    def test_all_idlers_see_every_mail_soon(self):
        # So many connections that the kernel has given some to each process.
        idlers = [self.idler() for _ in range(8)]
        times = []
        for number in range(MAILS):
            smtp = Lines(self.site.ports["smtp"])
            for line in (None, "EHLO load.example.org", "MAIL FROM:<x@example.org>", "RCPT TO:<anna@example.test>", "DATA"):
                if line:
                    smtp.line(line)
                while (answer := smtp.read_line())[3:4] == "-":
                    pass
                self.assertIn(answer[0], "23", answer)
            smtp.send(f"Subject: {number}\r\n\r\ntext\r\n.\r\n".encode())
            self.assertTrue(smtp.read_line().startswith("250"))
            accepted = time.monotonic()
            smtp.close()
            for idler in idlers:
                while not (line := idler.read_line()).endswith("EXISTS"):
                    self.assertIn("RECENT", line)
            times.append(time.monotonic() - accepted)
        for idler in idlers:
            idler.close()
        times.sort()
        print(f"\n    8 idlers on 2 processes: median {statistics.median(times) * 1000:.1f} ms, "
              f"p99 {times[int(len(times) * 0.99)] * 1000:.1f} ms")
        self.assertLess(times[int(len(times) * 0.99)], P99_SECONDS)


if __name__ == "__main__":
    unittest.main()
