#!/usr/bin/env python3
"""Our stand-in for Cloudflare's API v4: DNS records that last, and faults on request.

    cloudflare_fake.py [PORT]

listens on loopback and prints `ready PORT`. The API is below /client/v4. Below /control, without
any token, tests make zones, look and change things behind the tool's back, and arm faults:

    POST /control/zones    {"name", "plan", "status", "records": [...]} makes a zone again
    GET  /control/zones/Z  its records
    POST /control/edit     {"zone", "type", "name", "records": [...]} puts these in place of a set
    POST /control/arm      {"fault", "nth", "count"} counts requests from 0; the nth and some more
                           fail: 429, 429-retry-after, 500, close-before, close-after, slow,
                           truncated, garbage
    POST /control/settings {"page", "zones_page", "rate", "identical_code"}
    GET  /control/calls    the requests since then
"""

import http.server
import json
import re
import sys
import threading
import time
import urllib.parse

import cloudflare_state
from cloudflare_state import Refusal, State

BASE = "/client/v4"

# token: (what it may do, the error of any use of it)
TOKENS = {
    "user-token-0000000000000000000000000000": ({"zone:read", "dns:read", "dns:write"}, None),
    "account-token-1111111111111111111111111": ({"zone:read", "dns:read", "dns:write"}, None),
    "narrow-token-22222222222222222222222222": ({"zone:read", "dns:read"}, None),
    "nozone-token-33333333333333333333333333": ({"dns:read", "dns:write"}, None),
    "expired-token-4444444444444444444444444": (set(), (403, 9109, "Invalid access token")),
}


class World:
    """What all connections share; one request at a time."""

    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.state = State()
        self.page, self.zones_page = 5000000, 50
        self.rate = None  # (requests, seconds), or no limit.
        self.recent = []
        self.arm({})

    def arm(self, wanted):
        self.fault, self.calls = wanted.get("fault"), 0
        self.first = wanted.get("nth", 1)
        self.last = self.first + wanted.get("count", 1) - 1

    def next_fault(self):
        self.calls += 1
        return self.fault if self.first <= self.calls <= self.last else None

    def over_rate(self):
        if not self.rate:
            return False
        now = time.monotonic()
        self.recent = [moment for moment in self.recent if moment > now - self.rate[1]]
        self.recent.append(now)
        return len(self.recent) > self.rate[0]


def page_of(items, query, default, most):
    """(the page, its result_info); past the end a page is empty."""
    try:
        number, size = int(query.get("page", 1)), int(query.get("per_page", default))
    except ValueError:
        raise Refusal(400, 1004, "Invalid page") from None
    size = max(1, min(size, most))
    page = items[(number - 1) * size:number * size]
    return page, {"page": number, "per_page": size, "count": len(page), "total_count": len(items),
                  "total_pages": -(-len(items) // size)}


def permissions_of(authorization):
    """What the token of a request may do."""
    match = re.fullmatch(r"Bearer ([A-Za-z0-9_-]{20,})", authorization or "")
    if not match:
        raise Refusal(400, 6003, "Invalid request headers",
                      (6111, "Invalid format for Authorization header"))
    if match[1] not in TOKENS:
        raise Refusal(403, 9109, "Invalid access token")
    permissions, error = TOKENS[match[1]]
    if error:
        raise Refusal(*error)
    return permissions


class Api:
    """Answers of the API, as (result, result_info or None)."""

    def __init__(self, world, permissions, authorization):
        self.world, self.state = world, world.state
        self.permissions, self.authorization = permissions, authorization

    def need(self, permission):
        if permission not in self.permissions:
            raise Refusal(403, 10000, "Authentication error")

    def answer(self, method, path, query, body):
        parts = path.strip("/").split("/")
        if parts == ["user", "tokens", "verify"] and method == "GET":
            return self.verify()
        if parts == ["zones"] and method == "GET":
            return self.list_zones(query)
        if parts[0] == "zones" and len(parts) == 2 and method == "GET":
            self.need("zone:read")
            return self.state.zone(parts[1]).as_json(), None
        if parts[0] == "zones" and len(parts) >= 3 and parts[2] == "dns_records":
            self.need("dns:read" if method == "GET" else "dns:write")
            zone = self.state.zone(parts[1])
            if parts[3:] == []:
                return self.records(method, zone, query, body)
            if parts[3:] == ["batch"] and method == "POST":
                result = self.state.batch(zone, body)
                return {kind: [cloudflare_state.shown(one, True) for one in records]
                        for kind, records in result.items()}, None
            if len(parts) == 4:
                return self.one_record(method, zone, parts[3], body)
        raise Refusal(404, 7003, f"Could not route to {path}", (7000, "No route for that URI"))

    def verify(self):
        if "account-token" in self.authorization:  # Those are verified at another address.
            raise Refusal(401, 1000, "Invalid API Token")
        return {"id": "c" * 32, "status": "active"}, None

    def list_zones(self, query):
        zones = [zone.as_json() for zone in self.state.zones.values()
                 if query.get("name", zone.name) == zone.name]
        if "zone:read" not in self.permissions:
            zones = []
        return page_of(zones, query, 20, self.world.zones_page)

    def records(self, method, zone, query, body):
        if method == "POST":
            return cloudflare_state.shown(self.state.create(zone, body), True), None
        if method != "GET":
            raise Refusal(405, 10405, "Method not allowed for this authentication scheme")
        name = query.get("name", query.get("name.exact"))
        found = [cloudflare_state.shown(record) for record in zone.records.values()
                 if (name or record["name"]).lower() == record["name"]
                 and query.get("type", record["type"]) == record["type"]]
        return page_of(found, query, 100, self.world.page)

    def one_record(self, method, zone, identifier, body):
        if method == "GET":
            return cloudflare_state.shown(self.state.record(zone, identifier)), None
        if method == "DELETE":
            self.state.delete(zone, identifier)
            return {"id": identifier}, None
        change = self.state.patch if method == "PATCH" else self.state.replace
        return cloudflare_state.shown(change(zone, identifier, body), True), None


def control(world, method, path, body):
    """The side door, by which everything may be done."""
    world.state.by_door = True
    try:
        return controlled(world, method, path, body)
    finally:
        world.state.by_door = False


def controlled(world, method, path, body):
    state = world.state
    if path == "/control/reset":
        world.reset()
    elif path == "/control/arm":
        world.arm(body)
    elif path == "/control/calls":
        return {"calls": world.calls}
    elif path == "/control/settings":
        for key in ("page", "zones_page", "rate"):
            setattr(world, key, body.get(key, getattr(world, key)))
        state.identical_code = body.get("identical_code", state.identical_code)
    elif path == "/control/zones" and method == "POST":
        for old in [one.id for one in state.zones.values()
                    if one.name == body["name"] and not body.get("twin")]:
            del state.zones[old]
        zone = state.add_zone(body["name"], body.get("plan", "free"), body.get("status", "active"))
        for record in body.get("records", []):
            state.create(zone, record)
        return {"id": zone.id}
    else:
        name = body["zone"] if path == "/control/edit" else path.rsplit("/", 1)[1]
        zone = next((one for one in state.zones.values() if one.name == name), None)
        if zone is None:
            raise Refusal(404, 7003, f"no zone {name}")
        if path == "/control/edit":
            for record in zone.at(body["name"]):
                if record["type"] == body["type"]:
                    zone.remove(record["id"])
            for record in body["records"]:
                state.create(zone, record)
        return {"records": [cloudflare_state.shown(record) for record in zone.records.values()]}
    return {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A small answer must not wait for an acknowledgement of its headers.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_):
        pass

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        with self.server.world.lock:
            fault = None if url.path.startswith("/control") else self.server.world.next_fault()
            if fault == "close-before":
                self.close_connection = True
                return
            status, headers, answer = self.answer(fault, url, raw)
        self.reply(fault, status, headers, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def answer(self, fault, url, raw):
        """(status, headers, body) of one request."""
        world = self.server.world
        if fault in ("429", "429-retry-after") or (
                url.path.startswith(BASE) and world.over_rate()):
            refusal = Refusal(429, 971, "Please wait and consider throttling your request speed")
            return 429, {"retry-after": "3"} if fault != "429" else {}, failure(refusal)
        if fault == "500":
            return 500, {}, {"success": False, "errors": [{"code": 1101, "message": "Internal"}],
                             "messages": [], "result": None}
        headers = {"Ratelimit": '"default";r=50;t=30', "Ratelimit-Policy": '"burst";q=100;w=60'}
        try:
            body = json.loads(raw) if raw else {}
            if not url.path.startswith(BASE + "/"):
                return 200, {}, control(world, self.command, url.path, body)
            authorization = self.headers.get("Authorization", "")
            api = Api(world, permissions_of(authorization), authorization)
            query = dict(urllib.parse.parse_qsl(url.query))
            result, info = api.answer(self.command, url.path[len(BASE):], query, body)
        except json.JSONDecodeError:
            return 400, headers, failure(Refusal(400, 9207, "Request body is invalid."))
        except Refusal as refusal:
            return refusal.status, headers, failure(refusal)
        answer = {"success": True, "errors": [], "messages": [], "result": result}
        return 200, headers, {**answer, "result_info": info} if info else answer

    def reply(self, fault, status, headers, answer):
        if fault == "close-after":
            self.close_connection = True
            return
        octets = json.dumps(answer).encode()
        if fault == "garbage":
            octets = b"\x00\xff<noise " + octets[::-1][:40]
        self.send_response(status)
        for key, value in {**headers, "Content-Type": "application/json",
                           "Content-Length": str(len(octets))}.items():
            self.send_header(key, value)
        self.end_headers()
        if fault == "truncated":
            octets = octets[:len(octets) // 2]
            self.close_connection = True
        pieces = 5 if fault == "slow" else 1
        size = -(-len(octets) // pieces)
        for at in range(0, len(octets), size):
            self.wfile.write(octets[at:at + size])
            self.wfile.flush()
            if pieces > 1:
                time.sleep(0.02)


def failure(refusal):
    return {"success": False, "errors": refusal.errors(), "messages": [], "result": None}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.world = World()


def main():
    server = Server(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
