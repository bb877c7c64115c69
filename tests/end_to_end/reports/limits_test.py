#!/usr/bin/env python3
"""While reports are read, the process can open its inputs and its store, and no key: the kernel's
Landlock, seen by strace, and what must go on working within it."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

from harness import BINARY, Checks  # noqa: E402
from report_files import report  # noqa: E402

NOW = ["--now", "2026-11-21T00:00:00Z", "--nameserver", "127.0.0.1:9"]


def run(folder, *words):
    """(exit code, the system calls that limit or open, output) of an ingest in `folder`."""
    trace = folder.parent / "trace"
    done = subprocess.run(
        ["strace", "-f", "-o", trace, "-e", "trace=landlock_restrict_self,openat,unlink", BINARY,
         *NOW, "reports", "ingest", *words],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=120)
    return done.returncode, trace.read_text(), done.stdout


def kernel_has_landlock():
    return "landlock" in pathlib.Path("/proc/kallsyms").read_text(errors="replace")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "work"
        outside = pathlib.Path(place) / "outside"
        (folder / "in").mkdir(parents=True)
        outside.mkdir()
        (outside / "linked.xml").write_bytes(report(number=1))
        (folder / "in" / "linked.xml").symlink_to(outside / "linked.xml")
        (folder / "in" / "plain.xml").write_bytes(report(number=2))
        (folder / "in" / "broken.xml").write_text("<feedback>")

        code, trace, output = run(folder, "in", "--quarantine", "set-aside")
        checks.check("a broken file alone is refused", code == 4, output)
        checks.check("a link in a folder is followed", "2 new reports" in output, output)
        checks.check("a refused file is copied", (folder / "set-aside" / "broken.xml").exists(),
                     output)
        checks.check("the store is closed whole",
                     not list(folder.glob("rampart.db-*")), os.listdir(folder))
        before, limited, after = trace.partition("landlock_restrict_self")
        checks.check("the store is opened before the limits", "rampart.db" in before, trace)
        if kernel_has_landlock():
            checks.check("the limits are set", "= 0" in limited + after.split("\n")[0], trace)
            checks.check("reports are read within them", "in/plain.xml" in after, trace)
            # A rule names its file by a descriptor that reads nothing (O_PATH).
            early = [line for line in before.split("\n") if "in/plain.xml" in line]
            checks.check("and not before", all("O_PATH" in line for line in early), trace)

        code, trace, output = run(folder, "in/*.xml")
        checks.check("a pattern is expanded first", "2 known already" in output, output)
        done = subprocess.run([BINARY, *NOW, "reports", "ingest", "-"], cwd=folder,
                              input=report(number=3), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        checks.check("standard input is read", b"1 new report" in done.stdout, done.stdout)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
