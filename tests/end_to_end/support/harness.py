"""What the end-to-end suites share: where things are, a tally of checks, and the interpreter that
has Debian's packages."""

import importlib.util
import os
import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BUILD = SOURCE / "build/dev"
BINARY = pathlib.Path(os.environ.get("RAMPART_BINARY", BUILD / "rampart"))
SHARED = pathlib.Path(os.environ.get("RAMPART_SHARED", SOURCE.parent / "shared"))


def need_modules(*names):
    """Restarts the suite under Debian's interpreter where this one lacks a module: Debian's Python
    packages can be imported by Debian's own interpreter only."""
    if all(importlib.util.find_spec(name) for name in names):
        return
    if sys.executable != "/usr/bin/python3":
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    raise ModuleNotFoundError(f"one of {', '.join(names)} is not installed")


class Checks:
    """Counts the checks that hold, and prints those that do not."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, what, holds, seen=""):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED: {what}: {str(seen)[:3000]}", flush=True)

    def equal(self, what, got, expected):
        self.check(what, got == expected, f"{got} where {expected} was expected")

    def each(self, results):
        """Takes pairs of a description and whether it holds."""
        for what, holds in results:
            self.check(what, holds)

    def report(self, skipped=()):
        """Prints the suite's last line, and returns its exit code."""
        for one in skipped:
            print(f"skipped: {one}")
        suffix = f", {len(skipped)} skipped" if skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{suffix}")
        return 1 if self.failed else 0
