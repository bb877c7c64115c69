#!/usr/bin/env python3
"""Ctrl-C and SIGTERM at random moments of an `apply` over many zones.

interrupt_test.py [--long]: 12 runs over 150 zones; with --long 100 over 500. A signal before the
first write ends the process at once, and nothing is written. One during the writes ends it after
the write under way: exit code 4, an account of what was written and what was not started, and no
file that is neither the old nor the new one. Running again completes the rest.
"""

import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from harness import BINARY, Checks  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

ZONE = """$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600
@ IN NS ns1
ns1 IN A 192.0.2.53
@ IN TXT "v=spf1 ip4:{ADDRESS} ~all"
@ IN TXT "somebody else's value"
"""
OLD, NEW = "192.0.2.1", "192.0.2.2"


def make(folder, count):
    """An estate whose zones all need one change."""
    (folder / "zones").mkdir(parents=True)
    names = [f"d{i}.example" for i in range(count)]
    for name in names:
        (folder / "zones" / f"{name}.zone").write_text(ZONE.replace("{ADDRESS}", OLD))
    (folder / "domains.yaml").write_text(
        "version: 1\nproviders: {files: {type: zonefile, directory: zones}}\n"
        f'senders: {{office: {{spf: ["ip4:{NEW}"], dkim: self}}}}\n'
        "defaults: {provider: files}\ndomains:\n" +
        "".join(f"  {name}: {{senders: [office], dmarc: {{phase: spf}}}}\n" for name in names))


def apply(folder):
    return subprocess.Popen(
        [BINARY, "apply", "--auto-approve", "--verify-timeout", "0s", "--nameserver",
         "127.0.0.1:1", "--resolver", "127.0.0.1:1"], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def changed(folder):
    """How many zones have the new record; None where a file is neither old nor new."""
    count = 0
    for path in (folder / "zones").iterdir():
        text = path.read_text()
        whole = "somebody else's value" in text and "SOA" in text and path.suffix == ".zone"
        if not whole or (OLD in text) == (NEW in text):
            return None
        count += NEW in text
    return count


def interrupted(folder, delay, number):
    """(exit code, standard output, standard error)."""
    process = apply(folder)
    time.sleep(delay)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def check_once(checks, folder, delay, number, count):
    """One interrupted run and the one after it; what became of it, in a word."""
    code, seen, progress = interrupted(folder, delay, number)
    done = changed(folder)
    what = f"{signal.Signals(number).name} after {delay:.3f} s (exit code {code})"
    checks.check(f"{what}: every file is the old or the new one", done is not None, seen[-400:])
    totals = re.search(r"^\d+ (written|not started).*\.$", seen, re.MULTILINE)
    if code == -number and done == count:
        # Everything was written and read back, and the process was about to end.
        checks.check(f"{what}: the account was printed", totals is not None, seen[-400:])
        word = "after"
    elif code == -number:
        checks.equal(f"{what}: ended before the first write", done, 0)
        word = "before"
    elif code == 4:
        counts = {word: int(number) for number, word in
                  re.findall(r"(\d+) (written|not started)", totals[0] if totals else "")}
        checks.equal(f"{what}: the account is true", counts.get("written", 0), done)
        checks.equal(f"{what}: what was not started", counts.get("not started", 0), count - done)
        checks.equal(f"{what}: reported once", progress.count("interrupted:"), 1)
        word = "during"
    else:
        # The last write was under way, or every one was over.
        checks.equal(f"{what}: everything was written", (code, done), (5, count))
        word = "after"
    process = apply(folder)
    out, err = process.communicate(timeout=120)
    checks.check(f"{what}: the next run completes", process.returncode in (0, 5), out + err)
    checks.equal(f"{what}: all zones", changed(folder), count)
    return word


def main():
    long = "--long" in sys.argv
    checks = Checks()
    count, runs = (500, 100) if long else (150, 12)
    chance = random.Random(20261130)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make(folder / "start", count)
        shutil.copytree(folder / "start", folder / "whole")
        began = time.monotonic()
        process = apply(folder / "whole")
        process.communicate(timeout=300)
        whole = time.monotonic() - began
        words, written = [], WrittenZones(folder / "written")
        for run in range(runs):
            place = folder / str(run)
            shutil.copytree(folder / "start", place)
            number = chance.choice([signal.SIGINT, signal.SIGTERM])
            words.append(check_once(checks, place, chance.uniform(0.05, whole), number, count))
            written.keep_folder(f"run {run}", place / "zones")
            shutil.rmtree(place)
        skipped = written.check(checks, count)
    reached = {word: words.count(word) for word in ("before", "during", "after")}
    print(f"an apply over {count} zones takes {whole:.2f} s; signals came {reached}")
    checks.check("some signals came during the writes", reached["during"] > 0, reached)
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
