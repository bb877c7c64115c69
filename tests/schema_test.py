#!/usr/bin/env python3
"""The JSON Schema that `rampart schema` prints, in the hands of an independent validator.

It must be a valid schema, accept the example and every YAML that the stories accept, and refuse
what the loader refuses in shape.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import yaml

SOURCE = pathlib.Path(__file__).resolve().parent.parent

# Wrong in shape, so that an editor can say so while one types.
BAD = {
    "an unknown key": "version: 1\ndomains: {}\nproviderz: {}\n",
    "a wrong type": "version: 1\ndomains: [example.com]\n",
    "another version": "version: 2\ndomains: {}\n",
    "a phase that does not exist":
        "version: 1\ndomains: {example.com: {dmarc: {phase: quarantene}}}\n",
    "pct beyond 100": "version: 1\ndomains: {example.com: {dmarc: {phase: reject, pct: 101}}}\n",
    "an unknown key of a domain": "version: 1\ndomains: {example.com: {sender: [office]}}\n",
    "a TSIG algorithm that does not exist": "version: 1\nproviders: {b: {type: rfc2136, "
        "server: 192.0.2.1, tsig_algorithm: gss-tsig}}\n",
    "a rate below 0": "version: 1\nproviders: {c: {type: cloudflare, requests_per_second: -4}}\n",
    "a rate of 0": "version: 1\nproviders: {c: {type: cloudflare, requests_per_second: 0}}\n",
    "a port beyond 65535 by its digits":
        "version: 1\nproviders: {b: {type: rfc2136, server: \"192.0.2.1:999999\"}}\n",
    "a zone's id with its path": "version: 1\nproviders: {r: {type: route53, "
        "zone_ids: {example.com: /hostedzone/Z1}}}\n",
    "a file name without the zone":
        "version: 1\nproviders: {f: {type: zonefile, directory: zones, file: db}}\n",
    "SPF kept in an unknown way": "version: 1\ndomains: {example.com: {spf: elsewhere}}\n",
    "a waiver without a reason":
        "version: 1\ndomains: {example.com: {waivers: [{code: spf-lookups, until: 2027-01-31}]}}\n",
}


# What another YAML reader does not mind, or minds in another way.
MERELY_YAML = {"duplicate-key", "duplicate-section", "duplicate-among-many", "merge-key", "tag",
               "tag-on-map", "too-deep", "aliased-mistake", "alias-of-itself"}

# Broken files in whose faults a schema sees none: references between sections, what must hold
# among keys, the grammar of SPF and DNS, what `defaults:` bring, other files.
BEYOND_A_SCHEMA = {
    "domain-name-invalid", "domain-label-too-long", "domain-is-a-record",
    "domain-public-suffix", "domain-twice-case", "domain-twice-unicode", "domain-twice-included",
    "parked-sends", "parked-and-absent", "provider-unknown", "provider-undeclared",
    "sender-unknown", "sender-used-twice",
    "sender-reviewed", "sender-twice-included", "with-missing", "with-unknown", "spf-extra",
    "spf-equals-sign",
    "selector-twice", "selector-txt", "rotation-sender", "rotation-twice",
    "phase-missing", "pct-at-monitor", "since", "target-below", "ramp-unknown", "ramp-falls",
    "order-circle", "ramp-without-hold", "ramp-pct-at-monitor", "ramp-policy-only-pct",
    "gates-contradict",
    "waiver-code", "include-missing", "include-more", "defaults-merge-wrong",
    "private-key-pem", "private-key-record",
}


class Plain(yaml.SafeLoader):
    """YAML as the loader knows it: dates, octal numbers and `yes` are text."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (("bool", "^(?:true|false)$", "tf"), ("null", "^(?:~|null|)$", "~n"),
                            ("int", "^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
                            ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
                            ("merge", "^(?:<<)$", "<")):
    Plain.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def load(text):
    return yaml.load(text, Loader=Plain)


def broken(validator):
    """(passed, wrong): the schema refuses the broken files, but for those beyond any schema."""
    wrong, passed = [], 0
    for path in sorted((SOURCE / "tests/broken").glob("*.yaml")):
        name = path.stem.split("-", 1)[1]
        try:
            document = load(path.read_bytes())
        except (yaml.YAMLError, ValueError, TypeError):
            continue  # No YAML at all, so that nothing is left for a schema to say.
        if name in MERELY_YAML:
            continue
        refused = next(validator.iter_errors(document), None) is not None
        if refused == (name in BEYOND_A_SCHEMA):
            wrong.append(f"{path.name}: the schema {'refuses' if refused else 'accepts'} it")
        else:
            passed += 1
    return passed, wrong


def accepted(binary, path):
    """Whether the loader takes this file without an error."""
    done = subprocess.run([binary, "-c", path.name, "--format", "json", "validate"],
                          cwd=path.parent, capture_output=True, text=True)
    try:
        return not json.loads(done.stdout or "{}").get("errors")
    except ValueError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=SOURCE / "build/dev/rampart", type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    schema = json.loads(subprocess.run([binary, "schema"], capture_output=True, text=True,
                                       check=True).stdout)
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    wrong, passed = [], 0
    examples = [SOURCE / "examples/domains.yaml"]
    valid = sorted(SOURCE.glob("tests/valid/*.yaml"))
    for path in [*examples, *valid, *sorted(SOURCE.glob("tests/scenarios/*/*.yaml"))]:
        if path not in examples and path not in valid and not accepted(binary, path):
            continue
        faults = [error.message for error in validator.iter_errors(load(path.read_text()))]
        wrong += [f"{path.relative_to(SOURCE)}: {fault}" for fault in faults]
        passed += not faults
    for name, text in BAD.items():
        if next(validator.iter_errors(load(text)), None) is None:
            wrong.append(f"the schema accepts {name}")
        else:
            passed += 1
    more_passed, more_wrong = broken(validator)
    passed, wrong = passed + more_passed, wrong + more_wrong
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
