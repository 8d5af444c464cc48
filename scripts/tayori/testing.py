"""./tayori test: installs, builds, runs everything; the last line is `N passed, M failed`.

Each part is a Part: a name, what it needs, and a function that gives (passed, failed). A part that can't even run counts
as one failure. Parts that run programs print `NAME: N passed, M failed` as their last line.
"""

import argparse
import collections
import ctypes
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from tayori import build, packages
from tayori.console import Failure, say, step
from tayori.place import ROOT

FUZZ_SECONDS = 8
SANITIZED_UNITS = ["unit_base", "unit_crypto", "unit_legacy", "unit_lua", "unit_mail", "unit_net", "unit_plugin"]
SESSIONS = ("smtpd", "pop3d", "imapd")  # compiling spoold and adminctl with sanitizers takes longer than all the rest
PART_SECONDS_MAX = 1500
FAILURE_LINES_MAX = 60
PR_SET_CHILD_SUBREAPER = 36
COUNTS = re.compile(r"^\S+: (\d+) passed, (\d+) failed$")
SANITIZED = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=0",
             "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "TSAN_OPTIONS": "halt_on_error=1"}


failures = []  # what is said once more at the end, where a log that is cut still has it


def remember_failure(name, lines):
    failures.append("\n".join([f"==> failed in {name}:", *("    " + line for line in lines[-FAILURE_LINES_MAX:])]))


def run_counted(command, name, environment=None):
    """Runs a program of ours, shows what it says, and reads its last line."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", env={**os.environ, **(environment or {})})
    lines = collections.deque(maxlen=FAILURE_LINES_MAX)
    try:
        for line in process.stdout:
            if line.strip():
                lines.append(line.rstrip())
            print(f"    {line}", end="", flush=True)
        code = process.wait(PART_SECONDS_MAX)
    finally:
        if process.poll() is None:
            process.kill()
    counts = COUNTS.match(lines[-1].strip() if lines else "")
    if counts:
        passed, failed = int(counts[1]), int(counts[2])
        failed = failed if failed or code == 0 else 1
    else:
        say(f"    {name} ended with status {code} and without its counts")
        passed, failed = 0, 1
    if failed:
        remember_failure(name, list(lines))
    return passed, failed


def unit_tests(preset, names, environment=None):
    """Every GoogleTest program by itself, counted from its own report."""
    passed = failed = 0
    for path in names:
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            done = subprocess.run([str(path), "--gtest_brief=1", f"--gtest_output=json:{report.name}"], cwd=ROOT,
                                  capture_output=True, text=True, errors="replace", check=False,
                                  env={**os.environ, **SANITIZED, **(environment or {})})
            counts = read_report(report.name)
        bad = counts["failures"] if counts else 1
        if done.returncode != 0:
            bad = max(bad, 1)
            said = (done.stdout + done.stderr).splitlines()[-FAILURE_LINES_MAX:]
            say("\n".join("    " + line for line in said))
            remember_failure(f"{preset} {path.name}", failed_tests(counts) or said)
        good = counts["tests"] - counts["failures"] if counts else 0
        say(f"    {preset} {path.name}: {good} passed, {bad} failed")
        passed, failed = passed + good, failed + bad
    return passed, failed


def read_report(path):
    try:
        return json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError):
        return None


def failed_tests(report):
    """Name and message of every test that failed, by GoogleTest's report."""
    return [line for suite in (report or {}).get("testsuites", []) for test in suite.get("testsuite", [])
            for failure in test.get("failures", [])
            for line in [f"{suite['name']}.{test['name']}", *("  " + said for said in failure["failure"].splitlines())]]


def unit_targets(preset, pattern="unit_"):
    """Names of the unit tests that the build knows."""
    listed = subprocess.run(["ninja", "-C", str(build.folder(preset)), "-t", "targets", "all"], capture_output=True,
                            text=True, check=False)
    return sorted(set(re.findall(rf"(?m)^({pattern}\w+): phony", listed.stdout)))


def part_tidy(_options):
    return run_counted([sys.executable, "tests/tidy/check.py"], "tidy")


def part_build(_options):
    packages.install([*packages.BUILD, *packages.RUN], "to compile Tayori")
    build.build("release", [])
    return 1, 0


def part_unit(_options):
    return unit_tests("release", [build.binary(name) for name in unit_targets("release")])


def part_plugins(_options):
    """Every shipped plugin's own tests, as their authors run them."""
    shipped = sorted(str(path.parent.relative_to(ROOT)) for path in (ROOT / "plugins").glob("*/plugin.lua"))
    return run_counted([str(build.binary("adminctl")), "plugin", "test", *shipped], "plugins")


def part_transcripts(_options):
    return run_counted([sys.executable, "tests/transcripts/run.py", "--binaries", str(build.folder("release") / "bin")],
                       "transcripts")


def part_system(options):
    packages.install(packages.TEST, "for the tests with real clients")
    arguments = ["--long"] if options.long else []
    return run_counted([sys.executable, "tests/system/run.py", *arguments], "system",
                       {"TAYORI_BINARIES": str(build.folder("release") / "bin")})


def part_asan(options):
    """What takes bytes from strangers, under address and undefined behaviour sanitizers: its unit tests, and every transcript
    played to sanitized sessions (grammars: see fuzz too). --long: every unit test, and every program."""
    build.configure("asan")
    units = unit_targets("asan") if options.long else SANITIZED_UNITS
    sanitized = build.BINARIES if options.long else SESSIONS
    build.build("asan", [*units, *sanitized])
    passed, failed = unit_tests("asan", [build.binary(name, "asan") for name in units])
    with tempfile.TemporaryDirectory(prefix="tayori-mixed-") as folder:
        for name in build.BINARIES:
            os.symlink(build.binary(name, "asan" if name in sanitized else "release"), pathlib.Path(folder) / name)
        played = run_counted([sys.executable, "tests/transcripts/run.py", "--binaries", folder], "transcripts", SANITIZED)
    return passed + played[0], failed + played[1]


def part_tsan(options):
    """spoold is the one program with threads."""
    if not options.long:
        say("    with --long only: it compiles all of spoold once more")
        return 0, 0
    build.configure("tsan")
    units = [name for name in unit_targets("tsan") if re.match(r"unit_(store|spoold\w*|rpc)$", name)]
    build.build("tsan", units)
    suppressions = ROOT / "tests/unit/tsan.supp"
    tsan = SANITIZED["TSAN_OPTIONS"] + (f":suppressions={suppressions}" if suppressions.exists() else "")
    return unit_tests("tsan", [build.binary(name, "tsan") for name in units], {"TSAN_OPTIONS": tsan})


def part_fuzz(options):
    """Every parser for some seconds, beginning with its corpus; --long an hour in all."""
    packages.install(packages.FUZZ, "for fuzzing")
    build.configure("fuzz")
    targets = unit_targets("fuzz", "fuzz_")
    build.build("fuzz", targets)
    seconds = 3600 // max(1, len(targets)) if options.long else FUZZ_SECONDS
    passed = failed = 0
    for name in targets:
        good = fuzz(name, seconds)
        passed, failed = passed + good, failed + (not good)
    return passed, failed


def fuzz(name, seconds):
    short = name.removeprefix("fuzz_")
    with tempfile.TemporaryDirectory(prefix="tayori-fuzz-") as found:
        corpus = ROOT / "tests/fuzz/corpus" / short
        dictionary = ROOT / "tests/fuzz/dictionaries" / f"{short}.dict"
        done = subprocess.run(
            [str(build.binary(name, "fuzz")), f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-timeout=10",
             f"-artifact_prefix={found}/", "-print_final_stats=1",
             *([f"-dict={dictionary}"] if dictionary.exists() else []), found, *([str(corpus)] if corpus.exists() else [])],
            cwd=found, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, **SANITIZED})
        runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        if done.returncode == 0:
            say(f"    {name}: {runs[1] if runs else '?'} inputs in {seconds} s")
            return True
        said = done.stderr.splitlines()[-FAILURE_LINES_MAX:]
        say("\n".join("    " + line for line in said))
        remember_failure(name, said)
        for crash in pathlib.Path(found).glob("*-*"):
            say(f"    input: {crash.read_bytes()[:2000]!r}")
        return False


def part_containers(_options):
    from tayori import cli
    if not cli.docker_answers():
        say("    no container engine answers: nothing to test")
        return 0, 0
    return run_counted([sys.executable, "tests/system/containers.py"], "containers",
                       {"TAYORI_BINARIES": str(build.folder("release") / "bin")})


PARTS = {
    "build": (part_build, "the release build, warnings are errors"),
    "tidy": (part_tidy, "rules about the source"),
    "unit": (part_unit, "unit tests, simulated power cuts among them"),
    "plugins": (part_plugins, "the shipped plugins' conversations"),
    "transcripts": (part_transcripts, "conversations with the real programs"),
    "system": (part_system, "real clients, kill -9, hostile input"),
    "containers": (part_containers, "images and compose"),
    "asan": (part_asan, "address and undefined behaviour sanitizers"),
    "tsan": (part_tsan, "thread sanitizer"),
    "fuzz": (part_fuzz, "every parser"),
}


def adopt_orphans():
    """Makes this process the parent of whatever its children leave behind, so that it can end them."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans():
    """Nothing that a test started outlives the tests. The number of processes that had to be ended."""
    ended = 0
    for _ in range(20):
        children = pathlib.Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        if not children:
            break
        for pid in map(int, children):
            try:
                # One that has ended and was only not waited for is nobody's fault.
                alive = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                ended += alive
            except (ProcessLookupError, ChildProcessError, FileNotFoundError):
                pass
    return ended


def main(arguments):
    parser = argparse.ArgumentParser(prog="tayori test")
    parser.add_argument("--only", help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--skip", default="", help="all but these")
    parser.add_argument("--long", action="store_true", help="300 kills, 50 power cuts, an hour of fuzzing, everything under every sanitizer")
    options = parser.parse_args(arguments)
    chosen = [name for name in (options.only or ",".join(PARTS)).split(",") if name not in options.skip.split(",")]
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        raise Failure(f"there is no part {unknown[0]}; the parts: {', '.join(PARTS)}")
    adopt_orphans()
    rows = []
    try:
        for name in chosen:
            rows.append(run_part(name, options))
            if name == "build" and rows[-1][2]:
                break  # nothing else can be said
    finally:
        left = end_orphans()
    if left:
        say(f"    {left} processes were left behind by the tests")
        rows.append(("leftovers", 0, 1, 0.0))
    return summary(rows)


def run_part(name, options):
    function, what = PARTS[name]
    step(f"{name}: {what}")
    started = time.monotonic()
    try:
        passed, failed = function(options)
    except (Failure, OSError, subprocess.SubprocessError) as problem:
        say(f"    {problem}")
        remember_failure(name, str(problem).splitlines())
        passed, failed = 0, 1
    return name, passed, failed, time.monotonic() - started


def summary(rows):
    say()
    for failure in failures:
        say(failure + "\n")
    for name, passed, failed, seconds in rows:
        say(f"{name:<12} {passed:>6} passed {failed:>4} failed  {seconds:>6.0f} s")
    passed, failed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    say(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def changed_files():
    listed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [line[3:] for line in listed.stdout.splitlines()]


def dev(arguments):
    """The loop while writing: what changed is built, the tests it touches are run, then tidy."""
    parser = argparse.ArgumentParser(prog="tayori dev")
    parser.parse_args(arguments)
    packages.install([*packages.BUILD, *packages.RUN], "to compile Tayori")
    started = time.time()
    build.build("dev", [])
    units = [build.binary(name, "dev") for name in unit_targets("dev")]
    # Ninja links a test anew exactly when something it touches changed.
    touched = [path for path in units if path.stat().st_mtime >= started - 1]
    rows = [("unit", *unit_tests("dev", touched), 0.0)] if touched else []
    suites = [suite for suite in ("smtp", "pop3", "imap")
              if any(f"services/{suite}d/" in name or f"transcripts/{suite}/" in name for name in changed_files())]
    if suites:
        rows.append(("transcripts", *run_counted([sys.executable, "tests/transcripts/run.py", "--binaries",
                                                  str(build.folder("dev") / "bin"), *suites], "transcripts"), 0.0))
    rows.append(("tidy", *part_tidy(None), 0.0))
    return summary(rows)
