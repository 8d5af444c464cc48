"""Postfix and Dovecot from Debian, configured for speed with fsync as they ship it, in a folder of their own."""

import os
import pathlib
import pwd
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
MAIL_USER = "vmail"


def fill(template, target, values):
    text = (HERE / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)


def ensure_mail_user():
    try:
        pwd.getpwnam(MAIL_USER)
    except KeyError:
        subprocess.run(["useradd", "-r", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", MAIL_USER], check=True)


def doveadm_import(source, folder, evict):
    """Seconds until a Maildir is in an empty mdbox of Dovecot's, on disk. Needs root."""
    ensure_mail_user()
    base = pathlib.Path(folder)
    base.chmod(0o755)
    for name in ("run", "home"):
        (base / name).mkdir()
    own = base / "Maildir"  # doveadm writes its indexes into it
    shutil.copytree(source, own)
    subprocess.run(["chown", "-R", f"{MAIL_USER}:", base], check=True)
    fill("doveadm.conf", base / "doveadm.conf", {"BASE": base})
    evict(own)
    began = time.monotonic()
    subprocess.run(["setpriv", "--reuid", MAIL_USER, "--regid", MAIL_USER, "--clear-groups", "env", f"USER={MAIL_USER}",
                    f"HOME={base}/home", "doveadm", "-c", str(base / "doveadm.conf"), "import", f"maildir:{own}", "", "ALL"],
                   check=True)
    subprocess.run(["sync", "-f", str(base / "home")], check=True)
    return time.monotonic() - began


class Peers:
    """Users u0, u1, … with the password `secret`; addresses u%d@example.org. Needs root."""

    def __init__(self, folder, ports):
        self.folder = pathlib.Path(folder)
        self.ports = ports  # smtp, imap, imaps, pop3

    def start(self):
        ensure_mail_user()
        self.folder.chmod(0o755)
        self.start_dovecot()
        self.start_postfix()

    def start_dovecot(self):
        base = self.folder / "dovecot"
        for name in ("run", "home", "log"):
            (base / name).mkdir(parents=True, exist_ok=True)
        base.chmod(0o755)
        shutil.chown(base / "home", MAIL_USER, MAIL_USER)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "30", "-subj", "/CN=localhost", "-keyout", str(base / "tls.key"), "-out",
                        str(base / "tls.crt")], check=True, capture_output=True)
        fill("dovecot.conf", base / "dovecot.conf", {"BASE": base, "IMAP": self.ports["imap"],
                                                     "IMAPS": self.ports["imaps"], "POP3": self.ports["pop3"]})
        subprocess.run(["sh", "-c", f"ulimit -n $(ulimit -Hn); exec dovecot -c {base}/dovecot.conf"], check=True)

    def start_postfix(self):
        base = self.folder / "postfix"
        for name in ("etc", "spool", "data", "log"):
            (base / name).mkdir(parents=True, exist_ok=True)
        shutil.chown(base / "data", "postfix")
        for path in pathlib.Path("/etc/postfix").glob("dynamicmaps.cf*"):
            target = base / "etc" / path.name
            if path.is_dir():
                shutil.copytree(path, target, dirs_exist_ok=True)
            else:
                shutil.copy(path, target)
        for path in pathlib.Path("/etc/postfix").glob("postfix-files*"):
            if path.is_file():
                shutil.copy(path, base / "etc" / path.name)
            else:
                shutil.copytree(path, base / "etc" / path.name, dirs_exist_ok=True)
        values = {"BASE": base, "LMTP": self.folder / "dovecot/run/lmtp", "SMTP": self.ports["smtp"]}
        fill("main.cf", base / "etc/main.cf", values)
        self.fill_more(base / "etc/main.cf")
        fill("master.cf", base / "etc/master.cf", values)
        (base / "etc/users").write_text("/^u[0-9]+@example\\.org$/ OK\n")
        subprocess.run(["postfix", "-c", str(base / "etc"), "start"], check=True, capture_output=True)

    def fill_more(self, config):
        """More of main.cf, for those who want another Postfix."""

    def pids(self):
        names = ("dovecot/run/master.pid", "postfix/spool/pid/master.pid")
        return [int((self.folder / name).read_text()) for name in names]

    def imap_pids(self):
        return self.pids()[:1]

    def stop(self):
        subprocess.run(["dovecot", "-c", str(self.folder / "dovecot/dovecot.conf"), "stop"], check=False,
                       capture_output=True)
        subprocess.run(["postfix", "-c", str(self.folder / "postfix/etc"), "stop"], check=False, capture_output=True)


def stop_packaged_services():
    """The packages start their services when installed; a benchmark wants neither their ports nor their work."""
    for name in ("postfix", "dovecot"):
        if os.path.exists(f"/etc/init.d/{name}"):
            subprocess.run([f"/etc/init.d/{name}", "stop"], check=False, capture_output=True)
