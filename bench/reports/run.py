#!/usr/bin/env python3
"""Ingesting reports beside a bare libxml2 SAX loop and lxml, in one run.

bench/reports/run.py BINARY, a release build.

Whole processes of one thread each, ours with the commit to SQLite; the median of five rounds, taken
in turn; rates are of CPU time, so that a busy machine may be measured on. Records repeat each other
but for address and count, as they do in life; one in twenty is of a shape of its own. Bombs of
300 MB are timed, too. With --rows N also a store of N rows over a year: its size, and a month's
summary of a domain that has a twentieth of them.
"""

import argparse
import datetime
import gzip
import itertools
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DAY = 86400
START = 1764547200  # 2025-12-01
LXML = """import sys
from lxml import etree
for path in open(sys.argv[1]).read().split():
    root = etree.parse(path).getroot()
    n = [[f.text for f in r.iter()] for r in root.iter('record')]
"""


def record(chance, domain):
    host = f"{chance.choice((198, 203))}.0.{chance.randrange(250)}.{chance.randrange(250)}"
    passed = chance.random() < 0.8
    result = "pass" if passed else "fail"
    bounce = f"b{chance.getrandbits(40)}.example.net" if chance.random() < 0.05 else chance.choice(
        (domain, "bounce.example.net"))
    return (f"""  <record>
    <row>
      <source_ip>{host}</source_ip>
      <count>{chance.randrange(1, 50)}</count>
      <policy_evaluated>
        <disposition>none</disposition>
        <dkim>{result}</dkim>
        <spf>{result}</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>{bounce}</envelope_from>
      <header_from>{domain}</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>{domain}</domain>
        <result>{result}</result>
        <selector>s{chance.randrange(3)}</selector>
      </dkim>
      <spf>
        <domain>{bounce}</domain>
        <scope>mfrom</scope>
        <result>{result}</result>
      </spf>
    </auth_results>
  </record>
""")


def report(chance, number, records, domain):
    """A report of that many records."""
    return around(number, START + DAY * (number % 30), domain,
                  "".join(record(chance, domain) for _ in range(records)))


def around(number, begin, domain, records):
    return (f"""<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>reporter{number % 12}.example</org_name>
    <email>noreply@reporter{number % 12}.example</email>
    <report_id>{number}</report_id>
    <date_range>
      <begin>{begin}</begin>
      <end>{begin + DAY - 1}</end>
    </date_range>
  </report_metadata>
  <policy_published>
    <domain>{domain}</domain>
    <adkim>r</adkim>
    <aspf>r</aspf>
    <p>none</p>
    <sp>none</sp>
    <pct>100</pct>
  </policy_published>
""" + records + "</feedback>\n")


def timed(command, good=0):
    """(wall seconds, CPU seconds, MiB at most) of a process, started by a small one: what a large
    parent holds would count as the child's memory."""
    script = ("import resource, subprocess, sys, time; began = time.monotonic(); "
              "good, *command = sys.argv[1:]; "
              "done = subprocess.run(command, stdout=subprocess.DEVNULL); "
              "done.returncode == int(good) or sys.exit('it failed'); "
              "wall = time.monotonic() - began; "
              "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
              "print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)")
    done = subprocess.run([sys.executable, "-c", script, str(good), *command],
                          stdout=subprocess.PIPE, check=True)
    return tuple(map(float, done.stdout.split()))


def forget(store):
    for path in store.parent.glob(store.name + "*"):
        path.unlink()


def compare(title, names, files, folder, binary):
    """Prints a table of medians."""
    listing = folder / "list"
    listing.write_text("\n".join(map(str, files)) + "\n")
    store = folder / "bench.db"
    ours = [binary, "reports", "ingest", "--trusted", "--store", f"sqlite:{store}",
            *map(str, names)]
    commands = {"bare libxml2 SAX": [str(folder / "bare_sax"), str(listing)],
                "lxml": ["/usr/bin/python3", str(folder / "by_lxml.py"), str(listing)],
                "rampart, stored": ours}
    times = {name: [] for name in commands}
    walls = {name: [] for name in commands}
    peaks = {}
    for _ in range(5):
        for name, command in commands.items():
            forget(store)
            wall, cpu, peaks[name] = timed(command)
            times[name].append(cpu)
            walls[name].append(wall)
    bare = statistics.median(times["bare libxml2 SAX"])
    print(f"\n{title}\n| | CPU s (best - worst) | wall s | files/s | of bare | MiB |")
    print("|---|---|---|---|---|---|")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"| {name} | {middle:.3f} ({min(taken):.3f} - {max(taken):.3f}) "
              f"| {statistics.median(walls[name]):.3f} "
              f"| {len(files) / middle:.0f} | {bare / middle:.0%} | {peaks[name]:.0f} |")


def bombs(folder, binary):
    """What 300 MB in 292 kB cost: they are refused once the ratio is passed."""
    print("\n| bomb | kB | CPU s | MiB |\n|---|---|---|---|")
    zeros = b"<feedback>" + b" " * (300 << 20) + b"</feedback>"
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.xml", zeros)
    (folder / "bomb.gz").write_bytes(gzip.compress(zeros))
    for name in ("bomb.zip", "bomb.gz"):
        command = [binary, "reports", "ingest", "--store", f"sqlite:{folder}/bomb.db",
                   str(folder / name)]
        taken = [timed(command, good=4) for _ in range(5)]
        print(f"| {name} | {(folder / name).stat().st_size >> 10} "
              f"| {statistics.median(one[1] for one in taken):.3f} "
              f"| {max(one[2] for one in taken):.0f} |")


def heavy_reports(chance, count):
    """Reports of 250 records each over a year; every twentieth is of heavy.example, which mails
    from 3,000 addresses."""
    pools = {"heavy.example": [record(chance, "heavy.example") for _ in range(3000)],
             "other": [record(chance, "@@") for _ in range(5000)]}
    for number in range(count):
        heavy = number % 20 == 0
        domain = "heavy.example" if heavy else f"d{chance.randrange(1000)}.example"
        records = "".join(chance.choices(pools.get(domain, pools["other"]), k=250))
        yield around(number, START - 335 * DAY + DAY * (number * 7 // 20 % 365), domain,
                     records.replace("@@", domain))


def heavy_store(folder, rows, binary):
    """A store of many rows, and a month of its largest domain, whose hosts are known to have no
    names."""
    store = folder / "heavy.db"
    batch = folder / "batch"
    batch.mkdir()
    taken = 0
    reports = heavy_reports(random.Random(3), rows // 250)
    while slice_of := list(itertools.islice(reports, 500)):
        for number, text in enumerate(slice_of):
            (batch / f"{number}.xml").write_text(text)
        taken += timed([binary, "reports", "ingest", "--trusted", "--store", f"sqlite:{store}",
                        str(batch)])[1]
        for path in batch.iterdir():
            path.unlink()
    rows = rows // 250 * 250
    print(f"\n{rows} rows in {taken:.1f} s of CPU, {rows / taken:.0f} rows/s; "
          f"{store.stat().st_size / rows:.1f} bytes a row")
    month = [binary, "reports", "summary", "--store", f"sqlite:{store}", "--domain",
             "heavy.example", "--since", "2025-11-01", "--until", "2025-11-30",
             "--now", "2025-12-02T00:00:00Z", "--resolver"]
    names = subprocess.Popen([sys.executable, str(HERE / "no_names.py")], stdout=subprocess.PIPE,
                             text=True)
    subprocess.run([*month, names.stdout.readline().strip()], stdout=subprocess.DEVNULL, check=True)
    names.kill()
    names.wait()
    month.append("127.0.0.1:1")
    said = subprocess.run([*month, "--format", "json"], stdout=subprocess.PIPE, check=True)
    found = json.loads(said.stdout)
    runs = [timed(month) for _ in range(9)]
    empty = [timed([binary, "reports", "summary", "--store", f"sqlite:{store}", "--domain",
                    "none.example", "--resolver", "127.0.0.1:1"]) for _ in range(9)]
    print(f"a month of heavy.example, {found['messages']} messages of {len(found['sources'])} "
          f"sources: {statistics.median(one[1] for one in runs) * 1000:.0f} ms of CPU with the "
          f"process, of which {statistics.median(one[1] for one in empty) * 1000:.0f} ms are spent "
          "where there is nothing to sum")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rows", type=int, default=0)
    options = parser.parse_args()
    binary = str(pathlib.Path(options.binary).resolve())
    print(datetime.date.today(), "maximum memory of this machine's processes in MiB")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libxml-2.0"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split()
        subprocess.run(["c++", "-O2", "-std=c++20", str(HERE / "bare_sax.cc"), *flags, "-o",
                        str(folder / "bare_sax")], check=True)
        (folder / "by_lxml.py").write_text(LXML)
        chance = random.Random(1)
        small = folder / "small"
        small.mkdir()
        files = []
        for number in range(2000):
            records = min(200, 1 + int(chance.paretovariate(0.9)))
            files.append(small / f"{number}.xml")
            files[-1].write_text(report(chance, number, records, f"d{number % 50}.example"))
        compare("2,000 typical files", [small], files, folder, binary)
        large = folder / "large.xml"
        large.write_text(report(chance, 9999, 100_000, "example.com"))
        compare(f"one report of 100,000 records, {large.stat().st_size / 1e6:.0f} MB", [large],
                [large], folder, binary)
        bombs(folder, binary)
        if options.rows:
            heavy_store(folder, options.rows, binary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
