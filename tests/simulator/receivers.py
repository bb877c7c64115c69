"""What receivers make of a published DMARC record: three classes, written from the standards alone.

RFC 7489 receivers honour pct and know no t; RFC 9989 receivers honour t and know no pct; a third
class reads p and nothing else.
"""

import dataclasses

OLD, NEW, PLAIN = "7489", "9989", "plain"
LOWER = {"reject": "quarantine", "quarantine": "none", "none": "none"}


@dataclasses.dataclass(frozen=True)
class Receiver:
    """One receiver of mail, and its habits as a reporter."""

    name: str
    mailbox: str              # Its reports come from here.
    generation: str           # OLD, NEW or PLAIN.
    form: str = "7489"        # Of its reports.
    selectors: bool = True    # Whether it states them.
    pct: str = "right"        # "right", "wrong" (always 100) or "none".
    cached: bool = False      # On the day of a change it still applies yesterday's record.
    excuses: bool = False     # It lets mailing lists through, and says so.
    signed: bool = False      # Its reports come as signed mails, and nobody vouches for them.
    known: bool = True        # The YAML has it among its known reporters.

    @property
    def reporter(self):
        """The domain that its reports are of."""
        return self.mailbox.split("@")[1]


RECEIVERS = {one.name: one for one in (
    Receiver("Bigmail", "noreply@bigmail.example", NEW, form="9990", excuses=True),
    Receiver("Oldpost", "dmarc@oldpost.example", OLD),
    Receiver("Plainbox", "postmaster@plainbox.example", PLAIN, pct="none"),
    Receiver("Noselect", "reports@noselect.example", OLD, selectors=False, excuses=True),
    Receiver("Wrongpct", "dmarc@wrongpct.example", OLD, pct="wrong"),
    Receiver("Cachebox", "dmarc@cachebox.example", NEW, form="9990", cached=True),
    Receiver("Bigmail Europe", "noreply@eu.bigmail.example", NEW, form="9990"),
    Receiver("Signmail", "dmarc@signmail.example", NEW, form="9990", signed=True),
    Receiver("Leaver", "dmarc@leaver.example", OLD),
    Receiver("Quitter", "dmarc@quitter.example", OLD),
)}
KNOWN = tuple(RECEIVERS.values())


def outsider(number):
    """Somebody with a domain of his own, who signs what he claims."""
    return Receiver(f"Outsider {number}", f"dmarc@outsider{number}.example", NEW, form="9990",
                    signed=True, known=False)


@dataclasses.dataclass(frozen=True)
class Record:
    """A DMARC record as receivers read it."""

    p: str = "none"
    sp: str = ""
    pct: int = 100
    t: bool = False
    has_pct: bool = False


def parse(texts):
    """The record among TXT strings, or None: RFC 7489 section 6.6.3 asks for exactly one."""
    found = [text for text in texts if text.replace(" ", "").startswith("v=DMARC1")]
    if len(found) != 1:
        return None
    tags = dict(part.strip().split("=", 1) for part in found[0].split(";") if "=" in part)
    tags = {name.strip(): value.strip() for name, value in tags.items()}
    return Record(tags.get("p", "none"), tags.get("sp", ""), int(tags.get("pct", 100)),
                  tags.get("t", "n") == "y", "pct" in tags)


def policy_for(record, below):
    """The policy asked for a From domain; `below` tells a sub-domain without its own record."""
    return record.sp if below and record.sp else record.p


def enforced(generation, record, count, draw, below=False):
    """What happens to `count` failing messages: {disposition: messages}.

    `draw` in [0, 1) settles the odd message of a sample.
    """
    if record is None:
        return {"none": count}
    policy = policy_for(record, below)
    if generation == NEW:
        return {LOWER[policy] if record.t else policy: count}
    if generation == PLAIN or record.pct >= 100:
        return {policy: count}
    chosen = int(count * record.pct / 100 + draw)
    parts = {policy: chosen, LOWER[policy]: count - chosen}
    return {name: number for name, number in parts.items() if number > 0} or {"none": 0}


# Published tags, then what 100 failing messages get from each class.
TABLE = [
    ("p=quarantine; pct=10", {"quarantine": 10, "none": 90}, {"quarantine": 100},
     {"quarantine": 100}),
    ("p=quarantine; pct=10; t=y", {"quarantine": 10, "none": 90}, {"none": 100},
     {"quarantine": 100}),
    ("p=quarantine; t=y", {"quarantine": 100}, {"none": 100}, {"quarantine": 100}),
    ("p=reject; pct=10", {"reject": 10, "quarantine": 90}, {"reject": 100}, {"reject": 100}),
    ("p=reject; pct=10; t=y", {"reject": 10, "quarantine": 90}, {"quarantine": 100},
     {"reject": 100}),
    ("p=reject; t=y", {"reject": 100}, {"quarantine": 100}, {"reject": 100}),
    ("p=reject; pct=0; t=y", {"quarantine": 100}, {"quarantine": 100}, {"reject": 100}),
    ("p=reject", {"reject": 100}, {"reject": 100}, {"reject": 100}),
    ("p=none", {"none": 100}, {"none": 100}, {"none": 100}),
]


def self_test():
    """(story, good) for each row of the table."""
    for tags, old, new, plain in TABLE:
        record = parse([f"v=DMARC1; {tags}", "v=spf1 -all"])
        got = [enforced(one, record, 100, 0.5) for one in (OLD, NEW, PLAIN)]
        yield f"receivers: {tags}", got == [old, new, plain]
