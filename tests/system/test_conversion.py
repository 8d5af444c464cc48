"""Conversion as users and administrators meet it: nobody downloads twice, clients pull clean, a kill changes nothing."""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

from harness.old_maildir import OldMaildir
from harness.site import PASSWORD, Site, until

HOST = "127.0.0.1"
DOMAIN = "example.jp"
NO_NEW_MAIL = 1  # fetchmail's exit status


class Conversion(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(settings={"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}))
        self.site.add_domain(DOMAIN)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-convert-")))

    def convert(self, *arguments, expect=0):
        """The job as it was at its end."""
        lines = self.site.adminctl("--json", "convert", "start", *arguments, expect=expect).splitlines()
        return json.loads(lines[-1])

    def job(self):
        return json.loads(self.site.adminctl("--json", "convert", "status"))

    def mailbox(self, name, mails):
        address = f"{name}@{DOMAIN}"
        OldMaildir(self.folder / name, mails)
        plan = str(self.folder / f"{name}.plan")
        self.site.adminctl("import", "plan", "maildir", str(self.folder / name), "--account", address, "--out", plan)
        self.site.adminctl("import", "run", plan)
        self.site.adminctl("account", "password", address, "--password-stdin", stdin=f"{PASSWORD}\n")
        return address

    def fetchmail(self, address):
        """New mails that a client which leaves mail on the server downloads: by UIDL, as it remembers it."""
        out = self.folder / "fetched"
        out.unlink(missing_ok=True)
        config = self.folder / "fetchmailrc"
        config.write_text(f"poll {HOST} service {self.site.ports['pop3s']} protocol POP3 uidl "
                          f"user '{address}' password '{PASSWORD}' ssl no sslcertck "
                          f"mda \"sh -c 'cat >/dev/null; echo 1 >> {out}'\" keep\n")
        config.chmod(0o600)
        done = subprocess.run(["fetchmail", "-f", str(config), "--pidfile", str(self.folder / "pid"), "--idfile",
                               str(self.folder / "ids")], env={**os.environ, "HOME": str(self.folder)}, timeout=300,
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, NO_NEW_MAIL), done.stderr)
        return len(out.read_text().splitlines()) if out.exists() else 0

    def mbsync(self, address, folder):
        config = self.folder / "mbsyncrc"
        local = self.folder / folder
        local.mkdir(exist_ok=True)
        config.write_text(f"""IMAPStore far
Host {HOST}
Port {self.site.ports['imaps']}
User {address}
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {self.site.instance.data}/tls/tls.crt

MaildirStore near
Path {local}/
Inbox {local}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
SyncState *
""")
        done = subprocess.run(["mbsync", "-c", str(config), "-Dn", "all"], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout[-3000:])
        return done.stdout

    def test_pop3_clients_download_nothing_twice(self):
        anna = self.mailbox("anna", 120)
        self.assertEqual(self.fetchmail(anna), 120)
        for arguments in (("--to", "pop3"), ("--to", "imap4"), ("--to", "imap4", "--reassign", "--yes"), ("--to", "pop3")):
            self.assertEqual(self.convert(*arguments)["changed"], 1, arguments)
            self.assertEqual(self.fetchmail(anna), 0, arguments)
        self.assertEqual(self.convert("--to", "pop3")["changed"], 0)
        self.site.adminctl("folders", "rebuild")
        self.assertEqual(self.fetchmail(anna), 0)

    def test_imap_clients_pull_a_converted_mailbox_once(self):
        anna = self.mailbox("anna", 150)
        self.convert("--to", "pop3")
        self.convert("--to", "imap4")
        first = self.mbsync(anna, "mails")
        pulled = sum(1 for path in (self.folder / "mails").rglob("*") if path.parent.name in ("cur", "new"))
        self.assertGreaterEqual(pulled, 150, first)
        before = sorted(str(path) for path in (self.folder / "mails").rglob("*") if path.parent.name in ("cur", "new"))
        self.mbsync(anna, "mails")
        after = sorted(str(path) for path in (self.folder / "mails").rglob("*") if path.parent.name in ("cur", "new"))
        self.assertEqual(after, before)

    def test_killed_again_and_again_it_ends_as_if_nothing_had_been(self):
        chance = random.Random(int(os.environ.get("TAYORI_SEED", "11")))
        kills = int(os.environ.get("TAYORI_TEST_KILLS", "25")) // 3
        accounts = [f"u{number}@{DOMAIN}" for number in range(120)]
        for address in accounts:
            self.site.add_account(address)
        wanted, jobs = "pop3", 0
        for _ in range(kills):
            self.site.adminctl("convert", "start", "--to", wanted, "--detach", "--reassign", "--yes")
            jobs += 1
            seen = chance.randrange(len(accounts))
            until(lambda least=seen: self.job()["mailboxes_seen"] >= least, 30, "progress")
            self.site.kill("spoold")
            self.site.start_process("spoold")
            until(lambda: self.site.adminctl("status", expect=None), 10, "spoold")
            job = json.loads(self.site.adminctl("--json", "convert", "watch").splitlines()[-1])
            self.assertEqual((job["job_id"], job["state"]), (jobs, "done"))
            self.assertEqual((job["changed"], job["refused"]), (len(accounts), 0))
            state = json.loads(self.site.adminctl("--json", "imap4", "status"))
            self.assertEqual(state[f"{wanted}_mailboxes"], len(accounts))
            wanted = "imap4" if wanted == "pop3" else "pop3"
        self.site.adminctl("counters", "verify")


if __name__ == "__main__":
    unittest.main()
