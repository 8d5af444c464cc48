#!/usr/bin/env python3
"""Container smoke test: images of the programs already built, compose up, scaled, used, and nothing left behind."""

import json
import os
import pathlib
import shutil
import smtplib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness import imap  # noqa: E402
from harness.lines import Lines  # noqa: E402
from harness.site import PASSWORD, ROOT, until  # noqa: E402
from run import Result  # noqa: E402
from tayori import containers, native  # noqa: E402
from tayori.place import Instance, port_is_free  # noqa: E402


PLUGIN = """local tayori = require "tayori"
local hello = tayori.plugin { name = "hello" }
function hello.deliver(mail, account)
  if mail.subject == "hello" then account:fileinto("Found") end
end
return hello
"""


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tayori-containers-")
        os.environ["TAYORI_PREBUILT"] = "yes"
        base = next(base for base in range(21000, 60000, 1000)
                    if all(port_is_free(port) for port in Instance.numbers(base).values()))
        cls.instance = Instance(cls.folder, base)
        plugin = pathlib.Path(cls.folder) / "site-plugins" / "hello"
        plugin.mkdir(parents=True)
        (plugin / "plugin.lua").write_text(PLUGIN, encoding="utf-8")
        for place in (plugin, plugin.parent, plugin.parent.parent):
            place.chmod(0o755)
        os.environ["TAYORI_PLUGINS"] = str(plugin.parent)
        cls.environment = {**os.environ, "TAYORI_DATA": cls.folder, "TAYORI_PORT_BASE": str(base)}
        cls.ports = Instance.numbers(base)
        cls.addClassCleanup(cls.clean)  # also after an `up` that failed
        cls.tayori("up", "--containers")

    @classmethod
    def clean(cls):
        containers.run_compose(cls.instance, ["down", "-v", "--remove-orphans"], capture_output=True)
        shutil.rmtree(cls.folder, ignore_errors=True)
        for name in ("TAYORI_PREBUILT", "TAYORI_PLUGINS"):
            os.environ.pop(name, None)

    @classmethod
    def tayori(cls, *arguments, stdin="", expect=0):
        done = subprocess.run([str(ROOT / "tayori"), *arguments], env=cls.environment, input=stdin, capture_output=True,
                              text=True, timeout=900, check=False)
        if expect is not None and done.returncode != expect:
            logs = containers.run_compose(cls.instance, ["logs", "--tail=20"], capture_output=True, text=True).stdout
            raise AssertionError(f"tayori {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}\n{logs}")
        return done.stdout

    def test_1_demo(self):
        self.assertEqual(self.tayori("demo").count("Tayori より、はじめての便り"), 2)

    def test_2_no_root_and_a_read_only_file_system(self):
        for facts in containers.containers(self.instance):
            self.assertNotIn(facts["Config"]["User"], ("", "root", "0"), facts["Name"])
            self.assertTrue(facts["HostConfig"]["ReadonlyRootfs"], facts["Name"])
            self.assertEqual(facts["HostConfig"]["CapDrop"], ["ALL"])

    def test_3_all_get_healthy(self):
        def healthy():
            return all(row["health"] == "healthy" for row in containers.status(self.instance))
        until(healthy, 60, f"healthy: {containers.status(self.instance)}")

    def test_4_status_shows_processes_and_ports(self):
        told = json.loads(self.tayori("status", "--json"))
        self.assertEqual({row["program"] for row in told["processes"]}, {"spoold", "smtpd", "pop3d", "imapd", "fetch", "edge"})
        edge = next(row for row in told["processes"] if row["program"] == "edge")
        self.assertEqual(edge["ports"], sorted(self.ports.values()))

    def test_5_replicas_share_the_work_and_see_each_others_mail(self):
        done = containers.run_compose(self.instance, ["up", "-d", "--no-build", "--scale", "imapd=3", "--scale", "smtpd=2",
                                                      "--scale", "pop3d=2"], self.ports, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.tayori("adminctl", "domain", "add", "replica.test")
        self.tayori("adminctl", "account", "add", "anna@replica.test", "--password-stdin", stdin=f"{PASSWORD}\n")
        until(self.every_replica_has_sessions, 60, "sessions on every replica")

    def every_replica_has_sessions(self):
        """The edge counts them by server."""
        idlers = [self.idler() for _ in range(6)]
        smtp = Lines(self.ports["smtp"])
        for line in (None, "EHLO x.example.org", "MAIL FROM:<x@example.org>", "RCPT TO:<anna@replica.test>", "DATA"):
            if line:
                smtp.line(line)
            while (answer := smtp.read_line())[3:4] == "-":
                pass
            self.assertIn(answer[0], "23", answer)
        smtp.send(b"Subject: for all\r\n\r\ntext\r\n.\r\n")
        self.assertTrue(smtp.read_line().startswith("250"))
        for idler in idlers:
            while not (line := idler.read_line()).endswith("EXISTS"):
                self.assertIn("RECENT", line)
        used = self.sessions_by_server()
        for idler in idlers:
            idler.close()
        return sum(1 for count in used.values() if count) >= 3

    def idler(self):
        connection = Lines(self.ports["imaps"], tls=True)
        connection.read_line()
        imap.command(connection, f"LOGIN anna@replica.test {PASSWORD}")
        imap.command(connection, "SELECT INBOX")
        connection.line("i IDLE")
        while not connection.read_line().startswith("+"):
            pass
        return connection

    def sessions_by_server(self):
        edge = next(row for row in containers.status(self.instance) if row["program"] == "edge")
        asked = subprocess.run(["docker", "exec", edge["container"], "bash", "-c",
                                "exec 3<>/dev/tcp/127.0.0.1/8405; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"],
                               capture_output=True, text=True, check=False)
        return {line.split("server=\"")[1].split('"')[0]: float(line.split()[-1]) for line in asked.stdout.splitlines()
                if line.startswith("haproxy_server_current_sessions{") and 'proxy="imaps"' in line}

    def test_6_the_log_names_the_client_and_not_the_edge(self):
        said = containers.run_compose(self.instance, ["logs", "--tail=2000", "imapd"], capture_output=True, text=True).stdout
        self.assertNotIn("PROXY header", said)

    def test_7_data_outlives_new_containers(self):
        self.tayori("adminctl", "domain", "add", "stays.test")
        self.tayori("down")
        self.tayori("up", "--containers")
        self.assertIn("stays.test", self.tayori("adminctl", "domain", "list"))
        native.until(lambda: native.greeting_on(self.ports["imap"], b"* OK"), 10)

    def test_8_plugins_of_the_site(self):
        self.tayori("adminctl", "domain", "add", "plugin.test")
        anna = "anna@plugin.test"
        self.tayori("adminctl", "account", "add", anna, "--password-stdin", stdin=PASSWORD)
        self.send(anna)
        until(lambda: "1 mails" in self.tayori("adminctl", "plugin", "run", "hello", "--account", anna), 10, "a mail in INBOX")
        self.tayori("adminctl", "plugin", "enable", "hello", "--account", anna)
        self.send(anna)
        until(lambda: "Found" in self.tayori("adminctl", "folder", "list", anna), 10, "the mail to be filed")
        self.assertIn("move to Found", self.tayori("adminctl", "plugin", "run", "hello", "--account", anna))

    def send(self, to):
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"]) as smtp:
            smtp.sendmail("carol@far.example", to, "Subject: hello\r\n\r\ntext\r\n")


def main():
    suite = unittest.TestLoader().loadTestsFromTestCase(Containers)
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"containers: {outcome.passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
