#!/usr/bin/env python3
"""docs/compared-with-checkdmarc.md: every finding of checkdmarc has a code of ours, or a reason why
it has none; every code exists; and every example in the page gives its code."""

import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import SOURCE, Checks  # noqa: E402
import records  # noqa: E402
from served import Served  # noqa: E402

PAGE = SOURCE / "docs/compared-with-checkdmarc.md"
FINDINGS = SOURCE / "docs/findings.md"
DIFFERENT = "Deliberately different: "
CODE = re.compile(r"\[([a-z0-9-]+)\]\(findings\.md#([a-z0-9-]+)\)")
# Of each part, so that a table which is no longer read is noticed.
LEAST_ROWS, LEAST_EXAMPLES = 100, 60


def rows():
    """(finding, ours, example) of every row of every table."""
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "checkdmarc":
            yield cells


def domain_with(number, example):
    """A good domain with the records of an example, which names example.com."""
    domain = records.clean(f"c{number:03}.example")
    seen = set()
    for record in re.findall(r"`([^`]+)`", example):
        name, kind, value = record.split(" ", 2)
        value = value.replace("example.com", domain.name)
        if (name, kind) not in seen:
            domain.set(name, kind=kind)
        seen.add((name, kind))
        domain.add(name, value, kind)
    return domain


def main():
    checks = Checks()
    known = set(re.findall(r"^## ([a-z0-9-]+)$", FINDINGS.read_text(), re.MULTILINE))
    expected, domains, count = {}, [], 0
    for number, (finding, ours, example) in enumerate(rows()):
        count += 1
        codes = CODE.findall(ours)
        checks.check(f"{finding}: each link leads to the code that it names",
                     all(code == anchor and code in known for code, anchor in codes), ours)
        reason = ours.removeprefix(DIFFERENT)
        checks.check(f"{finding}: it has a code of ours, or a reason why it has none",
                     len(reason) > 20 if ours.startswith(DIFFERENT) else codes, ours)
        if example:
            domain = domain_with(number, example)
            expected[domain.name] = (finding, codes[0][0] if codes else "")
            domains.append(domain)
    checks.check("the page has its tables", count >= LEAST_ROWS and len(domains) >= LEAST_EXAMPLES,
                 (count, len(domains)))
    with tempfile.TemporaryDirectory(prefix="rampart-checkdmarc.") as folder:
        with Served(folder, domains) as served:
            audit = json.loads(served.run("audit", *expected, "--no-fetch", "--format", "json"))
    for row in audit["domains"]:
        finding, code = expected[row["domain"]]
        found = {one["code"] for one in row["findings"]}
        checks.check(f"{finding}: its example gives {code}", code in found, sorted(found))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
