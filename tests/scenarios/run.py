#!/usr/bin/env python3
"""Plays the stories: tests/scenarios/<name>/story.txt against the real binary.

Each command runs in a temporary copy of the story's folder, with a fixed clock, an empty
environment, a small vocabulary and, as root, an unprivileged user in a network of its own, where
no DNS answers unless the story says `# serve: FOLDER`: then a real name server serves the zones
there at $NS. UPDATE_GOLDEN=1 rewrites the transcripts.

    run.py [--binary PATH] [NAME...]
"""

import argparse
import concurrent.futures
import ctypes
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "end_to_end/support")]

import dns_server  # noqa: E402
import loopback  # noqa: E402
import transcript  # noqa: E402

NOW = "2026-11-21T00:00:00Z"
NOBODY_ANSWERS = "127.0.0.1:9"
VOCABULARY = ("bash cat chmod cp diff echo env grep head ln ls mkdir mv printf rm sed sort "
              "tail touch wc").split()
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
CLONE_NEWNET = 0x40000000


def own_network():
    """Moves this process into a network of its own, with nothing but loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return False
    loopback.raise_loopback()
    return True


def make_tools(folder, binary):
    """A folder of links to the vocabulary, and `rampart` with a fixed clock and no resolver."""
    folder.mkdir()
    for word in VOCABULARY:
        target = shutil.which(word)
        if target:
            (folder / word).symlink_to(target)
    wrapper = folder / "rampart"
    wrapper.write_text(f"""#!/bin/bash
case " $* " in *" --now "*) ;; *) set -- --now {NOW} "$@" ;; esac
case " $* " in *" --resolver "*) ;; *) set -- --resolver {NOBODY_ANSWERS} "$@" ;; esac
exec {binary} "$@"
""")
    wrapper.chmod(0o755)


class Stage:
    """A temporary copy of a story's folder, where its commands run."""

    def __init__(self, story, binary, work):
        self.work = pathlib.Path(work)
        self.work.mkdir(exist_ok=True)
        self.folder = self.work / "story"
        shutil.copytree(story, self.folder, symlinks=True,
                        ignore=shutil.ignore_patterns("story.txt"))
        make_tools(self.work / "bin", binary)
        self.popen = NOBODY if os.geteuid() == 0 else {}
        if self.popen:
            for path in [self.work, *self.work.rglob("*")]:
                os.chown(path, NOBODY["user"], NOBODY["group"], follow_symlinks=False)
        self.server = None

    def serve(self, folder):
        zones = dns_server.zone_files(self.folder / folder)
        self.server = dns_server.DnsServer(
            dns_server.installed()[0], zones, self.work / "server", **self.popen)

    def environment(self):
        values = {"PATH": str(self.work / "bin"), "LC_ALL": "C", "NO_COLOR": "1", "TZ": "UTC",
                  "HOME": str(self.work)}
        if self.server:
            values["NS"] = self.server.address
        return values

    def run(self, command):
        """What the command printed, standard output and errors together, and its exit code."""
        done = subprocess.run(["/bin/bash", "-c", command], cwd=self.folder, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=self.environment(), **self.popen)
        output = done.stdout.decode(errors="backslashreplace")
        output = output.replace(str(self.folder), "$PWD")
        if self.server:
            output = output.replace(self.server.address, "$NS")
        return output, done.returncode

    def play(self, steps):
        """Runs every step and returns them as they really went."""
        served = transcript.directive(steps, "serve")
        if served:
            self.serve(served)
        try:
            played = []
            for step in steps:
                output, code = self.run(step.command) if step.command else ("", 0)
                played.append(transcript.Step(step.prose, step.command, output, code))
            return played
        finally:
            if self.server:
                self.server.stop()


def reachable(binary, work):
    """`binary`, or a copy of it in `work` where an unprivileged user could not reach it."""
    target = pathlib.Path(work) / "rampart"
    shutil.copy(binary, target)
    target.chmod(0o755)
    return target


def play_in_child(name, binary):
    """Plays one story in a process of its own, which may leave this network; its transcript."""
    done = subprocess.run([sys.executable, __file__, "--child", "--binary", str(binary), name],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        return f"the story could not be played:\n{done.stderr.decode()}"
    return done.stdout.decode()


def child(name, binary):
    if os.geteuid() == 0:
        own_network()
    steps = transcript.parse((HERE / name / "story.txt").read_text())
    with tempfile.TemporaryDirectory(prefix="rampart-story.") as work:
        sys.stdout.write(transcript.to_text(Stage(HERE / name, binary, work).play(steps)))


def check(name, binary):
    """The differences between a story as written and as played; empty where there are none."""
    path = HERE / name / "story.txt"
    written = path.read_text()
    played = play_in_child(name, binary)
    if written == played:
        return ""
    if os.environ.get("UPDATE_GOLDEN") == "1" and not played.startswith("the story could"):
        path.write_text(played)
        return ""
    return "".join(difflib.unified_diff(written.splitlines(True), played.splitlines(True),
                                        f"{name}: as written", f"{name}: as played"))


def story_names():
    return sorted(path.parent.name for path in HERE.glob("*/story.txt"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=SOURCE / "build/dev/rampart", type=pathlib.Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    if arguments.child:
        return child(arguments.names[0], arguments.binary)
    names = arguments.names or story_names()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="rampart-stories.") as work:
        os.chmod(work, 0o755)
        binary = reachable(arguments.binary.resolve(), work)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, difference in zip(names, pool.map(lambda n: check(n, binary), names)):
                if difference:
                    failed += 1
                    print(f"FAILED: {name}\n{difference}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
