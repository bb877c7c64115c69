#!/usr/bin/env python3
"""audit, plan and init say the same findings about the same live records: more than 150 made-up
domains, each with faults of its own, in one run of each command. Where a command says less on
purpose, SILENT names the code, the command and the reason; a row that nothing needs fails."""

import collections
import json
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("yaml")

import yaml  # noqa: E402

import made_up  # noqa: E402
from faults import FAULTS  # noqa: E402
from served import Served  # noqa: E402

COMMANDS = ("audit", "plan", "init")
LEAST_DOMAINS = 150

DECLARED = "the YAML declares it on purpose, and only an audit compares it with what is best"
ABSENT = "the record is absent: what to publish is for the YAML to say"
PLANNED = "it is about a change or a setting of the YAML, and not about a record"
WHOLE_ZONE = "only a zone that is read whole shows it; an audit queries the names that it knows"
COMMENT = "a comment in the YAML lasts, and the failure of a query may pass"
INFO = "init writes warnings alone into the YAML"
LISTED = "the zone is read whole, so that no selector is unknown"
SAME = "spf-broad of an audit is authority-wide of a plan (docs/findings.md)"
DISCOVERY = "a plan reports it where it changes how receivers find the policy (governing-changes)"

# {(code, command that does not say it): why}.
SILENT = {
    ("authority-wide", "audit"): SAME,
    ("dkim-not-asked", "init"): LISTED,
    ("dkim-not-asked", "plan"): LISTED,
    ("dkim-not-found", "init"): LISTED,
    ("dkim-not-found", "plan"): "the plan publishes the key that is missing",
    ("dkim-selector-removed", "audit"): PLANNED,
    ("dkim-selector-removed", "init"): PLANNED,
    ("dkim-testing", "init"): INFO,
    ("dkim-unresolved", "init"): COMMENT,
    ("dmarc-generations-differ", "init"): DISCOVERY,
    ("dmarc-generations-differ", "plan"): DISCOVERY,
    ("dmarc-historic-tags", "init"): INFO,
    ("dmarc-missing", "init"): ABSENT,
    ("dmarc-missing", "plan"): ABSENT,
    ("dmarc-not-enforced", "init"): DECLARED,
    ("dmarc-not-enforced", "plan"): DECLARED,
    ("dmarc-partial", "init"): DECLARED,
    ("dmarc-partial", "plan"): DECLARED,
    ("dmarc-sub-domains", "init"): DECLARED,
    ("dmarc-sub-domains", "plan"): DECLARED,
    ("dmarc-without-rua", "plan"): DECLARED,
    ("mta-sts-missing", "init"): ABSENT,
    ("mta-sts-missing", "plan"): ABSENT,
    ("mta-sts-policy-first", "audit"): PLANNED,
    ("mta-sts-policy-first", "init"): PLANNED,
    ("mx-invalid", "init"): "the YAML has no MX",
    ("mx-invalid", "plan"): "the YAML has no MX",
    ("occupied", "audit"): PLANNED,
    ("occupied", "init"): PLANNED,
    ("ramp-jump", "audit"): PLANNED,
    ("ramp-jump", "init"): PLANNED,
    ("record-misplaced", "audit"): WHOLE_ZONE,
    ("selector-undeclared", "audit"): WHOLE_ZONE,
    ("selector-undeclared", "init"): "init declares what it finds",
    ("spf-broad", "init"): SAME,
    ("spf-broad", "plan"): SAME,
    ("spf-fail-early", "audit"): PLANNED,
    ("spf-fail-early", "plan"): PLANNED,
    ("spf-missing", "init"): ABSENT,
    ("spf-missing", "plan"): ABSENT,
    ("spf-neutral", "init"): DECLARED,
    ("spf-neutral", "plan"): DECLARED,
    ("spf-term-removed", "audit"): PLANNED,
    ("spf-term-removed", "init"): PLANNED,
    ("spf-unresolved", "init"): COMMENT,
    ("tls-rpt-missing", "init"): ABSENT,
    ("tls-rpt-missing", "plan"): ABSENT,
}

# Every finding that a zone alone can have; each must occur.
RECORD_CODES = set("""
authority-wide bimi-invalid bimi-not-enforced dkim-key-invalid dkim-key-long dkim-key-revoked
dkim-key-short dkim-key-syntax dkim-key-weak dkim-not-asked dkim-not-found dkim-several-keys
dkim-testing dkim-unresolved dmarc-generations-differ dmarc-historic-tags dmarc-invalid
dmarc-missing dmarc-multiple dmarc-near-miss dmarc-not-enforced dmarc-partial dmarc-sub-domains
dmarc-tag-invalid dmarc-without-rua mta-sts-invalid mta-sts-missing mx-invalid mx-null-mixed
mx-null-sender name-dangling record-dangling record-misplaced record-near-miss reject-without-rua
report-unauthorized report-undeliverable selector-dangling selector-undeclared spf-all spf-broad
spf-dead-terms spf-invalid spf-length spf-lookups spf-lookups-near spf-missing spf-multiple
spf-near-miss spf-neutral spf-private spf-ptr spf-term-ignored spf-unresolved spf-voids takeover
tls-rpt-invalid tls-rpt-missing
""".split())


def documented():
    text = (harness.SOURCE / "docs/findings.md").read_text()
    return set(re.findall(r"^## ([a-z0-9-]+)$", text, re.MULTILINE))


def of_audit(text):
    return {row["domain"]: {one["code"] for one in row["findings"]}
            for row in json.loads(text)["domains"]}


def of_plan(text):
    said = collections.defaultdict(set)
    for finding in json.loads(text)["findings"]:
        said[finding["domain"]].add(finding["code"])
    return said


def of_init(text, known):
    """The codes in the comments before each domain: `code: message`, wrapped over several lines."""
    said, comment = {}, []
    for line in text.splitlines():
        if line.startswith("  # "):
            comment.append(line.removeprefix("  # "))
        elif match := re.fullmatch(r"  ([a-z0-9.-]+):", line):
            words = re.findall(r"(?:^|[.:] )([a-z0-9-]+): ", " ".join(comment))
            said[match[1]] = known & set(words)
            comment = []
        elif not line.startswith("  #"):
            comment = []
    return said


def disagreements(said, silent):
    """(domain, code, command) of every code that one command says of a domain and `command` does
    not, without a row in `silent`; and the rows that nothing needs."""
    found, needed = [], set()
    for name in said["audit"]:
        union = set().union(*(said[command].get(name, set()) for command in COMMANDS))
        for code in sorted(union):
            for command in COMMANDS:
                if code in said[command].get(name, set()):
                    continue
                if (code, command) in silent:
                    needed.add((code, command))
                else:
                    found.append((name, code, command))
    return found, sorted(set(silent) - needed)


def names_of(domain, said):
    """The domain and its sub-domains in the YAML."""
    return [name for name in said["audit"]
            if name == domain.name or name.endswith("." + domain.name)]


def check_faults(checks, domains, said):
    """Each fault alone gives its code, and a domain in order gives none."""
    for domain in domains[:len(FAULTS)]:
        fault = domain.faults[0]
        code = FAULTS[fault][2]
        audited = set().union(*(said["audit"][name] for name in names_of(domain, said)))
        union = audited.union(*(said["plan"][name] for name in names_of(domain, said)))
        if code:
            checks.check(f"{fault} gives {code}", code in union, sorted(union))
        else:
            checks.equal(f"{fault} is no fault", sorted(audited), [])


def check_the_check(checks, said):
    """What would be missed if the comparison were blind."""
    name = next(name for name in said["plan"] if name and "spf-ptr" in said["plan"][name])
    for command in COMMANDS:
        less = {**said, command: {**said[command],
                                  name: said[command].get(name, set()) - {"spf-ptr"}}}
        checks.equal(f"a code that {command} alone no longer says is seen",
                     [one for one in disagreements(less, SILENT)[0] if one[1] == "spf-ptr"],
                     [(name, "spf-ptr", command)])
    row = ("spf-ptr", "init")
    checks.check("a row that nothing needs is seen",
                 row in disagreements(said, {**SILENT, row: DECLARED})[1])


def main():
    checks = harness.Checks()
    domains = made_up.domains()
    checks.check("there are many domains", len(domains) >= LEAST_DOMAINS, len(domains))
    checks.equal("no two have the same faults",
                 len({tuple(sorted(domain.faults)) for domain in domains}), len(domains))
    with tempfile.TemporaryDirectory(prefix="rampart-agreement.") as folder:
        (pathlib.Path(folder) / "domains.yaml").write_text(
            yaml.safe_dump(made_up.config(domains), sort_keys=False, width=10000))
        with Served(folder, domains) as served:
            said = {"audit": of_audit(served.run("audit", "--no-fetch", "--format", "json")),
                    "plan": of_plan(served.run("plan", "--format", "json")),
                    "init": of_init(served.run("init", "--provider", "zonefile:directory=zones"),
                                    documented())}
    found, unneeded = disagreements(said, SILENT)
    by_name = {name: domain for domain in domains for name in names_of(domain, said)}
    for name, code, command in found:
        checks.check(f"{name} ({', '.join(by_name[name].faults)}): {command} says {code}", False,
                     {one: sorted(said[one].get(name, set())) for one in COMMANDS})
    checks.passed += len(said["audit"]) - len({name for name, _, _ in found})
    checks.equal("every row of SILENT is needed", unneeded, [])
    seen = set().union(*(codes for command in COMMANDS for codes in said[command].values()))
    checks.equal("every finding of a record occurs", sorted(RECORD_CODES - seen), [])
    audited = set().union(*said["audit"].values())
    checks.equal("what an audit says is a finding of a record", sorted(audited - RECORD_CODES), [])
    check_faults(checks, domains, said)
    check_the_check(checks, said)
    print(f"{len(domains)} domains, {len(seen & RECORD_CODES)} findings of records, "
          f"{len(SILENT)} on which a command is silent")
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
