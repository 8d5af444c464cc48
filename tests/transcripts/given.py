"""What a `given` line prepares. Each form is one row of FORMS; README.md lists them for authors."""

import base64
import re

from harness import imap
from harness.lines import Lines
from harness.site import PASSWORD

SIMPLE_MESSAGE = """From: Sender <sender@example.org>
To: {to}
Subject: message {number}
Date: Mon, 7 Feb 1994 21:52:25 -0800
Message-ID: <{number}.{local}@example.org>

This is message {number}.
"""


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def mailbox_name(name):
    """Modified UTF-7 (RFC 3501 §5.1.3)."""
    def shift(match):
        wide = base64.b64encode(match[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{wide.replace('/', ',')}-"
    return re.sub(r"[^\x20-\x7e]+", shift, name.replace("&", "&-"))


def words(listed):
    """`anna, ben and carl` -> [anna, ben, carl]"""
    return [word for word in re.split(r",\s*|\s+and\s+", listed) if word]


class Preparation:
    """The given-lines of one file, done in order. `play` owns the connections."""

    def __init__(self, site, domain, play):
        self.site = site
        self.domain = domain
        self.play = play

    def address(self, user):
        return user if "@" in user else f"{user}@{self.domain}"

    def do(self, step):
        for pattern, method in FORMS:
            match = pattern.fullmatch(step.text)
            if match:
                method(self, step, **match.groupdict())
                return
        raise AssertionError(f"line {step.line}: no such given: {step.text!r}")

    def users(self, _step, names):
        for name in words(names):
            self.site.add_account(self.address(name))

    def user_with_messages(self, _step, name, count, folder):
        self.site.add_account(self.address(name))
        self.messages(_step, count, folder, name)

    def messages(self, _step, count, folder, name):
        for number in range(1, int(count) + 1):
            text = SIMPLE_MESSAGE.format(to=self.address(name), number=number, local=name.partition("@")[0])
            self.deliver(name, folder, crlf(text))

    def message(self, step, folder, name, flags=None):
        self.deliver(name, folder, crlf("\n".join(step.block) + "\n"), (flags or "").split())

    def message_generated(self, _step, size, folder, name):
        head = crlf(SIMPLE_MESSAGE.format(to=self.address(name), number=1, local=name))
        lines, last = divmod(int(size) - len(head) - 2, 72)
        self.deliver(name, folder, head + (b"x" * 70 + b"\r\n") * lines + b"y" * last + b"\r\n")

    def deliver(self, name, folder, message, flags=()):
        if "imap" in self.site.ports:
            connection = imap.login(self.site.ports["imap"], self.address(name), PASSWORD)
            try:
                imap.append(connection, mailbox_name(folder), message, flags)
            finally:
                connection.close()
            return
        if folder != "INBOX" or flags:
            raise AssertionError("only imapd can put mail elsewhere than into INBOX, or with flags")
        smtp(self.site.ports["smtp"], self.address(name), message)

    def folder(self, _step, folders, name):
        connection = imap.login(self.site.ports["imap"], self.address(name), PASSWORD)
        for folder in words(folders):
            imap.command(connection, f"CREATE {imap.quoted(mailbox_name(folder))}")
        connection.close()

    def admin(self, _step, command):
        self.site.adminctl(*command.split())

    def connected(self, _step, who, service, greeted=None):
        for one in words(who) if who else [""]:
            connection = self.play.connect(one, service)
            if greeted:
                self.greet(connection, service)

    @staticmethod
    def greet(connection, service):
        connection.read_line()
        if service not in ("smtp", "submission", "submissions"):
            return
        connection.line("EHLO client.example.org")
        while connection.read_line()[3:4] == "-":
            pass

    def logged_in(self, _step, who, name, folder=None, service=None):
        service = service or self.play.logged_in_service()
        for one in words(who) if who else [""]:
            connection = self.play.connect(one, service)
            self.greet(connection, service)
            self.log_in(connection, service, self.address(name))
            if folder:
                imap.command(connection, f"SELECT {imap.quoted(mailbox_name(folder))}")

    @staticmethod
    def log_in(connection, service, address):
        if service.startswith("imap"):
            imap.command(connection, f"LOGIN {imap.quoted(address)} {PASSWORD}")
            return
        if service.startswith("pop3"):
            lines = [f"USER {address}", f"PASS {PASSWORD}"]
        else:
            plain = base64.b64encode(f"\0{address}\0{PASSWORD}".encode()).decode()
            lines = [f"AUTH PLAIN {plain}"]
        for line in lines:
            connection.line(line)
            answer = connection.read_line()
            if not answer.startswith(("+OK", "235")):
                raise AssertionError(f"{line}: {answer}")


def smtp(port, recipient, message):
    connection = Lines(port)
    for line in (None, "EHLO client.example.org", "MAIL FROM:<sender@example.org>", f"RCPT TO:<{recipient}>", "DATA"):
        if line:
            connection.line(line)
        while (answer := connection.read_line())[3:4] == "-":
            pass
        if answer[0] not in "23":
            raise AssertionError(f"{line}: {answer}")
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    connection.send(stuffed + b".\r\n")
    answer = connection.read_line()
    connection.close()
    if not answer.startswith("250"):
        raise AssertionError(f"delivery to {recipient}: {answer}")


USER = r"(?P<name>[^\s]+)"
FOLDER = r'"?(?P<folder>[^"]+?)"?'
WHO = r"(?:(?P<who>[A-Z](?:(?:, | and )[A-Z])*) )?"
SERVICE = r"(?P<service>smtp|submission|submissions|pop3|pop3s|imap|imaps)"
FORMS = [(re.compile(pattern), method) for pattern, method in (
    (rf"user {USER} with (?P<count>\d+) messages? in {FOLDER}", Preparation.user_with_messages),
    (r"users? (?P<names>[^\s,]+(?:(?:, | and )[^\s,]+)*)", Preparation.users),
    (rf"(?P<count>\d+) messages? in {FOLDER} of {USER}", Preparation.messages),
    (rf"a message of (?P<size>\d+) bytes in {FOLDER} of {USER}", Preparation.message_generated),
    (rf"a message in {FOLDER} of {USER}(?: with flags (?P<flags>[^:]+))?:", Preparation.message),
    (rf"folders? (?P<folders>.+) of {USER}", Preparation.folder),
    (r"admin (?P<command>.+)", Preparation.admin),
    (rf"{WHO}logged in as {USER}(?: on {SERVICE})?(?: with {FOLDER} selected)?", Preparation.logged_in),
    (rf"{WHO}connected to {SERVICE}(?P<greeted> and greeted)?", Preparation.connected),
)]
