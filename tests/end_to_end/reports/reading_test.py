#!/usr/bin/env python3
"""Reading what outsiders send: names that would move a terminal, names of other alphabets, folders
that cannot be read, pipes, odd archives and mails, days that cannot be."""

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim")

from harness import BINARY, Checks  # noqa: E402
from report_files import NO_RESOLVER, Store, mail, messages_in, report  # noqa: E402

NASTY = "a\x1b[31mRED\n::warning::b\r##[error]c\u202e.xml"


def zipped(name, octets, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, octets)
    return out.getvalue()


def unnamed(octets):
    """A zip whose member has no name: zipfile writes none, so that one of two letters is cut."""
    whole = zipped("ab", octets)
    local = whole[:26] + b"\0\0" + whole[28:30] + whole[32:]
    at = local.index(b"PK\1\2")
    return local[:at + 28] + b"\0\0" + local[at + 30:at + 46] + local[at + 48:]


def inner_mail(octets):
    return mail(gzip.compress(octets))


def attached(octets, kind, name):
    encoded = base64.encodebytes(octets).decode()
    return ("From: me@example.com\nSubject: Fwd\nMIME-Version: 1.0\n"
            "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\n"
            f"Note: see below.\n--o\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n"
            f"Content-Disposition: attachment; filename=\"{name}\"\n\n{encoded}\n--o--\n").encode()


def tarred(octets, mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        entry = tarfile.TarInfo("d/r.xml")
        entry.size = len(octets)
        archive.addfile(entry, io.BytesIO(octets))
    return out.getvalue()


def check_containers(folder):
    a = report(1)
    cases = [("zip without a name", unnamed(a)), ("zip .xml", zipped(".xml", a)),
             ("zip d/.r", zipped("d/.r", a)), ("xz", lzma.compress(a)), ("bzip2", bz2.compress(a)),
             ("tar.xz", tarred(a, "w:xz")), ("tar.bz2", tarred(a, "w:bz2")),
             ("xz -9", lzma.compress(a, preset=9)),
             ("two xz streams", lzma.compress(a[:900]) + lzma.compress(a[900:])),
             ("xz in gzip", gzip.compress(lzma.compress(a))),
             ("mail of xz", mail(lzma.compress(a), "r.xml.xz")),
             ("rfc822 in base64", attached(inner_mail(a), "message/rfc822", "fwd.eml")),
             ("octet-stream eml", attached(inner_mail(a), "application/octet-stream", "fwd.eml")),
             ("octet-stream mail", attached(inner_mail(a), "application/octet-stream", "fwd")),
             ("eml as text", attached(inner_mail(a), "text/plain", "fwd.eml")),
             ("eml in eml", attached(attached(inner_mail(a), "application/octet-stream", "b.eml"),
                                     "message/rfc822", "a.eml"))]
    for number, (story, octets) in enumerate(cases):
        home = pathlib.Path(folder, str(number))
        home.mkdir()
        (home / "in").write_bytes(octets)
        got = Store(home).ingest(home / "in")
        yield f"{story}: {got}", (got["reports"], got["refused"]) == (1, [])
    for story, octets in (("xz cut", lzma.compress(a)[:-40]), ("bzip2 cut", bz2.compress(a)[:-20]),
                          ("letter", attached(b"From: a@b.example\n\nhi", "message/rfc822", "l"))):
        (pathlib.Path(folder) / "bad").write_bytes(octets)
        got = Store(folder).ingest(pathlib.Path(folder) / "bad")
        yield f"{story}: {got}", got["reports"] == 0 and len(got["refused"]) == 1
    for story, octets, words in (
            ("zip of LZMA", zipped("r.xml", a, zipfile.ZIP_LZMA), "pack it by deflate"),
            ("xz of 1 GiB", lzma.compress(a, filters=[
                {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]), "as `xz -6` does"),
            ("damaged xz", lzma.compress(a)[:60] + b"x" * 9 + lzma.compress(a)[69:], "damaged")):
        (pathlib.Path(folder) / "bad").write_bytes(octets)
        got = Store(folder).ingest(pathlib.Path(folder) / "bad")
        yield f"{story}: {got}", got["reports"] == 0 and words in got["refused"][0]["error"]
    bomb = lzma.compress(a[:-11] + b" " * (300 << 20) + b"</feedback>")
    (pathlib.Path(folder) / "bomb").write_bytes(bomb)
    got = Store(folder).ingest(pathlib.Path(folder) / "bomb")
    yield f"xz bomb: {got}", "times its size" in got["refused"][0]["error"]


def check_names(folder):
    """No octet of an outsider reaches the terminal as it is."""
    home = pathlib.Path(folder)
    encoded = "".join(f"%{octet:02X}" for octet in NASTY.encode())
    letter = mail(b"\x1f\x8b\x08junkjunk").replace(
        b'application/gzip; name="report.xml.gz"',
        b"application/gzip\nContent-Disposition: attachment; filename*=utf-8''" + encoded.encode())
    (home / "a.zip").write_bytes(zipped(NASTY, b"junk"))
    (home / "a.eml").write_bytes(letter)
    (home / NASTY.replace("/", "")).write_bytes(b"junk")
    bad_name = home / os.fsdecode(b"\xff\xfe\x9b31m.xml")
    bad_name.write_bytes(b"junk")
    (home / "conf\x1b[2J\n::error::.yaml").write_text("version: 1\nx\u202ey ##[error]: 1\n")
    for words in (("reports", "ingest", str(home)),
                  ("-c", str(home / "conf\x1b[2J\n::error::.yaml"), "validate"),
                  ("-c", str(home / "no\x1b[2J\n::error::.yaml"), "validate")):
        done = subprocess.run([str(BINARY), *NO_RESOLVER, "--store", f"sqlite:{home}/n.db", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        shown = done.stdout + done.stderr
        lines = shown.split(b"\n")
        yield f"{words}: {shown}", not any(bad in shown for bad in (
            b"\x1b", b"\r", b"\x9b31m", b"##[", "\u202e".encode()))
        yield f"{words}: {shown}", not any(line.lstrip().startswith(b"::") for line in lines)
        yield f"{words} shows something", len(shown) > 100
    plain = NASTY.encode("ascii", "ignore").decode()
    (home / "b.zip").write_bytes(zipped(plain, b"junk"))
    (home / "s").mkdir()
    got = Store(home / "s").ingest(home / "b.zip")
    yield f"JSON has the name itself: {got}", got["refused"][0]["file"].endswith(plain)


# What outsiders call their files; none of it may act on a terminal or a CI runner.
EVIL = ["\x1b]0;title\x07", "a\x1b[2J", "\n::error::a", "::error file=a::b", "  ::add-mask::b",
        "\u00a0::warning::c", "##[error]d", "e ##[group]f", "a\u202eb", "\u2066g\u2069",
        "h\u200bi", "\r::debug::j", "\x9bk", "\U000e0041l", "tab\tm", "\x7fn", "::stop-commands::o"]


def acts(shown):
    """The lines of which a terminal or a CI runner would take a part as a command."""
    text = shown.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    return [line for line in lines if re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
        "\U000e0000-\U000e0fff\udc80-\udcff]|##\\[", line) or line.strip().startswith("::")]


def check_evil(folder):
    """One list of names, through every command that shows names."""
    home = pathlib.Path(folder)
    (home / "zones").mkdir()
    for number, name in enumerate(EVIL):
        plain = name.encode().replace(b"/", b"").decode()
        encoded = "".join(f"%{octet:02X}" for octet in name.encode())
        part = mail(b"\x1f\x8b\x08junk").replace(
            b'application/gzip; name="report.xml.gz"',
            b"application/gzip\nContent-Disposition: attachment; filename*=utf-8''"
            + encoded.encode())
        case = home / str(number)
        (case / "in").mkdir(parents=True)
        (case / "in" / plain).write_bytes(b"junk")
        (case / "in/a.zip").write_bytes(zipped(name, b"junk"))
        (case / "in/a.eml").write_bytes(part)
        (case / f"{plain}.yaml").write_text(f"version: 1\n{name.strip()}: 1\n{name}x: [\n")
        quoted = json.dumps(f"{plain}.yaml")
        (case / "all.yaml").write_text(f"version: 1\ninclude: [{quoted}]\ndomains: {{}}\n")
        (case / "odd.yaml").write_text(
            f"version: 1\ndomains: {{{json.dumps(name)}: {{provider: {json.dumps(name)}}}}}\n")
        for words in (("reports", "ingest", "in"), ("reports", "ingest", plain, f"./{plain}"),
                      ("-c", "all.yaml", "validate"), ("-c", f"{plain}.yaml", "validate"),
                      ("-c", "odd.yaml", "validate"), ("-c", "odd.yaml", "plan"),
                      ("show", plain), ("spf", "check", name, "--ip", "192.0.2.1"),
                      ("plan", "--world", plain), ("reports", "summary", "--domain", name),
                      ("inventory", "-c", f"{plain}.yaml"), (name,), ("plan", "--format", name)):
            done = subprocess.run([str(BINARY), *NO_RESOLVER, "--store", "sqlite:n.db",
                                   *(word.replace("\0", "") for word in words)], cwd=case,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                                  check=False)
            bad = acts(done.stdout + done.stderr)
            yield f"{words}: {bad}", not bad
            yield f"{words} shows something", done.stdout + done.stderr


IDN = "m\u00fcller.example"
ALABEL = "xn--mller-kva.example"


def check_idn(folder):
    home = pathlib.Path(folder)
    store = Store(home)
    (home / "u.xml").write_bytes(report(1, domain=IDN))
    got = store.ingest(home / "u.xml")
    yield f"idn: {got}", got["reports"] == 1
    for asked in (IDN, ALABEL):
        yield f"summary of {asked}", store.totals(asked) == messages_in(3)
    rows = store.rows()
    yield f"export {rows[:1]}", {row["domain"] for row in rows} == {ALABEL} and {
        row["header_from"] for row in rows} == {ALABEL}
    yield "again", store.ingest(home / "u.xml")["duplicates"] == 1


def unprivileged(words, home):
    """Root may read everything: the binary runs as nobody, from a copy that nobody may run."""
    options = {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
    return subprocess.run([str(home / "rampart"), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, cwd=home, **options)


def check_unreadable(folder):
    home = pathlib.Path(folder)
    home.chmod(0o777)
    shutil.copy(BINARY, home / "rampart")
    (home / "rampart").chmod(0o755)
    for part in ("closed", "open/closed"):
        (home / part).mkdir(parents=True)
        (home / part / "r.xml").write_bytes(report(1))
        (home / part).chmod(0)
    (home / "open/a.xml").write_bytes(report(2))
    (home / "open/b.xml").write_bytes(report(3))
    (home / "open/b.xml").chmod(0)
    for story, paths, reports, refused in (
            ("folder", ["closed"], 0, ["closed"]),
            ("file in a folder", ["closed/r.xml"], 0, ["closed/r.xml"]),
            ("glob", ["closed/*.xml"], 0, None),
            ("within", ["open"], 1, ["open/b.xml", "open/closed"]),
            ("glob within", ["open/*/*.xml"], 0, None)):
        done = unprivileged(["--store", f"sqlite:{home}/{story.replace(' ', '')}.db", "--format",
                             "json",
                             *NO_RESOLVER, "reports", "ingest", *paths], home)
        got = json.loads(done.stdout)
        yield f"{story}: exit {done.returncode}", done.returncode == 4
        yield f"{story}: {got}", got["reports"] == reports and got["refused"]
        names = sorted(one["file"] for one in got["refused"])
        yield f"{story}: {names}", refused is None or names == refused
        yield f"{story}: {got}", any("denied" in one["error"] for one in got["refused"])
    for part in ("closed", "open/closed"):
        (home / part).chmod(0o755)


def check_pipes(folder):
    home = pathlib.Path(folder)
    os.mkfifo(home / "pipe")
    os.mkfifo(home / "inside")
    command = Store(home).command("reports", "ingest")
    for held in (False, True):
        writer = os.open(home / "pipe", os.O_RDWR) if held else None
        done = subprocess.run([*command, str(home / "pipe")], stdout=subprocess.PIPE, timeout=20,
                              check=False)
        got = json.loads(done.stdout)
        yield f"named pipe: {got}", done.returncode == 4 and "pipe" in got["refused"][0]["error"]
        if writer is not None:
            os.close(writer)
    yield "a pipe is still one", stat.S_ISFIFO((home / "pipe").stat().st_mode)
    (home / "r.xml").write_bytes(report(1))
    done = subprocess.run(["bash", "-c", f'"$@" <(sleep 0.3; cat {home}/r.xml)', "bash", *command],
                          stdout=subprocess.PIPE, timeout=20, check=False)
    yield f"process substitution: {done.stdout}", json.loads(done.stdout)["reports"] == 1


def with_range(number, begin, end):
    return report(number).replace(str(1700006400 + 86400 * number).encode(), str(begin).encode()
                                  ).replace(str(1700006400 + 86400 * number + 86399).encode(),
                                            str(end).encode())


def check_days(folder):
    """Days that cannot be are stored, said, and left out of what nobody asked for."""
    home = pathlib.Path(folder)
    store = Store(home)
    files = {"good": report(1), "y1970": with_range(2, 100, 86499),
             "y2093": with_range(3, 3900000000, 3900086399),
             "week": with_range(4, 1700006400, 1700006400 + 7 * 86400 - 1)}
    for name, octets in files.items():
        (home / name).write_bytes(octets)
    got = store.ingest(*(home / name for name in files))
    yield f"days: {got}", (got["reports"], got["set_aside"], got["refused"]) == (4, 2, [])
    said = {pathlib.Path(one["file"]).name: one["text"] for one in got["remarks"]}
    yield f"said: {said}", "older than DMARC" in said["y1970"] and "future" in said["y2093"]
    sums = store.sums()
    yield f"sums: {sums}", (sums["since"], sums["until"], sums["messages"]) == (
        "2023-11-15", "2023-11-16", 2 * messages_in(3))
    done = subprocess.run(store.command("reports", "summary", "--domain", "example.com", "--since",
                                        "1970-01-01", "--until", "2100-01-01"),
                          stdout=subprocess.PIPE, check=True)
    yield "asked for", json.loads(done.stdout)["messages"] == 4 * messages_in(3)
    week = [row for row in store.rows() if row["report_id"] == "r4"]
    yield f"a week keeps its range {week[:1]}", {(row["begin"], row["end"]) for row in week} == {
        ("2023-11-15T00:00:00Z", "2023-11-21T23:59:59Z")}


def check_skipped(folder):
    home = pathlib.Path(folder)
    store = Store(home)
    (home / "odd.xml").write_bytes(report(1).replace(b"192.0.1.1<", b"192.0.1.1:25<"))
    got = store.ingest(home / "odd.xml")
    yield f"odd address: {got}", (got["reports"], got["records"], got["skipped_records"],
                                  got["refused"]) == (1, 2, 1, [])
    yield f"said: {got['remarks']}", "192.0.1.1:25" in got["remarks"][0]["text"]
    text = subprocess.run([str(BINARY), *NO_RESOLVER, "--store", f"sqlite:{home}/t.db", "reports",
                           "ingest", str(home / "odd.xml")], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    yield f"text: {text}", "192.0.1.1:25" in text


def check_totals(folder):
    """Sums over many reports must fit into their numbers, whatever one reporter claims."""
    home = pathlib.Path(folder)
    store = Store(home)
    (home / "most.xml").write_bytes(report(1, records=2, count=500_000_000_000 - 1))
    got = store.ingest(home / "most.xml")
    yield f"most messages: {got}", (got["reports"], got["refused"]) == (1, [])
    (home / "more.xml").write_bytes(report(2, records=3000, count=400_000_000))
    got = store.ingest(home / "more.xml")
    yield f"more: {got}", got["reports"] == 0 and "add up to more" in got["refused"][0]["error"]
    sums = store.sums()
    yield f"sums: {sums}", sums["messages"] == 999_999_999_999


def check_yaml(folder):
    """A mistake in the YAML does not stop reports; a YAML that is named and missing does."""
    home = pathlib.Path(folder)
    (home / "domains.yaml").write_text("version: 1\ndomains: [mistake\n")
    (home / "r.xml").write_bytes(report(1))

    def run(*words):
        return subprocess.run([str(BINARY), *NO_RESOLVER, "--format", "json", *words], cwd=home,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False)
    done = run("reports", "ingest", "r.xml")
    yield f"mistake: {done.stderr}", done.returncode == 0 and "mistake" in done.stderr
    yield "stored beside it", (home / "rampart.db").exists()
    yield "missing", run("-c", "nowhere/d.yaml", "reports", "ingest", "r.xml").returncode == 1
    (home / "domains.yaml").unlink()
    yield "no YAML, no warning", run("reports", "ingest", "r.xml").stderr == ""


def main():
    checks = Checks()
    for part in (check_containers, check_names, check_evil, check_idn, check_unreadable,
                 check_pipes, check_days, check_skipped, check_totals, check_yaml):
        with tempfile.TemporaryDirectory() as folder:
            checks.each(part(folder))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
