#!/usr/bin/env python3
"""Plays the transcripts: tests/transcripts/run.py [--binaries DIR] [SUITE | FILE ...]

The processes are started once for a suite; every file has accounts of its own. TAYORI_REWRITE=1 rewrites the S: lines.
"""

import argparse
import os
import pathlib
import re
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import script  # noqa: E402
from harness.site import Site, TestFailure, newest_binaries  # noqa: E402
from play import Mismatch, Play, rewritten  # noqa: E402

SUITES = ("smtp", "pop3", "imap")
NEEDED = {"smtp": "smtpd", "pop3": "pop3d", "imap": "imapd"}
BASE_SETTINGS = {"TAYORI__SITE__HOSTNAME": "mail.example.test", "TAYORI__AUTH__SCRAM_ITERATIONS": "4096"}
SETTING = re.compile(r"setting (?P<section>[a-z0-9]+)\.(?P<key>[a-z0-9_]+) = (?P<value>.*)")


def files_of(arguments):
    """Suite -> files, of names as a person gives them."""
    chosen = {suite: [] for suite in SUITES}
    for argument in arguments or SUITES:
        path = pathlib.Path(argument)
        if argument in SUITES:
            chosen[argument] += sorted((HERE / argument).glob("*.txt"))
        elif path.exists() and path.resolve().parent.name in SUITES:
            chosen[path.resolve().parent.name].append(path.resolve())
        else:
            sys.exit(f"no transcript {argument}")
    return {suite: files for suite, files in chosen.items() if files}


def own_settings(steps):
    """`given setting smtpd.recipients_max = 100` asks for processes of the file's own."""
    found = [SETTING.fullmatch(step.text) for step in steps if step.kind == "given"]
    return {f"TAYORI__{m['section']}__{m['key']}".upper(): m["value"].strip('"') for m in found if m}


class Runner:
    def __init__(self, binaries, verbose):
        self.binaries = binaries
        self.verbose = verbose
        self.rewrite = os.environ.get("TAYORI_REWRITE") == "1"
        self.passed = 0
        self.failed = []
        self.number = 0

    def site(self, suite, settings):
        programs = [p for p in ("spoold", "smtpd", "pop3d", "imapd")
                    if p in ("spoold", NEEDED[suite]) or (self.binaries / p).exists()]
        return Site(self.binaries, {**BASE_SETTINGS, **settings}, programs)

    def suite(self, name, files):
        shared = None
        try:
            for path in files:
                try:
                    steps = script.parse(path.read_text(encoding="utf-8"))
                    settings = own_settings(steps)
                    if settings:
                        with self.site(name, settings) as site:
                            self.play(site, name, path, steps)
                        continue
                    if shared is None:
                        shared = self.site(name, {})
                        shared.start()
                except (script.BadScript, TestFailure) as problem:
                    self.report(path, str(problem))
                    continue
                self.play(shared, name, path, steps)
        finally:
            if shared is not None:
                shared.stop()
                shared.folder.cleanup()

    def play(self, site, suite, path, steps):
        self.number += 1
        play = Play(site, suite, self.number, self.rewrite)
        try:
            play.run(steps)
        except (Mismatch, TestFailure, AssertionError, OSError) as problem:
            words = f"\n{site.last_words()}" if self.verbose else ""
            self.report(path, f"{problem or type(problem).__name__}{words}")
            return
        except Exception:  # a hole in the runner must not hide the other files
            self.report(path, traceback.format_exc())
            return
        if play.heard:
            path.write_text(rewritten(path.read_text(encoding="utf-8"), play), encoding="utf-8")
        self.report(path, "")

    def report(self, path, problem):
        name = f"{path.parent.name}/{path.stem}"
        if not problem:
            self.passed += 1
            if self.verbose:
                print(f"ok {name}")
            return
        self.failed.append(name)
        print(f"not ok {name}\n   " + problem.replace("\n", "\n   "), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", help="the folder with spoold and the others; default: the newest in build/*/bin")
    parser.add_argument("-v", "--verbose", action="store_true", help="every file, and the logs of what failed")
    parser.add_argument("what", nargs="*", help="smtp, pop3, imap, or files")
    options = parser.parse_args()
    binaries = pathlib.Path(options.binaries).resolve() if options.binaries else newest_binaries()
    runner = Runner(binaries, options.verbose)
    for suite, files in files_of(options.what).items():
        runner.suite(suite, files)
    print(f"transcripts: {runner.passed} passed, {len(runner.failed)} failed")
    sys.exit(1 if runner.failed or not runner.passed else 0)


if __name__ == "__main__":
    main()
