"""PMail Server: *.eml and *.imd beside uidl.txt and folder.txt in our documented forms, in the POP3 and the IMAP4 form."""

import os
import time

from harness.spool_letters import Expected, Letters, Row
from harness.spool_maildir import DOMAIN, shares, user_names, write_file

FLAGS = (("A", "\\Answered"), ("S", "\\Seen"), ("F", "\\Flagged"), ("X", "\\Draft"), ("M", "$MDNSENT"))
FOLDERS = (("INBOX", 0.7), ("仕事/見積", 0.2), ("Sent", 0.1))
DIRECTORIES = {"INBOX": "", "仕事": "box1", "仕事/見積": "box2", "Sent": "box3"}
HALF = "888889.eml"
PARENTS = {"INBOX": "", "仕事": "", "仕事/見積": "box1", "Sent": ""}


def _rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + 9 * 3600)) + "+09:00"


def _imap4(root, address, letters, mails, expected):
    uidl_lines, folder_lines = [], []
    counts = dict(shares(mails, FOLDERS))
    for number, (name, directory) in enumerate(DIRECTORIES.items()):
        os.makedirs(os.path.join(root, directory), exist_ok=True)
        count = counts.get(name, 0)
        uids = sorted(letters.random.sample(range(1, 3 * count + 10), count))
        for order, uid in enumerate(uids, 1):
            letter = letters.next()
            file = os.path.join(directory, f"{uid:06}.{'imd' if uid % 7 == 0 else 'eml'}")
            write_file(os.path.join(root, file), letter.message, letter.date)
            chosen = [pair for pair in FLAGS if letters.random.random() < 0.3]
            inbox = name == "INBOX"
            uidl = f"{letters.random.getrandbits(48):012x}.{uid}" if inbox else ""
            uidl_lines.append(f"{file},{uidl},{uid},{''.join(pair[0] for pair in chosen)},{_rfc3339(letter.date)},{order if inbox else ''}")
            expected.add(address, Row(name, uid, uidl or None, order if inbox else 0, frozenset(pair[1] for pair in chosen), letter.date, letter.sha256))
        folder_lines.append(f"{directory or '.'},{name.split('/')[-1]},{PARENTS[name]},{1_300_000_000 + number},{3 * count + 10},1,")
    write_file(os.path.join(root, "uidl.txt"), "\n".join([";pmail-uidl 2 imap4"] + uidl_lines + [""]).encode())
    write_file(os.path.join(root, "folder.txt"), "\r\n".join([";pmail-folder 2 imap4"] + folder_lines + [""]).encode())


def _pop3(root, address, letters, mails, expected):
    lines = []
    for order in range(1, mails + 1):
        letter = letters.next()
        file, uidl = f"{order:06}.eml", f"UIDL{order:08}{letters.random.randrange(1 << 20)}"
        write_file(os.path.join(root, file.upper() if order % 9 == 5 else file), letter.message, letter.date)  # on Windows the same
        lines.append(f"{file},{uidl}")
        expected.add(address, Row("INBOX", None, uidl, order, frozenset(), letter.date, letter.sha256))
    write_file(os.path.join(root, "UIDL.TXT"), "\n".join([";pmail-uidl 1 pop3"] + lines + [""]).encode())


def _half_written(root, address, number, expected):
    """The last mail of the mailbox, whose line in uidl.txt is whole. Returns that line."""
    letter = Letters(f"half/{address}").next()
    half = letter.cut(b"Subject: ")
    write_file(os.path.join(root, HALF), half.message, letter.date)
    order = max((row.pop3_order for row in expected.accounts[address]), default=0) + 1
    uid = 888889 if number % 2 == 0 else None
    expected.add(address, Row("INBOX", uid, "half", order, frozenset(), letter.date, half.sha256))
    return f"{HALF},half,{uid},,{_rfc3339(letter.date)},{order}\n".encode() if uid else f"{HALF},half\n".encode()


def make_pmail(path, mails, users, seed):
    """DOMAIN/USER, in the IMAP4 and the POP3 form in turn; every second one damaged. Counters in Data, one of them no number."""
    expected = Expected()
    for number, user in enumerate(user_names(users)):
        root = os.path.join(path, DOMAIN, user)
        os.makedirs(root)
        write = _imap4 if number % 2 == 0 else _pop3
        write(root, f"{user}@{DOMAIN}", Letters(f"{seed}/{user}"), mails, expected)
        if number % 4 < 2:
            write_file(os.path.join(root, "999999.eml"), b"")
            expected.must_report(f"{DOMAIN}/{user}/999999.eml", "refused")
            uidl = "uidl.txt" if number % 2 == 0 else "UIDL.TXT"
            with open(os.path.join(root, uidl), "ab") as out:
                out.write(b"888888.eml,gone" + (b",888888,S,,\n" if number % 2 == 0 else b"\n"))
                out.write(_half_written(root, f"{user}@{DOMAIN}", number, expected))
            expected.must_report(f"{DOMAIN}/{user}/{uidl}", "person")
            expected.must_report(f"{DOMAIN}/{user}/{HALF}", "person")
            os.symlink("/etc/hostname", os.path.join(root, "777777.eml"))
            expected.must_report(f"{DOMAIN}/{user}/777777.eml", "refused")
    os.makedirs(os.path.join(path, "Data"))
    write_file(os.path.join(path, "Data", "imap4.cnt"), b";pmail-cnt 1\r\n90001\r\n")
    write_file(os.path.join(path, "Data", "imap4folder.cnt"), b"many\n")
    expected.must_report("Data/imap4folder.cnt", "person")
    return expected
