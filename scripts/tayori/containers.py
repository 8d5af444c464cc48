"""The appliance in containers: builds the images, runs compose.yaml."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from tayori import base_image, build, native, packages
from tayori.console import Failure, note, step
from tayori.place import PROCESSES, PROGRAMS, ROOT, SERVICES

IMAGES = (*PROGRAMS, "adminctl", "edge")
CONTEXT = ("CMakeLists.txt", "CMakePresets.json", "cmake", "proto", "services", "plugins", "images")
SOURCES_LABEL = "tayori.sources"
CONTAINER_USER = 10025
START_SECONDS = 180
VOLUMES = {"DATA": "", "BACKUP": "backup", "TLS": "tls", "PKI_SMTPD": "pki/smtpd", "PKI_POP3D": "pki/pop3d", "PKI_IMAPD": "pki/imapd",
           "PKI_FETCH": "pki/fetch"}


def compose():
    """`docker compose`, else docker-compose, which is installed where it is missing."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    if not shutil.which("docker-compose"):
        packages.install(["docker-compose"], "to run compose.yaml")
    return ["docker-compose"]


def project(instance):
    return f"tayori-{instance.identity()}" if instance.data_is_chosen else "tayori"


def environment(instance, ports):
    """What compose.yaml asks for. A chosen data folder takes the place of the named volumes."""
    values = {f"TAYORI_PORT_{name}".upper(): str(port) for name, port in ports.items()}
    values["TAYORI_CONFIG_FILE"] = str(instance.config_file())
    if instance.data_is_chosen:
        for name, folder in VOLUMES.items():
            values[f"TAYORI_VOLUME_{name}"] = str(instance.data / folder)
    values["TAYORI_PLUGINS"] = os.environ.get("TAYORI_PLUGINS") or str(site_plugins(instance))
    # Backups best lie elsewhere than the data.
    if os.environ.get("TAYORI_VOLUME_BACKUP"):
        values["TAYORI_VOLUME_BACKUP"] = os.environ["TAYORI_VOLUME_BACKUP"]
    if not instance.settings().get("site", {}).get("hostname"):
        values["TAYORI__SITE__HOSTNAME"] = os.environ.get("TAYORI__SITE__HOSTNAME") or socket.getfqdn()
    return {**os.environ, **values}


def site_plugins(instance):
    """The folder of the site's own plugins, which the daemons may only read."""
    return instance.data / "plugins" if instance.data_is_chosen else ROOT / "site-plugins"


def run_compose(instance, arguments, ports=None, **options):
    ports = ports or instance.load_state().get("ports") or {name: row[0] for name, row in SERVICES.items()}
    command = [*compose(), "-p", project(instance), "-f", str(ROOT / "compose.yaml"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(instance, ports), check=False, **options)


def fingerprint():
    """Of everything that goes into the images."""
    digest = hashlib.sha256(os.environ.get("TAYORI_PREBUILT", "").encode())
    for part in CONTEXT:
        top = ROOT / part
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    if os.environ.get("TAYORI_PREBUILT"):
        for name in build.BINARIES:
            digest.update(build.binary(name).read_bytes())
    return digest.hexdigest()[:16]


def image_fingerprint(name):
    asked = subprocess.run(["docker", "image", "inspect", "-f", f'{{{{index .Config.Labels "{SOURCES_LABEL}"}}}}',
                            f"tayori/{name}"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def build_images():
    """Whatever is older than the sources. Compiling happens inside, unless TAYORI_PREBUILT=yes gives the programs."""
    prebuilt = os.environ.get("TAYORI_PREBUILT", "")
    if prebuilt:
        provide_programs()
    wanted = fingerprint()
    old = [name for name in IMAGES if image_fingerprint(name) != wanted]
    if not old:
        return
    base_image.ensure()
    started = time.monotonic()
    step(f"Building the images {', '.join(old)}" + ("" if prebuilt else " (compiles Tayori, some minutes)"))
    for name in old:
        arguments = ["--build-arg", f"PREBUILT={prebuilt}", "--label", f"{SOURCES_LABEL}={wanted}"]
        if base_image.proxy():
            arguments += ["--build-arg", f"http_proxy={base_image.proxy()}"]
        command = ["docker", "build", "-f", "images/Dockerfile", "--target", name, "-t", f"tayori/{name}", *arguments, "."]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        if done.returncode != 0:
            raise Failure(f"the image {name} could not be built:\n" + "\n".join(done.stdout.splitlines()[-40:]))
        note(f"tayori/{name}, {time.monotonic() - started:.0f} s")


def provide_programs():
    """The programs of the release build, stripped, where the Dockerfile finds them."""
    target = ROOT / "build" / "images" / "bin"
    target.mkdir(parents=True, exist_ok=True)
    for name in build.BINARIES:
        source = build.binary(name)
        if not source.exists():
            raise Failure(f"TAYORI_PREBUILT=yes, but {source} is not built")
        if not (target / name).exists() or (target / name).stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["strip", "-o", str(target / name), str(source)], check=True)


def prepare_data(instance):
    """Folders that take the place of volumes belong to the containers' user."""
    if not os.environ.get("TAYORI_PLUGINS"):
        site_plugins(instance).mkdir(parents=True, exist_ok=True)
    if not instance.data_is_chosen:
        return
    for folder in ("", "run", "backup", "tls", "pki", "pki/smtpd", "pki/pop3d", "pki/imapd", "pki/fetch"):
        (instance.data / folder).mkdir(parents=True, exist_ok=True)
    if instance.data.stat().st_uid == CONTAINER_USER:
        return
    owner = packages.as_root(["chown", "-R", f"{CONTAINER_USER}:{CONTAINER_USER}", str(instance.data)])
    if owner is None or subprocess.run(owner, check=False).returncode != 0:
        raise Failure(f"{instance.data} must belong to user {CONTAINER_USER}, as which the containers run; as root:\n"
                      f"    chown -R {CONTAINER_USER}:{CONTAINER_USER} {instance.data}")


def up(instance):
    running = bool(status(instance))
    if running:
        ports, sentence = instance.load_state()["ports"], "running already"
    else:
        ports, sentence = instance.choose_ports()
    build_images()
    prepare_data(instance)
    instance.save_state({"mode": "containers", "ports": ports, "port_base": ports["smtp"] - 25})
    if not running:
        step("Starting the containers")
    done = run_compose(instance, ["up", "-d", "--no-build"], ports, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"compose could not start the containers:\n{done.stdout}{done.stderr}")
    wait_until_serving(instance, ports)
    return ports, sentence


def wait_until_serving(instance, ports):
    waiting = {name: port for name, port in ports.items() if name in native.GREETINGS}

    def all_answer():
        for name in list(waiting):
            if native.greeting_on(waiting[name], native.GREETINGS[name]):
                del waiting[name]
        return not waiting

    if not native.until(all_answer, START_SECONDS):
        tail = run_compose(instance, ["logs", "--tail=8"], capture_output=True, text=True).stdout
        raise Failure(f"no answer on {', '.join(f'{n} (port {p})' for n, p in waiting.items())}:\n{tail}")


def down(instance):
    running = bool(containers(instance))
    done = run_compose(instance, ["down", "--remove-orphans"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"compose could not stop the containers:\n{done.stdout}{done.stderr}")
    return running


def containers(instance):
    """What `docker inspect` says of every container of the project."""
    asked = subprocess.run(["docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={project(instance)}"],
                           capture_output=True, text=True, check=False)
    ids = asked.stdout.split()
    if asked.returncode != 0 or not ids:
        return []
    return json.loads(subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True).stdout)


def status(instance):
    rows = []
    for facts in containers(instance):
        state, labels = facts["State"], facts["Config"]["Labels"]
        if labels.get("com.docker.compose.oneoff") == "True":
            continue
        service, number = labels["com.docker.compose.service"], labels["com.docker.compose.container-number"]
        published = {int(key.split("/")[0]): int(bound[0]["HostPort"])
                     for key, bound in (facts["NetworkSettings"]["Ports"] or {}).items() if bound}
        services = {name: published[row[0]] for name, row in SERVICES.items() if row[0] in published}
        rows.append({"name": service if number == "1" else f"{service}-{number}", "program": service,
                     "pid": state["Pid"] or None, "running": state["Running"], "ports": sorted(services.values()),
                     "services": services, "restarts": facts["RestartCount"],
                     "health": state.get("Health", {}).get("Status", ""), "container": facts["Name"].lstrip("/")})
    order = {name: index for index, name in enumerate((*PROCESSES, "edge"))}
    return sorted(rows, key=lambda row: (order.get(row["program"], 9), row["name"]))


def logs(instance, names, follow):
    services = sorted({re.sub(r"-\d+$", "", name) for name in names})
    sys.stdout.flush()
    raise SystemExit(run_compose(instance, ["logs", "--tail=200", *(["-f"] if follow else []), *services]).returncode)


def in_spoold(instance, options):
    """The command that runs adminctl inside spoold's container, by its socket: no certificate is needed there."""
    running = [facts for facts in containers(instance)
               if facts["Config"]["Labels"].get("com.docker.compose.service") == "spoold" and facts["State"]["Running"]]
    if not running:
        raise Failure("spoold is not running; ./tayori up starts it")
    return ["docker", "exec", "-i", *options, running[0]["Id"], "adminctl"]


def adminctl(instance, arguments):
    """Replaces this process, so that pipes and exit status are adminctl's own."""
    terminal = ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command = [*in_spoold(instance, terminal), *arguments]
    sys.stdout.flush()
    os.execvp("docker", command)


def ask_adminctl(instance, arguments, stdin=""):
    return subprocess.run([*in_spoold(instance, []), *arguments], input=stdin, capture_output=True, text=True,
                          check=False)
