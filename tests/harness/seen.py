"""What clients see of a mailbox, by Python's own POP3 and IMAP.

    pop3_uidls(site, address)   # in POP3's order
    with imap(site, address) as connection:
        rows, uid_validity = folder_rows(connection, "INBOX")
"""

import contextlib
import imaplib
import poplib
import re
import time
from typing import NamedTuple

from harness.lines import unverified_tls
from harness.site import PASSWORD

HOST = "127.0.0.1"
SECONDS_MAX = 120


class Row(NamedTuple):
    uid: int
    flags: frozenset
    internal_date: int  # unix seconds


def pop3_uidls(site, address):
    with contextlib.closing(poplib.POP3_SSL(HOST, site.ports["pop3s"], context=unverified_tls(), timeout=SECONDS_MAX)) as pop3:
        pop3.user(address)
        pop3.pass_(PASSWORD)
        listed = [line.split(b" ", 1)[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
    return listed


def lets_in(site, address, with_imap):
    """Whether POP3 and IMAP have spoold: for a moment after its new start they say "temporarily unavailable"."""
    try:
        pop3_uidls(site, address)
        if with_imap:
            with imap(site, address):
                pass
        return True
    except (poplib.error_proto, imaplib.IMAP4.error, OSError):
        return False


@contextlib.contextmanager
def imap(site, address):
    connection = imaplib.IMAP4_SSL(HOST, site.ports["imaps"], ssl_context=unverified_tls(), timeout=SECONDS_MAX)
    connection.login(address, PASSWORD)
    try:
        yield connection
    finally:
        connection.logout()


def select(connection, folder):
    """How many mails, and the folder's UIDVALIDITY."""
    count = int(connection.select(f'"{folder}"', readonly=True)[1][0])
    return count, int(connection.response("UIDVALIDITY")[1][0])


def as_row(line):
    """Of a FETCH answer with UID, FLAGS and INTERNALDATE."""
    flags = frozenset(flag.decode() for flag in re.search(rb"FLAGS \((.*?)\)", line)[1].split()) - {"\\Recent"}
    return Row(int(re.search(rb"UID (\d+)", line)[1]), flags, int(time.mktime(imaplib.Internaldate2tuple(line))))


def folder_rows(connection, folder):
    count, validity = select(connection, folder)
    return [as_row(line) for line in connection.fetch("1:*", "(UID FLAGS INTERNALDATE)")[1] if count], validity
