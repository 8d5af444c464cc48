"""What clients were told, and whether the server keeps it.

Load threads write down every answer they read; verify() compares that with what IMAP shows afterwards:
every mail for which 250 or OK was read is there exactly once, byte for byte below the headers that we add; what was left
without an answer is there once or not at all; UIDs ascend and none is used twice; answered flags are set, what was
expunged stays so.
"""

import hashlib
import re
import threading

FETCHED = re.compile(rb"^\* \d+ FETCH \((?P<items>.*)\{(?P<size>\d+)\}$", re.DOTALL)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.mails = {}     # id -> (bytes, {address})
        self.outcomes = {}  # (id, address) -> True (acknowledged), False (refused), None (no answer)
        self.uids = {}      # (address, folder, uidvalidity, uid) -> id
        self.flags = {}     # (address, folder, uid) -> {keyword: True or None}
        self.expunged = {}  # (address, folder, uid) -> True or None
        self.problems = []
        self.answered = 0

    def begin(self, mail_id, data, addresses):
        with self.lock:
            self.mails[mail_id] = (data, set(addresses))
            for address in addresses:
                self.outcomes[(mail_id, address)] = None

    def settle(self, mail_id, address, acknowledged):
        with self.lock:
            self.outcomes[(mail_id, address)] = acknowledged
            self.answered += acknowledged

    def saw_uid(self, address, folder, validity, uid, mail_id):
        """The same UID must mean the same mail for ever."""
        with self.lock:
            known = self.uids.setdefault((address, folder, validity, uid), mail_id)
            if known != mail_id:
                self.problems.append(f"{address} {folder}: UID {uid} was {known} and is {mail_id}")

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def acknowledged(self):
        with self.lock:
            return self.answered

    def counts(self):
        return {"acknowledged": self.answered, "no answer": sum(1 for v in self.outcomes.values() if v is None),
                "flags": sum(len(v) for v in self.flags.values()), "expunged": len(self.expunged)}


def id_of(data):
    found = re.search(rb"(?im)^X-Ledger: (\S+)\r$", data)
    return found[1].decode() if found else None


def read_folder(connection, folder):
    """UIDVALIDITY and [(uid, flags, bytes)] of a folder, by a harness.lines connection that is logged in."""
    from harness import imap
    untagged = imap.command(connection, f"SELECT {imap.quoted(folder)}")
    validity = next(int(m[1]) for line in untagged if (m := re.search(r"\[UIDVALIDITY (\d+)\]", line)))
    rows = []
    connection.line("f UID FETCH 1:* (UID FLAGS BODY.PEEK[])")
    while True:
        line = connection.read_line()
        if line.startswith("f "):
            if not line.startswith("f OK"):
                raise AssertionError(line)
            return validity, rows
        match = FETCHED.match(line.encode("utf-8", "surrogateescape"))
        if not match:
            continue
        body = read_bytes(connection, int(match["size"]))
        items = match["items"].decode() + connection.read_line()
        uid = int(re.search(r"UID (\d+)", items)[1])
        flags = set(re.search(r"FLAGS \(([^)]*)\)", items)[1].split())
        rows.append((uid, flags, body))


def read_bytes(connection, count):
    while len(connection.buffer) < count:
        connection.socket.settimeout(30)
        more = connection.socket.recv(1 << 20)
        if not more:
            raise AssertionError("the connection ended within a literal")
        connection.buffer += more
    data, connection.buffer = connection.buffer[:count], connection.buffer[count:]
    return data


def verify(ledger, folders):
    """`folders`: address -> [(folder, uidvalidity, rows)]. The list of what is wrong."""
    problems = list(ledger.problems)
    seen = {}
    for address, listed in folders.items():
        for folder, validity, rows in listed:
            last = 0
            for uid, flags, body in rows:
                if uid <= last:
                    problems.append(f"{address} {folder}: UID {uid} after {last}")
                last = uid
                problems += check_row(ledger, (address, folder, validity, uid), flags, body, seen)
    expunged = {(known, where[0]) for where, known in ledger.uids.items()
                if (where[0], where[1], where[3]) in ledger.expunged}
    for (mail_id, address), outcome in ledger.outcomes.items():
        times = seen.get((mail_id, address), 0)
        if outcome and times != 1 and not (times == 0 and (mail_id, address) in expunged):
            problems.append(f"{address}: mail {mail_id} was acknowledged and is there {times} times")
        if not outcome and times > 1:
            problems.append(f"{address}: mail {mail_id} had no answer and is there {times} times")
    return problems


def check_row(ledger, where, flags, body, seen):
    address, folder, _, uid = where
    mail_id = id_of(body)
    if mail_id not in ledger.mails:
        return [f"{address} {folder} UID {uid}: a mail that nobody sent"]
    data, addresses = ledger.mails[mail_id]
    problems = []
    if not body.endswith(data):
        problems.append(f"{address} {folder} UID {uid}: not the bytes of {mail_id}")
    if address not in addresses:
        problems.append(f"{address} {folder} UID {uid}: {mail_id} was not for this account")
    seen[(mail_id, address)] = seen.get((mail_id, address), 0) + 1
    ledger.saw_uid(*where, mail_id)
    for flag, wanted in ledger.flags.get((address, folder, uid), {}).items():
        if wanted and flag not in flags:
            problems.append(f"{address} UID {uid}: {flag} was answered OK and is not set")
    if ledger.expunged.get((address, folder, uid)):
        problems.append(f"{address} UID {uid}: was expunged and is back")
    return problems
