#!/usr/bin/env python3
"""SMTP TLS reports and failure reports through the real binary: read in every form, stored once,
trusted by DKIM, summed up, pruned, and without the names of people."""

import base64
import gzip
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_files import Post, Store, mail, report  # noqa: E402

NOW = ["--now", "2026-11-21T00:00:00Z"]


def tls(number=1, domain="example.com", day="2026-11-19", org="reporter.example"):
    return json.dumps({
        "organization-name": org, "contact-info": f"tls@{org}", "report-id": f"t{number}",
        "date-range": {"start-datetime": f"{day}T00:00:00Z", "end-datetime": f"{day}T23:59:59Z"},
        "policies": [{
            "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"],
                       "policy-domain": domain, "mx-host": ["mx.example.com"]},
            "summary": {"total-successful-session-count": 90, "total-failure-session-count": 10},
            "failure-details": [{"result-type": "certificate-expired",
                                 "sending-mta-ip": "192.0.2.7", "failed-session-count": 10,
                                 "receiving-mx-hostname": "mx1.\x1b[31mexample.com"}]}]}).encode()


def failure(number=1, kind="auth-failure", original="text/rfc822-headers"):
    return f"""From: dmarc@reporter.example
To: d@example.com
Subject: Failure report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=f

--f
Content-Type: text/plain

A mail failed.
--f
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1
User-Agent: test/1
Original-Mail-From: <bounce.secret{number}@bulk.example>
Original-Rcpt-To: <alice.secret@reporter.example>
Arrival-Date: Thu, 19 Nov 2026 10:00:00 +0000
Source-IP: 203.0.113.{number}
Reported-Domain: example.com
{"Auth-Failure: dmarc" if kind == "auth-failure" else "X: y"}
Delivery-Result: reject
Identity-Alignment: none
DKIM-Domain: example.com
DKIM-Selector: s1
Reporting-MTA: dns; mx.reporter.example

--f
Content-Type: {original}

From: "Bob Secret" <bob.secret@example.com>
Subject: secret matter
Message-ID: <secret{number}@example.com>
Date: Thu, 19 Nov 2026 09:59:00 +0000

--f--
""".encode()


def ask(store, *words):
    done = subprocess.run([*store.command(*words), *NOW], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def ingest(folder, octets, *words):
    """The answer to ingesting one file into a store of its own."""
    folder.mkdir()
    (folder / "in").write_bytes(octets)
    return Store(folder).ingest(folder / "in", *words, *NOW)


def check_forms(folder):
    packed = gzip.compress(tls())
    wide = "Content-Type: application/tlsrpt+gzip; name=x"
    forms = {"json": tls(), "json.gz": packed, "mail of gzip": mail(packed, "r.json.gz",
                                                                 "application/tlsrpt+gzip"),
             "mail of json": mail(tls(), "r.json", "application/tlsrpt+json"),
             "octet-stream": mail(tls(), "r", "application/octet-stream"),
             "multipart/report": mail(packed).replace(b"multipart/mixed",
                                                      b"multipart/report; report-type=tlsrpt"),
             "single part": b"From: a@b.example\n" + wide.encode() +
             b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(packed)}
    for number, (story, octets) in enumerate(forms.items()):
        got = ingest(pathlib.Path(folder, f"t{number}"), octets)
        yield f"TLS as {story}: {got}", (got["tls_reports"], got["reports"], got["refused"]) == (
            1, 0, [])
    forms = {"headers": failure(), "whole mail": failure(original="message/rfc822"),
             "CRLF": failure().replace(b"\n", b"\r\n"),
             "attached": mail(failure(), "f.eml", "message/rfc822"),
             "no original": failure().split(b"--f\nContent-Type: text/rfc822")[0] + b"--f--\n"}
    for number, (story, octets) in enumerate(forms.items()):
        got = ingest(pathlib.Path(folder, f"f{number}"), octets)
        yield f"failure as {story}: {got}", (got["failure_reports"], got["refused"]) == (1, [])
    bad = {"other JSON": b'{"a": 1}', "cut": tls()[:-30], "abuse": failure(kind="abuse"),
           "large": b'{"policies": "' + b"x" * (5 << 20) + b'"}'}
    for number, (story, octets) in enumerate(bad.items()):
        got = ingest(pathlib.Path(folder, f"b{number}"), octets)
        yield f"{story}: {got}", len(got["refused"]) == 1 and (
            got["tls_reports"] + got["failure_reports"] == 0)


def check_tls(folder):
    home = pathlib.Path(folder)
    store = Store(home)
    for number, octets in enumerate([tls(1), tls(2, day="2026-11-20"), tls(3, org="other.example"),
                                     tls(4, domain="m\u00fcller.example"), report(1)]):
        (home / f"{number}.json").write_bytes(octets)
    files = [home / f"{number}.json" for number in range(5)]
    got = store.ingest(*files, *NOW)
    yield f"ingest: {got}", (got["tls_reports"], got["reports"], got["duplicates"]) == (4, 1, 0)
    got = store.ingest(*files, *NOW)
    yield f"again: {got}", (got["tls_reports"], got["duplicates"]) == (0, 5)
    sums = ask(store, "reports", "tls", "--domain", "example.com")
    failures = sums.pop("failures")
    yield f"sums: {sums}", sums == {
        "domain": "example.com", "since": "2026-11-19", "until": "2026-11-20", "reports": 3,
        "verified_reports": 0, "reporters": ["other.example", "reporter.example"],
        "successful_sessions": 270, "failed_sessions": 30, "success_rate": 0.9,
        "policies": [{"policy_type": "sts", "successful_sessions": 270, "failed_sessions": 30}]}
    yield f"failures: {failures}", [(one["result_type"], one["failed_sessions"], one["action"])
                                    for one in failures] == [
        ("certificate-expired", 30, "renew this MX's certificate")]
    yield "idn", ask(store, "reports", "tls", "--domain", "xn--mller-kva.example")["reports"] == 1
    yield "since", ask(store, "reports", "tls", "--domain", "example.com", "--since",
                       "2026-11-20")["reports"] == 1
    yield "none", ask(store, "reports", "tls", "--domain", "none.example")["success_rate"] is None
    yield "all", [one["domain"] for one in ask(store, "reports", "tls")["domains"]] == [
        "example.com", "xn--mller-kva.example"]
    text = subprocess.run([str(BINARY), *NOW, "--store", store.url, "reports", "tls"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    yield f"text {text}", "TLS works for 90.00 %" in text and "\x1b" not in text and (
        "-> renew this MX's certificate" in text)
    pruned = ask(store, "reports", "prune", "--keep", "1d")
    yield f"prune: {pruned}", pruned["tls_policies"] == 3
    yield "pruned", ask(store, "reports", "tls", "--domain", "example.com")["reports"] == 1
    yield "pruned stay known", store.ingest(*files, *NOW)["duplicates"] == 5


def check_failures(folder):
    home = pathlib.Path(folder)
    store = Store(home)
    for number in (1, 2):
        (home / f"{number}.eml").write_bytes(failure(number))
    got = store.ingest(home / "1.eml", home / "2.eml", home / "1.eml", *NOW)
    yield f"ingest: {got}", (got["failure_reports"], got["duplicates"]) == (2, 1)
    sums = ask(store, "reports", "failures", "--domain", "example.com")
    sources = sums.pop("sources")
    yield f"sums: {sums}", sums == {
        "domain": "example.com", "since": "2026-11-19", "until": "2026-11-19", "reports": 2,
        "verified_reports": 0, "reporters": ["reporter.example"], "incidents": 2,
        "auth_failures": {"dmarc": 2}}
    yield f"source: {sources[:1]}", sources[0] == {
        "source_ip": "203.0.113.1", "incidents": 1, "auth_failures": {"dmarc": 1},
        "delivery_results": {"reject": 1}, "reporters": ["reporter.example"],
        "from": ["redacted@example.com"], "envelope_domains": ["bulk.example"],
        "dkim": ["s1._domainkey.example.com"], "first_seen": "2026-11-19",
        "last_seen": "2026-11-19"}
    text = subprocess.run([str(BINARY), *NOW, "--store", store.url, "reports", "failures"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    yield f"text {text}", "203.0.113.2: 1 message (1 dmarc)" in text
    with sqlite3.connect(home / "reports.db") as database:
        dump = "\n".join(database.iterdump())
    yield "no local part, subject or message id is in the store", "secret" not in dump.lower()
    kept = pathlib.Path(folder, "kept")
    ingest(kept, failure(), "--keep-addresses")
    rows = ask(Store(kept), "reports", "failures", "--domain", "example.com")["sources"]
    yield f"kept: {rows}", rows[0]["from"] == ["bob.secret@example.com"]
    pruned = ask(store, "reports", "prune", "--keep", "1d")
    yield f"prune: {pruned}", pruned["failure_reports"] == 2
    got = store.ingest(home / "1.eml", *NOW)
    yield f"pruned stay known {got}", (got["failure_reports"], got["duplicates"]) == (0, 1)
    yield "pruned", ask(store, "reports", "failures", "--domain", "example.com")["reports"] == 0


def check_trust(folder):
    """A signed mail proves the reporter; a copy of it raises what was only asserted."""
    home = pathlib.Path(folder)
    post = Post()
    resolver = dns_stub.serve(post.names, dns_stub.Table)
    letters = {"tls": mail(gzip.compress(tls()), "r.json.gz", "application/tlsrpt+gzip"),
               "failures": failure()}
    for kind, octets in letters.items():
        place = home / kind
        place.mkdir()
        (place / "plain.eml").write_bytes(octets)
        (place / "signed.eml").write_bytes(post.sign(octets))
        (place / "forged.eml").write_bytes(post.sign(octets, domain="evil.example"))
        store = Store(place)
        for name, verified in (("plain", 0), ("forged", 0), ("signed", 1)):
            done = subprocess.run([str(BINARY), "--store", store.url, *NOW, "--resolver", resolver,
                                   "reports", "ingest", str(place / f"{name}.eml")],
                                  stdout=subprocess.PIPE, check=True)
            sums = ask(store, "reports", kind, "--domain", "example.com")
            yield f"{kind} {name}: {done.stdout} {sums}", sums["verified_reports"] == verified
            yield f"{kind} {name}: once", sums["reports"] == 1


def main():
    checks = Checks()
    for part in (check_forms, check_tls, check_failures, check_trust):
        with tempfile.TemporaryDirectory() as folder:
            checks.each(part(folder))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
