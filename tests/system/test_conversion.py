"""Conversion as users and administrators meet it: nobody downloads twice, clients pull clean, a kill changes nothing."""

import json
import os
import pathlib
import random
import smtplib
import subprocess
import tempfile
import time
import unittest

import letters
from harness import seen
from harness.mail_clients import Fetchmail, Getmail, Mbsync, OfflineImap
from harness.old_maildir import OldMaildir
from harness.site import PASSWORD, Site, until

DOMAIN = "example.jp"
SETTINGS = {"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}


def convert(site, *arguments):
    """The job as it was at its end."""
    return json.loads(site.adminctl("--json", "convert", "start", *arguments).splitlines()[-1])


def import_maildir(site, maildir, address):
    plan = f"{maildir}.{address}.plan"
    site.adminctl("import", "plan", "maildir", str(maildir), "--account", address, "--out", plan)
    site.adminctl("import", "run", plan)
    site.adminctl("account", "password", address, "--password-stdin", stdin=f"{PASSWORD}\n")


class Conversion(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-convert-")))
        self.site = self.new_site()

    def new_site(self, ports=None):
        site = Site(settings=SETTINGS)
        site.ports.update(ports or {})
        self.enterContext(site)
        site.add_domain(DOMAIN)
        return site

    def mailbox(self, name, mails):
        address = f"{name}@{DOMAIN}"
        OldMaildir(self.folder / name, mails)
        import_maildir(self.site, self.folder / name, address)
        return address

    def pop3_clients(self, address, mails):
        """Both have everything, and leave it on the server."""
        clients = [kind(self.folder, self.site, address) for kind in (Fetchmail, Getmail)]
        for client in clients:
            self.assertEqual(client.new_mails(), mails)
        return clients

    def nothing_new(self, clients, when):
        for client in clients:
            self.assertEqual(client.new_mails(), 0, (type(client).__name__, when))

    def one_more_comes(self, clients):
        """They did not just stop looking."""
        site, address = clients[0].site, clients[0].address
        with smtplib.SMTP(seen.HOST, site.ports["smtp"], timeout=30) as smtp:
            smtp.sendmail("carol@example.org", [address], letters.plain("news", "text\n", "carol@example.org", address).as_bytes())
        for client in clients:
            self.assertEqual(client.new_mails(), 1, type(client).__name__)

    def test_pop3_clients_download_nothing_twice(self):
        anna = self.mailbox("anna", 120)
        clients = self.pop3_clients(anna, 120)
        for arguments in (("--to", "pop3"), ("--to", "imap4"), ("--to", "imap4", "--reassign", "--yes"), ("--to", "pop3"),
                          ("--to", "pop3", "--reassign", "--yes")):
            self.assertEqual(convert(self.site, *arguments)["changed"], 1, arguments)
            self.nothing_new(clients, arguments)
        self.assertEqual(convert(self.site, "--to", "pop3")["changed"], 0)
        self.site.adminctl("folders", "rebuild")
        self.nothing_new(clients, "rebuilt")
        self.one_more_comes(clients)

    def test_pop3_clients_download_nothing_from_another_site(self):
        """Out of one site, into another that answers under the same name."""
        anna = self.mailbox("anna", 90)
        clients = self.pop3_clients(anna, 90)
        convert(self.site, "--to", "imap4", "--reassign", "--yes")
        for form in ("maildir", "mbox", "pmail"):
            with self.subTest(form=form):
                out = self.folder / f"out-{form}"
                self.site.adminctl("export", anna, str(out), "--to", form)
                self.site.stop()
                self.site = self.new_site(self.site.ports)
                plan = f"{out}.plan"
                self.site.adminctl("import", "plan", form, str(out), "--account", anna, "--out", plan)
                self.site.adminctl("import", "run", plan)
                self.site.adminctl("account", "password", anna, "--password-stdin", stdin=f"{PASSWORD}\n")
                for client in clients:
                    client.site = self.site
                self.nothing_new(clients, form)
                self.one_more_comes(clients)

    def test_imap_clients_pull_a_converted_mailbox_once(self):
        anna = self.mailbox("anna", 150)
        convert(self.site, "--to", "pop3")
        convert(self.site, "--to", "imap4")
        mbsync = Mbsync(self.folder, self.site, anna)
        pulled = mbsync.pull()
        self.assertEqual(len(pulled), 165)
        self.assertEqual(mbsync.pull(), pulled)
        offlineimap = OfflineImap(self.folder, self.site, anna)
        pulled, said = offlineimap.pull()
        self.assertEqual(len(pulled), 165, said)
        self.assertIn("Copy message", said)
        again, said = offlineimap.pull()
        self.assertEqual(again, pulled)
        for act in ("Copy message", "Adding flags", "Deleting", "ERROR", "WARNING"):
            self.assertNotIn(act, said)


class KilledConversion(unittest.TestCase):
    """A twin that nobody disturbs does the same conversions; after each, clients and reports must say the same of both."""

    MAILBOXES, EMPTY, MAILS = 12, 108, 40  # three turns of a job and more

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-convert-")))
        self.addresses = [f"u{number}@{DOMAIN}" for number in range(self.MAILBOXES)]
        for number, address in enumerate(self.addresses):
            OldMaildir(self.folder / address, self.MAILS, seed=number)
        self.validities = {}
        self.site, self.twin = self.new_site(), self.new_site()

    def new_site(self):
        site = self.enterContext(Site(settings=SETTINGS, programs=("spoold", "pop3d", "imapd")))
        site.add_domain(DOMAIN)
        for address in self.addresses:
            import_maildir(site, self.folder / address, address)
        for number in range(self.EMPTY):
            site.add_account(f"empty{number}@{DOMAIN}")
        return site

    def convert_killed(self, arguments, job_id, seconds):
        """Killed once, `seconds` after its start or at its end; then it goes on by itself, or is started if it had not been."""
        line = self.site.adminctl_line("convert", "start", *arguments)
        with subprocess.Popen(line, env=self.site.adminctl_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as start:
            try:
                start.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                pass
            self.site.kill("spoold")
            start.wait(timeout=60)
        self.site.start_process("spoold")
        until(lambda: self.site.adminctl("status", expect=None), 30, "spoold")
        known = self.site.adminctl("--json", "convert", "status", expect=None)
        if not known.strip() or json.loads(known)["job_id"] != job_id:
            return convert(self.site, *arguments)
        return json.loads(self.site.adminctl("--json", "convert", "watch").splitlines()[-1])

    def follow_uid_validities(self, site, report):
        """They are made of the time, so each site has its own; but from job to job nothing else may have changed them."""
        for row in report:
            for notice in row.get("notices", []):
                if notice["code"] != "convert-reassigned":
                    continue
                folder, before, after = notice["values"]
                place = (site, row["address"], folder)
                self.assertEqual(self.validities.get(place, int(before)), int(before), place)
                self.assertGreater(int(after), int(before))
                self.validities[place] = int(after)

    def shown(self, site, form):
        """All that a client or an administrator can see."""
        report = json.loads(site.adminctl("--json", "convert", "report"))
        self.follow_uid_validities(site, report)
        told = sorted((row["address"], row["result"], row["from"], row["to"], row.get("mails", 0)) for row in report)
        mailboxes = {}
        until(lambda: seen.lets_in(site, self.addresses[0], form == "imap4"), 30, "POP3 and IMAP")
        for address in self.addresses:
            mailboxes[address] = [seen.pop3_uidls(site, address)]
            if form == "pop3":
                continue
            with seen.imap(site, address) as connection:
                for folder in ("INBOX", "Projects"):
                    rows, validity = seen.folder_rows(connection, folder)
                    self.assertEqual(validity, self.validities[site, address, folder])
                    mailboxes[address].append((folder, rows))
        return told, mailboxes

    def test_killed_at_random_it_ends_as_if_nothing_had_been(self):
        chance = random.Random(int(os.environ.get("TAYORI_SEED", "11")))
        forms = ("imap4", "pop3")
        convert(self.twin, "--to", "imap4", "--reassign", "--yes")
        convert(self.site, "--to", "imap4", "--reassign", "--yes")
        self.assertEqual(self.shown(self.site, "imap4"), self.shown(self.twin, "imap4"))
        for number in range(1, int(os.environ.get("TAYORI_TEST_JOB_KILLS", "8")) + 1):
            form = forms[number % 2]
            reassign = ("--reassign", "--yes") if chance.random() < 0.7 else ()
            began = time.monotonic()
            wanted = convert(self.twin, "--to", form, *reassign)
            took = time.monotonic() - began
            job = self.convert_killed(("--to", form, *reassign), number + 1, chance.uniform(0, took))
            for count in ("job_id", "state", "mailboxes", "changed", "unchanged", "refused", "mails_seen"):
                self.assertEqual(job.get(count), wanted.get(count), (number, count))
            self.assertEqual(self.shown(self.site, form), self.shown(self.twin, form), number)
        self.site.adminctl("counters", "verify")


if __name__ == "__main__":
    unittest.main()
