#!/usr/bin/env python3
"""Breaks one rule of the sources at a time, and expects a suite to fail.

Each mutation of mutations.py is applied to a copy of the tree under build/mutation, the binaries of
its suites are built there and run until one fails. A mutation that no suite notices is a survivor:
its rule could be lost without a word. Outcomes are kept with a digest of the sources, so that a run
that was stopped goes on where it ended.

    run.py [--check] [--sample K [--seed N]] [--fresh] [NAME...]

--check only looks whether every old text still occurs once. --sample K takes K mutations at random.
A mutation that does not match or compile is a failure; survivors are failures below 95 % caught.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WORK = SOURCE / "build/mutation"
TREE, BUILD, STATE = WORK / "tree", WORK / "build", WORK / "state.json"
LEAST_CAUGHT = 0.95

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutations import MUTATIONS  # noqa: E402


def mismatch(row):
    """Why a row cannot be applied, or nothing."""
    name, file, old, new, _ = row
    path = SOURCE / file
    if not path.is_file():
        return f"{name}: there is no {file}"
    count = path.read_text().count(old)
    if count != 1:
        return f"{name}: the old text occurs {count} times in {file}"
    return f"{name}: old and new text are equal" if old == new else None


def refresh_tree():
    """Copies what differs, so that the build stays incremental; the digest of all sources."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=SOURCE, capture_output=True, text=True, check=True)
    digest = hashlib.sha256()
    kept = set()
    for name in sorted(listed.stdout.split("\n")):
        path = SOURCE / name
        if not name or not path.is_file():
            continue
        octets = path.read_bytes()
        kept.add(name)
        if not name.startswith(("docs/", "tests/mutation/")):
            digest.update(name.encode() + b"\0" + octets)
        copy = TREE / name
        if not copy.is_file() or copy.read_bytes() != octets:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(octets)
            copy.chmod(path.stat().st_mode)
    for path in TREE.rglob("*"):
        if path.is_file() and path.relative_to(TREE).as_posix() not in kept:
            path.unlink()
    return digest.hexdigest()


def run(command, seconds=900, cwd=TREE):
    """(exit code, output), at a low priority; 124 where it took too long."""
    environment = {**os.environ, "RAMPART_BINARY": str(BUILD / "rampart")}
    if str(command[0]).endswith("unit_reconciler"):
        environment["RAMPART_WORLDS"] = "60"  # Its laws see few worlds by default.
    try:
        done = subprocess.run(["nice", "-n", "10", *map(str, command)], cwd=cwd, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, errors="replace",
                              stderr=subprocess.STDOUT, timeout=seconds,
                              env=environment)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return 124, f"stopped after {seconds} seconds"


def targets_of(suites):
    return sorted({"rampart" if ":" in suite else f"unit_{suite}" for suite in suites})


def command_of(suite):
    kind, _, name = suite.partition(":")
    if kind == "story":
        return [sys.executable, "tests/scenarios/run.py", "--binary", BUILD / "rampart", name]
    if kind == "script":
        return [sys.executable, f"tests/end_to_end/{name}"]
    return [BUILD / "tests" / f"unit_{suite}", "--abort"]


def build(targets):
    return run(["ninja", "-C", BUILD, *targets], 3600)


def catcher(suites):
    """The first suite that fails, or nothing; each is built only when it is needed."""
    for suite in suites:
        code, output = build(targets_of([suite]))
        if code != 0:
            raise RuntimeError("it does not compile:\n" + output[-1500:])
        if run(command_of(suite))[0] != 0:
            return suite
    return None


def attempt(row):
    """"caught by SUITE", "survived", or "error: ..."; leaves the tree as it was."""
    _, file, old, new, suites = row
    path = TREE / file
    text = path.read_text()
    path.write_text(text.replace(old, new))
    try:
        suite = catcher(suites)
        return f"caught by {suite}" if suite else "survived"
    except RuntimeError as problem:
        return f"error: {problem}"
    finally:
        path.write_text(text)


def prepare(rows):
    """Builds the unchanged tree and runs its suites: they must pass, or nothing is proven."""
    WORK.mkdir(parents=True, exist_ok=True)
    digest = refresh_tree()
    suites = sorted({suite for row in rows for suite in row[4]})
    configure = ["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                 "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -w"]
    for command in (configure, ["ninja", "-C", BUILD, *targets_of(suites)]):
        code, output = run(command, 7200)
        if code != 0:
            sys.exit(f"{output[-3000:]}\n0 passed, 1 failed")
    for suite in suites:
        code, output = run(command_of(suite))
        if code != 0:
            sys.exit(f"{suite} fails without any mutation:\n{output[-3000:]}\n0 passed, 1 failed")
    return digest


def outcomes_of(rows, digest):
    """{name: outcome}; what is known of these sources is not run again."""
    state = json.loads(STATE.read_text()) if STATE.is_file() else {}
    known = state.get(digest, {})
    found = {}
    for row in rows:
        key = hashlib.sha256(repr(row).encode()).hexdigest()
        started = time.monotonic()
        if key not in known:
            known[key] = attempt(row)
            STATE.write_text(json.dumps({digest: known}))
        found[row[0]] = known[key]
        print(f"{row[0]}: {known[key]} ({time.monotonic() - started:.0f} s)", flush=True)
    return found


def report(outcomes):
    """Prints the figures and the last line; the exit code."""
    survivors = [name for name, outcome in outcomes.items() if outcome == "survived"]
    errors = [name for name, outcome in outcomes.items() if outcome.startswith("error")]
    caught = len(outcomes) - len(survivors) - len(errors)
    for name in survivors:
        print(f"survivor: {name}")
    for name in errors:
        print(f"error: {name}")
    share = caught / max(len(outcomes) - len(errors), 1)
    print(f"{caught} of {len(outcomes)} mutations caught, {share:.1%}")
    failed = len(errors) + (len(survivors) if share < LEAST_CAUGHT else 0)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget earlier outcomes")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    rows = [row for row in MUTATIONS if not arguments.names or row[0] in arguments.names]
    wrong = [fault for row in rows if (fault := mismatch(row))]
    if len({row[0] for row in MUTATIONS}) != len(MUTATIONS):
        wrong.append("two mutations have one name")
    if wrong or arguments.check:
        print("\n".join(wrong))
        print(f"{len(rows) - len(wrong)} passed, {len(wrong)} failed")
        return 1 if wrong else 0
    if arguments.sample:
        rows = random.Random(arguments.seed).sample(rows, min(arguments.sample, len(rows)))
    if arguments.fresh:
        STATE.unlink(missing_ok=True)
    return report(outcomes_of(rows, prepare(rows)))


if __name__ == "__main__":
    sys.exit(main())
