#!/usr/bin/env python3
"""A base made, verified and restored: in a directory, and in the S3 of tests/harness on the same machine.

backup_places.py [--gib 1]. The last lines are JSON: MiB a second of each, and the processor's seconds that spoold and S3 took.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts"), str(ROOT / "tests" / "bench")]

from backup import fill  # noqa: E402
from harness.s3 import S3  # noqa: E402
from harness.site import Site  # noqa: E402

SECONDS_MAX = 1800


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def measure(s3, settings, gib, folder):
    """Of each step, how fast it was and what it took."""
    with Site(settings=settings, programs=("spoold", "imapd")) as site:
        site.add_domain("example.org")
        site.add_account("u0@example.org")
        fill(site, gib)
        seconds, spent = {}, {}
        for name, arguments in (("create", ("create", "--base")), ("verify", ("verify",)),
                                ("restore", ("restore", "--to-store", str(folder / "store")))):
            pids = {"spoold": site.pid("spoold"), "s3": s3.child.pid}
            before = {program: processor_seconds(pid) for program, pid in pids.items()}
            begun = time.monotonic()
            said = site.adminctl("--json", "backup", *arguments, seconds=SECONDS_MAX)
            seconds[name] = time.monotonic() - begun
            spent[name] = {program: round(processor_seconds(pid) - before[program], 1) for program, pid in pids.items()}
            if name == "create":
                size = int(json.loads(said)["step"]["bytes"])
        resident = site.resident_kib("spoold")
        return {"mib": size >> 20, "spoold_resident_mib": resident >> 10,
                "processor_s": spent,
                "mib_per_s": {name: round(size / duration / 2 ** 20) for name, duration in seconds.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=int, default=1)
    options = parser.parse_args()
    found = {}
    for place in ("directory", "s3"):
        with tempfile.TemporaryDirectory(prefix="tayori-places-") as name:
            folder = pathlib.Path(name)
            with S3(folder / "s3") as s3:
                found[place] = measure(s3, s3.settings() if place == "s3" else None, options.gib, folder)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
