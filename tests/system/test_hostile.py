"""Hostile input: right answers, bounded memory, and others are served meanwhile."""

import contextlib
import os
import socket
import threading
import time
import unittest

from harness import imap
from harness.lines import Closed, Lines
from harness.site import PASSWORD, Site, until

MIB = 1024 * 1024
RESIDENT_KIB_MAX = 256 * 1024
OTHERS_SECONDS = 2.0
SANITIZED = "asan" in os.environ.get("TAYORI_BINARIES", "")
ANNA, BEN = "anna@example.test", "ben@example.test"


class Watch:
    """Another user's ordinary life, and everybody's memory, while something bad goes on."""

    def __init__(self, site):
        self.site, self.slowest, self.largest, self.problem = site, 0.0, {}, None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.live, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join(60)

    def live(self):
        while not self.done.wait(0.1):
            began = time.monotonic()
            try:
                connection = imap.login(self.site.ports["imap"], BEN, PASSWORD)
                imap.command(connection, "SELECT INBOX")
                connection.close()
            except (AssertionError, OSError, Closed) as problem:
                self.problem = f"{type(problem).__name__}: {problem}"
            self.slowest = max(self.slowest, time.monotonic() - began)
            for name in self.site.children:
                self.largest[name] = max(self.largest.get(name, 0), self.site.resident_kib(name))


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = cls.enterClassContext(Site(settings={"TAYORI__IMAPD__CONNECTIONS_PER_ADDRESS_MAX": "5000",
                                  "TAYORI__SMTPD__CONNECTIONS_PER_ADDRESS_MAX": "5000",
                                  "TAYORI__POP3D__CONNECTIONS_PER_ADDRESS_MAX": "5000",
                                  "TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
        cls.site.add_domain("example.test")
        cls.site.add_account(ANNA)
        cls.site.add_account(BEN)

    @contextlib.contextmanager
    def others_are_served(self):
        with Watch(self.site) as watch:
            yield
        self.assertIsNone(watch.problem)
        self.assertLess(watch.slowest, OTHERS_SECONDS * (5 if SANITIZED else 1))
        for name, kib in watch.largest.items():
            if not SANITIZED:
                self.assertLess(kib, RESIDENT_KIB_MAX, f"{name} took {kib // 1024} MiB")
        for name, child in self.site.children.items():
            self.assertIsNone(child.poll(), f"{name} ended")

    def pour(self, service, begin, piece, total):
        """Sends `total` bytes until the server has had enough; its last words."""
        connection = Lines(self.site.ports[service])
        self.addCleanup(connection.close)
        connection.read_line()
        heard = []
        try:
            connection.send(begin)
            for _ in range(total // len(piece)):
                connection.send(piece)
            connection.send(b"\r\n")
        except OSError:
            pass
        with contextlib.suppress(Closed, OSError):
            while True:
                heard.append(connection.read_line(5))
        return heard

    def test_lines_of_64_mib(self):
        with self.others_are_served():
            for service, begin in (("imap", b"a NOOP "), ("smtp", b"EHLO "), ("pop3", b"USER ")):
                heard = self.pour(service, begin, b"x" * MIB, 64 * MIB)
                for line in heard:
                    self.assertRegex(line, r"^(\* BYE|\* BAD|a BAD|5\d\d|421|-ERR)")

    def test_literals_of_64_mib_before_and_after_login(self):
        with self.others_are_served():
            heard = self.pour("imap", b"a LOGIN {67108864+}\r\n", b"x" * MIB, 64 * MIB)
            self.assertTrue(not heard or heard[0].startswith(("* BYE", "a BAD", "a NO")), heard[:1])
            connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
            connection.line("b APPEND INBOX {99999999999}")
            self.assertRegex(connection.read_line(), r"^b (NO|BAD)")
            connection.line("c SEARCH SUBJECT {67108864}")
            self.assertRegex(connection.read_line(), r"^(c (NO|BAD)|\* BYE)")
            connection.close()

    def test_ten_thousand_parentheses(self):
        with self.others_are_served():
            connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
            imap.command(connection, "SELECT INBOX")
            for command in ("SEARCH " + "(" * 10_000 + "ALL" + ")" * 10_000, "FETCH 1 " + "(" * 10_000,
                            "LIST " + "(" * 10_000, "SEARCH " + "NOT " * 10_000 + "ALL",
                            "FETCH 1 (BODY[" + "1." * 10_000 + "TEXT])"):
                connection.line(f"x {command}")
                answer = connection.read_line()
                self.assertRegex(answer, r"^(x |\* BYE|\* BAD|\* SEARCH)", answer[:80])
                if answer.startswith("* BYE"):
                    connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
                    imap.command(connection, "SELECT INBOX")
                elif answer.startswith("* SEARCH"):
                    connection.read_line()
            imap.command(connection, "NOOP")
            connection.close()

    def deliver(self, data):
        smtp = Lines(self.site.ports["smtp"])
        for line in (None, "EHLO x.example.org", "MAIL FROM:<x@example.org>", f"RCPT TO:<{ANNA}>", "DATA"):
            if line:
                smtp.line(line)
            while (answer := smtp.read_line())[3:4] == "-":
                pass
            self.assertIn(answer[0], "23", answer)
        with contextlib.suppress(OSError):
            smtp.send(data + b"\r\n.\r\n")
        answer = smtp.read_line(60)
        smtp.close()
        return answer

    def read_back(self):
        """Whatever a mail looks like, every way of reading it works."""
        connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
        imap.command(connection, "SELECT INBOX")
        for items in ("(ENVELOPE BODYSTRUCTURE RFC822.SIZE)", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
                      "(BODY.PEEK[1.1.1.MIME])", "(BODY.PEEK[TEXT]<0.100>)"):
            connection.line(f"r FETCH * {items}")
            with contextlib.suppress(Closed):
                while not (line := connection.read_line(60)).startswith("r "):
                    pass
                self.assertTrue(line.startswith("r OK"), line)
        connection.line("s SEARCH TEXT nothing-like-this")
        while not (line := connection.read_line(60)).startswith("s "):
            pass
        self.assertTrue(line.startswith("s OK"), line)
        connection.close()

    def test_mime_nested_ten_thousand_times(self):
        parts = b"".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n".encode() for n in range(10_000))
        with self.others_are_served():
            self.assertRegex(self.deliver(b"Subject: deep\r\nMIME-Version: 1.0\r\n" + parts + b"\r\nend"), r"^(250|5)")
            self.read_back()

    def test_nested_messages_and_endless_parts(self):
        nested = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(10_000))
        many = b"--b\r\n\r\n" * 200_000
        with self.others_are_served():
            self.assertRegex(self.deliver(b"Subject: in\r\n" + nested), r"^(250|5)")
            self.read_back()
            head = b"Subject: many\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            self.assertRegex(self.deliver(head + many), r"^(250|5)")
            self.read_back()

    def test_a_hundred_thousand_headers(self):
        headers = b"".join(f"X-{n}: value {n}\r\n".encode() for n in range(100_000))
        with self.others_are_served():
            self.assertRegex(self.deliver(headers + b"Subject: many\r\n\r\ntext"), r"^(250|5)")
            self.read_back()
            self.assertRegex(self.deliver(b"Subject: " + b"=?utf-8?B?44GC?= " * 100_000 + b"\r\n\r\ntext"), r"^(250|5)")
            self.assertRegex(self.deliver(b"To: " + b",\r\n ".join([b"a@example.org"] * 50_000) + b"\r\n\r\nx"), r"^(250|5)")
            self.read_back()

    def test_nul_and_wrong_bytes(self):
        with self.others_are_served():
            self.assertRegex(self.deliver(b"Subject: \x00\xff\xfe\r\nContent-Type: text/plain; charset=\xff\r\n\r\n\x00\x80"),
                             r"^(250|5)")
            connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
            for raw in (b"z CREATE \"a\x00b\"\r\n", b"z CREATE \"\xff\xfe\"\r\n", b"z CREATE \"&Jjo!\"\r\n",
                        b"z CREATE \"&AGE-&\"\r\n", b"z SELECT \"&2D0-\"\r\n", b"z SEARCH CHARSET KLINGON ALL\r\n",
                        b"z SEARCH CHARSET UTF-8 SUBJECT {2+}\r\n\xff\xfe\r\n"):
                connection.send(raw)
                answer = connection.read_line()
                self.assertRegex(answer, r"^(z (NO|BAD)|\* BAD)", f"{raw!r}: {answer}")
            connection.close()

    def test_names_like_paths_stay_names(self):
        connection = imap.login(self.site.ports["imap"], ANNA, PASSWORD)
        for name in ("../../../etc/passwd", "/etc/passwd", "..", "a/../../b", "C:\\\\windows", "~root", "x//y", "/"):
            connection.line(f'p CREATE "{name}"')
            self.assertRegex(connection.read_line(), r"^p (OK|NO|BAD)")
        connection.close()
        self.assertFalse(list(self.site.instance.data.rglob("*passwd*")))

    def test_a_thousand_slow_clients(self):
        held = []
        with self.others_are_served():
            for number in range(1000):
                service, begin = (("imap", b"a LOG"), ("smtp", b"EHL"), ("pop3", b"US"))[number % 3]
                slow = socket.create_connection(("127.0.0.1", self.site.ports[service]), timeout=10)
                slow.send(begin)
                held.append(slow)
            for slow in held:
                slow.send(b"x")
            self.assertTrue(self.deliver(b"Subject: through\r\n\r\ntext").startswith("250"))
        for slow in held:
            slow.close()

    def test_wrong_passwords_by_the_hundred(self):
        """Guesses from one address must not keep those out who have logged in from there before."""
        imap.login(self.site.ports["imap"], BEN, PASSWORD).close()

        def guess(start):
            for number in range(start, start + 40):
                with contextlib.suppress(Closed, OSError):
                    connection = Lines(self.site.ports["imap"])
                    connection.read_line()
                    connection.line(f"g LOGIN {ANNA} wrong{number}")
                    answer = connection.read_line()
                    self.assertRegex(answer, r"^(g NO|\* BYE)")
                    connection.close()

        with self.others_are_served():
            threads = [threading.Thread(target=guess, args=(n * 100,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)

    def test_a_client_that_never_reads_costs_no_memory(self):
        for number in range(20):
            self.assertTrue(self.deliver(b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 25_000).startswith("250"), number)
        with self.others_are_served():
            deaf = [imap.login(self.site.ports["imap"], ANNA, PASSWORD) for _ in range(10)]
            for connection in deaf:
                imap.command(connection, "SELECT INBOX")
                connection.line("d FETCH 1:* (BODY.PEEK[])")
                connection.line("e FETCH 1:* (BODY.PEEK[])")
            until(lambda: all(connection.socket.recv(1, socket.MSG_PEEK) for connection in deaf), 30, "they get something")
            for _ in range(20):
                imap.login(self.site.ports["imap"], BEN, PASSWORD).close()
        for connection in deaf:
            connection.close()


if __name__ == "__main__":
    unittest.main()
