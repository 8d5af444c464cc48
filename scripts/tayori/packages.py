"""Debian packages: installs what is missing, and only that."""

import contextlib
import os
import shutil
import subprocess

from tayori.console import Failure, note, step

BUILD = """g++ cmake ninja-build ccache mold pkg-config protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
    libgrpc++-dev libnghttp2-dev libuv1-dev libssl-dev librocksdb-dev libtomlplusplus-dev libspdlog-dev libfmt-dev libabsl-dev
    libicu-dev libexpected-dev prometheus-cpp-dev libcli11-dev zlib1g-dev libgtest-dev libgmock-dev
    libarchive-dev nlohmann-json3-dev libcurl4-openssl-dev libc-ares-dev liblua5.4-dev libre2-dev""".split()
RUN = "ca-certificates openssl".split()
TEST = """curl swaks isync fetchmail getmail6 offlineimap3 openssl libnet-ssleay-perl libio-socket-ssl-perl
    libauthen-sasl-perl dovecot-core dovecot-imapd dovecot-pop3d bind9 python3-botocore python3-dkim python3-nacl""".split()
FUZZ = "clang-14 libclang-rt-14-dev".split()
CONTAINERS = ["debootstrap"]
POLICY = "/usr/sbin/policy-rc.d"  # asked by every package that would start something
PEERS = "postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd".split()


def missing(names):
    """Those of `names` that dpkg does not have installed."""
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *names],
                           capture_output=True, text=True, check=False)
    have = {line.split()[0] for line in asked.stdout.splitlines() if line.split()[1:2] == ["ii"]}
    return [name for name in names if name not in have]


def as_root(command):
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo"):
        return ["sudo", "--", *command]
    return None


def install(names, purpose):
    """Returns after every package is there; raises with the command to type where that can't be."""
    wanted = missing(names)
    if not wanted:
        return
    if not shutil.which("apt-get"):
        raise Failure(f"{purpose} needs these Debian packages, and there is no apt-get: {' '.join(wanted)}")
    step(f"Installing {len(wanted)} Debian packages {purpose}")
    note(" ".join(wanted))
    if as_root(["true"]) is None:
        raise Failure(f"not root and no sudo. As root:\n    apt-get install --no-install-recommends {' '.join(wanted)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install_command = [*apt, "install", "--no-install-recommends", "-y", *wanted]
    # A machine that has its package lists needs no update; a stale list shows as a failed install.
    with services_asleep():
        for update in (False, True):
            if update:
                subprocess.run(as_root([*apt, "update"]), env=environment, check=False)
            done = subprocess.run(as_root(install_command), env=environment, check=False, stdout=subprocess.DEVNULL,
                                  stderr=None if update else subprocess.DEVNULL)
            if done.returncode == 0:
                return
    raise Failure(f"apt-get could not install: {' '.join(wanted)}")


@contextlib.contextmanager
def services_asleep():
    """Debian starts a service when its package is installed. Those that tests bring would take the ports of mail."""
    if os.path.exists(POLICY):
        yield
        return
    subprocess.run(as_root(["sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY} && chmod 755 {POLICY}"]), check=False)
    try:
        yield
    finally:
        subprocess.run(as_root(["rm", "-f", POLICY]), check=False)
