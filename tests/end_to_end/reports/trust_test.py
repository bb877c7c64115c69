#!/usr/bin/env python3
"""Whose word a report is: signed mails, forged ones, and what verified reports do to a summary."""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_files import Post, letter, mbox, report  # noqa: E402


def as_google(octets):
    return octets.replace(b"<org_name>Example", b"<org_name>google.com").replace(
        b"dmarc@reporter.example", b"noreply-dmarc-support@google.com")


def forged(post):
    """(story, mail): none of these may be verified."""
    good = post.sign(letter(report(1)))
    other = letter(report(2)).split(b"\n\n", 1)[1].replace(b"\n", b"\r\n")
    head, body = good.split(b"\r\n\r\n", 1)
    return [
        ("unsigned", letter(report(1))),
        ("From google.com, unsigned", letter(as_google(report(1)), "noreply@google.com")),
        ("From google.com, signed by another",
         post.sign(letter(as_google(report(1)), "noreply@google.com"), "evil.example")),
        ("signed by himself, claims google.com",
         post.sign(letter(as_google(report(1)), "a@evil.example"), "evil.example")),
        ("no address, named google.com",
         post.sign(letter(as_google(report(1)).replace(
             b"<email>noreply-dmarc-support@google.com</email>", b""), "a@evil.example"),
                   "evil.example")),
        ("body altered", head + b"\r\n\r\n" + other),
        ("replayed under another report id",
         head + b"\r\n\r\n" + letter(report(1).replace(b">r1<", b">r9<")).replace(
             b"\n", b"\r\n").split(b"\r\n\r\n", 1)[1]),
        ("one octet altered", good.replace(b"A report.", b"A Report.")),
        ("replayed under another subject", good.replace(b"Subject: Report", b"Subject: Repost")),
        ("replayed from another", good.replace(b"From: dmarc@", b"From: other@")),
        ("a second From", b"From: noreply@google.com\r\n" + good),
        ("a second From below", head + b"\r\nFrom: noreply@google.com\r\n\r\n" + body),
        ("half the body signed",
         post.sign(letter(report(1)), length=True) + b"\r\n--b\r\nadded\r\n--b--\r\n"),
        ("key on trial", post.sign(letter(report(1)), selector="t1")),
        ("key revoked", post.sign(letter(report(1)), selector="r1")),
        ("key gone", post.sign(letter(report(1)), selector="gone")),
        ("key unreachable", post.sign(letter(report(1)), selector="f1")),
        ("signature cut", good.replace(b"b=", b"b=AAAA", 1)),
        ("signature of nothing", b"DKIM-Signature: v=1; a=rsa-sha256; d=reporter.example\r\n" + good
         .split(b"\r\nFrom:", 1)[1].join([b"From:", b""])),
        ("mail within a signed mail",
         post.sign(b"From: dmarc@reporter.example\nTo: a@b.example\nSubject: Fwd\n"
                   b"Content-Type: message/rfc822\n\n" + letter(report(1)))),
        ("expired", post.sign(letter(report(1))).replace(b"v=1;", b"v=1; x=1;", 1)),
    ]


def genuine(post):
    good = post.sign(letter(report(1)))
    return [
        ("signed", good),
        ("line ends of Unix", good.replace(b"\r\n", b"\n")),
        ("in an mbox", mbox([good.replace(b"\r\n", b"\n")])),
        ("simple", post.sign(letter(report(1)), canonicalize=(b"simple", b"simple"))),
        ("relaxed", post.sign(letter(report(1)), canonicalize=(b"relaxed", b"relaxed"))),
        ("a sub-domain signs", post.sign(letter(report(1)), "mail.reporter.example")),
        ("two signatures, one foreign", post.sign(good, "evil.example")),
        ("its own google", post.sign(letter(as_google(report(1)), "noreply@google.com"),
                                     "google.com")),
        ("a name that is no domain",
         post.sign(letter(report(1).replace(b"<email>dmarc@reporter.example</email>", b"")))),
    ]


def through_a_list(dkim_result, spf_result, number):
    """A report of one row through a forwarder's address."""
    row = (f"<record><row><source_ip>198.51.100.9</source_ip><count>{number}</count></row>"
           "<identifiers><header_from>example.com</header_from></identifiers><auth_results><dkim>"
           f"<domain>example.com</domain><selector>s1</selector><result>{dkim_result}</result>"
           f"</dkim><spf><domain>example.com</domain><result>{spf_result}</result></spf>"
           "</auth_results></record>").encode()
    octets = report(number)
    return octets[:octets.index(b"<record>")] + row + b"</feedback>"


class Bench:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.post = Post()
        self.resolver = dns_stub.serve(self.post.names)
        self.count = 0

    def run(self, *words, store=None):
        done = subprocess.run([str(BINARY), *map(str, words), "--format", "json", "--resolver",
                               self.resolver, "--store", f"sqlite:{store}"],
                              stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)

    def ingest(self, octets, *options):
        """(verified, reporters that are) of a store of its own."""
        self.count += 1
        store = self.folder / f"{self.count}.db"
        path = self.folder / "input.eml"
        path.write_bytes(octets)
        got = self.run("reports", "ingest", path, *options, store=store)
        assert got["reports"] == 1, got
        return got["verified"], store


def check(bench):
    for story, octets in forged(bench.post):
        verified, store = bench.ingest(octets)
        yield f"forged: {story}", verified == 0
        out = bench.folder / "evidence.json"
        bench.run("reports", "evidence", "--out", out, store=store)
        yield f"forged: {story}: no evidence", json.loads(out.read_text())["rows"] == []
    for story, octets in genuine(bench.post):
        verified, store = bench.ingest(octets)
        yield f"genuine: {story}", verified == 1
    yield from forged_beside_honest(bench)
    yield "vouched for", bench.ingest(letter(report(1)), "--trusted")[0] == 1
    path = bench.folder / "vouched.eml"
    for signed, by_flag in ((False, 1), (True, 0)):
        mail = letter(report(1))
        path.write_bytes(bench.post.sign(mail) if signed else mail)
        got = bench.run("reports", "ingest", path, "--trusted", store=bench.folder / f"{signed}.db")
        yield f"by the flag alone: {by_flag}", (got["verified"], got["verified_by_flag"]) == (
            1, by_flag)
    # The same report first by anybody, then by its own signed mail: its trust rises, once.
    _, store = bench.ingest(letter(report(1)))
    path = bench.folder / "signed.eml"
    path.write_bytes(bench.post.sign(letter(report(1))))
    got = bench.run("reports", "ingest", path, store=store)
    yield "known already", (got["reports"], got["duplicates"]) == (0, 1)
    got = bench.run("reports", "summary", "--domain", "example.com", store=store)
    yield "trust rises", got["verified_reporters"] == 1 and got["messages"] == 6
    # And a forged copy afterwards takes nothing away.
    path.write_bytes(letter(report(1)))
    bench.run("reports", "ingest", path, store=store)
    got = bench.run("reports", "summary", "--domain", "example.com", store=store)
    yield "trust stays", got["verified_messages"] == 6


def forged_beside_honest(bench):
    """Anybody's word that a forwarder sends as us does not turn its broken mail into our own."""
    store, out = bench.folder / "beside.db", bench.folder / "evidence.json"
    seen = []
    for trusted, texts in (["--trusted"], [("pass", "fail", 1), ("fail", "fail", 2)]), (
            [], [("fail", "pass", 3)]):
        for words in texts:
            path = bench.folder / "list.xml"
            path.write_bytes(through_a_list(*words))
            bench.run("reports", "ingest", path, *trusted, store=store)
        bench.run("reports", "evidence", "--out", out, "--now", "2023-12-01T00:00:00Z", store=store)
        seen.append(json.loads(out.read_text())["rows"])
    yield f"evidence of a forwarder: {seen[0]}", (
        sorted(row["fate"] for row in seen[0]) == ["dkim", "forwarded"])
    yield f"beside a forged report: {seen[1]}", seen[0] == seen[1]


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check(Bench(folder)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
