"""E-Post Mail Server: POP3 folders of B….MSG, IMAP folders of UID-FLAGS.MSG, and what administrators did to both."""

import os

from harness.spool_letters import Expected, Letters, Row, escaped, modified_utf7
from harness.spool_maildir import DOMAIN, user_names, write_file

KINDS = ("copied", "moved", "pop3")  # what the first IMAP login did; or there was none
FOLDER = "仕事/見積"
DAY = 86_400
FLAGS = ("\\Answered", "\\Flagged", None, "\\Seen", "\\Draft")  # behind Recent; never Deleted, which an import only reports


def _received(number):
    return f"from mx.example.org (mx.example.org [192.0.2.1]) by mail.{DOMAIN}\r\n\t(EPSTRS) with ESMTP id <B{number:010}@mail.{DOMAIN}> for <user@{DOMAIN}>"


class _Mailbox:
    def __init__(self, top, user, seed, kind, expected):
        self.top, self.kind, self.expected = top, kind, expected
        self.address = f"{user}@{DOMAIN}"
        self.root = os.path.join(top, "inbox", DOMAIN, user)
        self.letters = Letters(f"{seed}/{user}", _received)
        self.random = self.letters.random
        self.order = 0
        self.folders = {"INBOX": [], FOLDER: []}  # rows by UID
        self.new = []  # only in the POP3 folder
        os.makedirs(self.root)

    def directory(self, name):
        if name == "INBOX":
            return os.path.join(self.root, "INBOX" if self.kind == "moved" else "inbox")  # Windows tells no difference
        return os.path.join(self.root, *[modified_utf7(level) for level in name.split("/")])

    def write(self, path, letter):
        """The file's time is kept, or was lost when somebody copied the spool without it."""
        lost = self.random.random() < 0.2
        write_file(path, letter.message, letter.date + (40 * DAY if lost else 30))
        return letter.date if lost else letter.date + 30

    def mail(self, number):
        letter = self.letters.next()
        name = f"B{number:010}.MSG"
        if number % 50 == 7:
            name = name.lower()  # seen on Unix; POP3 showed it so
        in_imap = self.kind != "pop3" and self.random.random() < 0.95
        in_pop3 = not in_imap or (self.kind == "copied" and self.random.random() < 0.9)
        date = None
        if in_pop3:
            self.order += 1
            date = self.write(os.path.join(self.root, name), letter)
        if not in_imap:
            self.new.append(Row("INBOX", None, name, self.order, frozenset(), date, letter.sha256))
            return
        folder = FOLDER if self.random.random() < 0.2 else "INBOX"
        rows = self.folders[folder]
        uid = (rows[-1].uid if rows else 0) + self.random.randrange(1, 4)
        bits = [flag is not None and self.random.random() < 0.4 for flag in FLAGS]
        digits = "".join(str(int(bit)) for bit in [True] + bits)
        date = self.write(os.path.join(self.directory(folder), f"{uid:010}-{digits}.MSG"), letter)
        uidl = name if in_pop3 else None  # what POP3 does not show need not have one
        rows.append(Row(folder, uid, uidl, self.order if in_pop3 else 0, frozenset(flag for flag, bit in zip(FLAGS, bits) if bit), date, letter.sha256))

    def fill(self, mails):
        if self.kind != "pop3":
            for name in self.folders:
                os.makedirs(self.directory(name), exist_ok=True)
        for number in range(1, mails + 1):
            self.mail(number)
        for name, rows in self.folders.items():
            if self.kind != "pop3":
                write_file(os.path.join(self.directory(name), "UID" if name == FOLDER else "uid"), str((rows[-1].uid if rows else 0) + 1).encode())
            for row in rows:
                self.expected.add(self.address, row)
        for row in self.new:
            self.expected.add(self.address, row)

    def report(self, path, what):
        self.expected.must_report(escaped(os.path.relpath(path, self.top)), what)

    def damage(self):
        if self.kind != "pop3":
            counter = os.path.join(self.directory(FOLDER), "UID")
            write_file(counter, self.random.choice((b"x7\xff", b"1", b"")))
            if self.folders[FOLDER]:
                self.report(counter, "any")
        for name, data, what in (("B9990000001.MSG", b"", "refused"), ("B9990000002.MSG", b"\xff\x12\x34\x56" * 50, "refused"),
                                 ("memo.doc", b"no mail", "any")):
            path = os.path.join(self.root, name)
            write_file(path, data)
            self.report(path, what)
        for name, target in (("B9990000003.MSG", "/etc/hostname"), ("loop", ".")):
            link = os.path.join(self.root, name)
            os.symlink(target, link)
            self.report(link, "refused")
        self.half_written()
        self.named_in_cp932()

    def named_in_cp932(self):
        """A folder that somebody made in the file system, with the name in that system's charset."""
        name = "控え"
        directory = os.path.join(self.root, os.fsdecode(name.encode("cp932")))
        os.makedirs(directory)
        letter = self.letters.next()
        date = self.write(os.path.join(directory, "0000000007-000000.MSG"), letter)
        self.expected.add(self.address, Row(name, 7, None, 0, frozenset(), date, letter.sha256))
        self.report(directory, "changed")
        empty = os.path.join(directory, "0000000008-000000.MSG")
        write_file(empty, b"")
        self.report(empty, "refused")

    def half_written(self):
        letter = self.letters.next()
        half = letter.cut(b"Subject: ")
        self.order += 1
        path = os.path.join(self.root, "B9990000004.MSG")
        write_file(path, half.message, letter.date)
        self.report(path, "person")
        self.expected.add(self.address, Row("INBOX", None, "B9990000004.MSG", self.order, frozenset(), letter.date, half.sha256))


def make_epost(path, mails, users, seed):
    """<path>/inbox/DOMAIN/USER; kinds of users in turn, every second one damaged. Control files of all with forward and reply."""
    expected = Expected()
    for number, user in enumerate(user_names(users)):
        box = _Mailbox(path, user, seed, KINDS[number % len(KINDS)], expected)
        box.fill(mails)
        if number % 2 == 0:
            box.damage()
        # A name in capitals, as Windows kept it; a limit that the mailbox is already above.
        write_file(os.path.join(box.root, "IMS.CTL"), b"[AutoForward]\r\nForwardTo = other@example.org\r\n[AutoReply]\r\n"
                   b"Subject=\x1b$BITh\x1b(B\r\nRecordReplies=No\r\nUnknownKey=7\r\n")
        write_file(os.path.join(box.root, "autoreply.txt"), "不在です。\r\n".encode("iso-2022-jp"))
        write_file(os.path.join(box.root, "Size.ctl"), b"1000\r\n")
        write_file(os.path.join(box.root, "apop.dat"), b"secret-%d\r\n" % number)
        box.report(os.path.join(box.root, "IMS.CTL"), "any")
    return expected
