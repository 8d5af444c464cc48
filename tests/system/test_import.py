"""Spools of other servers, imported by the real programs: what clients saw there, they see here."""

import hashlib
import imaplib
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import time
import unittest

from harness import seen, spools
from harness.lines import unverified_tls
from harness.old_maildir import VALIDITY, OldMaildir
from harness.site import PASSWORD, Site, until
from harness.spool_letters import modified_utf7

DOMAIN = "example.jp"
REFUSED_SOME = (0, 1)  # exit status: all is in, or the report says what is not
SETTINGS = {"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}


def set_password(site, address):
    site.adminctl("account", "password", address, "--password-stdin", stdin=f"{PASSWORD}\n")


class Import(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings=SETTINGS))
        self.site.add_domain(DOMAIN)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-import-")))

    def plan(self, source, address, name="import.plan", kind="maildir"):
        plan = str(self.folder / name)
        self.site.adminctl("import", "plan", kind, str(source), "--account", address, "--out", plan)
        return plan

    def run_import(self, plan, expect=0):
        return json.loads(self.site.adminctl("--json", "import", "run", plan, expect=expect))

    def check(self, old, address):
        """The mailbox is the old one, as clients see it."""
        set_password(self.site, address)
        self.assertEqual(seen.pop3_uidls(self.site, address), old.uidls)
        with seen.imap(self.site, address) as imap:
            for number, (folder, expected) in enumerate(old.rows.items()):
                self.assertEqual(seen.folder_rows(imap, folder), (expected, VALIDITY + number))
            for (folder, uid), message in list(old.messages.items())[::97]:
                seen.select(imap, folder)
                self.assertEqual(imap.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0][1], message)

    def test_clients_see_what_they_saw(self):
        old = OldMaildir(self.folder / "Maildir", 300)
        anna = f"anna@{DOMAIN}"
        plan = self.plan(old.path, anna)
        done = self.run_import(plan)
        self.assertEqual((done["imported"], done["refused"], done["created"]), (330, 0, 1))
        self.site.adminctl("import", "verify", plan)
        again = self.run_import(plan)
        self.assertEqual((again["imported"], again["known"]), (0, 330))
        self.check(old, anna)
        self.assertEqual(self.site.adminctl("counters", "verify", "--json", expect=None).count('"problems": []'), 1)

    def test_verify_finds_what_differs(self):
        old = OldMaildir(self.folder / "Maildir", 20)
        plan = self.plan(old.path, f"anna@{DOMAIN}")
        self.run_import(plan)
        changed = next((old.path / "cur").iterdir())
        changed.write_bytes(changed.read_bytes() + b"more\n")
        told = self.site.adminctl("import", "verify", plan, "--tsv", expect=4)
        self.assertIn("verify-bytes", told)
        self.assertIn(changed.name.split(":")[0].split(",")[0], told)

    def test_undo_leaves_nothing_and_the_first_login_ends_it(self):
        old = OldMaildir(self.folder / "Maildir", 50)
        anna = f"anna@{DOMAIN}"
        plan = self.plan(old.path, anna)
        self.run_import(plan)
        self.site.adminctl("import", "undo", plan)
        self.site.adminctl("account", "show", anna, expect=1)
        self.assertEqual(self.run_import(plan)["imported"], 55)
        self.check(old, anna)
        self.site.adminctl("import", "undo", plan, expect=1)
        self.check(old, anna)

    def start_run(self, plan):
        return subprocess.Popen(self.site.adminctl_line("import", "run", plan), env=self.site.adminctl_environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run_killed(self, plan, victim, seconds):
        """True: it came to its end before that."""
        with self.start_run(plan) as run:
            try:
                if run.wait(timeout=seconds) == 0:
                    return True
                self.fail("an import that nobody disturbed failed")
            except subprocess.TimeoutExpired:
                pass
            if victim == "adminctl":
                run.kill()
                return False
            self.site.kill("spoold")
            run.wait(timeout=120)
        self.site.start_process("spoold")
        until(lambda: self.site.adminctl("status", expect=None), 60, "spoold")
        return False

    def test_killed_at_random_it_ends_as_if_nothing_had_been(self):
        """spoold or adminctl, and again while what was cut off goes on; in the end each mail is there once, under its numbers."""
        chance = random.Random(int(os.environ.get("TAYORI_SEED", "5")))
        old = OldMaildir(self.folder / "Maildir", 2000, size=20_000)
        began = time.monotonic()
        self.run_import(self.plan(old.path, f"undisturbed@{DOMAIN}"))
        took = time.monotonic() - began
        kills, accounts = int(os.environ.get("TAYORI_TEST_JOB_KILLS", "8")), 0
        while kills > 0:
            accounts += 1
            address = f"anna{accounts}@{DOMAIN}"
            plan = self.plan(old.path, address, f"{accounts}.plan")
            while kills > 0 and not self.run_killed(plan, chance.choice(("spoold", "adminctl")), chance.uniform(0, took)):
                kills -= 1
            done = self.run_import(plan)
            self.assertEqual((done["imported"] + done["known"], done["refused"]), (2200, 0))
            self.site.adminctl("import", "verify", plan)
            self.check(old, address)
        self.site.adminctl("counters", "verify")

    def test_out_and_in_again_is_the_same_mailbox(self):
        old = OldMaildir(self.folder / "Maildir", 60)
        anna, ben = f"anna@{DOMAIN}", f"ben@{DOMAIN}"
        self.run_import(self.plan(old.path, anna))
        out = self.folder / "out"
        self.site.adminctl("export", anna, str(out), "--to", "maildir")
        self.run_import(self.plan(out, ben, "second.plan"))
        for address in (anna, ben):
            self.check(old, address)

    def test_counters_of_the_old_server_go_on(self):
        spool = self.folder / "spool"
        mailbox = spool / f"anna@{DOMAIN}"
        mailbox.mkdir(parents=True)
        (mailbox / "1.eml").write_bytes(b"Subject: one\r\n\r\none\r\n")
        (spool / "Data").mkdir()
        (spool / "Data" / "imap4.cnt").write_bytes(b"5000\r\n")
        (spool / "Data" / "imap4folder.cnt").write_bytes(b";pmail-cnt 1\n700\n")
        plan = str(self.folder / "import.plan")
        told = self.site.adminctl("import", "plan", "pmail", str(spool), "--out", plan, expect=None)
        self.assertRegex(told, r"imap4\.cnt +5000\n")
        self.site.adminctl("import", "run", plan, expect=None)
        codes = [line.split("\t")[4] for line in self.site.adminctl("import", "report", plan, "--tsv").splitlines()]
        self.assertEqual(codes.count("counter-raised"), 2)
        shown = json.loads(self.site.adminctl("--json", "counters", "show", f"anna@{DOMAIN}"))
        self.assertEqual(int(shown["next_message_id"]), 5001)
        self.assertGreaterEqual(min(int(folder["folder_id"]) for folder in shown["folders"]), 700)

    def test_another_source_at_the_same_place_is_refused(self):
        old = OldMaildir(self.folder / "Maildir", 5)
        plan = self.plan(old.path, f"anna@{DOMAIN}")
        text = pathlib.Path(plan).read_text(encoding="utf-8")
        pathlib.Path(plan).write_text(re.sub(r"fingerprint\t\w{8}", "fingerprint\t00000000", text), encoding="utf-8")
        self.site.adminctl("import", "run", plan, expect=1)


class Families(unittest.TestCase):
    """Spools of every kind, with what administrators and broken disks did to them."""

    SEED = 7
    SECONDS_MAX = 1800  # of one call of adminctl, on a busy machine

    def test_every_kind_comes_in_as_it_was(self):
        for kind in ("epost", "pmail", "maildir", "mbox", "mh", "hmailserver"):
            self.judge(kind, mails=60, users=6)

    @unittest.skipUnless(os.environ.get("TAYORI_TEST_LONG") == "1", "with --long only")
    def test_large_spools_come_in_as_they_were(self):
        for kind in ("epost", "pmail", "maildir", "mbox"):
            self.judge(kind, mails=20_000, users=1)
            self.judge(kind, mails=50, users=200)

    def judge(self, kind, mails, users):
        with self.subTest(kind=kind, mails=mails, users=users), tempfile.TemporaryDirectory(prefix="tayori-spool-") as folder, \
                Site(settings=SETTINGS) as site:
            self.import_and_compare(site, kind, pathlib.Path(folder), mails, users)

    def import_and_compare(self, site, kind, folder, mails, users):
        expected = spools.MAKERS[kind](str(folder / "spool"), mails, users, self.SEED)
        before = self.state_of(folder / "spool")
        site.add_domain(spools.DOMAIN)
        plan = str(folder / "import.plan")
        self.adminctl(site, "import", "plan", kind, str(folder / "spool"), "--out", plan, expect=REFUSED_SOME)
        done = self.run_import(site, plan)
        count = sum(len(rows) for rows in expected.accounts.values())
        self.assertEqual(done["imported"], count)
        again = self.run_import(site, plan)
        self.assertEqual((again["imported"], again["known"], again["created"]), (0, count, 0))
        self.adminctl(site, "import", "verify", plan)
        self.assertEqual(self.state_of(folder / "spool"), before, "the source is never written to")
        self.compare_report(site, plan, expected)
        for address, rows in expected.accounts.items():
            if expected.password:
                self.log_in_twice(site, address, expected.password)
            set_password(site, address)
            self.compare_pop3(site, address, rows)
            self.compare_imap(site, address, rows)
        self.assertEqual(json.loads(self.adminctl(site, "--json", "counters", "verify"))["problems"], [])

    def adminctl(self, site, *arguments, expect=0):
        return site.adminctl(*arguments, expect=expect, seconds=self.SECONDS_MAX)

    def run_import(self, site, plan):
        return json.loads(self.adminctl(site, "--json", "import", "run", plan, expect=REFUSED_SOME))

    def state_of(self, top):
        """Of each file: its size and time."""
        return {path: (status.st_size, status.st_mtime_ns) for path in top.rglob("*") for status in (path.lstat(),)}

    def log_in_twice(self, site, address, password):
        """By the old server's hash, and by what the first login has made of it."""
        for _ in range(2):
            imap = imaplib.IMAP4_SSL("127.0.0.1", site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
            self.assertRaises(imaplib.IMAP4.error, imap.login, address, password + "x")
            imap.login(address, password)
            imap.logout()

    def compare_report(self, site, plan, expected):
        lines = [line.split("\t") for line in site.adminctl("import", "report", plan, "--tsv").splitlines()]
        names = {"person": "decide"}
        for path, what in expected.exceptions:
            found = [line for line in lines if line[2] == path]
            self.assertTrue(found, f"nothing about {path}")
            if what != "any":
                self.assertIn(names.get(what, what), {cell for line in found for cell in (line[0], line[4])}, path)

    def compare_pop3(self, site, address, rows):
        listed = seen.pop3_uidls(site, address)
        shown = sorted((row for row in rows if row.pop3_order), key=lambda row: row.pop3_order)
        self.assertEqual(len(listed), len(shown), address)
        self.assertEqual(listed, [row.uidl or uidl for uidl, row in zip(listed, shown)], address)

    def compare_imap(self, site, address, rows):
        with seen.imap(site, address) as imap:
            for folder in {row.folder for row in rows}:
                wanted = {}
                for row in rows:
                    if row.folder == folder:
                        wanted.setdefault(row.sha256, []).append(row)
                count, _ = seen.select(imap, "/".join(modified_utf7(level) for level in folder.split("/")))
                self.assertEqual(count, sum(map(len, wanted.values())), folder)
                for answer in imap.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1]:
                    if isinstance(answer, tuple):
                        self.compare_mail(answer, wanted[hashlib.sha256(answer[1]).hexdigest()].pop(0))

    def compare_mail(self, answer, row):
        shown = seen.as_row(answer[0])
        self.assertEqual(shown.uid, row.uid or shown.uid)
        self.assertEqual({flag.lower() for flag in shown.flags}, {flag.lower() for flag in row.flags}, row)
        self.assertEqual(shown.internal_date, row.internal_date, row)


if __name__ == "__main__":
    unittest.main()
