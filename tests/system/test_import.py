"""Spools of other servers, imported by the real programs: what clients saw there, they see here."""

import hashlib
import imaplib
import json
import pathlib
import poplib
import re
import subprocess
import tempfile
import time
import unittest

from harness import spools
from harness.lines import unverified_tls
from harness.old_maildir import VALIDITY, OldMaildir
from harness.site import PASSWORD, Site, until
from harness.spool_letters import modified_utf7

HOST = "127.0.0.1"
DOMAIN = "example.jp"


class Import(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
        self.site.add_domain(DOMAIN)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-import-")))

    def plan(self, source, address, name="import.plan", kind="maildir"):
        plan = str(self.folder / name)
        self.site.adminctl("import", "plan", kind, str(source), "--account", address, "--out", plan)
        return plan

    def run_import(self, plan, expect=0):
        return json.loads(self.site.adminctl("--json", "import", "run", plan, expect=expect))

    def set_password(self, address):
        self.site.adminctl("account", "password", address, "--password-stdin", stdin=f"{PASSWORD}\n")

    def pop3_uidls(self, address):
        pop3 = poplib.POP3_SSL(HOST, self.site.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop3.user(address)
        pop3.pass_(PASSWORD)
        listed = [line.split(b" ", 1)[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
        return listed

    def imap(self, address):
        imap = imaplib.IMAP4_SSL(HOST, self.site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
        self.addCleanup(lambda: imap.state != "LOGOUT" and imap.logout())
        imap.login(address, PASSWORD)
        return imap

    def rows(self, imap, folder):
        """(uid, flags, date) of each mail, and the folder's UIDVALIDITY."""
        count = int(imap.select(folder, readonly=True)[1][0])
        validity = int(imap.response("UIDVALIDITY")[1][0])
        rows = []
        for line in imap.fetch("1:*", "(UID FLAGS INTERNALDATE)")[1] if count else []:
            uid = int(re.search(rb"UID (\d+)", line)[1])
            flags = frozenset(f.decode() for f in re.search(rb"FLAGS \((.*?)\)", line)[1].split()) - {"\\Recent"}
            rows.append((uid, flags, int(time.mktime(imaplib.Internaldate2tuple(line)))))
        return rows, validity

    def check(self, old, address):
        """The mailbox is the old one, as clients see it."""
        self.assertEqual(self.pop3_uidls(address), old.uidls)
        imap = self.imap(address)
        for number, (folder, expected) in enumerate(old.rows.items()):
            rows, validity = self.rows(imap, folder)
            self.assertEqual(rows, expected)
            self.assertEqual(validity, VALIDITY + number)
        for (folder, uid), message in list(old.messages.items())[::97]:
            imap.select(folder, readonly=True)
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
        self.set_password(anna)
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
        self.set_password(anna)
        self.check(old, anna)
        self.site.adminctl("import", "undo", plan, expect=1)
        self.check(old, anna)

    def test_a_killed_spoold_costs_nothing(self):
        old = OldMaildir(self.folder / "Maildir", 4000, size=20_000)
        anna = f"anna@{DOMAIN}"
        plan = self.plan(old.path, anna)
        kills = 0
        for share in (0.1, 0.3, 0.5, 0.7):
            run = self.start_run(plan)
            until(lambda at=share: self.imported() >= at * 4400 or run.poll() is not None, 60, "mails to arrive")
            self.site.kill("spoold")
            kills += run.wait(timeout=120) != 0
            self.site.start_process("spoold")
            until(lambda: self.site.adminctl("status", expect=None), 60, "spoold")
        self.assertGreater(kills, 0)
        self.run_import(plan)
        self.site.adminctl("import", "verify", plan)
        self.assertEqual(self.imported(), 4400)
        self.set_password(anna)
        self.check(old, anna)

    def start_run(self, plan):
        return subprocess.Popen(self.site.adminctl_line("import", "run", plan), env=self.site.adminctl_environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def imported(self):
        listed = self.site.adminctl("--json", "import", "list", expect=None)
        imports = json.loads(listed) if listed.strip() else []
        return imports[0]["mails"] if imports else 0

    def test_out_and_in_again_is_the_same_mailbox(self):
        old = OldMaildir(self.folder / "Maildir", 60)
        anna, ben = f"anna@{DOMAIN}", f"ben@{DOMAIN}"
        self.run_import(self.plan(old.path, anna))
        out = self.folder / "out"
        self.site.adminctl("export", anna, str(out), "--to", "maildir")
        self.run_import(self.plan(out, ben, "second.plan"))
        for address in (anna, ben):
            self.set_password(address)
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

    KINDS = ("epost", "pmail", "maildir", "mbox", "mh", "hmailserver")
    MAILS, USERS, SEED = 60, 4, 7

    def test_every_kind_comes_in_as_it_was(self):
        for kind in self.KINDS:
            with self.subTest(kind=kind), tempfile.TemporaryDirectory(prefix="tayori-spool-") as folder:
                with Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}) as site:
                    self.import_and_compare(site, kind, pathlib.Path(folder))

    def import_and_compare(self, site, kind, folder):
        expected = spools.MAKERS[kind](str(folder / "spool"), self.MAILS, self.USERS, self.SEED)
        site.add_domain(spools.DOMAIN)
        plan = str(folder / "import.plan")
        site.adminctl("import", "plan", kind, str(folder / "spool"), "--out", plan, expect=None)
        done = json.loads(site.adminctl("--json", "import", "run", plan, expect=None))
        count = sum(len(rows) for rows in expected.accounts.values())
        self.assertEqual(done["imported"], count)
        self.assertEqual(json.loads(site.adminctl("--json", "import", "run", plan, expect=None))["imported"], 0)
        site.adminctl("import", "verify", plan)
        self.compare_report(site, plan, expected)
        for address, rows in expected.accounts.items():
            if expected.password:
                self.log_in_twice(site, address, expected.password)
            site.adminctl("account", "password", address, "--password-stdin", stdin=f"{PASSWORD}\n")
            self.compare_pop3(site, address, rows)
            self.compare_imap(site, address, rows)
        self.assertIn('"problems": []', re.sub(r'"problems":\s*\[\s*\]', '"problems": []',
                                             site.adminctl("--json", "counters", "verify", expect=None)))

    def log_in_twice(self, site, address, password):
        """By the old server's hash, and by what the first login has made of it."""
        for _ in range(2):
            imap = imaplib.IMAP4_SSL(HOST, site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
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
        pop3 = poplib.POP3_SSL(HOST, site.ports["pop3s"], context=unverified_tls(), timeout=30)
        pop3.user(address)
        pop3.pass_(PASSWORD)
        listed = [line.split(b" ", 1)[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
        shown = sorted((row for row in rows if row.pop3_order), key=lambda row: row.pop3_order)
        self.assertEqual(len(listed), len(shown), address)
        for uidl, row in zip(listed, shown):
            self.assertEqual(uidl, row.uidl or uidl)

    def compare_imap(self, site, address, rows):
        imap = imaplib.IMAP4_SSL(HOST, site.ports["imaps"], ssl_context=unverified_tls(), timeout=30)
        imap.login(address, PASSWORD)
        for folder in {row.folder for row in rows}:
            wanted = {}
            for row in rows:
                if row.folder == folder:
                    wanted.setdefault(row.sha256, []).append(row)
            name = "/".join(modified_utf7(level) for level in folder.split("/"))
            count = int(imap.select(f'"{name}"', readonly=True)[1][0])
            self.assertEqual(count, sum(map(len, wanted.values())), folder)
            for answer in imap.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1]:
                if not isinstance(answer, tuple):
                    continue
                row = wanted[hashlib.sha256(answer[1]).hexdigest()].pop(0)
                self.assertEqual(int(re.search(rb"UID (\d+)", answer[0])[1]), row.uid or int(re.search(rb"UID (\d+)", answer[0])[1]))
                flags = {f.decode() for f in re.search(rb"FLAGS \((.*?)\)", answer[0])[1].split()} - {"\\Recent"}
                self.assertEqual({f.lower() for f in flags}, {f.lower() for f in row.flags}, (folder, row))
                self.assertEqual(int(time.mktime(imaplib.Internaldate2tuple(answer[0]))), row.internal_date)
        imap.logout()


if __name__ == "__main__":
    unittest.main()
