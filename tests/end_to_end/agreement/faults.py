"""The faults of made-up domains. A fault edits the records of a domain in order, and its YAML."""

from records import KEY, rsa

REPORTS = "reports.example"


def spf(record, **settings):
    """The domain publishes `record`, and the YAML declares the same where it can."""
    def apply(domain):
        domain.set("@", record)
        terms = record.split()[1:]
        ends = [term for term in terms if term.lower() in ("all", "-all", "~all", "?all", "+all")]
        extra = terms[:terms.index(ends[0])] if ends else terms
        word = {"-": "fail", "?": "neutral"}.get(ends[0][0] if ends else "?", "softfail")
        domain.yaml["spf"] = settings or {"all": word, "extra": extra}
    return apply


def beside_spf(value):
    def apply(domain):
        domain.add("@", value)
    return apply


def no_spf(domain):
    domain.drop("@")
    del domain.yaml["spf"]


def key(value, declared=None):
    """A selector's record; declared as it is, as `declared`, or not at all where that is empty."""
    def apply(domain):
        domain.set("s2._domainkey", value)
        text = value if declared is None else declared
        if text:
            domain.yaml["dkim"].append({"selector": "s2", "txt": text})
    return apply


def two_values(value):
    def apply(domain):
        domain.set("s1._domainkey", KEY, value)
    return apply


def vendor_key(target):
    def apply(domain):
        domain.set("s3._domainkey", target, kind="CNAME")
        domain.yaml["dkim"].append({"selector": "s3", "cname": target.rstrip(".")})
    return apply


def no_key(domain):
    domain.drop("s1._domainkey")
    domain.yaml["dkim"] = []


def dmarc(record, **settings):
    """The DMARC record, `{0}` being the domain; the YAML declares `settings` of it."""
    def apply(domain):
        domain.set("_dmarc", record.format(domain.name))
        changed = {name: value for name, value in settings.items() if value is not None}
        domain.yaml["dmarc"].update(changed)
        if settings.get("rua", "") is None:
            del domain.yaml["dmarc"]["rua"]
    return apply


def two_dmarc(domain):
    domain.add("_dmarc", "v=DMARC1; p=none")


def no_dmarc(domain):
    domain.drop("_dmarc")
    domain.yaml["dmarc"] = {"phase": "dkim"}


def hosted_dmarc(target):
    def apply(domain):
        domain.drop("_dmarc")
        domain.set("_dmarc", target, kind="CNAME")
        domain.yaml["dmarc"] = {"phase": "dkim"}
    return apply


def at(name, *values):
    """What is published at a name below the domain, in place of the record there."""
    def apply(domain):
        domain.set(name, *values)
    return apply


def without(name, setting):
    def apply(domain):
        domain.drop(name)
        domain.yaml.pop(setting, None)
    return apply


def bimi(record, declared=True):
    def apply(domain):
        domain.set("default._bimi", record)
        if declared:
            domain.yaml["bimi"] = {"logo": f"https://{domain.name}/l.svg"}
    return apply


def bimi_at_none(domain):
    dmarc("v=DMARC1; p=none; rua=mailto:d@{0}", phase="monitor")(domain)
    bimi(f"v=BIMI1; l=https://{domain.name}/l.svg")(domain)


def null_mx_among_others(domain):
    domain.add("@", "0 .", kind="MX")


def null_mx(domain):
    domain.set("@", "0 .", kind="MX")


def address_as_mx(domain):
    spf("v=spf1 ip4:192.0.2.25 -all")(domain)
    domain.add("@", "20 192.0.2.25.", kind="MX")


def sub_domain(record):
    """A sub-domain of the YAML that sends by a key of its own and inherits the policy `record`."""
    def apply(domain):
        domain.set("_dmarc", record.format(domain.name))
        domain.set("mail", "v=spf1 -all")
        domain.yaml["sub"] = {"spf": {"all": "fail"}, "dmarc": {"phase": "dkim"}}
    return apply


def other_organization(domain):
    """A record with psd=n between the sub-domain and its organization by the suffix list."""
    domain.set("_dmarc.b", "v=DMARC1; p=none; psd=n; rua=mailto:d@" + domain.name)
    domain.set("mail.b", "v=spf1 -all")
    domain.yaml["sub.b"] = {"spf": {"all": "fail"}, "dmarc": {"phase": "dkim"}}


def lookups(count):
    return "v=spf1 " + " ".join(f"a:h{number}.vendors.example" for number in range(count)) + " -all"


LONG = "v=spf1 " + " ".join(f"ip4:198.51.100.{number}" for number in range(30)) + " -all"

# {name: (part, how it is made, the codes that all three must have seen)}. Two faults of one part
# are never mixed.
FAULTS = {
    "clean": ("none", lambda domain: None, ""),
    "spf-upper": ("spf", spf("V=SPF1 MX -ALL", all="fail", extra=["mx"]), ""),
    "spf-softfail": ("spf", spf("v=spf1 mx ~all"), ""),
    "spf-plus-all": ("spf", spf("v=spf1 mx +all", all="fail", extra=["mx"]), "spf-all"),
    "spf-bare-all": ("spf", spf("v=spf1 all", all="fail"), "spf-all"),
    "spf-neutral": ("spf", spf("v=spf1 mx ?all"), "spf-neutral"),
    "spf-no-all": ("spf", spf("v=spf1 mx", all="neutral", extra=["mx"]), "spf-neutral"),
    "spf-dead": ("spf", spf("v=spf1 mx -all ip4:192.0.2.1"), "spf-dead-terms"),
    "spf-dead-redirect": ("spf", spf("v=spf1 mx -all redirect=good.vendors.example"),
                          "spf-dead-terms"),
    "spf-ptr": ("spf", spf("v=spf1 mx ptr -all"), "spf-ptr"),
    "spf-syntax": ("spf", spf("v=spf1 mx ipv4:192.0.2.1 -all", all="fail", extra=["mx"]),
                   "spf-invalid"),
    "spf-address": ("spf", spf("v=spf1 ip4:192.0.2.300 -all", all="fail", extra=["mx"]),
                    "spf-invalid"),
    "spf-glued": ("spf", spf("v=spf1 mx ip4:192.0.2.1-all", all="fail", extra=["mx"]),
                  "spf-invalid"),
    "spf-near-limit": ("spf", spf(lookups(9)), "spf-lookups-near"),
    "spf-over-limit": ("spf", spf(lookups(11)), "spf-lookups"),
    "spf-loop": ("spf", spf("v=spf1 include:loop.vendors.example -all"), "spf-lookups"),
    "spf-voids": ("spf", spf("v=spf1 a:n1.vendors.example a:n2.vendors.example "
                             "a:n3.vendors.example -all"), "spf-voids"),
    "spf-include-gone": ("spf", spf("v=spf1 mx include:gone.vendors.example -all"),
                         "spf-unresolved"),
    "spf-include-bare": ("spf", spf("v=spf1 mx include:h1.vendors.example -all"),
                         "spf-unresolved"),
    "spf-include-broken": ("spf", spf("v=spf1 mx include:broken.vendors.example -all"),
                           "spf-unresolved"),
    "spf-everybody": ("spf", spf("v=spf1 include:open.vendors.example -all"), "authority-wide"),
    "spf-macro": ("spf", spf("v=spf1 exists:%{i}.vendors.example -all"), "authority-wide"),
    "spf-wide": ("spf", spf("v=spf1 ip4:16.0.0.0/7 -all"), "spf-broad"),
    "spf-wide6": ("spf", spf("v=spf1 ip6:2000::/12 -all"), "authority-wide"),
    "spf-long": ("spf", spf(LONG), "spf-length"),
    "spf-missing": ("spf", no_spf, "spf-missing"),
    "spf-two": ("spf", beside_spf("v=spf1 a -all"), "spf-multiple"),
    "spf-host-gone": ("spf", spf("v=spf1 mx a:gone.vendors.example -all"), "name-dangling"),
    "spf-unregistered": ("spf", spf("v=spf1 mx include:spf.gone.example -all"), "takeover"),
    "spf-private": ("spf", spf("v=spf1 ip4:10.1.0.0/16 -all"), "spf-private"),
    "spf-equals": ("spf", spf("v=spf1 mx include=good.vendors.example -all", all="fail",
                              extra=["mx"]), "spf-term-ignored"),
    "spf-wildcard": ("wildcard", at("*", "v=spf1 -all"), ""),
    "near-spf10": ("near", beside_spf("v=spf10 mx -all"), "spf-near-miss"),
    "near-blank": ("near", beside_spf(" v=spf1 a -all"), "spf-near-miss"),
    "near-quotes": ("near", beside_spf('"v=spf1 a -all"'), "spf-near-miss"),
    "near-comma": ("near", beside_spf("v=spf1,a,-all"), "spf-near-miss"),
    "other-txt": ("near", beside_spf("site-verification=1"), ""),
    "dmarc-at-apex": ("near", beside_spf("v=DMARC1; p=reject"), "record-misplaced"),
    "key-short": ("key", key(f"v=DKIM1; k=rsa; p={rsa(1024)}"), "dkim-key-short"),
    "key-weak": ("key", key(f"v=DKIM1; k=rsa; p={rsa(512)}"), "dkim-key-weak"),
    "key-long": ("key", key(f"v=DKIM1; k=rsa; p={rsa(8192)}"), "dkim-key-long"),
    "key-testing": ("key", key(f"v=DKIM1; t=y; p={rsa(2048)}"), "dkim-testing"),
    "key-empty-flag": ("key", key(f"v=DKIM1; t=s:; p={rsa(2048)}",
                                  f"v=DKIM1; t=s; p={rsa(2048)}"), "dkim-key-syntax"),
    "key-version-late": ("key", key(f"p={rsa(2048)}; v=DKIM1", KEY), "dkim-key-syntax"),
    "key-revoked": ("key", key("v=DKIM1; p="), ""),
    "key-ed25519": ("key", key("v=DKIM1; k=ed25519; "
                               "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), ""),
    "key-undeclared": ("key", key(f"v=DKIM1; p={rsa(2048)}", declared=""),
                       "selector-undeclared"),
    "key-replaced-broken": ("s1", at("s1._domainkey", "v=DKIM1; k=rsa; p=AAAA"),
                            "dkim-key-invalid"),
    "key-not-mail": ("s1", at("s1._domainkey", KEY.replace("p=", "s=tlsrpt; p=")),
                     "dkim-key-invalid"),
    "key-misspelt": ("s1", at("s1._domainkey", KEY.replace("v=DKIM1", "v=DKIM2")),
                     "dkim-key-invalid"),
    "key-two": ("s1", two_values(f"v=DKIM1; p={rsa(2048)[:-8]}AAAAAAAA"), "dkim-several-keys"),
    "key-and-token": ("s1", two_values("site-verification=2"), "dkim-several-keys"),
    "key-gone": ("s1", lambda domain: domain.drop("s1._domainkey"), "dkim-not-found"),
    "key-none": ("s1", no_key, "dkim-not-asked"),
    "vendor-gone": ("vendor", vendor_key("gone.vendors.example."), "selector-dangling"),
    "vendor-bare": ("vendor", vendor_key("h1.vendors.example."), "dkim-unresolved"),
    "vendor-revoked": ("vendor", vendor_key("revoked.vendors.example."), "dkim-key-revoked"),
    "vendor-short": ("vendor", vendor_key("short.vendors.example."), "dkim-key-short"),
    "vendor-good": ("vendor", vendor_key("key.vendors.example."), ""),
    "key-twice-below": ("misplaced", at("s9._domainkey._domainkey", KEY), "record-misplaced"),
    "key-without-line": ("misplaced", at("s9.domainkey", KEY), "record-misplaced"),
    "dmarc-none": ("dmarc", dmarc("v=DMARC1; p=none; rua=mailto:d@{0}", phase="monitor"),
                   "dmarc-not-enforced"),
    "dmarc-pct": ("dmarc", dmarc("v=DMARC1; p=quarantine; t=y; pct=10; rua=mailto:d@{0}",
                                 phase="quarantine", pct=10), "dmarc-partial"),
    "dmarc-sp-none": ("dmarc", dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@{0}", sp="none"),
                      "dmarc-sub-domains"),
    "dmarc-np-none": ("dmarc", dmarc("v=DMARC1; p=reject; np=none; rua=mailto:d@{0}", np="none"),
                      "dmarc-sub-domains"),
    "dmarc-no-rua": ("dmarc", dmarc("v=DMARC1; p=quarantine", phase="quarantine", rua=None),
                     "dmarc-without-rua"),
    "dmarc-reject-no-rua": ("dmarc", dmarc("v=DMARC1; p=reject", rua=None),
                            "reject-without-rua"),
    "dmarc-historic": ("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:d@{0}; rf=afrf; ri=86400"),
                       "dmarc-historic-tags"),
    "dmarc-bad-tag": ("dmarc", dmarc("v=DMARC1; p=reject; adkim=x; rua=mailto:d@{0}"),
                      "dmarc-tag-invalid"),
    "dmarc-https": ("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:d@{0},https://{0}/r"),
                    "dmarc-tag-invalid"),
    "dmarc-bad-policy": ("dmarc", dmarc("v=DMARC1; p=rejct"), "dmarc-invalid"),
    "dmarc-no-policy": ("dmarc", dmarc("v=DMARC1; sp=reject"), "dmarc-invalid"),
    "dmarc-two": ("dmarc", two_dmarc, "dmarc-multiple"),
    "dmarc-missing": ("dmarc", no_dmarc, "dmarc-missing"),
    "dmarc-lower": ("dmarc", dmarc("v=dmarc1; p=reject; rua=mailto:d@{0}"), "dmarc-near-miss"),
    "dmarc-blank": ("dmarc", dmarc(" v=DMARC1; p=reject; rua=mailto:d@{0}"), "dmarc-near-miss"),
    "dmarc-p-late": ("dmarc", dmarc("v=DMARC1; rua=mailto:d@{0}; p=reject"), "dmarc-near-miss"),
    "dmarc-spf": ("dmarc", at("_dmarc", "v=spf1 -all"), "record-misplaced"),
    "dmarc-refused": ("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:d@refusing.example",
                                     rua=["mailto:d@refusing.example"]), "report-unauthorized"),
    "dmarc-agreed": ("dmarc", dmarc(f"v=DMARC1; p=reject; rua=mailto:d@{REPORTS}",
                                    rua=[f"mailto:d@{REPORTS}"]), ""),
    "dmarc-hosted": ("dmarc", hosted_dmarc("_dmarc.vendors.example."), ""),
    "dmarc-dangling": ("dmarc", hosted_dmarc("_dmarc.gone.example."), "record-dangling"),
    "dmarc-inherited": ("dmarc", sub_domain("v=DMARC1; p=reject; sp=none; rua=mailto:d@{0}"),
                        "dmarc-not-enforced"),
    "dmarc-between": ("dmarc", other_organization, "dmarc-generations-differ"),
    "dmarc-unlined": ("misplaced", at("dmarc", "v=DMARC1; p=none"), "record-misplaced"),
    "sts-bad": ("sts", at("_mta-sts", "v=STSv1; id=not-a-word;"), "mta-sts-invalid"),
    "sts-two": ("sts", at("_mta-sts", "v=STSv1; id=1;", "v=STSv1; id=2;"), "mta-sts-invalid"),
    "sts-case": ("sts", at("_mta-sts", "v=stsv1; id=1;"), "record-near-miss"),
    "sts-none": ("sts", without("_mta-sts", "mta_sts"), "mta-sts-missing"),
    "tls-bad": ("tls", at("_smtp._tls", "v=TLSRPTv1; rua=ftp:x"), "tls-rpt-invalid"),
    "tls-two": ("tls", at("_smtp._tls", "v=TLSRPTv1; rua=mailto:a@vendors.example",
                          "v=TLSRPTv1; rua=mailto:b@vendors.example"), "tls-rpt-invalid"),
    "tls-case": ("tls", at("_smtp._tls", "v=tlsrptv1; rua=mailto:t@vendors.example"),
                 "record-near-miss"),
    "tls-none": ("tls", without("_smtp._tls", "tls_rpt"), "tls-rpt-missing"),
    "bimi-good": ("bimi", lambda domain: bimi(f"v=BIMI1; l=https://{domain.name}/l.svg")(domain),
                  ""),
    "bimi-bad": ("bimi", bimi("v=BIMI1; l=http://vendors.example/l.svg", declared=False),
                 "bimi-invalid"),
    "bimi-case": ("bimi", bimi("v=bimi1; l=https://vendors.example/l.svg", declared=False),
                  "record-near-miss"),
    "bimi-at-none": ("dmarc", bimi_at_none, "bimi-not-enforced"),
    "dmarc-rua-gone": ("dmarc", dmarc("v=DMARC1; p=reject; rua=mailto:d@gone.vendors.example",
                                      rua=["mailto:d@gone.vendors.example"]),
                       "report-undeliverable"),
    "mx-null": ("mx", null_mx, "mx-null-sender"),
    "mx-address": ("spf", address_as_mx, "mx-invalid"),
    "mx-null-too": ("mx", null_mx_among_others, "mx-null-mixed"),
}

# What the domains refer to; the name server has it, and no zone file does.
VENDORS = [
    *(f"{name} A 198.51.100.99" for name in ("vendors", "reports", "refusing")),
    *(f"h{number}.vendors A 198.51.100.{number + 1}" for number in range(12)),
    'good.vendors TXT "v=spf1 ip4:198.51.100.0/24 -all"',
    'open.vendors TXT "v=spf1 +all"',
    'broken.vendors TXT "v=spf1 ipv4:192.0.2.1 -all"',
    'loop.vendors TXT "v=spf1 include:loop.vendors.example -all"',
    'revoked.vendors TXT "v=DKIM1; p="',
    '_dmarc.vendors TXT "v=DMARC1; p=reject; rua=mailto:d@vendors.example"',
    '*._report._dmarc.vendors TXT "v=DMARC1"',
    '*._report._dmarc.reports TXT "v=DMARC1"',
]
