#!/usr/bin/env python3
"""check_host() a second on one core, answers cached and cold, beside the Debian peers.

The example is a domain with twelve records and some 150 terms (ip4, ip6, include); the clients
almost never match, which is the worst case: every term of every record is looked at. After that
cold.py, in this folder, does the same with nothing cached, over a name server.

Usage: bench/spf/run.py BUILD_DIR/tests/spf_driver [ROUNDS]
Needs a release build with the tests (cmake --preset release -DRAMPART_TESTS=ON) of spf_driver and
spf_cold_bench, and what cold.py names.
"""

import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DRIVERS = HERE.parents[1] / "tests/differential"
CLIENTS = 1000


def example():
    """The lines that every driver reads."""
    chance = random.Random(12)
    includes = " ".join(f"include:s{number}.example" for number in range(10))
    lines = [f"zone\texample.com\tTXT\tv=spf1 ip4:203.0.113.0/24 {includes} ~all"]
    for number in range(10):
        terms = [f"ip4:{chance.randrange(1, 224)}.{chance.randrange(256)}."
                 f"{chance.randrange(256)}.0/{chance.choice([20, 22, 24, 28])}"
                 for _ in range(11)]
        terms += [f"ip6:2a0{chance.randrange(10)}:{chance.randrange(9999)}::/36" for _ in range(3)]
        lines.append(f"zone\ts{number}.example\tTXT\tv=spf1 {' '.join(terms)} ~all")
    for number in range(CLIENTS):
        address = ".".join(str(chance.randrange(1, 224)) for _ in range(4))
        lines.append(f"case\t{number}\t{address}\tuser@example.com")
    return "\n".join(lines) + "\n"


def peers(driver, folder):
    """{name: (command, rounds)}; rounds make each run take about a second."""
    found = {"rampart": ([driver], 500),
             "pyspf": (["/usr/bin/python3", str(DRIVERS / "pyspf_driver.py")], 1),
             "Mail::SPF": (["perl", str(DRIVERS / "mail_spf_driver.pl")], 1)}
    binary = f"{folder}/libspf2_driver"
    built = shutil.which("gcc") and subprocess.run(
        ["gcc", "-O2", "-D_GNU_SOURCE", str(DRIVERS / "libspf2_driver.c"), "-lspf2", "-o", binary],
        capture_output=True).returncode == 0
    if built:
        found["libspf2"] = ([binary], 10)
    return found


def rate(command, rounds, text):
    done = subprocess.run(["taskset", "-c", "0", *command, str(rounds)], input=text,
                          capture_output=True, text=True)
    last = done.stdout.rstrip().rpartition("\n")[2].split("\t")
    return float(last[1]) if last[0] == "rate" else None


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    text = example()
    with tempfile.TemporaryDirectory() as folder:
        rates = {name: [] for name in peers(sys.argv[1], folder)}
        for _ in range(rounds):
            for name, (command, repeats) in peers(sys.argv[1], folder).items():
                rates[name].append(rate(command, repeats, text))
    medians = {name: statistics.median(seen) for name, seen in rates.items() if None not in seen}
    ours = medians["rampart"]
    for name, median in sorted(medians.items(), key=lambda row: -row[1]):
        print(f"{name:10} {median:>10,.0f} check_host/s   rampart is {ours / median:,.1f} x",
              flush=True)
    cold = pathlib.Path(sys.argv[1]).with_name("spf_cold_bench")
    return subprocess.run([sys.executable, HERE / "cold.py", cold, str(rounds)]).returncode


if __name__ == "__main__":
    sys.exit(main())
