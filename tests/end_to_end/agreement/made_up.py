"""Made-up domains for the agreement of audit, plan and init: one of each fault alone, and more with
several, drawn by a fixed seed."""

import copy
import random

import records
from faults import FAULTS, VENDORS

SEED, MIXED = 16, 60


def make(name, faults):
    domain = records.clean(name)
    for fault in faults:
        FAULTS[fault][1](domain)
    domain.faults = list(faults)
    return domain


def domains():
    """Every domain, in the order of its name."""
    chance = random.Random(SEED)
    chosen = [[fault] for fault in FAULTS]
    parts = {}
    for fault, (part, _, _) in FAULTS.items():
        parts.setdefault(part, []).append(fault)
    del parts["none"]
    while len(chosen) < len(FAULTS) + MIXED:
        mixed = chance.sample(sorted(parts), chance.choice([2, 2, 3, 4]))
        # SPF first: what other faults put at the domain itself is added to its record.
        faults = [chance.choice(parts[part]) for part in sorted(mixed, reverse=True)]
        if faults not in chosen:
            chosen.append(faults)
    return [make(f"d{number:03}.example", faults) for number, faults in enumerate(chosen)]


def served_zone(all_domains):
    """One zone, `example`, with all domains and their vendors: a server of it answers for every
    name that is looked up, as a resolver would."""
    text = ["$ORIGIN example.", records.HEAD, *VENDORS,
            f"key.vendors TXT {records.txt(records.KEY)}",
            f"short.vendors TXT {records.txt('v=DKIM1; p=' + records.rsa(1024))}"]
    for domain in all_domains:
        text += records.lines(domain, domain.name.removesuffix(".example"))
    return "\n".join(text) + "\n"


def config(all_domains):
    """The YAML as a tree: the faults' sub-domains are domains of their own in it."""
    entries = {}
    for domain in all_domains:
        entry = copy.deepcopy(domain.yaml)
        for setting in [name for name in entry if name.startswith("sub")]:
            entries[f"mail{setting.removeprefix('sub')}.{domain.name}"] = entry.pop(setting)
        entries[domain.name] = entry
    return {"version": 1, "providers": {"files": {"type": "zonefile", "directory": "zones"}},
            "defaults": {"provider": "files"}, "domains": entries}
