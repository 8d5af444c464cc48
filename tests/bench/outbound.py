#!/usr/bin/env python3
"""How fast mail goes out: the same mails through Tayori and through Postfix to the same smtp-sink, both with fsync as they ship it.

    tests/bench/outbound.py [--mails 5000] [--peers] [--queued 100000]

First all mails are queued while nothing may leave, then the door is opened: the time until the last one is delivered, as each
server itself counts it. `./tayori bench outbound` runs it. Postfix needs root.
"""

import argparse
import contextlib
import pathlib
import re
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness.site import PASSWORD, Site, until  # noqa: E402
from harness.small_dns import SmallDns  # noqa: E402
from peers.servers import Peers  # noqa: E402
from tayori import build, native, plan  # noqa: E402

HOST = "127.0.0.1"
SENDERS = 16           # connections that queue
MAIL_BYTES = 4096
MANY_SECONDS = 1200
WANTED = 3             # times as fast as Postfix
MEMORY_KIB_MAX = 0.5   # of spoold, for each queued mail


def letter(number):
    head = f"From: <anna@ours.test>\r\nTo: <x@sink.test>\r\nSubject: mail {number}\r\nMessage-ID: <{number}@ours.test>\r\n\r\n"
    lines = (MAIL_BYTES - len(head)) // 72
    return (head + f"{'x' * 70}\r\n" * lines).encode()


@contextlib.contextmanager
def sink():
    """smtp-sink of Postfix: takes everything and keeps nothing."""
    port = plan.free_port()
    child = subprocess.Popen(["smtp-sink", "-u", "nobody", f"{HOST}:{port}", "1000"])
    try:
        native.until(lambda: native.is_open(port), 10)
        yield port
    finally:
        child.kill()
        child.wait()


def queue(port, mails, user=None):
    """Seconds until all are taken."""
    numbers = iter(range(mails))
    lock, failures = threading.Lock(), []

    def work():
        try:
            with smtplib.SMTP(HOST, port, timeout=60) as smtp:
                smtp.ehlo("client.test")
                if user:
                    smtp.login(user, PASSWORD)
                while True:
                    with lock:
                        number = next(numbers, None)
                    if number is None:
                        return
                    smtp.sendmail("anna@ours.test", [f"u{number % 500}@sink.test"], letter(number))
        except (OSError, smtplib.SMTPException) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"queueing failed: {failures[0]}")
    return time.monotonic() - began


def delivered(site):
    """As smtpd counts it."""
    metrics = site.rows["smtpd"]["metrics"]
    with urllib.request.urlopen(f"http://{HOST}:{metrics}/metrics", timeout=10) as answer:
        found = re.search(rb"(?m)^\S*outbound_delivered_total\S* (\S+)", answer.read())
    return int(float(found[1])) if found else 0


@contextlib.contextmanager
def tayori(port, name_server):
    name_server.table["sink.test", "MX"] = [(600, (10, "mx.sink.test"))]
    name_server.table["mx.sink.test", "A"] = [(600, HOST)]
    settings = {"SITE__HOSTNAME": "mail.ours.test", "DNS__SERVERS": f"{HOST}:{name_server.port}", "TEST__MX_PORT": str(port),
                "TEST__MX_ANYWHERE": "true", "OUTBOUND__CARRIERS_MAX": "0", "SMTPD__MAILS_MAX": "1000000",
                "SMTPD__CONNECTIONS_PER_ADDRESS_MAX": "10000", "AUTH__SCRAM_ITERATIONS": "4096"}
    with Site(build.folder("release") / "bin", {f"TAYORI__{name}": value for name, value in settings.items()},
              programs=("spoold", "smtpd")) as site:
        site.add_domain("ours.test")
        site.add_account("anna@ours.test")
        yield site


def open_door(site):
    """smtpd anew, now as a carrier; when it was started."""
    site.settings["TAYORI__OUTBOUND__CARRIERS_MAX"] = "100"
    site.children["smtpd"].terminate()
    site.children["smtpd"].wait(30)
    began = time.monotonic()
    site.start_process("smtpd")
    return began


def with_tayori(port, mails):
    with SmallDns({}) as name_server, tayori(port, name_server) as site:
        queued = queue(site.ports["submission"], mails, "anna@ours.test")
        began = open_door(site)
        site.wait_until_serving()
        until(lambda: delivered(site) >= mails, MANY_SECONDS, "all mails delivered")
        return queued, time.monotonic() - began


class RelayingPostfix(Peers):
    """Postfix alone, with the sink as its only next host; nothing leaves at first."""

    def __init__(self, folder, port, sink_port):
        super().__init__(folder, {"smtp": port})
        self.sink_port = sink_port

    def start(self):
        self.folder.chmod(0o755)
        self.start_postfix()

    def fill_more(self, config):
        with open(config, "a", encoding="utf-8") as main:
            main.write(f"relayhost = [{HOST}]:{self.sink_port}\ndefer_transports = smtp\nsmtp_tls_security_level = none\n")

    def control(self, *command):
        subprocess.run(command, check=True, capture_output=True)

    def open_door(self):
        etc = str(self.folder / "postfix/etc")
        self.control("postconf", "-c", etc, "-e", "defer_transports =")
        self.control("postfix", "-c", etc, "reload")
        began = time.monotonic()
        self.control("postqueue", "-c", etc, "-f")
        return began

    def sent(self):
        log = self.folder / "postfix/log/mail.log"
        return log.read_bytes().count(b"status=sent") if log.exists() else 0

    def stop(self):
        subprocess.run(["postfix", "-c", str(self.folder / "postfix/etc"), "stop"], check=False, capture_output=True)


def with_postfix(port, mails):
    with tempfile.TemporaryDirectory(prefix="tayori-peers-") as folder:
        smtp = plan.free_port()
        postfix = RelayingPostfix(folder, smtp, port)
        try:
            postfix.start()
            native.until(lambda: native.greeting_on(smtp, native.GREETINGS["smtp"]), 30)
            queued = queue(smtp, mails)
            began = postfix.open_door()
            until(lambda: postfix.sent() >= mails, MANY_SECONDS, "all mails delivered")
            return queued, time.monotonic() - began
        finally:
            postfix.stop()


def long_queue(mails):
    """What so many waiting mails cost: (KiB of spoold for each, mails a second taken at the beginning, and at the end)."""
    with sink() as port, SmallDns({}) as name_server, tayori(port, name_server) as site:
        part = min(5000, mails // 4)
        queue(site.ports["submission"], part, "anna@ours.test")
        before = site.resident_kib("spoold")
        first = part / queue(site.ports["submission"], part, "anna@ours.test")
        queue(site.ports["submission"], mails - 3 * part, "anna@ours.test")
        last = part / queue(site.ports["submission"], part, "anna@ours.test")
        return (site.resident_kib("spoold") - before) / (mails - part), first, last


def measure(mails, peers, queued):
    """Rows: (title, value, what is wanted, good)."""
    with sink() as port:
        taken, out = with_tayori(port, mails)
        rows = [("Tayori: mails/s out", mails / out, "", True), ("Tayori: mails/s queued", mails / taken, "", True)]
        if peers:
            their_taken, their_out = with_postfix(port, mails)
            ratio = their_out / out
            rows += [("Postfix: mails/s out", mails / their_out, "", True),
                     ("Postfix: mails/s queued", mails / their_taken, "", True),
                     ("out: times as fast as Postfix", ratio, f">= {WANTED}", ratio >= WANTED)]
    if queued:
        kib, first, last = long_queue(queued)
        rows += [(f"{queued} mails queued: KiB of spoold for each", kib, f"<= {MEMORY_KIB_MAX:g}", kib <= MEMORY_KIB_MAX),
                 ("  mails/s taken at the beginning", first, "", True),
                 ("  mails/s taken at the end: part of that", last / first, ">= 0.7", last / first >= 0.7)]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--queued", type=int, default=0)
    options = parser.parse_args()
    for title, value, wanted, good in measure(options.mails, options.peers, options.queued):
        print(f"{title:<46} {value:>10.4g} {wanted:>9}{'' if good else '  <- missed'}")


if __name__ == "__main__":
    main()
