#!/usr/bin/env python3
"""`reports fetch` against a real Dovecot: thousands of mails over TLS, connections that break, a
process that is killed at the worst moment. Nothing is lost, nothing counts twice, and in the end
every mail is marked.
"""

import base64
import gzip
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dns_stub  # noqa: E402
import dovecot  # noqa: E402
import imap_stub  # noqa: E402
from imap_bench import Bench  # noqa: E402
from report_files import Post, letter, mail, messages_in, report  # noqa: E402

LONG = "RAMPART_LONG" in os.environ
MAILS = 2000
KILLS = 25 if LONG else 4
TOKEN = "ya29.token-of-the-test"


def report_mail(number):
    return mail(gzip.compress(report(number), mtime=0))


NO_REPORT = b"From: a@b.example\nSubject: Hello\n\nNo report at all.\n"


def check_many(bench):
    """The whole box at once."""
    bench.server.clear([report_mail(i) for i in range(MAILS)])
    started = time.monotonic()
    code, got, err = bench.fetch()
    took = time.monotonic() - started
    print(f"{MAILS} mails over TLS in {took:.1f} s, {MAILS / took:.0f} mails/s")
    wanted = {"files": MAILS, "reports": MAILS, "duplicates": 0, "marked": MAILS, "moved": 0,
              "records": 3 * MAILS, "refused": [], "reconnects": 0}
    yield f"all of them {code} {err[-300:]}", code == 0 and wanted.items() <= got.items()
    yield "the sums", bench.messages() == MAILS * messages_in(3)
    yield "all seen", len(bench.server.mails()) == MAILS and bench.all_seen()
    code, got, err = bench.fetch()
    yield "again: nothing waits", code == 0 and got["files"] == 0


def check_refused(bench):
    whole = report(1)
    mails = [report_mail(7), NO_REPORT, mail(gzip.compress(whole[:300], mtime=0)), b"\n",
             mail(b"PK\3\4 broken", "r.zip")]
    bench.server.clear(mails)
    bench.new_store()
    code, got, _ = bench.fetch("--quarantine", "kept")
    yield f"refused {got}", code == 4 and got["reports"] == 1 and len(got["refused"]) == 4
    yield "named by UID", all(";UID=" in one["file"] for one in got["refused"])
    yield "marked, so that they do not come again", bench.all_seen() and got["marked"] == 5
    kept = sorted(path.read_bytes().replace(b"\r\n", b"\n")
                  for path in (bench.folder / "kept").iterdir())
    yield f"kept {len(kept)}", kept == sorted(mails[1:])
    yield "again", bench.fetch()[0] == 0


def check_trust(bench):
    """The mail is evaluated as received, octet by octet."""
    post = Post()
    signed = post.sign(letter(report(1)))
    bench.server.clear([signed, signed.replace(b"A report.", b"B report."), letter(report(2))])
    bench.new_store()
    bench.resolver = dns_stub.serve(post.names)
    code, got, _ = bench.fetch()
    bench.resolver = "127.0.0.1:1"
    yield f"verified by its signature alone {got}", code == 0 and (
        got["verified"], got["reports"], got["duplicates"]) == (1, 2, 1)
    # One organization of the built-in list signs with another domain than its reports name.
    theirs = report(3).replace(b"dmarc@reporter.example", b"dmarc@zoho.com")
    theirs = theirs.replace(b"reporter.example", b"zoho.com")
    bench.server.clear([post.sign(letter(theirs, "dmarc@zohocorp.com"), "zohocorp.com")])
    bench.resolver = dns_stub.serve(post.names)
    code, got, _ = bench.fetch()
    bench.resolver = "127.0.0.1:1"
    yield f"verified as the same organization {got}", (code, got["verified"]) == (0, 1)


def check_errors(bench):
    """One sentence each, at once, and nothing of the password in it."""
    bench.server.clear([report_mail(1)])
    cases = [
        ("wrong certificate", ["--ca", str(bench.folder / "dovecot/other-ca.pem")], {},
         "certificate is not trusted"),
        ("wrong name", [], {"url": bench.url(host="[::ffff:127.0.0.1]")}, "certificate"),
        ("no such authority", ["--ca", "nowhere.pem"], {}, "is not readable"),
        ("wrong password", [], {"secret": ("RAMPART_IMAP_PASSWORD", "wr0ng-secret")},
         "does not accept this user and password"),
        ("no password", [], {"secret": ("NOTHING", "")}, "RAMPART_IMAP_PASSWORD"),
        ("password in the URL", [], {"url": "imaps://me:hidden@localhost/INBOX"},
         "may not contain a password"),
        ("no mailbox", [], {"url": "https://localhost/"}, "this is not a mailbox"),
        ("no such folder", [], {"url": bench.url() + "/None"}, "doesn't exist: INBOX/None"),
        ("no such keyword", ["--keyword", "a b"], {}, "letters, digits"),
        ("no such store", ["--store", "sqlite:/nowhere/x.db"], {}, "/nowhere/x.db")]
    for story, words, options, said in cases:
        started = time.monotonic()
        code, got, err = bench.fetch(*words, **options)
        message = " ".join(f"{one['file']}: {one['message']}" for one in got.get("errors", []))
        yield f"{story}: {code} {message}", code == 1 and said in message
        yield f"{story}: at once, and silent", (
            time.monotonic() - started < 25 and not any(
                word in message + err for word in ("hidden", "wr0ng", dovecot.PASSWORD)))
    yield "nothing was marked", not bench.all_seen()


def check_secrets(bench):
    """Neither as it is nor encoded, at the loudest level, with a failure in it."""
    bench.server.clear([report_mail(1), NO_REPORT])
    bench.new_store()
    spellings = [dovecot.PASSWORD.encode(), json.dumps(dovecot.PASSWORD)[1:-1].encode(),
                 urllib.parse.quote(dovecot.PASSWORD).encode(), TOKEN.encode()]
    for one in list(spellings):
        spellings += [base64.b64encode(one)[:-4],
                      base64.b64encode(b"\0" + dovecot.USER.encode() + b"\0" + one)[:-4]]
    stub = imap_stub.serve(imap_stub.Echo())
    for story, options in (
            ("right", {}), ("denied", {"url": bench.url(stub, "imap", "127.0.0.1")}),
            ("token", {"url": bench.url(stub, "imap", "127.0.0.1"),
                       "secret": ("RAMPART_IMAP_TOKEN", TOKEN)})):
        process = bench.start("--log-level", "trace", **options)
        out, err = process.communicate(timeout=60)
        yield f"{story}: it talks", b"UID FETCH" in err or story != "right"
        yield f"{story}: {out + err}", not any(one in out + err for one in spellings)


def check_moves(bench, can="moves"):
    mails = [report_mail(i) for i in range(30)] + [NO_REPORT]
    bench.server.clear(mails)
    bench.new_store()
    code, got, err = bench.fetch("--move-to", "Geprüft & \"gut\"")
    yield f"{can}: moved {got} {err}", code == 4 and (got["moved"], got["marked"]) == (30, 1)
    left = bench.server.mails()
    box = "Gepr&APw-ft &- \"gut\""
    there = bench.server.mails(box)
    yield f"{can}: there {len(there)}", len(there) == 30
    # Without UIDPLUS the originals stay, marked as deleted.
    stay = [flags for flags, _ in left if "T" in flags]
    yield f"{can}: what is left {left}", len(left) - len(stay) == 1 and (
        bool(stay) == (can == "neither"))
    code, got, _ = bench.fetch("--move-to", "Geprüft & \"gut\"")
    yield f"{can}: again", code == 0 and got["files"] == 0


def check_keyword(bench):
    """A box that people read: seen or not, each mail is taken once."""
    bench.server.clear([report_mail(i) for i in range(5)])
    bench.new_store()
    bench.fetch()
    code, got, _ = bench.fetch("--keyword", "$Rampart")
    yield f"taken all the same {got}", code == 0 and (got["duplicates"], got["marked"]) == (5, 5)
    code, got, _ = bench.fetch("--keyword", "$Rampart")
    yield "and once", code == 0 and got["files"] == 0


def check_starttls(bench):
    bench.server.clear([report_mail(1)])
    bench.new_store()
    url = bench.url(bench.server.imap, "imap")
    code, got, _ = bench.fetch("--ca", str(bench.folder / "dovecot/other-ca.pem"), url=url)
    yield f"STARTTLS, wrong certificate {got}", code == 1
    code, got, _ = bench.fetch(url=url)
    yield f"STARTTLS {got}", code == 0 and got["reports"] == 1


def check_breaks(bench):
    """Connections that are cut anywhere, and then a network that works again."""
    count = 400
    bench.server.clear([report_mail(i) for i in range(count)])
    bench.new_store()
    proxy = bench.proxy(bench.server.imaps)
    passed = {}

    def watch(number, octets, is_answer):
        passed[number] = passed.get(number, 0) + len(octets) * is_answer
        return number >= 7 or passed[number] < 12_000 * number

    proxy.watch = watch
    code, got, err = bench.fetch(url=bench.url(proxy.port))
    yield f"six cuts {code} {got} {err[-300:]}", code == 0 and (
        got["reports"], got["duplicates"], got["marked"], got["reconnects"]) == (count, 0, count, 6)
    yield "all seen after cuts", bench.all_seen()
    yield "the sums after cuts", bench.messages() == count * messages_in(3)
    yield "each cut is reported", err.count("retrying in") == 6
    # And a network that never gets well is given up.
    bench.server.clear([report_mail(i) for i in range(3)])
    proxy.watch = lambda *_: False
    started = time.monotonic()
    code, got, err = bench.fetch(url=bench.url(proxy.port))
    yield f"given up {code} {got}", code == 1 and time.monotonic() - started < 120
    yield "unseen as before", not any(flags for flags, _ in bench.server.mails())


def check_worst_moment(bench):
    """Cut or killed between the commit to the store and the mark on the server."""
    proxy = bench.proxy(bench.server.imap)
    url = bench.url(proxy.port, "imap", "127.0.0.1")
    for story in ("cut", "killed"):
        bench.server.clear([report_mail(i) for i in range(250)])
        bench.new_store()
        state = {"marks": 0, "process": None}

        def watch(_, octets, is_answer, story=story, state=state):
            if is_answer or b"UID STORE" not in octets:
                return True
            state["marks"] += 1
            if state["marks"] != 2:
                return True
            if story == "killed":
                state["process"].kill()
            return False

        proxy.watch = watch
        state["process"] = bench.start(url=url)
        out, _ = state["process"].communicate(timeout=60)
        code = state["process"].returncode
        seen = sum("S" in flags for flags, _ in bench.server.mails())
        if story == "killed":
            yield f"killed: {code}, {seen} seen", code == -signal.SIGKILL and seen == 100
            code, got, _ = bench.fetch(url=url)
            yield f"killed: then {got}", (got["duplicates"], got["reports"]) == (100, 50)
        else:
            got = json.loads(out)
            yield f"cut: {got}", (got["duplicates"], got["reports"]) == (0, 250)
        yield f"{story}: all seen", code == 0 and bench.all_seen()
        yield f"{story}: once", bench.messages() == 250 * messages_in(3)


def check_kills(bench):
    """kill -9 at any point, again and again, then a run in peace."""
    count = 500
    bench.server.clear([report_mail(i) for i in range(count)])
    bench.new_store()
    proxy = bench.proxy(bench.server.imaps)
    chance = random.Random(6)
    kills = 0
    for _ in range(KILLS):
        state = {"left": chance.randrange(5_000, 120_000), "process": None}

        def watch(_, octets, is_answer, state=state):
            state["left"] -= len(octets) * is_answer
            if state["left"] < 0 and state["process"]:
                state["process"].kill()
            return True

        proxy.watch = watch
        state["process"] = bench.start(url=bench.url(proxy.port))
        state["process"].communicate(timeout=60)
        kills += state["process"].returncode == -signal.SIGKILL
    proxy.watch = lambda *_: True
    code, got, _ = bench.fetch(url=bench.url(proxy.port))
    yield f"{kills} kills, then {got}", code == 0 and kills > 0
    yield "all seen after kills", bench.all_seen()
    yield "once, after kills", bench.messages() == count * messages_in(3)


def check_stub(bench):
    """Servers as Dovecot is not: OAuth, no TLS, nonsense."""
    bench.new_store()
    port = imap_stub.serve(imap_stub.Box([report_mail(1)], TOKEN, dovecot.USER))
    # 0.0.0.0 leads to this machine, but is no loopback address.
    away = bench.url(port, "imap", "0.0.0.0")
    token = ("RAMPART_IMAP_TOKEN", TOKEN)
    code, got, _ = bench.fetch(url=away, secret=token)
    yield f"no TLS, no password {got}", code == 1 and "in clear text" in str(got)
    code, got, err = bench.fetch("--plain-text", url=away, secret=token)
    yield f"a token {got} {err}", code == 0 and got["reports"] == 1
    code, got, _ = bench.fetch("--plain-text", url=away, secret=(token[0], "another"))
    yield f"a wrong token {got}", code == 1 and "token" in str(got)
    # A mailbox created again in the middle: the old numbers mean other mails, and all are read.
    bench.new_store()
    port = imap_stub.serve(imap_stub.Renewed([report_mail(i) for i in range(5)], TOKEN,
                                             dovecot.USER))
    code, got, _ = bench.fetch(url=bench.url(port, "imap", "127.0.0.1"), secret=token)
    yield f"another UIDVALIDITY {got}", code == 0 and (
        got["reports"], got["marked"], got["reconnects"]) == (5, 3, 1)
    # One mail that the server will not give keeps none of the others back.
    bench.new_store()
    port = imap_stub.serve(imap_stub.Damaged([report_mail(i) for i in range(5)], TOKEN,
                                             dovecot.USER))
    code, got, _ = bench.fetch(url=bench.url(port, "imap", "127.0.0.1"), secret=token)
    yield f"a damaged mail {got}", code == 4 and (
        got["reports"], got["marked"], len(got["refused"])) == (4, 4, 1)
    for name, story in imap_stub.NONSENSE.items():
        port = imap_stub.serve(imap_stub.Box([report_mail(1)], TOKEN, dovecot.USER, story))
        started = time.monotonic()
        code, got, _ = bench.fetch(url=bench.url(port, "imap", "127.0.0.1"), secret=token)
        yield f"{name}: {code} {got}", code in (0, 1, 4) and (
            time.monotonic() - started < 120)
        yield f"{name}: said", code == 0 or "errors" in got or got["refused"]


def run(checks, story, part, bench):
    started = time.monotonic()
    checks.each((f"{story}: {what}", good) for what, good in part(bench))
    print(f"{story}: {time.monotonic() - started:.1f} s", flush=True)


def main():
    if dovecot.program() is None:
        return harness.Checks().report(["Dovecot is not installed"])
    parts = [check_many, check_refused, check_trust, check_errors, check_secrets, check_moves,
             check_keyword, check_starttls, check_breaks, check_worst_moment, check_kills,
             check_stub]
    wanted = [part for part in parts if part.__name__ in sys.argv] or parts
    checks = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        try:
            for part in wanted:
                if part is not check_worst_moment:
                    run(checks, part.__name__, part, bench)
        finally:
            bench.stop()
    plain = "imap_capability = {}"
    for can, more in (("copies", plain.format("IMAP4rev1 UIDPLUS")),
                      ("neither", plain.format("IMAP4rev1"))):
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(folder, more, "no")
            try:
                if check_moves in wanted:
                    run(checks, can, lambda one, name=can: check_moves_plain(one, name), bench)
                if check_worst_moment in wanted and can == "copies":
                    run(checks, "worst moment", check_worst_moment, bench)
            finally:
                bench.stop()
    return checks.report()


def check_moves_plain(bench, can):
    """As check_moves, of a server that speaks no TLS."""
    port = bench.server.imap
    bench.url = lambda *_, **__: Bench.url(bench, port, "imap", "127.0.0.1")
    yield from check_moves(bench, can)
    del bench.url


if __name__ == "__main__":
    sys.exit(main())
