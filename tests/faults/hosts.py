"""The hosts of DNS zones that the campaign writes to: named, pdns_server, and the stand-ins for
Cloudflare and Route 53 of tests/contract. Each can be set back to the same zone, and its records
can be read without the product. Import it after harness.need_modules("dns")."""

import contextlib
import json
import pathlib
import sqlite3
import sys
import urllib.request

import dns.message
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone

import cloudflare_fake
import route53_fake
import servers_dns
from loopback import free_port, program, running

CONTRACT = pathlib.Path(servers_dns.__file__).parent
ZONE = "contract.example"
KEY = ("v=DKIM1; k=rsa; p="
       "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu/zBcbiSib3+NcG4eNyyh40drgj23vcu71A0"
       "kkO9Kw2XkGmiyrlUyCr+xKOK9aQgkzvHZAOtEja9n57ltmIILdQYsjPztHutU3VKjiE9yMvFRUGWJSZb"
       "rC0QpBAcWydOPVLb5r7Kbp4dUviXriA+T4bDCAZKqRe/CXz/jEih+m1QebrZWeeouw9k2ahgf/Q+/mI3"
       "7NPDZjs1WniHzH0FaiBRCVYno8pi4fHaL74MQ82/YnML+014zZGmD6Oz30RXJMhyumUPXkeksVbKx46l"
       "0L7A6DtPXgPy4kwwtfNP5nUlm1SzP+Oe9TUfovfQPaPAzgrkHpyuZbmrPtt2V7/IGwIDAQAB")
# (name below the zone, type, value); the texts are of one string each. All but SPF are foreign.
START = [
    ("", "TXT", "v=spf1 ip4:192.0.2.1 ~all"), ("", "TXT", "another party's value"),
    ("", "MX", "10 mail.example.net."), ("www", "A", "192.0.2.80"),
    ("_notes", "TXT", "another party's note"), ("other._domainkey", "TXT", "v=DKIM1; p=abcd"),
    ("alias", "CNAME", "www.example.net."), ("s1._domainkey.dept", "TXT", "of a department"),
]
# What every apply of the campaign wants: SPF changes, DMARC, TLS-RPT and a key are new.
DOMAIN = ("  contract.example:\n    senders: [office]\n"
          f"    dkim: [{{selector: s1, txt: '{KEY}'}}]\n"
          "    tls_rpt: {rua: ['mailto:t@contract.example']}\n"
          "    dmarc: {phase: monitor, since: 2026-11-01, rua: ['mailto:d@contract.example']}\n")


def full(name, zone=ZONE):
    return f"{name}.{zone}" if name else zone


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"{}")


def quoted(value):
    return '"' + value.replace('"', '\\"') + '"'


class Host:
    """A host in `folder`. `port` is where the product's requests go in the end, through a proxy
    that passes `entrance` to `provider` and `environment`."""

    udp = False

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.stack = contextlib.ExitStack()
        self.port = free_port()
        self.start()

    def close(self):
        self.stack.close()

    def run(self, command, port, log):
        self.stack.enter_context(running(command, port, self.folder / log, cwd=self.folder))

    def options(self, entrance):  # How the product finds name servers: nobody answers here.
        return ["--nameserver", "127.0.0.1:1", "--resolver", "127.0.0.1:1"]

    def environment(self, entrance):
        return {}


class Named(Host):
    """BIND, by RFC 2136 updates; it also answers the queries that verify."""

    udp = True

    def start(self):
        self.run(servers_dns.start_named(self.folder, self.port, True), self.port, "log")
        self.ring = dns.tsigkeyring.from_text({"side.": servers_dns.SECRET})

    def provider(self, entrance):
        return (f'{{type: rfc2136, server: "127.0.0.1:{entrance}", tsig_name: rampart., '
                "tsig_algorithm: hmac-sha256}")

    def options(self, entrance):
        return ["--nameserver", f"127.0.0.1:{entrance}", "--resolver", f"127.0.0.1:{entrance}"]

    def environment(self, entrance):
        return {"RAMPART_TSIG_SECRET": servers_dns.SECRET}

    def rows(self):
        zone = dns.zone.from_xfr(dns.query.xfr("127.0.0.1", ZONE, port=self.port,
                                               keyring=self.ring, relativize=False),
                                 relativize=False)
        return [(name, ttl, data) for name, ttl, data in zone.iterate_rdatas()
                if data.rdtype != dns.rdatatype.SOA]

    def reset(self):
        change = dns.update.Update(ZONE, keyring=self.ring)
        for name, _, data in self.rows():
            if data.rdtype != dns.rdatatype.NS:
                change.delete(name, data.rdtype)
        for name, kind, value in START:
            change.add(full(name) + ".", 3600, kind, quoted(value) if kind == "TXT" else value)
        answer = dns.query.tcp(change, "127.0.0.1", port=self.port, timeout=20)
        assert answer.rcode() == 0, answer

    def items(self):
        return {("record", str(name), ttl, dns.rdatatype.to_text(data.rdtype),
                 "".join(part.decode() for part in data.strings)
                 if data.rdtype == dns.rdatatype.TXT else data.to_text())
                for name, ttl, data in self.rows()}


class PowerDns(Host):
    """pdns_server with SQLite, by its API. It keeps disabled records and comments too."""

    def start(self):
        self.api = free_port()
        self.run(servers_dns.start_pdns(self.folder, self.port, self.api), self.api, "log")
        self.port, self.dns = self.api, self.port

    def provider(self, entrance):
        return "{type: powerdns}"

    def options(self, entrance):
        return ["--nameserver", f"127.0.0.1:{self.dns}", "--resolver", f"127.0.0.1:{self.dns}"]

    def environment(self, entrance):
        return {"PDNS_API_URL": f"http://127.0.0.1:{entrance}",
                "PDNS_API_KEY": servers_dns.API_KEY}

    def sql(self, statements):
        with contextlib.closing(sqlite3.connect(self.folder / "pdns.db", timeout=30)) as base, base:
            return [base.execute(*one).fetchall() for one in statements]

    def reset(self):
        zone = f"(select id from domains where name='{ZONE}')"
        add = ("insert into records(domain_id,name,type,content,ttl,prio,disabled,auth) "
               f"values({zone},?,?,?,3600,?,?,1)")
        rows = []
        for name, kind, value in START:
            prio, content = 0, value.rstrip(".")
            if kind == "TXT":
                content = quoted(value)
            if kind == "MX":
                prio, content = 10, content.partition(" ")[2]
            rows.append((full(name), kind, content, prio, 0))
        rows.append((ZONE, "TXT", '"kept for later"', 0, 1))
        self.sql([(f"delete from records where domain_id={zone} and type not in ('SOA','NS')",),
                  (f"delete from comments where domain_id={zone}",), *((add, row) for row in rows),
                  ("insert into comments(domain_id,name,type,modified_at,account,comment) "
                   f"values({zone},?,'TXT',1700000000,'bob','ask Bob')", (ZONE,))])

    def items(self):
        records, comments = self.sql([
            ("select name,type,content,ttl,disabled from records where type!='SOA' and type!='' "
             "and name like '%' || ?", (ZONE,)),
            ("select name,type,comment,account from comments where name like '%' || ?", (ZONE,))])
        return {("record", *row) for row in records} | {("comment", *row) for row in comments}


class Cloudflare(Host):
    """The stand-in for Cloudflare's API."""

    def start(self):
        self.run([sys.executable, CONTRACT / "cloudflare_fake.py", self.port], self.port, "log")
        self.door = f"http://127.0.0.1:{self.port}/control"

    def provider(self, entrance):
        return "{type: cloudflare, requests_per_second: 1000}"

    def environment(self, entrance):
        token = next(name for name, (may, _) in cloudflare_fake.TOKENS.items() if len(may) == 3)
        return {"CLOUDFLARE_API_TOKEN": token,
                "CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{entrance}/client/v4"}

    def reset(self):
        records = []
        for name, kind, value in START:
            record = {"type": kind, "name": full(name), "ttl": 3600, "comment": f"by {kind}",
                      "content": quoted(value) if kind == "TXT" else value.rstrip(".")}
            if kind == "MX":
                record |= {"priority": 10, "content": "mail.example.net"}
            records.append(record)
        post(self.door + "/zones", {"name": ZONE, "records": records})

    def items(self):
        with urllib.request.urlopen(f"{self.door}/zones/{ZONE}", timeout=30) as answer:
            rows = json.loads(answer.read())["records"]
        return {("record", *(str(row.get(name)) for name in
                             ("name", "type", "content", "ttl", "priority", "proxied", "comment")))
                for row in rows}


class Route53(Host):
    """The stand-in for Route 53."""

    def start(self):
        self.run([sys.executable, CONTRACT / "route53_fake.py", self.port], self.port, "log")
        self.door = f"http://127.0.0.1:{self.port}/_control"
        post(self.door + "/set", {"pending_polls": 0})

    def provider(self, entrance):
        return "{type: route53, requests_per_second: 1000}"

    def environment(self, entrance):
        return {"AWS_ENDPOINT_URL_ROUTE_53": f"http://127.0.0.1:{entrance}",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": route53_fake.SECRET}

    def reset(self):
        sets = {}
        for name, kind, value in START:
            one = sets.setdefault((name, kind), {"name": full(name) + ".", "type": kind,
                                                 "ttl": 3600, "values": []})
            one["values"].append(quoted(value) if kind == "TXT" else value)
        post(self.door + "/remove", {"name": ZONE})
        post(self.door + "/zone", {"name": ZONE, "sets": list(sets.values())})

    def items(self):
        return {("record", line) for line in post(self.door + "/raw", {"zone": ZONE})["lines"]}


HOSTS = {"named": Named, "powerdns": PowerDns, "cloudflare": Cloudflare, "route53": Route53}
NEEDS = {"named": "named", "powerdns": "pdns_server"}


def missing(name):
    """The program that the host needs and that is not installed, or None."""
    need = NEEDS.get(name)
    return need if need and not program(need) else None
