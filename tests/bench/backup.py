#!/usr/bin/env python3
"""Intake while a backup is made: mails accepted in a second without one, and during a whole one.

backup.py [--gib 2] [--load FILE]: fills a site with so many GiB, then measures. The last lines are JSON.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from harness import imap  # noqa: E402
from harness.site import PASSWORD, Site  # noqa: E402

ACCOUNTS = 50
FILLER_BYTES = 16 << 20
MAILS = 20_000   # of 4 KiB, in one measurement
SETTINGS = {"TAYORI__SMTPD__CONNECTIONS_PER_ADDRESS_MAX": "10000", "TAYORI__SMTPD__MAILS_MAX": "1000000"}


def fill(site, gib):
    connection = imap.login(site.ports["imap"], "u0@example.org", PASSWORD)
    line = b"x" * 76 + b"\r\n"
    body = b"Subject: filler\r\n\r\n" + line * (FILLER_BYTES // len(line))
    for _ in range(gib * 1024 // (FILLER_BYTES >> 20)):
        imap.append(connection, "INBOX", body)
    connection.close()


def rate(site, load, label, seed):
    command = [load, "smtp", f"--count={MAILS}", f"--users={ACCOUNTS}", f"--label={label}", f"--seed={seed}",
               f"--smtp-port={site.ports['smtp']}", "--user-format=u%d@example.org", "--address-format=u%d@example.org"]
    begun = time.monotonic()
    subprocess.run(command, capture_output=True, check=True, timeout=600)
    return MAILS / (time.monotonic() - begun)


class Backups(threading.Thread):
    """Whole backups, one after the other, until told to stop."""

    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.stopping, self.made = site, threading.Event(), []

    def run(self):
        while not self.stopping.is_set():
            begun = time.monotonic()
            step = json.loads(self.site.adminctl("--json", "backup", "create", "--base", "--keep-bases", "1"))["step"]
            self.made.append((int(step["bytes"]), time.monotonic() - begun))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=int, default=2)
    parser.add_argument("--load", default=str(ROOT / "build/release/bin/bench_load"))
    options = parser.parse_args()
    with Site(settings=SETTINGS) as site:
        site.add_domain("example.org")
        for number in range(ACCOUNTS):
            site.add_account(f"u{number}@example.org")
        fill(site, options.gib)
        rate(site, options.load, "warm", 1)
        alone = [rate(site, options.load, "alone", 10 + n) for n in range(3)]
        backups = Backups(site)
        backups.start()
        during = [rate(site, options.load, "during", 20 + n) for n in range(3)]
        backups.stopping.set()
        backups.join()
        alone += [rate(site, options.load, "alone", 30 + n) for n in range(3)]
        print(json.dumps({"accepted_per_s_alone": sorted(map(round, alone)),
                          "accepted_per_s_during_backup": sorted(map(round, during)),
                          "backups": [{"bytes": size, "seconds": round(seconds, 2), "mib_per_s": round(size / seconds / 2**20)}
                                      for size, seconds in backups.made]}, indent=1))


if __name__ == "__main__":
    main()
