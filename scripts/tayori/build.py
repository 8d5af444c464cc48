"""Compiling with CMake presets. Ninja decides what is old."""

import os
import shutil
import subprocess
import time

from tayori import packages
from tayori.console import Failure, note, step
from tayori.place import PROGRAMS, ROOT

BINARIES = (*PROGRAMS, "adminctl")
# Another clone of the same sources finds what this one has compiled; precompiled headers need the sloppiness.
CCACHE = {"CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1", "CCACHE_SLOPPINESS": "pch_defines,time_macros"}


def jobs():
    """One compiler needs up to a gigabyte and a half."""
    cores = len(os.sched_getaffinity(0))
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            memory_kib = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return cores
    return max(1, min(cores, memory_kib // (1536 * 1024)))


def folder(preset):
    return ROOT / "build" / preset


def configure(preset):
    if (folder(preset) / "build.ninja").exists():
        return
    step(f"Configuring build/{preset}")
    run_quietly(["cmake", "--preset", preset], f"cmake --preset {preset}")


def run_quietly(command, name):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{name} failed:\n" + "\n".join(done.stdout.splitlines()[-40:]))


def has_target(preset, target):
    listed = subprocess.run(["ninja", "-C", str(folder(preset)), "-t", "query", target], capture_output=True,
                            text=True, check=False)
    return listed.returncode == 0


def build(preset, targets):
    """Builds what changed; shows Ninja's progress."""
    configure(preset)
    started = time.monotonic()
    command = ["ninja", "-C", str(folder(preset)), f"-j{jobs()}", *targets]
    dry = subprocess.run([*command, "-n"], capture_output=True, text=True, check=False)
    if dry.returncode == 0 and "no work to do" in dry.stdout:
        return
    step(f"Building ({preset}): {' '.join(targets) or 'everything'}")
    done = subprocess.run([*nice(), *command], cwd=ROOT, check=False,
                          env={**os.environ, **CCACHE, "NINJA_STATUS": "    [%f/%t, %es] "})
    if done.returncode != 0:
        raise Failure("the build failed; the first error above says where")
    note(f"built in {time.monotonic() - started:.0f} s")


def nice():
    return ["nice"] if shutil.which("nice") else []


def binary(name, preset="release"):
    return folder(preset) / "bin" / name


def programs(preset="release"):
    """Installs what compiling needs and builds the five programs."""
    packages.install([*packages.BUILD, *packages.RUN], "to compile and run Tayori")
    build(preset, BINARIES)
    return folder(preset) / "bin"
