"""kill -9 of every native process, again and again, under load: nothing acknowledged is lost or doubled."""

import os
import pathlib
import random
import shutil
import signal
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

SPOOLD_BACK_SECONDS = 5
RESTART_SECONDS = 1.0
ACCOUNTS = 12


class Kill(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tayori-kill-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        os.environ["TAYORI__AUTH__SCRAM_ITERATIONS"] = "4096"
        self.addCleanup(os.environ.pop, "TAYORI__AUTH__SCRAM_ITERATIONS")
        self.site = KillSite(pathlib.Path(self.folder) / "data")
        self.addCleanup(self.site.down)
        self.site.up()
        self.site.adminctl("domain", "add", "example.test")
        self.addresses = [f"user{number}@example.test" for number in range(ACCOUNTS)]
        for address in self.addresses:
            self.site.add_account(address)
        for address in self.addresses[:4]:
            connection = imap.login(self.site.ports["imap"], address, PASSWORD)
            imap.command(connection, "CREATE Work")
            connection.close()

    def test_nothing_acknowledged_is_lost(self):
        kills = int(os.environ.get("TAYORI_TEST_KILLS", "25"))
        ledger, stop = books.Ledger(), threading.Event()
        clients = [load.SmtpClient(ledger, self.site.ports, stop, f"smtp{n}", self.addresses) for n in range(6)]
        clients += [load.AppendClient(ledger, self.site.ports, stop, f"imap{n}", self.addresses[n]) for n in range(4)]
        clients += [load.PopClient(ledger, self.site.ports, stop, f"pop{n}", self.addresses[-1 - n]) for n in range(2)]
        for client in clients:
            client.start()
        chance = random.Random(os.environ.get("TAYORI_TEST_SEED") or time.time_ns())
        slowest = 0.0
        try:
            for number in range(kills):
                slowest = max(slowest, self.kill_one(ledger, chance, number))
        finally:
            stop.set()
            for client in clients:
                client.join(30)
        problems = books.verify(ledger, self.everything())
        print(f"\n    {kills} kills, {ledger.counts()}, slowest return {slowest:.2f} s")
        self.assertEqual(problems[:20], [], f"{len(problems)} problems; {self.site.data}/log")
        self.assertGreater(ledger.counts()["acknowledged"], kills)

    def kill_one(self, ledger, chance, number):
        """Kills after some more mails were acknowledged; gives the seconds until all serve again."""
        name = chance.choice(["spoold", "smtpd", "pop3d", "imapd", "spoold"])
        before = self.site.row(name)
        wanted = ledger.counts()["acknowledged"] + chance.randint(1, 60)
        until(lambda: ledger.counts()["acknowledged"] >= wanted, 30, f"kill {number}: no mail goes through")
        os.kill(before["pid"], signal.SIGKILL)
        began = time.monotonic()
        until(lambda: (row := self.site.row(name)) and row["running"] and row["pid"] != before["pid"],
              RESTART_SECONDS + 1, f"kill {number}: {name} was not started again")
        until(self.site.serves, SPOOLD_BACK_SECONDS, f"kill {number}: after {name} the site does not serve")
        return time.monotonic() - began

    def everything(self):
        found = {}
        for address in self.addresses:
            connection = imap.login(self.site.ports["imap"], address, PASSWORD)
            folders = ["INBOX", "Work"] if address in self.addresses[:4] else ["INBOX"]
            found[address] = [(folder, *books.read_folder(connection, folder)) for folder in folders]
            connection.close()
        return found


class KillSite:
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


if __name__ == "__main__":
    unittest.main()
