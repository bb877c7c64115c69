"""Faults put into a world by hand, to see that the assertions catch them: `--mutation NAME`.

Those of the YAML make the tool believe other rules than the world was built for.
"""

import re

YAML = {
    "no hold": (r"hold: \w+", "hold: 1d"),
    "no brake": (r"max_domains_per_run: \d+", "max_domains_per_run: 99"),
    "no freeze": (r"freeze: \[.+\]", "freeze: []"),
    "any weekday": (r"weekdays: \[.*\]", "weekdays: []"),
    "lenient gates": (r"min_legit_rate: [\d.]+", "min_legit_rate: 0.5"),
    "nobody is known": (r"known: \[.*\], refused", "known: [], refused"),
    "one reporter": (r"min_reporters: \d+", "min_reporters: 1"),
    "every sender is rare": (r"\b((?:mta|vendor|unsigned|later)-\d+)(?=[,\]])",
                             r"{use: \1, expect: rare}"),
}

# Those of the world itself; the first is for the driver to see to.
WORLD = ("believe everybody", "wave from one address", "lost key")


def of_yaml(name, text):
    """The YAML with the fault in it."""
    if name in YAML:
        changed, count = re.subn(*YAML[name], text)
        assert count > 0, name
        return changed
    assert not name or name in WORLD, name
    return text


def of_domains(name, domains):
    """The domains with the fault in them."""
    for domain in domains:
        if name == "wave from one address" and domain.wave:
            domain.wave_addresses = 1
    return domains


def of_zones(name, folder, day):
    """Somebody deletes a vendor's key while nobody looks."""
    if name == "lost key" and day == 26:
        for path in folder.glob("*.zone"):
            path.write_text(re.sub(r"(?m)^v1\._domainkey.*(\n[ \t(].*)*$", "", path.read_text()))
