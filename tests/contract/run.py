#!/usr/bin/env python3
"""Runs the contract suite for every backend, each with the servers that it needs.

    run.py [BACKEND]... [--word WORD]

A backend's servers are started by a context manager of tests/contract/servers_<name>.py (see
BACKENDS), which yields the environment that the backend reads, or raises unittest.SkipTest where
something is not there that only ./run-tests --all installs. The last line is `N passed, N failed`,
with `, N skipped` where there are such.
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
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


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


def run(name, binary, word):
    """One backend's cases; (passed, failed)."""
    backend, start = BACKENDS[name]
    with tempfile.TemporaryDirectory(prefix="rampart-contract-") as folder:
        with start(pathlib.Path(folder)) as environment:
            done = subprocess.run([binary, backend, word or WORDS.get(name, "")],
                                  env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                                  capture_output=True, check=False, timeout=500)
    output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    shown = re.sub(r"^ok: .*\n", "", output, flags=re.MULTILINE)
    print(f"== {name}\n{shown}", flush=True)
    summary = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    passed, failed = (int(summary[1]), int(summary[2])) if summary else (0, 1)
    return passed, failed or (1 if done.returncode else 0)


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
            more_passed, more_failed = done.result()
        except unittest.SkipTest as why:
            print(f"skipped: the contract for {name}: {why}")
            skipped += 1
            continue
        passed += more_passed
        failed += more_failed
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
