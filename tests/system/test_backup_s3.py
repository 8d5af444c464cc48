"""Backups in S3: there and back, through trouble of the server, and through an end in the middle of an upload."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import ledger as books
import test_backup as backups
from harness import imap
from harness.s3 import S3
from harness.site import PASSWORD, Site, TestFailure, until

ADDRESSES = ["anna@example.test", "ben@example.test"]
FILLED_MIB = 24   # so that a file of the log goes in parts of 16 MiB
FIRST_PART, SECOND_PART = ({"method": "PUT", "part": f"partNumber={n}"} for n in (1, 2))


class BackupsInS3(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-s3-")))
        self.s3 = self.enterContext(S3(self.folder))
        self.set = self.s3.objects / "tayori" / "main"

    def site(self, mib=0, **settings):
        site = self.enterContext(Site(settings=self.s3.settings(**settings)))
        site.add_domain("example.test")
        for address in ADDRESSES:
            site.add_account(address)
        self.append(site, mib, size=2 ** 20)
        return site

    def append(self, site, count, size=100):
        connection = imap.login(site.ports["imap"], ADDRESSES[0], PASSWORD)
        for number in range(count):
            text = "\r\n".join(os.urandom(35).hex() for _ in range(max(1, size // 72)))
            imap.append(connection, "INBOX", f"Subject: {number}\r\n\r\n{text}\r\n".encode(), ["\\Seen"])
        connection.close()

    def create(self, site, *options):
        return json.loads(site.adminctl("--json", "backup", "create", *options))["step"]

    def uploads(self):
        return self.s3.control()["uploads"]

    def expect_restored(self, site, expected, *options):
        """A new store from S3 alone shows what the site showed."""
        folder = tempfile.mkdtemp(prefix="restored-", dir=self.folder)
        again = Site(site.binaries, data=folder)
        said = site.adminctl("backup", "restore", "--to-store", str(again.instance.data / "store"), *options)
        self.assertIn("Restored 2 accounts", said)
        with again:
            self.assertEqual(backups.state_of(again, ADDRESSES), expected)
            for arguments in (("counters", "verify"), ("store", "verify")):
                again.adminctl(*arguments)

    def test_there_and_back(self):
        site = self.site(FILLED_MIB)
        base = self.create(site)
        self.append(site, 5)
        state, moment = backups.state_of(site, ADDRESSES), time.time()
        until(lambda: time.time() > moment + 0.01, 5, "the clock goes on")
        self.append(site, 5)
        step = self.create(site)
        self.assertEqual((step["number"], step["base"]), (2, base["number"]))
        self.assertTrue((self.set / "000002" / "manifest").is_file())
        listed = json.loads(site.adminctl("--json", "backup", "list"))
        self.assertEqual((listed["directory"], listed["sets"]), ("s3://mail/tayori/main", ["main"]))
        site.adminctl("backup", "create", "--account", ADDRESSES[1])
        self.assertEqual(len(json.loads(site.adminctl("--json", "backup", "list"))["sets"]), 2)

        self.s3.control(clear=True)
        site.adminctl("backup", "verify")
        files = sum(path.is_file() for path in self.set.rglob("*"))
        self.assertLess(self.s3.asked("GET"), 3 * files + 40, "every record costs a request")

        newest = backups.state_of(site, ADDRESSES)
        self.expect_restored(site, newest)
        self.expect_restored(site, state, "--at", f"@{moment:.3f}")
        self.one_account(site)

        # A new base, and nothing is left of the chain before it.
        self.create(site, "--base", "--keep-bases", "1")
        self.assertEqual([path.name for path in sorted(self.set.iterdir()) if any(path.rglob("manifest"))], ["000003"])
        self.assertFalse([path for path in self.set.glob("00000[12]/**/*") if path.is_file()])
        self.damage(site)

    def one_account(self, site):
        connection = imap.login(site.ports["imap"], ADDRESSES[0], PASSWORD)
        _, rows = books.read_folder(connection, "INBOX")
        imap.command(connection, f"UID STORE {rows[0][0]}:{rows[3][0]} +FLAGS.SILENT (\\Deleted)")
        imap.command(connection, "EXPUNGE")
        site.adminctl("backup", "restore", "--account", ADDRESSES[0], "--apply")
        _, after = books.read_folder(connection, "INBOX")
        self.assertEqual(sorted(books.digest(row[2]) for row in after), sorted(books.digest(row[2]) for row in rows))
        site.adminctl("backup", "restore", "--account", ADDRESSES[0], "--beside", "--apply")
        connection.close()
        site.adminctl("counters", "verify")

    def damage(self, site):
        file = max(self.set.glob("*/log/*.log"), key=lambda path: path.stat().st_size)
        with open(file, "r+b") as stream:
            stream.seek(file.stat().st_size // 2)
            byte = stream.read(1)
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte[0] ^ 1]))
        self.assertIn(str(file.relative_to(self.set)), site.adminctl("backup", "verify", expect=4))

    def test_trouble_in_the_middle(self):
        site = self.site(FILLED_MIB)
        put, get = {"method": "PUT"}, {"method": "GET"}
        self.s3.fail({"kind": "503", "times": 2}, {"kind": "reset", **FIRST_PART}, {"kind": "503", **SECOND_PART, "times": 3},
                     {"kind": "lost", "method": "POST", "after": 1}, {"kind": "slow", "seconds": 1, **put, "after": 3, "times": 2},
                     {"kind": "reset", **put, "after": 2, "times": 2}, {"kind": "lost", **put, "after": 5})
        self.create(site)
        self.assertEqual(self.uploads(), [])
        self.s3.fail({"kind": "503", **get, "times": 2}, {"kind": "reset", **get, "after": 3, "times": 3},
                     {"kind": "slow", "seconds": 1, **get, "after": 5, "times": 2})
        site.adminctl("backup", "verify")
        self.s3.fail({"kind": "reset", **get, "after": 4, "times": 3})
        self.expect_restored(site, backups.state_of(site, ADDRESSES))

        # Not allowed to, or not there: said, and no harm to what there is.
        self.s3.fail({"kind": "refuse", **put, "times": 1})
        site.adminctl("backup", "create", "--base", expect=1)
        self.assertFalse(list(self.set.glob("000002/manifest")))

    def test_killed_in_an_upload(self):
        site = self.site(FILLED_MIB)
        self.s3.fail({"kind": "hold", **SECOND_PART, "times": 2})
        with subprocess.Popen(site.adminctl_line("backup", "create"), env=site.adminctl_environment(),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
            until(lambda: self.s3.control()["held"] == 1, 30, "an upload in its middle")
            site.kill("spoold")
            asking.wait(30)
        self.start_again(site)
        self.assertEqual(len(self.uploads()), 1)
        # Told to stop, spoold does not wait for S3; and the next one finds what it left.
        with subprocess.Popen(site.adminctl_line("backup", "create"), env=site.adminctl_environment(),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
            until(lambda: self.s3.control()["held"] == 2, 30, "another upload in its middle")
            site.children["spoold"].send_signal(signal.SIGTERM)
            self.assertEqual(site.children["spoold"].wait(15), 0)
            asking.wait(30)
        self.s3.control(release=True, clear=True)
        self.start_again(site)
        self.create(site)
        self.assertEqual(self.uploads(), [])
        site.adminctl("backup", "verify")

    def start_again(self, site):
        site.start_process("spoold")
        until(lambda: site.adminctl("status", expect=None), 30, "spoold is back")

    def test_s3_is_away(self):
        site = self.site(patience_s="2")
        self.append(site, 3)
        self.create(site)
        self.s3.child.kill()
        self.s3.child.wait()
        for arguments in (("create",), ("verify",), ("list",), ("restore", "--account", ADDRESSES[0])):
            site.adminctl("backup", *arguments, expect=5)
        self.append(site, 1)  # mail goes on
        self.assertTrue(site.alive())

    def test_wrong_settings(self):
        site = self.site()
        environment = {**site.adminctl_environment(), "TAYORI__BACKUP_S3__BUCKET": "", "TAYORI__BACKUP_S3__KMS_KEY": "x"}
        said = subprocess.run([str(site.binaries / "spoold"), "--check"], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 78)
        for key in ("backup_s3.bucket", "backup_s3.kms_key"):
            self.assertIn(key, said.stderr)
        for settings, expected in (({"credentials_file": ""}, "There are no credentials"),
                                   ({"credentials_file": "/nonexistent"}, "/nonexistent can't be read")):
            with self.assertRaisesRegex(TestFailure, expected):
                Site(settings=self.s3.settings(**settings), programs=("spoold",)).__enter__()

        credentials = self.folder / "credentials"
        good = credentials.read_text()
        for wrong, expected in ((good + "x", "secret key"), (good.replace("AKTEST", "AKNONE"), "access key")):
            credentials.write_text(wrong.replace("\nx", "x"))
            with self.assertRaisesRegex(TestFailure, f"status 1.*\n?.*{expected}"):
                site.adminctl("backup", "create")
        credentials.write_text(good)  # read anew: no restart
        self.create(site)


if __name__ == "__main__":
    unittest.main()
