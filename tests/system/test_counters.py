"""Counters over the real programs: proved and repaired while mail comes in, carried to another site, never lowered."""

import json
import pathlib
import re
import subprocess
import tempfile
import threading
import unittest

from harness import imap
from harness.site import PASSWORD, Site

ANNA = "anna@example.test"
MAILS = 20


class Counters(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(Site())
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tayori-counters-")))
        self.furnish(self.site)

    def furnish(self, site):
        site.add_domain("example.test")
        site.add_account(ANNA)

    def append(self, site, mails=1, folder="INBOX"):
        connection = imap.login(site.ports["imap"], ANNA, PASSWORD)
        for number in range(mails):
            imap.append(connection, folder, f"Subject: {number}\r\n\r\n\r\n".encode())
        connection.close()

    def shown(self, site, address=ANNA):
        return json.loads(site.adminctl("--json", "counters", "show", address))

    def inbox(self, site):
        return next(folder for folder in self.shown(site)["folders"] if folder["folder"] == "INBOX")

    def refusal(self, *arguments):
        done = subprocess.run(self.site.adminctl_line(*arguments), env=self.site.adminctl_environment(), capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stderr

    def test_proved_and_repaired_while_mail_comes_in(self):
        work = threading.Thread(target=self.append, args=(self.site, 300))
        work.start()
        while work.is_alive():
            self.site.adminctl("counters", "verify")
            self.assertIn("Nothing had to be raised.", self.site.adminctl("counters", "repair"))
        work.join()
        self.assertEqual(int(self.inbox(self.site)["uid_next"]), 301)
        self.assertRegex(self.site.adminctl("counters", "show", ANNA), r"YEARS LEFT(.|\n)*INBOX .*unknown")

    def test_carried_to_another_site(self):
        self.append(self.site, MAILS)
        file, old = self.folder / "counters.txt", self.folder / "old"
        old.mkdir()
        self.site.adminctl("counters", "export", str(file), "--cnt", str(old))
        text = file.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("#tayori-counters\t1\n"))
        inbox = self.inbox(self.site)
        self.assertIn(f"F\t{ANNA}\t{inbox['folder_id']}\t{inbox['uid_validity']}\t{MAILS + 1}\t", text)
        self.assertEqual((old / "imap4.cnt").read_text(), f";pmail-cnt 1\n{MAILS + 1}\n")
        self.assertIn("Nothing had to be raised.", self.site.adminctl("counters", "import", str(file)))

        with Site() as other:
            self.furnish(other)
            before = self.inbox(other)
            # As if it had been made in the same second.
            text = re.sub(rf"\t{inbox['uid_validity']}\t{MAILS + 1}\t", f"\t{before['uid_validity']}\t{MAILS + 1}\t", text)
            file.write_text(text, encoding="utf-8")
            said = other.adminctl("counters", "import", str(file), "--dry-run")
            self.assertIn(f"Would be raised: UIDNEXT of INBOX of {ANNA} from 1 to {MAILS + 1}", said)
            self.assertEqual(self.inbox(other), before)
            other.adminctl("counters", "import", str(file), str(old / "imap4folder.cnt"))
            self.append(other)
            self.assertEqual(int(self.inbox(other)["uid_next"]), MAILS + 2)
            self.assertEqual(int(self.shown(other)["next_message_id"]), MAILS + 2)
            other.adminctl("counters", "verify")
            self.assertIn("a counter was raised", other.log_path("spoold").read_text(encoding="utf-8"))

    def test_nonsense_is_refused_and_raises_nothing(self):
        before = self.shown(self.site)
        file = self.folder / "counters.txt"
        for lines, why in (("S\tmessage\tmany\n#end\t1\n", "Line 2"), ("S\tmessage\t9999\n", "cut off"),
                           (f"S\tmessage\t9999\nF\t{ANNA}\t1\t7\t4294967295\t1\tINBOX\n#end\t2\n", "4294967000")):
            file.write_text("#tayori-counters\t1\n" + lines, encoding="utf-8")
            self.assertIn(why, self.refusal("counters", "import", str(file)))
        (self.folder / "imap4.cnt").write_text("0\n", encoding="utf-8")
        self.assertIn("no number", self.refusal("counters", "import", str(self.folder / "imap4.cnt")))
        self.assertEqual(self.shown(self.site), before)


if __name__ == "__main__":
    unittest.main()
