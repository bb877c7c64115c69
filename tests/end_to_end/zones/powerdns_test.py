#!/usr/bin/env python3
"""PowerDNS 4.7 through its API: what other people keep in a zone survives every change beside it,
in each stage of an apply: disabled records, comments, LUA records."""

import contextlib
import http.client
import http.server
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import Checks  # noqa: E402
from loopback import free_port, program, running  # noqa: E402
from workplace import Workplace, codes, values  # noqa: E402

SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
PROVIDER = "pdns: {type: powerdns}"
SENDERS = 'office-mta: {spf: ["ip4:192.0.2.0/28"], dkim: self}'
ZONE = """$ORIGIN example.com.
$TTL 3600
@ SOA ns1 h 1 7200 3600 1209600 300
@ NS ns1
ns1 A 127.0.0.1
@ TXT "v=spf1 -all"
@ TXT "site-verification=shown"
_dmarc TXT "v=DMARC1; p=quarantine"
old._domainkey CNAME old.vendor.example.net.
"""
# Rows of other people: name, type, content, TTL. All are disabled.
DISABLED = [
    ("example.com", "TXT", '"site-verification=kept-for-later"', 60),
    ("example.com", "TXT", '"v=spf1 include:_spf.example.net -all"', 3600),
    ("_dmarc.example.com", "TXT", '"v=DMARC1; p=none"', 3600),
    ("s1._domainkey.example.com", "TXT", '"hello"', 3600),
    ("later._domainkey.example.com", "CNAME", "later.vendor.example.net", 3600),
    ("example.com", "MX", "mail.example.net", 3600),
]
COMMENTS = [
    ("example.com", "TXT", "ask Bob before changing this"),
    ("_dmarc.example.com", "TXT", "ticket 4711"),
    ("old._domainkey.example.com", "CNAME", "until the contract ends"),
    ("s1._domainkey.example.com", "TXT", "for later"),
]


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.database, self.port, self.api = self.folder / "db", free_port(), free_port()
        subprocess.run(["sqlite3", str(self.database)], stdin=open(SCHEMA, encoding="utf-8"),
                       check=True)
        (self.folder / "pdns.conf").write_text(f"""launch=gsqlite3
gsqlite3-database={self.database}
socket-dir={self.folder}
local-address=127.0.0.1
local-port={self.port}
api=yes
api-key=k
webserver=yes
webserver-address=127.0.0.1
webserver-port={self.api}
enable-lua-records=yes
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
guardian=no
daemon=no
""")
        (self.folder / "zone").write_text(ZONE)
        self.tool("load-zone", "example.com", str(self.folder / "zone"))

    def tool(self, *words):
        subprocess.run([program("pdnsutil"), f"--config-dir={self.folder}", *words], check=True,
                       capture_output=True)

    def sql(self, statement, *row):
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as base, base:
            return base.execute(statement, row).fetchall()

    def add(self, name, kind, content, ttl, disabled):
        self.sql("insert into records(domain_id,name,type,content,ttl,prio,disabled,auth) "
                 "select id,?,?,?,?,0,?,1 from domains", name, kind, content, ttl, disabled)

    def others(self):
        """The disabled rows and the comments."""
        rows = self.sql("select name,type,content from records where disabled=1")
        comments = self.sql("select name,type,comment,account,modified_at from comments")
        return set(rows), set(comments)

    def shown(self, name, kind):
        return {row[0] for row in self.sql("select content from records where disabled=0 and "
                                           "name=? and type=?", name, kind)}

    def running(self):
        return running([program("pdns_server"), f"--config-dir={self.folder}"], self.api,
                       self.folder / "log", cwd=self.folder)


def disabled_and_comments(checks, server, place):
    """SPF, DMARC, a new selector and a retired one: four stages beside what is kept for later."""
    for row in DISABLED:
        server.add(*row, 1)
    for name, kind, text in COMMENTS:
        server.sql("insert into comments(domain_id,name,type,modified_at,account,comment) "
                   "select id,?,?,1700000000,'bob',? from domains", name, kind, text)
    before = server.others()
    checks.equal("rows", (len(before[0]), len(before[1])), (len(DISABLED), len(COMMENTS)))
    declared = ("example.com: {provider: pdns, senders: [office-mta], take_over: true, dkim: [%s], "
                "dmarc: {phase: quarantine, since: 2026-01-01, rua: ['mailto:dmarc@example.com']}, "
                "waivers: [{code: dkim-selector-removed, reason: a test, until: 2099-12-31}]}")
    key = "{selector: s1, txt: 'v=DKIM1; p='}"
    alias = "{selector: s1, cname: s1.vendor.example.net}"
    old = "{selector: old, cname: old.vendor.example.org}"
    for what, selectors in [("a key and an alias", f"{key}, {old}"),
                            ("an alias in place of a key", f"{alias}, {old}"),
                            ("a key in place of an alias", f"{key}, {old}")]:
        place.yaml(PROVIDER, declared % selectors, SENDERS)
        code, text = place.apply()
        checks.equal(f"{what}: apply's exit", (code, text * (code != 0)), (0, ""))
        checks.equal(f"{what}: other people's rows", server.others(), before)
        _, plan = place.plan("--live", "provider")
        checks.equal(f"{what}: changes left", plan["changes"], [])
    checks.equal("SPF", {row for row in server.shown("example.com", "TXT") if "spf1" in row},
                 {'"v=spf1 ip4:192.0.2.0/28 ~all"'})
    checks.check("the value of others is shown",
                 '"site-verification=shown"' in server.shown("example.com", "TXT"))
    # A disabled record of 60 seconds does not lower the TTL of those that are served.
    checks.equal("TTL", {row[0] for row in server.sql(
        "select ttl from records where name='example.com' and type='TXT' and disabled=0")}, {3600})
    # PowerDNS accepts no second CNAME, not even beside a disabled one: only that change waits.
    later = "{selector: later, cname: later.vendor.example.org}"
    place.yaml(PROVIDER, declared % f"{key}, {old}, {later}, {{selector: s2, txt: 'v=DKIM1; p='}}",
               SENDERS)
    code, text = place.apply()
    checks.check("a disabled alias", code == 3 and "has a disabled CNAME" in text, text)
    checks.check("its neighbour", server.shown("s2._domainkey.example.com", "TXT"))
    checks.equal("a disabled alias: other people's rows", server.others(), before)
    server.add("s3._domainkey.example.com", "TXT", '"v=DKIM1; p="', 3600, 1)
    place.yaml(PROVIDER, declared % f"{key}, {old}, {{selector: s3, txt: 'v=DKIM1; p='}}", SENDERS)
    place.apply()
    checks.equal("a disabled record that is desired is enabled",
                 server.shown("s3._domainkey.example.com", "TXT"), {'"v=DKIM1; p="'})
    checks.equal("an enabled record: other people's rows", server.others(), before)
    place.yaml(PROVIDER, f"example.com: {{provider: pdns, state: absent, dkim: [{key}, {old}]}}")
    code, text = place.apply()
    checks.equal("all that is ours is removed", server.shown("_dmarc.example.com", "TXT"), set())
    checks.equal("and nothing of others", server.others(), before)


def programs(checks, server, place):
    """A LUA record returns records of a type that the zone does not show as its own."""
    server.sql("delete from records where type='TXT' or type='CNAME' or disabled=1")
    server.add("example.com", "LUA", "TXT \"'v=spf1 mx -all'\"", 3600, 0)
    server.add("_dmarc.example.com", "LUA", "A \"'192.0.2.1'\"", 3600, 0)
    server.add("s1._domainkey.example.com", "LUA", "CNAME \"'k.example.net'\"", 3600, 0)
    place.yaml(PROVIDER, "example.com: {provider: pdns, senders: [office-mta], dkim: [{selector: "
               "s1, cname: s1.vendor.example.net}], dmarc: {phase: monitor, rua: "
               "['mailto:dmarc@example.com']}}", SENDERS)
    code, plan = place.plan("--live", "provider")
    checks.equal("plan's exit", code, 3)
    occupied = {one["message"].split()[0] for one in plan["findings"] if one["code"] == "occupied"}
    checks.equal("occupied", occupied, {"example.com", "s1._domainkey.example.com"})
    checks.equal("an address beside DMARC", {one["name"] for one in plan["changes"]},
                 {"_dmarc.example.com"})
    code, text = place.apply()
    checks.equal("apply's exit", code, 3)
    checks.equal("SPF is only the program's", values(server.port, "example.com", "TXT"),
                 {'"v=spf1 mx -all"'})
    checks.equal("LUA rows", len(server.sql("select 1 from records where type='LUA'")), 3)
    server.sql("delete from records where type='LUA'")


def redirection(checks, server, place):
    server.add("_domainkey.example.com", "DNAME", "keys.example.net", 3600, 0)
    code, plan = place.plan("--live", "provider")
    found = [one["message"] for one in plan["findings"] if one["code"] == "occluded"]
    checks.equal("a DNAME: plan", (code, len(found)), (3, 1))
    place.apply()
    checks.equal("a DNAME: nothing is below it",
                 server.sql("select name from records where name like '%._domainkey.example.com'"),
                 [])
    server.sql("delete from records where type='DNAME'")


def serial(checks, server, place):
    place.yaml(PROVIDER, "example.com: {provider: pdns, parked: true}")
    for kind, metadata, expected in [("MASTER", None, True), ("NATIVE", None, False),
                                     ("MASTER", "DEFAULT", False)]:
        server.sql("update domains set type=?", kind)
        if metadata:
            server.tool("set-meta", "example.com", "SOA-EDIT-API", metadata)
        _, plan = place.plan("--live", "provider")
        found = [one for one in plan["findings"] if one["code"] == "zone-serial"]
        checks.equal(f"{kind} {metadata}: a notice", bool(found), expected)
        checks.check(f"{kind} {metadata}: changes", plan["changes"])
        if found:
            checks.check("it names the command", "SOA-EDIT-API DEFAULT" in found[0]["hint"])
            checks.equal("it withholds nothing", codes(plan), set())


class Between(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the API, and calls `before_patch` before the first PATCH."""

    api, before_patch = 0, None

    def pass_on(self):
        if self.command == "PATCH" and Between.before_patch:
            act, Between.before_patch = Between.before_patch, None
            act()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=20)
        connection.request(self.command, self.path, body, {"X-API-Key": "k"})
        answer = connection.getresponse()
        octets = answer.read()
        self.send_response(answer.status)
        self.send_header("Server", answer.headers["Server"])
        if answer.status != 204:
            self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    do_GET = do_PATCH = pass_on

    def version_string(self):
        return ""

    def log_message(self, *_):
        pass


def add_by_api(server, value):
    """As another program would: the values of TXT at the apex, and one more."""
    shown = server.shown("example.com", "TXT") | {value}
    body = json.dumps({"rrsets": [{
        "name": "example.com.", "type": "TXT", "ttl": 3600, "changetype": "REPLACE",
        "records": [{"content": one, "disabled": False} for one in sorted(shown)]}]})
    connection = http.client.HTTPConnection("127.0.0.1", server.api, timeout=20)
    connection.request("PATCH", "/api/v1/servers/localhost/zones/example.com.", body,
                       {"X-API-Key": "k"})
    assert connection.getresponse().status == 204


def crowded(checks, server, place):
    """Version 4.7 cannot compare and write in one step: what is lost in between is reported."""
    server.tool("set-meta", "example.com", "SOA-EDIT-API", "DEFAULT")
    server.add("example.com", "TXT", '"site-verification=shown"', 3600, 0)
    between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    Between.api = server.api
    threading.Thread(target=between.serve_forever, daemon=True).start()
    try:
        place.environment["PDNS_API_URL"] = f"http://127.0.0.1:{between.server_port}"
        declared = ("example.com: {provider: pdns, senders: [office-mta], spf: {extra: ['%s']}, "
                    "dmarc: {phase: spf}}")
        place.yaml(PROVIDER, declared % "ip4:192.0.2.99", SENDERS)
        Between.before_patch = lambda: add_by_api(server, '"their=value"')
        code, text = place.apply()
        lost = '"their=value"' not in server.shown("example.com", "TXT")
        checks.equal("a value added between reading and writing: exit", (code, lost), (4, True))
        checks.check("it says so", "another client changed zone example.com" in text, text)
        code, text = place.apply()
        checks.equal("a run after it is quiet", code, 0)
        place.yaml(PROVIDER, declared % "ip4:192.0.2.98", SENDERS)
        code, text = place.apply()
        checks.equal("a write that nobody disturbs", code, 0)
        checks.check("it does not", "somebody else" not in text, text)
    finally:
        between.shutdown()
        place.environment["PDNS_API_URL"] = f"http://127.0.0.1:{server.api}"


def main():
    if not program("pdns_server"):
        print("skipped: PowerDNS is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    checks = Checks()
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work) / "server"
        folder.mkdir()
        server = Server(folder)
        place = Workplace(pathlib.Path(work) / "place", PDNS_API_KEY="k",
                          PDNS_API_URL=f"http://127.0.0.1:{server.api}")
        place.options = ["--nameserver", f"127.0.0.1:{server.port}"]
        with server.running():
            disabled_and_comments(checks, server, place)
            programs(checks, server, place)
            redirection(checks, server, place)
            serial(checks, server, place)
            crowded(checks, server, place)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
