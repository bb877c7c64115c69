#!/usr/bin/env python3
"""Ingesting through the real binary: containers, bombs, several processes at once, and a process
killed in the middle: nothing is lost, nothing counts twice.
"""

import csv
import gzip
import io
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim")

from harness import SHARED, Checks  # noqa: E402
from report_files import Store, mail, mbox, messages_in, report  # noqa: E402

KILLS = 50 if "RAMPART_LONG" in os.environ else 5


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return out.getvalue()


def tarred(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, octets in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
    return out.getvalue()


def containers():
    """(story, octets, reports, refused)"""
    a, b, c = report(1), report(2), report(3)
    gz = gzip.compress
    forwarded = (b"From: me@example.com\nContent-Type: message/rfc822\n\n" + mail(gz(a)))
    return [
        ("xml", a, 1, 0), ("gzip", gz(a), 1, 0), ("zlib", zlib.compress(a), 1, 0),
        ("gzip in gzip", gz(gz(a)), 1, 0), ("zlib in gzip", gz(zlib.compress(a)), 1, 0),
        ("two members of one report", gz(a[:300]) + gz(a[300:]), 1, 0),
        ("a report a member", gz(a) + gz(b), 2, 0),
        ("padding behind", gz(a) + bytes(512), 1, 0),
        ("zip", zipped([("r.xml", a)]), 1, 0),
        ("zip of three", zipped([("a.xml", a), ("b.xml", b), ("c.xml", c)]), 3, 0),
        ("zip with litter", zipped([("d/", b""), ("__MACOSX/._r.xml", b"\0\5\x16"),
                                    (".DS_Store", b"x"), ("d/r.xml", a)]), 1, 0),
        ("gzip in zip", zipped([("r.xml.gz", gz(a))]), 1, 0),
        ("zip in gzip", gz(zipped([("r.xml", a)])), 1, 0),
        ("zip in zip", zipped([("x.zip", zipped([("r.xml", a)]))]), 1, 0),
        ("a good and a bad one", zipped([("a.xml", a), ("b.xml", b[:400])]), 1, 1),
        ("empty zip", zipped([]) + b"", 0, 1),
        ("zip of a text", zipped([("readme.txt", b"hello")]), 0, 1),
        ("tar", tarred([("a.xml", a), ("b.xml.gz", gz(b))]), 2, 0),
        ("tar.gz", tarred([("a.xml", a)], "w:gz"), 1, 0),
        ("mail", mail(gz(a)), 1, 0), ("mail of zip", mail(zipped([("r.xml", a)])), 1, 0),
        ("mail with a wrong type", mail(gz(a), "x.zip", "application/zip"), 1, 0),
        ("mail with octet-stream", mail(a, "x", "application/octet-stream"), 1, 0),
        ("mail with CRLF", mail(gz(a)).replace(b"\n", b"\r\n"), 1, 0),
        ("mail of XML alone", b"From: a@b.example\nContent-Type: text/xml\n\n" + a, 1, 0),
        ("mail within a mail", forwarded, 1, 0),
        ("mail without a report", mail(b"hello", "x.txt", "text/plain"), 0, 1),
        ("mail of a picture", mail(gz(b"\x89PNG\r\n" + bytes(300))), 0, 1),
        ("mbox", mbox([mail(gz(a)), mail(gz(b)), mail(b"x", "x.txt")]), 2, 1),
        ("mbox of one", mbox([mail(gz(a))]), 1, 0),
        ("nothing", b"", 0, 1), ("zeros", bytes(5000), 0, 1), ("text", b"unused\n", 0, 1),
        ("html", b"<html><body>Error</body></html>", 0, 1),
        ("gzip cut", gz(a)[:-20], 0, 1), ("gzip damaged", gz(a)[:60] + b"xxxx" + gz(a)[64:], 0, 1),
        ("zip cut: the member, the archive",
         zipped([("r.xml", report(9, 500))])[:900], 0, 2),
        ("zlib cut", zlib.compress(a)[:-30], 0, 1),
        ("too deep", gz(gz(gz(gz(gz(gz(gz(a))))))), 0, 1),
        ("wide", "\ufeff".encode("utf-16-le") + a.decode().encode("utf-16-le"), 1, 0),
        ("gzip of UTF-16", gz(a.decode().encode("utf-16")), 1, 0),
        ("pdf", b"%PDF-1.4\n" + bytes(range(256)) * 10, 0, 1),
        ("bzip2 header", b"BZh91AY&SY" + bytes(100), 0, 1),
    ]


def check_containers(folder):
    for number, (story, octets, reports, refused) in enumerate(containers()):
        home = pathlib.Path(folder, f"c{number}")
        home.mkdir()
        (home / "input.dat").write_bytes(octets)
        answer = Store(home).ingest(home / "input.dat")
        got = (answer["reports"], len(answer["refused"]))
        yield f"container: {story}: {got}", got == (reports, refused)
        piped = Store(home).ingest("-", stdin=octets)
        yield f"stdin: {story}", piped["duplicates"] == reports and piped["reports"] == 0


def check_places(folder):
    home = pathlib.Path(folder, "places")
    for part in ("Mail/cur", "Mail/new", "Mail/tmp", "Mail/.Sub/cur", "Mail/.Sub/new", "deep/er"):
        (home / part).mkdir(parents=True)
    (home / "Mail/cur/1:2,S").write_bytes(mail(gzip.compress(report(1))))
    (home / "Mail/new/2").write_bytes(mail(gzip.compress(report(2))))
    (home / "Mail/tmp/3").write_bytes(b"half a ma")
    (home / "Mail/dovecot-uidlist").write_bytes(b"3 V1 N2\n")
    (home / "Mail/.Sub/cur/4").write_bytes(mail(gzip.compress(report(4))))
    (home / "deep/er/r.xml").write_bytes(report(5))
    (home / "deep/.hidden").write_bytes(b"x")
    store = Store(home)
    got = store.ingest(home / "Mail")
    yield f"Maildir: {got}", (got["files"], got["reports"], got["refused"]) == (3, 3, [])
    got = store.ingest(home / "deep")
    yield f"folder: {got}", (got["files"], got["reports"], got["refused"]) == (1, 1, [])
    got = store.ingest(str(home / "deep/*/*.xml"))
    yield f"glob: {got}", (got["files"], got["duplicates"]) == (1, 1)
    got = store.ingest(home / "missing.xml", home / "deep")
    yield f"missing: {got}", len(got["refused"]) == 1 and got["duplicates"] == 1
    kept = home / "kept"
    (home / "bad.xml").write_bytes(report(6)[:500])
    store.ingest(home / "bad.xml", "--quarantine", kept)
    yield "quarantine", (kept / "bad.xml").read_bytes() == report(6)[:500]


def check_identity(folder):
    home = pathlib.Path(folder, "identity")
    home.mkdir()
    store = Store(home)
    end = 1700006400 + 86400 + 86399
    other_range = report(1).replace(str(end).encode(), str(end + 1).encode())
    variants = [report(1), report(1, 4), report(1, 3, count=2), other_range,
                report(1).replace(b"<org_name>Example", b"<org_name>Other"),
                report(1).replace(b"<spf>fail", b"<spf>pass"),
                # Evaluated as a pass, without a signature that passed: it contradicts itself.
                report(1).replace(b"<result>pass", b"<result>fail"),
                report(1, domain="example.org")]
    for number, octets in enumerate(variants):
        (home / f"{number}.xml").write_bytes(octets)
    got = store.ingest(*[home / f"{number}.xml" for number in range(len(variants))])
    yield f"same id, other content: {got}", got["reports"] == len(variants)
    before = (store.totals(), len(store.rows()))
    sums = store.sums()
    got = store.ingest(*[home / f"{number}.xml" for number in range(len(variants))])
    yield f"again: {got}", got["duplicates"] == len(variants) and got["messages"] == 0
    yield "again changes nothing", before == (store.totals(), len(store.rows()))
    pruned = subprocess.run(store.command("reports", "prune", "--keep", "1d"), check=True,
                            stdout=subprocess.PIPE)
    yield f"prune: {pruned.stdout}", json.loads(pruned.stdout)["records"] == before[1]
    yield "pruned sums stay", (store.totals(), len(store.rows())) == (before[0], 0)
    yield f"pruned: {store.sums()}", store.sums() == sums and sums["contradictions"] != {}
    got = store.ingest(home / "0.xml")
    yield "pruned reports stay known", got["duplicates"] == 1 and store.totals() == before[0]


def measured(command):
    """(seconds of CPU, MiB at most, answer) of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    script = ("import resource, subprocess, sys; "
              "d = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE); "
              "r = resource.getrusage(resource.RUSAGE_CHILDREN); "
              "sys.stdout.buffer.write(b'%d\\n' % r.ru_maxrss + d.stdout)")
    done = subprocess.run([sys.executable, "-c", script, *command], stdout=subprocess.PIPE,
                          check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, _, answer = done.stdout.partition(b"\n")
    return after.ru_utime - before.ru_utime, int(peak) / 1024, json.loads(answer)


def check_bombs(folder):
    home = pathlib.Path(folder, "bombs")
    home.mkdir()
    head = report(1)[:-len(b"</feedback>")]
    zeros = head + b" " * (300 << 20) + b"</feedback>"
    bombs = {"gz": gzip.compress(zeros), "zip": zipped([("r.xml", zeros)]),
             "zlib": zlib.compress(zeros), "mail": mail(gzip.compress(zeros)),
             "gz.gz": gzip.compress(gzip.compress(zeros)),
             "many": zipped([(f"{i}.xml", zeros[:20 << 20]) for i in range(20)])}
    for name, octets in bombs.items():
        (home / name).write_bytes(octets)
        seconds, peak, got = measured(Store(home).command("reports", "ingest", str(home / name)))
        yield f"bomb {name} of {len(octets) >> 10} kB: {seconds:.2f} s, {peak:.0f} MiB, {got}", (
            got["reports"] == 0 and len(got["refused"]) >= 1 and peak < 64 and seconds < 3)


def check_large(folder):
    """A report of 100,000 records: memory does not grow with it, and its sums are right."""
    home = pathlib.Path(folder, "large")
    home.mkdir()
    (home / "large.xml").write_bytes(report(1, 100_000))
    store = Store(home)
    seconds, peak, got = measured(store.command("reports", "ingest", str(home / "large.xml")))
    print(f"100,000 records: {seconds:.2f} s, {peak:.0f} MiB")
    yield f"large: {got}", (got["records"], got["messages"]) == (100_000, messages_in(100_000))
    yield f"large: {peak:.0f} MiB", peak < 48
    yield "large: sums", store.totals() == messages_in(100_000)
    got = store.ingest(home / "large.xml")
    yield f"large again: {got}", (got["duplicates"], got["records"]) == (1, 0)
    (home / "cut.xml").write_bytes(report(2, 100_000)[:-2000])
    got = store.ingest(home / "cut.xml")
    yield "large and cut", len(got["refused"]) == 1 and store.totals() == messages_in(100_000)


def make_files(home, count, records):
    home.mkdir()
    for number in range(count):
        (home / f"{number}.xml").write_bytes(report(number, records))
    return [home / f"{number}.xml" for number in range(count)]


def check_together(folder):
    """Four processes ingest the same files at once, each in an order of its own."""
    home = pathlib.Path(folder, "together")
    files = make_files(home, 400, 5)
    store = Store(home)
    running = []
    for seed in range(4):
        order = files[:]
        random.Random(seed).shuffle(order)
        running.append(subprocess.Popen(store.command("reports", "ingest", *map(str, order)),
                                        stdout=subprocess.PIPE))
    answers = [json.loads(one.communicate()[0]) for one in running]
    yield "together: all end well", all(one.returncode == 0 for one in running)
    yield "together: each once", sum(one["reports"] for one in answers) == 400
    yield "together: the rest known", sum(one["duplicates"] for one in answers) == 1200
    yield "together: sums", store.totals() == 400 * messages_in(5)


def check_killed(folder):
    """Killed at any moment: what is there is whole, and a second run completes it."""
    home = pathlib.Path(folder, "killed")
    files = make_files(home, 1200, 4) + [home / "big.xml"]
    (home / "big.xml").write_bytes(report(5000, 40_000))
    expected = 1200 * messages_in(4) + messages_in(40_000)
    chance = random.Random(7)
    for attempt in range(KILLS):
        for old in home.glob("reports.db*"):
            old.unlink()
        store = Store(home)
        running = subprocess.Popen(store.command("reports", "ingest", *map(str, files)),
                                   stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.02, 0.9))
        running.send_signal(signal.SIGKILL)
        running.wait()
        found = store.ingest(*files)
        rows = store.rows()
        plain = sum(row["count"] for row in rows)
        yield f"killed {attempt}: {found['reports']} came later", (
            plain == expected and store.totals() == expected and len(rows) == 1200 * 4 + 40_000
            and found["reports"] + found["duplicates"] == 1201)


def check_shared(folder):
    """Every public report, against the manifest."""
    archive = SHARED / "data/dmarc-reports.tar.xz"
    if not archive.exists():
        return
    home = pathlib.Path(folder, "shared")
    home.mkdir()
    with tarfile.open(archive) as tar:
        tar.extractall(home)
    manifest = list(csv.DictReader((SHARED / "data/dmarc-reports.csv").open()))
    for number, row in enumerate(manifest):
        single = home / f"s{number}"
        single.mkdir()
        path = next(home.glob(f"dmarc-reports/{row['file']}".replace("[", "[[]")))
        got = Store(single).ingest(path)
        if row["verdict"] == "valid":
            want = (1, int(row["records"]), int(row["messages"]), 0)
        else:
            want = (0, 0, 0, 1)
        found = (got["reports"], got["records"], got["messages"], len(got["refused"]))
        yield f"{row['file']}: {found}, not {want}", found == want


def main():
    checks = Checks()
    for part in (check_containers, check_places, check_identity, check_bombs, check_large,
                 check_together, check_killed, check_shared):
        with tempfile.TemporaryDirectory() as folder:
            checks.each(part(folder))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
