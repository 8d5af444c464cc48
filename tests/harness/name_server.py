"""BIND for a test: zones as text on a free port of 127.0.0.1; or a resolver that forwards to such a one and checks signatures.

    with NameServer({"test": ZONE_TEXT}) as dns:
        dns.address   # "127.0.0.1:12345"
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.dns_question import answers
from harness.site import until
from tayori import plan

START_SECONDS = 30
OPTIONS = """options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
  session-keyfile none; managed-keys-directory "{folder}"; empty-zones-enable no; allow-query {{ any; }}; {more} }};
controls {{ }};
"""


def named():
    """The program, or None."""
    return shutil.which("named", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class NameServer:
    """`zones`: name -> records. `forward_to`: an address that all questions go to. `anchors`: of DNSSEC, as named.conf has them."""

    def __init__(self, zones=None, forward_to=None, anchors="", probe="test"):
        self.zones = zones or {}
        self.port = plan.free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory(prefix="tayori-named-")
        self.probe = probe
        if forward_to:
            host, port = forward_to.split(":")
            more = f"recursion yes; forward only; forwarders {{ {host} port {port}; }}; dnssec-validation {'yes' if anchors else 'no'};"
        else:
            more = "recursion no; dnssec-validation no;"
        self.config = OPTIONS.format(folder=self.folder.name, port=self.port, more=more)
        if anchors:
            self.config += f"trust-anchors {{ {anchors} }};\n"
        self.process = None

    def __enter__(self):
        folder = pathlib.Path(self.folder.name)
        for name, text in self.zones.items():
            (folder / f"{name}.zone").write_text(text, encoding="utf-8")
            self.config += f'zone "{name}" {{ type master; file "{name}.zone"; check-names ignore; check-integrity no; }};\n'
        (folder / "named.conf").write_text(self.config, encoding="utf-8")
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen([named(), "-g", "-n", "1", "-c", str(folder / "named.conf")], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        try:
            until(self.is_up, START_SECONDS, "named answers")
        except BaseException as trouble:
            self.__exit__()
            raise AssertionError(self.log) from trouble
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("named ended")
        return answers(self.port, self.probe)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log = (pathlib.Path(self.folder.name) / "log").read_text(encoding="utf-8", errors="replace")
        self.folder.cleanup()
