#!/usr/bin/python3
"""What pyspf counts for each domain on standard input when an unlisted host sends, through the name
server at 127.0.0.1:PORT: lines "DOMAIN LOOKUPS VOIDS". Its limits are lifted, so that it counts on
where it would give up.

Usage: pyspf_counts.py PORT ADDRESS
"""

import sys

import dns.resolver
import spf


def main():
    port, address = int(sys.argv[1]), sys.argv[2]
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    dns.resolver.default_resolver = resolver
    spf.MAX_LOOKUP = spf.MAX_VOID_LOOKUPS = 1000
    for line in sys.stdin:
        domain = line.strip()
        query = spf.query(i=address, s=f"postmaster@{domain}", h="helo.example")
        query.check()
        print(domain, query.lookups, query.void_lookups)


if __name__ == "__main__":
    main()
