"""Mail of accounts at another server, here a Dovecot of Debian, fetched again and again by the real worker over IMAP and POP3."""

import imaplib
import json
import os
import poplib
import shutil
import signal
import socket
import subprocess
import unittest

from harness.lines import unverified_tls
from harness.old_dovecot import PASSWORD as OLD_PASSWORD
from harness.old_dovecot import OldDovecot, find_dovecot
from harness.site import PASSWORD, Site, until
from tayori import plan

HOST = "127.0.0.1"
DOMAIN = "example.jp"
TARO = f"taro@{DOMAIN}"
OLD_TARO = "taro@old.example"
LEASE_S = 2
SECONDS = 60
SETTINGS = {"TAYORI__AUTH__SCRAM_ITERATIONS": "4096", "TAYORI__FETCH__LEASE_S": str(LEASE_S)}
PROGRAMS = ("spoold", "pop3d", "imapd")
DAY_MS = 86_400_000


def letter(number, size=500):
    filler = "日本語の本文です。\r\n" * (size // 30)
    return (f"Received: from a by b; Fri, 14 Jul 2017 11:41:00 +0900\r\nFrom: Yamada <yamada@example.org>\r\nTo: {TARO}\r\n"
            f"Subject: mail {number}\r\nMessage-ID: <{number}@example.org>\r\n"
            f"Date: Fri, 14 Jul 2017 11:40:00 +0900\r\n\r\n{filler}.{number}\r\n").encode()


def put(old, numbers, folder="INBOX", flags="", size=500):
    imap = old.imap(OLD_TARO)
    for number in numbers:
        imap.append(folder, f"({flags})" if flags else None, None, letter(number, size))
    imap.logout()


@unittest.skipUnless(find_dovecot(), "needs Debian's dovecot-core, dovecot-imapd and dovecot-pop3d")
class Fetch(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings=dict(SETTINGS), programs=PROGRAMS))
        self.site.add_domain(DOMAIN)
        self.site.add_account(TARO)
        self.old = self.enterContext(OldDovecot())
        self.workers = []
        self.addCleanup(self.stop_workers)

    def add(self, protocol, *more, password=OLD_PASSWORD):
        said = self.site.adminctl("--json", "fetch", "add", TARO, "--from", protocol, "--host", HOST, "--port",
                                  str(self.old.ports[protocol]), "--tls", "none", "--user", OLD_TARO, "--every", "60s",
                                  "--password-stdin", *more, stdin=f"{password}\n")
        return str(json.loads(said)["source_id"])

    def run_now(self, source, expect=0):
        return json.loads(self.site.adminctl("--json", "fetch", "run", source, expect=expect))[0]["last"]

    def sources(self):
        return json.loads(self.site.adminctl("--json", "fetch", "list"))

    def start_worker(self, jobs="2"):
        environment = {**self.site.adminctl_environment(), "TAYORI__FETCH__JOBS": jobs}
        log = open(self.site.instance.logs / "fetch.log", "ab")
        self.addCleanup(log.close)
        worker = subprocess.Popen(self.site.adminctl_line("fetch", "serve"), env=environment, stdout=log, stderr=log,
                                  stdin=subprocess.DEVNULL)
        self.workers.append(worker)
        return worker

    def stop_workers(self):
        for worker in self.workers:
            worker.kill()
            worker.wait()

    def imap(self):
        imap = imaplib.IMAP4_SSL(HOST, self.site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
        imap.login(TARO, PASSWORD)
        return imap

    def subjects(self, folder="INBOX"):
        imap = self.imap()
        count = int(imap.select(folder, readonly=True)[1][0])
        found = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if count else []
        imap.logout()
        return [part[1].decode().strip().removeprefix("Subject: ") for part in found if isinstance(part, tuple)]

    def at_source(self):
        imap = self.old.imap(OLD_TARO)
        count = int(imap.select("INBOX", readonly=True)[1][0])
        imap.logout()
        return count

    def test_imap_brings_what_is_new_once_and_unread(self):
        put(self.old, range(3))
        put(self.old, [3], flags="\\Seen")
        source = self.add("imap")
        looked = json.loads(self.site.adminctl("--json", "fetch", "test", source))
        self.assertEqual(looked["folders"], [{"folder": "INBOX", "mails": 4}])
        self.assertEqual(self.subjects(), [])
        self.assertEqual(self.run_now(source)["fetched"], 4)
        again = self.run_now(source)
        self.assertEqual((again["fetched"], again["known"]), (0, 4))
        put(self.old, [4])
        self.assertEqual(self.run_now(source)["fetched"], 1)
        self.assertEqual(self.subjects(), [f"mail {number}" for number in range(5)])
        imap = self.imap()
        imap.select("INBOX", readonly=True)
        self.assertEqual(imap.search(None, "SEEN")[1], [b"4"])
        whole = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
        self.assertEqual(whole, letter(0))
        imap.logout()
        pop3 = poplib.POP3_SSL(HOST, self.site.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop3.user(TARO)
        pop3.pass_(PASSWORD)
        self.assertEqual(len(pop3.uidl()[1]), 5)
        pop3.quit()
        self.assertEqual(self.at_source(), 5)

    def test_pop3_brings_what_is_new_once(self):
        put(self.old, range(3))
        source = self.add("pop3", "--folder", "Old/Mail")
        self.assertEqual(self.run_now(source)["fetched"], 3)
        self.assertEqual(self.run_now(source)["known"], 3)
        put(self.old, [3])
        self.assertEqual(self.run_now(source)["fetched"], 1)
        self.assertEqual(self.subjects("Old/Mail"), [f"mail {number}" for number in range(4)])
        self.site.adminctl("fetch", "remove", source)
        self.assertEqual(self.sources(), [])
        self.assertEqual(self.run_now(self.add("pop3"))["known"], 4)

    def test_all_folders_go_beside_or_below(self):
        imap = self.old.imap(OLD_TARO)
        imap.create("Lists")
        imap.logout()
        put(self.old, [1], folder="Lists")
        put(self.old, [2])
        source = self.add("imap", "--all-folders", "--folder", "From outside")
        self.assertEqual(self.run_now(source)["fetched"], 2)
        self.assertEqual(self.subjects('"From outside"'), ["mail 2"])
        self.assertEqual(self.subjects('"From outside/Lists"'), ["mail 1"])

    def test_the_worker_fetches_what_is_due_and_a_wrong_password_is_told(self):
        put(self.old, range(2))
        good = self.add("imap")
        bad = self.add("pop3", password="wrong")
        worker = self.start_worker()
        until(lambda: all(row["last"]["at_s"] for row in self.sources()), SECONDS, "both have run")
        rows = {str(row["source_id"]): row for row in self.sources()}
        self.assertEqual((rows[good]["last"]["fetched"], rows[good]["failures"]), (2, 0))
        self.assertEqual((rows[bad]["last"]["problem"], rows[bad]["failures"]), ("login_refused", 1))
        self.assertGreaterEqual(rows[bad]["due_s"] - rows[bad]["last"]["at_s"], 1800)
        told = self.site.adminctl("fetch", "list")
        self.assertIn("failing (1)", told)
        self.assertNotIn(OLD_PASSWORD, told)
        put(self.old, [2])
        self.site.adminctl("fetch", "set", bad, "--password-stdin", stdin=f"{OLD_PASSWORD}\n")
        until(lambda: self.sources_by_id()[bad]["last"]["fetched"] == 3, SECONDS, "with the right one it fetches")
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(25), 0)
        for log in self.site.instance.logs.glob("*.log"):
            self.assertNotIn(OLD_PASSWORD.encode(), log.read_bytes(), log.name)

    def sources_by_id(self):
        return {str(row["source_id"]): row for row in self.sources()}

    def test_a_server_that_is_down_is_told_and_tried_later(self):
        source = self.add("imap")
        self.old.stop()
        told = self.run_now(source, expect=5)
        self.assertEqual(told["problem"], "unreachable")
        self.assertEqual(self.sources_by_id()[source]["failures"], 1)
        self.old.start()
        put(self.old, [1])
        self.assertEqual(self.run_now(source)["fetched"], 1)
        self.assertEqual(self.sources_by_id()[source]["failures"], 0)

    def test_kills_of_the_worker_lose_nothing_and_double_nothing(self):
        count = 120
        put(self.old, range(count), size=120_000)
        for protocol, folder in (("imap", "INBOX"), ("pop3", "Second")):
            source = self.add(protocol, "--folder", folder)
            for kill in range(3):
                worker = self.start_worker(jobs="1")
                wanted = 1 + kill * count // 4
                until(lambda f=folder, n=wanted: self.count(f) >= n, SECONDS, f"{wanted} mails in {folder}")
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
                self.release(source)
            self.start_worker()
            until(lambda f=folder: self.count(f) >= count, SECONDS, "the rest to come")
            self.stop_workers()
            self.release(source)
            told = self.run_now(source)
            self.assertEqual((told["fetched"], told["known"]), (0, count))
            self.assertEqual(sorted(self.subjects(folder)), sorted(f"mail {number}" for number in range(count)))

    def release(self, source):
        """What a killed worker had is free when its lease ends; changing anything forgets how often that happened."""
        until(lambda: not self.sources_by_id()[source]["running"], SECONDS, "the lease to end")
        self.site.adminctl("fetch", "set", source, "--on")

    def count(self, folder):
        imap = self.imap()
        answer = imap.status(f'"{folder}"', "(MESSAGES)")
        imap.logout()
        return int(answer[1][0].split()[-1].rstrip(b")")) if answer[0] == "OK" else 0

    def test_over_quota_mail_stays_there_until_there_is_room(self):
        put(self.old, range(4), size=30_000)
        source = self.add("imap")
        self.site.adminctl("account", "set", TARO, "--quota", "100K")
        told = self.run_now(source, expect=1)
        self.assertEqual(told["problem"], "over_quota")
        self.assertEqual(told["fetched"] + told["over_quota"], 4)
        self.assertGreater(told["over_quota"], 0)
        self.assertIn("wait there until there is room", self.site.adminctl("fetch", "list"))
        self.site.adminctl("account", "set", TARO, "--quota", "10M")
        self.assertEqual(self.run_now(source)["fetched"], told["over_quota"])
        self.assertEqual(self.at_source(), 4)

    def test_delete_after_takes_out_what_is_here_and_nothing_else(self):
        for protocol, numbers in (("imap", range(3)), ("pop3", range(3, 6))):
            put(self.old, numbers)
            source = self.add(protocol, "--delete-after", "2")
            told = self.run_now(source)
            self.assertEqual((told["fetched"], told["deleted"], self.at_source()), (3, 0, 3))
            self.move_clock(2 * DAY_MS)
            put(self.old, [9])
            told = self.run_now(source)
            self.assertEqual((told["fetched"], told["deleted"], self.at_source()), (1, 3, 1))
            self.site.adminctl("fetch", "set", source, "--delete-after", "0")
            self.assertEqual((self.run_now(source)["deleted"], self.at_source()), (1, 0))
            self.site.adminctl("fetch", "set", source, "--keep", "--off")

    def move_clock(self, by_ms):
        """spoold started anew, later."""
        now = int(self.site.settings.get("TAYORI__TEST__CLOCK_OFFSET_MS", "0"))
        self.site.settings["TAYORI__TEST__CLOCK_OFFSET_MS"] = str(now + by_ms)
        self.site.stop()
        self.site.start()

    def test_what_a_migration_has_brought_does_not_come_again(self):
        put(self.old, range(3))
        table = self.site.instance.data / "table.csv"
        table.write_text(f"user,password,address\n{OLD_TARO},{OLD_PASSWORD},{TARO}\n", encoding="utf-8")
        self.site.adminctl("migrate", "pull", "--imap", f"{HOST}:{self.old.ports['imap']}", "--tls", "none", "--table", str(table))
        put(self.old, [3])
        told = self.run_now(self.add("imap"))
        self.assertEqual((told["fetched"], told["known"]), (1, 3))
        self.assertEqual(self.subjects(), [f"mail {number}" for number in range(4)])

    def test_a_folder_that_is_numbered_anew_waits_for_a_person(self):
        put(self.old, range(2))
        source = self.add("imap")
        self.assertEqual(self.run_now(source)["fetched"], 2)
        self.old.stop()
        shutil.rmtree(self.old.folder / "home" / OLD_TARO)
        self.old.start()
        put(self.old, [7])
        self.assertEqual(self.run_now(source, expect=1)["problem"], "renumbered")
        self.assertEqual(len(self.subjects()), 2)
        self.site.adminctl("fetch", "set", source, "--accept-renumbered")
        self.assertEqual(self.run_now(source)["fetched"], 1)
        self.assertEqual(self.run_now(source)["known"], 1)

    def test_a_server_that_hangs_holds_no_end_up(self):
        with socket.create_server((HOST, 0)) as silent:
            self.old.ports["imap"] = silent.getsockname()[1]
            self.add("imap")
            worker = self.start_worker()
            until(lambda: self.sources()[0]["running"], SECONDS, "the worker to wait for it")
            worker.send_signal(signal.SIGTERM)
            worker.wait(25)

    def test_a_renamed_and_a_deleted_account(self):
        put(self.old, [1])
        source = self.add("imap")
        self.site.adminctl("account", "rename", TARO, f"jiro@{DOMAIN}")
        self.assertEqual(self.sources()[0]["settings"]["address"], f"jiro@{DOMAIN}")
        self.assertEqual(self.run_now(source)["fetched"], 1)
        self.site.adminctl("account", "delete", f"jiro@{DOMAIN}")
        self.site.adminctl("fetch", "run", source, expect=1)
        self.assertIn("account deleted", self.site.adminctl("fetch", "list"))
        self.site.adminctl("account", "undelete", f"jiro@{DOMAIN}")
        self.assertEqual(self.run_now(source)["known"], 1)


@unittest.skipUnless(find_dovecot(), "needs Debian's dovecot-core, dovecot-imapd and dovecot-pop3d")
class FetchByTls(unittest.TestCase):
    def test_a_certificate_is_checked(self):
        with Site(settings=dict(SETTINGS), programs=("spoold",)) as site, OldDovecot(tls=True) as old:
            site.add_domain(DOMAIN)
            site.add_account(TARO)
            imap = old.imap(OLD_TARO)
            imap.append("INBOX", None, None, letter(1))
            imap.logout()
            said = site.adminctl("--json", "fetch", "add", TARO, "--from", "imap", "--host", HOST, "--port",
                                 str(old.ports["imap"]), "--tls", "starttls", "--user", OLD_TARO, "--password-stdin",
                                 stdin=f"{OLD_PASSWORD}\n")
            source = str(json.loads(said)["source_id"])
            told = json.loads(site.adminctl("--json", "fetch", "run", source, expect=5))[0]["last"]
            self.assertEqual(told["problem"], "settings")
            self.assertIn("certificate", told["text"])
            site.adminctl("fetch", "set", source, "--tls-insecure")
            told = json.loads(site.adminctl("--json", "fetch", "run", source))[0]["last"]
            self.assertEqual(told["fetched"], 1)


@unittest.skipUnless(find_dovecot(), "needs Debian's dovecot-core, dovecot-imapd and dovecot-pop3d")
class FetchByCertificate(unittest.TestCase):
    def test_the_workers_certificate_fetches_and_does_nothing_else(self):
        port = plan.free_port()
        listen = {"TAYORI__SPOOLD__LISTEN": f"unix:run/spoold.sock,127.0.0.1:{port}", "TAYORI__SPOOLD__ADDRESS": "unix:run/spoold.sock"}
        with Site(settings={**SETTINGS, **listen}, programs=("spoold",)) as site, OldDovecot() as old:
            site.add_domain(DOMAIN)
            site.add_account(TARO)
            imap = old.imap(OLD_TARO)
            imap.append("INBOX", None, None, letter(1))
            imap.logout()
            said = site.adminctl("--json", "fetch", "add", TARO, "--from", "imap", "--host", HOST, "--port",
                                 str(old.ports["imap"]), "--tls", "none", "--user", OLD_TARO, "--password-stdin",
                                 stdin=f"{OLD_PASSWORD}\n")
            source = str(json.loads(said)["source_id"])
            way = ("--spoold", f"127.0.0.1:{port}", "--tls-dir", str(site.instance.data / "pki" / "fetch"))
            told = json.loads(site.adminctl(*way, "--json", "fetch", "run", source))[0]["last"]
            self.assertEqual(told["fetched"], 1)
            for refused in (("fetch", "list"), ("fetch", "remove", source), ("account", "list"), ("import", "list"),
                            ("account", "delete", TARO)):
                site.adminctl(*way, *refused, expect=1)
            self.assertEqual(len(json.loads(site.adminctl("--json", "fetch", "list"))), 1)


if __name__ == "__main__":
    unittest.main()
