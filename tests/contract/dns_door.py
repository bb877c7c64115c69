#!/usr/bin/python3
"""The side door of a real name server: what a zone holds, read and changed by another program than
the one under test.

    dns_door.py PORT DNS_PORT SECRET [PDNS_DATABASE]

listens on loopback and answers JSON by JSON. Zones are read by transfer and changed by update;
those of PowerDNS are read in its database, since it breaks off transfers of large records.

    POST /zone {"zone", "records"}                     makes the zone hold exactly these
    POST /put  {"zone", "name", "type", "records"}     puts these in place of a set
    POST /dump {"zone"}                                its records as a zone file
    POST /raw  {"zone"}                                every record in the server's own words
    POST /sql  {"commands"}                            the rows, in PowerDNS' database

A record is {"name", "ttl", "type", "data"} in presentation form with absolute names; with "more",
it is one that only PowerDNS knows: {"disabled": 1}, {"comment": 1} or {"lua": 1}.
"""

import contextlib
import http.server
import json
import sqlite3
import sys

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY
import dns.tsig
import dns.update

MOST_OCTETS = 30000
MARK = "rampart-ours"  # In every value of ours, in the cases of foreign records.
IN = dns.rdataclass.IN
CHAIN = {dns.rdatatype.NSEC, dns.rdatatype.NSEC3, dns.rdatatype.NSEC3PARAM,
         dns.rdatatype.from_text("TYPE65534")}  # The last is named's note of its own work.
SIGNERS = CHAIN | {dns.rdatatype.RRSIG, dns.rdatatype.DNSKEY, dns.rdatatype.CDS,
                   dns.rdatatype.CDNSKEY}


def absolute(name):
    return dns.name.from_text(name, dns.name.root)


class Server:
    """A name server that takes transfers and updates by the side key."""

    def __init__(self, port, secret):
        self.port = port
        self.key = dns.tsig.Key("side.", secret, "hmac-sha256")

    def records(self, zone):
        """(name, type, ttl, rdata) of every record, without the SOA and the apex's NS."""
        apex = absolute(zone)
        ring = {self.key.name: self.key}
        found = []
        for message in dns.query.xfr("127.0.0.1", apex, port=self.port, keyring=ring,
                                     keyname=self.key.name, keyalgorithm=self.key.algorithm,
                                     relativize=False, lifetime=30):
            for rrset in message.answer:
                own = rrset.rdtype == dns.rdatatype.SOA or (
                    rrset.rdtype == dns.rdatatype.NS and rrset.name == apex)
                if not own:
                    found += [(rrset.name, rrset.rdtype, rrset.ttl, rdata) for rdata in rrset]
        return found

    def raw(self, zone):
        """In a signed zone without what the signer must change: the chain of names, and the
        signatures over it, over the zone's own sets and over sets with values of ours. All other
        signatures are part of it: where a foreign set changes for a moment, so does its own."""
        records = self.records(zone)
        ours = {(name, kind) for name, kind, _, rdata in records if MARK in rdata.to_text()}
        apex = absolute(zone)
        changing = {(apex, dns.rdatatype.NS), (apex, dns.rdatatype.SOA)} | ours

        def is_signers(name, kind, rdata):
            if kind != dns.rdatatype.RRSIG:
                return kind in CHAIN
            covered = rdata.type_covered
            return covered in CHAIN or (name, covered) in changing
        return sorted(f"{name} {ttl} {dns.rdatatype.to_text(kind)} {rdata.to_wire(None).hex()} "
                      f"{rdata.to_text()}" for name, kind, ttl, rdata in records
                      if not is_signers(name, kind, rdata))

    def dump(self, zone):
        return "".join(f"{name} {ttl} IN {dns.rdatatype.to_text(kind)} {rdata.to_text()}\n"
                       for name, kind, ttl, rdata in self.records(zone))

    def send(self, zone, edits):
        """Edits are (octets, function of an update), sent in as few messages as fit."""
        while edits:
            update = dns.update.UpdateMessage(absolute(zone), keyring={self.key.name: self.key},
                                              keyname=self.key.name,
                                              keyalgorithm=self.key.algorithm)
            room = MOST_OCTETS
            while edits and (room == MOST_OCTETS or edits[0][0] < room):
                octets, edit = edits.pop(0)
                edit(update)
                room -= octets
            answer = dns.query.tcp(update, "127.0.0.1", port=self.port, timeout=30)
            if answer.rcode() != dns.rcode.NOERROR:
                raise ValueError(f"the update: {dns.rcode.to_text(answer.rcode())}")

    @staticmethod
    def removal(name, kind):
        return 40, lambda update: update.delete(name, kind)

    @staticmethod
    def addition(name, kind, ttl, rdata):
        return len(rdata.to_wire(None)) + 60, lambda update: update.add(name, ttl, rdata)

    @staticmethod
    def parsed(records):
        """{(name, type): (ttl, set of rdata)}; delegations first, which a DS needs."""
        sets = {}
        for one in sorted(records, key=lambda one: one["type"] != "NS"):
            kind = dns.rdatatype.from_text(one["type"])
            rdata = dns.rdata.from_text(IN, kind, one["data"], dns.name.root, relativize=False)
            ttl, values = sets.get((absolute(one["name"]), kind), (one["ttl"], []))
            sets[absolute(one["name"]), kind] = (min(ttl, one["ttl"]), values + [rdata])
        return sets

    def zone(self, zone, records):
        before = {}
        for name, kind, ttl, rdata in self.records(zone):
            before.setdefault((name, kind), (ttl, []))[1].append(rdata)
        after = self.parsed(records)
        # Spelled out: names of other case and other cuts of a text are equal to dnspython.
        spelled = lambda one: one and (one[0], sorted(str(rdata) for rdata in one[1]))
        same = {key for key in before
                if spelled(before[key]) == spelled(after.get(key)) and str(key[0]).islower()}
        edits = [self.removal(*key) for key in before
                 if key not in same and key[1] not in SIGNERS]
        for (name, kind), (ttl, values) in after.items():
            if (name, kind) not in same:
                edits += [self.addition(name, kind, ttl, rdata) for rdata in values]
        self.send(zone, edits)

    def put(self, zone, name, kind, records):
        edits = [self.removal(absolute(name), dns.rdatatype.from_text(kind))]
        for (owner, kept), (ttl, values) in self.parsed(records).items():
            edits += [self.addition(owner, kept, ttl, rdata) for rdata in values]
        self.send(zone, edits)


class PowerDns(Server):
    """pdns, whose database holds more than it serves."""

    def __init__(self, port, secret, database):
        super().__init__(port, secret)
        self.database = database

    @contextlib.contextmanager
    def opened(self):
        connection = sqlite3.connect(self.database, timeout=20, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    def sql(self, commands):
        with self.opened() as connection:
            if commands.lstrip().startswith("select"):
                rows = connection.execute(commands).fetchall()
                return "".join("|".join(str(cell) for cell in row) + "\n" for row in rows)
            connection.executescript(commands)
            return ""

    def rows(self, zone, what, table):
        with self.opened() as connection:
            return connection.execute(
                f"select {what} from {table} where domain_id=(select id from domains where name=?) "
                "order by 1,2,3,4", (zone,)).fetchall()

    def raw(self, zone):
        lines = [f"{name} {ttl} {kind} {content} prio={prio} disabled={disabled} auth={auth}"
                 for name, kind, ttl, content, prio, disabled, auth in self.rows(
                     zone, "name,type,ttl,content,prio,disabled,auth", "records")
                 if kind and kind != "SOA" and (name, kind) != (zone, "NS")]
        lines += ["comment " + " ".join(map(str, row)) for row in self.rows(
            zone, "name,type,modified_at,account,comment", "comments")]
        return sorted(lines)

    def records(self, zone):
        """What is served, without the SOA and the apex's NS."""
        found = []
        for name, kind, ttl, content, prio, disabled in self.rows(
                zone, "name,type,ttl,content,prio,disabled", "records"):
            own = not kind or kind == "SOA" or (name, kind) == (zone, "NS")
            if own or disabled or kind in ("LUA", "ALIAS"):
                continue
            data = f"{prio or 0} {content}" if kind in ("MX", "SRV") else content
            number = dns.rdatatype.from_text(kind)
            found.append((absolute(name), number, ttl, dns.rdata.from_text(
                IN, number, data, dns.name.root, relativize=False)))
        return found

    def zone(self, zone, records):
        with self.opened() as connection:
            of_zone = "domain_id=(select id from domains where name=?)"
            connection.execute("begin immediate")
            connection.execute(f"delete from records where {of_zone} and (disabled=1 or type in "
                               "('LUA','ALIAS'))", (zone,))
            connection.execute(f"delete from comments where {of_zone}", (zone,))
            connection.execute("commit")
        super().zone(zone, [one for one in records if not one.get("more")])
        with self.opened() as connection:
            for one in records:
                if one.get("more"):
                    self.plant(connection, zone, one)

    @staticmethod
    def plant(connection, zone, one):
        name, more = one["name"].rstrip("."), json.loads(one["more"])
        if "comment" in more:
            connection.execute(
                "insert into comments(domain_id,name,type,modified_at,account,comment) select "
                "id,?,?,1700000000,'bob',? from domains where name=?",
                (name, one["type"], one["data"], zone))
        else:
            connection.execute(
                "insert into records(domain_id,name,type,content,ttl,prio,disabled,auth) select "
                "id,?,?,?,?,0,?,1 from domains where name=?",
                (name, one["type"], one["data"], one["ttl"], more.get("disabled", 0), zone))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        ask = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        server = self.server.behind
        try:
            answer = {
                "/zone": lambda: server.zone(ask["zone"], ask["records"]),
                "/put": lambda: server.put(ask["zone"], ask["name"], ask["type"], ask["records"]),
                "/dump": lambda: {"text": server.dump(ask["zone"])},
                "/raw": lambda: {"lines": server.raw(ask["zone"])},
                "/sql": lambda: {"text": server.sql(ask["commands"])},
            }[self.path]() or {}
            status = 200
        except Exception as failed:  # pylint: disable=broad-except
            status, answer = 400, {"failed": f"{type(failed).__name__}: {failed}"}
        octets = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


def main():
    port, dns_port, secret = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.behind = PowerDns(dns_port, secret, sys.argv[4]) if len(sys.argv) > 4 \
        else Server(dns_port, secret)
    server.serve_forever()


if __name__ == "__main__":
    main()
