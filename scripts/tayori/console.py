"""What people see: steps, notes, errors."""

import sys


class Failure(Exception):
    """Ends the command; the text says what is wrong and what to do."""


def say(text=""):
    print(text, flush=True)


def step(text):
    print(f"==> {text}", flush=True)


def note(text):
    print(f"    {text}", flush=True)


def warn(text):
    print(f"tayori: {text}", file=sys.stderr, flush=True)
