"""Clients that work while processes are killed. Each is a thread with an account, and a Ledger for what it was told.

A broken connection or a temporary error is expected: the client connects again. A permanent error, or a wrong answer, is
a problem for the ledger.
"""

import random
import re
import threading

from harness import imap
from harness.lines import Closed, Lines
from harness.site import PASSWORD

CONNECTION_PROBLEMS = (Closed, ConnectionError, TimeoutError, OSError)


class Refused(Exception):
    """A temporary error."""


class Client(threading.Thread):
    """`ports` as in Site.ports; runs until `stop` is set."""

    def __init__(self, ledger, ports, stop, name):
        super().__init__(name=name, daemon=True)
        self.ledger, self.ports, self.stop = ledger, ports, stop
        self.random = random.Random(name)
        self.sent = 0

    def run(self):
        while not self.stop.is_set():
            try:
                self.session()
            except CONNECTION_PROBLEMS:
                self.stop.wait(0.02)  # not for time: for the processes to come back, or the end
            except Refused:
                self.stop.wait(0.02)
            except AssertionError as problem:
                if re.search(r": \S+ (NO|BYE)|: 4\d\d |-ERR \[(SYS/TEMP|IN-USE)\]", str(problem)):
                    self.stop.wait(0.02)
                else:
                    self.ledger.problem(f"{self.name}: {problem}")
                    return

    def letter(self, addresses):
        self.sent += 1
        mail_id = f"{self.name}-{self.sent}"
        size = self.random.choice((200, 1000, 4000, 4000, 40_000, 300_000 if self.sent % 50 == 0 else 2000))
        noise = self.random.randbytes(size // 2).hex()
        lines = "\r\n".join(noise[at:at + 76] for at in range(0, len(noise), 76))
        data = (f"X-Ledger: {mail_id}\r\nFrom: load@example.org\r\nTo: {', '.join(addresses)}\r\n"
                f"Subject: {mail_id}\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <{mail_id}@example.org>\r\n"
                f"\r\n.{lines}\r\n..\r\n").encode()
        self.ledger.begin(mail_id, data, addresses)
        return mail_id, data


class SmtpClient(Client):
    def __init__(self, ledger, ports, stop, name, addresses):
        super().__init__(ledger, ports, stop, name)
        self.addresses = addresses

    def session(self):
        smtp = Lines(self.ports["smtp"])
        try:
            self.expect(smtp, "220")
            self.ask(smtp, "EHLO load.example.org", "250")
            for _ in range(self.random.randint(1, 30)):
                if self.stop.is_set():
                    break
                self.one_mail(smtp)
            smtp.line("QUIT")
        finally:
            smtp.close()

    def one_mail(self, smtp):
        to = self.random.sample(self.addresses, self.random.choice((1, 1, 1, 3)))
        mail_id, data = self.letter(to)
        try:
            self.ask(smtp, "MAIL FROM:<load@example.org>", "250")
            for address in to:
                self.ask(smtp, f"RCPT TO:<{address}>", "250")
            self.ask(smtp, "DATA", "354")
        except (Refused, *CONNECTION_PROBLEMS):
            for address in to:
                self.ledger.settle(mail_id, address, False)
            raise
        smtp.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        try:
            self.expect(smtp, "250")
        except Refused:
            for address in to:
                self.ledger.settle(mail_id, address, False)
            raise
        for address in to:
            self.ledger.settle(mail_id, address, True)

    def ask(self, smtp, line, code):
        smtp.line(line)
        return self.expect(smtp, code)

    @staticmethod
    def expect(smtp, code):
        while (line := smtp.read_line())[3:4] == "-":
            pass
        if line.startswith(code):
            return line
        if line.startswith("4"):
            raise Refused(line)
        raise AssertionError(f"SMTP answered {line!r}, not {code}")


class AppendClient(Client):
    """APPENDs to its own folder, flags and expunges there, and believes only what it was told."""

    def __init__(self, ledger, ports, stop, name, address):
        super().__init__(ledger, ports, stop, name)
        self.address = address

    def session(self):
        connection = imap.login(self.ports["imap"], self.address, PASSWORD)
        try:
            untagged = imap.command(connection, "SELECT Work")
            validity = next(int(m[1]) for line in untagged if (m := re.search(r"\[UIDVALIDITY (\d+)\]", line)))
            known = [uid for uid in self.uids(connection)]
            for _ in range(self.random.randint(5, 60)):
                if self.stop.is_set():
                    return
                kind = self.random.random()
                if kind < 0.6 or not known:
                    known.append(self.append(connection, validity))
                elif kind < 0.9:
                    self.flag(connection, self.random.choice(known))
                else:
                    self.expunge(connection, known.pop(self.random.randrange(len(known))))
        finally:
            connection.close()

    @staticmethod
    def uids(connection):
        found = [line for line in imap.command(connection, "UID SEARCH ALL") if line.startswith("* SEARCH")]
        return [int(word) for line in found for word in line.split()[2:]]

    def append(self, connection, validity):
        mail_id, data = self.letter([self.address])
        connection.line(f"p APPEND Work {{{len(data)}}}")
        answer = connection.read_line()
        if not answer.startswith("+"):
            self.ledger.settle(mail_id, self.address, False)
            raise AssertionError(f"APPEND: {answer}")
        connection.send(data + b"\r\n")
        while not (line := connection.read_line()).startswith("p "):
            pass
        found = re.match(r"p OK \[APPENDUID (\d+) (\d+)\]", line)
        if not found:
            self.ledger.settle(mail_id, self.address, False)
            raise AssertionError(f"APPEND: {line}")
        self.ledger.settle(mail_id, self.address, True)
        if int(found[1]) != validity:
            self.ledger.problem(f"{self.address}: UIDVALIDITY went from {validity} to {found[1]}")
        self.ledger.saw_uid(self.address, "Work", validity, int(found[2]), mail_id)
        return int(found[2])

    def flag(self, connection, uid):
        keyword = self.random.choice(("\\Flagged", "\\Seen", "\\Answered", "$Work"))
        mine = self.ledger.flags.setdefault((self.address, "Work", uid), {})
        mine.setdefault(keyword, None)
        imap.command(connection, f"UID STORE {uid} +FLAGS.SILENT ({keyword})")
        mine[keyword] = True

    def expunge(self, connection, uid):
        self.ledger.expunged[(self.address, "Work", uid)] = None
        imap.command(connection, f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        imap.command(connection, f"UID EXPUNGE {uid}")
        self.ledger.expunged[(self.address, "Work", uid)] = True


class PopClient(Client):
    """Reads what is there and deletes nothing: its answers must be the mails it was told of."""

    def __init__(self, ledger, ports, stop, name, address):
        super().__init__(ledger, ports, stop, name)
        self.address = address
        self.uidls = {}

    def session(self):
        pop = Lines(self.ports["pop3"])
        try:
            self.ask(pop, None)
            self.ask(pop, f"USER {self.address}")
            self.ask(pop, f"PASS {PASSWORD}")
            self.ask(pop, "UIDL")
            listed = []
            while (line := pop.read_line()) != ".":
                listed.append(line.split())
            for number, uidl in self.random.sample(listed, min(5, len(listed))):
                self.ask(pop, f"TOP {number} 0")
                head = []
                while (line := pop.read_line()) != ".":
                    head.append(line)
                mail_id = next((line.split()[1] for line in head if line.startswith("X-Ledger:")), None)
                if self.uidls.setdefault(uidl, mail_id) != mail_id:
                    self.ledger.problem(f"{self.address}: UIDL {uidl} was {self.uidls[uidl]} and is {mail_id}")
            pop.line("QUIT")
        finally:
            pop.close()
        self.stop.wait(0.05)

    @staticmethod
    def ask(pop, line):
        if line is not None:
            pop.line(line)
        answer = pop.read_line()
        if not answer.startswith("+OK"):
            raise AssertionError(f"POP3 answered {answer}") if "[SYS/TEMP]" not in answer and "[IN-USE]" not in answer \
                else Refused(answer)

