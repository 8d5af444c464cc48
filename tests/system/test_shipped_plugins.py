"""The plugins that come with Tayori, on a running appliance: what each README promises, by real clients."""

import base64
import json
import os
import pathlib
import poplib
import smtplib
import subprocess
import tempfile
import time
import unittest

from harness import imap
from harness.site import PASSWORD, TestFailure, until
from harness.spool_epost import write_file

from plugin_site import HOST, OURS, PluginSite
from test_outbound import Clock

SECONDS = 30
DAY = 86_400


def setUpModule():
    global SITE, CLOCK
    folder = unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="tayori-clock-"))
    CLOCK = Clock(folder)
    SITE = PluginSite(settings={"TAYORI__TEST__CLOCK_FILE": str(CLOCK.path)})
    unittest.enterModuleContext(SITE)
    SITE.add_domain(OURS)


def swaks(*options):
    """swaks' exit status, and what was said."""
    done = subprocess.run(["swaks", "--server", HOST, "--silent", "2", *options], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def utf7(name):
    """As folders are named on the wire (RFC 3501 §5.1.3); every level all Japanese."""
    return "/".join("&" + base64.b64encode(level.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-" for level in name.split("/"))


class Shipped(unittest.TestCase):
    def setUp(self):
        name = self.id().rpartition(".")[2].removeprefix("test_")
        self.anna, self.bob = f"anna-{name}@{OURS}", f"bob-{name}@{OURS}"
        for address in (self.anna, self.bob):
            SITE.add_account(address)

    def enable(self, plugin, address, settings):
        SITE.adminctl("plugin", "set", plugin, "--account", address, json.dumps(settings))
        SITE.adminctl("plugin", "enable", plugin, "--account", address)

    def send(self, to, subject, sender=None, size=None):
        body = "x" * (size or 10)
        status, said = swaks("--port", str(SITE.ports["smtp"]), "--from", sender or "carol@far.example", "--to", to, "--header",
                             f"Subject: {subject}", "--body", "\n".join(body[at:at + 70] for at in range(0, len(body), 70)))
        return status, said

    def submit(self, sender, to, subject):
        return swaks("--port", str(SITE.ports["submission"]), "--from", sender, "--to", to, "--header", f"Subject: {subject}", "--auth", "PLAIN",
                     "--auth-user", sender, "--auth-password", PASSWORD, "--tls-optional")

    def has(self, address, subject, folder="INBOX"):
        def found():
            return [mail for _, mail in SITE.mails(address, folder) if subject in str(mail["Subject"])]
        return until(found, SECONDS, f"{subject} in {folder} of {address}: {SITE.subjects(address, folder)}\n{SITE.last_words()}")

    def test_away(self):  # of autoreply, whose name no sender can have: it would be a program
        self.enable("autoreply", self.anna, {"text": "月曜に戻ります。", "subject": "不在のお知らせ", "charset": "iso-2022-jp"})
        for _ in range(2):
            self.assertEqual(self.send(self.anna, "meeting", sender=self.bob)[0], 0)
        answer, = self.has(self.bob, "不在のお知らせ")
        self.assertEqual(answer["Auto-Submitted"], "auto-replied")
        self.assertEqual(answer.get_content_charset(), "iso-2022-jp")
        self.assertIn("月曜に戻ります。", answer.get_content())

    def test_forward(self):
        self.enable("forward", self.anna, {"to": [self.bob], "keep": False})
        self.assertEqual(self.send(self.anna, "passed on")[0], 0)
        mail, = self.has(self.bob, "passed on")
        self.assertIn(self.anna, [str(value) for value in mail.get_all("Delivered-To")])
        self.assertEqual(SITE.subjects(self.anna), [])

    def test_filter(self):
        self.enable("filter", self.anna, {"rules": [
            {"if": {"field": "subject", "value": "見積"}, "then": {"action": "fileinto", "argument": "仕事/見積"}},
            {"if": {"field": "from", "test": "is", "value": "spam@far.example"}, "then": {"action": "refuse", "argument": "No, thank you."}},
            {"if": {"field": "size", "value": ">20K"}, "then": {"action": "tag", "argument": "large"}}]})
        self.assertEqual(self.send(self.anna, "=?utf-8?b?6KaL56mN5pu4?=")[0], 0)
        status, said = self.send(self.anna, "buy", sender="spam@far.example")
        self.assertNotEqual(status, 0)
        self.assertIn("No, thank you.", said)
        self.assertEqual(self.send(self.anna, "a large one", size=30_000)[0], 0)
        self.has(self.anna, "見積書", utf7("仕事/見積"))
        mail, = self.has(self.anna, "a large one")
        self.assertEqual(mail["X-Tag"], "large")
        self.assertIn("large", SITE.mails(self.anna)[0][0])

    def test_filter_of_stored_mail(self):
        SITE.adminctl("plugin", "set", "filter", "--account", self.anna, json.dumps({"rules": [
            {"if": {"field": "subject", "value": "bill"}, "then": {"action": "fileinto", "argument": "Bills"}},
            {"if": {"field": "subject", "value": "star"}, "then": {"action": "flag", "argument": "\\Flagged"}},
            {"if": {"field": "subject", "value": "waste"}, "then": {"action": "discard"}},
            {"if": {"field": "subject", "value": "for bob"}, "then": {"action": "forward", "argument": self.bob}}]}))
        subjects = ["bill 1", "star", "waste", "for bob", "other", "bill 2"]
        for subject in subjects:
            self.assertEqual(self.send(self.anna, subject)[0], 0)
        self.has(self.anna, "bill 2")
        run = ("plugin", "run", "filter", "--account", self.anna)

        shown = SITE.adminctl(*run)
        for what in ("move to Bills", "flag \\Flagged", "move to Trash", f"not done: forward {self.bob}", "Nothing was changed"):
            self.assertIn(what, shown)
        self.assertEqual(SITE.subjects(self.anna), subjects)

        done = json.loads(SITE.adminctl("--json", *run, "--apply"))
        self.assertEqual([done[what] for what in ("applied", "mails", "flagged", "moved", "copied")], [True, 6, 1, 3, 0])
        self.assertEqual(SITE.subjects(self.anna), ["star", "for bob", "other"])
        self.assertEqual(SITE.subjects(self.anna, "Bills"), ["bill 1", "bill 2"])
        self.assertEqual(SITE.subjects(self.anna, "Trash"), ["waste"])
        self.assertIn(r"\Flagged", SITE.mails(self.anna)[0][0])
        self.assertEqual(SITE.subjects(self.bob), [])
        self.assertEqual(json.loads(SITE.adminctl("--json", *run, "--apply"))["moved"], 0)

    def test_destinations(self):
        self.enable("destinations", self.anna, {"rules": [{"pattern": f"*@{OURS}", "allow": True}, {"pattern": "*", "allow": False}]})
        status, said = self.submit(self.anna, "x@elsewhere.example", "out")
        self.assertNotEqual(status, 0)
        self.assertIn("You may not send to x@elsewhere.example", said)
        self.assertEqual(self.submit(self.anna, self.bob, "within")[0], 0)
        self.has(self.bob, "within")

    def test_sizelimit(self):
        self.enable("sizelimit", self.anna, {"receive_max": "20K"})
        status, said = self.send(self.anna, "too large", size=30_000)
        self.assertNotEqual(status, 0)
        self.assertIn("takes at most 20 KiB", said)
        self.assertEqual(self.send(self.anna, "small")[0], 0)
        with smtplib.SMTP(HOST, SITE.ports["smtp"]) as smtp:
            smtp.ehlo()
            smtp.mail("carol@far.example", ["SIZE=30000"])
            self.assertEqual(smtp.rcpt(self.anna)[0], 552)
        self.assertEqual(SITE.subjects(self.anna), ["small"])

    def test_sizelimit_is_announced(self):
        self.addCleanup(SITE.adminctl, "plugin", "disable", "sizelimit", "--site")
        SITE.adminctl("plugin", "set", "sizelimit", "--site", "announce=3M")
        SITE.adminctl("plugin", "enable", "sizelimit", "--site")
        with smtplib.SMTP(HOST, SITE.ports["smtp"]) as smtp:
            smtp.ehlo()
            self.assertEqual(smtp.esmtp_features["size"], str(3 << 20))
            self.assertEqual(smtp.mail("carol@far.example", [f"SIZE={4 << 20}"])[0], 552)

    def test_quotawarn(self):
        SITE.adminctl("account", "set", self.anna, "--quota-messages", "20")
        self.enable("quotawarn", self.anna, {"language": "ja"})
        for number in range(17):
            self.assertEqual(self.send(self.anna, f"mail {number}")[0], 0)
        warning, = self.has(self.anna, "使用率が")
        self.assertIn("上限 20 通", warning.get_content())

    def test_journal(self):
        self.addCleanup(SITE.adminctl, "plugin", "disable", "journal", "--site")
        SITE.adminctl("plugin", "set", "journal", "--site", json.dumps({"to": [self.bob]}))
        SITE.adminctl("plugin", "enable", "journal", "--site")
        self.assertEqual(self.send(self.anna, "for the archive")[0], 0)
        self.has(self.bob, "for the archive")
        self.has(self.anna, "for the archive")

    def test_pop3policy_and_expire(self):
        self.enable("pop3policy", self.anna, {"dele": "trash"})
        self.enable("expire", self.anna, {"rules": [{"folder": "Old", "days": 10}]})
        self.assertEqual(self.send(self.anna, "deleted by a PC")[0], 0)
        self.delete_by_pop3(self.anna)
        self.assertEqual(SITE.subjects(self.anna), [])
        self.has(self.anna, "deleted by a PC", "Trash")
        connection = SITE.imap(self.anna)
        imap.command(connection, "CREATE Old")
        imap.append(connection, "Old", b"Subject: old\r\n\r\nx\r\n")
        imap.append(connection, "Old", b"Subject: flagged\r\n\r\nx\r\n", [r"\Flagged"])
        CLOCK.forward(11 * DAY)
        until(lambda: SITE.subjects(self.anna, "Old") == ["flagged"], SECONDS, f"only what is flagged\n{SITE.last_words()}")

    def delete_by_pop3(self, address):
        drop = poplib.POP3(HOST, SITE.ports["pop3"])
        drop.user(address)
        drop.pass_(PASSWORD)
        drop.dele(1)
        drop.quit()

    def test_an_old_servers_control_files_take_effect_once_approved(self):
        with tempfile.TemporaryDirectory(prefix="tayori-epost-") as folder:
            box = pathlib.Path(folder) / "inbox" / OURS / "taro"
            box.mkdir(parents=True)
            ims = (f"[AutoForward]\r\nForwardTo = {self.bob}\r\n[AutoReply]\r\nReplyFrom=taro@{OURS}\r\nRecordReplies=Yes\r\n"
                   "Subject=不在\r\n[Delivery]\r\nDiscard=No\r\n").encode("iso-2022-jp")
            write_file(os.path.join(box, "IMS.CTL"), ims)
            write_file(os.path.join(box, "autoreply.txt"), "出張中です。\r\n".encode("iso-2022-jp"))
            write_file(os.path.join(box, "sender.dat"), f"*@{OURS},0\r\n*,-1\r\n".encode())
            write_file(os.path.join(box, "B0000000001.MSG"), b"Subject: from before\r\n\r\nx\r\n")
            plan = pathlib.Path(folder) / "plan.json"
            SITE.adminctl("import", "plan", "epost", folder, "--out", str(plan), expect=None)
            SITE.adminctl("import", "run", str(plan), expect=None)
        taro = f"taro@{OURS}"
        self.assertEqual(self.send(taro, "before approval", sender=self.anna)[0], 0)
        for plugin in ("forward", "autoreply", "destinations"):
            SITE.adminctl("plugin", "enable", plugin, "--account", taro)
        self.assertEqual(self.send(taro, "after approval", sender=self.anna)[0], 0)
        self.has(self.bob, "after approval")
        answer, = self.has(self.anna, "不在")
        self.assertIn("出張中です。", answer.get_content())
        self.assertEqual(SITE.subjects(self.bob), ["after approval"])


# Each tries to hurt the others in its own way, with every mail.
HOSTILE = {
    "looper": "while true do end",
    "catcher": "while true do pcall(function() while true do end end) end",
    "hog": "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
    "bomb": "return ('a'):rep(20000):find(('a-'):rep(50) .. 'b')",
    "diver": "local function f(n) return 1 + f(n + 1) end return f(1)",
    "thrower": "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "flooder": "for i = 1, 1e9 do require('tayori').log(('x'):rep(4000)) end",
}


class HostilePlugins(unittest.TestCase):
    """Beside them mail for others goes on as before, and every mail is stored."""

    MAILS = 150

    def test_others_do_not_notice(self):
        with PluginSite({name: f"local p = require('tayori').plugin {{ name = '{name}' }}\nfunction p.deliver(mail, account)\n{body}\nend\nreturn p\n"
                         for name, body in HOSTILE.items()}, settings={"TAYORI__PLUGINS__CALL_MS": "100"}) as site:
            site.add_domain(OURS)
            quiet, victim = f"quiet@{OURS}", f"victim@{OURS}"
            for address in (quiet, victim, f"postmaster@{OURS}"):
                site.add_account(address)
            alone = self.median_ms(site, quiet)
            for name in HOSTILE:
                site.enable(name, "--account", victim)
            memory = site.resident_kib("smtpd")
            times = []
            for _ in range(self.MAILS):
                began = time.monotonic()
                self.assertEqual(site.send(victim)[0], 250)
                self.assertEqual(site.send(quiet)[0], 250)
                times.append(time.monotonic() - began)
            beside = self.median_ms(site, quiet)
            self.assertEqual(len(site.mails(victim)), self.MAILS)
            self.assertLess(site.resident_kib("smtpd") - memory, 200 * 1024)
            print(f"[{alone:.1f} ms a mail alone, {beside:.1f} ms beside; both mails at worst {1000 * max(times):.0f} ms] ", end="", flush=True)
            told = until(lambda: [s for s in site.subjects(f"postmaster@{OURS}") if "looper" in s], SECONDS, "the postmaster's notice")
            self.assertTrue(told)

    def median_ms(self, site, address):
        times = []
        for _ in range(30):
            began = time.monotonic()
            if site.send(address)[0] != 250:
                raise TestFailure("a mail was refused")
            times.append(time.monotonic() - began)
        return 1000 * sorted(times)[len(times) // 2]


if __name__ == "__main__":
    unittest.main()
