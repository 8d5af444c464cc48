"""Signatures of DKIM: keys made and enabled by adminctl against a name server, mails of many shapes signed through the real spoold as smtpd
signs them, and verified by dkimpy. And what becomes of keys when a backup is restored."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.site import Site
from harness.signatures import verified
from harness.small_dns import SmallDns

DOMAIN = "example.test"
HEAD = "From: =?ISO-2022-JP?B?GyRCO0NFRBsoQg==?= <anna@example.test>\r\nTo: bob@example.org\r\nDate: Mon, 7 Feb 1994 21:52:25 -0800\r\n"
FULL = HEAD + "Subject: hello\r\nMessage-ID: <1@example.test>\r\nMIME-Version: 1.0\r\n"
MAILS = {
    "plain": FULL + "\r\nHello.\r\n",
    "iso_2022_jp": FULL + "Content-Type: text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
                          "\x1b$B$3$s$K$A$O\x1b(B\r\n\x1b$B@$3&\x1b(B \r\n",
    "eight_bit": FULL + "Content-Type: text/plain; charset=UTF-8\r\nX-Odd: \xe6\x97\xa5 \xff\r\n\r\n\xe6\x97\xa5\xe6\x9c\xac\r\n",
    "empty_body": FULL + "\r\n",
    "no_body": FULL,
    "blank_lines_behind": FULL + "\r\nHello.\r\n\r\n \r\n\t\r\n\r\n",
    "only_blank_lines": FULL + "\r\n\r\n \r\n\r\n",
    "blank_lines_before": FULL + "\r\n\r\n\r\nHello.\r\n",
    "no_line_end": FULL + "\r\nHello.",
    "white_space": FULL + "\r\n  a \t b  \r\n\tc\t\r\n .\r\n.\r\n..\r\n",
    "folded": HEAD + "Subject: a\r\n long \r\n\tsubject\t \r\nReferences: <1@x.test>\r\n\t<2@x.test>\r\n <3@x.test>\r\n\r\nHello.\r\n",
    "duplicated": FULL + "To: carl@example.org\r\nSubject: again\r\nTo: dora@example.org\r\nCc:\r\nCc: x@y.test\r\n\r\nHello.\r\n",
    "no_subject": HEAD + "\r\nHello.\r\n",
    "traces": "Received: from a by b; Mon, 7 Feb 1994 21:52:25 -0800\r\nReturn-Path: <anna@example.test>\r\n" + FULL
              + "List-Id: <l.example.test>\r\nList-Unsubscribe: <mailto:l@example.test>\r\n\r\nHello.\r\n",
    "odd_case": "fRoM: Anna <anna@EXAMPLE.test>\r\nsUBJECT:x\r\nDATE:  Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nHello.\r\n",
    "long": FULL + "\r\n" + "".join(f"line {number} {'x' * 900}\r\n" for number in range(300)),
    "signed_before": "DKIM-Signature: v=1; a=rsa-sha256; d=elsewhere.test; s=x; h=From; bh=AA==; b=AA==\r\n" + FULL + "\r\nHello.\r\n",
}


class Dkim(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site(programs=("spoold",)))
        self.site.add_domain(DOMAIN)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-dkim-")))
        self.records = {}

    def create(self, algorithm, *more):
        made = json.loads(self.site.adminctl("--json", "dkim", "create", DOMAIN, "--algorithm", algorithm, *more))
        self.records[made["record_name"].rstrip(".")] = made["record"]
        return made["selector"]

    def enable(self, selector, *more, expect=0):
        with SmallDns({(name, "TXT"): [(300, text)] for name, text in self.records.items()}) as dns:
            return self.site.adminctl("dkim", "enable", DOMAIN, "--selector", selector, "--resolver", f"127.0.0.1:{dns.port}", *more,
                                      expect=expect)

    def sign(self, keys, mails, days=0):
        files = []
        for name, text in mails.items():
            files.append(self.folder / name)
            files[-1].write_bytes(text.encode("latin-1"))
        done = subprocess.run([self.site.binaries / "dkim_sign", f"unix:{self.site.instance.socket_path()}", str(days), ",".join(keys), *files],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [pathlib.Path(f"{file}.signed") for file in files]

    def verified(self, files):
        return verified(self.records, files)

    def both_keys(self):
        selectors = [self.create("rsa"), self.create("ed25519")]
        for selector in selectors:
            self.enable(selector)
        return [f"{DOMAIN}:{selector}:{kind}" for selector, kind in zip(selectors, ("rsa", "ed25519"))]

    def test_another_implementation_verifies_mails_of_many_shapes(self):
        files = self.sign(self.both_keys(), MAILS, days=7)
        for file, outcome in zip(files, self.verified(files)):
            with self.subTest(file.stem):
                self.assertEqual(outcome[:2], ["ok", "ok"])
                self.assertEqual(len(outcome), 3 if file.stem == "signed_before" else 2)
                head = file.read_bytes().partition(b"\r\nFrom")[0].decode("latin-1")
                self.assertRegex(head, r"x=\d+")
                self.assertNotRegex(head, r"\bl=")
                self.assertLessEqual(max(map(len, head.split("DKIM-Signature")[1].split("\r\n"))), 78)

    def test_what_is_added_or_changed_on_the_way_is_seen(self):
        keys = self.both_keys()
        [file] = self.sign(keys, {"plain": MAILS["plain"]})
        text = file.read_bytes()
        changes = {
            "subject": text.replace(b"Subject: hello", b"Subject: hallo"),
            "second_from": text.replace(b"From: =", b"From: mallory@example.org\r\nFrom: ="),
            "second_subject": text.replace(b"Subject: hello", b"Subject: hello\r\nSubject: another"),
            "added_cc": text.replace(b"Subject: hello", b"Cc: x@y.test\r\nSubject: hello"),
            "second_type": text.replace(b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nMIME-Version: 1.0"),
            "body": text.replace(b"Hello.", b"Hallo."),
            "more_body": text + b"P.S.\r\n",
        }
        for name, changed in changes.items():
            self.assertNotEqual(changed, text)
            (self.folder / name).write_bytes(changed)
        for name, outcome in zip(changes, self.verified([self.folder / name for name in changes])):
            with self.subTest(name):
                self.assertEqual(len(outcome), 2)
                self.assertNotIn("ok", outcome)
        # What relays do to a mail does no harm.
        kind = text.replace(b"DKIM-Sig", b"Received: by relay.test\r\nDKIM-Sig", 1).replace(b"Subject: hello", b"SUBJECT:   hello  ") + b"\r\n\r\n"
        (self.folder / "relayed").write_bytes(kind)
        self.assertEqual(self.verified([self.folder / "relayed"]), [["ok", "ok"]])

    def test_only_mail_of_our_authors_is_signed(self):
        keys = self.both_keys()
        mails = {"foreign": FULL.replace("anna@example.test", "anna@example.org") + "\r\nx\r\n",
                 "below": FULL.replace("anna@example.test", "anna@sub.example.test") + "\r\nx\r\n",
                 "two_authors": "From: anna@example.test\r\n" + FULL + "\r\nx\r\n", "none": "Subject: x\r\n\r\nx\r\n"}
        for file in self.sign(keys, mails):
            self.assertEqual(file.read_bytes(), mails[file.stem].encode("latin-1"))

    def test_enable_looks_whether_the_record_is_published(self):
        selector = self.create("rsa", "--bits", "3072")
        name, record = next(iter(self.records.items()))
        shown = self.site.adminctl("dkim", "show", DOMAIN)
        self.assertIn(record, shown)
        pieces = re.findall(r'^    "([^"]*)"$', shown, re.MULTILINE)
        self.assertEqual("".join(pieces), record)
        self.assertLessEqual(max(map(len, pieces)), 255)
        self.assertIn("値", self.site.adminctl("dkim", "show", DOMAIN, "--lang", "ja"))
        self.records = {}
        self.enable(selector, expect=1)
        for wrong in ("v=DKIM1; k=rsa; p=AAAA", "v=DKIM1; p=", record.replace("k=rsa", "k=ed25519"), record + "; s=other"):
            self.records = {name: wrong}
            self.enable(selector, expect=1)
        self.records = {name: record.replace("p=", "n=a note; p= ")}  # as consoles change it
        self.assertIn("signed", self.enable(selector, "--lang", "en"))
        [entry] = json.loads(self.site.adminctl("--json", "dkim", "list"))["keys"]
        self.assertEqual((entry["selector"], entry["state"], entry["bits"]), (selector, "signing", 3072))
        self.site.adminctl("dkim", "delete", DOMAIN, "--selector", selector, expect=1)

    def test_rotation_keeps_what_was_signed_before_verifiable(self):
        old = self.create("ed25519")
        self.enable(old)
        [before] = self.sign([f"{DOMAIN}:{old}:ed25519"], {"before": MAILS["plain"]})
        new = self.create("ed25519")
        self.enable(new)
        states = {key["selector"]: key for key in json.loads(self.site.adminctl("--json", "dkim", "list", DOMAIN))["keys"]}
        self.assertEqual((states[old]["state"], states[new]["state"]), ("retired", "signing"))
        self.assertGreater(states[old]["removable_s"], states[old]["changed_s"])
        [after] = self.sign([f"{DOMAIN}:{new}:ed25519"], {"after": MAILS["plain"]})
        self.assertEqual(self.verified([before, after]), [["ok"], ["ok"]])
        self.site.adminctl("dkim", "delete", DOMAIN, "--selector", old)
        self.site.adminctl("dkim", "disable", DOMAIN, "--lang", "ja")
        self.enable(new, "--force")

    def test_keys_come_back_with_a_restore_and_the_key_file(self):
        selector = self.create("ed25519")
        self.enable(selector)
        srs = json.loads(self.site.adminctl("--json", "srs", "rotate"))
        self.site.adminctl("backup", "create")
        [key_file] = pathlib.Path(self.site.instance.data).rglob("secrets.key")
        (self.folder / "other").mkdir()
        other = Site(self.site.binaries, programs=("spoold",), data=str(self.folder / "other"))
        self.site.adminctl("backup", "restore", "--to-store", str(other.instance.data / "store"))
        with other:
            [entry] = json.loads(other.adminctl("--json", "dkim", "list"))["keys"]
            self.assertTrue(entry["unreadable"])
            self.assertEqual(json.loads(other.adminctl("--json", "srs", "show"))["created_s"], srs["created_s"])
        shutil.copy(key_file, other.instance.data / key_file.name)
        with other:
            [entry] = json.loads(other.adminctl("--json", "dkim", "list"))["keys"]
            self.assertEqual((entry["unreadable"], entry["state"]), (False, "signing"))
            self.site.stop()
            self.site = other
            [file] = self.sign([f"{DOMAIN}:{selector}:ed25519"], {"plain": MAILS["plain"]})
            self.assertEqual(self.verified([file]), [["ok"]])
