"""The zones of our stand-in for Cloudflare: records with ids, and the rules that they obey.

What is copied is documented, or reported by other projects; where the real code of an error is not
known, the comment beside it says so. Nothing here was compared with the live service.
"""

import copy
import ipaddress
import itertools
import re

PLANS = {"free": ("Free Website", 200), "pro": ("Pro Website", 3500),
         "enterprise": ("Enterprise Website", 3500)}
PROXIABLE = ("A", "AAAA", "CNAME")
MOST_TXT, MOST_TXT_AT_A_NAME = 2048, 8192
MOMENT = "2026-11-21T00:00:00.000000Z"
HOST = re.compile(r"^(?=.{1,253}\.?$)([a-z0-9_*]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
                  r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?$", re.IGNORECASE)


class Refusal(Exception):
    """An answer that is an error: its status, code, message and chain of (code, message)."""

    def __init__(self, status, code, message, *chain):
        super().__init__(message)
        self.status, self.code, self.message, self.chain = status, code, message, chain

    def errors(self):
        error = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": text} for code, text in self.chain]
        return [error]


def invalid(code, message):
    """A record that fails validation, in the form with a chain."""
    return Refusal(400, 1004, "DNS Validation Error", (code, message))


def txt_strings(content):
    """The character-strings of quoted content, as octets; None where it is not quoted."""
    if not content.lstrip().startswith('"'):
        return None
    strings, rest = [], content.strip()
    while rest:
        match = re.match(r'"((?:[^"\\]|\\.)*)"\s*', rest, re.DOTALL)
        if not match:
            raise invalid(9101, "Content for TXT record is malformed.")  # The code is a guess.
        octets = re.sub(rb"\\(\d{3}|.)", lambda found: bytes([int(found[1])])
                        if len(found[1]) == 3 else found[1], match[1].encode(), flags=re.DOTALL)
        strings.append(octets)
        rest = rest[match.end():]
    return strings


def txt_octets(content):
    strings = txt_strings(content)
    return content.encode() if strings is None else b"".join(strings)


def shown_txt(content):
    """As GET gives it: quoted content is cut again at 255 octets, other content stays as sent."""
    if txt_strings(content) is None:
        return content
    octets = txt_octets(content)
    cut = [octets[at:at + 255] for at in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(escaped(octet) for octet in string) + '"' for string in cut)


def escaped(octet):
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 32 <= octet < 127 else f"\\{octet:03}"


class Zone:
    """One zone: records in the order in which they were made."""

    def __init__(self, number, name, plan="free", status="active"):
        self.id, self.name = f"{number:032x}", name
        self.plan, self.status = plan, status
        self.records, self.names = {}, {}

    def put(self, record):
        if old := self.records.get(record["id"]):
            self.names[old["name"]].discard(old["id"])
        self.records[record["id"]] = record
        self.names.setdefault(record["name"], set()).add(record["id"])

    def remove(self, identifier):
        self.names[self.records[identifier]["name"]].discard(identifier)
        del self.records[identifier]

    def restore(self, records):
        self.records, self.names = {}, {}
        for record in records.values():
            self.put(record)

    def at(self, name):
        return [self.records[identifier] for identifier in self.names.get(name, ())]

    def as_json(self):
        return {"id": self.id, "name": self.name, "status": self.status, "paused": False,
                "type": "full", "development_mode": 0, "name_servers": ["a.ns.cloudflare.com"],
                "original_name_servers": [], "original_registrar": None, "original_dnshost": None,
                "activated_on": MOMENT, "created_on": MOMENT, "modified_on": MOMENT,
                "account": {"id": "a" * 32, "name": "Contract"}, "owner": {"id": "b" * 32},
                "meta": {"page_rule_quota": 3}, "permissions": ["#dns_records:edit"],
                "plan": {"id": "f" * 32, "name": PLANS[self.plan][0], "legacy_id": self.plan}}


class State:
    """All zones of the account. Every change is checked as a whole before it counts."""

    def __init__(self):
        self.zones = {}
        self.numbers = itertools.count(1)
        self.identical_code = 81058
        self.by_door = False  # What a test plants is not refused.

    def add_zone(self, name, plan="free", status="active"):
        zone = Zone(next(self.numbers), name, plan, status)
        self.zones[zone.id] = zone
        return zone

    def zone(self, identifier):
        if identifier not in self.zones:
            raise Refusal(404, 7003, f"Could not route to /zones/{identifier}, perhaps your object "
                                     "identifier is invalid?", (7000, "No route for that URI"))
        return self.zones[identifier]

    def record(self, zone, identifier):
        if identifier not in zone.records:
            raise Refusal(404, 81044, "Record does not exist.")
        return zone.records[identifier]

    def create(self, zone, fields):
        record = {"id": f"{next(self.numbers):032x}", "ttl": 1, "proxied": False, "tags": [],
                  "created_on": MOMENT, "modified_on": MOMENT, "settings": {}, "meta": {}}
        self.fill(zone, record, fields)
        return record

    def replace(self, zone, identifier, fields):
        kept = {key: self.record(zone, identifier)[key] for key in ("id", "created_on")}
        self.check_lock(self.record(zone, identifier))
        record = {**kept, "ttl": 1, "proxied": False, "tags": [], "modified_on": MOMENT,
                  "settings": {}, "meta": {}}
        self.fill(zone, record, fields)
        return record

    def patch(self, zone, identifier, fields):
        record = copy.deepcopy(self.record(zone, identifier))
        self.check_lock(record)
        self.fill(zone, record, fields)
        return record

    def delete(self, zone, identifier):
        record = self.record(zone, identifier)
        self.check_lock(record)
        zone.remove(identifier)
        return record

    def fill(self, zone, record, fields):
        """Merges `fields` into `record`, and the outcome in the zone if it is valid there."""
        record.update({key: value for key, value in fields.items() if key != "id"})
        for key in ("type", "name"):
            if not isinstance(record.get(key), str):
                raise invalid(9000, f"DNS record has no {key}.")
        record["name"] = absolute(record["name"], zone.name)
        record["proxiable"] = record["type"] in PROXIABLE
        if record["proxied"]:
            if not record["proxiable"]:
                raise Refusal(400, 9004, "This record type cannot be proxied.")
            record["ttl"] = 1
        check_common(record, zone)
        check_content(record)
        self.check_routing(zone, record)
        self.check_neighbours(zone, record)
        zone.put(record)

    def check_lock(self, record):
        """Records of the host's own products are read-only. Code and text as others report them
        (2026); until 2024 such a record said "locked"."""
        if not self.by_door and (record["meta"].get("read_only") or record.get("locked")):
            raise Refusal(400, 1043, "DNS record is read only")

    def check_routing(self, zone, record):
        """While Email Routing's MX records are locked, their name takes no other (reported 2026);
        it does once they are unlocked (documented)."""
        routed = [other for other in zone.at(record["name"])
                  if other["type"] == "MX" and other["meta"].get("email_routing")
                  and other["meta"].get("read_only")]
        if record["type"] == "MX" and routed and not self.by_door:
            raise Refusal(403, 890190, "This zone is managed by Email Routing. Disable Email "
                                       "Routing to add/modify MX records.")

    def check_neighbours(self, zone, record):
        """What may exist at one name together; the apex may hold a flattened CNAME."""
        others = [other for other in zone.at(record["name"]) if other["id"] != record["id"]]
        addresses = [other for other in others if other["type"] in PROXIABLE]
        types = {other["type"] for other in addresses}
        if addresses and ("CNAME" in types or record["type"] == "CNAME") and (
                record["type"] in PROXIABLE or record["name"] != zone.name):
            raise Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        if record["type"] == "CNAME" and others and record["name"] != zone.name:
            raise Refusal(400, 81053, "A record with that host already exists.")
        if any(identity(other) == identity(record) for other in others):
            raise Refusal(400, self.identical_code, "An identical record already exists.")
        if record["type"] == "TXT":
            total = sum(len(txt_octets(other["content"])) for other in [*others, record]
                        if other["type"] == "TXT")
            if total > MOST_TXT_AT_A_NAME:  # The code is a guess.
                raise invalid(9102, "TXT records at one name exceed 8192 characters.")

    def batch(self, zone, body):
        """Deletes, patches, puts, posts, in that order; all of them, or none at the first error."""
        count = sum(len(body.get(key) or []) for key in ("deletes", "patches", "puts", "posts"))
        if count > PLANS[zone.plan][1]:  # The code is a guess.
            raise Refusal(400, 1004, f"Batch is limited to {PLANS[zone.plan][1]} records.")
        before = dict(zone.records)
        try:
            result = {
                "deletes": [self.delete(zone, one.get("id")) for one in body.get("deletes") or []],
                "patches": [self.patch(zone, one.get("id"), one)
                            for one in body.get("patches") or []],
                "puts": [self.replace(zone, one.get("id"), one) for one in body.get("puts") or []],
                "posts": [self.create(zone, one) for one in body.get("posts") or []]}
        except Refusal:
            zone.restore(before)
            raise
        return {key: value for key, value in result.items() if value}


def absolute(name, zone):
    """Cloudflare appends the zone to any name that is not within it."""
    name = name.rstrip(".").lower()
    if name in ("@", ""):
        return zone
    return name if name == zone or name.endswith("." + zone) else f"{name}.{zone}"


def identity(record):
    content = record.get("content", "")
    if record["type"] == "TXT":
        content = txt_octets(content)
    elif isinstance(content, str):
        content = content.rstrip(".").lower()
    return record["name"], record["type"], content, record.get("priority"), str(record.get("data"))


def check_common(record, zone):
    ttl, comment = record["ttl"], record.get("comment")
    least = 30 if zone.plan == "enterprise" else 60
    if not isinstance(ttl, int) or ttl != 1 and not least <= ttl <= 86400:
        raise invalid(9021, f"Invalid TTL. Must be between {least} and 86,400 seconds, or 1 for "
                            "Automatic.")
    if comment is None:
        record.pop("comment", None)
    elif "\r" in comment or "\n" in comment or len(comment) > 100:  # The code is a guess.
        raise invalid(9300, "Comment is invalid.")
    if len(record["name"]) > 253 or any(len(label) > 63 for label in record["name"].split(".")):
        raise invalid(9000, "DNS name is invalid.")


def check_content(record):
    kind, content = record["type"], record.get("content")
    if kind in ("CAA", "SRV"):
        return
    if not isinstance(content, str):
        raise invalid(9003, f"Content for {kind} record is missing.")
    if kind == "TXT":
        if not txt_octets(content):
            raise invalid(9101, "Content for TXT record must not be empty.")  # A guess too.
        if any(len(string) > 255 for string in txt_strings(content) or []):
            record["content"] = shown_txt(content)  # Too long a string is cut, not refused.
        if len(txt_octets(content)) > MOST_TXT:
            raise invalid(9102, "Content for TXT record exceeds 2048 characters.")
    elif kind in ("A", "AAAA"):
        try:
            address = ipaddress.ip_address(content)
        except ValueError:
            address = None
        if not address or address.version != (4 if kind == "A" else 6):
            raise Refusal(400, 9005, f"Content for {kind} record must be a valid IP address.")
    elif kind == "MX" and not isinstance(record.get("priority"), int):
        raise invalid(9100, "Priority is required.")
    elif kind == "MX" and content == "." and record["priority"] == 0:
        return  # A null MX, which keeps its dot.
    elif kind in ("CNAME", "NS", "MX") and not HOST.match(content):
        raise invalid(9009, f"Content for {kind} record must be a hostname.")
    elif kind in ("CNAME", "NS", "MX"):
        record["content"] = content.rstrip(".")


def shown(record, after_write=False):
    """A record as an answer gives it: after a write as it was sent, by GET as it is kept."""
    out = dict(record)
    if record["type"] == "TXT" and not after_write:
        out["content"] = shown_txt(record["content"])
    return out
