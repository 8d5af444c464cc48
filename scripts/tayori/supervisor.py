"""Keeps native processes running: one that dies is started again within a second, with its reason in the log.

Run as `python3 -m tayori.supervisor DATA`; reads DATA/run/plan.json, keeps DATA/run/status.json true, ends at SIGTERM
after it stopped all of its processes (TERM, 25 seconds, KILL). A lock on DATA/run/supervisor.lock allows one per folder;
who finds the lock free knows that no supervisor lives, whatever files say.
"""

import fcntl
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

STOP_SECONDS = 25
# The first death in a while is answered at once; a process that dies again and again waits, but never a second.
DELAYS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
STEADY_SECONDS = 10
LOG_BYTES_MAX = 16 * 1024 * 1024
LOGS_KEPT = 4
ROTATION_SECONDS = 10


class Process:
    def __init__(self, row, logs):
        self.row = row
        self.log_path = logs / f"{row['name']}.log"
        self.child = None
        self.started = 0.0
        self.started_at = 0
        self.deaths_in_a_row = 0
        self.restarts = 0
        self.due = 0.0

    def start(self):
        log = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            self.child = subprocess.Popen(self.row["argv"], env={**os.environ, **self.row["env"]}, stdout=log,
                                          stderr=log, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True)
        finally:
            os.close(log)
        self.started = time.monotonic()
        self.started_at = int(time.time())

    def next_delay(self):
        if time.monotonic() - self.started > STEADY_SECONDS:
            self.deaths_in_a_row = 0
        delay = DELAYS[min(self.deaths_in_a_row, len(DELAYS) - 1)]
        self.deaths_in_a_row += 1
        return delay

    def status(self):
        running = self.child is not None
        return {"name": self.row["name"], "program": self.row["program"], "pid": self.child.pid if running else None,
                "running": running, "ports": self.row["ports"], "services": self.row["services"],
                "metrics_port": self.row["metrics"], "restarts": self.restarts, "started": self.started_at,
                "log": str(self.log_path)}


def reason(code):
    if code >= 0:
        return f"it ended with status {code}" + (" (wrong settings)" if code == 78 else "")
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


class Supervisor:
    def __init__(self, data):
        self.run_folder = data / "run"
        self.logs = data / "log"
        plan = json.loads((self.run_folder / "plan.json").read_text())
        self.processes = [Process(row, self.logs) for row in plan["processes"]]
        self.stopping = False
        self.rotate_at = time.monotonic() + ROTATION_SECONDS
        self.wake_read, self.wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def log(self, process, text):
        """Into the supervisor's own log, and into the log of the process that it is about."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S") + time.strftime("%z")
        line = f"{stamp} supervisor[{os.getpid()}] {text}\n"
        paths = [self.logs / "supervisor.log"] + ([process.log_path] if process else [])
        for path in paths:
            try:
                with open(path, "a", encoding="utf-8") as file:
                    file.write(line)
            except OSError:
                pass  # a full disk must not stop the restarts

    def run(self):
        signal.set_wakeup_fd(self.wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self.on_stop)
        signal.signal(signal.SIGINT, self.on_stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for process in self.processes:
            self.launch(process, "started")
        self.publish()
        while not self.stopping:
            self.wait()
            self.reap()
            self.start_due()
            self.rotate_logs()
        self.stop_all()

    def on_stop(self, *_):
        self.stopping = True

    def wait(self):
        due = [p.due for p in self.processes if p.child is None]
        timeout = max(0.0, min([*due, self.rotate_at]) - time.monotonic())
        select.select([self.wake_read], [], [], timeout)
        try:
            os.read(self.wake_read, 4096)
        except BlockingIOError:
            pass

    def launch(self, process, word):
        try:
            process.start()
        except OSError as error:
            process.child = None
            process.due = time.monotonic() + process.next_delay() + 0.1
            self.log(process, f"{process.row['name']} could not be started: {error}")
            return
        self.log(process, f"{process.row['name']} {word} as process {process.child.pid}")

    def reap(self):
        changed = False
        for process in self.processes:
            if process.child is None or process.child.poll() is None:
                continue
            changed = True
            delay = process.next_delay()
            self.log(process, f"{process.row['name']}, process {process.child.pid}, died: "
                              f"{reason(process.child.returncode)}; starting it again"
                              + (f" in {delay:.2f} s" if delay else ""))
            process.child = None
            process.restarts += 1
            process.due = time.monotonic() + delay
        if changed:
            self.publish()

    def start_due(self):
        now = time.monotonic()
        waiting = [p for p in self.processes if p.child is None and p.due <= now]
        for process in waiting:
            self.launch(process, "started again")
        if waiting:
            self.publish()

    def publish(self):
        fresh = self.run_folder / "status.json.new"
        rows = [process.status() for process in self.processes]
        try:
            fresh.write_text(json.dumps({"supervisor": os.getpid(), "processes": rows}, indent=1))
            fresh.replace(self.run_folder / "status.json")
            for row in rows:
                (self.run_folder / f"{row['name']}.pid").write_text(f"{row['pid'] or ''}\n")
        except OSError:
            pass  # disk full: the processes matter more

    def rotate_logs(self):
        """Copies and truncates: the programs keep their files open for appending."""
        if time.monotonic() < self.rotate_at:
            return
        self.rotate_at = time.monotonic() + ROTATION_SECONDS
        for path in [p.log_path for p in self.processes] + [self.logs / "supervisor.log"]:
            try:
                if path.stat().st_size > LOG_BYTES_MAX:
                    rotate(path)
            except OSError:
                pass

    def stop_all(self):
        """The daemons first, so that their last commits still find spoold."""
        daemons = [p for p in self.processes if p.row["program"] != "spoold"]
        spools = [p for p in self.processes if p.row["program"] == "spoold"]
        for group in (daemons, spools):
            deadline = time.monotonic() + STOP_SECONDS
            for process in group:
                self.signal(process, signal.SIGTERM)
            for process in group:
                self.wait_for(process, deadline)
        self.log(None, "all processes are stopped")
        for name in ("status.json", *(f"{p.row['name']}.pid" for p in self.processes)):
            (self.run_folder / name).unlink(missing_ok=True)

    @staticmethod
    def signal(process, number):
        if process.child is not None and process.child.poll() is None:
            process.child.send_signal(number)

    def wait_for(self, process, deadline):
        if process.child is None:
            return
        try:
            process.child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.log(process, f"{process.row['name']} did not stop within {STOP_SECONDS} s and is killed")
            process.child.kill()
            process.child.wait()


def rotate(path):
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    copy = path.with_name(f"{path.name}.1")
    with open(path, "rb") as source, open(copy, "wb") as target:
        while chunk := source.read(1 << 20):
            target.write(chunk)
    os.truncate(path, 0)


def main():
    data = pathlib.Path(sys.argv[1])
    lock = os.open(data / "run" / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("another supervisor has this data folder")
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    Supervisor(data).run()


if __name__ == "__main__":
    main()
