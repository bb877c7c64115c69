#!/usr/bin/env python3
"""What the stories wrote, in front of real name servers.

Every zone file that exists at the end of a story must load in named-checkzone, and is then served
by nsd and by knot: `rampart verify` must say of both what it says of the file itself. A story may
keep itself out with a prose line `# not served: REASON`, or one server with
`# not served by knot: REASON`; each is named.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "end_to_end/support"), str(TESTS / "scenarios")]

import dns_server  # noqa: E402
import run as stories  # noqa: E402
import transcript  # noqa: E402

KINDS = ("nsd", "knot")


def verification(stage, options=""):
    """(exit code, what differs) of `rampart verify`, the servers' own names left out."""
    output, code = stage.run(f"rampart {options} --format json verify 2>/dev/null")
    try:
        domains = json.loads(output)["domains"]
    except (ValueError, KeyError):
        return code, output
    return code, [(domain["domain"], sorted(difference(row) for row in domain["differences"]))
                  for domain in domains]


def difference(row):
    """What differs; where nothing is wanted, the rest is a sentence about the servers queried."""
    if not row["want"]:
        return (row["name"],)
    return row["name"], row["type"], row["want"], row["got"]


def loads(zone, path):
    checker = shutil.which("named-checkzone", path=dns_server.SBIN)
    done = subprocess.run([checker, "-i", "local", "-k", "ignore", zone, str(path)],
                          capture_output=True, text=True)
    return None if done.returncode == 0 else f"named-checkzone: {done.stdout}{done.stderr}"


def served_faults(stage, zones, kinds):
    """What is wrong with the zone files of a story that has been played."""
    for zone, path in zones.items():
        if fault := loads(zone, path):
            yield fault
    wanted = verification(stage)
    for kind in kinds:
        try:
            with dns_server.DnsServer(kind, zones, stage.work / kind, **stage.popen) as server:
                got = verification(stage, f"--nameserver {server.address}")
                if got != wanted:
                    yield f"{kind}: the file verifies as {wanted}, the server as {got}"
        except RuntimeError as error:
            yield str(error)


def check(name, binary):
    """(faults, number of zones, why it is not served) of one story."""
    steps = transcript.parse((stories.HERE / name / "story.txt").read_text())
    reason = transcript.directive(steps, "not served")
    if reason:
        return [], 0, reason
    with tempfile.TemporaryDirectory(prefix="rampart-served.") as work:
        stage = stories.Stage(stories.HERE / name, binary, work)
        stage.play(steps)
        if not (stage.folder / "domains.yaml").exists():
            return [], 0, "it has no domains.yaml"
        zones = dns_server.zone_files(stage.folder / "zones")
        if not zones:
            return [], 0, "it has no zone files"
        kinds = [kind for kind in KINDS
                 if not transcript.directive(steps, f"not served by {kind}")]
        return list(served_faults(stage, zones, kinds)), len(zones), None


def play_all(binary):
    """Checks every story; (passed, failed)."""
    passed, failed, zones = 0, 0, 0
    names = stories.story_names()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, outcome in zip(names, pool.map(lambda n: check(n, binary), names)):
            faults, count, reason = outcome
            if reason:
                print(f"not served: {name}: {reason}")
                continue
            zones += count
            failed += bool(faults)
            passed += not faults
            for fault in faults:
                print(f"FAILED: {name}: {fault}")
    print(f"{zones} zones loaded, served and verified by {' and '.join(KINDS)}")
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=stories.SOURCE / "build/dev/rampart",
                        type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rampart-served.") as work:
        os.chmod(work, 0o755)
        passed, failed = play_all(stories.reachable(arguments.binary.resolve(), work))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
