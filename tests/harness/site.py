"""A whole appliance for a test: real processes, a folder of its own, ports that the kernel chose.

    with Site() as site:
        site.adminctl("domain", "add", "example.test")
        site.ports["imap"]

Nothing sleeps: what must happen is asked for again and again until a deadline.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from tayori import native, plan  # noqa: E402
from tayori.place import SERVICES, Instance  # noqa: E402

START_SECONDS = 30
STOP_SECONDS = 30
ADMINCTL_SECONDS = 60
PASSWORD = "secret"


class TestFailure(Exception):
    """A test saw something else than it should."""


def until(condition, seconds, what):
    """The first true value of `condition`; fails with `what` after `seconds`."""
    value = native.until(condition, seconds)
    if not value:
        raise TestFailure(f"not within {seconds} s: {what}")
    return value


def accepts(path):
    """Whether somebody listens on a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def newest_binaries():
    """The folder in which spoold was built last."""
    named = os.environ.get("TAYORI_BINARIES")
    if named:
        return pathlib.Path(named).resolve()
    built = [path for path in ROOT.glob("build/*/bin/spoold") if "containers" not in str(path)]
    if not built:
        raise TestFailure("nothing is built; first: ninja -C build/release")
    return max(built, key=lambda path: path.stat().st_mtime).parent


class Site:
    """`settings` are TAYORI__SECTION__KEY values over the defaults, `programs` what to start."""

    def __init__(self, binaries=None, settings=None, programs=("spoold", "smtpd", "pop3d", "imapd"), data=None):
        self.binaries = pathlib.Path(binaries) if binaries else newest_binaries()
        self.folder = None if data else tempfile.TemporaryDirectory(prefix="tayori-test-")
        self.instance = Instance(str(data or self.folder.name), 0)
        self.settings = settings or {}
        self.programs = programs
        self.ports = {name: plan.free_port() for name in SERVICES if SERVICES[name][1] in programs}
        self.rows = {}
        self.children = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        if self.folder:
            self.folder.cleanup()

    def start(self):
        for folder in (self.instance.data, self.instance.run, self.instance.logs, self.instance.socket_path().parent):
            folder.mkdir(parents=True, exist_ok=True)
        rows = plan.processes(self.instance, self.binaries, self.ports, hosts=["127.0.0.1"])
        self.rows = {row["name"]: row for row in rows if row["program"] in self.programs}
        for name in self.rows:
            self.start_process(name)
        self.wait_until_serving()

    def start_process(self, name):
        row = self.rows[name]
        environment = {**os.environ, **row["env"], **self.settings}
        with open(self.log_path(name), "ab") as log:
            self.children[name] = subprocess.Popen(row["argv"], env=environment, stdout=log, stderr=log,
                                                   stdin=subprocess.DEVNULL, start_new_session=True)

    def wait_until_serving(self):
        """Until every port and spoold's socket answer; a process that ended instead is told with its last words."""
        admin = self.instance.socket_path().parent / "admin.sock"
        if "spoold" in self.programs:
            until(lambda: self.alive() and accepts(admin), START_SECONDS, f"spoold\n{self.last_words()}")
        for name, port in self.ports.items():
            until(lambda p=port, n=name: self.answers(n, p), START_SECONDS, f"{name} on port {port}\n{self.last_words()}")

    def alive(self):
        for name, child in self.children.items():
            if child.poll() is not None:
                raise TestFailure(f"{name} ended with {child.returncode}\n{self.last_words()}")
        return True

    def answers(self, service, port):
        self.alive()
        if service in native.GREETINGS:
            return native.greeting_on(port, native.GREETINGS[service])
        return native.is_open(port)

    def log_path(self, name):
        return self.instance.logs / f"{name}.log"

    def last_words(self):
        return native.last_log_lines(self.instance, 15)

    def pid(self, name):
        return self.children[name].pid

    def kill(self, name):
        """SIGKILL, as nothing else ends a process so suddenly."""
        self.children[name].kill()
        self.children[name].wait()

    def stop(self):
        for name in [n for n in self.children if n != "spoold"] + ["spoold"]:
            child = self.children.pop(name, None)
            if child is None:
                continue
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
                print(f"# {name} did not stop within {STOP_SECONDS} s", file=sys.stderr)
        shutil.rmtree(f"/tmp/tayori-{self.instance.identity()}", ignore_errors=True)

    def adminctl(self, *arguments, stdin="", expect=0, seconds=ADMINCTL_SECONDS):
        """Its standard output. `expect`: its exit status, or a tuple of them; None: any."""
        done = subprocess.run(self.adminctl_line(*arguments), env=self.adminctl_environment(), input=stdin,
                              capture_output=True, text=True, timeout=seconds, check=False)
        if expect is not None and done.returncode not in (expect if isinstance(expect, tuple) else (expect,)):
            raise TestFailure(f"adminctl {' '.join(arguments)}: status {done.returncode}, not {expect}\n"
                              f"{done.stdout}{done.stderr}")
        return done.stdout

    def adminctl_line(self, *arguments):
        return [str(self.binaries / "adminctl"), *arguments]

    def adminctl_environment(self):
        return {**os.environ, **plan.environment(self.instance, {}), **self.settings}

    def add_domain(self, name):
        self.adminctl("domain", "add", name)

    def add_account(self, address, password=PASSWORD, *options):
        self.adminctl("account", "add", address, "--password-stdin", *options, stdin=f"{password}\n")

    def resident_kib(self, name):
        with open(f"/proc/{self.pid(name)}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def deadline(seconds):
    return time.monotonic() + seconds
