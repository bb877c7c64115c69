"""Zones of our own making for init: every service of the catalogue set up as it asks, and zones as
people leave them."""

import re

import yaml

from harness import SOURCE

PLACEHOLDER = re.compile(r"(?<!%)\{(\w+)\}")
HEAD = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600\n  IN NS ns1\n" \
       "ns1 IN A 192.0.2.53\n"
MX = "@ IN MX 10 mx\nmx IN A 192.0.2.25\n"
KEY = ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAifNNbleYOT+IjYt4ZmEnfWEXIZKGYvfS3MBR"
       "tawfWgA0n6l5nRBB+hsG7iANuYLnmB4ogaXlvVbQmEwy3pGAAqkqnwuMf1YMEamxTXObUjEDIlwURkup"
       "cpzkpuyETtQBEbI3BEqg/z8qOEGEZ7bOj7O8wqmUV+qB/6E7WoxiC62a/iZ7nJCGUFXScv1CGFEo0n1z"
       "+1JDjBwIU3M39nnYwJUwxbm+SQYiSHpu+t4Q/4Ao+W65KIwHilYjPmwwCZQBuasmGso8jzomvn6xbeCw"
       "8USzIFFZIq7nXs8pxqQZ4hWV14GozViZqkboxb952gXZvJj7kzRKWRIn5MZL0qj8VQIDAQAB")
SHORT_KEY = ("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC3QEKyU1fSma0axspqYK5iAj+54lsAg4qRRCnpKK68haw"
             "Sd8zpsDz77ntGCR0X2mHVvkf0WEOIqaspaG/A5IGxieiWer+wBX8lW2tE4NHTE0PLhHqL0uD2sif2pKoP"
             "R3Wr6n/rbiihGYCIzvuY4/U5GigNUGls/QUbCPRyzho30wIDAQAB")
FAMILY = 5  # Services in a zone.


def catalogue():
    senders = {}
    for path in sorted((SOURCE / "policies/senders").glob("*.yaml")):
        senders.update(yaml.safe_load(path.read_text())["senders"])
    return senders


def txt(name, value):
    parts = [value[at:at + 255] for at in range(0, len(value), 255)]
    quoted = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
                      for part in parts)
    return f"{name} IN TXT {quoted}\n"


def value_of(name, vendor, apex):
    """What a vendor's page would show for a placeholder."""
    if name == "domain":
        return apex
    if name == "domain_dashes":
        return apex.replace(".", "-")
    if name.endswith("target") or re.fullmatch(r"target\d", name):
        return f"{name.replace('_', '')}.dkim.{vendor.replace('_', '')}.example.net"
    if name == "include":
        return f"spf.{vendor.partition('_')[0]}.example.net"
    if name == "proxy_domain":
        return f"{vendor.replace('_', '')}.example.net"
    return f"{name.replace('_', '')}{len(vendor)}"


def fill(text, vendor, apex):
    return PLACEHOLDER.sub(lambda match: value_of(match[1], vendor, apex), text)


def vendor_zone(apex, vendors, senders):
    """A zone in which these services are set up to the last record."""
    terms, records, hosts = [], "", set()
    for vendor in vendors:
        sender = senders[vendor]
        terms += [fill(term, vendor, apex) for term in sender.get("spf", [])]
        for row in sender.get("dkim", []):
            host = fill(row["host"], vendor, apex)
            if host in hosts:
                continue
            hosts.add(host)
            if row.get("type", "CNAME") == "CNAME":
                records += f"{host} IN CNAME {fill(row['target'], vendor, apex)}.\n"
            else:
                records += txt(host, f"v=DKIM1; k=rsa; p={KEY}")
    spf = txt("@", " ".join(["v=spf1", *dict.fromkeys(terms), "~all"]))
    return HEAD + MX + spf + records + txt("_dmarc", f"v=DMARC1; p=none; rua=mailto:d@{apex}")


def vendor_zones():
    """{apex: (vendors, text)}; two of a family never ask for one name."""
    senders = catalogue()
    order = list(senders)
    step = (len(order) + FAMILY - 1) // FAMILY
    families = [order[at::step] for at in range(step)]
    return {f"family{number}.example": (family, vendor_zone(f"family{number}.example", family,
                                                            senders))
            for number, family in enumerate(families)}


def spf(value):
    return HEAD + MX + txt("@", value)


def dmarc(value, name="_dmarc"):
    return spf("v=spf1 mx -all") + txt(name, value)


def key(selector="s1", value=f"v=DKIM1; k=rsa; p={KEY}"):
    return txt(f"{selector}._domainkey", value)


PARKED = HEAD + "@ IN MX 0 .\n" + txt("@", "v=spf1 -all") + txt("*._domainkey", "v=DKIM1; p=") + \
    txt("_dmarc", "v=DMARC1; p=reject; sp=reject; np=reject; rua=mailto:d@example.com")

# {apex: (text, what its YAML must hold)}.
ODD = {
    "empty.example": (HEAD, ["phase: dkim"]),
    "parked.example": (PARKED, ["parked: true"]),
    "half-parked.example": (HEAD + txt("@", "v=spf1 -all") +
                            txt("_dmarc", "v=DMARC1; p=reject"), ["all: fail", "phase: reject"]),
    "two-spf.example": (spf("v=spf1 mx ~all") + txt("@", "v=spf1 a ~all"), ["there are 2 records"]),
    "plus-all.example": (spf("v=spf1 mx +all"), ["+all"]),
    "no-all.example": (spf("v=spf1 mx"), ["without `all`"]),
    "bad-spf.example": (spf("v=spf1 ip4:192.0.2.300 ~all"), ["SPF is left unmanaged"]),
    "near-miss.example": (spf("v=spf10 mx ~all"), ["phase: dkim"]),
    "upper.example": (spf("V=SPF1 MX INCLUDE:_SPF.Google.com ~ALL"), ["google_workspace"]),
    "redirect.example": (spf("v=spf1 redirect=_spf.example.net"), ['redirect: "_spf.example.net"']),
    "exp.example": (spf("v=spf1 mx ~all exp=explain._spf.%{d}"), ['exp: "explain._spf.%{d}"']),
    "modifier.example": (spf("v=spf1 mx ~all moo=cow"), ["moo=cow"]),
    "ptr.example": (spf("v=spf1 mx ptr ~all"), ["ptr", "RFC 7208"]),
    "qualifiers.example": (spf("v=spf1 ?include:_spf.google.com ip4:192.0.2.1 ~all"),
                           ['"?include:_spf.google.com"', "ip4:192.0.2.1"]),
    "mixed-order.example": (spf("v=spf1 ip4:192.0.2.1 -ip4:192.0.2.2 mx ~all"),
                            ["SPF is left unmanaged"]),
    "macros.example": (spf("v=spf1 exists:%{i}._spf.%{d} include:%{d2}.mail.example.net -all"),
                       ["exists:%{i}._spf.%{d}"]),
    "many.example": (spf("v=spf1 " + " ".join(f"a:h{n}.example.net" for n in range(12)) + " ~all"),
                     ["a:h11.example.net"]),
    "dead-terms.example": (spf("v=spf1 mx -all include:_spf.google.com"), ["all: fail"]),
    "neutral.example": (spf("v=spf1 mx ?all"), ["all: neutral"]),
    "ttls.example": (HEAD + MX + '@ 77 IN TXT "v=spf1 mx ~all"\n'
                                 '_dmarc 300 IN TXT "v=DMARC1; p=none"\n',
                     ["phase: monitor", "dmarc-without-rua"]),
    "foreign.example": (spf("v=spf1 mx ~all") + txt("@", "site-verification=1") +
                          txt("@", "MS=ms123"), ['extra: ["mx"]']),
    "compat.example": (dmarc("v=DMARC1; p=quarantine; t=y; pct=10; rua=mailto:d@compat.example"),
                       ["{phase: quarantine, pct: 10, rua: [mailto:d@compat.example]}"]),
    "legacy.example": (dmarc("v=DMARC1; p=reject; pct=25"), ["ramp: legacy", "mode: legacy"]),
    "testing.example": (dmarc("v=DMARC1; p=reject; t=y"), ["t=y without pct"]),
    "zero.example": (dmarc("v=DMARC1; p=reject; pct=0"), ["pct=0"]),
    "full.example": (dmarc("v=DMARC1; p=quarantine; pct=100"), ["{phase: quarantine}"]),
    "tags.example": (dmarc("v=DMARC1;p=reject;sp=quarantine;np=reject;adkim=s;aspf=r;fo=1:d:s;"
                           "psd=n;rua=mailto:a@tags.example,mailto:b@tags.example;"
                           "ruf=mailto:f@tags.example"),
                     ["sp: quarantine", "np: reject", "adkim: s", 'fo: "1:d:s"', "psd:", "ruf:"]),
    "unknown-tags.example": (dmarc("v=DMARC1; p=none; rf=afrf; ri=86400; x=y; "
                                   "rua=mailto:d@unknown-tags.example"), ["phase: monitor"]),
    "bad-tag.example": (dmarc("v=DMARC1; p=rejct; rua=mailto:d@bad-tag.example"),
                        ["DMARC is left unmanaged"]),
    "no-policy.example": (dmarc("v=DMARC1; rua=mailto:d@no-policy.example"),
                          ["DMARC is left unmanaged"]),
    "two-dmarc.example": (dmarc("v=DMARC1; p=none") + txt("_dmarc", "v=DMARC1; p=reject"),
                          ["there are 2 records"]),
    "lower-version.example": (dmarc("v=dmarc1; p=none"), ["phase: dkim"]),
    "size-limit.example": (dmarc("v=DMARC1; p=none; rua=mailto:d@size-limit.example!10m"),
                           ["DMARC is left unmanaged"]),
    "https-rua.example": (dmarc("v=DMARC1; p=none; rua=https://reports.example.net/d"),
                          ["DMARC is left unmanaged"]),
    "hosted.example": (spf("v=spf1 mx -all") + "_dmarc IN CNAME hosted.dmarc.example.net.\n",
                       ["`_dmarc` is a CNAME to hosted.dmarc.example.net"]),
    "keys.example": (spf("v=spf1 mx ~all") + key("s1") + key("old", "v=DKIM1; p=") +
                     key("short", f"v=DKIM1; p={SHORT_KEY}") + key("a.b", f"p={KEY}"),
                     ["selector: old", "selector: a.b", "dkim-key-short"]),
    "bad-keys.example": (spf("v=spf1 mx ~all") + key("junk", "hello") +
                         key("broken", "v=DKIM1; k=rsa; p=AAAA") + key("twice") +
                         key("twice", "v=DKIM1; p="), ["The selector junk is left unmanaged",
                                                       "The selector twice is left unmanaged",
                                                       "The selector broken is left unmanaged"]),
    "no-spf.example": (HEAD + MX + key("s1") + "s2._domainkey IN CNAME s2.dkim.example.net.\n",
                       ["There is no SPF record", "cname: s2.dkim.example.net"]),
    "wild.example": (HEAD + MX + txt("*", "v=spf1 -all") + "* IN MX 10 mx\n" +
                     txt("@", "v=spf1 mx ~all") + txt("*._domainkey", f"v=DKIM1; p={KEY}"),
                     ["There is a wildcard"]),
    "transport.example": (dmarc("v=DMARC1; p=reject; rua=mailto:d@transport.example") +
                          txt("_mta-sts", "v=STSv1; id=20240101;") +
                          txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:t@transport.example,"
                                            "https://t.example.net/r") +
                          txt("default._bimi", "v=BIMI1; l=https://transport.example/l.svg; "
                                               "a=https://transport.example/c.pem"),
                          ['id: "20240101"', "correct `mode`", "tls_rpt:", "bimi:"]),
    "bimi-more.example": (spf("v=spf1 mx ~all") +
                          txt("default._bimi", "v=BIMI1; l=; a=; avp=personal"), ["extra"]),
    "subs.example": (spf("v=spf1 mx ~all") + txt("_dmarc", "v=DMARC1; p=none") +
                     txt("news", "v=spf1 include:servers.mcsv.net ~all") +
                     txt("_dmarc.news", "v=DMARC1; p=reject") + key("k1").replace(
                         "k1._domainkey", "k1._domainkey.shop") +
                     txt("_spf", "v=spf1 ip4:192.0.2.0/24 -all") +
                     txt("mail", "v=spf1 a -all"), ["news.subs.example:", "shop.subs.example:",
                                                    "mail.subs.example:"]),
    "crlf.example": ((spf("v=spf1 mx ~all") + key("s1")).replace("\n", "\r\n"), ["selector: s1"]),
    "xn--bcher-kva.example": (spf("v=spf1 mx ~all"), ["xn--bcher-kva.example:"]),
    "unsigned-cname.example": (spf("v=spf1 include:sendgrid.net ~all") +
                               "s1._domainkey IN CNAME s1.domainkey.u42.wl7.sendgrid.net.\n",
                               ["s1"]),
    "odd-names.example": (dmarc("v=DMARC1; p=none") + "".join(
        txt(f"_dmarc.{name}", "v=DMARC1; p=none")
        for name in ("*", "under_score", "*.foo", "-x", r"sp\032ace", r"a\.b", r"\195\188",
                     "fine")) +
                          key("s", "v=DKIM1; p=").replace("_domainkey", "_domainkey.under_score") +
                          key("k1", "v=DKIM1; p=").replace("_domainkey", "_domainkey.*") +
                          key("-s") + key("*.t") + key(r"sp\032ace") + key("good") +
                          r"a\.b._domainkey IN CNAME b.example.net." + "\n",
                          [f"  # {name}.odd-names.example is not in this file.\n"
                           "  # It is left unmanaged: the name is not a mail domain.\n"
                           for name in ("*", "under_score", "*.foo", "-x", r"sp\032ace", r"a\.b",
                                        r"\195\188")] +
                          [f"  # The selector {name} is left unmanaged: this is not a valid "
                           "selector.\n" for name in ("-s", "*.t", r"sp\032ace", r"a\.b")] +
                          ["\n  odd-names.example:\n", "\n  fine.odd-names.example:\n",
                           "phase: monitor", "selector: good"]),
    "co.uk": (dmarc("v=DMARC1; p=none") + txt("_dmarc.fine", "v=DMARC1; p=none"),
              ["  # co.uk is not in this file.\n"
               "  # It is left unmanaged: the name is a public suffix.\n", "  fine.co.uk:\n"]),
    "nothing_fits.example": (dmarc("v=DMARC1; p=none"), ["domains: {}\n", "is not a mail domain."]),
    "generate.example": (HEAD + "$GENERATE 1-3 h$ A 192.0.2.$\n"
                         + dmarc("v=DMARC1; p=none").removeprefix(HEAD), ["phase: monitor"]),
    "include.example": (HEAD + "$INCLUDE nowhere.inc\n",
                        ["zones/include.example.zone: line 5: $INCLUDE nowhere.inc",
                         "phase: discovery"]),
    "garbage.example": ("garbage here (\n", ["zones/garbage.example.zone: line 1: a",
                                                  "phase: discovery"]),
    "no-octets.example": ("", ["zones/no-octets.example.zone: the zone has no SOA"]),
    "missing-cname.example": (spf("v=spf1 include:servers.mcsv.net ~all"),
                              ['extra: ["include:servers.mcsv.net"]', "is a term of mailchimp"]),
    "moved-cname.example": (spf("v=spf1 include:servers.mcsv.net ~all") +
                            "k2._domainkey IN CNAME elsewhere.example.net.\n"
                            "k3._domainkey IN CNAME dkim3.mcsv.net.\n",
                            ["mailchimp", "cname: elsewhere.example.net"]),
}
