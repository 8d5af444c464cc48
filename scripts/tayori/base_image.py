"""debian:bookworm-slim: pulled where a registry answers, else made from Debian's packages."""

import os
import pathlib
import subprocess
import tempfile

from tayori import packages
from tayori.console import Failure, note, step

IMAGE = "debian:bookworm-slim"
RELEASE = "bookworm"
SUITES = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")
PULL_SECONDS = 60
# What the slim image leaves out as well.
LEFT_OUT = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/info/*", "./usr/share/locale/*", "./usr/share/lintian/*",
            "./var/cache/apt/*", "./var/lib/apt/lists/*", "./var/log/*", "./dev/*", "./proc/*", "./sys/*")


def exists():
    return subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode == 0


def ensure():
    if exists():
        return
    step(f"Getting the base image {IMAGE}")
    if pulled():
        return
    note("no registry answers; making it from Debian's packages")
    packages.install(packages.CONTAINERS, "to make the base image")
    make()


def pulled():
    try:
        done = subprocess.run(["docker", "pull", "-q", IMAGE], capture_output=True, timeout=PULL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def mirrors():
    """Release -> address, from the machine's own package sources, so that what it may reach is what is used."""
    found = known_mirrors()
    if RELEASE not in found:
        # Without package lists apt does not know whose they are.
        subprocess.run(packages.as_root(["apt-get", "-qq", "update"]), check=False)
        found = known_mirrors()
    if RELEASE not in found:
        raise Failure(f"apt's sources here name no mirror of Debian {RELEASE}; add one, or: docker pull {IMAGE}")
    return found


def known_mirrors():
    found = {}
    asked = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)|$(RELEASE)|$(ORIGIN)",
                            "Created-By: Packages"], capture_output=True, text=True, check=False)
    for line in asked.stdout.splitlines():
        site, release, origin = line.split("|")
        if origin == "Debian" and release in SUITES:
            found[release] = site
    return found


def proxy():
    """The proxy that apt uses here, for the apt inside the images."""
    if os.environ.get("http_proxy"):
        return os.environ["http_proxy"]
    asked = subprocess.run(["apt-config", "shell", "P", "Acquire::http::Proxy"], capture_output=True, text=True,
                           check=False)
    return asked.stdout.partition("'")[2].rpartition("'")[0]


def make():
    if packages.as_root(["true"]) is None:
        raise Failure(f"the base image needs root (debootstrap). Run as root, use sudo, or: docker pull {IMAGE}")
    found = mirrors()
    with tempfile.TemporaryDirectory(prefix="tayori-base-") as folder:
        root = pathlib.Path(folder) / "root"
        through = ["env", f"http_proxy={proxy()}"] if proxy() else []
        bootstrapped = subprocess.run(
            packages.as_root([*through, "debootstrap", "--variant=minbase", "--include=ca-certificates", RELEASE,
                              str(root), found[RELEASE]]), capture_output=True, text=True, check=False)
        try:
            if bootstrapped.returncode != 0:
                tail = "\n".join((bootstrapped.stdout + bootstrapped.stderr).splitlines()[-10:])
                raise Failure(f"debootstrap failed:\n{tail}")
            write_sources(root, found)
            load(root)
        finally:
            subprocess.run(packages.as_root(["rm", "-rf", "--one-file-system", str(root)]), check=False)
    note(f"{IMAGE} is made")


def write_sources(root, found):
    text = "".join(f"deb {site} {release} main\n" for release, site in found.items())
    subprocess.run(packages.as_root(["tee", str(root / "etc/apt/sources.list")]), input=text, text=True, check=True,
                   stdout=subprocess.DEVNULL)


def load(root):
    """Straight from tar into the engine."""
    excludes = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    packed = subprocess.Popen(packages.as_root(["tar", "-C", str(root), "-c", *excludes, "."]), stdout=subprocess.PIPE)
    loaded = subprocess.run(["docker", "import", "--change", 'CMD ["bash"]', "-", IMAGE], stdin=packed.stdout,
                            capture_output=True, text=True, check=False)
    packed.stdout.close()
    if packed.wait() != 0 or loaded.returncode != 0:
        raise Failure(f"docker import failed: {loaded.stderr}")
