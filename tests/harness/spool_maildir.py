"""Maildirs as Dovecot, Courier and qmail leave them behind."""

import os
import random

from harness.spool_letters import Expected, Letters, Row, modified_utf7

DOMAIN = "example.jp"
FOLDERS = (("INBOX", 0.7), ("仕事/見積", 0.15), ("Sent", 0.1), ("R&D", 0.05))
FLAGS = (("S", "\\Seen"), ("R", "\\Answered"), ("F", "\\Flagged"), ("D", "\\Draft"), ("P", "$Forwarded"), ("a", "$Label1"), ("b", "NonJunk"))
HALF_WRITTEN = 4  # of a folder's mails, where a spool is damaged
KINDS = ("dovecot", "dovecot-default", "courier", "qmail")


def user_names(users):
    return [f"user{n:03}" for n in range(users)] if isinstance(users, int) else list(users)


def shares(mails, folders=FOLDERS):
    """How many mails each folder gets; the first gets what is left."""
    rest = [(name, int(mails * share)) for name, share in folders[1:]]
    return [(folders[0][0], mails - sum(count for _, count in rest))] + rest


def write_file(path, data, mtime=None):
    with open(path, "wb") as out:
        out.write(data)
    if mtime is not None:
        os.utime(path, (mtime, mtime))


class _Maildir:
    def __init__(self, root, address, kind, letters, expected, top, damaged):
        self.root, self.address, self.kind, self.letters, self.expected, self.top = root, address, kind, letters, expected, top
        self.damaged = damaged
        self.random = letters.random
        self.validity = 1_300_000_000 + letters.random.randrange(1 << 20)

    def relative(self, path):
        return os.path.relpath(path, self.top)

    def folder(self, name, count):
        directory = self.root
        if name != "INBOX":
            directory = os.path.join(self.root, "." + ".".join(modified_utf7(level) for level in name.split("/")))
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(directory, part))
        mails = [self._mail(directory, number) for number in range(count)]
        self.validity += 1
        writers = {"dovecot": self._dovecot, "dovecot-default": self._dovecot, "courier": self._courier, "qmail": self._qmail}
        for row in writers[self.kind](directory, name, mails):
            self.expected.add(self.address, row)
        return directory

    def _mail(self, directory, number):
        letter = self.letters.next()
        chosen = [pair for pair in FLAGS if self.random.random() < 0.3]
        if self.kind in ("courier", "qmail"):
            chosen = [pair for pair in chosen if pair[0].isupper()]
        base = f"{letter.date}.M{number % 1_000_000:06}P{1000 + number % 999}.mx,S={len(letter.unix)}"
        letters = "".join(sorted(pair[0] for pair in chosen))
        fresh = not chosen and self.random.random() < 0.5
        path = os.path.join(directory, "new", base) if fresh else os.path.join(directory, "cur", f"{base}:2,{letters}")
        if self.damaged and number == HALF_WRITTEN:
            letter = letter.cut(b"Subject: ")  # the name still says how long it was to be
            self.expected.must_report(self.relative(path), "person")
        write_file(path, letter.unix, letter.date)
        return letter, base, frozenset(pair[1] for pair in chosen)

    def _dovecot(self, directory, name, mails):
        uids = sorted(self.random.sample(range(1, 3 * len(mails) + 10), len(mails)))
        lines, rows = [], []
        orders = list(range(1, len(mails) + 1))
        if self.kind == "dovecot" and len(orders) > 3:  # POP3 showed two of them the other way round
            orders[1], orders[2] = orders[2], orders[1]
        for (letter, base, flags), uid, order in zip(mails, uids, orders):
            fields, uidl, pop3 = "", None, 0
            if name == "INBOX":
                uidl, pop3 = f"{uid:08x}{self.validity:08x}", order
                if self.kind == "dovecot" and uid % 2:
                    uidl = f"UID{uid}-{self.validity - 7}"  # as it was with the server before Dovecot
                    fields += f" P{uidl}"
                if self.kind == "dovecot":
                    fields += f" O{order}"
            lines.append(f"{uid}{fields} W{len(letter.message)} :{base}")
            rows.append(Row(name, uid, uidl, pop3, flags, letter.date, letter.sha256))
        head = f"3 V{self.validity} N{max(uids, default=0) + 1} G{self.random.getrandbits(128):032x}"
        write_file(os.path.join(directory, "dovecot-uidlist"), "\n".join([head] + lines + [""]).encode())
        write_file(os.path.join(directory, "dovecot-keywords"), b"0 $Label1\n1 NonJunk\n")
        return rows

    def _courier(self, directory, name, mails):
        uids = range(11, 11 + len(mails))
        lines = [f"{uid} {base}" for uid, (_, base, _) in zip(uids, mails)]
        head = f"1 {self.validity} {11 + len(mails)}"
        write_file(os.path.join(directory, "courierimapuiddb"), "\n".join([head] + lines + [""]).encode())
        if name == "INBOX":
            sizes = [f"{base} {len(letter.message)} {uid - 10}:{self.validity}" for uid, (letter, base, _) in zip(uids, mails)]
            text = "\n".join([f"/2 {len(mails) + 1} {self.validity}"] + sizes + [""])
            write_file(os.path.join(directory, "courierpop3dsizelist"), text.encode())
        return [Row(name, uid, f"UID{uid - 10}-{self.validity}" if name == "INBOX" else None, uid - 10 if name == "INBOX" else 0, flags,
                    letter.date, letter.sha256) for uid, (letter, base, flags) in zip(uids, mails)]

    def _qmail(self, directory, name, mails):
        return [Row(name, None, base if name == "INBOX" else None, order if name == "INBOX" else 0, flags, letter.date, letter.sha256)
                for order, (letter, base, flags) in enumerate(mails, 1)]


def _break(box, expected):
    """What a spool has after years: each is reported, and no other mail suffers."""
    def report(path, what):
        expected.must_report(box.relative(path), what)

    half = os.path.join(box.root, "tmp", "1500000000.M1P1.mx")
    write_file(half, b"From: x@example.org\nSubject: half")
    report(os.path.dirname(half), "note")
    empty = os.path.join(box.root, "cur", "1500000001.M1P1.mx:2,S")
    write_file(empty, b"")
    report(empty, "refused")
    link = os.path.join(box.root, "cur", "1500000002.M1P1.mx:2,S")
    os.symlink("/etc/hostname", link)
    report(link, "refused")
    outside = os.path.join(box.root, ".Outside")
    os.symlink("/etc", outside)
    report(outside, "refused")
    if box.kind.startswith("dovecot"):
        uidlist = os.path.join(box.root, "dovecot-uidlist")
        with open(uidlist, "ab") as out:
            out.write(b"999999 Wx :1500000003.M1P1.gone\nno number :1500000004.M1P1.gone\n")
        report(uidlist, "note")  # a file that is gone
        report(uidlist, "person")  # a line that can't be read


def make_maildir(path, mails, users, seed):
    """DOMAIN/USER/Maildir, of all kinds of servers in turn; every second user's spool has its damages. `mails` for each mailbox."""
    expected = Expected()
    for number, user in enumerate(user_names(users)):
        address = f"{user}@{DOMAIN}"
        letters = Letters(f"{seed}/{user}")
        damaged = number % 2 == 0
        box = _Maildir(os.path.join(path, DOMAIN, user, "Maildir"), address, KINDS[number % len(KINDS)], letters, expected, path, damaged)
        for name, count in shares(mails):
            box.folder(name, count)
        names = [modified_utf7("仕事") + "." + modified_utf7("見積"), "Sent"]
        if box.kind == "courier":
            write_file(os.path.join(box.root, "courierimapsubscribed"), "".join(f"INBOX.{name}\n" for name in names).encode())
        else:
            write_file(os.path.join(box.root, "subscriptions"), ("\n".join(["INBOX"] + names) + "\n").encode())
        if damaged:
            _break(box, expected)
    random.Random(seed).shuffle(expected.exceptions)
    return expected
