"""A transcript file as steps. README.md describes the form."""

import base64
import dataclasses
import re

STEP = re.compile(r"^(?:(?P<who>[A-Z]) )?(?P<kind>C raw|C closes|C|S raw|S several|S closes|S|TLS)(?::(?: (?P<text>.*)|))?$")
CAPTURE = re.compile(r"<([a-z][a-z0-9_]*)>")
MACRO = re.compile(r"<(b64|repeat):([^<>]*)>")
CAPTURED_VALUE = r'[^\s\[\]()"<>]+'


class BadScript(Exception):
    """The file itself is wrong."""


@dataclasses.dataclass
class Step:
    line: int  # counted from 1
    kind: str  # given, admin, C, C raw, C closes, S, S raw, S several, S closes, TLS
    text: str
    who: str = ""
    block: list = dataclasses.field(default_factory=list)  # the `| ` lines under a given


def parse(text):
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("| ") or line == "|":
            if not steps or steps[-1].kind != "given":
                raise BadScript(f"line {number}: a | line belongs under a given")
            steps[-1].block.append(line[2:])
            continue
        word, _, rest = line.partition(" ")
        if word == "given":
            steps.append(Step(number, "given", rest.strip()))
            continue
        if word == "admin:":
            steps.append(Step(number, "admin", rest.strip()))
            continue
        match = STEP.match(line)
        if not match:
            raise BadScript(f"line {number}: neither given, admin:, C: nor S: {line!r}")
        steps.append(Step(number, match["kind"], match["text"] or "", match["who"] or ""))
    if not text.startswith("#"):
        raise BadScript("the first line is a comment that gives the rule and its RFC section")
    return steps


def expand(text, captured):
    """What is sent for a C: line."""
    def known(match):
        return captured.get(match[1], match[0])

    def macro(match):
        if match[1] == "b64":
            plain = match[2].replace("\\0", "\0")
            return base64.b64encode(plain.encode()).decode()
        count, _, piece = match[2].partition(":")
        return piece * int(count)

    return MACRO.sub(macro, CAPTURE.sub(known, text))


def unescape(text):
    """The octets of a raw line."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def expectation(text, captured):
    """The regular expression of an S: line; names of new captures are its groups."""
    open_end = text.endswith("...")
    pieces, new, at = [], set(), 0
    body = text[:-3] if open_end else text
    for match in CAPTURE.finditer(body):
        pieces.append(re.escape(body[at:match.start()]))
        name = match[1]
        if name in captured:
            pieces.append(re.escape(captured[name]))
        elif name in new:
            pieces.append(f"(?P={name})")
        else:
            new.add(name)
            # What is literally <address> in a reply matches itself.
            pieces.append(f"(?P<{name}>{CAPTURED_VALUE}|<{name}>)")
        at = match.end()
    pieces.append(re.escape(body[at:]))
    return re.compile("".join(pieces) + (".*" if open_end else ""), re.DOTALL)
