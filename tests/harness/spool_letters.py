"""Mails for generated spools: what Japanese programs of three decades wrote, many in a second, the same for the same seed."""

import base64
import hashlib
import random
import time
from typing import NamedTuple, Optional

EPOCH = 1_400_000_000  # the oldest mail, 2014-05-13
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

SUBJECTS = ("見積書の件", "Re: 会議のお知らせ", "ご請求書（11月分）", "お問い合わせありがとうございます", "①至急 ㈱山田商事様", "meeting notes",
            "ﾃｽﾄ送信", "添付ファイル〜一覧表")
BODIES = ("いつもお世話になっております。\n下記の通りご連絡いたします。\n", "From here on the text goes on.\n>From was quoted once.\n",
          "  納期：来週火曜日\n\n.\n..点で始まる行\n", "Plain text, nothing else.\n", "ソ連・表示・能力・申請\n" * 20)


class Row(NamedTuple):
    """One mail as a correct import has it. None: not prescribed."""
    folder: str
    uid: Optional[int]
    uidl: Optional[str]
    pop3_order: int  # 0: POP3 does not show it; else its rank among those that POP3 shows
    flags: frozenset  # "\\Seen", keywords
    internal_date: int  # unix seconds
    sha256: str  # of the message with CRLF line ends


class Expected:
    """accounts: address -> rows, in the order of folders and numbers. exceptions: (file, code or severity) that the report must have.
    password: of every account, where the spool has a hash of it."""

    def __init__(self, password=""):
        self.password = password
        self.accounts = {}
        self.exceptions = []

    def add(self, address, row):
        self.accounts.setdefault(address, []).append(row)

    def must_report(self, path, what):
        self.exceptions.append((path, what))


class Letter(NamedTuple):
    message: bytes  # CRLF
    date: int

    @property
    def sha256(self):
        return hashlib.sha256(self.message).hexdigest()

    def cut(self, within):
        """What was written of it before the machine stopped: up to and with the bytes `within`."""
        return self._replace(message=self.message[:self.message.index(within) + len(within)])

    @property
    def unix(self):  # with LF line ends
        return self.message.replace(b"\r\n", b"\n")


def escaped(path):
    """As reports write it: bytes that are no UTF-8 as %XX."""
    return "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else "%25" if c == "%" else c for c in path)


def mail_date(seconds, zone_hours=9):
    at = time.gmtime(seconds + zone_hours * 3600)
    return (f"{DAYS[at.tm_wday]}, {at.tm_mday} {MONTHS[at.tm_mon - 1]} {at.tm_year} "
            f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} {zone_hours:+03}00")


def asctime(seconds):
    at = time.gmtime(seconds)
    return f"{DAYS[at.tm_wday]} {MONTHS[at.tm_mon - 1]} {at.tm_mday:2} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} {at.tm_year}"


def modified_utf7(name):
    """RFC 3501 §5.1.3, one level of a name."""
    out, run = [], ""
    for character in name + "\0":
        if "\x20" <= character <= "\x7e" or character == "\0":
            if run:
                out.append("&" + base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-")
                run = ""
            out.append("&-" if character == "&" else "" if character == "\0" else character)
        else:
            run += character
    return "".join(out)


# What the header and Content-Type call it, and Python's codec. Half-width kana in seven bits (ESC ( I) is against RFC 1468, and was
# sent; so were the characters of NEC and IBM, and those that a company made for itself.
CHARSETS = (("ISO-2022-JP", "iso2022_jp"), ("ISO-2022-JP", "iso2022_jp_ext"), ("ISO-2022-JP-2", "iso2022_jp_2"),
            ("ISO-2022-JP-3", "iso2022_jp_3"), ("Shift_JIS", "cp932"), ("x-sjis", "shift_jis"), ("Windows-31J", "cp932"),
            ("Shift_JIS-2004", "shift_jis_2004"), ("EUC-JP", "euc_jp"), ("x-euc-jp", "euc_jis_2004"), ("UTF-7", "utf_7"), ("UTF-8", "utf_8"))
OWN_CHARACTERS = b"\xf0\x40\xf9\xfc\xfd\xfe\xff"  # in no table; the last three are no cp932 at all


def _forms():
    """(subject as it stands in the header, charset of the body, body) of every kind: encoded words, and bytes as they are."""
    forms = []
    for subject in SUBJECTS:
        for body in BODIES:
            for charset, codec in CHARSETS:
                header, text = subject.encode(codec, "replace"), body.encode(codec, "replace")
                word = b"=?" + charset.encode() + b"?B?" + base64.b64encode(header) + b"?="
                forms += [(word, charset, text), (header, charset, text)]
            forms.append((subject.encode("cp932", "replace") + OWN_CHARACTERS, "Shift_JIS", OWN_CHARACTERS + body.encode("cp932", "replace")))
    return [(subject, charset.encode(), body.replace(b"\n", b"\r\n")) for subject, charset, body in forms]


class Letters:
    """A stream of different letters. `received`: text between "Received: " and the date, made from the letter's number."""

    def __init__(self, seed, received=None):
        self.random = random.Random(seed)
        self.forms = _forms()
        self.received = received
        self.number = 0

    def next(self):
        self.number += 1
        subject, charset, body = self.random.choice(self.forms)
        date = EPOCH + self.number * 977 + self.random.randrange(900)
        stamp = mail_date(date).encode()
        lines = []
        if self.received:
            lines.append(b"Received: " + self.received(self.number).encode() + b"; " + stamp)
        lines += [b"From: \"" + (b"=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=" if self.number % 2 else b"Yamada") + b"\" <yamada@example.org>",
                  b"To: someone@example.jp", b"Subject: " + subject, b"Date: " + stamp,
                  b"Message-ID: <%d.%d@example.org>" % (self.number, self.random.randrange(1 << 40)), b"MIME-Version: 1.0",
                  b"Content-Type: text/plain; charset=" + charset, b"Content-Transfer-Encoding: 8bit", b"", b""]
        tail = b"%d\r\n" % self.random.randrange(1 << 30) * self.random.choice((1, 1, 1, 2, 40))
        return Letter(b"\r\n".join(lines) + body + tail, date)
