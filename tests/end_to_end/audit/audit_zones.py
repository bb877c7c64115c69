"""Domains of our own making for tests and the bench of `rampart audit`: one zone, `example`, with
shared senders whose includes occur in trees, and domains that are good, weak or broken."""

import random

SENDERS = 40
EXPECTED_DKIM = "s1"
# A key record of Ed25519 (RFC 8032's first test key).
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# No network here holds it, so that an evaluator reads every term.
UNLISTED = "203.0.113.254"


def networks(chance, count):
    return " ".join(f"ip4:{chance.randrange(60, 90)}.{chance.randrange(256)}."
                    f"{chance.randrange(256)}.0/24" for _ in range(count))


def txt(name, text):
    """One TXT record, cut into strings of at most 255 octets."""
    pieces = [text[start:start + 255] for start in range(0, len(text), 255)]
    return name + " TXT " + " ".join(f'"{piece}"' for piece in pieces)


def sender_lines(chance):
    """Shared senders: plain, with two includes, or with includes within includes."""
    lines = []
    for number in range(SENDERS):
        name = f"_spf.s{number}"
        kind = number % 4
        includes = {0: "", 1: f"include:_a{name}.example include:_b{name}.example ",
                    2: f"include:_a{name}.example ", 3: ""}[kind]
        lines.append(f'{name} TXT "v=spf1 {includes}{networks(chance, 4)} ~all"')
        if kind in (1, 2):
            inner = f"include:_c{name}.example " if kind == 2 else ""
            lines.append(f'_a{name} TXT "v=spf1 {inner}{networks(chance, 5)} ~all"')
        if kind == 1:
            lines.append(f'_b{name} TXT "v=spf1 a:mail.s{number}.example ~all"')
        if kind == 2:
            lines.append(f'_c{name} TXT "v=spf1 {networks(chance, 3)} ~all"')
        lines.append(f"mail.s{number} A 198.51.100.{number}")
    return lines


def spf_terms(chance, number):
    """Terms of one domain: now and then more lookups or voids than are allowed."""
    name = f"d{number}"
    terms = [f"include:_spf.s{one}.example"
             for one in chance.sample(range(SENDERS), chance.choice([0, 1, 2, 2, 3, 5]))]
    if number % 3 == 0:
        terms.append("mx")
    if number % 4 == 0:
        terms.append(f"a:mail.{name}.example")
    if number % 5 == 0:
        terms.append(f"include:_spf.{name}.example")
    terms += [f"a:gone{one}.{name}.example" for one in range(chance.choice([0, 0, 0, 1, 2, 3]))]
    if number % 7 == 0:
        terms.append(f"exists:none.{name}.example")
    terms.append(networks(chance, 2))
    chance.shuffle(terms)
    ending = f"redirect=_end.{name}.example" if number % 11 == 0 else chance.choice(
        ["-all", "~all", "?all"])
    return " ".join([*terms, ending])


def domain_lines(chance, number):
    name = f"d{number}"
    lines = [txt(name, f"v=spf1 {spf_terms(chance, number)}"),
             f'{name} TXT "site-verification={number}"',
             f"{name} MX 10 mail.{name}",
             f"mail.{name} A 198.18.{number // 256 % 256}.{number % 256}",
             f'{EXPECTED_DKIM}._domainkey.{name} TXT "{KEY}"',
             f'_smtp._tls.{name} TXT "v=TLSRPTv1; rua=mailto:tls@{name}.example"']
    if number % 5 == 0:
        lines.append(f'_spf.{name} TXT "v=spf1 a:mail.{name}.example {networks(chance, 3)} ~all"')
    if number % 11 == 0:
        lines.append(f'_end.{name} TXT "v=spf1 {networks(chance, 1)} -all"')
    if number % 10 != 9:
        policy = ["none", "quarantine", "reject"][number % 3]
        where = f"d@{name}.example" if number % 2 else "d@reports.example"
        lines.append(f'_dmarc.{name} TXT "v=DMARC1; p={policy}; rua=mailto:{where}"')
    return lines


def zone(count, more=()):
    """The zone's text with `count` domains d0.example, d1.example, ..."""
    chance = random.Random(11)
    lines = ["$ORIGIN example.", "$TTL 3600", "@ SOA ns hostmaster 1 3600 900 604800 300",
             "@ NS ns", "ns A 127.0.0.1", '*._report._dmarc.reports TXT "v=DMARC1"']
    lines += sender_lines(chance)
    for number in range(count):
        lines += domain_lines(chance, number)
    return "\n".join([*lines, *more]) + "\n"


def names(count):
    return [f"d{number}.example" for number in range(count)]
