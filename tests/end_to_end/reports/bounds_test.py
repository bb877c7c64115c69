#!/usr/bin/env python3
"""What anybody can mail to a report address, made to need memory: no input of up to 10 MB needs
more than 64 MiB beyond what one small report needs, and the good reports beside it are stored."""

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim")

import imap_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_files import NO_RESOLVER, mail, mbox, report  # noqa: E402

MOST_INPUT = 10_000_000
MOST_MEMORY = 64 << 20
TOP = b"From: a@b.example\nMIME-Version: 1.0\n"


def packed(octets, most=190):
    """As gzip that unpacks to less than 200 times its size, by a long file name in its header."""
    plain = gzip.compress(octets, 6, mtime=0)
    missing = max(0, len(octets) // most - len(plain))
    return plain[:3] + b"\x08" + plain[4:10] + b"n" * missing + b"\0" + plain[10:]


def multipart(body, boundary=b"b", top=TOP):
    return top + b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n" + body


def parts(count):
    return multipart(b"--b\n" * count)


def nested(levels, body=b"x"):
    """A multipart in a multipart in a multipart ..."""
    out = [TOP]
    for level in range(levels):
        out.append(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level))
    return b"".join(out) + b"\n" + body


def attached(inner, encoding="base64"):
    text = base64.encodebytes(inner) if encoding == "base64" else inner
    return multipart(b"--b\nContent-Type: application/octet-stream; name=a.eml\n"
                     b"Content-Transfer-Encoding: " + encoding.encode() + b"\n\n" + text
                     + b"\n--b--\n")


def attached_often(inner, levels, encoding):
    for level in range(levels):
        inner = attached(inner, encoding).replace(b"boundary=b", b"boundary=b%d" % level, 1) \
            .replace(b"\n--b", b"\n--b%d" % level)
    return inner


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, octets in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
    return out.getvalue()


def spaced(size):
    """A report of that size."""
    whole = report(1)
    return whole[:-len(b"</feedback>")] + b" " * size + b"</feedback>"


def wide_report(rows, length):
    """Every row has facts of its own, of long texts."""
    chance = random.Random(1)
    text = "".join(
        f"<record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated>"
        f"<disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>"
        f"<identifiers><header_from>example.com</header_from></identifiers><auth_results><dkim>"
        f"<domain>{''.join(chance.choices('abcdef', k=length))}.example</domain><result>pass"
        f"</result></dkim></auth_results></record>" for i in range(rows))
    whole = report(1, records=0)
    return whole[:-len(b"</feedback>")] + text.encode() + b"</feedback>"


def tls(body):
    return b'{"organization-name":"o","report-id":"1","policies":[' + body + b"]}"


def tls_reports(count):
    """Reports of many failures, each another one."""
    for number in range(count):
        details = ",".join(
            f'{{"result-type":"t{number}","failed-session-count":1,'
            f'"failure-reason-code":"{"r" * 300}"}}'
            for _ in range(9000))
        policy = '{"policy-type":"sts","policy-domain":"example.com"}'
        yield (f'{{"organization-name":"o","report-id":"{number}","date-range":'
               '{"start-datetime":"2024-01-01T00:00:00Z","end-datetime":"2024-01-01T23:59:59Z"},'
               f'"policies":[{{"policy":{policy},"failure-details":[{details}]}}]}}').encode()


def inputs():
    """Pairs of a name and what makes the octets. Those that most people would try come first."""
    yield "4.4 million parts", lambda: packed(parts(4_400_000))
    yield "parts without gzip", lambda: parts(2_400_000)
    yield "12 MB of header lines", lambda: packed(TOP + b"a:b\n" * 3_000_000 + b"\nx")
    yield "header lines without gzip", lambda: TOP + b"a:b\n" * 2_400_000 + b"\nx"
    yield ("header lines of a part",
           lambda: packed(multipart(b"--b\n" + b"a:b\n" * 3_000_000 + b"\nx")))
    yield "header lines after a message", lambda: packed(
        TOP + b"Content-Type: message/rfc822\n\n" + b"a:b\n" * 3_000_000)
    yield "many headers in many parts", lambda: packed(multipart(
        (b"--b\n" + b"a:b\n" * 1000 + b"\n\n") * 3000))
    yield ("messages in messages",
           lambda: packed(TOP + b"Content-Type: message/rfc822\n\n" * 300_000))
    yield "addresses", lambda: packed(TOP + b"To: " + b"a," * 6_000_000 + b"\n\nx")
    yield "groups", lambda: packed(TOP + b"To: " + b"a:;" * 300_000 + b"\n\nx")
    yield ("parameters",
           lambda: packed(TOP + b"Content-Type: text/plain" + b";a=b" * 3_000_000 + b"\n\nx"))
    yield "references", lambda: packed(TOP + b"References: " + b"<a@b>" * 2_000_000 + b"\n\nx")
    yield "one long header", lambda: packed(TOP + b"Subject: " + b"x" * 12_000_000 + b"\n\nx")
    yield ("one long encoded header",
           lambda: packed(TOP + b"Subject: " + b"=?utf-8?q?a?= " * 800_000))
    for levels in (20, 1000, 2400, 200_000):
        yield f"{levels} levels of multipart", lambda levels=levels: packed(nested(levels))
    yield ("attached mails in base64",
           lambda: attached_often(b"x: y\n\n" + b"z" * 260_000, 12, "base64"))
    yield "attached mails as they are", lambda: packed(attached_often(
        b"x: y\n\n" + b"z" * 14_000_000, 18, "8bit"))
    yield "an attached mail of many parts", lambda: attached(parts(1_200_000))
    yield "attached mails of many parts", lambda: attached_often(parts(4000), 12, "8bit")
    yield "packed mails in packed mails", lambda: packed(attached(packed(mail(packed(mail(packed(
        b"a: b\n\n" + b"x" * 15_000_000)) + os.urandom(9000))))))
    yield "a large mail of packed mails", lambda: mail(packed(mail(packed(
        TOP + b"\n" + b"x\n" * 7_000_000)))) + b"\n" * 9_000_000
    yield "a packed mail of 60 MB", lambda: packed(mail(packed(report(1))) + b"x\n" * 30_000_000)
    yield "many mails of an mbox", lambda: packed(b"From x\n\n" * 300_000)
    yield "many mails without gzip", lambda: b"From x\na:b\n\n" * 200_000
    yield "mails of large headers", lambda: packed(mbox([
        b"x-a: " + b"y" * 900_000 + b"\n" + mail(packed(report(i))) for i in range(300)]))
    yield "an endless line of an mbox", lambda: packed(b"From x\n" + b"y" * 30_000_000)
    yield "many members", lambda: packed(tarred([(f"{i}" + "n" * 90, b"x") for i in range(19_999)]))
    yield "long names", lambda: packed(zipped([(f"{i}" + "n" * 60_000, b"x") for i in range(1500)]))
    yield "archives in archives", lambda: packed(tarred([(f"{i}", packed(tarred([
        (f"{j}" + "n" * 90, b"x") for j in range(2000)]))) for i in range(150)]))
    yield "xz of a dictionary of 256 MiB", lambda: xz(spaced(190_000_000), 1 << 28)
    yield "xz of a dictionary of 64 MiB", lambda: xz(spaced(190_000_000), 1 << 26)
    yield "xz in xz", lambda: xz_in_xz(1 << 26)
    yield "a zip of LZMA", lambda: zipped([("r.xml", spaced(190_000_000))], zipfile.ZIP_LZMA)
    yield "a zip of bzip2", lambda: zipped([("r.xml", spaced(90_000_000))], zipfile.ZIP_BZIP2)
    yield "a report of spaces", lambda: packed(spaced(200_000_000))
    yield "one of spaces in bzip2", lambda: bz2.compress(b"".join(
        [spaced(1_000_000)[:-11], os.urandom(100).hex().encode() * 1000, b"</feedback>"]))
    yield "one element of 100 MB", lambda: packed(report(1).replace(b"<org_name>", b"<org_name>"
                                                            + b"x" * 100_000_000))
    yield "one attribute of 50 MB", lambda: packed(report(1).replace(
        b"<feedback>", b"<feedback a='" + b"x" * 50_000_000 + b"'>"))
    yield "deep XML", lambda: packed(report(1).replace(b"</feedback>", b"<a>" * 5_000_000))
    yield "facts", lambda: packed(wide_report(60_000, 200))[:MOST_INPUT]
    yield "JSON of empty objects", lambda: tls(b"{}," * 1_300_000 + b"1")
    yield "JSON of empty lists", lambda: tls(b"[]," * 1_300_000 + b"1")
    yield "JSON of numbers", lambda: tls(b"0," * 1_900_000 + b"1")
    yield ("JSON of members",
           lambda: tls(b"{" + b",".join(b'"%x":0' % i for i in range(380_000)) + b"}"))
    yield "many TLS reports", lambda: packed(tarred([
        (f"{i}.json", one) for i, one in enumerate(tls_reports(40))]))
    yield "failure reports", lambda: packed(multipart(
        (b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n"
         + b"x" * 5000 + b"\n--b\nContent-Type: text/rfc822-headers\n\n" + b"From: a@b.example\n"
         + b"y: z\n" * 900) * 1500))


def xz(octets, dictionary):
    return lzma.compress(octets, filters=[
        {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": dictionary}])


def xz_in_xz(dictionary):
    """Both are large enough to fill a dictionary, and the outer one is hard to pack."""
    chance = random.Random(2)
    filler = chance.randbytes(400_000)
    return xz(xz(spaced(60_000_000) + filler, dictionary) + filler, dictionary)


MEASURE = """
import os, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10, code, file=sys.stderr)
"""


def measured(words):
    """The exit code, the answer and the largest resident memory of a run. Another process starts
    it: what counts for a process includes what the one that forked it had."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(BINARY), *words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    memory, code = map(int, done.stderr.split())
    return code, done.stdout, memory


def ingest(home, *paths):
    return measured([*NO_RESOLVER, "--store", f"sqlite:{home}/{len(os.listdir(home))}.db",
                     "--format", "json", "reports", "ingest", *map(str, paths)])


def check_memory(folder):
    home = pathlib.Path(folder)
    (home / "good.xml").write_bytes(report(1))
    (home / "after.xml").write_bytes(report(2))
    baseline = ingest(home, home / "good.xml")[2]
    wanted = sys.argv[1:]
    worst = (0, "nothing")
    for name, make in inputs():
        if wanted and not any(one in name for one in wanted):
            continue
        octets = make()
        yield f"{name}: {len(octets)} octets", len(octets) <= MOST_INPUT
        (home / "evil").write_bytes(octets)
        code, text, memory = ingest(home, home / "good.xml", home / "evil", home / "after.xml")
        more = memory - baseline
        worst = max(worst, (more, name))
        if wanted:
            print(f"{name}: {len(octets)} octets, {more >> 20} MiB", flush=True)
        yield f"{name}: {more >> 20} MiB more", more <= MOST_MEMORY
        got = json.loads(text) if code in (0, 4) else {}
        yield f"{name}: exit {code}, {str(got)[:300]}", got.get("reports", 0) >= 2
    print(f"at most {worst[0] >> 20} MiB beyond {baseline >> 20} MiB: {worst[1]}")


USER, TOKEN = "me@example.com", "token-of-the-test"


def fetch(home, port, **options):
    done = subprocess.run(
        [str(BINARY), "reports", "fetch", "--imap", f"imap://{USER}@127.0.0.1:{port}/INBOX",
         "--store", f"sqlite:{home}/reports.db", *NO_RESOLVER, "--format", "json",
         "--quarantine", str(home / "kept")], cwd=home,
        env={**os.environ, "RAMPART_IMAP_TOKEN": TOKEN}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=240, check=False, **options)
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def limited(octets):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (octets, octets))


def check_killed(folder):
    """A mail that ends the process twice costs that mail and no other."""
    home = pathlib.Path(folder)
    large = mail(b"PK\3\4" + b"x" * 35_000_000, "r.zip")
    box = imap_stub.Box([mail(packed(report(1))), large, mail(packed(report(3)))], TOKEN, USER)
    port = imap_stub.serve(box)
    mark = home / "reports.db-reading"
    for megabytes in range(120, 600, 20):
        code, _, _ = fetch(home, port, preexec_fn=limited(megabytes << 20))
        if mark.exists() and mark.read_text():
            break
    named = mark.read_bytes()
    yield f"a run ended within a mail: {code}", code < 0 and b";UID=2;" in named
    yield f"it was the first: {named[:2]}", named.startswith(b"1 ")
    code, _, _ = fetch(home, port, preexec_fn=limited(megabytes << 20))
    yield f"and the next run: {code}", code < 0 and mark.read_bytes() == b"2 " + named[2:]
    yield f"nothing was marked: {box.seen}", not box.seen
    code, got, err = fetch(home, port)
    yield f"set aside: {code} {got} {err}", code == 4 and (
        [one["file"][-6:] for one in got["refused"]] == [";UID=2"]
        and "the last two runs ended" in got["refused"][0]["error"])
    # The first one was stored by the run that ended, because it came before a large one.
    yield f"the others: {got}", (got["reports"], got["duplicates"], got["marked"]) == (1, 1, 3)
    yield "no mark is left", not mark.exists()
    yield "a copy is kept", [one.name for one in (home / "kept").iterdir()] == ["5-2.eml"]
    # Somebody who stops a run once costs no mail.
    box.seen.discard(1)
    mark.write_bytes(named)
    code, got, _ = fetch(home, port)
    yield f"one ended run is no sign: {got}", "the last two" not in str(got["refused"])
    box.seen.discard(1)
    code, got, _ = fetch(home, port)
    yield f"tried again: {got}", code == 4 and "the last two" not in got["refused"][0]["error"]


def main():
    checks = Checks()
    for part in (check_memory, check_killed):
        with tempfile.TemporaryDirectory() as folder:
            checks.each(part(folder))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
