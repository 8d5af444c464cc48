"""hMailServer: the Data directory and a dump of its database, as mysqldump or as SQL Server Management Studio writes it."""

import hashlib
import os
import time

from harness.spool_letters import Expected, Letters, Row
from harness.spool_maildir import DOMAIN, shares, user_names, write_file

FLAGS = ((1, "\\Seen"), (4, "\\Flagged"), (8, "\\Answered"), (16, "\\Draft"))
FOLDERS = (("INBOX", 0.7), ("仕事/見積", 0.2), ("Sent", 0.1))
ZONE = 9 * 3600  # the old machine's clock
COLUMNS = {
    "hm_domains": "domainid domainname domainactive",
    "hm_accounts": "accountid accountdomainid accountaddress accountpassword accountactive accountmaxsize accountpwencryption "
                   "accountpersonfirstname accountpersonlastname accountforwardenabled accountforwardaddress",
    "hm_aliases": "aliasid aliasdomainid aliasname aliasvalue aliasactive",
    "hm_imapfolders": "folderid folderaccountid folderparentid foldername folderissubscribed foldercreationtime foldercurrentuid",
    "hm_messages": "messageid messageaccountid messagefolderid messagefilename messagetype messagefrom messagesize messagecurnooftries "
                   "messagenexttrytime messageflags messagecreatetime messagelocked messageuid",
}


def local_time(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds + ZONE))


class _Dump:
    def __init__(self, style):
        self.style = style
        self.rows = {name: [] for name in COLUMNS}

    def add(self, table, *values):
        self.rows[table].append(values)

    def _value(self, value):
        if isinstance(value, int):
            return str(value)
        if self.style == "mysql":
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
        text = "N'" + value.replace("'", "''") + "'"
        return f"CAST({text} AS DateTime)" if len(value) == 19 and value[4] == "-" and value[13] == ":" else text

    def bytes(self):
        out = ["-- MySQL dump 10.13\n" if self.style == "mysql" else "USE [hmaildb]\r\nGO\r\n"]
        for table, columns in COLUMNS.items():
            rows = ["(" + ", ".join(map(self._value, row)) + ")" for row in self.rows[table]]
            if self.style == "mysql":
                types = ",\n".join(f"  `{name}` varchar(255) NOT NULL" for name in columns.split())
                out.append(f"CREATE TABLE `{table}` (\n{types},\n  PRIMARY KEY (`{columns.split()[0]}`)\n) ENGINE=InnoDB;\n")
                for start in range(0, len(rows), 500):
                    out.append(f"INSERT INTO `{table}` VALUES {','.join(rows[start:start + 500])};\n")
            else:
                names = ", ".join(f"[{name}]" for name in columns.split())
                out += [f"INSERT [dbo].[{table}] ({names}) VALUES {row}\r\n" for row in rows]
        text = "".join(out)
        return text.encode() if self.style == "mysql" else b"\xff\xfe" + text.encode("utf-16-le")


def make_hmailserver(path, mails, users, seed, style="mysql"):
    """Data/DOMAIN/USER/xx/{GUID}.eml and dump.sql; style "mysql" or "mssql". UIDs of folders are their own."""
    expected, dump = Expected(password="password of old"), _Dump(style)
    dump.add("hm_domains", 1, DOMAIN, 1)
    folder_id = message_id = 0
    for account_id, user in enumerate(user_names(users), 1):
        letters = Letters(f"{seed}/{user}")
        address = f"{user}@{DOMAIN}"
        root = os.path.join(path, "Data", DOMAIN, user)
        os.makedirs(root)
        # Its types of passwords in turn: 2 is MD5, 3 is SHA-256 with the salt in front.
        salted = "c0ffee" + hashlib.sha256(b"c0ffee" + expected.password.encode()).hexdigest()
        kind, kept = (2, hashlib.md5(expected.password.encode()).hexdigest()) if account_id % 2 else (3, salted)
        dump.add("hm_accounts", account_id, 1, address, kept, 1, 100, kind, "太郎", "O'山田\\", 0, "")
        parents = {}
        for name, count in shares(mails, FOLDERS):
            for depth, level in enumerate(name.split("/")):
                whole = "/".join(name.split("/")[:depth + 1])
                if whole in parents:
                    continue
                folder_id += 1
                parent = parents.get("/".join(name.split("/")[:depth]), -1)
                # The number that the next mail's UID is one above.
                dump.add("hm_imapfolders", folder_id, account_id, parent, level, 1, local_time(1_300_000_000 + folder_id), 3 * count + 5)
                parents[whole] = folder_id
            uids = sorted(letters.random.sample(range(1, 3 * count + 4), count))
            for order, uid in enumerate(uids, 1):
                message_id += 1
                letter = letters.next()
                guid = f"{letters.random.getrandbits(128):032X}"
                file = f"{{{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}}}.eml"
                os.makedirs(os.path.join(root, guid[:2]), exist_ok=True)
                write_file(os.path.join(root, guid[:2], file), letter.message, letter.date)
                chosen = [pair for pair in FLAGS if letters.random.random() < 0.4]
                dump.add("hm_messages", message_id, account_id, folder_id, file, 2, "yamada@example.org", len(letter.message), 0,
                         "1901-01-01 00:00:00", sum(pair[0] for pair in chosen) | 32, local_time(letter.date), 0, uid)
                expected.add(address, Row(name, uid, str(uid) if name == "INBOX" else None, order if name == "INBOX" else 0,
                                          frozenset(pair[1] for pair in chosen), letter.date, letter.sha256))
        if account_id % 2:
            message_id += 1
            gone = "{00000000-0000-0000-0000-%012X}.eml" % account_id
            dump.add("hm_messages", message_id, account_id, parents["INBOX"], gone, 2, "x@example.org", 100, 0, "1901-01-01 00:00:00", 1,
                     local_time(1_500_000_000), 0, 3 * mails + 4)
            expected.must_report(f"Data/{DOMAIN}/{user}/00/{gone}", "refused")
            stray = os.path.join(root, "AA", "{AAAAAAAA-0000-0000-0000-000000000000}.eml")
            os.makedirs(os.path.dirname(stray), exist_ok=True)
            write_file(stray, b"Subject: not in the database\r\n\r\nx\r\n")
            expected.must_report(f"Data/{DOMAIN}/{user}/AA/{os.path.basename(stray)}", "person")
    dump.add("hm_aliases", 1, 1, f"info@{DOMAIN}", f"{user_names(users)[0]}@{DOMAIN}", 1)
    write_file(os.path.join(path, "dump.sql"), dump.bytes())
    return expected
