#!/usr/bin/env python3
"""Questions a second and CPU a question: Rampart's resolver beside dnsperf, against one nsd.

Usage: bench/resolver/run.py BUILD_DIR/bench/resolver_bench [ROUNDS]
"""
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

NAMES = 50000
MISSING = 10000

NSD_CONF = """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: bench.example
  zonefile: bench.zone
"""


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_inputs(folder, port):
    with open(f"{folder}/bench.zone", "w") as zone:
        zone.write("$ORIGIN bench.example.\n$TTL 3600\n"
                   "@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n")
        for number in range(NAMES):
            zone.write(f'n{number} TXT "v=spf1 ip4:192.0.2.{number % 256} -all"\n')
    with open(f"{folder}/names.txt", "w") as names:
        for number in range(NAMES + MISSING):
            names.write(f"n{number * 5 % (NAMES + MISSING)}.bench.example TXT\n")
    with open(f"{folder}/nsd.conf", "w") as conf:
        conf.write(NSD_CONF.format(port=port, folder=folder))


def wait_for(port):
    query = (b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
             b"\x05bench\x07example\x00\x00\x06\x00\x01")
    for _ in range(200):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.05)
            try:
                probe.connect(("127.0.0.1", port))
                probe.send(query)
                if probe.recv(512)[3] & 0xF == 0:
                    return
            except OSError:
                time.sleep(0.05)
    sys.exit("nsd did not start")


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(command, pattern):
    """The rate that `pattern` finds in the output, and the CPU microseconds a question."""
    before = cpu_of_children()
    output = subprocess.run(command, capture_output=True, text=True).stdout
    cpu = (cpu_of_children() - before) * 1e6 / (NAMES + MISSING)
    found = re.search(pattern, output)
    if not found:
        sys.exit(f"{command[0]} printed no rate:\n{output}")
    return float(found.group(1)), cpu


def main():
    bench = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        write_inputs(folder, port)
        server = subprocess.Popen(["nsd", "-d", "-c", f"{folder}/nsd.conf"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            names = f"{folder}/names.txt"
            clients = {"rampart": ([bench, f"127.0.0.1:{port}", names],
                                   r"rampart: (\d+) questions/s")}
            if shutil.which("dnsperf"):
                clients["dnsperf"] = (["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", names,
                                       "-c", "4", "-T", "1", "-n", "1"],
                                      r"Queries per second:\s+(\d+)")
            results = {name: [] for name in clients}
            for _ in range(rounds):
                for name, (command, pattern) in clients.items():
                    results[name].append(timed(command, pattern))
            print(f"{NAMES + MISSING} questions to nsd on loopback, {rounds} interleaved rounds")
            for name, runs in results.items():
                rate = statistics.median(rate for rate, _ in runs)
                cpu = statistics.median(cpu for _, cpu in runs)
                print(f"{name:8} {rate:9.0f} questions/s  {cpu:6.2f} us CPU a question")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
