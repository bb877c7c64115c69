#!/usr/bin/env python3
"""Every line of the threat model in docs/security.md names tests, and they exist."""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / "tests/end_to_end/support"))

from harness import Checks  # noqa: E402

CASE = re.compile(r'TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')


def test_cases():
    """The names of all test cases; a long one may be written as several literals."""
    names = set()
    for path in (SOURCE / "tests").rglob("*.cc"):
        for literals in CASE.findall(path.read_text()):
            names.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)))
    return names


def exists(test, cases):
    if test.startswith("story "):
        return (SOURCE / "tests/scenarios" / test[6:] / "story.txt").is_file()
    if test.startswith("tests/"):
        return (SOURCE / test).is_file()
    if test.endswith(".yaml"):
        return (SOURCE / "tests/broken" / test).is_file()
    return test in cases


def rows(text):
    """(heading, first cell, tests) of each row of a table with a column Tests."""
    heading, with_tests = "", False
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            with_tests = False
        elif cells[-1] == "Tests":
            with_tests = True
        elif with_tests and not line.startswith("|--"):
            yield heading, cells[0], re.findall(r"`([^`]+)`", cells[-1])


def main():
    checks = Checks()
    cases = test_cases()
    count = 0
    for heading, first, tests in rows((SOURCE / "docs/security.md").read_text()):
        count += 1
        checks.check(f"{heading}: {first}: a test is named", bool(tests))
        for test in tests:
            checks.check(f"{heading}: {first}: `{test}` exists", exists(test, cases))
    checks.check(f"the model has {count} lines", count >= 20)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
