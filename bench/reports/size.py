#!/usr/bin/env python3
"""What a botnet's size costs: every command that reads reports, over stores of more and more rows.

bench/reports/size.py BINARY [--rows N] [--keep FOLDER], a release build.

All rows are ingested by the binary, as reports of one domain over 180 days from twelve reporters.
Half of them are the domain's own mail from 3,000 addresses; the other half a botnet's, of which the
first report has every address: a tenth of N, at most a million, a fifth of them IPv6. Each command
is one process; the best and the worst of three runs, wall seconds. A resolver on the loopback
answers that no name exists: every run looks up another 10,000 of the botnet's addresses. A rollback
is planned and applied while another process holds the store locked.
"""

import argparse
import datetime
import json
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import DAY, timed  # noqa: E402

NOW = 1796083200  # 2026-12-01
DAYS = 180
REPORTERS = 12
DOMAIN = "acme.example"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
YAML = """version: 1
providers:
  files: {type: zonefile, directory: zones}
senders:
  office: {spf: ["ip4:192.0.2.0/28"], dkim: self}
defaults: {provider: files}
reporters: {known: [{REPORTERS}]}
domains:
  acme.example:
    senders: [office]
    dkim: [{selector: s1, txt: "v=DKIM1; k=ed25519; p={KEY}"}]
    dmarc: {phase: quarantine, pct: 10, since: 2026-10-01, rua: [mailto:dmarc@acme.example]}
"""
ZONE = """$ORIGIN acme.example.
$TTL 3600
@ SOA ns1 h 1 3600 600 86400 300
@ NS ns1
ns1 A 192.0.2.1
@ TXT "v=spf1 ip4:192.0.2.0/28 ~all"
s1._domainkey TXT "v=DKIM1; k=ed25519; p={KEY}"
_dmarc TXT "v=DMARC1; p=quarantine; pct=10; rua=mailto:dmarc@acme.example"
"""


def record(address, passes):
    result = "pass" if passes else "fail"
    auth = (f"<dkim><domain>{DOMAIN}</domain><selector>s1</selector><result>pass</result></dkim>"
            f"<spf><domain>{DOMAIN}</domain><result>pass</result></spf>" if passes else
            "<spf><domain>bounce.example.net</domain><result>none</result></spf>")
    return (f"<record><row><source_ip>{address}</source_ip><count>{3 if passes else 1}</count>"
            f"<policy_evaluated><disposition>none</disposition><dkim>{result}</dkim>"
            f"<spf>{result}</spf></policy_evaluated></row><identifiers>"
            f"<header_from>{DOMAIN}</header_from></identifiers>"
            f"<auth_results>{auth}</auth_results></record>")


def report(number, records):
    reporter = f"reporter{number % REPORTERS}.example"
    begin = NOW - DAY * (DAYS - number // REPORTERS % DAYS)
    return (f"<feedback><report_metadata><org_name>{reporter}</org_name>"
            f"<email>noreply@{reporter}</email><report_id>{number}</report_id><date_range>"
            f"<begin>{begin}</begin><end>{begin + DAY - 1}</end></date_range></report_metadata>"
            f"<policy_published><domain>{DOMAIN}</domain><p>quarantine</p><pct>10</pct>"
            f"</policy_published>{''.join(records)}</feedback>")


def botnet(count):
    """A record of each address; every fifth is IPv6."""
    return [record(f"2001:db8:{i >> 16:x}:{i & 0xffff:x}::1" if i % 5 == 0 else
                   f"{100 + (i >> 24)}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}", False)
            for i in range(count)]


def short(records):
    """The same without SPF results and dispositions: a million must stay below the 256 MiB that one
    file may hold."""
    return [re.sub("<spf><domain>.*</spf>|<disposition>none</disposition>", "", one)
            for one in records]


def fill(store, rows, binary):
    """Ingests the rows; returns the CPU seconds."""
    chance = random.Random(rows)
    own = [record(f"192.0.2.{i % 16}" if i % 2 else f"198.51.{i >> 8}.{i & 255}", True)
           for i in range(3000)]
    bots = botnet(min(rows // 10, 1_000_000))
    reports = DAYS * REPORTERS
    each = (rows - len(bots)) // (reports - 1)
    batch = store.parent / "batch"
    cpu = 0
    for first in range(0, reports, 60):
        batch.mkdir()
        for number in range(first, first + 60):
            some = short(bots) if number == 0 else (chance.choices(own, k=each // 2) +
                                             chance.choices(bots, k=each - each // 2))
            (batch / f"{number}.xml").write_text(report(number, some))
        cpu += timed([binary, "reports", "ingest", "--trusted", "--store", f"sqlite:{store}",
                      str(batch)])[1]
        shutil.rmtree(batch)
    return cpu


def commands(folder, rampart):
    """Each command with the exit codes that it may have."""
    return {
        "advance": ([*rampart, "advance"], 0, 2),
        "plan": ([*rampart, "plan", "--live", "provider"], 0, 2, 3),
        "explain": ([*rampart, "explain", DOMAIN], 0, 2, 3),
        "reports evidence": ([*rampart, "reports", "evidence", "--out", f"{folder}/e.json"], 0),
        "dashboard": ([*rampart, "dashboard", "--out", f"{folder}/pages"], 0),
        "dashboard, 180 days": ([*rampart, "dashboard", "--out", f"{folder}/pages", "--since",
                                 "2026-06-04"], 0),
        "reports summary": ([*rampart, "reports", "summary"], 0),
        "reports sources": ([*rampart, "reports", "sources"], 0),
        "reports threats": ([*rampart, "reports", "threats"], 0),
        "reports threats, STIX": ([*rampart, "reports", "threats", "--format", "stix"], 0),
    }


def measure(command, codes):
    """(best wall, worst wall, MiB) of three runs."""
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code not in codes:
        sys.exit(f"{command} ended with {code}")
    runs = [timed(command, good=code) for _ in range(3)]
    return min(one[0] for one in runs), max(one[0] for one in runs), max(one[2] for one in runs)


def roll_back(folder, rampart, store):
    """A rollback and the apply of its plan, with the store locked by another process."""
    names = ("domains.yaml", "zones")
    for name in names:
        kept = folder / f"{name}.kept"
        (shutil.copytree if (folder / name).is_dir() else shutil.copy)(folder / name, kept)
    lock = sqlite3.connect(store)
    lock.execute("PRAGMA locking_mode=EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    taken = {"rollback": timed([*rampart, "rollback", DOMAIN]),
             "apply of a rollback": timed([*rampart, "apply", "--auto-approve"])}
    lock.rollback()
    lock.close()
    for name in names:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (folder / f"{name}.kept").rename(path)
    return {name: (wall, wall, size) for name, (wall, _, size) in taken.items()}


def one_size(folder, rows, binary):
    """{command: (best, worst, MiB)} over a store of so many rows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zones").mkdir(exist_ok=True)
    (folder / "zones" / "acme.example.zone").write_text(ZONE.replace("{KEY}", KEY))
    reporters = ", ".join(f"reporter{i}.example" for i in range(REPORTERS))
    (folder / "domains.yaml").write_text(
        YAML.replace("{REPORTERS}", reporters).replace("{KEY}", KEY))
    store = folder / "reports.db"
    if not store.exists():
        cpu = fill(store, rows, binary)
        print(f"{rows:,} rows ingested in {cpu:.1f} s of CPU; "
              f"{store.stat().st_size / rows:.1f} bytes a row", flush=True)
    names = subprocess.Popen([sys.executable, str(HERE / "no_names.py")], stdout=subprocess.PIPE,
                             text=True)
    rampart = [binary, "--config", str(folder / "domains.yaml"), "--store", f"sqlite:{store}",
               "--now", datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
               .strftime("%Y-%m-%dT06:00:00Z"), "--resolver", names.stdout.readline().strip()]
    try:
        figures = {name: measure(command, codes)
                   for name, (command, *codes) in commands(folder, rampart).items()}
        figures.update(roll_back(folder, rampart, store))
    finally:
        names.kill()
        names.wait()
    figures["rows of evidence"] = len(json.loads((folder / "e.json").read_text())["rows"])
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the stores, used again")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.binary).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or pathlib.Path(name)
        sizes = (options.rows // 10, options.rows)
        small, large = [one_size(folder / str(rows), rows, binary) for rows in sizes]
    print(f"\n{datetime.date.today()}; rows of evidence: {small.pop('rows of evidence')} and "
          f"{large.pop('rows of evidence')}")
    print(f"| | {sizes[0]:,} rows: s | MiB | {sizes[1]:,} rows: s | MiB | growth |")
    print("|---|---|---|---|---|---|")
    for name, (best, worst, size) in large.items():
        few = small[name]
        print(f"| {name} | {few[0]:.2f} - {few[1]:.2f} | {few[2]:.0f} | {best:.2f} - {worst:.2f} "
              f"| {size:.0f} | {best / few[0]:.1f} x |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
