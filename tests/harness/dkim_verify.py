#!/usr/bin/python3
"""Verifies DKIM signatures by dkimpy, an implementation that is not ours. Runs by Debian's python3, which has it (python3-dkim).

Standard input: JSON {"records": {name: text}, "files": [path, …]}; standard output: a JSON list, for each file what each signature of it
has come to: "ok", or why not.
"""

import json
import sys

import dkim


def outcomes(path, records):
    with open(path, "rb") as file:
        message = file.read()
    count = sum(line.lower().startswith(b"dkim-signature:") for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    out = []
    for index in range(count):
        try:
            good = dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip(".").lower(), "").encode() or None)
            out.append("ok" if good else "wrong")
        except (dkim.DKIMException, ValueError) as error:
            out.append(f"{type(error).__name__}: {error}")
    return out


def main():
    asked = json.load(sys.stdin)
    json.dump([outcomes(path, asked["records"]) for path in asked["files"]], sys.stdout)


if __name__ == "__main__":
    main()
