#!/usr/bin/env python3
"""Runs the commands of README.md in a copy of the example, and compares what they print.

A ```console block is a transcript: a line `...` stands for any lines. The two commands of the first
screen are run by continuous integration itself; here they must exist and be executable.
"""

import argparse
import os
import pathlib
import re
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests/scenarios"))

import run as stories  # noqa: E402
import transcript  # noqa: E402

OWN = ("./quickstart", "./run-tests", "./run-tests --all", "./run-tests --nightly")


def console_steps(text):
    """Every command of every console block with what it is said to print."""
    steps = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        steps += transcript.parse(block)
    return steps


def agrees(written, played):
    """Whether `played` is what was written, where a line `...` stands for any lines."""
    pattern = ""
    for line in written.rstrip("\n").split("\n"):
        pattern += r"(?:.*\n)*" if line == "..." else re.escape(line) + "\n"
    return re.fullmatch(pattern, "\n".join(map(str.rstrip, played.rstrip().split("\n"))) + "\n")


def faults(steps, binary):
    if not steps:
        yield "README.md has no commands"
    with tempfile.TemporaryDirectory(prefix="rampart-readme.") as work:
        os.chmod(work, 0o755)
        stage = stories.Stage(SOURCE / "examples", stories.reachable(binary, work),
                              pathlib.Path(work) / "stage")
        for step in steps:
            if step.command in OWN:
                if not os.access(SOURCE / step.command.split()[0], os.X_OK):
                    yield f"{step.command} cannot be run"
                continue
            output, code = stage.run(step.command)
            if code != step.exit:
                yield f"$ {step.command}\nended with {code}, not {step.exit}:\n{output}"
            elif not agrees(step.output, output):
                yield f"$ {step.command}\nREADME.md says:\n{step.output}\nreally:\n{output}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=SOURCE / "build/dev/rampart", type=pathlib.Path)
    arguments = parser.parse_args()
    steps = console_steps((SOURCE / "README.md").read_text())
    wrong = list(faults(steps, arguments.binary))
    print("\n".join(wrong))
    print(f"{len(steps) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
