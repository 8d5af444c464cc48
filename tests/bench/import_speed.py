#!/usr/bin/env python3
"""How fast an old Maildir comes in, from `adminctl import run` to its end, and what `import verify` takes. Prints mails a second.

    tests/bench/import_speed.py [--mails 20000] [--megabytes 190] [--jobs 2] [--rounds 3]
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.old_maildir import OldMaildir  # noqa: E402
from harness.site import Site  # noqa: E402

DOMAIN = "example.jp"


def measure(source, jobs, verify=False):
    """Seconds of one import into a new site, and of the comparison after it."""
    with Site(programs=("spoold",)) as site:
        site.add_domain(DOMAIN)
        plan = str(pathlib.Path(site.instance.data) / "import.plan")
        site.adminctl("import", "plan", "maildir", str(source), "--account", f"anna@{DOMAIN}", "--out", plan)
        began = time.monotonic()
        done = json.loads(site.adminctl("--json", "import", "run", plan, "--jobs", str(jobs)))
        run = time.monotonic() - began
        began = time.monotonic()
        if verify:
            site.adminctl("import", "verify", plan)
        return {"mails": done["imported"], "run_s": run, "verify_s": time.monotonic() - began if verify else None}


def convert(mails=20_000, megabytes=190, jobs=2, rounds=3):
    """What the benchmark of conversions shows of imports: the median of some rounds."""
    with tempfile.TemporaryDirectory(prefix="tayori-bench-import-") as folder:
        source = OldMaildir(pathlib.Path(folder) / "Maildir", mails - mails // 11, size=2 * megabytes * 1_000_000 // mails)
        rows = [measure(source.path, jobs, verify=number == 0) for number in range(rounds)]
    seconds = statistics.median(row["run_s"] for row in rows)
    count = rows[0]["mails"]
    print(f"import: {count} mails in {seconds:.2f} s, {count / seconds:,.0f} mails a second; verify {rows[0]['verify_s']:.2f} s")
    return count / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=190)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    convert(options.mails, options.megabytes, options.jobs, options.rounds)


if __name__ == "__main__":
    main()
