#!/usr/bin/env python3
"""What plugins cost intake: deliveries a second of 4-KiB mail without any, with those that came with Tayori where they decide nothing,
and where they act, counted in deliveries, forwards and answers.

    tests/bench/plugins.py [--rounds 9]

Nothing is carried to others meanwhile: what counts is what has been taken and is on the disk. `./tayori bench plugins` runs it.
A machine is not equally quiet all the time: each run with plugins lies between two without any, is compared with these alone, and of all
rounds the median of these ratios counts.
"""

import argparse
import itertools
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.site import Site  # noqa: E402
from tayori import build  # noqa: E402

DOMAIN = "example.org"
USERS = 50
MAILS = 8_000  # one to two seconds
WANTED = 0.85  # of the rate without plugins

# Case -> plugin -> settings of the site. None of the first acts on the mail of the load.
QUIET = {"autoreply": {"text": "Away.", "date_from": "2099-01-01"}, "forward": {"to": []},
         "filter": {"rules": [{"if": {"field": "subject", "value": "nowhere to be found"},
                               "then": {"action": "fileinto", "argument": "Never"}}]},
         "sizelimit": {"receive_max": 50 << 20}}
CASES = {
    "four that decide nothing": QUIET,
    "autoreply answers": {"autoreply": {"text": "Away."}},
    "forward passes on": {"forward": {"to": ["archive@elsewhere.example"]}},
    "filter marks": {"filter": {"rules": [{"if": {"field": "from", "value": "@"}, "then": {"action": "flag", "argument": "$Label1"}}]}},
    "sizelimit looks": {"sizelimit": {"receive_max": 50 << 20, "send_max": 50 << 20}},
}


def load(site, seed):
    command = [str(build.binary("bench_load")), "smtp", "--conns=16", f"--count={MAILS}", f"--users={USERS}", "--wait-visible",
               "--label=tayori", f"--seed={seed}", f"--smtp-port={site.ports['smtp']}", f"--imap-port={site.ports['imap']}",
               f"--user-format=u%d@{DOMAIN}", f"--address-format=u%d@{DOMAIN}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def queued(site):
    return json.loads(site.adminctl("--json", "status"))["queued"]


def run_case(site, plugins, seed):
    for name, values in plugins.items():
        site.adminctl("plugin", "set", name, json.dumps(values))
        site.adminctl("plugin", "enable", name)
    before = queued(site)
    rate = load(site, seed)["deliveries_s"]
    more = queued(site) - before
    if more:
        site.adminctl("queue", "cancel", "--all")  # the next case has no longer queue than the first
    for name, values in plugins.items():
        site.adminctl("plugin", "disable", name)
        site.adminctl("plugin", "unset", name, *values)
    return rate * (MAILS + more) / MAILS


def measure(rounds):
    """(title, value, wanted, good)"""
    settings = {"TAYORI__SMTPD__CONNECTIONS_PER_ADDRESS_MAX": "10000", "TAYORI__SMTPD__MAILS_MAX": "1000000",
                "TAYORI__OUTBOUND__CARRIERS_MAX": "0"}
    alone, ratios = [], {case: [] for case in CASES}
    with Site(build.folder("release") / "bin", settings, programs=("spoold", "smtpd", "imapd")) as site:
        site.add_domain(DOMAIN)
        for number in range(USERS):
            site.add_account(f"u{number}@{DOMAIN}")
        load(site, 1)  # folders and caches
        seeds = itertools.count(2)
        for _ in range(rounds):
            alone.append(run_case(site, {}, next(seeds)))
            for case, plugins in CASES.items():
                rate = run_case(site, plugins, next(seeds))
                alone.append(run_case(site, {}, next(seeds)))
                ratios[case].append(2 * rate / (alone[-2] + alone[-1]))
    rows = [("no plugin: deliveries/s", statistics.median(alone), "", True)]
    for case, found in ratios.items():
        ratio = statistics.median(found)
        rows.append((f"{case}: of that", ratio, f">= {WANTED}", ratio >= WANTED))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    for title, value, wanted, good in measure(parser.parse_args().rounds):
        print(f"{title:<46} {value:>10.4g} {wanted:>9}{'' if good else '  <- missed'}")


if __name__ == "__main__":
    main()
