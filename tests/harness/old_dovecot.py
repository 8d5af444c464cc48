"""A Dovecot of Debian as the old server: a configuration of its own in a folder of its own, on free ports.

    with OldDovecot() as old:
        imap = old.imap("taro@old.example")      # imaplib, logged in
        old.ports["imap"], old.ports["pop3"]
"""

import imaplib
import os
import pathlib
import poplib
import pwd
import shutil
import subprocess
import tempfile

from harness.site import until
from tayori import plan

HOST = "127.0.0.1"
PASSWORD = "old secret"
START_SECONDS = 30

CONFIG = r"""
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop xoauth2
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:~/Maildir
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 0
mail_max_userip_connections = 1000
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = .
  prefix = {prefix}
  mailbox Sent {{
    auto = subscribe
    special_use = \Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


def find_dovecot():
    return shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class OldDovecot:
    """`users` get PASSWORD. tls: with a certificate that nobody trusts, and STARTTLS."""

    def __init__(self, users=("taro@old.example",), prefix="", tls=False):
        self.users = users
        self.prefix = prefix
        self.tls = tls
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tayori-dovecot-"))
        self.ports = {"imap": plan.free_port(), "pop3": plan.free_port()}
        self.process = None

    def __enter__(self):
        user = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        group = subprocess.run(["id", "-gn", user.pw_name], capture_output=True, text=True, check=True).stdout.strip()
        for part in ("run", "home"):
            (self.folder / part).mkdir()
        if os.geteuid() == 0:
            for path in (self.folder, self.folder / "home"):
                os.chown(path, user.pw_uid, user.pw_gid)
        certificate = ""
        if self.tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=old.example",
                            "-keyout", self.folder / "key", "-out", self.folder / "cert"], check=True, capture_output=True)
            certificate = f"ssl_cert = <{self.folder}/cert\nssl_key = <{self.folder}/key"
        (self.folder / "users").write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in self.users), encoding="utf-8")
        os.chmod(self.folder / "users", 0o644)
        (self.folder / "dovecot.conf").write_text(
            CONFIG.format(folder=self.folder, user=user.pw_name, group=group, prefix=self.prefix, certificate=certificate,
                          ssl="yes" if self.tls else "no", **self.ports), encoding="utf-8")
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self.process = subprocess.Popen([find_dovecot(), "-F", "-c", self.folder / "dovecot.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until(self.answers, START_SECONDS, "Dovecot to answer")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=START_SECONDS)
            self.process.stderr.close()
            self.process = None

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Dovecot ended: {self.process.stderr.read()}")
        try:
            imaplib.IMAP4(HOST, self.ports["imap"]).logout()
            return True
        except OSError:
            return False

    def imap(self, user):
        imap = imaplib.IMAP4(HOST, self.ports["imap"])
        imap.login(user, PASSWORD)
        return imap

    def uidls(self, user):
        """As POP3 lists them, in its order."""
        pop3 = poplib.POP3(HOST, self.ports["pop3"])
        pop3.user(user)
        pop3.pass_(PASSWORD)
        lines = [line.split(b" ", 1)[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
        return lines
