"""Mail of a server that still runs, here a Dovecot of Debian, brought in by the real programs over IMAP and POP3."""

import contextlib
import imaplib
import json
import os
import pathlib
import poplib
import re
import shutil
import signal
import socketserver
import subprocess
import tempfile
import threading
import time
import unittest

from harness.lines import unverified_tls
from harness.old_dovecot import PASSWORD as OLD_PASSWORD
from harness.old_dovecot import OldDovecot, find_dovecot
from harness.site import Site, until

HOST = "127.0.0.1"
DOMAIN = "example.jp"
TARO = f"taro@{DOMAIN}"
OLD_TARO = "taro@old.example"
JAPANESE = "日本語"
RAW_JAPANESE = "&ZeVnLIqe-"
MAILS = 60


def letter(number, size=500):
    filler = "日本語の本文です。\r\n" * (size // 30)
    return (f"From: Yamada <yamada@example.org>\r\nTo: {TARO}\r\nSubject: mail {number}\r\nMessage-ID: <{number}@example.org>\r\n"
            f"Date: Fri, 14 Jul 2017 11:40:{number % 60:02} +0900\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
            f"{filler}.{number}\r\n").encode()


def fill(imap, count=MAILS, size=500):
    """INBOX and a Japanese folder, with flags, keywords and dates of all sorts."""
    imap.create(RAW_JAPANESE)
    imap.subscribe(RAW_JAPANESE)
    for number in range(1, count + 1):
        flags = ["", "\\Seen", "\\Seen \\Answered $Label1", "\\Flagged Later"][number % 4]
        folder = "INBOX" if number % 5 else RAW_JAPANESE
        imap.append(folder, f"({flags})", imaplib.Time2Internaldate(1_500_000_000 + number * 3601), letter(number, size))
    imap.select("INBOX")
    for number in (3, 8):  # holes in the UIDs
        imap.uid("STORE", str(number), "+FLAGS", "(\\Deleted)")
    imap.expunge()
    imap.close()


def rows(imap, folder):
    """(uid, flags, date) of each mail, and the folder's UIDVALIDITY."""
    count = int(imap.select(folder, readonly=True)[1][0])
    validity = int(imap.response("UIDVALIDITY")[1][0])
    out = []
    for line in imap.fetch("1:*", "(UID FLAGS INTERNALDATE)")[1] if count else []:
        uid = int(re.search(rb"UID (\d+)", line)[1])
        flags = frozenset(f.decode() for f in re.search(rb"FLAGS \((.*?)\)", line)[1].split()) - {"\\Recent"}
        out.append((uid, flags, int(time.mktime(imaplib.Internaldate2tuple(line)))))
    return out, validity


@unittest.skipUnless(find_dovecot(), "needs Debian's dovecot-core, dovecot-imapd and dovecot-pop3d")
class Migrate(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
        self.site.add_domain(DOMAIN)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-migrate-")))
        self.table = self.folder / "table.csv"
        self.write_table(f"{OLD_TARO},{OLD_PASSWORD},{TARO}")

    def write_table(self, *lines):
        self.table.write_text("user,password,address\n" + "\n".join(lines) + "\n", encoding="utf-8")

    def old_server(self, **options):
        return self.enterContext(OldDovecot(**options))

    def options(self, old, protocols=("imap", "pop3"), tls="none"):
        named = [part for name in protocols for part in (f"--{name}", f"{HOST}:{old.ports[name]}")]
        return [*named, "--tls", tls, "--table", str(self.table)]

    def migrate(self, command, old, *more, protocols=("imap", "pop3"), expect=0, tls="none"):
        return self.site.adminctl("--json", "migrate", command, *self.options(old, protocols, tls), *more, expect=expect)

    def run_migrate(self, command, old, *more, **how):
        return json.loads(self.migrate(command, old, *more, **how))

    def new_imap(self):
        imap = imaplib.IMAP4_SSL(HOST, self.site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
        imap.login(TARO, OLD_PASSWORD)
        return imap

    def new_uidls(self):
        pop3 = poplib.POP3_SSL(HOST, self.site.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop3.user(TARO)
        pop3.pass_(OLD_PASSWORD)
        listed = [line.split(b" ", 1)[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
        return listed

    def check_alike(self, old):
        before, after = old.imap(OLD_TARO), self.new_imap()
        for raw in ("INBOX", RAW_JAPANESE):
            self.assertEqual(rows(after, raw), rows(before, raw))
        self.assertEqual(self.new_uidls(), old.uidls(OLD_TARO))
        before.logout()
        after.logout()

    def test_pull_delta_verify(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap)
        done = self.run_migrate("pull", old)
        self.assertEqual((done["imported"], done["refused"], done["created"]), (MAILS - 2, 0, 1))
        again = self.run_migrate("pull", old)
        self.assertEqual((again["imported"], again["known"]), (0, MAILS - 2))
        self.migrate("verify", old)

        # The old server goes on: a new mail, a flag, a mail that goes.
        imap.append("INBOX", "", None, letter(1000, 3_000_000))
        imap.select("INBOX")
        imap.uid("STORE", "1", "FLAGS", "(\\Flagged Urgent)")
        imap.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
        imap.expunge()
        self.assertIn("verify-flags", self.site.adminctl("migrate", "verify", *self.options(old), "--quick", "--tsv", expect=4))
        status = self.run_migrate("status", old, expect=4)[0]
        self.assertEqual((status["left"], status["mails"], status["complete"]), (1, MAILS - 2, True))
        delta = self.run_migrate("delta", old)
        self.assertEqual((delta["imported"], delta["changed"], delta["removed"]), (1, 1, 1))
        self.migrate("verify", old)
        self.assertEqual(self.run_migrate("status", old)[0]["left"], 0)
        self.check_alike(old)

        # From the first login on the mailbox is its owner's; new mail still comes.
        imap.select("INBOX")
        imap.uid("STORE", "4", "FLAGS", "(\\Answered)")
        imap.append(RAW_JAPANESE, "(\\Seen)", None, letter(1001))
        later = self.run_migrate("delta", old)
        self.assertEqual((later["imported"], later["changed"], later["removed"]), (1, 0, 0))
        report = self.site.adminctl("import", "report", str(later["import"]["import_id"]), "--tsv")
        self.assertIn("live-changes-kept", report)
        imap.logout()

    def test_a_folder_that_is_numbered_anew_is_refused(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap, 20)
        self.run_migrate("pull", old)
        imap.delete(RAW_JAPANESE)
        imap.create(RAW_JAPANESE)
        imap.append(RAW_JAPANESE, "", None, letter(1))
        imap.logout()
        delta = self.run_migrate("delta", old, expect=1)
        self.assertEqual((delta["imported"], delta["removed"]), (0, 0))
        self.assertIn("live-folder-renumbered", self.site.adminctl("import", "report", "1", "--tsv"))

    def test_an_emptied_source_removes_nothing(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap, 10)
        self.run_migrate("pull", old)
        for folder in ("INBOX", RAW_JAPANESE):
            imap.select(folder)
            imap.store("1:*", "+FLAGS", "(\\Deleted)")
            imap.expunge()
        imap.logout()
        self.assertEqual(self.run_migrate("delta", old)["removed"], 0)

    def test_pop3_alone_keeps_uidls(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap)
        before = rows(imap, "INBOX")
        done = self.run_migrate("pull", old, protocols=("pop3",))
        self.assertEqual(done["imported"], len(old.uidls(OLD_TARO)))
        self.assertEqual(rows(imap, "INBOX"), before)
        imap.logout()
        self.migrate("verify", old, protocols=("pop3",))
        self.assertEqual(self.new_uidls(), old.uidls(OLD_TARO))
        # The same server by another way would bring everything again.
        self.migrate("pull", old, protocols=("imap",), expect=1)

    def test_a_killed_pull_is_run_again(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap, 400, 8000)
        imap.logout()
        line = self.site.adminctl_line("migrate", "pull", *self.options(old), "--rate", "1M")
        run = subprocess.Popen(line, env=self.site.adminctl_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.imported() > 0 or run.poll() is not None, 60, "mails to arrive")
        os.kill(run.pid, signal.SIGKILL)
        self.assertLess(run.wait(timeout=30), 0)
        before = self.imported()
        self.assertLess(before, 398)
        done = self.run_migrate("pull", old)
        self.assertEqual(done["imported"] + done["known"], 398)
        self.assertGreaterEqual(done["known"], before)
        self.migrate("verify", old)
        self.check_alike(old)

    def imported(self):
        listed = json.loads(self.site.adminctl("--json", "import", "list"))
        return listed[0]["mails"] if listed else 0

    def test_several_accounts_one_with_a_wrong_password(self):
        users = [f"u{n}@old.example" for n in range(4)]
        old = self.old_server(users=users, prefix="INBOX.")
        for user in users:
            imap = old.imap(user)
            imap.create("INBOX.Work")
            for number in range(5):
                imap.append("INBOX.Work", "", None, letter(number))
            imap.logout()
        lines = [f"{user},{OLD_PASSWORD},{user.split('@')[0]}@{DOMAIN}" for user in users]
        self.write_table(*lines[:3], f"{users[3]},wrong,u3@{DOMAIN}")
        done = self.run_migrate("pull", old, "--jobs", "3", protocols=("imap",), expect=5)
        self.assertEqual((done["imported"], done["created"], done["unfinished"]), (15, 3, 1))
        self.write_table(*lines)
        done = self.run_migrate("pull", old, protocols=("imap",))
        self.assertEqual((done["imported"], done["known"], done["unfinished"]), (5, 15, 0))
        self.assertIn("Work", self.site.adminctl("folder", "list", f"u0@{DOMAIN}"))

    def test_capture(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap, 10)
        imap.logout()
        out = self.folder / "captures"
        done = self.run_migrate("capture", old, "--out", str(out))
        self.assertEqual((done["accounts"], done["mails"], done["pop3"], done["refused"]), (1, 8, len(old.uidls(OLD_TARO)), 0))
        text = (out / f"{TARO}.capture").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("#legacy-capture\t1\tproduct=imap+pop3\tuser=taro@old.example\t"))
        for uidl in old.uidls(OLD_TARO):
            self.assertIn(f"\t{uidl}\t", text)
        self.assertIn(f"F\t{JAPANESE}\t{RAW_JAPANESE}\t", text)
        self.migrate("capture", old, "--out", str(out), expect=1)

    def test_a_capture_tells_what_files_do_not(self):
        old = self.old_server()
        imap = old.imap(OLD_TARO)
        fill(imap, 20)
        captures, spool = self.folder / "captures", self.folder / "Maildir"
        expected = rows(imap, "INBOX")[0], old.uidls(OLD_TARO)
        self.run_migrate("capture", old, "--out", str(captures))
        self.assertEqual(rows(imap, "INBOX")[0], expected[0])  # it has set no flag
        imap.logout()
        shutil.copytree(old.folder / "home" / OLD_TARO / "Maildir", spool)
        for lost in [*spool.rglob("dovecot*"), *spool.rglob("maildirfolder")]:
            lost.unlink()
        plan = str(self.folder / "import.plan")
        self.site.adminctl("import", "plan", "maildir", str(spool), "--account", TARO, "--captures", str(captures), "--out", plan)
        self.site.adminctl("import", "run", plan)
        self.site.adminctl("import", "verify", plan)
        self.site.adminctl("account", "password", TARO, "--password-stdin", stdin=f"{OLD_PASSWORD}\n")
        new = self.new_imap()
        self.assertEqual((rows(new, "INBOX")[0], self.new_uidls()), expected)
        new.logout()

    def test_ways_to_log_in(self):
        old = self.old_server()
        for number, (protocol, way) in enumerate([("imap", "PLAIN"), ("imap", "LOGIN"), ("imap", "CRAM-MD5"), ("pop3", "APOP")]):
            out = str(self.folder / f"captures-{number}")
            done = self.run_migrate("capture", old, "--auth", way, "--headers-only", "--out", out, protocols=(protocol,))
            self.assertEqual((done["accounts"], done["refused"]), (1, 0), way)
        self.table.write_text(f"user,token,address\n{OLD_TARO},{OLD_PASSWORD},{TARO}\n", encoding="utf-8")
        done = self.run_migrate("capture", old, "--out", str(self.folder / "by-token"), protocols=("imap",))
        self.assertEqual(done["accounts"], 1)

    def test_starttls_and_certificates(self):
        old = self.old_server(tls=True)
        imap = old.imap(OLD_TARO)
        fill(imap, 5)
        imap.logout()
        refused = self.run_migrate("pull", old, protocols=("imap",), tls="starttls", expect=5)
        self.assertEqual((refused["imported"], refused["unfinished"]), (0, 1))
        done = self.run_migrate("pull", old, "--tls-insecure", protocols=("imap",), tls="starttls")
        self.assertEqual(done["imported"], 4)
        report = self.site.adminctl("import", "report", str(done["import"]["import_id"]), "--tsv")
        self.assertIn("live-insecure", report)
        self.assertIn("--tls-insecure accepts any", report)

    def test_a_server_that_talks_nonsense(self):
        """Whatever it says, the run ends with a line in the report and in its own time."""
        for said in (b"* LIST (" * 200_000 + b"\r\n", b"* 1 FETCH (" + b"(" * 5000 + b"\r\n", b"\0\xff\r\n", b"* LIST () \"/\" {99999999999}\r\n"):
            with Nonsense(said) as server:
                done = json.loads(self.site.adminctl(
                    "--json", "migrate", "pull", "--imap", f"{HOST}:{server.port}", "--tls", "none", "--retries", "0", "--timeout", "10",
                    "--table", str(self.table), expect=5))
                self.assertEqual((done["imported"], done["unfinished"]), (0, 1))


class Nonsense:
    """Lets everybody in, then says the same to every command."""

    def __init__(self, said):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError):
                    self.talk()

            def talk(self):
                self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                for line in self.rfile:
                    tag, command = line.split(b" ", 1)
                    known = command.startswith((b"CAPABILITY", b"LOGIN"))
                    self.wfile.write((b"" if known else said) + tag + b" OK done\r\n")

        self.server = socketserver.ThreadingTCPServer((HOST, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
