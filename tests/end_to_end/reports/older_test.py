#!/usr/bin/env python3
"""A store of an older schema is brought up to date, and one of a newer is left alone."""

import pathlib
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim")

from harness import Checks  # noqa: E402
from report_files import Store, report  # noqa: E402

OLD_SCHEMA = """CREATE TABLE strings(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL,
  text TEXT NOT NULL);
CREATE INDEX strings_hash ON strings(hash);
CREATE TABLE reports(id INTEGER PRIMARY KEY, domain INTEGER NOT NULL, begin INTEGER NOT NULL,
  end INTEGER NOT NULL, org INTEGER NOT NULL, report_id TEXT NOT NULL, trust INTEGER NOT NULL,
  reporter INTEGER NOT NULL, policy INTEGER NOT NULL, records INTEGER NOT NULL,
  messages INTEGER NOT NULL, contradictions INTEGER NOT NULL, identity BLOB NOT NULL UNIQUE);
CREATE INDEX reports_domain ON reports(domain, begin);
CREATE TABLE rows(domain INTEGER NOT NULL, day INTEGER NOT NULL, report INTEGER NOT NULL,
  seq INTEGER NOT NULL, facts INTEGER NOT NULL, ip BLOB NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(domain, day, report, seq)) WITHOUT ROWID;
CREATE TABLE daily(domain INTEGER NOT NULL, day INTEGER NOT NULL, reporter INTEGER NOT NULL,
  trust INTEGER NOT NULL, aligned INTEGER NOT NULL, records INTEGER NOT NULL,
  messages INTEGER NOT NULL, PRIMARY KEY(domain, day, reporter, trust, aligned)) WITHOUT ROWID;
CREATE TABLE hosts(ip BLOB PRIMARY KEY, host TEXT NOT NULL,
  seen INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version=1"""


def unpacked(block):
    """The rows of a block: (facts, address, count)."""
    def number():
        nonlocal at
        value = shift = 0
        while True:
            value |= (block[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if block[at - 1] < 0x80:
                return value

    at = 0
    while at < len(block):
        head = number()
        size = 16 if head & 1 else 4
        ip, at = block[at:at + size], at + size
        yield head >> 1, ip, number()


def check_older(folder):
    """A store with single rows becomes one of blocks, and loses nothing."""
    home = pathlib.Path(folder, "older")
    home.mkdir()
    (home / "a.xml").write_bytes(report(1, 400))
    (home / "b.xml").write_bytes(report(2, 3).replace(b"192.0.2.1<", b"2001:db8::7<"))
    store = Store(home)
    store.ingest(home / "a.xml", home / "b.xml")
    before = (store.rows(), store.totals())
    old = pathlib.Path(home, "old")
    old.mkdir()
    database = sqlite3.connect(old / "reports.db")
    database.executescript(OLD_SCHEMA)
    database.execute("ATTACH ? AS new", (str(home / "reports.db"),))
    for table in ("strings", "reports"):
        database.execute(f"INSERT INTO {table} SELECT * FROM new.{table}")
    blocks = database.execute("SELECT * FROM new.blocks ORDER BY 1, 2, 3, 4").fetchall()
    yield f"{len(blocks)} blocks", 2 < len(blocks) < 10
    for domain, day, number, part, block in blocks:
        for at, row in enumerate(unpacked(block)):
            database.execute("INSERT INTO rows VALUES(?, ?, ?, ?, ?, ?, ?)",
                             (domain, day, number, part * 1000 + at, *row))
    database.commit()
    database.close()
    store = Store(old)
    yield "older: nothing is lost", (store.rows(), store.totals()) == before
    got = store.ingest(home / "a.xml", home / "b.xml")
    yield f"older: reports stay known {got}", (got["reports"], got["duplicates"]) == (0, 2)
    with sqlite3.connect(old / "reports.db") as database:
        names = [name for name, in database.execute("SELECT name FROM sqlite_schema")]
        yield f"older: {names}", "rows" not in names and "blocks" in names
        database.execute("PRAGMA user_version=99")
    newer = subprocess.run(store.command("reports", "summary"), stdout=subprocess.PIPE, check=False)
    yield "newer: refused", newer.returncode == 1 and b"newer rampart" in newer.stdout


def fnv(text):
    """The hash of the table of texts, as SQLite's signed number."""
    value = 14695981039346656037
    for octet in text.encode():
        value = (value ^ octet) * 1099511628211 % 2**64
    return value - 2**64 if value >= 2**63 else value


NEWER_TABLES = ("answers", "tls_reports", "tls_policies", "tls_failures", "failures",
                "pruned_failures", "reporters")


def check_u_labels(folder):
    """A store of version 2 has domains in U-labels, which nobody found: they become A-labels."""
    home = pathlib.Path(folder, "wide")
    home.mkdir()
    wide, narrow = "m\u00fcller.example", "xn--mller-kva.example"
    (home / "a.xml").write_bytes(report(1, 5, domain=wide))
    (home / "b.xml").write_bytes(report(2, 5, domain=narrow))
    store = Store(home)
    store.ingest(home / "a.xml", home / "b.xml")
    total = store.totals(narrow)
    with sqlite3.connect(home / "reports.db") as database:
        database.execute("INSERT INTO strings(hash, text) VALUES(?, ?)", (fnv(wide), wide))
        number = database.execute("SELECT max(id) FROM strings").fetchone()[0]
        first = database.execute("SELECT id FROM reports WHERE report_id='r1'").fetchone()[0]
        database.execute("UPDATE reports SET domain=? WHERE id=?", (number, first))
        database.execute("UPDATE blocks SET domain=? WHERE report=?", (number, first))
        # A pruned day that has sums under both names.
        for domain in (number, "(SELECT id FROM strings WHERE text='xn--mller-kva.example')"):
            database.execute(f"INSERT INTO daily VALUES({domain}, 19000, {number}, 0, 1, 2, 7, 0)")
        for table in NEWER_TABLES:
            database.execute(f"DROP TABLE {table}")
        database.execute("PRAGMA user_version=2")
    yield "wide: all is found", store.totals(narrow) == total + 14
    got = store.ingest(home / "a.xml", home / "b.xml")
    yield f"wide: known {got}", got["duplicates"] == 2
    yield "wide: nothing twice", store.totals(narrow) == total + 14


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check_older(folder))
        checks.each(check_u_labels(folder))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
