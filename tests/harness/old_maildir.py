"""A small Maildir as Dovecot left it, and what POP3 and IMAP showed of it."""

import os
import pathlib
import random

VALIDITY = 1_300_000_007
FIRST_DATE = 1_500_000_000
LINE = "日本語の本文です。 The quick brown fox.\n"
FLAG_LETTERS = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered"}


def letter(number, size):
    """With LF line ends, as it lies in a Maildir."""
    filler = LINE * (size // len(LINE.encode()))
    return (f"From: Yamada <yamada@example.org>\nTo: anna@example.jp\nSubject: mail {number}\n"
            f"Date: Fri, 14 Jul 2017 11:40:{number % 60:02} +0900\nMessage-ID: <{number}@example.org>\n"
            f"Content-Type: text/plain; charset=UTF-8\n\n{filler}{number}\n").encode()


class OldMaildir:
    """INBOX with `mails` mails and one folder more. uidls: as POP3 listed them. rows: folder -> [(uid, flags, date)]."""

    def __init__(self, path, mails, size=2000, seed=1):
        self.path = pathlib.Path(path)
        self.random = random.Random(seed)
        self.uidls = []
        self.rows = {}
        self.messages = {}
        self.folder(self.path, "INBOX", mails, size)
        self.folder(self.path / ".Projects", "Projects", max(mails // 10, 3), size)

    def folder(self, path, name, mails, size):
        for part in ("cur", "new", "tmp"):
            os.makedirs(path / part)
        uids = sorted(self.random.sample(range(1, 2 * mails + 10), mails))
        lines, rows = [f"3 V{VALIDITY + len(self.rows)} N{uids[-1] + 7} G00112233445566778899aabbccddeeff"], []
        for number, uid in enumerate(uids, 1):
            letters = "".join(x for x in sorted(FLAG_LETTERS) if self.random.random() < 0.4)
            date = FIRST_DATE + number * 61
            text = letter(number, self.random.randrange(size) + 1)
            base = f"{date}.M{number}P77.old,S={len(text)}"
            file = path / "cur" / f"{base}:2,{letters}"
            file.write_bytes(text)
            os.utime(file, (date, date))
            uidl = f"old-{uid:05}" if number % 3 else f"UID{uid}-{VALIDITY}"
            lines.append(f"{uid} P{uidl} O{number} :{base}" if name == "INBOX" else f"{uid} :{base}")
            rows.append((uid, frozenset(FLAG_LETTERS[x] for x in letters), date))
            self.messages[name, uid] = text.replace(b"\n", b"\r\n")
            if name == "INBOX":
                self.uidls.append(uidl)
        (path / "dovecot-uidlist").write_text("\n".join(lines) + "\n", encoding="ascii")
        self.rows[name] = rows
