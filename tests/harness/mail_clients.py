"""Real clients as users run them again and again: each remembers in `folder` what it has, and tells what was new.

    Fetchmail(folder, site, address).new_mails()   # POP3, leaves mail on the server, knows mails by UIDL
    Getmail(folder, site, address).new_mails()
    Mbsync(folder, site, address).pull()           # IMAP, into a Maildir
    OfflineImap(folder, site, address).pull()
"""

import hashlib
import os
import pathlib
import ssl
import subprocess

from harness.site import PASSWORD

HOST = "127.0.0.1"
SECONDS_MAX = 300
NO_NEW_MAIL = 1  # fetchmail's exit status


def run(command, statuses=(0,), **environment):
    """What it said."""
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if done.returncode not in statuses:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}{done.stdout[-3000:]}")
    return done.stdout + done.stderr


def files_of(maildir):
    """The mails of all folders of a Maildir, as paths."""
    return {str(path) for path in pathlib.Path(maildir).rglob("*") if path.parent.name in ("cur", "new") and path.is_file()}


class _Client:
    def __init__(self, folder, site, address):
        self.folder = pathlib.Path(folder) / type(self).__name__.lower() / address
        self.maildir = self.folder / "mails"
        self.site, self.address = site, address
        self.folder.mkdir(parents=True, exist_ok=True)

    def write_config(self, text):
        config = self.folder / "config"
        config.write_text(text, encoding="utf-8")
        config.chmod(0o600)
        return config

    def certificate(self):
        return self.site.instance.data / "tls" / "tls.crt"


class _Pop3Client(_Client):
    """Hands each mail to a command, as they deliver, and leaves it on the server."""

    def new_mails(self):
        fetched = self.folder / "fetched"
        fetched.write_text("")
        self.fetch(f"cat >/dev/null; echo 1 >> {fetched}")
        return len(fetched.read_text(encoding="ascii").splitlines())


class Fetchmail(_Pop3Client):
    def fetch(self, deliver):
        config = self.write_config(f"poll {HOST} service {self.site.ports['pop3s']} protocol POP3 uidl "
                                   f"user '{self.address}' password '{PASSWORD}' ssl no sslcertck "
                                   f"mda \"sh -c '{deliver}'\" keep\n")
        run(["fetchmail", "-f", config, "--pidfile", self.folder / "pid", "--idfile", self.folder / "ids"], (0, NO_NEW_MAIL),
            HOME=str(self.folder))


class Getmail(_Pop3Client):
    def fetch(self, deliver):
        config = self.write_config(f"""[retriever]
type = SimplePOP3SSLRetriever
server = {HOST}
port = {self.site.ports['pop3s']}
username = {self.address}
password = {PASSWORD}

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "{deliver}")
allow_root_commands = true

[options]
read_all = false
delete = false
""")
        run(["getmail", f"--getmaildir={self.folder}", f"--rcfile={config}"])


class Mbsync(_Client):
    CHANNEL = "Create Near"

    def pull(self, channel=CHANNEL):
        """The mails there are now."""
        self.maildir.mkdir(exist_ok=True)
        config = self.write_config(f"""IMAPStore far
Host {HOST}
Port {self.site.ports['imaps']}
User {self.address}
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {self.certificate()}

MaildirStore near
Path {self.maildir}/
Inbox {self.maildir}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
{channel}
SyncState *
""")
        run(["mbsync", "-c", config, "-Dn", "all"])
        return files_of(self.maildir)


class OfflineImap(_Client):
    def pull(self):
        """The mails there are now, and what it did."""
        leaf = ssl.PEM_cert_to_DER_cert(self.certificate().read_text(encoding="ascii").partition("-----END CERTIFICATE-----")[0]
                                        + "-----END CERTIFICATE-----\n")
        config = self.write_config(f"""[general]
accounts = all
metadata = {self.folder}/metadata
socktimeout = 60

[Account all]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {self.maildir}

[Repository far]
type = IMAP
remotehost = {HOST}
remoteport = {self.site.ports['imaps']}
remoteuser = {self.address}
remotepass = {PASSWORD}
ssl = yes
cert_fingerprint = {hashlib.sha512(leaf).hexdigest()}
""")
        said = run(["offlineimap", "-c", config, "-o", "-u", "basic"], HOME=str(self.folder))
        return files_of(self.maildir), said
