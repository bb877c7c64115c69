"""What people do by hand: the YAML they write, and how they change it as things happen."""

import re

import ramps
import receivers
import senders
from reports import START, date_of

HEAD = """# yaml-language-server: $schema=./rampart.schema.json
version: 1  # the fleet
providers:
  files: {type: zonefile, directory: zones}
reporters: {known: [%s], refused: []}
"""
DEFAULTS = """defaults:
  provider: files
  dmarc: {ramp: %s, phase: dkim}   # nobody enforces unasked
domains:
"""


def selector_line(domain, sender):
    key = senders.key_of(f"{domain.name} {sender.selector}")
    return f'      - {{selector: {sender.selector}, txt: "v=DKIM1; k=rsa; p={key}"}}\n'


def use_of(sender):
    return f"{{use: {sender.id}, expect: rare}}" if sender.rare else sender.id


def dmarc_lines(domain, ramp):
    """`dmarc:` in one of three styles; the last inherits its ramp."""
    rua = f"mailto:dmarc@{domain.name}"
    sp = f", sp: {domain.sp}" if domain.sp else ""
    if domain.style == "flow":
        return f"    dmarc: {{phase: dkim, ramp: {ramp}{sp}, rua: [{rua}]}}  # by evidence\n"
    if domain.style == "quoted":
        return f'    dmarc: {{ "phase": "dkim" , ramp: \'{ramp}\'{sp}, rua: ["{rua}"] }}\n'
    sp = f"      sp: {domain.sp}\n" if domain.sp else ""
    return (f"    dmarc:\n      rua:\n        - {rua}\n      # since when, and how far\n"
            f"      phase: dkim\n{sp}      ramp: {ramp}\n")


def block_of(domain):
    declared = ", ".join(use_of(one) for one in domain.senders if one.declared)
    keys = "".join(selector_line(domain, one) for one in domain.senders
                   if one.selector and one.published)
    return (f"  {domain.name}:  # {domain.story}\n    senders: [{declared}]\n    dkim:\n{keys}"
            + dmarc_lines(domain, domain.ramp))


def record_of(sender):
    """Where a shared service has its own SPF record."""
    return f"_spf.{sender.id}.vendors.example"


def records_of(domains):
    """{name: texts} of the shared services' SPF records."""
    return {record_of(one): [f"v=spf1 ip4:{one.network} -all"]
            for domain in domains for one in domain.senders if one.network}


def service_line(sender):
    spf = f'spf: ["ip4:{sender.ip}"], ' if sender.admitted else ""
    if sender.network:
        spf = f'spf: ["include:{record_of(sender)}"], '
    return (f"  {sender.id}: {{{spf}dkim: {'self' if sender.selector else 'none'}, "
            f"selectors: [{sender.selector}]}}\n")


def first_yaml(domains, default_ramp):
    """The whole file, as it is on the first day."""
    services = "".join(service_line(one) for domain in domains for one in domain.senders)
    used = {domain.ramp for domain in domains}
    own = "".join(ramp.yaml() for ramp in ramps.OWN if ramp.name in used)
    known = ", ".join(one.reporter for one in receivers.KNOWN)
    return (HEAD % known + f"senders:\n{services}" + (f"ramps:\n{own}" if own else "")
            + DEFAULTS % default_ramp + "".join(block_of(domain) for domain in domains))


class People:
    """Edits the YAML by hand."""

    def __init__(self, path):
        self.path = path
        self.refused = set()

    def edit(self, domain, pattern, replacement):
        """Replaces the one place within the domain's block."""
        text = self.path.read_text()
        start = text.index(f"\n  {domain.name}:") + 1
        found = re.compile(r"^  \S", re.MULTILINE).search(text, start + 3)
        end = found.start() if found else len(text)
        block, count = re.subn(pattern, replacement, text[start:end], count=1, flags=re.MULTILINE)
        assert count == 1, (domain.name, pattern, text[start:end])
        self.path.write_text(text[:start] + block + text[end:])

    def start(self, domain, day):
        if domain.style == "flow":
            self.edit(domain, "phase: dkim", f"phase: monitor, since: {date_of(day)}")
        elif domain.style == "quoted":
            self.edit(domain, '"phase": "dkim"', f'"phase": "monitor", since: "{date_of(day)}"')
        else:
            self.edit(domain, "phase: dkim", f"phase: monitor\n      since: {date_of(day)}")

    def declare(self, domain, sender):
        domain.sender(sender).declared = True
        self.edit(domain, r"^    senders: \[", f"    senders: [{sender}, ")

    def publish(self, domain, sender):
        domain.sender(sender).published = True
        self.edit(domain, r"^    dkim:\n",
                  "    dkim:\n" + selector_line(domain, domain.sender(sender)))

    def break_signing(self, domain, sender):
        domain.sender(sender).signs = False

    def mend_signing(self, domain, sender):
        domain.sender(sender).signs = True

    def refuse(self, domain, reporter):
        """Somebody reads why a step is held, and refuses the reporter."""
        text = self.path.read_text()
        self.refused.add(reporter)
        refused = f"refused: [{', '.join(sorted(self.refused))}]"
        changed, count = re.subn(r"refused: \[.*\]", refused, text, count=1)
        assert count == 1
        self.path.write_text(changed)

    def another_reporter(self, domain, sender):
        domain.reporters += ("Oldpost",)
        domain.weights += (3,)


def states(text, names):
    """{domain: (phase, pct, since)} as the YAML has it, read by eye rather than by a parser."""
    found = {}
    blocks = re.split(r"^  (?=\S)", text[text.index("\ndomains:\n"):], flags=re.MULTILINE)
    for block in blocks:
        name = block.partition(":")[0]
        if name not in names:
            continue
        values = {key: re.search(rf"[\"']?\b{key}\b[\"']?: +[\"']?([\w-]+)", block)
                  for key in ("phase", "pct", "since")}
        phase, pct, since = (one[1] if one else None for one in values.values())
        found[name] = (phase or "dkim", int(pct or 100), since or str(START))
    return found
