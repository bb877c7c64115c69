#!/usr/bin/env python3
"""The fault campaign: a command runs under one injected fault, runs again without it, and its end
is compared with that of an undisturbed run.

    campaign_test.py [--runs N] [--seed S] [--only NAME]... [--table FILE]
    campaign_test.py --only NAME --fault FAULT     one run, with what it printed

faults.py says what a FAULT is, and scenes.py has the NAMEs. Without --runs it makes 300 runs, or
2,000 where the environment has RAMPART_LONG=1. --table writes the table into docs/reliability.md.
"""

import argparse
import multiprocessing
import os
import pathlib
import queue
import signal
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "contract"), str(HERE.parent / "end_to_end/support")]

from harness import Checks, need_modules  # noqa: E402

need_modules("dns")

import canary  # noqa: E402
import faults  # noqa: E402
import hosts  # noqa: E402
import tables  # noqa: E402
from scenes import BY_NAME, SCENES  # noqa: E402
from trial import Bench, Trial, Verdict  # noqa: E402

WORKERS = 2
SHORT, LONG = 300, 2000
# Before the limit of the suite; what is then left of the plan is reported as skipped.
SECONDS = {SHORT: 780, LONG: 3300}
SEED = 20261130


def work(number, folder, tasks, results):
    """A worker: takes (scene, baseline, fault) until None comes. Without a baseline it makes that.
    Its servers end with it."""
    bench = Bench(pathlib.Path(folder) / f"worker{number}", pathlib.Path(folder) / "templates")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        while (task := tasks.get()) is not None:
            name, baseline, fault = task
            try:
                made = bench.baseline(BY_NAME[name]) if baseline is None else \
                    Trial(bench, BY_NAME[name], baseline, fault).run()
            except Exception:  # pylint: disable=broad-except
                made = Verdict(name, fault or "none", wrong=[traceback.format_exc()[-3000:]])
            results.put((name, made))
    finally:
        bench.close()


class Workers:
    """Processes that share a queue; a context manager that ends them."""

    def __init__(self, folder):
        context = multiprocessing.get_context("spawn")
        self.tasks, self.results = context.Queue(), context.Queue()
        self.processes = [context.Process(target=work, args=(number, str(folder), self.tasks,
                                                             self.results))
                          for number in range(WORKERS)]

    def __enter__(self):
        for one in self.processes:
            one.start()
        return self

    def __exit__(self, *_):
        while True:  # What was not begun is not done.
            try:
                self.tasks.get_nowait()
            except queue.Empty:
                break
        for _ in self.processes:
            self.tasks.put(None)
        for one in self.processes:
            one.join(150)
            if one.is_alive():
                one.terminate()
                one.join(20)

    def each(self, tasks, until):
        """Yields (name, result) of each task, as they are done; stops at the time `until`."""
        waiting = list(tasks)[::-1]
        under_way = 0
        while waiting or under_way:
            while waiting and under_way < 2 * WORKERS and time.monotonic() < until:
                self.tasks.put(waiting.pop())
                under_way += 1
            if not under_way:
                return
            yield self.results.get(timeout=600)
            under_way -= 1


def planned(chosen, baselines, runs, seed):
    """[(scene, fault)]: every scene in turn, by its weight, so that any beginning is even."""
    disks = faults.has_small_disks()
    makers = {scene.name: faults.Faults(seed, scene.name, baselines[scene.name].facts, disks)
              for scene in chosen}
    turns = [scene.name for scene in chosen for _ in range(scene.weight)]
    out = []
    while len(out) < runs:
        out += [(name, makers[name].next()) for name in turns]
    return out[:runs]


def print_faulty(verdict):
    """What somebody needs to repeat and to understand one run."""
    print(f"--only {verdict.scene} --fault {verdict.fault}  exit codes {verdict.codes}")
    for word in ("lost", "wrong", "left"):
        for one in getattr(verdict, word):
            print(f"  {word}: {one}")
    print("  | " + verdict.output[-2500:].replace("\n", "\n  | "), flush=True)


def campaign(options, folder, checks):
    """Runs it; (verdicts, what was skipped)."""
    began, skipped = time.monotonic(), []
    canary.check(checks, Bench(*canary.folders(folder)))
    until = began + (options.seconds or SECONDS[LONG if options.runs > SHORT else SHORT])
    chosen = [scene for scene in SCENES if not options.only or scene.name in options.only]
    for scene in list(chosen):
        if scene.host and (program := hosts.missing(scene.host)):
            skipped.append(f"{scene.place}: {program} is not installed")
            chosen.remove(scene)
    baselines, verdicts = {}, []
    with Workers(folder) as workers:
        for name, made in workers.each([(scene.name, None, None) for scene in chosen],
                                       began + 3600):
            if isinstance(made, Verdict):
                checks.check(f"{name} runs without a fault", False, made.wrong)
                chosen = [scene for scene in chosen if scene.name != name]
            else:
                baselines[name] = made
        places = sum(len(one.facts["sites"]) for one in baselines.values())
        print(f"{len(chosen)} commands make {places} calls that a fault can meet; prepared after "
              f"{time.monotonic() - began:.0f} s", flush=True)
        plan = planned(chosen, baselines, options.runs, options.seed) if not options.fault else \
            [(options.only[0], options.fault)]
        for _, verdict in workers.each([(name, baselines[name], fault) for name, fault in plan],
                                       until):
            verdicts.append(verdict)
            if len(verdicts) % 100 == 0:
                print(f"{len(verdicts)} of {len(plan)} runs after "
                      f"{time.monotonic() - began:.0f} s", flush=True)
            what = f"{verdict.scene} under {verdict.fault}"
            checks.check(what, verdict.is_clean(), [verdict.lost, verdict.wrong, verdict.left])
            if not verdict.is_clean() or options.fault:
                print_faulty(verdict)
    if len(verdicts) < len(plan):
        skipped.append(f"{len(plan) - len(verdicts)} of {len(plan)} runs: the time was over")
    print(f"{len(verdicts)} runs in {time.monotonic() - began:.0f} s", flush=True)
    return verdicts, skipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int,
                        default=LONG if os.environ.get("RAMPART_LONG") == "1" else SHORT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", action="append", choices=sorted(BY_NAME))
    parser.add_argument("--fault", help="one fault, with --only")
    parser.add_argument("--seconds", type=int, help="begin no run after this time")
    parser.add_argument("--table", type=pathlib.Path, help="the page to write the table into")
    options = parser.parse_args()
    if missing := faults.tools_missing():
        print(f"skipped: the fault campaign, because {' and '.join(missing)} is not installed")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    # Ends as by an error: the servers are stopped, and the folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    checks = Checks()
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="rampart-faults-") as folder:
        verdicts, skipped = campaign(options, folder, checks)
    print(tables.text(verdicts))
    if options.table:
        tables.write(options.table, verdicts, options.seed)
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
