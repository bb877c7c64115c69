#!/usr/bin/env python3
"""`rampart spf check` end to end: the binary asks a name server on 127.0.0.1 that serves the zones
of the openspf.org suite, where the shared data is beside the checkout, and a few of our own."""

import json
import pathlib
import socketserver
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.name  # noqa: E402
import dns.rcode  # noqa: E402
import dns.rdata  # noqa: E402
import dns.rdatatype  # noqa: E402
import dns.rrset  # noqa: E402
import dns_stub  # noqa: E402
from harness import BINARY, SHARED  # noqa: E402

OWN = [
    {"name": "pass by include", "mailfrom": "u@example.com", "host": "192.0.2.9",
     "result": ["pass"],
     "zonedata": {"example.com": [{"TXT": "v=spf1 include:_spf.example.net -all"}],
                  "_spf.example.net": [{"TXT": "v=spf1 ip4:192.0.2.0/28 ~all"}]}},
    {"name": "long strings are joined", "mailfrom": "u@example.com", "host": "192.0.2.9",
     "result": ["pass"],
     "zonedata": {"example.com": [{"TXT": ["v=spf1 " + "ip4:198.51.100.1 " * 14,
                                           "ip4:192.0.2.9 -all"]}]}},
    {"name": "an answer for TCP", "mailfrom": "u@example.com", "host": "192.0.2.9",
     "result": ["pass"],
     "zonedata": {"example.com": [{"TXT": "v=spf1 " + "ip4:198.51.100.1 " * 150 +
                                          "ip4:192.0.2.9 -all"}]}},
    {"name": "a failing server", "mailfrom": "u@example.com", "host": "192.0.2.9",
     "result": ["temperror"],
     "zonedata": {"example.com": [{"TXT": "v=spf1 a:h.example.net -all"}],
                  "h.example.net": ["TIMEOUT"]}},
    {"name": "explained", "mailfrom": "u@example.com", "host": "2001:db8::1", "result": ["fail"],
     "explanation": "not from 2001:db8::1",
     "zonedata": {"example.com": [{"TXT": "v=spf1 -all exp=why.example.com"}],
                  "why.example.com": [{"TXT": "not from %{c}"}]}},
    # RFC 5321 section 4.1.2 writes the path in angle brackets, and logs show it so.
    {"name": "a sender in angle brackets", "mailfrom": "<u@example.com>", "host": "192.0.2.9",
     "result": ["pass"], "zonedata": {"example.com": [{"TXT": "v=spf1 ip4:192.0.2.9 -all"}]}},
    {"name": "an empty path", "mailfrom": "<>", "helo": "helo.example.com", "host": "192.0.2.9",
     "result": ["pass"], "zonedata": {"helo.example.com": [{"TXT": "v=spf1 ip4:192.0.2.9 -all"}]}},
]


def strings(value):
    return [str(value)] if isinstance(value, (str, int, float)) else [str(one) for one in value]


def rdata(kind, value):
    if kind == "TXT":
        octets = [text.encode() for text in strings(value)] or [b""]
        cut = [text[i:i + 255] for text in octets for i in range(0, max(len(text), 1), 255)]
        wire = b"".join(bytes([len(piece)]) + piece for piece in cut)
        return dns.rdata.from_wire(1, dns.rdatatype.TXT, wire, 0, len(wire))
    if kind == "MX":
        return dns.rdata.from_text("IN", "MX", f"{int(value[0])} {str(value[1]).rstrip('.')}.")
    if kind in ("CNAME", "PTR"):
        return dns.rdata.from_text("IN", kind, str(value).rstrip(".") + ".")
    return dns.rdata.from_text("IN", kind, str(value))


class Zone:
    """{name: [{TYPE: value} | "TIMEOUT"]}: what follows TIMEOUT fails; SPF replaces TXT."""

    def __init__(self, data):
        self.names = {str(name).lower().rstrip("."): entries or []
                      for name, entries in data.items()}

    def find(self, name, kind):
        """(values, failed, alias) of one name and type."""
        entries = self.names[name]
        own_txt = any(isinstance(one, dict) and "TXT" in one for one in entries)
        values, alias = [], None
        for entry in entries:
            if entry == "TIMEOUT":
                return values, not values, alias
            for own, value in entry.items():
                if own == "CNAME":
                    alias = value
                if own == kind or (kind == "TXT" and own == "SPF" and not own_txt):
                    if value == "TIMEOUT":
                        return values, True, alias
                    if value != "NONE":
                        values.append(value)
        return values, False, alias

    def answer(self, query):
        reply = dns.message.make_response(query, recursion_available=True)
        owner = query.question[0].name
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        for _ in range(10):
            name = b".".join(owner.labels[:-1]).decode("latin1").lower()
            if name not in self.names:
                if not any(other.endswith("." + name) for other in self.names):
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                break
            values, failed, alias = self.find(name, kind)
            if failed:
                reply.set_rcode(dns.rcode.SERVFAIL)
                break
            for value in values:
                # One RRset a value, so that equal values stay two.
                reply.answer.append(dns.rrset.from_rdata(owner, 60, rdata(kind, value)))
            if values or alias is None or kind == "CNAME":
                break
            reply.answer.append(dns.rrset.from_rdata(owner, 60, rdata("CNAME", alias)))
            owner = dns.name.from_text(str(alias))
        return reply


class State:
    zone = Zone({})


def wire_of(query_wire):
    return State.zone.answer(dns.message.from_wire(query_wire)).to_wire(max_size=65535)


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            wire = wire_of(self.request[0])
            if len(wire) > 1232:
                query = dns.message.from_wire(self.request[0])
                short = dns.message.make_response(query, recursion_available=True)
                short.flags |= dns.flags.TC
                wire = short.to_wire()
            self.request[1].sendto(wire, self.client_address)
        except Exception as problem:  # A query that dnspython refuses gets no answer.
            print(f"server: {problem!r}")


class Tcp(socketserver.BaseRequestHandler):
    def handle(self):
        head = self.request.recv(2)
        if len(head) == 2:
            wire = wire_of(self.request.recv(struct.unpack("!H", head)[0]))
            self.request.sendall(struct.pack("!H", len(wire)) + wire)


def serve():
    udp, tcp = dns_stub.sockets(Udp, Tcp)
    for server in (udp, tcp):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return udp.server_address[1]


def check(case, port):
    """Why the case fails, or nothing."""
    State.zone = Zone(case["zonedata"])
    command = [str(BINARY), "spf", "check", "--resolver", f"127.0.0.1:{port}", "--format", "json",
               "--ip", case["host"], "--sender", case["mailfrom"],
               "--helo", case.get("helo", "helo.example")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return f"exit {done.returncode}: {done.stdout}{done.stderr}"
    verdict = json.loads(done.stdout)
    if verdict["result"] not in case["result"]:
        return f"{verdict} where {case['result']} was expected"
    wanted = case.get("explanation")
    if wanted and wanted != "DEFAULT" and verdict["result"] == "fail":
        if verdict["explanation"] != wanted:
            return f"explained as {verdict['explanation']!r}, not {wanted!r}"
    return None


def main():
    suite = SHARED / "data/spf-openspf-rfc7208.json"
    cases = OWN + (json.loads(suite.read_text()) if suite.exists() else [])
    port = serve()
    checks = harness.Checks()
    for case in cases:
        problem = check(case, port)
        checks.check(case["name"], problem is None, problem)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
