#!/usr/bin/env python3
"""System tests: real processes, real clients. run.py [--long] [MODULE[.Class[.test]] ...]

The last line is `system: N passed, M failed`. --long: 300 kills, 50 power cuts, 200 kills within conversions and as many within
imports, spools of 20,000 mails and of 200 mailboxes, 40 kills while 10,000 mails go out.
"""

import argparse
import os
import pathlib
import sys
import unittest

LINE_MAX = 300  # characters of what is said of a failed test
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]


class Result(unittest.TextTestResult):
    """Counts what passed, which unittest does not."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--kills", type=int, help="how many processes are killed")
    parser.add_argument("--cuts", type=int, help="how many power cuts there are")
    parser.add_argument("--job-kills", type=int, help="how many times a conversion is killed, and an import")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args()
    os.environ["TAYORI_TEST_KILLS"] = str(options.kills or (300 if options.long else 25))
    os.environ["TAYORI_TEST_CUTS"] = str(options.cuts or (50 if options.long else 5))
    os.environ["TAYORI_TEST_JOB_KILLS"] = str(options.job_kills or (200 if options.long else 8))
    os.environ["TAYORI_TEST_LONG"] = "1" if options.long else "0"
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(options.what) if options.what else loader.discover(str(HERE), "test_*.py")
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    failed = len(outcome.failures) + len(outcome.errors) + len(outcome.unexpectedSuccesses)
    for test, said in [*outcome.failures, *outcome.errors]:  # once more at the end, where a log that is cut still has them
        print(f"FAILED: {test.id()}: {said.strip().splitlines()[-1][:LINE_MAX] if said.strip() else ''}")
    print(f"system: {outcome.passed} passed, {failed} failed")
    sys.exit(1 if failed or not outcome.passed else 0)


if __name__ == "__main__":
    main()
