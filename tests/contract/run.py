#!/usr/bin/env python3
"""Runs the contract suite for every backend, each with the servers that it needs.

    run.py [BACKEND]... [--word WORD]

A backend's servers are started by a context manager of tests/contract/servers_<name>.py (see
BACKENDS), which yields the environment that the backend reads, or raises unittest.SkipTest where
something is not there that only ./run-tests --all installs. The last line is `N passed, N failed`,
with `, N skipped` where there are such.

Every zone file that the cases of `zonefile` wrote is loaded by named and knot at the end, one check
a server.
"""

import argparse
import concurrent.futures
import contextlib
import importlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/contract"), str(SOURCE / "tests/end_to_end/support")]

from harness import Checks  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402


@contextlib.contextmanager
def no_server(folder):
    """For backends that need a folder alone."""
    yield {"RAMPART_CONTRACT_FOLDER": str(folder)}


def from_module(module, function):
    """A starter of another file, loaded when it is needed."""
    return lambda folder: getattr(importlib.import_module(module), function)(folder)


# name: (the backend's name in backends.cc, what starts its servers in a folder)
BACKENDS = {
    "cloudflare": ("cloudflare", from_module("servers_cloudflare", "start")),
    "cloudflare-validated": ("cloudflare", from_module("servers_cloudflare", "start_validated")),
    "zonefile": ("zonefile", no_server),
    "route53": ("route53", from_module("servers_route53", "route53")),
    "named": ("rfc2136", from_module("servers_dns", "named")),
    "named-without-transfers": ("rfc2136", from_module("servers_dns", "named_without_transfers")),
    "named-signed": ("rfc2136", from_module("servers_dns", "named_signed")),
    "knot-signed": ("rfc2136", from_module("servers_dns", "knot_signed")),
    "knot": ("rfc2136", from_module("servers_dns", "knot")),
    "powerdns": ("powerdns", from_module("servers_dns", "pdns_api")),
    "pdns": ("rfc2136", from_module("servers_dns", "pdns")),
}


# Zones that their server signs: every type around ours, by TXT and by CNAME.
WORDS = {"named-signed": "above, below and beside", "knot-signed": "above, below and beside"}

# What takes longest begins first.
SLOW = ("named-without-transfers", "pdns")


# The files of one whole run; fewer would mean that they are no longer kept.
FEWEST_FILES = 500


def load_written(folder, least):
    """(passed, failed, skipped) of the zone files in `folder`, named <number>.<zone>.zone."""
    checks, zones = Checks(), WrittenZones(folder / "loaded")
    for path in (folder / "written").iterdir():
        zones.keep_file(path.name, path.name.removesuffix(".zone").partition(".")[2], path)
    skipped = zones.check(checks, least)
    for one in skipped:
        print(f"skipped: {one}")
    return checks.passed, checks.failed, len(skipped)


def run(name, binary, word):
    """One backend's cases; (passed, failed, skipped)."""
    backend, start = BACKENDS[name]
    with tempfile.TemporaryDirectory(prefix="rampart-contract-") as folder:
        with start(pathlib.Path(folder)) as environment:
            done = subprocess.run([binary, backend, word or WORDS.get(name, "")],
                                  env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                                  capture_output=True, check=False, timeout=500)
        files = (0, 0, 0)
        if backend == "zonefile":
            files = load_written(pathlib.Path(folder), 1 if word else FEWEST_FILES)
    output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    shown = re.sub(r"^ok: .*\n", "", output, flags=re.MULTILINE)
    print(f"== {name}\n{shown}", flush=True)
    summary = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    passed, failed = (int(summary[1]), int(summary[2])) if summary else (0, 1)
    failed = failed or (1 if done.returncode else 0)
    return passed + files[0], failed + files[1], files[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("backends", nargs="*", help="of: " + ", ".join(BACKENDS))
    parser.add_argument("--word", default="", help="only the cases with this in their names")
    parser.add_argument("--binary", default=str(SOURCE / "build/dev/tests/contract_suite"))
    chosen = parser.parse_args()
    passed, failed, skipped = 0, 0, 0
    names = chosen.backends or sorted(BACKENDS, key=lambda name: name not in SLOW)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = {name: pool.submit(run, name, chosen.binary, chosen.word) for name in names}
    for name, done in runs.items():
        try:
            more_passed, more_failed, more_skipped = done.result()
        except unittest.SkipTest as why:
            print(f"skipped: the contract for {name}: {why}")
            skipped += 1
            continue
        passed += more_passed
        failed += more_failed
        skipped += more_skipped
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
