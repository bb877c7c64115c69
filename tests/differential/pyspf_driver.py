#!/usr/bin/python3
"""The driver of pyspf: the same lines in, the same lines out as spf_driver.cc."""

import sys
import time

import spf

ZONE = {}


def lookup(name, kind, strict=True, timeout=None, *_):
    name = name.rstrip(".").lower()
    values = ZONE.get((name, kind), [])
    if "!servfail" in values:
        raise spf.TempError("DNS: SERVFAIL")
    return [((name, kind), value) for value in values]


def value_of(kind, text):
    if kind == "TXT":
        return (text.encode(),)
    if kind == "MX":
        preference, host = text.split(" ")
        return int(preference), host
    if kind == "AAAA":
        import ipaddress
        return ipaddress.ip_address(text).packed if BINARY_AAAA else text
    return text


BINARY_AAAA = False


def check(ip, sender):
    query = spf.query(i=ip, s=sender, h="helo.example", strict=1)
    return query.check()[0]


def main():
    spf.DNSLookup = lookup
    cases = []
    for line in sys.stdin:
        fields = line.rstrip("\n").split("\t")
        if fields[0] == "reset":
            ZONE.clear()
            cases.clear()
        elif fields[0] == "zone":
            text = fields[3]
            value = text if text == "!servfail" else value_of(fields[2], text)
            ZONE.setdefault((fields[1].lower(), fields[2]), []).append(value)
        elif fields[0] == "case":
            print(f"{fields[1]}\t{check(fields[2], fields[3])}")
            cases.append(fields[2:])
    if len(sys.argv) > 1:
        rounds = int(sys.argv[1])
        start = time.perf_counter()
        passes = sum(check(*case) == "pass" for _ in range(rounds) for case in cases)
        print(f"rate\t{rounds * len(cases) / (time.perf_counter() - start):.0f}\t{passes}")


if __name__ == "__main__":
    main()
