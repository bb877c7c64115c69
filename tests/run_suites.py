#!/usr/bin/env python3
"""Builds the tests and runs every suite, two at a time; called by ./run-tests.

A suite is a program whose last line is `N passed, N failed` (or `..., N skipped`, the skipped ones
named on lines that begin with `skipped: `), or a Catch2 binary. What it prints goes to
build/test-logs/<suite>.log, and is shown where something failed.
"""

import dataclasses
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
REHEARSAL = "tests/end_to_end/rotation/rehearsal_test.py"
LOGS = SOURCE / "build" / "test-logs"
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
CATCH_PASSED = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)", re.MULTILINE)
CATCH_FAILED = re.compile(r"^test cases: +(\d+)(?: \| +(\d+) passed)?(?: \| +(\d+) failed)?",
                          re.MULTILINE)


@dataclasses.dataclass
class Suite:
    """A program to run, and how long it may take."""

    name: str
    command: list
    seconds: int = 300
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Outcome:
    """What became of a suite."""

    suite: Suite
    passed: int
    failed: int
    skipped: list
    output: str
    seconds: float


def counts(output, code):
    """(passed, failed, skipped) as the output says; a suite that does not say has failed."""
    last = output.rstrip().rpartition("\n")[2]
    if summary := SUMMARY.match(last):
        passed, failed = int(summary[1]), int(summary[2])
    elif catch := CATCH_PASSED.search(output):
        passed, failed = int(catch[1]), 0
    elif catch := CATCH_FAILED.search(output):
        passed, failed = int(catch[2] or 0), int(catch[3] or 0)
    else:
        passed, failed = 0, 1
    skipped = re.findall(r"^skipped: (.*)$", output, re.MULTILINE)
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped


def run(suite):
    started = time.monotonic()
    try:
        done = subprocess.run(suite.command, cwd=SOURCE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=suite.seconds, env={**os.environ, **suite.environment})
        output, code = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        output, code = f"{output}\nstopped after {suite.seconds} seconds\n", 1
    (LOGS / f"{suite.name}.log").write_text(output)
    return Outcome(suite, *counts(output, code), output, time.monotonic() - started)


def build(preset, *targets):
    """Configures and builds; True when it worked. Its output goes to the logs."""
    folder = f"build/{preset}"
    log = LOGS / f"build-{preset}.log"
    with open(log, "w", encoding="utf-8") as out:
        for command in (["cmake", "--preset", preset], ["ninja", "-C", folder, *targets]):
            if subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT).returncode != 0:
                out.flush()
                print(f"{' '.join(command)} failed:\n" + log.read_text()[-8000:])
                return False
    return True


def catch_suites(preset, environment=None, seconds=300):
    """The unit suites of a build, one Catch2 binary a room, and those with real sockets."""
    suffix = "" if preset == "dev" else f"-{preset}"
    # A test case that checks nothing cannot fail, so that Catch2 fails it.
    return [Suite(f"{path.name}{suffix}", [str(path), "-w", "NoAssertions"], seconds,
                  environment or {})
            for pattern in ("unit_*", "end_to_end_*")
            for path in sorted((SOURCE / "build" / preset / "tests").glob(pattern))
            if path.is_file() and os.access(path, os.X_OK)]


def corpus_suites(preset):
    """Every fuzz target over its corpus, as an ordinary test."""
    suffix = "" if preset == "dev" else f"-{preset}"
    suites = []
    for path in sorted((SOURCE / "build" / preset / "tests").glob("corpus_*")):
        if path.is_file() and os.access(path, os.X_OK):
            corpus = SOURCE / "tests/fuzz/corpus" / path.name[len("corpus_"):]
            suites.append(Suite(f"{path.name}{suffix}", [str(path), str(corpus)]))
    return suites


def name_of(script):
    """A name that no other suite has: end_to_end/dkim/chain_test.py is dkim_chain_test."""
    folder = script.parent.name
    inside = script.parent.parent.name == "end_to_end" and not script.stem.startswith(folder)
    return f"{folder}_{script.stem}" if inside else script.stem


def script_suites():
    """Every *_test.py of tests/, tests/*/ and tests/end_to_end/*/, the contract and the stories."""
    scripts = sorted([*SOURCE.glob("tests/*_test.py"), *SOURCE.glob("tests/*/*_test.py"),
                      *SOURCE.glob("tests/end_to_end/*/*_test.py")])
    python = sys.executable
    stories = Suite("stories", [python, "tests/scenarios/run.py"])
    contract = Suite("contract", [python, "tests/contract/run.py"], 900)
    # Only whether each row still names a text of the sources; the mutations themselves run nightly.
    rows = Suite("mutation-rows", [python, "tests/mutation/run.py", "--check"])
    # The nightly fault campaign makes 2,000 runs.
    longer = {"campaign_test": 3600} if "--nightly" in sys.argv[1:] else {}
    return [contract, stories, rows, *(Suite(name_of(path), [python, str(path)],
                                       longer.get(path.stem, 900)) for path in scripts)]


def fuzz_suites():
    """libFuzzer runs of a minute, each from its corpus; new inputs stay out of the source tree."""
    suites = []
    for path in sorted((SOURCE / "build/fuzz/tests").glob("fuzz_*")):
        if not (path.is_file() and os.access(path, os.X_OK)):
            continue
        found = SOURCE / "build/fuzz/found" / path.name
        found.mkdir(parents=True, exist_ok=True)
        corpus = SOURCE / "tests/fuzz/corpus" / path.name[len("fuzz_"):]
        script = ('"$0" -max_total_time=60 -timeout=5 -rss_limit_mb=2048 -print_final_stats=0 '
                  '-artifact_prefix="$1/" "$1" "$2" && echo "1 passed, 0 failed"')
        suites.append(Suite(path.name, ["bash", "-c", script, str(path), str(found), str(corpus)]))
    return suites


def long_suites():
    """What --all adds: the first screen's command, and the long runs."""
    worlds = "1000" if "--nightly" in sys.argv[1:] else "120"
    long_runs = {"RC_PARAMS": "max_success=2000", "RAMPART_WORLDS": worlds}
    # These build the release, one at a time; the simulator's two years only need it built.
    release = ["flock", str(LOGS.parent / "release.lock"), sys.executable]
    return [Suite("quickstart", [*release, "tests/quickstart_check.py"], 1200),
            Suite("package", [*release, "tests/packaging/bare_debian.py"], 1800),
            Suite("hardening", [*release, "tests/packaging/hardening.py"], 1200),
            Suite("simulator-long",
                  ["bash", "-c", 'flock "$0" bash -c "cmake --preset release && '
                   'ninja -C build/release rampart" && RAMPART_BINARY=build/release/rampart '
                   'exec "$1" tests/simulator/simulator_test.py --long',
                   release[1], sys.executable], 2700),
            Suite("rotation-rehearsal-months",
                  [sys.executable, REHEARSAL, "--months"], 1200),
            Suite("spf-differential-long", [sys.executable,
                                            "tests/differential/spf_differential_test.py",
                                            "20000"], 900),
            Suite("dkim-differential-long", [sys.executable,
                                             "tests/differential/dkim_differential_test.py",
                                             "20000"], 900),
            *(dataclasses.replace(suite, name=f"{suite.name}-long")
              for suite in catch_suites("dev", long_runs, 1200))]


def nightly_suites():
    """What --nightly adds: sanitizers, fuzzing, the longest rehearsal; builds first."""
    suites = [Suite("rotation-rehearsal-long",
                    [sys.executable, REHEARSAL, "--long"], 3600),
              Suite("mutation", [sys.executable, "tests/mutation/run.py"], 4 * 3600)]
    if build("asan"):
        options = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
                   "UBSAN_OPTIONS": "print_stacktrace=1"}
        suites += catch_suites("asan", options, 900) + corpus_suites("asan")
        suites.append(Suite("stories-asan", [sys.executable, "tests/scenarios/run.py", "--binary",
                                             "build/asan/rampart"], 900))
    else:
        suites.append(Suite("build-asan", ["false"]))
    return suites + (fuzz_suites() if build("fuzz", "fuzzers")
                     else [Suite("build-fuzz", ["false"])])


def main():
    LOGS.mkdir(parents=True, exist_ok=True)
    if not build("dev"):
        print("0 passed, 1 failed")
        return 1
    suites = catch_suites("dev") + corpus_suites("dev") + script_suites()
    if "--all" in sys.argv[1:] or "--nightly" in sys.argv[1:]:
        suites += long_suites()
    if "--nightly" in sys.argv[1:]:
        os.environ["RAMPART_LONG"] = "1"  # Suites with a short and a long run take the long one.
        suites += nightly_suites()
    passed, failed, skipped = 0, 0, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in concurrent.futures.as_completed(pool.submit(run, suite) for suite in suites):
            outcome = done.result()
            passed += outcome.passed
            failed += outcome.failed
            skipped += outcome.skipped
            mark = "FAILED" if outcome.failed else "ok"
            print(f"{mark:6} {outcome.suite.name}: {outcome.passed} passed, "
                  f"{outcome.failed} failed ({outcome.seconds:.1f} s)", flush=True)
            if outcome.failed:
                print(outcome.output[-6000:])
    for name in skipped:
        print(f"skipped: {name}")
    print(f"{passed} passed, {failed} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
