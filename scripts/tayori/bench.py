"""./tayori bench: speed and memory, in one run beside Postfix and Dovecot where wanted, with the ratios."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from tayori import build, packages
from tayori.console import Failure, note, say, step
from tayori.place import ROOT

BIG_USER = 250
BIG_MAILS = 20_000


class Case:
    """One row of the table: how to run it, which field counts, and how much better than the peers it has to be."""

    def __init__(self, title, command, field, wanted, peers, lower_is_better=False):
        self.title, self.command, self.field = title, command, field
        self.wanted, self.peers, self.lower_is_better = wanted, peers, lower_is_better


SMTP4 = ("load", "smtp", "--conns=16", "--count=2000", "--users=50", "--wait-visible")
R10 = ("load", "smtp", "--conns=8", "--count=300", "--users=50", "--recipients=10", "--wait-visible")
SMTP64 = ("load", "smtp", "--conns=8", "--count=500", "--users=50", "--mix=64k", "--wait-visible")
# The figures of the peers are from a quiet machine with two cores; `--peers` measures them here instead.
CASES = (
    Case("4 KiB, 16 connections: deliveries/s", SMTP4, "deliveries_s", 10, 262),
    Case("4 KiB, 16 connections: accepted/s", SMTP4, "msg_s", 5, 583),
    Case("4 KiB, 10 recipients: deliveries/s", R10, "deliveries_s", 15, 758),
    Case("64 KiB, 8 connections: deliveries/s", SMTP64, "deliveries_s", 6, 237),
    Case("APPEND 4 KiB, 1 connection: msg/s", ("load", "append", "--conns=1", "--count=400", "--first-user=60"), "msg_s", 1,
         944),
    Case("APPEND 4 KiB, 8 connections: msg/s", ("load", "append", "--conns=8", "--count=2000", "--first-user=60"), "msg_s",
         2, 2498),
    Case("APPEND 4 KiB, 32 connections: msg/s", ("load", "append", "--conns=32", "--count=3000", "--first-user=60"),
         "msg_s", 3, 2354),
    Case("APPEND to one folder, 8 connections: msg/s",
         ("load", "append", "--conns=8", "--count=1000", "--first-user=95", "--same-user"), "msg_s", 4, 1188),
    Case("logins/s, 16 connections", ("load", "login", "--conns=16", "--count=2000", "--users=50"), "logins_s", 3, 1490),
    Case("FETCH ENVELOPE BODYSTRUCTURE of 20,000: ms", ("fetch",), "imap-fetch-env", 1.5, 194, True),
    Case("FETCH FLAGS of 20,000: ms", ("fetch",), "imap-fetch-flags", None, 22.4, True),
    Case("FETCH BODY[] of 20,000: ms", ("fetch",), "imap-fetch-body", None, 283, True),
    Case("STORE of 20,000: ms", ("fetch",), "imap-store-add", None, 10, True),
    Case("SEARCH TEXT in 20,000: ms", ("fetch",), "imap-search-text", None, 896, True),
    Case("IDLE, 250 to EXISTS: ms", ("idle", "latency"), "p50_ms", 10, 449, True),
    Case("idle connection: kB", ("idle", "hold"), "kB_per_conn", 10, 553, True),
    Case("idle connection with TLS: kB", ("idle", "hold", "--tls"), "kB_per_conn", 30, None, True),
)
ABSOLUTE = ("IDLE, 250 to EXISTS: ms", "idle connection: kB", "idle connection with TLS: kB")


class Server:
    """What a run needs to know: ports, how users are called, whose CPU and memory count."""

    def __init__(self, label, ports, user_format, address_format, pids, memory_pids):
        self.label, self.ports, self.pids, self.memory_pids = label, ports, pids, memory_pids
        self.user_format, self.address_format = user_format, address_format
        self.seed = 10

    def load(self, name, *arguments):
        self.seed += 1
        command = [str(build.binary("bench_load")), name, *arguments, f"--label={self.label}", f"--seed={self.seed}",
                   f"--smtp-port={self.ports['smtp']}", f"--imap-port={self.ports['imap']}",
                   f"--pop3-port={self.ports['pop3']}", f"--user-format={self.user_format}",
                   f"--address-format={self.address_format}", f"--cpu-roots={','.join(map(str, self.pids))}"]
        return run_json(command)

    def idle(self, what, *arguments):
        tls = "--tls" in arguments
        command = [sys.executable, str(ROOT / "tests/bench/idle.py"), what, *arguments, "--users-format", self.user_format,
                   "--smtp-port", str(self.ports["smtp"]), "--imap-port", str(self.ports["imaps" if tls else "imap"]),
                   "--user", self.user_format.replace("%d", "120"), "--address",
                   self.address_format.replace("%d", "120"), "--pids", ",".join(map(str, self.memory_pids))]
        return run_json(command)


def run_json(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.stderr.strip():
        note(done.stderr.strip()[-300:])
    return rows


def measure(server, repeats, results, only):
    """Every distinct command `repeats` times; field values per case."""
    rows = {}
    for case in CASES:
        if case.command in rows or (only and not any(word in case.title for word in only)):
            continue
        kind, *arguments = case.command
        note(f"{server.label}: {' '.join(case.command)}")
        if kind == "load":
            rows[case.command] = [row for _ in range(repeats) for row in server.load(*arguments)]
        elif kind == "fetch":
            server.load("append", "--conns=1", f"--count={BIG_MAILS}", f"--first-user={BIG_USER}", "--mix=mix", "--depth=32")
            rows[case.command] = server.load("fetch", f"--first-user={BIG_USER}", f"--repeat={repeats}")
        else:
            rows[case.command] = server.idle(*arguments)
    results.extend({**row, "server": server.label} for found in rows.values() for row in found)
    return {case.title: value_of(case, rows.get(case.command, [])) for case in CASES}


def value_of(case, rows):
    if case.command == ("fetch",):
        values = [row["ms"] for row in rows if row["case"] == case.field and not row["errors"]]
    else:
        values = [row[case.field] for row in rows if case.field in row]
    return statistics.median(values) if values else None


def with_tayori(repeats, results, only):
    sys.path.insert(0, str(ROOT / "tests"))
    from harness.site import Site
    relaxed = {f"TAYORI__{name}": value for name, value in (
        ("SMTPD__CONNECTIONS_PER_ADDRESS_MAX", "10000"), ("IMAPD__CONNECTIONS_PER_ADDRESS_MAX", "100000"),
        ("POP3D__CONNECTIONS_PER_ADDRESS_MAX", "10000"), ("SMTPD__MAILS_MAX", "1000000"))}
    with Site(build.folder("release") / "bin", relaxed) as site:
        site.add_domain("example.org")
        step("300 accounts")
        for number in range(300):
            site.add_account(f"u{number}@example.org")
        pids = [site.pid(name) for name in site.children]
        server = Server("tayori", site.ports, "u%d@example.org", "u%d@example.org", pids,
                        [site.pid("imapd"), site.pid("spoold")])
        return measure(server, repeats, results, only)


def with_peers(repeats, results, only):
    if os.geteuid() != 0:
        raise Failure("Postfix and Dovecot need root: run this as root")
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    from peers.servers import Peers, stop_packaged_services
    from tayori import native, plan
    if packages.missing(packages.PEERS):
        packages.install(packages.PEERS, "to compare with")
        stop_packaged_services()
    with tempfile.TemporaryDirectory(prefix="tayori-peers-") as folder:
        ports = {name: plan.free_port() for name in ("smtp", "imap", "imaps", "pop3")}
        peers = Peers(folder, ports)
        try:
            peers.start()
            native.until(lambda: all(native.greeting_on(ports[name], native.GREETINGS[name])
                                     for name in ("smtp", "imap", "pop3")), 30)
            server = Server("postfix+dovecot", ports, "u%d", "u%d@example.org", peers.pids(), peers.imap_pids())
            return measure(server, repeats, results, only)
        finally:
            peers.stop()


def table(ours, theirs, measured_here):
    say()
    other = "Postfix+Dovecot" + ("" if measured_here else " (reference)")
    say(f"{'case':<46} {'Tayori':>10} {other:>27} {'ratio':>8} {'wanted':>9}")
    good = True
    for case in CASES:
        mine, peer = ours.get(case.title), theirs.get(case.title)
        if mine is None:
            continue
        ratio = None if not peer or not mine else (peer / mine if case.lower_is_better else mine / peer)
        wanted, reached = judge(case, mine, ratio)
        good = good and reached
        say(f"{case.title:<46} {mine:>10.6g} {'-' if peer is None else format(peer, '.6g'):>27} "
            f"{'-' if ratio is None else format(ratio, '.1f'):>8} {wanted:>9}{'' if reached else '  <- missed'}")
    return good


def judge(case, mine, ratio):
    if case.wanted is None:
        return "", True
    if case.title in ABSOLUTE:
        return f"<= {case.wanted:g}", mine <= case.wanted
    return f">= {case.wanted:g}", ratio is not None and ratio >= case.wanted


DOVEADM_IMPORT_S = 3.9  # of the same Maildir into mdbox, on a quiet machine with two cores


def convert_table(peers, repeats):
    """`./tayori bench convert`: conversion, and import of an old Maildir."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
    import conversion
    import import_speed
    step("Conversion")
    rows = list(conversion.measure())
    step("Import of a Maildir of 20,000 mails, 190 MB")
    if peers:
        packages.install(packages.PEERS, "to compare with")
    mine, theirs = import_speed.convert(rounds=repeats, peers=peers)
    ratio = (theirs or DOVEADM_IMPORT_S) / mine
    rows.append(("import: times as fast as doveadm's", ratio, ">= 2", ratio >= 2))
    return show(rows)


def outbound_table(peers):
    """`./tayori bench outbound`: carrying mail to another server, and a long queue."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
    import outbound
    packages.install(packages.PEERS, "for smtp-sink, and to compare with")
    step("Mail that goes out, 5,000 of 4 KiB, and 100,000 that wait")
    return show(outbound.measure(5000, peers, 100_000))


def plugins_table():
    """`./tayori bench plugins`: what Lua plugins cost intake."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench")]
    import plugins
    step("Mail of 4 KiB with and without plugins")
    return show(plugins.measure())


def show(rows):
    say()
    for title, value, wanted, good in rows:
        say(f"{title:<46} {value:>10.4g} {wanted:>9}{'' if good else '  <- missed'}")
    return 0 if all(row[3] for row in rows) else 1


def main(arguments):
    parser = argparse.ArgumentParser(prog="tayori bench")
    parser.add_argument("what", nargs="?", choices=["mail", "convert", "outbound", "plugins"], default="mail",
                        help="mail: delivering and reading (the default); convert: conversion and import; outbound: carrying to others; "
                        "plugins: what they cost")
    parser.add_argument("--peers", action="store_true", help="measure Postfix and Dovecot in the same run (root)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", action="append", help="cases whose title contains this")
    parser.add_argument("--json", help="write every result into this file, one object a line")
    options = parser.parse_args(arguments)
    packages.install([*packages.BUILD, *packages.RUN], "to compile Tayori")
    build.build("release", [*build.BINARIES, "bench_load"])
    if options.what == "convert":
        return convert_table(options.peers, options.repeats)
    if options.what == "outbound":
        return outbound_table(options.peers)
    if options.what == "plugins":
        return plugins_table()
    results = []
    step("Tayori")
    ours = with_tayori(options.repeats, results, options.only)
    theirs = {case.title: case.peers for case in CASES}
    if options.peers:
        step("Postfix and Dovecot")
        theirs = with_peers(options.repeats, results, options.only)
    if options.json:
        pathlib.Path(options.json).write_text("".join(json.dumps(row) + "\n" for row in results))
    return 0 if table(ours, theirs, options.peers) else 1
