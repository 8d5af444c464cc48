"""The script as a person uses it, over native processes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness.lines import Lines
from harness.site import ROOT, newest_binaries, until
from supervised import SupervisedSite
from tayori import native

TAYORI = ROOT / "tayori"


class Appliance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tayori-script-")
        os.chmod(cls.folder, 0o755)
        cls.site = SupervisedSite(pathlib.Path(cls.folder) / "data")
        cls.site.up()
        cls.environment = {**os.environ, "TAYORI_DATA": str(cls.site.data)}

    @classmethod
    def tearDownClass(cls):
        cls.site.down()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def tayori(self, *arguments, expect=0, stdin=""):
        done = subprocess.run([str(TAYORI), *arguments], env=self.environment, input=stdin, capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout

    def test_status_lists_processes_with_their_ports(self):
        told = json.loads(self.tayori("status", "--json"))
        rows = {row["name"]: row for row in told["processes"]}
        self.assertEqual(set(rows), {"spoold", "smtpd", "pop3d", "imapd", "fetch"})
        self.assertEqual(rows["imapd"]["ports"], sorted([self.site.ports["imap"], self.site.ports["imaps"]]))
        for row in rows.values():
            self.assertTrue(pathlib.Path(f"/proc/{row['pid']}").exists())

    def test_port_base_is_added_to_every_standard_port(self):
        base = self.site.instance.port_base
        self.assertEqual(self.site.ports, {"smtp": base + 25, "submission": base + 587, "submissions": base + 465,
                                           "pop3": base + 110, "pop3s": base + 995, "imap": base + 143,
                                           "imaps": base + 993})

    def test_demo_works_again_and_again(self):
        for _ in range(2):
            said = self.tayori("demo")
            self.assertEqual(said.count("Tayori より、はじめての便り"), 2)

    def test_adminctl_takes_a_password_from_standard_input(self):
        self.tayori("adminctl", "domain", "add", "script.test")
        self.tayori("adminctl", "account", "add", "alice@script.test", "--password-stdin", stdin="a b c\n")
        shown = json.loads(self.tayori("adminctl", "account", "show", "alice@script.test", "--json"))
        self.assertIn("alice@script.test", json.dumps(shown))

    def test_what_dies_is_started_again_within_a_second_and_the_log_says_why(self):
        for name in ("imapd", "pop3d", "smtpd", "fetch", "spoold"):
            pid = self.site.row(name)["pid"]
            os.kill(pid, signal.SIGSEGV)
            began = time.monotonic()
            until(lambda p=pid, n=name: (row := self.site.row(n)) and row["running"] and row["pid"] != p, 1.0, f"{name} is back")
            self.assertLess(time.monotonic() - began, 1.0)
            self.assertIn("SIGSEGV", (self.site.instance.logs / f"{name}.log").read_text(errors="replace"))
        until(self.all_greet, 5, "all serve")

    def all_greet(self):
        return all(native.greeting_on(self.site.ports[name], native.GREETINGS[name]) for name in native.GREETINGS)

    def test_data_outlives_down_and_a_stop_is_graceful(self):
        self.tayori("adminctl", "domain", "add", "stays.test")
        connection = Lines(self.site.ports["imap"])
        connection.read_line()
        began = time.monotonic()
        self.tayori("down")
        self.assertLess(time.monotonic() - began, 25)
        self.assertTrue(connection.read_line().startswith("* BYE"))
        self.assertEqual(self.tayori("status", expect=1).strip(), "Nothing is running; ./tayori up starts it.")
        native.up(self.site.instance, newest_binaries())
        self.assertIn("stays.test", self.tayori("adminctl", "domain", "list"))

    def test_a_second_spoold_on_the_same_data_is_refused(self):
        rows = json.loads((self.site.instance.run / "plan.json").read_text())["processes"]
        spoold = next(row for row in rows if row["name"] == "spoold")
        done = subprocess.run(spoold["argv"], env={**os.environ, **spoold["env"]}, capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_wrong_settings_are_told_with_file_and_line(self):
        wrong = pathlib.Path(self.folder) / "wrong.toml"
        wrong.write_text("[smtpd]\nbare_newlines = \"reject\"\n")
        for program in ("spoold", "smtpd", "pop3d", "imapd"):
            done = subprocess.run([newest_binaries() / program, "--config", wrong], capture_output=True, text=True,
                                  timeout=20, check=False)
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"{wrong}:2: unknown key smtpd.bare_newlines; did you mean smtpd.bare_newline?", done.stderr)

    def test_metrics_are_answered_by_every_process(self):
        for row in json.loads(self.tayori("status", "--json"))["processes"]:
            until(lambda r=row: self.has_metrics(r["metrics_port"]), 5, f"metrics of {row['name']}")

    @staticmethod
    def has_metrics(port):
        done = subprocess.run(["curl", "-sS", "-m", "3", f"http://127.0.0.1:{port}/metrics"], capture_output=True,
                              text=True, check=False)
        return done.returncode == 0 and "tayori_" in done.stdout


if __name__ == "__main__":
    unittest.main()
