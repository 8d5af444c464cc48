"""Plays one transcript against a running Site."""

import re
import shlex

import script
from given import Preparation
from harness.lines import Closed, Lines

TLS_SERVICES = ("submissions", "pop3s", "imaps")
STEADY_DOMAIN = "example.test"


class Mismatch(Exception):
    """The server said something else."""


def own_domain(number):
    """As long as example.test, so that sizes in replies stay what the file says."""
    return f"e{number:06d}.test"


def translate(text, domain):
    """example.test, also Example.TEST, which stays partly in capitals."""
    return re.sub(r"(?i)(?<![a-z0-9-])example(\.test)", lambda m: domain[:-5] + m[1], text)


class Play:
    def __init__(self, site, suite, number, rewrite):
        self.site = site
        self.suite = suite
        self.domain = own_domain(number)
        self.rewrite = rewrite
        self.connections = {}
        self.captured = {}
        self.heard = {}  # line number of an S: step -> what was said instead (rewriting)

    def run(self, steps):
        self.site.add_domain(self.domain)
        preparation = Preparation(self.site, self.domain, self)
        try:
            for step in steps:
                step.text = translate(step.text, self.domain)
                step.block = [translate(line, self.domain) for line in step.block]
                if step.kind == "given":
                    if not step.text.startswith("setting "):
                        preparation.do(step)
                elif step.kind == "admin":
                    self.site.adminctl(*shlex.split(step.text))
                else:
                    self.talk(step)
            self.nothing_is_left()
        finally:
            for connection in self.connections.values():
                connection.close()

    def logged_in_service(self):
        return {"smtp": "submission"}.get(self.suite, self.suite)

    def connect(self, who, service):
        connection = Lines(self.site.ports[service], tls=service in TLS_SERVICES)
        self.connections[who] = connection
        return connection

    def connection(self, who):
        if who not in self.connections:
            self.connect(who, self.suite)
        return self.connections[who]

    def talk(self, step):
        connection = self.connection(step.who)
        if step.kind == "C":
            connection.line(script.expand(step.text, self.captured))
        elif step.kind == "C raw":
            connection.send(script.unescape(script.expand(step.text, self.captured)))
        elif step.kind == "C closes":
            connection.close()
            del self.connections[step.who]
        elif step.kind == "TLS":
            connection.start_tls()
        elif step.kind == "S closes":
            self.expect_close(step, connection)
        elif step.kind == "S several":
            self.expect_several(step, connection)
        else:
            self.expect(step, connection)

    def read(self, step, connection):
        try:
            return connection.read_line().replace(self.domain, STEADY_DOMAIN)
        except Closed:
            raise Mismatch(f"line {step.line}: expected  {self.shown(step)}\n   but the connection was closed") from None
        except TimeoutError:
            raise Mismatch(f"line {step.line}: expected  {self.shown(step)}\n   but nothing came") from None

    def shown(self, step):
        if step.kind == "S raw":
            return script.unescape(step.text).decode("utf-8", "surrogateescape")
        return step.text.replace(self.domain, STEADY_DOMAIN)

    def expected(self, step):
        captured = {name: value.replace(self.domain, STEADY_DOMAIN) for name, value in self.captured.items()}
        return script.expectation(self.shown(step), captured)

    def expect(self, step, connection):
        line = self.read(step, connection)
        match = self.expected(step).fullmatch(line)
        if match:
            self.captured.update({k: v.replace(STEADY_DOMAIN, self.domain) for k, v in match.groupdict().items()})
        elif self.rewrite:
            self.heard[step.line] = [line]
        else:
            raise Mismatch(f"line {step.line}: expected  {self.shown(step)}\n"
                           f"   but got          {line}{self.rest(connection)}")

    def rest(self, connection):
        more = connection.pending()[:600].decode("utf-8", "replace").replace(self.domain, STEADY_DOMAIN)
        return "".join(f"\n                    {line}" for line in more.splitlines())

    def expect_several(self, step, connection):
        """One or more lines; the first that does not match is left for the next step."""
        pattern, count = self.expected(step), 0
        while True:
            line = self.read(step, connection)
            if not pattern.fullmatch(line):
                break
            count += 1
        raw = line.replace(STEADY_DOMAIN, self.domain)
        connection.buffer = raw.encode("utf-8", "surrogateescape") + b"\r\n" + connection.buffer
        if not count:
            raise Mismatch(f"line {step.line}: expected some  {self.shown(step)}\n   but got               {line}")

    def expect_close(self, step, connection):
        try:
            line = connection.read_line()
        except Closed:
            return
        except TimeoutError:
            raise Mismatch(f"line {step.line}: the server did not close the connection") from None
        raise Mismatch(f"line {step.line}: expected the end, but got  {line}")

    def nothing_is_left(self):
        """No server line is ignored. Lines that no command asked for may still be under way; those that are here count."""
        for who, connection in self.connections.items():
            left = connection.pending()
            if left:
                raise Mismatch(f"at the end{' ' + who if who else ''}: the server said more: {left[:300]!r}")


def rewritten(text, play):
    """The file with the S: lines as they were heard."""
    lines = text.splitlines()
    for number, heard in sorted(play.heard.items(), reverse=True):
        prefix = re.match(r"^(?:[A-Z] )?S: ", lines[number - 1])[0]
        lines[number - 1:number] = [prefix + line for line in heard]
    return "\n".join(lines) + "\n"
