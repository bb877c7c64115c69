#!/usr/bin/env python3
"""check_host() a second with nothing known at the start, over nsd on loopback, beside libspf2.

3,000 domains, each with a record, a mail host and an include of its own, and two of 40 shared
senders' records. One client a domain: its mail host, an address of one of its senders, or an
unlisted sender, a third each. libspf2 asks through /etc/resolv.conf at port 53, so everything runs
in a network and a mount namespace of its own (unshare(1)), where that file names the nsd.

Every run is a new process, so every cache is empty at its start; libspf2 runs with its cache and
without. ROUNDS interleaved rounds are run and the medians printed; the verdicts must agree.

The round trip is as good as nothing here, which is the best case for who asks one question at a
time: Rampart is bound by its own CPU, the peer by waiting. On a machine that is busy otherwise, all
wait for the CPU instead and the ratio says little: put `chrt -r 1` before the command.

Usage: bench/spf/cold.py BUILD_DIR/tests/spf_cold_bench [ROUNDS]
Needs a release build with the tests (cmake --preset release -DRAMPART_TESTS=ON), nsd, gcc,
iproute2 and libspf2-dev, and root or user namespaces.
"""

import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests/end_to_end/support"))

import dns_server  # noqa: E402

DOMAINS, SENDERS = 3000, 40
INSIDE = "RAMPART_BENCH_INSIDE"


def networks(chance, count):
    return " ".join(f"ip4:{chance.randrange(60, 90)}.{chance.randrange(256)}."
                    f"{chance.randrange(256)}.0/24" for _ in range(count))


def example():
    """The zone's lines and the cases' lines."""
    chance = random.Random(7)
    zone = ["$ORIGIN example.", "$TTL 3600", "@ SOA ns hostmaster 1 3600 900 604800 300",
            "@ NS ns", "ns A 127.0.0.1"]
    cases = []
    for number in range(SENDERS):
        zone.append(f'_spf.s{number} TXT "v=spf1 include:_net.s{number}.example ~all"')
        zone.append(f'_net.s{number} TXT "v=spf1 ip4:100.64.{number}.0/24 '
                    f'{networks(chance, 6)} ~all"')
    for number in range(DOMAINS):
        name = f"d{number}"
        first, second = chance.sample(range(SENDERS), 2)
        host = f"198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"
        zone += [f'{name} TXT "v=spf1 a mx include:_spf.{name}.example '
                 f'include:_spf.s{first}.example include:_spf.s{second}.example ~all"',
                 f"{name} A 192.0.2.{number % 256}", f"{name} MX 10 mail.{name}",
                 f"mail.{name} A {host}",
                 f'_spf.{name} TXT "v=spf1 a:mail.{name}.example {networks(chance, 3)} ~all"']
        client = (host, f"100.64.{second}.{number % 256}", f"203.0.113.{number % 256}")[number % 3]
        cases.append(f"{number}\t{client}\tuser@{name}.example")
    return "\n".join(zone) + "\n", "\n".join(cases) + "\n"


def wait_for_server():
    deadline = time.monotonic() + 20
    while not dns_server.answers("example", 53):
        if time.monotonic() > deadline:
            sys.exit("nsd did not start")
        time.sleep(0.02)


def run_cold(command, cases):
    """(checks a second, CPU microseconds a check, what more is to say, verdicts)."""
    lines = subprocess.run(command, input=cases, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    _, rate, cpu, more = lines.pop().split("\t")
    return float(rate), float(cpu), more, lines


def measure(contestants, cases, rounds):
    runs = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, command in contestants.items():
            runs[name].append(run_cold(command, cases))
    return runs


def show(runs):
    print(f"cold, {DOMAINS} domains over nsd on loopback:")
    rates = {name: statistics.median(run[0] for run in seen) for name, seen in runs.items()}
    for name, seen in runs.items():
        cpu = statistics.median(run[1] for run in seen)
        print(f"{name:19} {rates[name]:>8,.0f} check_host/s  {cpu:6.1f} us CPU a check   rampart "
              f"is {rates['rampart'] / rates[name]:.1f} x   {seen[0][2]}")
    ours = runs["rampart"][0][3]
    for name, seen in runs.items():
        agreed = sum(one == other for one, other in zip(ours, seen[0][3]))
        if name != "rampart" and agreed != len(ours):
            sys.exit(f"{name} agrees on {agreed} of {len(ours)} verdicts only")
    print(f"all agree on {len(ours)} verdicts, {ours.count('pass')} of them pass")


def inside(bench, rounds):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        zone, cases = example()
        (folder / "example.zone").write_text(zone)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", folder / "resolv.conf", "/etc/resolv.conf"], check=True)
        subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", HERE / "cold_libspf2.c", "-lspf2", "-o",
                        folder / "libspf2"], check=True)
        nsd = dns_server.nsd_command({"example": folder / "example.zone"}, folder, 53)
        # As resolvers answer by default: without records that nobody asked for.
        with open(folder / "nsd.conf", "a") as conf:
            conf.write("server:\n  minimal-responses: yes\n")
        server = subprocess.Popen(nsd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_server()
            show(measure({"rampart": [bench, "127.0.0.1"], "libspf2": [folder / "libspf2"],
                          "libspf2, no cache": [folder / "libspf2", "uncached"]}, cases, rounds))
        finally:
            server.terminate()
            server.wait()
            subprocess.run(["umount", "/etc/resolv.conf"], check=False)


def main():
    if INSIDE in os.environ:
        inside(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
        return
    namespaces = ["--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", *namespaces, sys.executable, __file__, *sys.argv[1:]])


if __name__ == "__main__":
    main()
