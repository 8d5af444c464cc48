"""The real supervisor over the real programs, and a storm of clients that know what they were told."""

import os
import pathlib
import random
import shutil
import tempfile
import threading
import time
import unittest

import ledger as books
import load
from harness import imap
from harness.site import PASSWORD, newest_binaries, until
from tayori import native
from tayori.place import Instance

BACK_SECONDS = 5      # all serve again after any death
RESTART_SECONDS = 2.0  # seen from here, with a busy machine; the supervisor itself needs milliseconds
ACCOUNTS = 12
WORKERS_WITH_FOLDER = 4


class SupervisedSite:
    """The real supervisor over the real programs, on ports and in a folder of the test's own."""

    def __init__(self, data):
        self.data = data
        self.binaries = newest_binaries()
        self.instance = Instance(str(data))
        self.ports = {}

    def up(self):
        # The ports of a base that is free as a whole.
        for base in random.sample(range(11000, 50000, 1000), 20):
            self.instance.port_base = base
            try:
                self.ports, _ = native.up(self.instance, self.binaries)
                return
            except native.Failure as failure:
                if "--port-base" not in str(failure):
                    raise
        raise AssertionError("no free ports")

    def down(self):
        native.down(self.instance)

    def adminctl(self, *arguments, stdin=""):
        done = native.ask_adminctl(self.instance, list(arguments), stdin)
        if done.returncode != 0:
            raise AssertionError(f"adminctl {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def add_account(self, address):
        self.adminctl("account", "add", address, "--password-stdin", stdin=f"{PASSWORD}\n")

    def row(self, name):
        return next((row for row in native.status(self.instance) if row["name"] == name), None)

    def serves(self):
        """A login goes through smtpd's, pop3d's and imapd's ports and spoold."""
        if not all(native.greeting_on(self.ports[name], native.GREETINGS[name]) for name in ("smtp", "pop3", "imap")):
            return False
        try:
            imap.login(self.ports["imap"], "user0@example.test", PASSWORD).close()
            return True
        except (AssertionError, OSError, *load.CONNECTION_PROBLEMS):
            return False


class Storm(unittest.TestCase):
    """A test that ends processes under load. A subclass says how with end_one()."""

    environment = {"TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tayori-storm-")
        os.chmod(self.folder, 0o755)
        os.environ.update(self.environment)
        self.site = SupervisedSite(pathlib.Path(self.folder) / "data")
        self.addCleanup(self.clean)
        self.site.up()
        self.site.adminctl("domain", "add", "example.test")
        self.addresses = [f"user{number}@example.test" for number in range(ACCOUNTS)]
        for address in self.addresses:
            self.site.add_account(address)
        for address in self.addresses[:WORKERS_WITH_FOLDER]:
            connection = imap.login(self.site.ports["imap"], address, PASSWORD)
            imap.command(connection, "CREATE Work")
            connection.close()

    def clean(self):
        self.site.down()
        for name in self.environment:
            os.environ.pop(name, None)
        if os.environ.get("TAYORI_TEST_KEEP") != "1":
            shutil.rmtree(self.folder, ignore_errors=True)

    def storm(self, times, end_one):
        """Ends something `times` times while clients work; nothing acknowledged may be lost or doubled."""
        ledger, stop = books.Ledger(), threading.Event()
        ports = self.site.ports
        clients = [load.SmtpClient(ledger, ports, stop, f"smtp{n}", self.addresses) for n in range(6)]
        clients += [load.AppendClient(ledger, ports, stop, f"imap{n}", self.addresses[n])
                    for n in range(WORKERS_WITH_FOLDER)]
        clients += [load.PopClient(ledger, ports, stop, f"pop{n}", self.addresses[-1 - n]) for n in range(2)]
        for client in clients:
            client.start()
        chance = random.Random(os.environ.get("TAYORI_TEST_SEED") or time.time_ns())
        slowest = 0.0
        try:
            for number in range(times):
                slowest = max(slowest, self.one(ledger, chance, number, end_one))
        finally:
            stop.set()
            for client in clients:
                client.join(30)
        problems = books.verify(ledger, self.everything())
        print(f"\n    {times} times, {ledger.counts()}, slowest return {slowest:.2f} s")
        self.assertEqual(problems[:20], [], f"{len(problems)} problems; TAYORI_TEST_KEEP=1 keeps {self.site.data}")
        self.assertGreater(ledger.counts()["acknowledged"], times)

    def one(self, ledger, chance, number, end_one):
        """After some more mails were acknowledged; gives the seconds until all serve again."""
        wanted = ledger.acknowledged() + chance.randint(1, 60)
        until(lambda: ledger.acknowledged() >= wanted or ledger.problems, 60, f"{number}: no mail goes through")
        if ledger.problems:
            raise AssertionError(ledger.problems[:5])
        name, before = end_one(chance)
        began = time.monotonic()
        until(lambda: (row := self.site.row(name)) and row["running"] and row["pid"] != before,
              RESTART_SECONDS, f"{number}: {name} was not started again")
        until(self.site.serves, BACK_SECONDS, f"{number}: after {name} ended, the site does not serve")
        return time.monotonic() - began

    def everything(self):
        found = {}
        for address in self.addresses:
            connection = imap.login(self.site.ports["imap"], address, PASSWORD)
            folders = ["INBOX", "Work"] if address in self.addresses[:WORKERS_WITH_FOLDER] else ["INBOX"]
            found[address] = [(folder, *books.read_folder(connection, folder)) for folder in folders]
            connection.close()
        return found
