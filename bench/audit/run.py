#!/usr/bin/env python3
"""`rampart audit` over 1,000 domains beside dnsperf, against one nsd on loopback.

Audit reads whole SPF trees, DMARC by both ways, keys and the records of transport; its time is the
whole process, from the list of domains to the JSON. dnsperf sends as many questions of the same
kinds and throws the answers away. ROUNDS interleaved rounds are run and the medians printed.

checkdmarc 5.17.5 came to 96 domains a second with SPF and DMARC alone (200 domains over nsd on such
a machine, measured elsewhere; it is not run here).

Usage: bench/audit/run.py BUILD_DIR/rampart [ROUNDS [DOMAINS]]
Needs a release build, nsd and dnsperf. Where the machine is busy, put `chrt -r 1` before it.
"""

import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
END_TO_END = HERE.parents[1] / "tests/end_to_end"
sys.path[:0] = [str(END_TO_END / "support"), str(END_TO_END / "audit")]

import audit_zones  # noqa: E402
import dns_server  # noqa: E402

GOAL = 0.4


def questions_of(domain):
    return [f"{domain} TXT", f"{domain} MX", f"_dmarc.{domain} TXT", f"_mta-sts.{domain} TXT",
            f"_smtp._tls.{domain} TXT", f"default._bimi.{domain} TXT", f"mail.{domain} A"]


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_audit(binary, address, listed, fmt):
    """(questions, seconds, CPU seconds) of one run."""
    cpu, started = cpu_of_children(), time.perf_counter()
    with open(os.devnull, "w") as nowhere:
        done = subprocess.run([binary, "audit", "--resolver", address, f"@{listed}", "--no-fetch",
                               "--format", fmt], stdout=nowhere, stderr=subprocess.PIPE, text=True)
    took = time.perf_counter() - started
    asked = re.search(r"asked (\d+) questions", done.stderr)
    if done.returncode not in (0, 2) or not asked:
        sys.exit(f"audit failed: {done.stderr}")
    return int(asked[1]), took, cpu_of_children() - cpu


def run_dnsperf(port, listed):
    """(questions, seconds) of one run."""
    done = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", listed, "-c", "4",
                           "-T", "1", "-n", "1"], capture_output=True, text=True, check=True)
    sent = int(re.search(r"Queries completed:\s+(\d+)", done.stdout)[1])
    return sent, float(re.search(r"Run time \(s\):\s+([\d.]+)", done.stdout)[1])


def main():
    binary = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "example.zone").write_text(audit_zones.zone(count))
        (folder / "domains").write_text("\n".join(audit_zones.names(count)) + "\n")
        with dns_server.DnsServer("nsd", {"example": folder / "example.zone"},
                                  folder / "state") as server:
            asked, _, _ = run_audit(binary, server.address, folder / "domains", "json")
            questions = [line for domain in audit_zones.names(count)
                         for line in questions_of(domain)]
            lines = [questions[number % len(questions)] for number in range(asked)]
            (folder / "questions").write_text("\n".join(lines) + "\n")
            runs = {"json": [], "csv": [], "dnsperf": []}
            for _ in range(rounds):
                for fmt in ("json", "csv"):
                    runs[fmt].append(run_audit(binary, server.address, folder / "domains", fmt))
                runs["dnsperf"].append(run_dnsperf(server.port, folder / "questions"))
    print(f"{count} domains, {asked} questions, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    rates = {kind: statistics.median(run[0] / run[1] for run in seen)
             for kind, seen in runs.items()}
    for kind, seen in runs.items():
        took = statistics.median(run[1] for run in seen)
        line = f"{kind:8} {took:7.3f} s  {rates[kind]:>9,.0f} questions/s"
        if kind != "dnsperf":
            cpu = statistics.median(run[2] for run in seen)
            line += (f"  {count / took:>7,.0f} domains/s  CPU {cpu:.3f} s  "
                     f"{rates[kind] / rates['dnsperf']:.2f} of dnsperf (goal {GOAL})")
        print(line)
    print("checkdmarc 5.17.5, quoted: 96 domains/s")
    return 0 if rates["json"] >= GOAL * rates["dnsperf"] else 1


if __name__ == "__main__":
    sys.exit(main())
