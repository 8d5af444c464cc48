#!/usr/bin/env python3
"""How fast an old Maildir comes in, from `adminctl import run` to its end, and what `import verify` takes. Prints mails a second.

    tests/bench/import_speed.py [--mails 20000] [--megabytes 190] [--jobs 2] [--rounds 3]
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.old_maildir import OldMaildir  # noqa: E402
from harness.site import Site  # noqa: E402
from tayori import build  # noqa: E402

DOMAIN = "example.jp"


def evict(source):
    """An old spool is read from the disk, not from memory."""
    os.sync()
    for path in pathlib.Path(source).rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(source, jobs, verify=False):
    """Seconds of one import into a new site, and of the comparison after it."""
    with Site(build.folder("release") / "bin", programs=("spoold",)) as site:
        site.add_domain(DOMAIN)
        plan = str(pathlib.Path(site.instance.data) / "import.plan")
        site.adminctl("import", "plan", "maildir", str(source), "--account", f"anna@{DOMAIN}", "--out", plan)
        evict(source)
        began = time.monotonic()
        done = json.loads(site.adminctl("--json", "import", "run", plan, "--jobs", str(jobs)))
        run = time.monotonic() - began
        began = time.monotonic()
        if verify:
            site.adminctl("import", "verify", plan)
        return {"mails": done["imported"], "run_s": run, "verify_s": time.monotonic() - began if verify else None}


def doveadm(source):
    from peers.servers import doveadm_import
    with tempfile.TemporaryDirectory(prefix="tayori-bench-doveadm-") as folder:
        return doveadm_import(source, folder, evict)


def convert(mails=20_000, megabytes=190, jobs=2, rounds=3, peers=False):
    """Seconds that an import takes, and with `peers` that doveadm takes for the same Maildir: medians of some rounds."""
    with tempfile.TemporaryDirectory(prefix="tayori-bench-import-") as folder:
        source = OldMaildir(pathlib.Path(folder) / "Maildir", mails - mails // 11, size=2 * megabytes * 1_000_000 // mails)
        rows = [measure(source.path, jobs, verify=number == 0) for number in range(rounds)]
        theirs = statistics.median(doveadm(source.path) for _ in range(rounds)) if peers else None
    seconds = statistics.median(row["run_s"] for row in rows)
    count = rows[0]["mails"]
    print(f"import: {count} mails in {seconds:.2f} s, {count / seconds:,.0f} mails a second; verify {rows[0]['verify_s']:.2f} s"
          + (f"; doveadm import into mdbox {theirs:.2f} s" if peers else ""))
    return seconds, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=190)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="the same by doveadm import (root)")
    options = parser.parse_args()
    convert(options.mails, options.megabytes, options.jobs, options.rounds, options.peers)


if __name__ == "__main__":
    main()
