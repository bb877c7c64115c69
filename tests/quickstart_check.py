#!/usr/bin/env python3
"""Runs ./quickstart twice: it must reach "No changes.", verify, and leave nothing behind."""

import glob
import pathlib
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent


def servers_running():
    """The pids of name servers that run from a demo folder."""
    found = []
    for cmdline in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = pathlib.Path(cmdline).read_bytes().split(b"\0")
        except OSError:
            continue
        if any(b"rampart-demo." in word for word in words) and b"quickstart" not in words[1:2]:
            found.append(cmdline.split("/")[2])
    return found


def remain_running():
    """Whether a server is still there after the moment that its children need to leave."""
    for _ in range(50):
        if not servers_running():
            return False
        time.sleep(0.2)
    return True


def faults():
    before = subprocess.run(["git", "status", "--porcelain"], cwd=SOURCE, capture_output=True)
    for attempt in ("first", "second"):
        with tempfile.TemporaryDirectory(prefix="rampart-quickstart.") as folder:
            done = subprocess.run(["./quickstart"], cwd=SOURCE, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, env={"TMPDIR": folder,
                                                                 "PATH": "/usr/sbin:/usr/bin:/bin"})
            print(done.stdout[-4000:], done.stderr[-4000:])
            if done.returncode != 0:
                yield f"the {attempt} run ended with {done.returncode}"
            if "\nNo changes." not in done.stdout:
                yield f"the {attempt} run did not reach an empty plan"
            if any(pathlib.Path(folder).iterdir()):
                yield f"the {attempt} run left files behind"
        if remain_running():
            yield f"the {attempt} run left a server running"
    after = subprocess.run(["git", "status", "--porcelain"], cwd=SOURCE, capture_output=True)
    if before.stdout != after.stdout:
        yield "the source tree changed"


def main():
    wrong = list(faults())
    print("\n".join(wrong))
    print(f"{0 if wrong else 1} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
