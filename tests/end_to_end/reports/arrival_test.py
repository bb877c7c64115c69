#!/usr/bin/env python3
"""When a reporter was first heard: by the server that took its mail in, never by what the reporter
writes. An unknown reporter counts only a month after that day."""

import io
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_files import Post, letter, mail, report  # noqa: E402

NOW = "2023-12-20T00:00:00Z"
TODAY = "2023-12-20"
REPORTED = "2023-11-16"  # The day of report 1.


def received(date):
    return f"Received: from mail.example by mx.example.com; {date}\r\n".encode()


def zipped(octets, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, octets)
    return packed.getvalue()


def stories(post):
    """(story, input, options, the day on which reporter.example was first heard)."""
    signed = post.sign(letter(report(1)))
    old = received("Thu, 16 Nov 2023 12:00:00 +0000")
    newer = received("Fri, 1 Dec 2023 23:30:00 -0100 (a comment; with a semicolon)")
    return [
        ("no Received field", signed, [], TODAY),
        ("by its Received field", old + signed, [], "2023-11-16"),
        ("the topmost of two", newer + old + signed, [], "2023-12-02"),
        ("a folded one", old.replace(b"; ", b";\r\n\t") + signed, [], "2023-11-16"),
        ("in the future", received("Mon, 1 Jan 2024 12:00:00 +0000") + signed, [], TODAY),
        ("before DMARC", received("Mon, 1 Jan 2001 12:00:00 +0000") + signed, [], TODAY),
        ("no date", received("some day") + signed, [], TODAY),
        ("no semicolon", b"Received: by mx.example.com\r\n" + signed, [], TODAY),
        ("its own Date field", b"Date: Thu, 16 Nov 2023 12:00:00 +0000\r\n" + signed, [], TODAY),
        ("a mail in an archive in a mail: the outer one's",
         newer + mail(zipped(old + signed, "in.eml"), "in.zip", "application/zip"), [],
         "2023-12-02"),
        ("the outer one has none", mail(zipped(old + signed, "in.eml"), "in.zip",
                                        "application/zip"), [], TODAY),
        ("the user vouches for it", signed, ["--trusted"], REPORTED),
        ("the user vouches for a file", report(1), ["--trusted"], REPORTED),
    ]


class Bench:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.post = Post()
        self.resolver = dns_stub.serve(self.post.names)
        self.count = 0

    def new_store(self):
        self.count += 1
        return self.folder / f"{self.count}.db"

    def run(self, store, *words):
        done = subprocess.run([str(BINARY), *map(str, words), "--format", "json", "--now", NOW,
                               "--resolver", self.resolver, "--store", f"sqlite:{store}"],
                              stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)

    def ingest(self, store, octets, *options):
        path = self.folder / "input.eml"
        path.write_bytes(octets)
        return self.run(store, "reports", "ingest", path, *options)

    def evidence(self, store):
        out = self.folder / "evidence.json"
        self.run(store, "reports", "evidence", "--out", out)
        return json.loads(out.read_text())

    def heard(self, store):
        return {one["reporter"]: one["since"] for one in self.evidence(store)["heard"]}


def check(bench):
    for story, octets, options, day in stories(bench.post):
        store = bench.new_store()
        bench.ingest(store, octets, *options)
        heard = bench.heard(store)
        yield f"{story}: {heard}", heard == {"reporter.example": day}
    yield from check_order(bench)
    yield from check_copies(bench)
    yield from check_forged_policies(bench)
    yield from check_older(bench)


def check_order(bench):
    """The earliest arrival counts, in whatever order mails are ingested."""
    first = received("Thu, 16 Nov 2023 12:00:00 +0000") + bench.post.sign(letter(report(1)))
    second = received("Mon, 11 Dec 2023 12:00:00 +0000") + bench.post.sign(letter(report(2)))
    for story, mails in ("in order", [first, second]), ("the later first", [second, first]):
        store = bench.new_store()
        for one in mails:
            bench.ingest(store, one)
        heard = bench.heard(store)
        yield f"{story}: {heard}", heard == {"reporter.example": "2023-11-16"}
    # An asserted report shows nothing about its reporter until its signed mail arrives.
    store = bench.new_store()
    bench.ingest(store, letter(report(1)))
    yield "asserted: nobody is heard", bench.heard(store) == {}
    bench.ingest(store, first)
    yield "then signed", bench.heard(store) == {"reporter.example": "2023-11-16"}


def check_copies(bench):
    """A report of a reporter without an address, which somebody else signs and sends first."""
    plain = report(1).replace(b"<email>dmarc@reporter.example</email>", b"")
    copy = bench.post.sign(letter(plain, "a@evil.example"), "evil.example")
    own = bench.post.sign(letter(plain, "noreply@google.com"), "google.com")
    for story, mails in ("copy first", [copy, own]), ("copy last", [own, copy]):
        store = bench.new_store()
        got = [bench.ingest(store, one)["duplicates"] for one in mails]
        yield f"{story}: stored once {got}", got == [0, 1]
        rows = bench.evidence(store)["rows"]
        yield f"{story}: it is the known reporter's", {row["reporter"] for row in rows} == {
            "google.com"}
        yield f"{story}: which is heard", "google.com" in bench.heard(store)


def check_forged_policies(bench):
    """A copy that states another published policy: the signed mail's counts, in any order."""
    plain = report(1).replace(b"<email>dmarc@reporter.example</email>", b"")
    forged = plain.replace(b"<p>none</p>", b"<p>reject</p><pct>50</pct>")
    own = bench.post.sign(letter(plain, "noreply@google.com"), "google.com")
    copies = [("unsigned", letter(forged)),
              ("signed by another", bench.post.sign(letter(forged, "a@evil.example"),
                                                    "evil.example"))]
    for kind, copy in copies:
        for order, mails in ("first", [copy, own]), ("last", [own, copy]):
            store = bench.new_store()
            got = [bench.ingest(store, one)["duplicates"] for one in mails]
            yield f"{kind}, {order}: stored once {got}", got == [0, 1]
            published = {row["p"] for row in bench.evidence(store)["rows"]}
            yield f"{kind}, {order}: as published {published}", published == {"none"}


def check_older(bench):
    """A store of the version before knows no arrivals: the days of its reports are taken."""
    store = bench.new_store()
    bench.ingest(store, bench.post.sign(letter(report(3))))
    bench.ingest(store, bench.post.sign(letter(report(1))))
    with sqlite3.connect(store) as database:
        database.execute("DROP TABLE reporters")
        database.execute("PRAGMA user_version=4")
    heard = bench.heard(store)
    yield f"older store: {heard}", heard == {"reporter.example": REPORTED}


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check(Bench(folder)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
