"""Conversion of 20,000 and of a million mails, and how smtpd fares meanwhile. `./tayori bench convert` runs it."""

import json
import subprocess
import threading
import time

from harness.site import Site
from tayori import build

USER_MAILS = 20_000


def append(site, user, mails):
    """Mails by IMAP APPEND, as fast as one mailbox takes them."""
    command = [str(build.binary("bench_load")), "append", "--conns=1", f"--count={mails}", f"--first-user={user}", "--depth=32",
               f"--smtp-port={site.ports['smtp']}", f"--imap-port={site.ports['imap']}", f"--pop3-port={site.ports['pop3']}",
               "--user-format=u%d@example.org", "--address-format=u%d@example.org", "--label=tayori", f"--seed={user + 1}"]
    subprocess.run(command, check=True, capture_output=True)


def smtp_rate(site, count):
    command = [str(build.binary("bench_load")), "smtp", "--conns=16", f"--count={count}", "--users=1", "--label=tayori",
               f"--smtp-port={site.ports['smtp']}", f"--imap-port={site.ports['imap']}", f"--pop3-port={site.ports['pop3']}",
               "--user-format=u%d@example.org", "--address-format=u%d@example.org", f"--seed={int(time.time()) % 100000}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return next(json.loads(line)["msg_s"] for line in done.stdout.splitlines() if line.startswith("{"))


def convert(site, *arguments):
    """Seconds that the job took, as spoold counts them."""
    job = json.loads(site.adminctl("--json", "convert", "start", *arguments).splitlines()[-1])
    if job["refused"] or not job["changed"]:
        raise RuntimeError(f"a conversion failed: {job}")
    return job["running_ms"] / 1000, job["mails_seen"]


def measure(mailboxes=50):
    """Rows of the table: (title, value, what is wanted, good)."""
    relaxed = {f"TAYORI__{name}": value for name, value in (
        ("SMTPD__CONNECTIONS_PER_ADDRESS_MAX", "10000"), ("SMTPD__MAILS_MAX", "1000000"))}
    with Site(build.folder("release") / "bin", relaxed) as site:
        site.add_domain("example.org")
        for number in range(mailboxes + 1):
            site.add_account(f"u{number}@example.org")
        append(site, 1, USER_MAILS)
        one = ["--account", "u1@example.org"]
        there, _ = convert(site, "--to", "pop3", *one)
        back, _ = convert(site, "--to", "imap4", *one)
        anew, _ = convert(site, "--to", "imap4", "--reassign", "--yes", *one)
        threads = [threading.Thread(target=append, args=(site, number, USER_MAILS)) for number in range(2, mailboxes + 1)]
        for first in range(0, len(threads), 4):
            for thread in threads[first:first + 4]:
                thread.start()
            for thread in threads[first:first + 4]:
                thread.join()
        usual = smtp_rate(site, 4000)
        all_there, mails = convert(site, "--to", "pop3")
        resident = site.resident_kib("spoold") / 1024
        rates = []
        running = threading.Thread(target=lambda: [convert(site, "--to", "imap4", "--reassign", "--yes"), convert(site, "--to", "pop3")])
        running.start()
        while running.is_alive():
            rates.append(smtp_rate(site, 1000))
        running.join()
        during = sum(rates) / len(rates)
    return (("20,000 mails to POP3: s", there, "<= 0.5", there <= 0.5),
            ("20,000 mails to IMAP4: s", back, "<= 0.5", back <= 0.5),
            ("20,000 mails, new UIDs: s", anew, "", True),
            (f"{mails:,} mails to POP3: s", all_there, "<= 15", all_there <= 15),
            ("spoold meanwhile: MiB", resident, "< 512", resident < 512),
            ("SMTP, accepted/s usually", usual, "", True),
            ("SMTP, accepted/s during new UIDs", during, ">= half", during >= usual / 2))
