"""mbox files and MH folders."""

import os

from harness.spool_letters import Expected, Letters, Row, asctime
from harness.spool_maildir import DOMAIN, shares, user_names, write_file

FLAGS = (("R", "\\Seen"), ("A", "\\Answered"), ("F", "\\Flagged"))
KINDS = ("dovecot", "uw", "qpopper", "thunderbird")
FOLDERS = (("INBOX", 0.7), ("仕事/見積", 0.2), ("Sent", 0.1))
INTERNAL = ("From MAILER-DAEMON Tue May 13 00:00:00 2014\nDate: 13 May 2014 00:00:00 +0000\nFrom: Mail System Internal Data <MAILER-DAEMON@mx>\n"
            "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: {validity} {last}\nStatus: RO\n\n"
            "This text is part of the internal format of your mail folder.\n\n")


def _quoted(text):
    """mboxo: a line that begins with "From " gets one ">"."""
    out = text.replace(b"\nFrom ", b"\n>From ")
    return b">" + out if out.startswith(b"From ") else out


class _Mbox:
    def __init__(self, address, kind, letters, expected):
        self.address, self.kind, self.letters, self.expected = address, kind, letters, expected
        self.random = letters.random
        self.validity = 1_300_000_000 + letters.random.randrange(1 << 20)

    def text(self, name, count, cut=False):
        """A whole file; its rows go to what is expected. `cut`: the last mail was being written."""
        self.validity += 1
        uids = sorted(self.random.sample(range(1, 3 * count + 10), count))
        parts, last = [], max(uids, default=0)
        numbered = self.kind in ("dovecot", "uw")
        if self.kind == "uw":
            parts.append(INTERNAL.format(validity=self.validity, last=last).encode())
        for order, uid in enumerate(uids, 1):
            letter = self.letters.next()
            header, _, body = letter.unix.partition(b"\n\n")
            chosen = [pair for pair in FLAGS if self.random.random() < 0.4]
            keywords = ["$Label1"] if self.random.random() < 0.2 else []
            fields, uidl = self._fields(order, uid, last, chosen, keywords, name)
            body, end = (_quoted(body)[:-2], b"") if cut and uid == last else (_quoted(body), b"\n")
            parts += [b"From yamada@example.org ", asctime(letter.date).encode(), b"\n", header, b"\n", fields.encode(), b"\n", body, end]
            # What POP3 and IMAP showed has the ">" that the delivery put in: nothing tells that it was not the sender's.
            shown = (header + b"\n\n" + body + (b"" if end else b"\n")).replace(b"\n", b"\r\n")  # a last line gets its end
            flags = frozenset([pair[1] for pair in chosen] + (keywords if self.kind != "qpopper" else []))
            self.expected.add(self.address, Row(name, uid if numbered else None, uidl if name == "INBOX" else None,
                                                order if name == "INBOX" else 0, flags, letter.date, letter._replace(message=shown).sha256))
        return b"".join(parts)

    def _fields(self, order, uid, last, chosen, keywords, name):
        letters = [pair[0] for pair in chosen]
        if self.kind == "thunderbird":
            bits = ("R" in letters) * 1 + ("A" in letters) * 2 + ("F" in letters) * 4
            return f"X-Mozilla-Status: {bits:04x}\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: {' '.join(keywords):20}\n", None
        fields = f"Status: {'R' if 'R' in letters else ''}O\nX-Status: {''.join(letter for letter in letters if letter != 'R')}\n"
        if self.kind == "qpopper":
            uidl = f"{self.random.getrandbits(64):016x}{order:08x}"
            return fields + f"X-UIDL: {uidl}\n", uidl
        if order == 1 and self.kind == "dovecot":
            fields += f"X-IMAPbase: {self.validity} {last:010} $Label1\n"
        fields += f"X-UID: {uid}\nX-Keywords: {' '.join(keywords)}\n"
        return fields, f"{uid:08x}{self.validity:08x}" if self.kind == "dovecot" else f"{self.validity:08x}{uid:08x}"


def _write_folders(root, box, mails, damaged):
    """The folders of one user: Inbox, and what Thunderbird makes of levels."""
    os.makedirs(os.path.join(root, "仕事.sbd"))
    for name, count in shares(mails, FOLDERS):
        path = {"INBOX": "Inbox", "仕事/見積": "仕事.sbd/見積", "Sent": "Sent"}[name]
        write_file(os.path.join(root, path), box.text(name, count, damaged and name == "Sent"))


def make_mbox(path, mails, users, seed):
    """DOMAIN/USER with folders, by kinds in turn; beside them a spool file, and what is no mbox."""
    expected = Expected()
    os.makedirs(os.path.join(path, DOMAIN))
    for number, user in enumerate(user_names(users)):
        box = _Mbox(f"{user}@{DOMAIN}", KINDS[number % len(KINDS)], Letters(f"{seed}/{user}"), expected)
        root = os.path.join(path, DOMAIN, user)
        damaged = number % 2 == 0
        _write_folders(root, box, mails, damaged)
        if damaged:
            expected.must_report(f"{DOMAIN}/{user}/Sent", "person")
            write_file(os.path.join(root, "notes"), b"This is no mbox.\n")
            expected.must_report(f"{DOMAIN}/{user}/notes", "note")
            os.symlink("/etc/hostname", os.path.join(root, "link"))
            expected.must_report(f"{DOMAIN}/{user}/link", "refused")
    spool = _Mbox(f"spool@{DOMAIN}", "qpopper", Letters(f"{seed}/spool"), expected)
    write_file(os.path.join(path, DOMAIN, "spool"), spool.text("INBOX", min(mails, 10)))
    return expected


def make_mh(path, mails, users, seed):
    """DOMAIN/USER/Mail with inbox and folders, .mh_sequences in each."""
    expected = Expected()
    for number, user in enumerate(user_names(users)):
        letters = Letters(f"{seed}/{user}")
        for name, count in shares(mails, FOLDERS):
            directory = os.path.join(path, DOMAIN, user, "Mail", "inbox" if name == "INBOX" else name)
            os.makedirs(directory)
            unseen, replied, flagged = [], [], []
            for order in range(1, count + 1):
                letter = letters.next()
                write_file(os.path.join(directory, str(order)), letter.unix, letter.date)
                flags = {"\\Seen"}
                if letters.random.random() < 0.3:
                    unseen.append(order)
                    flags.discard("\\Seen")
                if letters.random.random() < 0.2:
                    replied.append(order)
                    flags.add("\\Answered")
                if letters.random.random() < 0.1:
                    flagged.append(order)
                    flags.add("\\Flagged")
                expected.add(f"{user}@{DOMAIN}", Row(name, None, None, order if name == "INBOX" else 0, frozenset(flags), letter.date, letter.sha256))
            text = "".join(f"{name}: {' '.join(map(str, numbers))}\n" for name, numbers in
                           (("unseen", unseen), ("replied", replied), ("flagged", flagged), ("cur", [1])) if numbers)
            write_file(os.path.join(directory, ".mh_sequences"), text.encode())
        if number % 2 == 0:
            inbox = os.path.join(path, DOMAIN, user, "Mail", "inbox")
            for name, data in (("99999", b""), (",7", b"Subject: removed\n\nx\n"), ("draft.txt", b"no mail")):
                write_file(os.path.join(inbox, name), data)
            expected.must_report(f"{DOMAIN}/{user}/Mail/inbox/99999", "refused")
            expected.must_report(f"{DOMAIN}/{user}/Mail/inbox", "note")
            expected.must_report(f"{DOMAIN}/{user}/Mail/inbox/draft.txt", "note")
            os.symlink("/etc", os.path.join(path, DOMAIN, user, "Mail", "etc"))
            expected.must_report(f"{DOMAIN}/{user}/Mail/etc", "refused")
    return expected
