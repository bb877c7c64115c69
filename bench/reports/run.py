#!/usr/bin/env python3
"""Ingesting reports beside a bare libxml2 SAX loop and lxml, in one run.

bench/reports/run.py BINARY, a release build.

Whole processes, ours with the commit to SQLite; the median of five rounds, taken in turn; rates
are of CPU time, so that a busy machine may be measured on. With
--rows N also a store of N rows: its size, and a month's summary of one domain.
"""

import argparse
import datetime
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

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
      <header_from>{domain}</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>{domain}</domain>
        <result>{result}</result>
        <selector>s{chance.randrange(3)}</selector>
      </dkim>
      <spf>
        <domain>{chance.choice((domain, 'bounce.example.net'))}</domain>
        <result>{result}</result>
      </spf>
    </auth_results>
  </record>
""")


def report(chance, number, records, domain):
    begin = START + DAY * (number % 30)
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
""" + "".join(record(chance, domain) for _ in range(records)) + "</feedback>\n")


def timed(command):
    """(wall seconds, CPU seconds, MiB at most) of a process, started by a small one: what a large
    parent holds would count as the child's memory."""
    script = ("import resource, subprocess, sys, time; began = time.monotonic(); "
              "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
              "wall = time.monotonic() - began; "
              "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
              "print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)")
    done = subprocess.run([sys.executable, "-c", script, *command], stdout=subprocess.PIPE,
                          check=True)
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


def heavy_store(folder, rows, binary):
    """A store of many rows; one domain of 1,000 has a twentieth of them."""
    chance = random.Random(3)
    store = folder / "heavy.db"
    done = 0
    began = time.monotonic()
    while done < rows:
        batch = folder / "batch"
        batch.mkdir(exist_ok=True)
        for number in range(200):
            domain = "heavy.example" if number % 20 == 0 else f"d{chance.randrange(1000)}.example"
            (batch / f"{number}.xml").write_text(report(chance, done + number, 250, domain))
        subprocess.run([binary, "reports", "ingest", "--trusted", "--store", f"sqlite:{store}",
                        str(batch)], stdout=subprocess.DEVNULL, check=True)
        done += 200 * 250
    print(f"\n{done} rows in {time.monotonic() - began:.0f} s, making them included; "
          f"{store.stat().st_size / done:.0f} bytes a row")
    month = [binary, "reports", "summary", "--store", f"sqlite:{store}", "--domain",
             "heavy.example", "--since", "2025-12-01", "--until", "2025-12-31",
             "--resolver", "127.0.0.1:1"]
    subprocess.run(month, stdout=subprocess.DEVNULL, check=True)
    taken = [timed(month)[1] for _ in range(5)]
    print(f"a month of heavy.example: {statistics.median(taken) * 1000:.0f} ms of CPU, "
          "the process included")


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
        if options.rows:
            heavy_store(folder, options.rows, binary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
