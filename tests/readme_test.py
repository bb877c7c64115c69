#!/usr/bin/env python3
"""Runs every command of README.md and the tutorial in a copy of the example that each starts from,
and compares what they print.

A ```console block is a transcript: `...` matches any lines, or for any text in a line. A ```yaml
block whose info names a file is that file from then on. The two commands of the first screen are
run by continuous integration itself; here they must exist and be executable. --show prints what
each command really prints.
"""

import argparse
import os
import pathlib
import re
import shlex
import socketserver
import sys
import tempfile
import threading

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests/scenarios"))

import run as stories  # noqa: E402
import transcript  # noqa: E402

OWN = ("./quickstart", "./run-tests", "./run-tests --all", "./run-tests --nightly")


DOCUMENTS = {"README.md": "examples", "docs/tutorial.md": "examples/tutorial"}
BLOCK = re.compile(r"^```(console|yaml (\S+))\n(.*?)^```", re.MULTILINE | re.DOTALL)


def console_steps(text):
    """Every command of every console block with what it is said to print; a file that is shown is
    a step that writes it."""
    steps = []
    for block in BLOCK.finditer(text):
        if block[2]:
            quoted = shlex.quote(block[3])
            steps.append(transcript.Step([], f"printf %s {quoted} > {shlex.quote(block[2])}"))
        else:
            steps += transcript.parse(block[3])
    return steps


def agrees(written, played):
    """Whether `played` is what was written, where a line `...` matches any lines, and `...` in a
    line for any text."""
    pattern = ""
    for line in written.rstrip("\n").split("\n"):
        within = r".*".join(re.escape(part) for part in line.split("..."))
        pattern += r"(?:.*\n)*" if line == "..." else within + "\n"
    return re.fullmatch(pattern, "\n".join(map(str.rstrip, played.rstrip().split("\n"))) + "\n")


class NoSuchName(socketserver.BaseRequestHandler):
    """A name server on 127.0.0.1 that knows no name: the example's addresses have none."""

    def handle(self):
        query, socket = self.request
        questions_only = query[:2] + b"\x81\x83\x00\x01" + bytes(6)
        end = query.index(b"\x00", 12) + 5
        socket.sendto(questions_only + query[12:end], self.client_address)


def with_resolver(binary, work):
    """A script that runs `binary` with that name server."""
    server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), NoSuchName)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script = pathlib.Path(work) / "with-resolver"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(binary))} --resolver '
                      f'127.0.0.1:{server.server_address[1]} "$@"\n')
    script.chmod(0o755)
    return script


def faults(document, steps, binary, show):
    if not steps:
        yield f"{document} has no commands"
    with tempfile.TemporaryDirectory(prefix="rampart-readme.") as work:
        os.chmod(work, 0o755)
        reachable = with_resolver(stories.reachable(binary, work), work)
        stage = stories.Stage(SOURCE / DOCUMENTS[document], reachable,
                              pathlib.Path(work) / "stage")
        for step in steps:
            if step.command in OWN:
                if not os.access(SOURCE / step.command.split()[0], os.X_OK):
                    yield f"{step.command} cannot be run"
                continue
            output, code = stage.run(step.command)
            if show:
                print(f"$ {step.command}\n{output}[exit {code}]\n")
            if code != step.exit:
                yield f"$ {step.command}\nended with {code}, not {step.exit}:\n{output}"
            elif not agrees(step.output, output):
                yield f"$ {step.command}\n{document} says:\n{step.output}\nreally:\n{output}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=SOURCE / "build/dev/rampart", type=pathlib.Path)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    passed, wrong = 0, []
    for document in DOCUMENTS:
        steps = console_steps((SOURCE / document).read_text())
        found = list(faults(document, steps, arguments.binary, arguments.show))
        passed, wrong = passed + len(steps) - len(found), wrong + found
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
