"""Who truly sends as a domain, and the mail of one day as each receiver sees it."""

import base64
import dataclasses
import functools
import ipaddress
import random

import receivers


@dataclasses.dataclass
class Sender:
    """A sending service in the world, whatever the YAML says of it."""

    id: str
    ip: str
    share: float = 1.0         # Of the domain's mail, of all senders' shares.
    selector: str = ""         # It signs with this, if at all.
    own_bounces: bool = True   # MAIL FROM is the domain's; else the vendor's own.
    below: str = ""            # It writes as this sub-domain.
    every: int = 1             # It sends on every n-th day.
    first: int = 0             # The day of its first mail.
    admitted: bool = True      # Our SPF has its address.
    network: str = ""          # A shared service's hosts: its other customers send from them too.
    rare: bool = False         # Declared with `expect: rare`.
    declared: bool = True      # The YAML names it.
    signs: bool = True         # Its side of DKIM works.
    published: bool = True     # The YAML has its key.
    failing_since: int | None = None   # Nothing of it is aligned since that day.

    def has(self, ip):
        """Whether its SPF terms have the address."""
        if self.network:
            return ipaddress.ip_address(ip) in ipaddress.ip_network(self.network)
        return self.admitted and ip == self.ip

    @property
    def set_up(self):
        """Declared, and its mail is aligned once what the YAML says is published."""
        return self.declared and self.aligned

    @property
    def aligned(self):
        by_dkim = bool(self.selector) and self.signs and self.published
        return by_dkim or (self.own_bounces and self.admitted and self.declared)


@dataclasses.dataclass
class Row:
    """Messages of one day that one receiver got from one address and that look alike."""

    ip: str
    count: int
    source: str                # A sender's id, or the address.
    header_from: str
    mail_from: str
    spf: str                   # The raw result.
    dkim: tuple = ()           # (domain, selector, result) of each signature.
    dkim_aligned: bool = False
    spf_aligned: bool = False
    set_up: bool = False       # Of a declared sender that is set up.
    sender: Sender | None = None
    forwarded: str = ""        # "", "forwarder" or "list".

    @property
    def passes(self):
        return self.dkim_aligned or self.spf_aligned


@functools.cache
def key_of(text):
    """A public key for a name: the SPKI of 2048 seeded bits, which nobody ever signs with."""
    modulus = random.Random(text).getrandbits(2048) | (1 << 2047) | 1

    def der(tag, *parts):
        body = b"".join(parts)
        length = len(body)
        head = bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")
        return bytes([tag]) + head + body
    numbers = der(0x30, der(2, b"\0" + modulus.to_bytes(256, "big")), der(2, b"\1\0\1"))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d010101"), der(5))
    return base64.b64encode(der(0x30, algorithm, der(3, b"\0" + numbers))).decode()


def shared_out(total, weights, rng):
    """Splits a count by weights, the remainders by chance."""
    whole = sum(weights)
    return [int(total * weight / whole + rng.random()) for weight in weights]


class Postman:
    """Makes the mail of a day."""

    def __init__(self, seed):
        self.seed = seed

    def mail(self, domain, day, published):
        """{receiver's name: [Row, ...]} of a day."""
        rng = random.Random(f"{self.seed}:{domain.name}:{day}")
        rows = {name: [] for name in domain.reporters}
        weekday = 0.4 if (day + 3) % 7 >= 5 else 1.0
        total = domain.volume * weekday * rng.uniform(0.8, 1.2)
        for sender in domain.senders:
            if day < sender.first or (day - sender.first) % sender.every:
                continue
            counts = shared_out(total * sender.share, domain.weights, rng)
            for name, count in zip(domain.reporters, counts):
                if count > 0:
                    rows[name] += self.from_sender(domain, sender, count, published, rng)
        self.spoof(domain, day, total, rows, rng)
        self.misuse(domain, day, total, rows)
        if domain.leaves and day >= domain.leaves[1]:
            rows.pop(domain.leaves[0], None)
        return {name: found for name, found in rows.items() if found}

    def from_sender(self, domain, sender, count, published, rng):
        author = f"{sender.below}.{domain.name}" if sender.below else domain.name
        mail_from = domain.name if sender.own_bounces else bounces_of(sender)
        spf = not sender.own_bounces or published.spf_passes(sender.ip)
        signed = bool(sender.selector) and sender.signs
        key = key_of(f"{domain.name} {sender.selector}")
        dkim_aligned = signed and published.key_stands(sender.selector, key)
        result = "pass" if dkim_aligned else "fail"
        dkim = ((domain.name, sender.selector, result),) if signed else ()
        listed = int(count * domain.lists + rng.random()) if domain.lists else 0
        onward = int(count * domain.forwards + rng.random()) if domain.forwards else 0
        rows = [Row(sender.ip, count - listed - onward, sender.id, author, mail_from,
                    "pass" if spf else "fail", dkim, dkim_aligned, spf and sender.own_bounces,
                    sender.set_up, sender)]
        if onward and dkim_aligned:
            # RFC 7208 section 10.3: a forwarder's address is not the sender's.
            rows.append(Row(domain.forwarder, onward, domain.forwarder, author, mail_from, "fail",
                            dkim, True, False, sender.set_up, sender, "forwarder"))
        if listed and dkim_aligned:
            rows += through_list(domain, sender, listed, author, dkim)
        return [row for row in rows if row.count > 0]

    def spoof(self, domain, day, total, rows, rng):
        """A wave comes from hundreds of addresses, each seen by one receiver on one or two days."""
        wave = domain.wave
        if wave is None or not wave[0] <= day < wave[1]:
            if rng.random() < 0.02:
                ip = f"198.19.0.{rng.randrange(1, 255)}"
                rows[domain.reporters[0]].append(spoofed(domain, ip, rng.randrange(1, 3)))
            return
        length = wave[1] - wave[0]
        each = max(1, int(total * 10 * length / domain.wave_addresses))
        for number in range(day - wave[0], max(domain.wave_addresses, length), length):
            place = number % domain.wave_addresses
            ip = f"198.19.{1 + place // 250}.{1 + place % 250}"
            at = domain.wave_at or domain.reporters[number % len(domain.reporters)]
            rows[at].append(spoofed(domain, ip, each, domain.wave_mark and MARKS[number % 2]))

    def misuse(self, domain, day, total, rows):
        """An outsider has an account at the shared service that the domain uses."""
        if domain.misuse is None or not domain.misuse[0] <= day < domain.misuse[1]:
            return
        service = next(one for one in domain.senders if one.network)
        hosts = list(ipaddress.ip_network(service.network).hosts())[4:]
        each = max(1, int(total * 3 / len(hosts)))
        mark = ((domain.name, "x1", "fail"),) if domain.misuse_mark else ()
        for number, ip in enumerate(map(str, hosts)):
            dkim = (("outsider.example", "k1", "pass"), *mark)
            rows[domain.reporters[number % len(domain.reporters)]].append(
                Row(ip, each, ip, domain.name, bounces_of(service), "pass", dkim))


def through_list(domain, sender, count, author, dkim):
    """Most of a list's mail comes with a footer, so that our signature breaks; some does not."""
    whole = max(1, count // 5)
    broken = tuple((name, selector, "fail") for name, selector, _ in dkim)
    bounces = "lists.discuss.example"
    return [Row(domain.list_ip, whole, domain.list_ip, author, bounces, "pass", dkim, True, False,
                sender.set_up, sender, "list"),
            Row(domain.list_ip, count - whole, domain.list_ip, author, bounces, "pass", broken,
                False, False, sender.set_up, sender, "list")]


def bounces_of(sender):
    return f"bounces.{sender.id}.vendors.example"


MARKS = ("dkim", "envelope")  # What an outsider may forge.


def spoofed(domain, ip, count, mark=""):
    """Mail of an outsider, with or without the domain's mark forged into it."""
    mail_from = f"mail.{domain.name}" if mark == "envelope" else "bounce.nowhere.example"
    dkim = ((domain.name, "s2026", "fail"),) if mark == "dkim" else ()
    return Row(ip, count, ip, domain.name, mail_from, "fail" if mark else "none", dkim)


def disposed(row, receiver, record, below, rng):
    """[(disposition, messages, override)] that a receiver gives a row."""
    if row.passes:
        return [("pass" if receiver.form == "9990" and record and record.p != "none" else "none",
                 row.count, "")]
    if row.forwarded == "list" and receiver.excuses:
        return [("none", row.count, "mailing_list")]
    parts = receivers.enforced(receiver.generation, record, row.count, rng.random(), below)
    wanted = receivers.policy_for(record, below) if record else "none"
    reason = "policy_test_mode" if receiver.generation == receivers.NEW else "sampled_out"
    return [(name, count, reason if name != wanted else "") for name, count in parts.items()]
