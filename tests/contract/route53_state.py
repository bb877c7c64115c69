"""What a Route 53 account holds, and its rules: hosted zones, record sets, changes."""

import ipaddress
import random
import re
import string

from route53_model import Refused
from route53_text import normal

PAGE, ZONE_PAGE = 300, 100


class InvalidBatch(Exception):
    """The messages of a batch that is not applied."""

    def __init__(self, messages):
        super().__init__("; ".join(messages))
        self.messages = messages


def order(name):
    """Names sort by their labels from right to left, joined by dots and compared as text."""
    return "".join(label + "." for label in reversed(normal(name)[:-1].split(".")))


def new_id(letter):
    return letter + "".join(random.choices(string.ascii_uppercase + string.digits, k=20))


class RecordSet:
    """One record set: its key, TTL, values as they were sent, and whatever makes it special."""

    def __init__(self, name, kind, ttl=None, values=(), special=None):
        self.name, self.kind, self.ttl = normal(name), kind, ttl
        self.values, self.special = list(values), dict(special or {})

    def key(self):
        return order(self.name), self.kind, self.special.get("SetIdentifier", "")

    def same(self, other):
        return (self.ttl, sorted(self.values), self.special) == \
               (other.ttl, sorted(other.values), other.special)

    def shown(self):
        return f"[name='{self.name}', type='{self.kind}']"


class Zone:
    """One hosted zone."""

    def __init__(self, name, private=False):
        self.id, self.name, self.private = new_id("Z"), normal(name), private
        self.reference = new_id("R")
        self.sets = {}
        self.fill([])

    def fill(self, sets):
        """Makes the zone hold exactly `sets` beside its own SOA and NS."""
        own = [RecordSet(self.name, "NS", 172800, ["ns-1.awsdns-01.org.", "ns-2.awsdns-02.net."]),
               RecordSet(self.name, "SOA", 900, ["ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com."
                                                 " 1 7200 900 1209600 86400"])]
        self.sets = {one.key(): one for one in own + sets}

    def ordered(self):
        return [self.sets[key] for key in sorted(self.sets)]

    def apply(self, changes):
        """Applies (action, RecordSet) pairs, all or none."""
        after, faults = dict(self.sets), []
        for action, one in changes:
            faults += self.value_faults(one) if action != "DELETE" else []
            held = after.get(one.key())
            if not (one.name == self.name or one.name.endswith("." + self.name)):
                faults.append(f"RRSet with DNS name {one.name} is not permitted in zone "
                              f"{self.name}")
            elif action == "DELETE" and held is None:
                faults.append(f"Tried to delete resource record set {one.shown()} but it was not "
                              "found")
            elif action == "DELETE" and not held.same(one):
                faults.append(f"Tried to delete resource record set {one.shown()} but the values "
                              "provided do not match the current values")
            elif action == "DELETE" and one.name == self.name and one.kind in ("SOA", "NS"):
                del after[one.key()]
            elif action == "DELETE":
                del after[one.key()]
            elif action == "CREATE" and held is not None:
                faults.append(f"Tried to create resource record set {one.shown()} but it already "
                              "exists")
            else:
                after[one.key()] = one
        faults = faults or self.zone_faults(after)
        if faults:
            raise InvalidBatch(faults)
        self.sets = after

    def zone_faults(self, sets):
        kinds, faults = {}, []
        for one in sets.values():
            kinds.setdefault(one.name, set()).add(one.kind)
        for name, held in kinds.items():
            if "CNAME" in held and name == self.name:
                faults.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex "
                              f"in zone {self.name}")
            elif "CNAME" in held and len(held) > 1:
                faults.append(f"RRSet of type CNAME with DNS name {name} is not permitted as it "
                              "conflicts with other records with the same DNS name in zone "
                              f"{self.name}")
        for kind in ("SOA", "NS"):
            if kind not in kinds.get(self.name, set()):
                faults.append(f"A HostedZone must contain at least one {kind} record for the zone "
                              "itself.")
        return faults

    @staticmethod
    def value_faults(one):
        faults = []
        for value in one.values:
            why = data_fault(one.kind, value)
            if why:
                faults.append(f"Invalid Resource Record: FATAL problem: {why} encountered with "
                              f"'{value[:40]}'")
        return faults

    def page(self, name, kind, identifier, most):
        """(the sets, the first one of the next page or None)."""
        start = (order(name) if name else "", kind or "", identifier or "")
        found = [self.sets[key] for key in sorted(self.sets) if key >= start]
        most = min(most or PAGE, PAGE)
        return found[:most], (found[most] if len(found) > most else None)


def data_fault(kind, value):
    try:
        if kind == "A":
            ipaddress.IPv4Address(value)
        elif kind == "AAAA":
            ipaddress.IPv6Address(value)
        elif kind == "MX" and not re.fullmatch(r"\d{1,5} \S+", value):
            return "MXRRDATAIllegal (MX record doesn't have 2 fields)"
        elif kind == "CNAME" and not re.fullmatch(r"\S+", value):
            return "DomainNameIllegal (the target is no name)"
    except ValueError:
        return f"ARRDATAIllegal{kind} (Value is not a valid address)"
    return None


class Account:
    """All zones and changes; `pending_polls` is how often a change is PENDING before INSYNC."""

    def __init__(self):
        self.zones, self.changes, self.pending_polls = {}, {}, 2

    def create(self, name, private=False):
        zone = Zone(name, private)
        self.zones[zone.id] = zone
        return zone

    def zone(self, zone_id):
        if zone_id not in self.zones:
            raise Refused(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
        return self.zones[zone_id]

    def named(self, name):
        return [zone for zone in self.zones.values() if zone.name == normal(name)]

    def new_change(self):
        change = new_id("C")
        self.changes[change] = self.pending_polls
        return change

    def poll(self, change):
        if change not in self.changes:
            raise Refused(404, "NoSuchChange", f"Could not find resource with ID: {change}")
        left = self.changes[change]
        self.changes[change] = max(0, left - 1)
        return "PENDING" if left else "INSYNC"
