#!/usr/bin/env python3
"""Spools of every family for tests, and what a correct import of each must give. Python's standard library alone.

    expected = spools.make_maildir("/tmp/spool", mails=20_000, users=4, seed=1)
    expected.accounts["user000@example.jp"][0]  # Row(folder, uid, uidl, pop3_order, flags, internal_date, sha256)
    expected.exceptions                         # [(path in the spool, severity, code or "any")]: the report must have a line for each

Deterministic by seed. `mails` is for each mailbox; `users` a number or a list of names, all at DOMAIN.

    tests/harness/spools.py KIND PATH MAILS USERS SEED  writes the spool, and what is expected to standard output as TSV:
    mail account folder uid uidl pop3_order flags internal_date sha256 | report path what
"""

import argparse
import os
import sys

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.spool_epost import make_epost
from harness.spool_hmailserver import make_hmailserver
from harness.spool_letters import Expected, Row
from harness.spool_maildir import DOMAIN, make_maildir
from harness.spool_mbox import make_mbox, make_mh
from harness.spool_pmail import make_pmail

MAKERS = {"epost": make_epost, "pmail": make_pmail, "maildir": make_maildir, "mbox": make_mbox, "mh": make_mh,
          "hmailserver": make_hmailserver,
          "hmailserver-mssql": lambda path, mails, users, seed: make_hmailserver(path, mails, users, seed, "mssql")}

__all__ = ["DOMAIN", "Expected", "MAKERS", "Row", "make_epost", "make_hmailserver", "make_maildir", "make_mbox", "make_mh", "make_pmail"]


def as_tsv(expected):
    """One line for each mail and each line that the report must have; `-` where nothing is prescribed."""
    for address, rows in sorted(expected.accounts.items()):
        for row in rows:
            cells = (address, row.folder, "-" if row.uid is None else row.uid, "-" if row.uidl is None else row.uidl, row.pop3_order,
                     ",".join(sorted(row.flags)), row.internal_date, row.sha256)
            yield "mail\t" + "\t".join(map(str, cells))
    for path, what in expected.exceptions:
        yield f"report\t{path}\t{what}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=sorted(MAKERS))
    parser.add_argument("path")
    parser.add_argument("mails", type=int)
    parser.add_argument("users", type=int)
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    expected = MAKERS[options.kind](options.path, options.mails, options.users, options.seed)
    sys.stdout.write("".join(line + "\n" for line in as_tsv(expected)))


if __name__ == "__main__":
    main()
