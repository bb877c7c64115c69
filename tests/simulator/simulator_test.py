#!/usr/bin/env python3
"""Ramps moved by evidence, simulated: domains, senders, receivers and reporters around the real
binary. A short world with every story once; with --long, forty domains over two years."""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end/support")]

import harness  # noqa: E402

harness.need_modules("dns", "dkim", "nacl")

import checks  # noqa: E402
import dns_stub  # noqa: E402
import driver  # noqa: E402
import mutations  # noqa: E402
import world  # noqa: E402

SHORT = driver.Plan(days=84, stopped=range(38, 48), outage=range(57, 67))
LONG = driver.Plan(days=730, stopped=range(300, 321), outage=range(420, 429), weekends=False)


def cast_of(long, plan):
    spread = (world.LONG, 3, 260) if long else (world.SHORT, 1, 14)
    cast = world.domains_of(*spread)
    if not plan.forged:
        cast = [domain.without_adversaries() for domain in cast]
    return mutations.of_domains(plan.mutation, cast)


def live(long, plan):
    """A fleet that has lived its days."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="rampart-simulator-", dir=memory) as folder:
        names = {}
        fleet = driver.Fleet(folder, cast_of(long, plan), plan, dns_stub.serve(names))
        names |= fleet.forger.names
        for day in range(plan.days):
            fleet.live(day)
        return fleet.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--alone", action="store_true",
                        help="without the same world free of forged reports and waves")
    parser.add_argument("--days", type=int, default=0)
    parser.add_argument("--mutation", default="", help="a fault of the world, to see it caught")
    options = parser.parse_args()
    plan = LONG if options.long else SHORT
    plan.days, plan.mutation = options.days or plan.days, options.mutation
    started, alone = time.monotonic(), options.long or options.alone
    calm = dataclasses.replace(plan, forged=False)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        worlds = [pool.submit(live, options.long, one)
                  for one in ([plan] if alone else [plan, calm])]
    fleet, twin = (worlds[0].result(), None if alone else worlds[1].result())
    for line in checks.figures(fleet, time.monotonic() - started):
        print(line)
    passed = failed = 0
    for story, good in checks.checks(fleet, twin):
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok    ' if good else 'FAILED'} {story}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
