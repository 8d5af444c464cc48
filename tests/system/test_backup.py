"""Backups of a site at work: made under load, killed in the middle, restored whole and by account, damaged and found out."""

import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import threading
import time
import unittest

import ledger as books
import load
from harness import imap
from harness.lines import Lines
from harness.site import PASSWORD, Site, TestFailure, until
from tayori import plan

ACCOUNTS = [f"user{n}@example.test" for n in range(4)]
FILLED_MIB = 40    # so that a base takes long enough to be killed in it
KILLS_MAX = 20     # tries to hit a backup in its middle


class Load:
    """Clients at work, who know what they were told."""

    def __init__(self, site, ledger):
        self.ledger = ledger
        self.stopping = threading.Event()
        # Each load has clients of new names: their letters are numbered from 1.
        mark = str(random.getrandbits(32))
        self.clients = [load.SmtpClient(ledger, site.ports, self.stopping, f"smtp{n}-{mark}", ACCOUNTS) for n in range(2)]
        self.clients += [load.AppendClient(ledger, site.ports, self.stopping, f"work{n}-{mark}", ACCOUNTS[n])
                         for n in range(2)]
        for client in self.clients:
            client.start()

    def until_acknowledged(self, more):
        wanted = self.ledger.acknowledged() + more
        until(lambda: self.ledger.acknowledged() >= wanted or self.ledger.problems, 90, f"{more} more mails")

    def stop(self):
        self.stopping.set()
        for client in self.clients:
            client.join(60)


def folders_of(connection):
    lines = imap.command(connection, 'LIST "" "*"')
    return sorted(m[1] for line in lines if "\\Noselect" not in line and (m := re.search(r'"/" "?([^"]+)"?$', line)))


def state_of(site, addresses=ACCOUNTS):
    """Every mailbox as IMAP and POP3 show it."""
    state = {}
    for address in addresses:
        connection = imap.login(site.ports["imap"], address, PASSWORD)
        for folder in folders_of(connection):
            validity, rows = books.read_folder(connection, folder)
            state[address, folder] = (validity, [(uid, frozenset(flags - {"\\Recent"}), books.digest(body))
                                                 for uid, flags, body in rows])
        connection.close()
        state[address, "POP3"] = uidls_of(site, address)
    return state


def uidls_of(site, address):
    pop = Lines(site.ports["pop3"])
    for line in (None, f"USER {address}", f"PASS {PASSWORD}", "UIDL"):
        load.PopClient.ask(pop, line)
    listed = []
    while (line := pop.read_line()) != ".":
        listed.append(line.split()[1])
    pop.line("QUIT")
    pop.read_line()
    pop.close()
    return listed


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.site.__enter__()
        cls.set = cls.site.instance.data / "backup" / "main"
        try:
            cls.site.add_domain("example.test")
            for address in ACCOUNTS:
                cls.site.add_account(address)
                cls.site.adminctl("folder", "create", address, "Work")
        except BaseException:
            cls.site.__exit__()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.site.__exit__()

    def adminctl_json(self, *arguments):
        return json.loads(self.site.adminctl("--json", *arguments))

    def create(self, *options):
        return self.adminctl_json("backup", "create", *options)["step"]

    def fill(self):
        connection = imap.login(self.site.ports["imap"], ACCOUNTS[3], PASSWORD)
        noise = random.Random(1)
        for number in range(FILLED_MIB):
            body = noise.randbytes(512 * 1024).hex()
            text = "\r\n".join(body[at:at + 76] for at in range(0, len(body), 76))
            imap.append(connection, "Work", f"Subject: filler {number}\r\n\r\n{text}\r\n".encode(), ["\\Seen"])
        connection.close()

    def kill_in_a_backup(self):
        """spoold gets SIGKILL while it copies. True: the step had not ended."""
        before = {path.name for path in self.set.iterdir()}
        environment = {**os.environ, **plan.environment(self.site.instance, {})}
        with subprocess.Popen([str(self.site.binaries / "adminctl"), "backup", "create", "--base"], env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
            begun = until(lambda: {path.name for path in self.set.iterdir()} - before or asking.poll() is not None, 30,
                          "a new step")
            self.site.kill("spoold")
            asking.wait(30)
        self.site.start_process("spoold")
        until(lambda: self.site.adminctl("status", expect=None), 30, "spoold is back")
        return begun is not True and not any((self.set / name / "manifest").exists() for name in begun)

    def restored(self, *options):
        """A site over what a restore made."""
        folder = tempfile.mkdtemp(prefix="tayori-restored-", dir=self.site.folder.name)
        site = Site(self.site.binaries, data=folder)
        said = self.site.adminctl("backup", "restore", "--to-store", str(site.instance.data / "store"), *options)
        self.assertIn("Restored 4 accounts", said)
        return site

    def expect_state(self, expected, *options):
        with self.restored(*options) as site:
            seen = state_of(site)
            self.assertEqual(set(seen), set(expected))
            for key, value in expected.items():
                self.assertEqual(seen[key], value, key)
            for arguments in (["counters", "verify"], ["store", "verify"]):
                site.adminctl(*arguments)
            # New mail stands above all that anybody has seen.
            connection = imap.login(site.ports["imap"], ACCOUNTS[0], PASSWORD)
            imap.append(connection, "INBOX", b"Subject: new\r\n\r\n\r\n")
            _, rows = books.read_folder(connection, "INBOX")
            self.assertGreaterEqual(rows[-1][0], max([0] + [row[0] for row in rows[:-1]]) + 2 ** 20)
            connection.close()

    @unittest.skipUnless(os.geteuid() == 0, "only root can open what is another user's")
    def test_root_leaves_another_users_living_store_alone(self):
        with tempfile.TemporaryDirectory(prefix="tayori-living-") as folder:
            living = pathlib.Path(folder) / "living"
            living.mkdir()
            os.chown(living, 65534, 65534)
            with self.assertRaises(TestFailure) as refused:
                self.site.adminctl("backup", "restore", "--to-store", f"{folder}/new", "--living", str(living))
            self.assertIn("is of the user 65534:65534", str(refused.exception))
            self.assertIn("install -d -o 65534 -g 65534", str(refused.exception))
            self.assertEqual((list(living.iterdir()), sorted(os.listdir(folder))), ([], ["living"]))

    def test_backups_of_a_site_at_work(self):
        self.fill()
        ledger = books.Ledger()
        work = Load(self.site, ledger)
        work.until_acknowledged(60)
        self.assertEqual(self.create()["number"], 1)
        work.until_acknowledged(40)
        self.assertTrue(any(self.kill_in_a_backup() for _ in range(KILLS_MAX)), "no kill hit a backup in its middle")
        work.until_acknowledged(40)
        known = [key for key, settled in list(ledger.outcomes.items()) if settled]
        under_load = self.create()
        work.until_acknowledged(20)
        work.stop()
        self.assertEqual(ledger.problems, [])
        between, moment = state_of(self.site), time.time()
        until(lambda: time.time() > moment + 0.01, 5, "the clock goes on")

        work = Load(self.site, ledger)
        work.until_acknowledged(60)
        work.stop()
        quiet, step = state_of(self.site), self.create()
        self.assertNotEqual(step["base"], step["number"])
        work = Load(self.site, ledger)
        work.until_acknowledged(40)
        work.stop()
        self.assertNotEqual(between, quiet)
        last, newest = state_of(self.site), self.create()
        self.site.adminctl("backup", "verify")
        listed = self.adminctl_json("backup", "list")["steps"]
        self.assertEqual(listed[-1]["number"], newest["number"])
        self.assertEqual([step.get("problem", "") for step in listed], [""] * len(listed))

        self.expect_state(last)
        self.expect_state(quiet, "--at", f"@{int(step['until_ms']) / 1000:.3f}")
        self.expect_state(between, "--at", f"@{moment:.3f}")
        self.expect_known(ledger, known, under_load)
        self.one_account()
        self.damage()

    def expect_known(self, ledger, known, step):
        """What had been acknowledged when a backup began under load is in it."""
        with self.restored("--at", f"@{int(step['until_ms']) / 1000:.3f}") as site:
            there = set()
            for address in ACCOUNTS:
                connection = imap.login(site.ports["imap"], address, PASSWORD)
                for folder in ("INBOX", "Work"):
                    for _, _, body in books.read_folder(connection, folder)[1]:
                        there.add((books.id_of(body), address))
                connection.close()
            expunged = {(known_id, where[0]) for where, known_id in ledger.uids.items()
                        if (where[0], where[1], where[3]) in ledger.expunged}
            self.assertEqual([key for key in known if key not in there and key not in expunged], [])

    def one_account(self):
        """While everything runs: merged, then beside."""
        address = ACCOUNTS[2]
        before = state_of(self.site, [address])
        connection = imap.login(self.site.ports["imap"], address, PASSWORD)
        _, rows = books.read_folder(connection, "INBOX")
        self.assertGreater(len(rows), 4)
        gone = [uid for uid, _, _ in rows[1:4]]
        imap.command(connection, f"UID STORE {gone[0]}:{gone[-1]} +FLAGS.SILENT (\\Deleted)")
        imap.command(connection, "EXPUNGE")
        plain = self.site.adminctl("backup", "restore", "--account", address)
        self.assertIn("--apply", plain)
        self.assertEqual(len(books.read_folder(connection, "INBOX")[1]), len(rows) - 3)

        self.site.adminctl("backup", "restore", "--account", address, "--apply")
        after = state_of(self.site, [address])
        self.assertEqual(sorted(after[address, "POP3"]), sorted(before[address, "POP3"]))
        self.assertEqual(sorted(row[1:] for row in after[address, "INBOX"][1]),
                         sorted(row[1:] for row in before[address, "INBOX"][1]))
        self.assertFalse(set(gone) & {row[0] for row in after[address, "INBOX"][1]}, "a UID was given twice")

        self.site.adminctl("backup", "restore", "--account", address, "--beside", "--apply")
        beside = state_of(self.site, [address])
        name = next(folder for _, folder in beside if re.match(r"Restored .*/INBOX$", folder))
        self.assertEqual([row[1:] for row in beside[address, name][1]],
                         [row[1:] for row in before[address, "INBOX"][1]])
        self.assertEqual(beside[address, "INBOX"], after[address, "INBOX"])
        self.site.adminctl("counters", "verify", address)
        connection.close()

    def damage(self):
        file = max((path for path in self.set.glob("*/log/*.log")), key=lambda path: path.stat().st_size)
        with open(file, "r+b") as stream:
            stream.seek(file.stat().st_size // 2)
            byte = stream.read(1)
            stream.seek(-1, os.SEEK_CUR)
            stream.write(bytes([byte[0] ^ 1]))
        said = self.site.adminctl("backup", "verify", expect=4)
        self.assertIn(str(pathlib.Path(file).relative_to(self.set)), said)


class AccountBackup(unittest.TestCase):
    """One account in a set of its own, and what belongs to it besides its mail."""

    def test_an_account_comes_back_whole(self):
        site = self.enterContext(Site())
        address, old, new = "anna@example.test", "the password of old", "another password"
        site.add_domain("example.test")
        site.add_account(address, old)
        site.add_account("ben@example.test")
        site.adminctl("account", "set", address, "--quota", "500M")
        site.adminctl("alias", "add", "info@example.test", address)
        connection = imap.login(site.ports["imap"], address, old)
        for number in range(5):
            imap.append(connection, "INBOX", f"Subject: {number}\r\n\r\n\r\n".encode(), ["\\Seen"])
        _, before = books.read_folder(connection, "INBOX")
        connection.close()

        made = json.loads(site.adminctl("--json", "backup", "create", "--account", address))
        self.assertEqual(made["step"]["account"], address)
        name = re.search(r"set (account-\S+)\.", made["note"])[1]
        site.adminctl("backup", "verify", "--set", name)
        self.assertIn(address, site.adminctl("backup", "list", "--set", name))
        site.adminctl("backup", "create", "--set", name, expect=1)  # not of the whole site

        site.adminctl("alias", "delete", "info@example.test")
        site.adminctl("account", "delete", address)
        site.add_account(address, new)
        wanted = ("backup", "restore", "--account", address, "--set", name, "--settings")
        said = site.adminctl(*wanted)
        for what in ("quota in bytes", "password", "alias info@example.test"):
            self.assertIn(what, said)
        site.adminctl(*wanted, "--apply")
        connection = imap.login(site.ports["imap"], address, old)
        _, after = books.read_folder(connection, "INBOX")
        self.assertEqual([row[1:] for row in after], [row[1:] for row in before])
        connection.close()
        shown = json.loads(site.adminctl("--json", "account", "show", address))
        self.assertEqual((int(shown["quota_bytes"]), shown["aliases"]), (500 * 2 ** 20, ["info@example.test"]))
        for arguments in (("counters", "verify"), ("store", "verify")):
            site.adminctl(*arguments)


if __name__ == "__main__":
    unittest.main()
