"""Other people's mail servers, played from a script.

    with Remote("127.0.0.2", port, {"rcpt": lambda address, times: "450 4.2.0 later" if times == 1 else None}) as remote:
        remote.mails        # what it has taken: sender, recipients, data
        remote.talk         # every line that it heard

A script has a reply for a stage: greeting, ehlo, starttls, auth, mail, rcpt, data, text (within the text), end. It is a text, a
list of lines, None for the ordinary one, CLOSE (hangs up), SILENT (says nothing any more), or a function of what was said and of
how often that was said so far, giving one of these.
"""

import collections
import dataclasses
import socket
import ssl
import threading

CLOSE, SILENT = object(), object()
EXTENSIONS = ("PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")
PATIENCE_SECONDS = 60


@dataclasses.dataclass
class Taken:
    sender: str
    recipients: list
    parameters: list  # of MAIL and of each RCPT
    data: bytes
    tls: bool


class HungUp(Exception):
    """The client has gone, or the script says so."""


class Talk:
    """One connection."""

    def __init__(self, remote, sock):
        self.remote, self.sock = remote, sock
        self.file = sock.makefile("rb")
        self.tls = False
        self.forget()

    def forget(self):
        self.sender, self.recipients, self.parameters = None, [], []

    def say(self, reply):
        lines = [reply] if isinstance(reply, str) else reply
        self.sock.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def scripted(self, stage, said, usual):
        reply = self.remote.reply(stage, said)
        if reply is CLOSE:
            raise HungUp
        if reply is SILENT:
            self.remote.stopped.wait(PATIENCE_SECONDS)
            raise HungUp
        reply = usual if reply is None else reply
        if reply is not None:
            self.say(reply)
        first = reply if isinstance(reply, str) else (reply or [""])[-1]
        if first.startswith("421"):
            raise HungUp
        return first.startswith(("2", "3"))

    def line(self):
        line = self.file.readline()
        if not line:
            raise HungUp
        self.remote.talk.append(line.rstrip(b"\r\n").decode("utf-8", "replace"))
        return line.rstrip(b"\r\n").decode("utf-8", "replace")

    def run(self):
        if not self.scripted("greeting", "", "220 remote.example ESMTP"):
            self.line()  # QUIT
            return
        while True:
            line = self.line()
            verb, _, rest = line.partition(" ")
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                self.say("500 5.5.1 what?")
            elif handler(rest) == "end":
                return

    def on_ehlo(self, name):
        extensions = [*self.remote.extensions]
        if self.remote.tls and not self.tls:
            extensions.append("STARTTLS")
        lines = [self.remote.name, *extensions]
        self.scripted("ehlo", name, [f"250{'-' if at < len(lines) - 1 else ' '}{line}" for at, line in enumerate(lines)])

    on_lhlo = on_ehlo

    def on_helo(self, name):
        self.scripted("helo", name, f"250 {self.remote.name}")

    def on_starttls(self, _):
        if not self.scripted("starttls", "", "220 2.0.0 go"):
            return
        self.sock = self.remote.tls.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile("rb")
        self.tls = True
        self.forget()

    def on_auth(self, what):
        self.scripted("auth", what, "235 2.7.0 welcome")

    def on_mail(self, rest):
        path, _, parameters = rest[len("FROM:"):].partition(" ")
        if self.scripted("mail", path.strip("<>"), "250 2.1.0 ok"):
            self.forget()
            self.sender = path.strip("<>")
            self.parameters = [parameters]

    def on_rcpt(self, rest):
        path, _, parameters = rest[len("TO:"):].partition(" ")
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
        elif self.scripted("rcpt", path.strip("<>"), "250 2.1.5 ok"):
            self.recipients.append(path.strip("<>"))
            self.parameters.append(parameters)

    def on_data(self, _):
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        if not self.scripted("data", self.sender, "354 go"):
            return
        lines = []
        while True:
            raw = self.file.readline()
            if not raw:
                raise HungUp
            if raw == b".\r\n":
                break
            lines.append(raw[1:] if raw.startswith(b".") else raw)
            if len(lines) == 1:
                self.scripted("text", self.sender, None)
        taken = Taken(self.sender, list(self.recipients), list(self.parameters), b"".join(lines), self.tls)
        for recipient in self.recipients if self.remote.lmtp else [self.sender]:
            if self.scripted("end", recipient, "250 2.0.0 taken") and not (self.remote.lmtp and taken in self.remote.mails):
                self.remote.mails.append(taken)
        self.forget()

    def on_rset(self, _):
        self.forget()
        self.say("250 2.0.0 ok")

    def on_quit(self, _):
        self.say("221 2.0.0 bye")
        return "end"


class Remote:
    def __init__(self, address, port, script=None, name="remote.example", extensions=EXTENSIONS, tls=None, lmtp=False):
        self.script, self.name, self.extensions, self.tls, self.lmtp = script or {}, name, extensions, tls, lmtp
        self.mails, self.talk, self.said = [], [], collections.Counter()
        self.connections = 0
        self.stopped = threading.Event()
        self.socket = socket.create_server((address, port), backlog=100)
        self.address, self.port = self.socket.getsockname()[:2]

    def reply(self, stage, said):
        self.said[stage, said] += 1
        reply = self.script.get(stage)
        return reply(said, self.said[stage, said]) if callable(reply) else reply

    def serve(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk_with, args=(sock,), daemon=True).start()

    def talk_with(self, sock):
        sock.settimeout(PATIENCE_SECONDS)
        talk = Talk(self, sock)
        try:
            talk.run()
        except (HungUp, OSError, ssl.SSLError):
            pass
        finally:
            talk.file.close()
            talk.sock.close()

    def taken_for(self, address):
        return [mail for mail in self.mails if address in mail.recipients]

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
