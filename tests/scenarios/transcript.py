"""A story as text: prose, commands, and the whole output expected of each.

    # Prose, for the reader.
    $ rampart plan
    No changes. ...
    [exit 2]

A line of output that would look like one of these marks is written with a leading backslash.
"""

import dataclasses
import re

MARKED = re.compile(r"^(# |\$ |\[exit |\\)")


@dataclasses.dataclass
class Step:
    """One command with the prose before it and what it printed."""

    prose: list
    command: str = ""
    output: str = ""
    exit: int = 0


def parse(text):
    """The steps of a transcript; prose after the last command is a step without a command."""
    steps = []
    step = None
    for line in text.splitlines():
        if line.startswith("# ") or line == "#":
            if step is None or step.command:
                step = Step([])
                steps.append(step)
            step.prose.append(line)
        elif line.startswith("$ "):
            if step is None or step.command:
                step = Step([])
                steps.append(step)
            step.command = line[2:]
        elif line.startswith("[exit "):
            step.exit = int(line[6:].rstrip("]"))
        elif step is not None and step.command:
            step.output += (line[1:] if line.startswith("\\") else line) + "\n"
        elif line:
            raise ValueError(f"output before any command: {line!r}")
        elif step is not None:
            step.prose.append("")
    for step in steps:
        step.output = step.output.rstrip("\n") + "\n" if step.output.strip("\n") else ""
    return steps


def to_text(steps):
    """The transcript of `steps`; parse(to_text(steps)) gives them back."""
    lines = []
    for step in steps:
        while step.prose and not step.prose[-1]:
            step.prose.pop()
        if lines:
            lines.append("")
        lines += step.prose
        if not step.command:
            continue
        lines.append("$ " + step.command)
        for line in step.output.rstrip("\n").splitlines():
            lines.append("\\" + line if MARKED.match(line) else line.rstrip())
        if step.exit:
            lines.append(f"[exit {step.exit}]")
    return "\n".join(lines) + "\n"


def directive(steps, name):
    """What a prose line `# name: ...` says, or None."""
    for step in steps:
        for line in step.prose:
            if line.startswith(f"# {name}: "):
                return line[len(name) + 4:].strip()
    return None
