#!/usr/bin/env python3
"""The JSON Schema that `rampart schema` prints, in the hands of an independent validator.

It must be a valid schema, accept the example and every YAML that the stories accept, and refuse
what the loader refuses in shape.
"""

import argparse
import datetime
import json
import pathlib
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
    "a waiver without a reason":
        "version: 1\ndomains: {example.com: {waivers: [{code: spf-lookups, until: 2027-01-31}]}}\n",
}


class Plain(yaml.SafeLoader):
    """YAML as JSON knows it: a date is a string."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def load(text):
    return json.loads(json.dumps(yaml.load(text, Loader=Plain), default=datetime.date.isoformat))


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
    for path in [*examples, *sorted(SOURCE.glob("tests/scenarios/*/*.yaml"))]:
        if path not in examples and not accepted(binary, path):
            continue
        faults = [error.message for error in validator.iter_errors(load(path.read_text()))]
        wrong += [f"{path.relative_to(SOURCE)}: {fault}" for fault in faults]
        passed += not faults
    for name, text in BAD.items():
        if next(validator.iter_errors(load(text)), None) is None:
            wrong.append(f"the schema accepts {name}")
        else:
            passed += 1
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
