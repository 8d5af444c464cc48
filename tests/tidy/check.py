#!/usr/bin/env python3
"""Checks on the source itself: what docs and reviews would otherwise have to repeat. Each rule is one function.

tests/tidy/check.py shows every breach as file:line; the last line is `tidy: N passed, M failed`, counted in rules.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = {".cc", ".h", ".proto", ".lua"}
SCRIPTS = {".py", ".sh"}
LINES_MAX = 500
PROGRAMS = ("spoold", "smtpd", "pop3d", "imapd", "adminctl")

# Header -> the only folders of services/ that may include it.
OWNERS = {
    "uv.h": ("common/net/",),
    "openssl/": ("common/net/", "common/crypto/"),
    "lua.h": ("common/lua/",),
    "grpcpp/": ("common/rpc/", "spoold/rpc/"),
    "grpc/": ("common/rpc/", "spoold/rpc/"),
    ".grpc.pb.h": ("common/rpc/", "spoold/rpc/"),
    "rocksdb/": ("spoold/store/",),
    "toml++/": ("common/settings/",),
    "archive": ("common/legacy/",),
    "curl/": ("common/legacy/live/", "adminctl/outside/", "spoold/backup/s3/"),
    "ares.h": ("common/net/", "adminctl/outside/"),
}


def tracked():
    """What git knows or would add; build folders are ignored."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    names = listed.stdout.splitlines()
    if not names:  # a copy without .git
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if "build" not in path.parts[:1]]
    return sorted(name for name in names if (ROOT / name).is_file())


class Tree:
    def __init__(self):
        self.names = tracked()
        self.texts = {}

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        return self.texts[name]

    def matching(self, folder, suffixes):
        return [name for name in self.names
                if name.startswith(folder) and pathlib.PurePath(name).suffix in suffixes]

    def lines(self, folder, suffixes):
        for name in self.matching(folder, suffixes):
            for number, line in enumerate(self.text(name).splitlines(), 1):
                yield name, number, line


def headers_stay_with_their_owner(tree):
    for name, number, line in tree.lines("services/", {".cc", ".h"}):
        found = re.match(r'\s*#include\s+[<"]([^>"]+)[>"]', line)
        if not found:
            continue
        inside = name.removeprefix("services/")
        for header, owners in OWNERS.items():
            hit = header in found[1] if header.startswith(".") else found[1].startswith(header)
            if hit and not inside.startswith(owners):
                yield f"{name}:{number}: {found[1]} is only for {', '.join(owners)}"


def programs_meet_in_proto(tree):
    for name, number, line in tree.lines("services/", {".cc", ".h"}):
        found = re.match(r'\s*#include\s+"([^"/]+)/', line)
        part = name.split("/")[1]
        if not found or found[1] not in PROGRAMS:
            continue
        if found[1] != part:
            yield f"{name}:{number}: {part} includes a header of {found[1]}"


def rfc_references_have_one_form(tree):
    for suffix_set in (SOURCE, SCRIPTS, {".txt", ".md"}):
        for folder in ("services/", "proto/", "tests/", "scripts/", "docs/"):
            for name, number, line in tree.lines(folder, suffix_set):
                if name.startswith(("tests/fuzz/corpus", "tests/tidy/")):
                    continue
                for found in re.finditer(r"\bRFC(\s*)(\d{3,4})\b(.{0,12})", line):
                    if found[0].startswith("RFC822"):
                        continue  # a data item of IMAP
                    if line[:found.start()].count('"') % 2:
                        continue  # in a reply, where § can't be said
                    rest = found[3]
                    if found[1] != " " or re.match(r"(,? ?[Ss]ec(tion|\.)|, ?§|§|-\d| § )", rest):
                        yield f"{name}:{number}: write `RFC {found[2]} §…`, not `{found[0].strip()}`"


def rfcs_are_in_the_conformance_table(tree):
    table = tree.text("tests/conformance.tsv") if "tests/conformance.tsv" in tree.names else ""
    known = set(re.findall(r"(?m)^RFC (\d+)\t", table))
    missing = {}
    for folder in ("services/", "tests/transcripts/"):
        for name, number, line in tree.lines(folder, SOURCE | {".txt"}):
            for found in re.findall(r"\bRFC (\d{3,4})\b", line):
                if found not in known:
                    missing.setdefault(found, f"{name}:{number}: RFC {found} has no row in tests/conformance.tsv")
    yield from missing.values()


def conformance_names_tests_that_exist(tree):
    if "tests/conformance.tsv" not in tree.names:
        yield "tests/conformance.tsv: is missing"
        return
    for number, line in enumerate(tree.text("tests/conformance.tsv").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != 4:
            yield f"tests/conformance.tsv:{number}: four columns: RFC, section, test or -, reason"
            continue
        test, reason = cells[2], cells[3]
        if test == "-" and not reason.strip():
            yield f"tests/conformance.tsv:{number}: a section without a test needs its reason"
        for path in [] if test == "-" else test.split():
            if not (ROOT / "tests" / path).exists():
                yield f"tests/conformance.tsv:{number}: there is no tests/{path}"


def every_command_has_a_transcript(tree):
    suites = {"smtpd": "smtp", "pop3d": "pop3", "imapd": "imap"}
    for program, suite in suites.items():
        table = f"services/{program}/commands/table.cc"
        if table not in tree.names:
            continue
        spoken = "\n".join(tree.text(name) for name in tree.matching(f"tests/transcripts/{suite}/", {".txt"}))
        for number, line in enumerate(tree.text(table).splitlines(), 1):
            row = re.match(r'\s*\{\s*"([A-Z][A-Z0-9 -]*)"', line)
            if row and not re.search(rf"(?mi)^([A-Z] )?C( raw)?: (\S+ )?(UID )?{re.escape(row[1])}\b", spoken):
                yield f"{table}:{number}: no transcript of {suite} uses {row[1]}"


def files_have_a_limit(tree):
    for name in tree.names:
        if pathlib.PurePath(name).suffix not in SOURCE | SCRIPTS:
            continue
        count = tree.text(name).count("\n")
        if count > LINES_MAX:
            yield f"{name}: {count} lines; the limit is {LINES_MAX}"


def nothing_is_unfinished(tree):
    marks = re.compile("|".join((r"\bFIX" + "ME\b", r"\bTO" + r"DO\b", r"\bXX" + r"X\b")))
    for name in tree.names:
        if pathlib.PurePath(name).suffix in SOURCE | SCRIPTS:
            for number, line in enumerate(tree.text(name).splitlines(), 1):
                if marks.search(line):
                    yield f"{name}:{number}: finish it: {line.strip()[:80]}"


def tests_do_not_sleep(tree):
    sleeps = re.compile(r"sleep_for|\busleep\(|time\.sleep\(|^\s*sleep [0-9]")
    for name, number, line in tree.lines("tests/", SOURCE | SCRIPTS):
        if sleeps.search(line) and not name.startswith(("tests/tidy/", "tests/bench/")):
            yield f"{name}:{number}: wait for an event, not for time"


def coroutines_have_no_captures(tree):
    """A capturing lambda that is a coroutine dangles (style: C++)."""
    for name, number, line in tree.lines("services/", {".cc", ".h"}):
        if re.search(r"\[[^\]\[]+\]\s*\([^)]*\)\s*(mutable\s*)?->\s*Async<", line):
            yield f"{name}:{number}: a lambda with captures is a coroutine"


def folders_have_a_readme(tree):
    folders = {str(pathlib.PurePath(name).parent) for name in tree.matching("services/", {".cc", ".h"})}
    for folder in sorted(folders):
        if pathlib.PurePath(folder).name in ("commands", "grammar"):
            continue
        if f"{folder}/README.md" not in tree.names:
            yield f"{folder}: has no README.md"


def every_setting_is_used(tree):
    text = "\n".join(tree.text(name) for name in tree.matching("services/", {".cc", ".h"})
                     if not name.startswith("services/common/settings/"))
    text += "".join(tree.text(name) for name in tree.matching("scripts/", {".py"}))
    for name, number, line in tree.lines("services/common/settings/keys_", {".cc"}):
        row = re.search(r's?\.\w+\("(\w+)", &(\w+)::(\w+)', line)
        if row and not re.search(rf"\b{row[3]}\b", text):
            yield f"{name}:{number}: {row[2]}::{row[3]} is declared and nothing reads it"


RULES = (headers_stay_with_their_owner, programs_meet_in_proto, rfc_references_have_one_form,
         rfcs_are_in_the_conformance_table, conformance_names_tests_that_exist, every_command_has_a_transcript,
         files_have_a_limit, nothing_is_unfinished, tests_do_not_sleep, coroutines_have_no_captures,
         folders_have_a_readme, every_setting_is_used)


def main():
    tree = Tree()
    failed = 0
    for rule in RULES:
        breaches = list(rule(tree))
        if breaches:
            failed += 1
            print(f"not ok {rule.__name__.replace('_', ' ')}")
            for breach in breaches[:40]:
                print(f"   {breach}")
            if len(breaches) > 40:
                print(f"   and {len(breaches) - 40} more")
    print(f"tidy: {len(RULES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
