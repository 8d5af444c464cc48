"""Where one instance of the appliance lies: sources, data, ports. Everything else asks an Instance."""

import hashlib
import json
import os
import pathlib
import socket
import tomllib

from tayori.console import Failure

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("spoold", "smtpd", "pop3d", "imapd")
PROCESSES = (*PROGRAMS, "fetch")  # what runs; fetch is `adminctl fetch serve`

# Service, standard port, and the key of tayori.toml that says where it listens.
SERVICES = {
    "smtp": (25, "smtpd", "listen"),
    "submission": (587, "smtpd", "listen_submission"),
    "submissions": (465, "smtpd", "listen_submissions"),
    "pop3": (110, "pop3d", "listen"),
    "pop3s": (995, "pop3d", "listen_tls"),
    "imap": (143, "imapd", "listen"),
    "imaps": (993, "imapd", "listen_tls"),
}
HIGHEST_SERVICE_PORT = max(port for port, _, _ in SERVICES.values())
FALLBACK_BASES = range(10000, 60000, 1000)
UNIX_PATH_BYTES_MAX = 100  # sun_path has 108, some of them for the temporary name


def default_data():
    if os.geteuid() == 0:
        return pathlib.Path("/var/lib/tayori")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return pathlib.Path(state) / "tayori"


def port_is_free(port, host="0.0.0.0"):
    """Free and allowed: a privileged port may be free and still not ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class Instance:
    """One data folder. `port_base` is None where nobody chose one."""

    def __init__(self, data=None, port_base=None):
        chosen = data or os.environ.get("TAYORI_DATA")
        self.data_is_chosen = bool(chosen)
        self.data = pathlib.Path(chosen).resolve() if chosen else default_data()
        if port_base is None and os.environ.get("TAYORI_PORT_BASE"):
            port_base = os.environ["TAYORI_PORT_BASE"]
        try:
            self.port_base = None if port_base is None else int(port_base)
        except ValueError:
            raise Failure(f"a port base is a number, not {port_base!r}") from None
        if self.port_base is not None and not 0 <= self.port_base <= 65535 - HIGHEST_SERVICE_PORT:
            raise Failure(f"a port base is from 0 to {65535 - HIGHEST_SERVICE_PORT}")

    @property
    def run(self):
        return self.data / "run"

    @property
    def logs(self):
        return self.data / "log"

    @property
    def state_file(self):
        return self.run / "tayori.json"

    def identity(self):
        """A short name for this data folder, for names that must not collide."""
        return hashlib.sha256(str(self.data).encode()).hexdigest()[:8]

    def socket_path(self):
        path = self.run / "spoold.sock"
        if len(str(path)) <= UNIX_PATH_BYTES_MAX:
            return path
        return pathlib.Path(f"/tmp/tayori-{self.identity()}/spoold.sock")

    def config_file(self):
        """tayori.toml: the one named by TAYORI_CONFIG, the instance's own, or that of the sources."""
        if os.environ.get("TAYORI_CONFIG"):
            return pathlib.Path(os.environ["TAYORI_CONFIG"]).resolve()
        own = self.data / "tayori.toml"
        return own if own.exists() else ROOT / "tayori.toml"

    def settings(self):
        """The file as it is; the programs check it. A file that is no TOML counts as empty here."""
        try:
            return tomllib.loads(self.config_file().read_text())
        except (OSError, tomllib.TOMLDecodeError):
            return {}

    def load_state(self):
        try:
            return json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}

    def save_state(self, state):
        self.run.mkdir(parents=True, exist_ok=True)
        fresh = self.state_file.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1))
        fresh.replace(self.state_file)

    def choose_ports(self):
        """Service -> port, and a sentence about the choice. An explicit base is taken or refused, never replaced."""
        if self.port_base is not None:
            taken = [base for base in self.numbers(self.port_base).values() if not port_is_free(base)]
            if taken:
                raise Failure(f"port {taken[0]} is in use or not allowed; choose another --port-base")
            return self.numbers(self.port_base), f"ports from the base {self.port_base}"
        last = self.load_state().get("port_base")
        bases = [0] + ([last] if last else []) + list(FALLBACK_BASES)
        for base in bases:
            ports = self.numbers(base)
            busy = [port for port in ports.values() if not port_is_free(port)]
            if busy:
                first_busy = busy[0] if base == 0 else first_busy
                continue
            if base == 0:
                return ports, "the standard ports"
            return ports, (f"standard port {first_busy} is in use or not allowed here, so the ports start at {base}; "
                           f"--port-base N chooses (SMTP is N+25, IMAPS N+993)")
        raise Failure("no free ports; choose with --port-base N")

    @staticmethod
    def numbers(base):
        return {name: base + port for name, (port, _, _) in SERVICES.items()}
