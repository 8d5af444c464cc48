"""Year-end at a school: leavers go, newcomers come, some at a leaver's address, while mail arrives and people log in."""

import contextlib
import csv
import imaplib
import io
import json
import os
import pathlib
import poplib
import random
import smtplib
import subprocess
import tempfile
import threading
import time
import unittest

from harness.lines import unverified_tls
from harness.site import PASSWORD, Site, until
from tayori import plan

HOST = "127.0.0.1"
DOMAIN = "school.test"
COLUMNS = "address,password,name,quota,pop3,imap4,smtp_auth,apop,aliases,forward".split(",")
PEOPLE = 40       # leavers, as many stay, as many come
KILL_ROWS = 2000  # of the table that kills interrupt


def table(rows):
    """CSV as a school's office would save it: BOM, CRLF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return ("\ufeff" + out.getvalue()).encode()


def start(test):
    site = test.enterContext(Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
    site.add_domain(DOMAIN)
    folder = test.enterContext(tempfile.TemporaryDirectory(prefix="tayori-bulk-"))
    return site, pathlib.Path(folder)


def send(site, address, subject):
    with smtplib.SMTP(HOST, site.ports["smtp"], timeout=30) as smtp:
        smtp.sendmail("office@elsewhere.test", [address], f"Subject: {subject}\r\n\r\nHello.\r\n")


def subjects(site, address, password):
    imap = imaplib.IMAP4_SSL(HOST, site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
    imap.login(address, password)
    imap.select("INBOX", readonly=True)
    found = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    imap.logout()
    return [part[1].decode().strip().removeprefix("Subject: ") for part in found if isinstance(part, tuple)]


def accounts(site, *options):
    return json.loads(site.adminctl("account", "list", DOMAIN, "--json", *options))


class Traffic:
    """Mail to people and their logins by POP3 and IMAP, for as long as it is open; every failure is kept."""

    def __init__(self, site, people):
        self.site, self.people = site, people
        self.over = threading.Event()
        self.failures, self.sent, self.logins = [], [], 0
        self.threads = [threading.Thread(target=self.run, args=(step,)) for step in (self.deliver, self.pop3, self.imap)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, step):
        number = 0
        while not self.over.is_set():
            address = self.people[number % len(self.people)]
            number += 1
            try:
                step(address, number)
            except (OSError, smtplib.SMTPException, poplib.error_proto, imaplib.IMAP4.error) as problem:
                self.failures.append(f"{step.__name__} {address}: {problem}")

    def deliver(self, address, number):
        send(self.site, address, f"during {number}")
        self.sent.append((address, f"during {number}"))

    def pop3(self, address, _):
        pop = poplib.POP3_SSL(HOST, self.site.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop.user(address)
        pop.pass_(PASSWORD)
        pop.quit()
        self.logins += 1

    def imap(self, address, _):
        subjects(self.site, address, PASSWORD)
        self.logins += 1


class YearEnd(unittest.TestCase):
    def test_leavers_go_newcomers_come_and_all_of_it_can_be_taken_back(self):
        site, folder = start(self)
        file = folder / "2027.csv"
        leavers = [f"leaver{n}@{DOMAIN}" for n in range(PEOPLE)]
        stayers = [f"stayer{n}@{DOMAIN}" for n in range(PEOPLE)]
        file.write_bytes(table([{"address": a, "password": PASSWORD, "name": f"生徒 {a[:-12]}"} for a in leavers + stayers]))
        site.adminctl("account", "apply", str(file))
        site.adminctl("alias", "add", f"captain@{DOMAIN}", leavers[0])
        send(site, leavers[0], "old mail")
        send(site, f"captain@{DOMAIN}", "captain's mail")
        until(lambda: len(subjects(site, leavers[0], PASSWORD)) == 2, 30, "the leaver's mail")
        before = accounts(site)

        newcomers = [f"newcomer{n}@{DOMAIN}" for n in range(PEOPLE - 1)]
        rows = [{"address": a} for a in stayers] + [{"address": a, "password": "first", "quota": "1G"} for a in newcomers]
        rows[0] |= {"quota": "2G", "pop3": "1", "imap4": "1", "smtp_auth": "0"}
        rows.append({"address": leavers[0], "password": "first", "name": "新入生"})
        file.write_bytes(table(rows))
        # Another name at a known address: it is asked who that is.
        refused = site.adminctl("account", "plan", str(file), expect=4)
        self.assertIn(f"wrong: line {len(rows) + 1}, column 3 (name)", refused)
        saved = folder / "plan.json"
        shown = site.adminctl("account", "plan", str(file), "--new", leavers[0], "--save", str(saved))
        self.assertIn(f"added {PEOPLE}, removed {PEOPLE}, changed 1; {PEOPLE - 1} stay as they are.", shown)
        for text in (saved.read_text(), shown):
            self.assertNotIn("first", text.replace("the first", ""))
            self.assertNotIn(PASSWORD, text)

        with Traffic(site, stayers[1:]) as traffic:
            until(lambda: traffic.logins > 5 and traffic.sent, 30, "traffic")
            done = site.adminctl("account", "apply", str(saved))
            logins = traffic.logins
            until(lambda: traffic.logins > logins + 5, 30, "traffic afterwards")
            self.assertIn("Done as change 2", done)
            self.assert_year_has_changed(site, leavers)
            undone = site.adminctl("account", "rollback")
            self.assertIn("Undone, as change 3", undone)
        self.assertEqual(traffic.failures, [])
        self.assert_all_is_as_before(site, before, leavers)
        for address, subject in traffic.sent:
            self.assertIn(subject, subjects(site, address, PASSWORD))
        listed = json.loads(site.adminctl("account", "changes", "--json"))
        self.assertEqual([(c["change_id"], c["undoes"], c["undone_by"]) for c in listed], [(3, 2, 0), (2, 0, 3), (1, 0, 0)])
        for log in site.instance.logs.iterdir():
            self.assertNotIn("first", [word.strip('"') for word in log.read_text(errors="replace").split()])

    def assert_year_has_changed(self, site, leavers):
        self.assertEqual(subjects(site, leavers[0], "first"), [])  # a new mailbox, never the old one's mail
        with self.assertRaises(imaplib.IMAP4.error):
            subjects(site, leavers[1], PASSWORD)
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            send(site, f"captain@{DOMAIN}", "to nobody")
        send(site, leavers[0], "for the newcomer")
        until(lambda: subjects(site, leavers[0], "first") == ["for the newcomer"], 30, "the newcomer's mail")
        self.assertEqual(len(json.loads(site.adminctl("account", "list", "--retired", "--json"))), PEOPLE)
        self.assertIn(leavers[1], site.adminctl("account", "list", "--retired"))

    def assert_all_is_as_before(self, site, before, leavers):
        volatile = {"used_bytes", "used_messages", "last_login_s"}
        def lasting(listed):
            return [{key: value for key, value in account.items() if key not in volatile} for account in listed]
        self.assertEqual(lasting(accounts(site)), lasting(before))
        self.assertEqual(sorted(subjects(site, leavers[0], PASSWORD)), ["captain's mail", "old mail"])
        send(site, f"captain@{DOMAIN}", "again")

    def test_a_plan_that_others_have_overtaken_is_refused_and_says_why(self):
        site, folder = start(self)
        file = folder / "accounts.csv"
        file.write_bytes(table([{"address": f"a{n}@{DOMAIN}"} for n in range(4)]))
        site.adminctl("account", "apply", str(file))
        file.write_bytes(table([{"address": f"a{n}@{DOMAIN}", "quota": "1G"} for n in range(3)]))
        saved = folder / "plan.json"
        site.adminctl("account", "plan", str(file), "--save", str(saved))
        site.adminctl("account", "set", f"a1@{DOMAIN}", "--quota", "1G")
        site.add_account(f"extra@{DOMAIN}")
        told = site.adminctl("account", "apply", str(saved), expect=1)
        self.assertIn(f"new since the plan: removed: extra@{DOMAIN}", told)
        self.assertIn(f"not to be done any more: changed: a1@{DOMAIN}", told)
        self.assertEqual(len(accounts(site)), 5)
        file.write_bytes(table([{"address": f"a0@{DOMAIN}"}]))
        told = site.adminctl("account", "apply", str(file), expect=1)
        self.assertIn("--yes-remove 4", told)
        site.adminctl("account", "apply", str(file), "--yes-remove", "4")
        self.assertEqual([a["address"] for a in accounts(site)], [f"a0@{DOMAIN}"])


class Kills(unittest.TestCase):
    def test_a_kill_in_the_middle_leaves_all_or_nothing(self):
        site, folder = start(self)
        file = folder / "accounts.csv"
        site.add_account(f"old@{DOMAIN}")
        file.write_bytes(table([{"address": f"n{n}@{DOMAIN}"} for n in range(KILL_ROWS)]))
        options = ("--yes-remove", "1")
        began = time.monotonic()
        site.adminctl("account", "apply", str(file), *options)
        seconds = time.monotonic() - began
        site.adminctl("account", "rollback")
        chance = random.Random(4)
        outcomes = []
        for _ in range(int(os.environ.get("TAYORI_TEST_KILLS", "25")) // 3 + 1):
            apply = self.begin_apply(site, file, options)
            with contextlib.suppress(subprocess.TimeoutExpired):
                apply.wait(chance.uniform(0, 1.2) * seconds)
            site.kill("spoold")
            answered = apply.wait(60) == 0
            site.start_process("spoold")
            until(lambda: site.adminctl("status", expect=None), 30, "spoold is back")
            there = [account["address"] for account in accounts(site)]
            self.assertIn(len(there), (1, KILL_ROWS))
            outcomes.append(len(there) == KILL_ROWS)
            self.assertFalse(answered and not outcomes[-1], "an answer that did not survive")
            self.assertEqual(there == [f"old@{DOMAIN}"], not outcomes[-1])
            self.assertEqual(json.loads(site.adminctl("counters", "verify", "--json"))["problems"], [])
            if outcomes[-1]:
                site.adminctl("account", "rollback")
        self.assertIn(False, outcomes)  # some came too early …
        print(f"# applied {outcomes.count(True)} of {len(outcomes)} in {seconds:.2f} s each", flush=True)

    def begin_apply(self, site, file, options):
        environment = {**os.environ, **plan.environment(site.instance, {}), **site.settings}
        return subprocess.Popen([str(site.binaries / "adminctl"), "account", "apply", str(file), *options], env=environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
