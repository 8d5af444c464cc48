#!/usr/bin/env python3
"""What plugins cost intake: deliveries a second of 4-KiB mail without any, with those that came with Tayori where they decide nothing,
and where they act, counted in deliveries, forwards and answers.

    tests/bench/plugins.py [--rounds 30]

Nothing is carried to others meanwhile: what counts is what has been taken and is on the disk. `./tayori bench plugins` runs it.
Each case is a domain with its plugins. A machine is not equally quick all the time: the domains take turns by little bites, each round in
another order, and the medians are compared.
"""

import argparse
import itertools
import json
import pathlib
import random
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.site import Site  # noqa: E402
from tayori import build  # noqa: E402

USERS = 50
MAILS = 4_000  # in one bite: about half a second
ROUNDS = 30
WANTED = 0.85  # of the rate without plugins

# Case -> plugin -> settings of the domain. None of the first acts on the mail of the load.
QUIET = {"autoreply": {"text": "Away.", "date_from": "2099-01-01"}, "forward": {"to": []},
         "filter": {"rules": [{"if": {"field": "subject", "value": "nowhere to be found"},
                               "then": {"action": "fileinto", "argument": "Never"}}]},
         "sizelimit": {"receive_max": 50 << 20}}
CASES = {
    "no plugin": {},
    "four that decide nothing": QUIET,
    "autoreply answers": {"autoreply": {"text": "Away."}},
    "forward passes on": {"forward": {"to": ["archive@elsewhere.example"]}},
    "filter marks": {"filter": {"rules": [{"if": {"field": "from", "value": "@"}, "then": {"action": "flag", "argument": "$Label1"}}]}},
    "sizelimit looks": {"sizelimit": {"receive_max": 50 << 20, "send_max": 50 << 20}},
}


def load(site, domain, seed):
    command = [str(build.binary("bench_load")), "smtp", "--conns=16", f"--count={MAILS}", f"--users={USERS}", "--wait-visible",
               "--label=tayori", f"--seed={seed}", f"--smtp-port={site.ports['smtp']}", f"--imap-port={site.ports['imap']}",
               f"--user-format=u%d@{domain}", f"--address-format=u%d@{domain}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return next(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))


def queued(site):
    return json.loads(site.adminctl("--json", "status"))["queued"]


def add_domain(site, domain, plugins):
    site.add_domain(domain)
    for number in range(USERS):
        site.add_account(f"u{number}@{domain}")
    for name, values in plugins.items():
        site.adminctl("plugin", "set", name, "--domain", domain, json.dumps(values))
        site.adminctl("plugin", "enable", name, "--domain", domain)


def bite(site, domain, seed):
    """Mails stored, forwarded and answered a second."""
    before = queued(site)
    rate = load(site, domain, seed)["deliveries_s"]
    more = queued(site) - before
    if more:
        site.adminctl("queue", "cancel", "--all")  # the next one has no longer queue than the first
    return rate * (MAILS + more) / MAILS


def measure(rounds=ROUNDS):
    """(title, value, wanted, good)"""
    settings = {"TAYORI__SMTPD__CONNECTIONS_PER_ADDRESS_MAX": "10000", "TAYORI__SMTPD__MAILS_MAX": "1000000",
                "TAYORI__OUTBOUND__CARRIERS_MAX": "0"}
    domains = {case: f"case{number}.example" for number, case in enumerate(CASES)}
    found = {case: [] for case in CASES}
    order = list(CASES)
    chance = random.Random(1)
    with Site(build.folder("release") / "bin", settings, programs=("spoold", "smtpd", "imapd")) as site:
        for case, plugins in CASES.items():
            add_domain(site, domains[case], plugins)
            load(site, domains[case], 1)  # folders and caches
        seeds = itertools.count(2)
        for _ in range(rounds):
            chance.shuffle(order)
            for case in order:
                found[case].append(bite(site, domains[case], next(seeds)))
    rates = {case: statistics.median(some) for case, some in found.items()}
    alone = rates.pop("no plugin")
    rows = [("no plugin: deliveries/s", alone, "", True)]
    rows += [(f"{case}: of that", rate / alone, f">= {WANTED}", rate / alone >= WANTED) for case, rate in rates.items()]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    for title, value, wanted, good in measure(parser.parse_args().rounds):
        print(f"{title:<46} {value:>10.4g} {wanted:>9}{'' if good else '  <- missed'}")


if __name__ == "__main__":
    main()
