#!/usr/bin/env python3
"""`rampart audit --profile` through resolvers that validate, that do not, and that are silent; by a
report store; and the evidence pack, with hostile records in it.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns", "html5lib")

import dns.flags  # noqa: E402
import dns.rcode  # noqa: E402
import dns_stub  # noqa: E402
import html5lib  # noqa: E402
from harness import BINARY  # noqa: E402
from report_workplace import NOW, Workplace, report  # noqa: E402

TLSA = "3 1 1 " + "ab" * 32
RECORDS = {
    ("example.com", "SOA"): ["ns.example.com. h.example.com. 1 2 3 4 5"],
    ("example.com", "TXT"): ["v=spf1 mx -all"],
    ("example.com", "MX"): ["10 mx.example.net."],
    ("example.com", "DS"): ["1 13 2 " + "cd" * 32],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@example.com"],
    ("mx.example.net", "A"): ["192.0.2.1"],
    ("_25._tcp.mx.example.net", "TLSA"): [TLSA],
}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\x1b[31m"


class Signed(dns_stub.Records):
    """The records, of which the names of `signed` and all below them are authenticated for anyone
    who asks with AD; a name of `silent` fails."""

    signed = ()
    silent = ()

    def answer(self, query):
        reply = super().answer(query)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        if name in self.silent:
            reply.answer.clear()
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if name == ".":
            reply.set_rcode(dns.rcode.NOERROR)
        reply.flags &= ~dns.flags.AD
        below = any(name == one or name.endswith("." + one) or one == "." for one in self.signed)
        if below and query.flags & dns.flags.AD:
            reply.flags |= dns.flags.AD
        return reply


def resolver(signed=(), silent=(), records=RECORDS):
    kind = type("Kind", (Signed,), {"signed": signed, "silent": silent})
    return dns_stub.serve(records, kind)


def run(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if key != "RAMPART_STORE"}
    return subprocess.run([str(BINARY), "audit", *arguments, "--no-fetch", "--now", NOW],
                          cwd=folder, env=environment, text=True, capture_output=True, timeout=60)


def verdicts(folder, address, profile="nl-comply"):
    done = run(folder, "example.com", "--profile", profile, "--resolver", address, "--format",
               "json")
    (row,) = json.loads(done.stdout)["domains"]
    return {one["id"]: one["verdict"] for one in row["profile"]["rules"]}, row


def check_dnssec(folder):
    seen, row = verdicts(folder, resolver(signed=(".",)))
    yield f"all signed {seen}", [seen[one] for one in ("dnssec", "dnssec-mx", "dane")] == [
        "pass"] * 3
    yield f"chain {row['dnssec']}", [one["name"] for one in row["dnssec"]["chain"]] == [
        "com", "example.com"] and row["dnssec"]["tlsa"][0]["records"] == [TLSA]
    seen, _ = verdicts(folder, resolver())
    yield f"a resolver that does not validate {seen}", [
        seen[one] for one in ("dnssec", "dnssec-mx", "dane")] == ["unknown"] * 3
    # Validates, as the root shows, and the domain is not signed.
    kind = type("Root", (Signed,), {"signed": ("com.invalid",)})
    address = dns_stub.serve(RECORDS, type("RootOnly", (kind,), {
        "answer": lambda self, query: with_ad_for_root(kind.answer(self, query), query)}))
    seen, _ = verdicts(folder, address)
    yield f"a validator and an unsigned domain {seen}", [
        seen[one] for one in ("dnssec", "dnssec-mx", "dane")] == ["fail"] * 3
    # Two resolvers of which one does not validate prove nothing by silence.
    done = run(folder, "example.com", "--profile", "nl-comply", "--resolver", address, "--resolver",
               resolver(), "--format", "json")
    rules = {one["id"]: one["verdict"]
             for one in json.loads(done.stdout)["domains"][0]["profile"]["rules"]}
    yield f"one of two validates {rules}", rules["dnssec"] == "unknown"
    seen, _ = verdicts(folder, resolver(signed=(".",), silent=("_25._tcp.mx.example.net",)))
    yield f"a silent TLSA name {seen}", (seen["dnssec"], seen["dane"]) == ("pass", "unknown")
    without = {key: value for key, value in RECORDS.items() if key[1] != "TLSA"}
    seen, _ = verdicts(folder, resolver(signed=(".",), records=without))
    yield f"no TLSA {seen}", (seen["dnssec-mx"], seen["dane"]) == ("pass", "fail")
    done = run(folder, "example.com", "--dnssec", "--resolver", resolver(signed=(".",)))
    yield f"as text {done.stdout}", "DNSSEC   secure" in done.stdout and TLSA in done.stdout


def with_ad_for_root(reply, query):
    if query.question[0].name.to_text() == ".":
        reply.flags |= dns.flags.AD
    return reply


def check_reports(place):
    """The same domain with no store, with a store that is silent, and with one that knows."""
    folder, address = place.folder, resolver()
    seen, row = verdicts(folder, address, "bulk-sender")
    yield f"no store {seen}", seen["aligned"] == "unknown" and row["mail"]["state"] == "no-store"
    place.run("reports", "ingest", "r.xml")  # Asserted: anybody may have sent it.
    seen, row = verdicts(folder, address, "bulk-sender")
    yield f"not verified {seen}", seen["aligned"] == "unknown" and row["mail"]["state"] == "silent"
    # Known reporters, whose reports this folder's owner vouches for, on a day that is complete.
    text = report("Google").replace("d@google.example", "noreply-dmarc-support@google.com")
    text = text.replace("1795046400", "1794700800").replace("1795132799", "1794787199")
    (folder / "known.xml").write_text(text)
    done = place.run("reports", "ingest", "--trusted", "known.xml")
    seen, row = verdicts(folder, address, "bulk-sender")
    mail = row["mail"]
    # 125 of 155 messages with the domain's mark are aligned: 30 failed with its MAIL FROM.
    yield f"known {seen} {mail} {done.stderr}", seen["aligned"] == "fail" and (
        mail["state"], mail["aligned"], mail["failing"]) == ("seen", 125, 30)
    done = place.run("reports", "evidence", "--out", "evidence.json")
    yield f"evidence {done.stderr}", done.returncode == 0
    done = run(folder, "example.com", "--profile", "bulk-sender", "--resolver", address,
               "--evidence", "evidence.json", "--format", "json")
    yield "by an evidence file", json.loads(done.stdout)["domains"][0]["mail"] == mail


def check_pack(folder):
    records = dict(RECORDS)
    records[("_dmarc.example.com", "TXT")] = ["v=DMARC1; p=none; rua=mailto:d@example.com; x="
                                              + HOSTILE]
    address = resolver(signed=(".",), records=records)
    out = folder / "pack"

    def pack(where=out, *more):
        return run(folder, "example.com", "--profile", "nl-comply", "--resolver", address,
                   "--evidence-pack", str(where), *more)

    done = pack()
    yield f"written {done.stderr}", done.returncode == 2 and sorted(
        one.name for one in out.iterdir()) == ["evidence.json", "index.html"]
    text = (out / "index.html").read_text()
    parser = html5lib.HTMLParser(strict=True)
    tags = {one.tag.split("}")[1] for one in parser.parse(text).iter() if isinstance(one.tag, str)}
    yield f"tags {tags}", not tags & {"script", "img", "iframe", "link", "form"}
    yield "the record is there as text", "&lt;script&gt;" in text and "\u202e" not in text and (
        "\x1b" not in text)
    yield "a policy", "default-src 'none'" in text
    data = json.loads((out / "evidence.json").read_text())
    (domain,) = data["domains"]
    rules = {one["id"]: one for one in domain["requirements"]}
    yield f"json {data}"[:400], (data["profile"]["name"], data["made_at"], data["resolvers"]) == (
        "nl-comply", NOW, [address]) and not domain["conforms"]
    yield "verdicts", (rules["dmarc-enforced"]["verdict"], rules["dane"]["verdict"],
                       rules["starttls"]["verdict"]) == ("not met", "met", "unknown")
    yield "evidence", rules["dane"]["evidence"][-1]["seen"].startswith(TLSA) and all(
        one["source"] and re.match("20[0-9-]+$", one["source_date"]) for one in rules.values())
    seen = rules["dmarc-enforced"]["evidence"][0]["seen"]
    yield f"printable {seen!r}", "\x1b" not in seen and "\\027" in seen

    before = {one.name: one.read_bytes() for one in out.iterdir()}
    pack()
    yield "the same again", before == {one.name: one.read_bytes() for one in out.iterdir()}
    link = folder / "link"
    link.symlink_to(out)
    foreign = folder / "foreign"
    foreign.mkdir()
    (foreign / "domains.yaml").write_text("version: 1\n")
    named = folder / "named"
    named.mkdir()
    (named / "index.html").write_text("<p>ours</p>")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "evidence.json").symlink_to(out / "evidence.json")
    file = folder / "file"
    file.write_text("x")
    for where in (link, str(link) + "/", foreign, named, inner, file):
        done = pack(where)
        yield f"refused: {where} {done.stderr}", done.returncode == 1 and "--evidence-pack" in (
            done.stderr)
    yield "nothing was touched", (named / "index.html").read_text() == "<p>ours</p>" and (
        sorted(one.name for one in foreign.iterdir()) == ["domains.yaml"]) and before == {
        one.name: one.read_bytes() for one in out.iterdir()}
    done = run(folder, "example.com", "--evidence-pack", "new", "--resolver", address)
    yield f"no profile {done.stderr}", done.returncode == 1 and not (folder / "new").exists()


def main():
    checks = harness.Checks()
    with tempfile.TemporaryDirectory(prefix="rampart-profiles.") as name:
        checks.each(check_dnssec(pathlib.Path(name)))
        checks.each(check_pack(pathlib.Path(name)))
    with tempfile.TemporaryDirectory(prefix="rampart-profiles.") as name:
        checks.each(check_reports(Workplace(name)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
