"""The appliance as plain processes of this machine, under tayori.supervisor."""

import fcntl
import grp
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

from tayori import build, plan
from tayori.console import Failure, note, step
from tayori.place import PROCESSES, ROOT

USER = "tayori"
START_SECONDS = 60
STOP_SECONDS = 60
POLL_SECONDS = 0.05
GREETINGS = {"smtp": b"220 ", "submission": b"220 ", "pop3": b"+OK", "imap": b"* "}


def until(condition, seconds):
    """Asks again and again; what it waits for are other programs, which send us no event."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(POLL_SECONDS)
    return condition()


def supervisor_pid(instance):
    """The process that holds the lock, or None. The lock tells the truth also after a kill."""
    path = instance.run / "supervisor.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        text = path.read_text().strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(lock)


def read_status(instance):
    try:
        return json.loads((instance.run / "status.json").read_text())
    except (OSError, ValueError):
        return {"processes": []}


def is_ours(pid, instance):
    """Whether the process with this number is one of this instance's programs, and no later owner of the number."""
    try:
        return os.readlink(f"/proc/{pid}/exe").startswith(f"{instance.data}/bin/")
    except OSError:
        return False


def clear_leftovers(instance):
    """Processes that outlived a killed supervisor."""
    pids = [row["pid"] for row in read_status(instance)["processes"] if row.get("pid")]
    left = [pid for pid in pids if is_ours(pid, instance)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            if is_ours(pid, instance):
                os.kill(pid, number)
        if until(lambda: not any(is_ours(pid, instance) for pid in left), 25):
            return


def runs_as(instance):
    """The arguments before a program's own: where root starts us, the daemons run as the user `tayori`."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
                        "--shell", "/usr/sbin/nologin", USER], check=False, capture_output=True)
    try:
        grp.getgrnam(USER)
        user = pwd.getpwnam(USER)
    except KeyError:
        note(f"there is no user {USER} and none could be made: the processes run as root")
        return []
    prefix = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--inh-caps", "-all,+net_bind_service",
              "--ambient-caps", "-all,+net_bind_service", "--bounding-set", "-all,+net_bind_service", "--no-new-privs"]
    give(instance.data, user)
    if subprocess.run([*prefix, "test", "-r", str(instance.data / "bin" / "spoold")], check=False,
                      capture_output=True).returncode != 0:
        note(f"the user {USER} cannot reach {instance.data}: the processes run as root")
        return []
    return prefix


def give(folder, user):
    """The data folder and what lies in it to the user; only what is not theirs yet, so that it is quick."""
    if os.stat(folder).st_uid == user.pw_uid:
        return
    for parent, folders, files in os.walk(folder):
        for path in [parent, *(os.path.join(parent, name) for name in folders + files)]:
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def place_programs(instance, built):
    """Copies what was built, so that a running instance is not changed under its feet and its user can reach it."""
    target = instance.data / "bin"
    target.mkdir(parents=True, exist_ok=True)
    for name in build.BINARIES:
        source, copy = built / name, target / name
        if not source.exists():
            raise Failure(f"{source} was not built")
        same = copy.exists() and copy.stat().st_mtime_ns == source.stat().st_mtime_ns
        if not same:
            fresh = copy.with_suffix(".new")
            shutil.copy2(source, fresh)
            fresh.chmod(0o755)
            fresh.replace(copy)
    return target


def place_plugins(instance):
    """Copies the plugins that came with Tayori to where its programs look for them; the site's own stay in the data folder."""
    target = instance.data / "share" / "plugins"
    fresh = target.with_name("plugins.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(ROOT / "plugins", fresh, ignore=shutil.ignore_patterns("tests"))
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    site = instance.data / instance.settings().get("plugins", {}).get("site_directory", "plugins")
    if site.is_relative_to(instance.data):  # elsewhere it is somebody else's to make
        site.mkdir(exist_ok=True, parents=True)


def greeting_on(port, expected):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(2)
            return connection.recv(64).startswith(expected)
    except OSError:
        return False


def wait_until_serving(instance, ports):
    waiting = {name: port for name, port in ports.items()}

    def all_answer():
        for name in list(waiting):
            # Behind TLS nothing is said before the handshake: an open port is what can be seen from here.
            if greeting_on(waiting[name], GREETINGS.get(name, b"")) if name in GREETINGS else is_open(waiting[name]):
                del waiting[name]
        return not waiting or supervisor_pid(instance) is None

    until(all_answer, START_SECONDS)
    if waiting:
        raise Failure(f"no answer on {', '.join(f'{n} (port {p})' for n, p in waiting.items())}; "
                      f"what the programs said:\n{last_log_lines(instance)}")


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    except OSError:
        return False


def last_log_lines(instance, count=6):
    out = []
    for path in sorted(instance.logs.glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()[-count:]
        out += [f"  {path.name}: {line}" for line in lines]
    return "\n".join(out)


def wanted_ports(instance):
    """The ports of an `up`: those of tayori.toml where it names any and no base was chosen."""
    settings = instance.settings()
    named = {}
    if instance.port_base is None:
        from tayori.place import SERVICES
        for service, (_, program, key) in SERVICES.items():
            addresses = settings.get(program, {}).get(key)
            if isinstance(addresses, list):
                named[service] = [str(address) for address in addresses]
    ports, sentence = instance.choose_ports()
    return ports, named, sentence


def up(instance, built):
    """Starts everything, or says that it runs. `built` is the folder with the programs."""
    if supervisor_pid(instance):
        ports = instance.load_state().get("ports", {})
        changed = any((instance.data / "bin" / name).stat().st_mtime_ns != (built / name).stat().st_mtime_ns
                      for name in build.BINARIES)
        if not changed:
            return ports, "running already"
        step("The programs were rebuilt: starting them anew")
        down(instance)
    for folder in (instance.data, instance.run, instance.logs):
        folder.mkdir(parents=True, exist_ok=True)
    clear_leftovers(instance)
    instance.socket_path().parent.mkdir(parents=True, exist_ok=True)
    ports, named, sentence = wanted_ports(instance)
    programs = place_programs(instance, built)
    place_plugins(instance)
    prefix = runs_as(instance)
    base = ports["smtp"] - 25
    rows = plan.processes(instance, programs, ports, base if 1024 <= base <= 65535 - 9600 else None)
    for row in rows:
        row["argv"] = prefix + row["argv"]
        apply_named(row, named)
    instance.save_state({"mode": "native", "ports": ports, "port_base": base})
    (instance.run / "plan.json").write_text(json.dumps({"processes": rows}, indent=1))
    if prefix:
        user = pwd.getpwnam(USER)
        for folder in (instance.run, instance.logs, instance.socket_path().parent):
            os.chown(folder, user.pw_uid, user.pw_gid)
    check_settings(instance, rows)
    step("Starting " + ", ".join(row["name"] for row in rows))
    launch_supervisor(instance)
    wait_until_serving(instance, {n: p for n, p in ports.items() if n not in named})
    return ports, sentence


def apply_named(row, named):
    from tayori.place import SERVICES
    for service in named:
        _, program, key = SERVICES[service]
        row["env"].pop(f"TAYORI__{program}__{key}".upper(), None)


def check_settings(instance, rows):
    """Wrong settings are better told now than by a process that dies again and again."""
    for row in rows[:1]:
        done = subprocess.run([*row["argv"], "--check"], env={**os.environ, **row["env"]}, capture_output=True,
                              text=True, check=False)
        if done.returncode == 78:
            raise Failure(done.stderr.strip() or f"{instance.config_file()} is wrong")


def launch_supervisor(instance):
    log = os.open(instance.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.Popen([sys.executable, "-m", "tayori.supervisor", str(instance.data)], env=environment, cwd="/",
                     stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    os.close(log)
    if not until(lambda: supervisor_pid(instance), 10):
        raise Failure(f"the supervisor did not start; see {instance.logs / 'supervisor.log'}")


def down(instance):
    pid = supervisor_pid(instance)
    if pid:
        os.kill(pid, signal.SIGTERM)
        if not until(lambda: supervisor_pid(instance) is None, STOP_SECONDS):
            raise Failure(f"the supervisor (process {pid}) does not stop")
    clear_leftovers(instance)
    (instance.run / "status.json").unlink(missing_ok=True)
    return bool(pid)


def status(instance):
    """The rows of `status --json`; a process that is not running has pid null."""
    alive = supervisor_pid(instance) is not None
    rows = read_status(instance)["processes"]
    for row in rows:
        row["running"] = bool(row.get("pid")) and is_alive(row["pid"])
    return rows if alive or any(row["running"] for row in rows) else []


def is_alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def logs(instance, names, follow):
    wanted = [name for name in names] or [*PROCESSES, "supervisor"]
    paths = [path for path in sorted(instance.logs.glob("*.log"))
             if any(path.stem == name or path.stem.startswith(f"{name}-") for name in wanted)]
    if not paths:
        raise Failure(f"no logs of {', '.join(wanted)} in {instance.logs}")
    os.execvp("tail", ["tail", "-n", "200", *(["-F"] if follow else []), *map(str, paths)])


def adminctl_command(instance):
    """The program and its environment."""
    program = instance.data / "bin" / "adminctl"
    if not program.exists():
        program = build.binary("adminctl")
    if not program.exists():
        raise Failure("nothing is built here; first: ./tayori up")
    return program, {**os.environ, **plan.environment(instance, {})}


def adminctl(instance, arguments):
    """Replaces this process, so that pipes and exit status are adminctl's own."""
    program, environment = adminctl_command(instance)
    sys.stdout.flush()
    os.execve(program, [str(program), *arguments], environment)


def ask_adminctl(instance, arguments, stdin=""):
    program, environment = adminctl_command(instance)
    return subprocess.run([str(program), *arguments], env=environment, input=stdin, capture_output=True, text=True,
                          check=False)
