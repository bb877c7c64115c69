#!/usr/bin/env python3
"""Calls and seconds of planning and applying at each host, every request 50 ms away.

    run.py [BACKEND]... [--binary PATH]

Uses the servers of tests/contract and prints a table for each. A plan from live DNS (the default)
asks name servers alone and makes no call beyond the zone look-up; `plan --live provider` makes
those of the fourth column. An apply reads, writes and reads back. The pace that hosts demand is
not waited for: it is their own, and would hide what the adapters cost.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "contract"))

import run as contract  # noqa: E402

WITH_PROXY = [name for name in contract.BACKENDS
              if name not in ("zonefile", "cloudflare-validated")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("backends", nargs="*", help="of: " + ", ".join(WITH_PROXY))
    parser.add_argument("--binary", default=str(SOURCE / "build/dev/tests/providers_bench"))
    chosen = parser.parse_args()
    failed = 0
    for name in chosen.backends or WITH_PROXY:
        backend, start = contract.BACKENDS[name]
        with tempfile.TemporaryDirectory(prefix="rampart-bench-") as folder:
            with start(pathlib.Path(folder)) as environment:
                print(f"== {name}", flush=True)
                done = subprocess.run([chosen.binary, backend], stdin=subprocess.DEVNULL,
                                      env={**os.environ, **environment}, check=False)
                failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
