#!/usr/bin/env python3
"""A stateful Route 53 on loopback, strict about signatures, the service model and the quotas.

    route53_fake.py PORT

Next to the API it has a side door, unsigned: POST /_control/VERB with a JSON object (see Door).
Every credential below is the well-known example of AWS's own documents or is made up.
"""

import http.server
import json
import re
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import aws_signature
import route53_model
from route53_model import SPACE, Refused, find
from route53_state import Account, InvalidBatch, RecordSet, order, ZONE_PAGE
from route53_text import name_of, octets_of_text, presentation, quoted

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ACCOUNTS = {
    "AKIDEXAMPLE": aws_signature.Account(SECRET),
    "ASIAEXAMPLE": aws_signature.Account(SECRET, "AQoDYXdzEJr/+=tok"),
    "ASIAEXPIRED": aws_signature.Account(SECRET, "AQoDYXdzEJr/+=old", "expired"),
    "AKIDNARROW": aws_signature.Account(SECRET, "", "narrow"),
}
SPECIAL = ["SetIdentifier", "Weight", "Region", "Failover", "MultiValueAnswer"]
# Shown where the side door planted them, and never taken from a client.
FOREIGN_ONLY = ["GeoLocation", "GeoProximityLocation", "CidrRoutingConfig", "HealthCheckId",
                "TrafficPolicyInstanceId"]


class Bucket:
    """The account's pace; 0 is endless."""

    def __init__(self):
        self.pace, self.tokens, self.filled = 0.0, 0.0, time.monotonic()

    def take(self):
        if not self.pace:
            return True
        now = time.monotonic()
        self.tokens = min(self.pace, self.tokens + (now - self.filled) * self.pace)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class State:
    """The account, what goes wrong on demand, and the requests that came."""

    def __init__(self):
        self.lock = threading.RLock()
        self.account, self.bucket = Account(), Bucket()
        self.code, self.nth, self.count, self.retry_after = "", 0, 0, None
        self.calls, self.shape, self.refusals = [], "common", 0

    def is_bare(self):
        """Whether the next refusal of a batch has the form of its own; "both" takes turns."""
        self.refusals += 1
        return self.shape == "bare" or (self.shape == "both" and self.refusals % 2 == 0)

    def fault(self):
        return self.code and self.nth <= len(self.calls) < self.nth + self.count


class Door:
    """The side door: what tests do behind an adapter's back."""

    def __init__(self, state):
        self.state, self.account = state, state.account

    def only(self, name):
        return [zone for zone in self.account.named(name) if not zone.private][0]

    def zone(self, ask):
        """Makes a zone hold `sets`; with `private` or `twin`, always a new one."""
        held = self.account.named(ask["name"])
        fresh = ask.get("private") or ask.get("twin") or not held
        zone = self.account.create(ask["name"], bool(ask.get("private"))) if fresh \
            else self.only(ask["name"])
        zone.fill([self.set_of(one) for one in ask.get("sets", [])])
        return {"id": zone.id}

    @staticmethod
    def set_of(one):
        """A set with `name` or `wire` (a name's wire form), `values` or `octets` (of TXT), both
        of the latter in hexadecimal."""
        name = one.get("name") or name_of(bytes.fromhex(one["wire"]))
        values = [quoted(bytes.fromhex(value)) for value in one.get("octets", [])]
        return RecordSet(name, one["type"], one.get("ttl"), values + one.get("values", []),
                         one.get("special"))

    def put(self, ask):
        zone, one = self.only(ask["zone"]), self.set_of(ask)
        zone.sets.pop(one.key(), None)
        if not ask.get("gone"):
            zone.sets[one.key()] = one
        return {}

    def dump(self, ask):
        """Names in presentation form; the values of TXT sets as octets in hexadecimal."""
        return {"sets": [{"name": presentation(one.name), "type": one.kind, "ttl": one.ttl,
                          "values": [octets_of_text(value).hex() if one.kind in ("TXT", "SPF")
                                     else value for value in one.values],
                          "special": one.special}
                         for one in self.only(ask["zone"]).ordered()]}

    def raw(self, ask):
        """One line for each value (or set without values) as it is stored, with what makes its set
        special; without the zone's own SOA and NS sets."""
        zone, lines = self.only(ask["zone"]), []
        for one in zone.ordered():
            if one.name != zone.name or one.kind not in ("SOA", "NS"):
                special = json.dumps(one.special, sort_keys=True)
                lines += [f"{one.name} {one.kind} {one.ttl} {special} {value}"
                          for value in one.values or [""]]
        return {"lines": sorted(lines)}

    def remove(self, ask):
        for zone in self.account.named(ask["name"]):
            del self.account.zones[zone.id]
        return {}

    def set(self, ask):
        self.account.pending_polls = ask.get("pending_polls", self.account.pending_polls)
        self.state.bucket.pace = ask.get("pace", self.state.bucket.pace)
        self.state.shape = ask.get("shape", self.state.shape)
        self.state.bucket.tokens = self.state.bucket.pace
        return {}

    def arm(self, ask):
        """The error `code` befalls the `nth` request from now and `count` - 1 more."""
        self.state.code, self.state.nth = ask["code"], ask.get("nth", 1)
        self.state.count, self.state.retry_after = ask.get("count", 1), ask.get("retry_after")
        self.state.calls.clear()
        return {}

    def calls(self, _):
        return {"calls": self.state.calls}


def element(name, *inner):
    return f"<{name}>{''.join(inner)}</{name}>"


def document(name, *inner):
    return (f'<?xml version="1.0"?>\n<{name} xmlns="{SPACE}">{"".join(inner)}</{name}>')


def text(name, value):
    return element(name, escape(str(value)))


def zone_xml(zone):
    return element("HostedZone", text("Id", f"/hostedzone/{zone.id}"), text("Name", zone.name),
                   text("CallerReference", zone.reference),
                   element("Config", text("PrivateZone", str(zone.private).lower())),
                   text("ResourceRecordSetCount", len(zone.sets)))


def special_xml(name, value):
    if isinstance(value, dict):
        return element(name, *[text(key, inner) for key, inner in value.items()])
    return text(name, value)


def set_xml(one):
    inner = [text("Name", one.name), text("Type", one.kind)]
    inner += [special_xml(name, one.special[name]) for name in SPECIAL + FOREIGN_ONLY
              if name in one.special]
    if one.ttl is not None:
        inner.append(text("TTL", one.ttl))
    if one.values:
        inner.append(element("ResourceRecords", *[element("ResourceRecord", text("Value", value))
                                                  for value in one.values]))
    if "AliasTarget" in one.special:
        inner.append(element("AliasTarget", text("HostedZoneId", "Z2FDTNDATAQYW2"),
                             text("DNSName", one.special["AliasTarget"]),
                             text("EvaluateTargetHealth", "false")))
    return element("ResourceRecordSet", *inner)


def change_xml(change, status):
    return element("ChangeInfo", text("Id", f"/change/{change}"), text("Status", status),
                   text("SubmittedAt", "2026-11-21T00:00:00.000Z"))


def special_of(one):
    special = {name: found for name in SPECIAL if (found := find(one, name)) is not None}
    alias = one.find("{%s}AliasTarget" % SPACE)
    if alias is not None:
        special["AliasTarget"] = find(alias, "DNSName")
    return special


def read_changes(body):
    for change in ElementTree.fromstring(body).iter("{%s}Change" % SPACE):
        one = change.find("{%s}ResourceRecordSet" % SPACE)
        ttl = find(one, "TTL")
        values = [value.text or "" for value in one.iter("{%s}Value" % SPACE)]
        yield find(change, "Action"), RecordSet(find(one, "Name"), find(one, "Type"),
                                                None if ttl is None else int(ttl), values,
                                                special_of(one))


class Api:
    """The operations; each gives (status, document)."""

    def __init__(self, account):
        self.account = account

    def list_zones(self, query):
        zones = sorted(self.account.zones.values(), key=lambda zone: zone.id)
        start = query.get("marker", "")
        found = [zone for zone in zones if zone.id >= start]
        most = min(int(query.get("maxitems", ZONE_PAGE)), ZONE_PAGE)
        rest = found[most:]
        return 200, document("ListHostedZonesResponse",
                             element("HostedZones", *map(zone_xml, found[:most])),
                             text("Marker", start) if start else "",
                             text("IsTruncated", str(bool(rest)).lower()),
                             text("NextMarker", rest[0].id) if rest else "",
                             text("MaxItems", most))

    def list_zones_by_name(self, query):
        zones = sorted(self.account.zones.values(), key=lambda zone: order(zone.name))
        start = order(query["dnsname"]) if "dnsname" in query else ""
        found = [zone for zone in zones if order(zone.name) >= start][:ZONE_PAGE]
        return 200, document("ListHostedZonesByNameResponse",
                             element("HostedZones", *map(zone_xml, found)),
                             text("IsTruncated", "false"), text("MaxItems", ZONE_PAGE))

    def create_zone(self, body):
        root = ElementTree.fromstring(body)
        config = root.find("{%s}HostedZoneConfig" % SPACE)
        private = config is not None and find(config, "PrivateZone") == "true"
        zone = self.account.create(find(root, "Name"), private)
        return 201, document("CreateHostedZoneResponse", zone_xml(zone),
                             change_xml(self.account.new_change(), "PENDING"),
                             self.delegation(zone))

    @staticmethod
    def delegation(zone):
        servers = next(one for one in zone.ordered() if one.kind == "NS").values
        return element("DelegationSet", element("NameServers", *[text("NameServer", server[:-1])
                                                                 for server in servers]))

    def get_zone(self, zone_id):
        zone = self.account.zone(zone_id)
        return 200, document("GetHostedZoneResponse", zone_xml(zone), self.delegation(zone))

    def list_sets(self, zone_id, query):
        if "type" in query and "name" not in query:
            raise Refused(400, "InvalidInput", "type is given without name")
        most = int(query.get("maxitems", 0))
        found, after = self.account.zone(zone_id).page(query.get("name"), query.get("type"),
                                                       query.get("identifier"), most)
        going_on = []
        if after:
            going_on = [text("NextRecordName", after.name), text("NextRecordType", after.kind)]
            if "SetIdentifier" in after.special:
                going_on.append(text("NextRecordIdentifier", after.special["SetIdentifier"]))
        return 200, document("ListResourceRecordSetsResponse",
                             element("ResourceRecordSets", *map(set_xml, found)),
                             text("IsTruncated", str(bool(after)).lower()), *going_on,
                             text("MaxItems", most or 300))

    def change_sets(self, zone_id, body):
        zone = self.account.zone(zone_id)
        changes = []
        for action, one in read_changes(body):
            held = zone.sets.get(one.key())
            if action == "UPSERT" and held:
                changes.append(("DELETE", held))
            changes.append(("CREATE" if action == "UPSERT" else action, one))
        zone.apply(changes)
        return 200, document("ChangeResourceRecordSetsResponse",
                             change_xml(self.account.new_change(), "PENDING"))

    def get_change(self, change):
        return 200, document("GetChangeResponse", change_xml(change, self.account.poll(change)))

    def dispatch(self, method, path, query, body):
        routes = [
            ("GET", "/hostedzone", lambda: self.list_zones(query)),
            ("GET", "/hostedzonesbyname", lambda: self.list_zones_by_name(query)),
            ("POST", "/hostedzone", lambda: self.create_zone(body)),
            ("GET", "/hostedzone/([^/]+)", self.get_zone),
            ("GET", "/hostedzone/([^/]+)/rrset", lambda zone: self.list_sets(zone, query)),
            ("POST", "/hostedzone/([^/]+)/rrset/?", lambda zone: self.change_sets(zone, body)),
            ("GET", "/change/([^/]+)", self.get_change),
        ]
        for wanted, pattern, answer in routes:
            match = re.fullmatch("/2013-04-01" + pattern, path)
            if method == wanted and match:
                return answer(*match.groups())
        raise Refused(404, "UnknownOperationException", f"no operation for {method} {path}")


class Handler(http.server.BaseHTTPRequestHandler):
    """Signature, model, quotas, then the API; the two shapes of errors as AWS has them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="text/xml", headers=()):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, code, message, headers=()):
        self.reply(status, document("ErrorResponse", element(
            "Error", text("Type", "Sender"), text("Code", code), text("Message", message)),
            text("RequestId", "00000000-0000-0000-0000-000000000000")), headers=headers)

    def authorize(self, body):
        try:
            key = aws_signature.verify(ACCOUNTS, self.command, self.path, self.headers, body)
        except aws_signature.BadSignature as bad:
            raise Refused(403, *bad.args) from None
        if ACCOUNTS[key].defect == "narrow" and self.command != "GET":
            raise Refused(403, "AccessDenied", "User: arn:aws:iam::123456789012:user/narrow is not "
                          "authorized to perform: route53:ChangeResourceRecordSets")

    def answer(self, body):
        state, path = self.server.state, self.path.partition("?")[0]
        state.calls.append(f"{self.command} {path}")
        if state.fault():
            wait = [("Retry-After", str(state.retry_after))] if state.retry_after else []
            status = 500 if state.code == "InternalFailure" else 400
            return self.error(status, state.code, "Rate exceeded", wait)
        if not state.bucket.take():
            return self.error(400, "Throttling", "Rate exceeded")
        try:
            self.authorize(body)
            route53_model.check_request(self.command, self.path, body)
            query = dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))
            return self.reply(*Api(state.account).dispatch(self.command, path, query, body))
        except Refused as refused:
            return self.error(refused.status, refused.code, refused.message)
        except InvalidBatch as bad:
            if not state.is_bare():
                return self.error(400, "InvalidChangeBatch", f"[{', '.join(bad.messages)}]")
            messages = element("Messages", *[text("Message", one) for one in bad.messages])
            return self.reply(400, document("InvalidChangeBatch", messages))

    def control(self, body):
        door = Door(self.server.state)
        verb = getattr(door, self.path.rpartition("/")[2])
        return self.reply(200, json.dumps(verb(json.loads(body or b"{}"))), "application/json")

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.state.lock:
            return self.control(body) if self.path.startswith("/_control/") else self.answer(body)

    do_GET = do_POST = do_DELETE = do_PUT = handle_any


def serve(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.state = State()
    return server


if __name__ == "__main__":
    serve(int(sys.argv[1])).serve_forever()
