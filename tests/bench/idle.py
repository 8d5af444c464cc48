#!/usr/bin/env python3
"""IDLE: how soon a mail is told, and what a waiting connection costs.

idle.py latency --smtp-port P --imap-port P --user NAME --address A
idle.py hold --imap-port P [--tls] --pids PID,PID --users-format u%d --connections 2000
Prints one JSON object.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import ssl
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import imap  # noqa: E402
from harness.lines import Lines  # noqa: E402

SETTLE_SECONDS = 5
GAP_SECONDS = 0.05


def idle(connection):
    connection.line("i IDLE")
    while not connection.read_line().startswith("+"):
        pass


def latency(options):
    watcher = imap.login(options.imap_port, options.user, options.password)
    imap.command(watcher, "SELECT INBOX")
    idle(watcher)
    smtp = Lines(options.smtp_port)
    say(smtp, None)
    say(smtp, "EHLO bench.example.net")
    times = []
    for number in range(options.count):
        for line in ("MAIL FROM:<bench@example.net>", f"RCPT TO:<{options.address}>", "DATA"):
            say(smtp, line)
        smtp.send(f"From: a@example.net\r\nSubject: {number}\r\n\r\n{'x' * 4000}\r\n.\r\n".encode())
        smtp.read_line()
        accepted = time.perf_counter()
        while not watcher.read_line().endswith("EXISTS"):
            pass
        times.append((time.perf_counter() - accepted) * 1000)
        settle(GAP_SECONDS)
    times.sort()
    return {"case": "imap-idle-latency", "n": len(times), "p50_ms": round(statistics.median(times), 3),
            "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 3)}


def say(smtp, line):
    if line is not None:
        smtp.line(line)
    while (answer := smtp.read_line())[3:4] == "-":
        pass
    if answer[0] not in "23":
        raise SystemExit(f"{line}: {answer}")


def settle(seconds):
    """A measurement of rest needs time to pass; nothing is waited for."""
    time.sleep(seconds)


def pss_kib(pids):
    """Of the processes and all their descendants."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass
    total = 0
    for pid in parents:
        at = pid
        while at and at not in pids:
            at = parents.get(at, 0)
        if at:
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(text.partition("\nPss:")[2].split()[0])
            except (OSError, IndexError):
                pass
    return total


def hold(options):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pids = {int(pid) for pid in options.pids.split(",")}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def one(number):
        connection = Lines(options.imap_port)
        if options.tls:
            connection.socket = context.wrap_socket(connection.socket)
        connection.read_line()
        imap.command(connection, f"LOGIN {options.users_format.replace('%d', str(number % options.users))} "
                                 f"{options.password}")
        imap.command(connection, "SELECT INBOX")
        idle(connection)
        return connection

    # What the first connections of each user load for good is not what one more connection costs.
    warm = [one(number) for number in range(options.users)]
    settle(1)
    before = pss_kib(pids)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        held = list(pool.map(one, range(options.connections)))
    settle(SETTLE_SECONDS)
    after = pss_kib(pids)
    del warm
    return {"case": "imap-idle-hold" + ("-tls" if options.tls else ""), "conns": len(held),
            "pss_before_kib": before, "pss_after_kib": after,
            "kB_per_conn": round((after - before) * 1.024 / len(held), 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("latency", "hold"))
    parser.add_argument("--smtp-port", type=int)
    parser.add_argument("--imap-port", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("--address")
    parser.add_argument("--password", default="secret")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--pids", default=str(os.getpid()))
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--users-format", default="u%d")
    parser.add_argument("--connections", type=int, default=2000)
    options = parser.parse_args()
    print(json.dumps(latency(options) if options.what == "latency" else hold(options)))


if __name__ == "__main__":
    main()
