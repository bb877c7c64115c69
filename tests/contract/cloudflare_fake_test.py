#!/usr/bin/env python3
"""Proves our stand-in for Cloudflare true: its answers by a table, and by driving it with
Cloudflare's own client for Node and with Debian's for Python, where those are installed."""

import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import servers_cloudflare  # pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "user-token-0000000000000000000000000000"
ACCOUNT = "account-token-1111111111111111111111111"
NARROW = "narrow-token-22222222222222222222222222"
NO_ZONE = "nozone-token-33333333333333333333333333"
EXPIRED = "expired-token-4444444444444444444444444"


class Tally:
    """Counts what holds and prints what does not."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def expect(self, what, found, wanted):
        if found == wanted:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: {found!r} instead of {wanted!r}")

    def skip(self, why):
        self.skipped += 1
        print(f"skipped: {why}")


class Client:
    """The barest client: (status, body as JSON or None, headers)."""

    def __init__(self, port):
        self.port = port

    def call(self, method, path, body=None, token=TOKEN):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        octets = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", octets, headers,
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer), answer.headers
        except urllib.error.HTTPError as answer:
            return answer.code, json.load(answer), answer.headers

    def api(self, method, path, body=None, token=TOKEN):
        return self.call(method, "/client/v4" + path, body, token)

    def control(self, name, body=None):
        return self.call("POST", f"/control/{name}", body or {})[1]

    def zone(self, plan="free", records=()):
        made = self.control("zones", {"name": "example.com", "plan": plan,
                                      "records": list(records)})
        return f"/zones/{made['id']}"


def record(content, kind="TXT", name="example.com", **more):
    return {"type": kind, "name": name, "content": content, "ttl": 3600, **more}


# What Email Routing keeps at a name.
ROUTED = [record('"v=DKIM1; p=AAAA"', name="routed", meta={"read_only": True,
                                                            "email_routing": True}),
          record("route1.mx.cloudflare.net", "MX", "routed", priority=10,
                 meta={"email_routing": True, "read_only": True})]


def outcome(answer):
    """The status, the code and the last code of the chain, where there are any."""
    status, body, _ = answer
    if body.get("success"):
        return (status,)
    error = body["errors"][0]
    return (status, error["code"], *(deeper["code"] for deeper in error.get("error_chain", [])))


def check_locks(tally, client):
    """What a product of the host keeps is not changed by its API; Email Routing takes no other MX
    at its name, and everything beside it stays free."""
    path = client.zone(records=ROUTED + [record("mine", name="routed")]) + "/dns_records"
    listed = client.api("GET", path)[1]["result"]
    key = next(one["id"] for one in listed if one["content"] == ROUTED[0]["content"])
    mine = next(one["id"] for one in listed if one["content"] == "mine")
    mx = record("mx.example.net", "MX", "routed", priority=5)
    for what, method, below, body, wanted in (
            ("a locked record patched", "PATCH", "/" + key, {"content": "x"}, 1043),
            ("a locked record replaced", "PUT", "/" + key, record("x", name="routed"), 1043),
            ("a locked record deleted", "DELETE", "/" + key, None, 1043),
            ("a batch with a locked record", "POST", "/batch",
             {"deletes": [{"id": mine}, {"id": key}]}, 1043),
            ("an MX beside those of Email Routing", "POST", "", mx, 890190),
            ("a batch with such an MX", "POST", "/batch", {"posts": [mx]}, 890190)):
        _, answer, _ = client.api(method, path + below, body)
        tally.expect(what, (answer["errors"] or [{}])[0].get("code"), wanted)
        tally.expect(what + " changes nothing", client.api("GET", path)[1]["result"], listed)
    for what, method, below, body in (
            ("a record beside a locked one changes", "PATCH", "/" + mine, {"content": "y"}),
            ("a text beside a locked one", "POST", "", record("new", name="routed")),
            ("an MX at another name", "POST", "", {**mx, "name": "other"})):
        tally.expect(what, client.api(method, path + below, body)[0], 200)


def check_refusals(tally, client):
    """One POST each into a zone with an A, a CNAME and a TXT record."""
    existing = [record("192.0.2.1", "A", "a.example.com"),
                record("t.example.net", "CNAME", "c.example.com"), record('"x"')]
    cases = [
        (record("y"), (200,)),
        (record("x"), (400, 81058)),
        (record("192.0.2.2", "A", "c.example.com"), (400, 81053)),
        (record("y", "TXT", "c.example.com"), (400, 81053)),
        (record("t.example.net", "CNAME", "a.example.com"), (400, 81053)),
        (record("t.example.net", "CNAME", "example.com"), (200,)),
        (record("300.0.0.1", "A"), (400, 9005)),
        (record("2001:db8::1", "A"), (400, 9005)),
        (record("not a host", "CNAME", "d.example.com"), (400, 1004, 9009)),
        (record("mx.example.net", "MX"), (400, 1004, 9100)),
        (record("mx.example.net", "MX", priority=10), (200,)),
        (record(".", "MX", priority=0), (200,)),
        (record(".", "MX", priority=1), (400, 1004, 9009)),
        ({**record("y"), "ttl": 59}, (400, 1004, 9021)),
        ({**record("y"), "ttl": 86401}, (400, 1004, 9021)),
        ({**record("y"), "ttl": 1}, (200,)),
        (record("y", proxied=True), (400, 9004)),
        (record("y", comment="two\nlines"), (400, 1004, 9300)),
        (record("y" * 2048), (200,)),
        (record("y" * 2049), (400, 1004, 9102)),
        (record('"open'), (400, 1004, 9101)),
    ]
    for body, wanted in cases:
        path = client.zone(records=existing) + "/dns_records"
        tally.expect(f"POST {body}", outcome(client.api("POST", path, body)), wanted)


def check_content(tally, client):
    """What is kept and given back of TXT content, and names that are completed."""
    long = "a" * 300
    cases = [("x", "x"), ('"x"', '"x"'), (long, long), (f'"{long}"', f'"{"a" * 255}" "{"a" * 45}"'),
             ('"a" "b"', '"ab"'), ('"q\\"\\\\"', '"q\\"\\\\"'), ('"ö"', '"\\195\\182"')]
    for sent, wanted in cases:
        path = client.zone() + "/dns_records"
        made = client.api("POST", path, record(sent))[1]["result"]
        kept = client.api("GET", f"{path}/{made['id']}")[1]["result"]
        tally.expect(f"content {sent}", kept["content"], wanted)
    path = client.zone() + "/dns_records"
    made = client.api("POST", path, record("x", name="other.example"))[1]["result"]
    tally.expect("a foreign name", made["name"], "other.example.example.com")


def check_batches(tally, client):
    path = client.zone(records=[record("a"), record("b")]) + "/dns_records"
    first, second = (one["id"] for one in client.api("GET", path)[1]["result"])
    stale = {"deletes": [{"id": first}], "patches": [{"id": "f" * 32, "content": "z"}]}
    tally.expect("a bad batch", outcome(client.api("POST", path + "/batch", stale)), (404, 81044))
    tally.expect("nothing of it remains", len(client.api("GET", path)[1]["result"]), 2)
    # Deletes come first, whatever the order of the members: the new "a" is not identical.
    good = {"posts": [record("a")], "patches": [{"id": second, "ttl": 60}],
            "deletes": [{"id": first}]}
    status, body, _ = client.api("POST", path + "/batch", good)
    tally.expect("a good batch", (status, sorted(body["result"])), (200, ["deletes", "patches",
                                                                         "posts"]))
    kept = client.api("GET", path)[1]["result"]
    tally.expect("it exists", sorted((one["content"], one["ttl"]) for one in kept),
                 [("a", 3600), ("b", 60)])
    for plan, most in (("free", 200), ("pro", 3500)):
        path = client.zone(plan) + "/dns_records/batch"
        for count, wanted in ((most, (200,)), (most + 1, (400, 1004))):
            posts = [record(str(number), name=f"n{count}-{number}") for number in range(count)]
            found = outcome(client.api("POST", path, {"posts": posts}))
            tally.expect(f"{count} posts on plan {plan}", found, wanted)


def check_tokens(tally, client):
    zone = client.zone(records=[record("x")])
    records = zone + "/dns_records"
    cases = [("GET", records, None, None, (400, 6003, 6111)),
             ("GET", records, None, "short", (400, 6003, 6111)),
             ("GET", records, None, "unknown-token-9999999999999", (403, 9109)),
             ("GET", records, None, EXPIRED, (403, 9109)),
             ("GET", records, None, NARROW, (200,)),
             ("POST", records, record("y"), NARROW, (403, 10000)),
             ("GET", zone, None, NO_ZONE, (403, 10000)),
             ("GET", "/user/tokens/verify", None, TOKEN, (200,)),
             ("GET", "/user/tokens/verify", None, ACCOUNT, (401, 1000)),
             ("POST", records, record("z"), ACCOUNT, (200,)),
             ("GET", "/zones/" + "0" * 32, None, TOKEN, (404, 7003, 7000))]
    for method, path, body, token, wanted in cases:
        found = outcome(client.api(method, path, body, token))
        tally.expect(f"{method} {path} with {token}", found, wanted)
    hidden = client.api("GET", "/zones?name=example.com", token=NO_ZONE)[1]["result"]
    tally.expect("zones without Zone Read", hidden, [])


def check_pages(tally, client):
    names = [record("x", name=f"n{number}") for number in range(205)]
    path = client.zone(records=names) + "/dns_records"
    for page, size, count in ((1, 100, 100), (3, 100, 5), (4, 100, 0), (1, 5000, 205), (2, 205, 0)):
        body = client.api("GET", f"{path}?page={page}&per_page={size}")[1]
        info = body["result_info"]
        tally.expect(f"page {page} of {size}", (len(body["result"]), info["total_count"]),
                     (count, 205))
    for name in ("name", "name.exact"):
        found = client.api("GET", f"{path}?{name}=N7.example.com")[1]["result"]
        tally.expect(f"filter {name}", [one["name"] for one in found], ["n7.example.com"])


def check_faults(tally, client):
    """Each fault befalls the second request and no other; the side door is never hit."""
    for fault, wanted in (("429", 429), ("429-retry-after", 429), ("500", 500)):
        client.zone()
        client.control("arm", {"fault": fault, "nth": 2})
        answers = [client.api("GET", "/zones") for _ in range(3)]
        tally.expect(fault, [answer[0] for answer in answers], [200, wanted, 200])
        tally.expect(f"{fault}: Retry-After", answers[1][2].get("retry-after"),
                     "3" if fault == "429-retry-after" else None)
    for fault, remaining in (("close-before", 0), ("close-after", 1), ("truncated", 1),
                          ("garbage", 1)):
        path = client.zone() + "/dns_records"
        client.control("arm", {"fault": fault})
        try:
            client.api("POST", path, record("x"))
            broken = False
        except (OSError, ValueError, http.client.HTTPException) as error:
            broken = bool(error)
        kept = len(client.api("GET", path)[1]["result"])
        tally.expect(fault, (broken, kept), (True, remaining))
    client.zone()
    client.control("arm", {"fault": "slow"})
    started = time.monotonic()
    tally.expect("slow", client.api("GET", "/zones")[0], 200)
    tally.expect("slow is slow", time.monotonic() - started > 0.05, True)
    client.control("settings", {"rate": [2, 300]})
    tally.expect("over the rate", [client.api("GET", "/zones")[0] for _ in range(3)],
                 [200, 200, 429])
    client.control("settings", {"rate": None})
    tally.expect("rate headers", "Ratelimit" in client.api("GET", "/zones")[2], True)


def check_python_client(tally, client):
    """Debian's python3-cloudflare: another's idea of the same API."""
    # A python of another make does not look where Debian puts its packages.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import CloudFlare  # pylint: disable=import-outside-toplevel
    except ImportError:
        tally.skip("python3-cloudflare is not installed (./run-tests does that)")
        return
    zone = client.zone(records=[record("x", name=f"n{number}") for number in range(3)])
    theirs = CloudFlare.CloudFlare(token=TOKEN,
                                   base_url=f"http://127.0.0.1:{client.port}/client/v4")
    identifier = theirs.zones.get(params={"name": "example.com"})[0]["id"]
    tally.expect("python: zone", "/zones/" + identifier, zone)
    made = theirs.zones.dns_records.post(identifier, data=record("v=spf1 -all"))
    changed = theirs.zones.dns_records.patch(identifier, made["id"], data={"content": "new"})
    tally.expect("python: patch", (changed["id"], changed["content"]), (made["id"], "new"))
    listed = theirs.zones.dns_records.get(identifier, params={"per_page": 100})
    tally.expect("python: list", len(listed), 4)
    theirs.zones.dns_records.delete(identifier, made["id"])
    try:
        theirs.zones.dns_records.delete(identifier, made["id"])
        code = None
    except CloudFlare.exceptions.CloudFlareAPIError as error:
        code = int(error)
    tally.expect("python: error", code, 81044)


def check_node_client(tally, client):
    """Cloudflare's own npm package."""
    modules = servers_cloudflare.node_tools() / "node_modules"
    if not (modules / "cloudflare").is_dir():
        tally.skip("npm cloudflare is not installed (./run-tests --all does that)")
        return
    client.zone(records=[record("x", name=f"n{number}") for number in range(150)] + ROUTED)
    environment = {**os.environ, "CLOUDFLARE_API_TOKEN": TOKEN, "NODE_MODULES": str(modules),
                   "CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{client.port}/client/v4"}
    done = subprocess.run(["node", str(HERE / "cloudflare_client.js")], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)
    wanted = {"zone": "example.com", "created": '"v=spf1 -all"', "listed": 153,
              "batch": ["deletes", "patches", "posts"], "patched": "v=spf1 ~all",
              "byName": ["n7.example.com"], "error": [400, 81058], "meta": ROUTED[0]["meta"],
              "refusals": [[400, 1043], [400, 1043], [400, 1043], [403, 890190], None]}
    found = json.loads(done.stdout) if done.returncode == 0 else done.stderr
    tally.expect("npm cloudflare", found, wanted)


def main():
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="rampart-cloudflare-") as folder:
        with servers_cloudflare.fake(pathlib.Path(folder)) as port:
            client = Client(port)
            for check in (check_refusals, check_locks, check_content, check_batches, check_tokens,
                          check_pages, check_faults, check_python_client, check_node_client):
                client.control("reset")
                check(tally, client)
    print(f"{tally.passed} passed, {tally.failed} failed" +
          (f", {tally.skipped} skipped" if tally.skipped else ""))
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
