#!/usr/bin/env python3
"""Observing real name servers: a resolver, two authoritative servers, one that is dead, in a
network of our own (unshare), because a zone's own servers are queried at port 53.
"""

import json
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from dns_server import nsd_config  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from loopback import in_own_network, program  # noqa: E402

FIRST, SECOND, DEAD, PARENT = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
RESOLVER = "127.0.0.1"
SOA = "$TTL 3600\n@ SOA ns.nic.example. hostmaster.nic.example. 1 3600 900 604800 60\n"
TLD = SOA + f"@ NS ns.nic\nns.nic A {PARENT}\n"

# Per zone: the servers that its NS records name, and what each of them serves (None: not at all).
ZONES = {
    "good.example": ([FIRST, SECOND], {FIRST: '@ TXT "v=spf1 -all"\n'}),
    "differ.example": ([FIRST, SECOND], {FIRST: '_dmarc TXT "v=DMARC1; p=none"\n',
                                         SECOND: '_dmarc TXT "v=DMARC1; p=reject"\n'}),
    "wild.example": ([FIRST, SECOND], {FIRST: '* TXT "v=spf1 -all"\n* MX 10 mail\n'
                                              'mail A 192.0.2.1\n'
                                              '_dmarc TXT "v=DMARC1; p=none"\n'}),
    "half.example": ([FIRST, DEAD], {FIRST: '@ TXT "v=spf1 -all"\n'}),
    "lame.example": ([FIRST, SECOND], {FIRST: '@ TXT "v=spf1 -all"\n', SECOND: None}),
    "gone.example": ([DEAD], {FIRST: None, SECOND: None}),
    "cut.example": ([FIRST], {FIRST: "_domainkey NS ns0._domainkey\n"
                                      f"ns0._domainkey A {SECOND}\n", SECOND: None}),
    "_domainkey.cut.example": ([SECOND], {FIRST: None, SECOND: 's1 TXT "v=DKIM1; p="\n'}),
    "alias.example": ([FIRST], {FIRST: '_dmarc CNAME policy.good.example.\n'}),
}
DOMAINS = ["good.example", "differ.example", "wild.example", "sub.wild.example", "half.example",
           "lame.example", "gone.example", "cut.example", "alias.example", "none.example"]
YAML = """version: 1
providers:
  host: {type: cloudflare}
defaults: {provider: host, spf: {all: fail}, dmarc: {phase: monitor, since: 2026-11-01}}
domains:
""" + "".join(f"  {name}:\n    dkim: [{{selector: s1, txt: 'v=DKIM1; p='}}]\n" for name in DOMAINS)


def zone_text(name, server):
    if name == "example" or server == PARENT:
        return None if name != "example" or server != PARENT else TLD + "".join(
            f"{zone}. NS ns{index}.{zone}.\nns{index}.{zone}. A {address}\n"
            for zone, (addresses, _) in ZONES.items() if zone.count(".") == 1
            for index, address in enumerate(addresses))
    addresses, contents = ZONES[name]
    content = contents[server] if server in contents else contents[FIRST]
    if content is None:
        return None
    return SOA + "".join(f"@ NS ns{index}\nns{index} A {address}\n"
                         for index, address in enumerate(addresses)) + content


def start_nsd(folder, server):
    state = folder / server
    state.mkdir()
    zones = {}
    for name in ["example", *ZONES]:
        text = zone_text(name, server)
        if text is None:
            continue
        zones[name] = state / f"{name}.zone"
        zones[name].write_text(f"$ORIGIN {name}.\n{text}")
    config = nsd_config(state, f"{server}@53", zones)
    return start(["nsd", "-d", "-c", str(config)], state)


def start_named(folder):
    state = folder / "resolver"
    state.mkdir()
    config = state / "named.conf"
    config.write_text(f"""options {{
  directory "{state}"; pid-file "{state}/named.pid"; session-keyfile "{state}/session.key";
  managed-keys-directory "{state}"; lock-file none; listen-on port 53 {{ {RESOLVER}; }};
  listen-on-v6 {{ none; }}; recursion yes; allow-recursion {{ any; }}; dnssec-validation no;
  empty-zones-enable no;
}};
controls {{ }};
zone "example" {{ type static-stub; server-addresses {{ {PARENT}; }}; }};
""")
    return start(["named", "-g", "-n", "1", "-c", str(config)], state)


def start(command, state):
    command[0] = program(command[0])
    with open(state / "log", "wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def wait_for(address):
    query = (struct.pack(">6H", 4711, 256, 1, 0, 0, 0) + b"\4good\7example\0" +
             struct.pack(">2H", 6, 1))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.3)
            try:
                udp.sendto(query, (address, 53))
                if udp.recv(4096)[3] & 15 == 0:
                    return
            except OSError:
                pass
        time.sleep(0.05)
    raise RuntimeError(f"{address} does not answer")


def rampart(folder, *arguments):
    started = time.monotonic()
    done = subprocess.run([str(BINARY), "-c", str(folder / "domains.yaml"), "--resolver", RESOLVER,
                           "--now", "2026-11-21T00:00:00Z", *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done, time.monotonic() - started


def live(world, apex, name, kind):
    """What the World says of one key of one zone."""
    for zone in world["zones"]:
        if zone["apex"] != apex:
            continue
        for entry in zone["sets"]:
            if entry["name"] == name and entry["type"] == kind:
                return entry
    return {"state": "not asked"}


def values(entry):
    return entry.get("set", {}).get("values", [])


def check_world(checks, world):
    def expect(apex, name, kind, state, content=None):
        entry = live(world, apex, name, kind)
        holds = entry["state"] == state and (content is None or values(entry) == content)
        checks.check(f"{name} {kind} is {state}", holds, entry)
        return entry.get("detail", "")

    expect("good.example", "good.example", "TXT", "present", ["v=spf1 -all"])
    expect("good.example", "_dmarc.good.example", "TXT", "absent")
    detail = expect("differ.example", "_dmarc.differ.example", "TXT", "disagree")
    checks.check("both servers are named", FIRST in detail and SECOND in detail, detail)
    expect("wild.example", "sub.wild.example", "TXT", "absent")
    expect("wild.example", "_dmarc.wild.example", "TXT", "present", ["v=DMARC1; p=none"])
    wild = [zone for zone in world["zones"] if zone["apex"] == "wild.example"][0]["wildcards"]
    owners = sorted((entry["name"], entry["type"]) for entry in wild)
    checks.check("wildcards are found", owners == [("*.wild.example", "MX"),
                                                   ("*.wild.example", "TXT")], owners)
    detail = expect("half.example", "half.example", "TXT", "present", ["v=spf1 -all"])
    checks.check("the dead server is named", DEAD in detail, detail)
    detail = expect("lame.example", "lame.example", "TXT", "present", ["v=spf1 -all"])
    checks.check("the refusing server is named", f"{SECOND}:53: refused" in detail, detail)
    error = [zone["error"] for zone in world["zones"] if zone["apex"] == "gone.example"]
    checks.check("a zone that nobody serves is unobservable",
                 error and "SERVFAIL" in error[0], error)
    expect("_domainkey.cut.example", "s1._domainkey.cut.example", "TXT", "present", ["v=DKIM1; p="])
    expect("alias.example", "_dmarc.alias.example", "CNAME", "present", ["policy.good.example"])
    expect("alias.example", "_dmarc.alias.example", "TXT", "absent")
    missing = {entry["domain"]: entry["why"] for entry in world["zone_missing"]}
    checks.check("a missing zone is missing", "does not exist" in missing.get("none.example", ""),
                 missing)


def check_verify(checks, folder):
    done, _ = rampart(folder, "--format", "json", "verify")
    rows = {domain["domain"]: domain["differences"]
            for domain in json.loads(done.stdout)["domains"]}
    servers = {row["server"] for row in rows["differ.example"]
               if row["name"] == "_dmarc.differ.example"}
    checks.check("verify names the server that differs",
                 any(SECOND in server for server in servers), servers)
    lame = [row for row in rows["lame.example"] if SECOND in row["server"]]
    checks.check("verify names the server that refuses",
                 lame and all("refused" in row["problem"] for row in lame), lame)
    good = [row for row in rows["good.example"] if row["name"] == "good.example"]
    checks.check("verify finds nothing where all is correct", good == [], good)


def run_tests():
    checks = Checks()
    processes = []
    with tempfile.TemporaryDirectory(prefix="rampart-observe.") as name:
        folder = pathlib.Path(name)
        (folder / "domains.yaml").write_text(YAML)
        try:
            processes += [*(start_nsd(folder, server) for server in (PARENT, FIRST, SECOND)),
                          start_named(folder)]
            for address in (FIRST, SECOND, RESOLVER):
                wait_for(address)
            saved = folder / "world.json"
            done, took = rampart(folder, "plan", "--save-world", str(saved))
            checks.check("it takes seconds", took < 15, took)
            checks.check("a plan is made", saved.exists(), done.stderr + done.stdout)
            if saved.exists():
                check_world(checks, json.loads(saved.read_text()))
                check_verify(checks, folder)
            named = [line for line in done.stdout.splitlines() if "warning[ns-failing]" in line]
            checks.check("failing servers are findings that name them",
                         any(f"{DEAD}:53: " in line for line in named) and
                         any(f"{SECOND}:53: refused" in line for line in named), named)
            again, _ = rampart(folder, "plan", "--world", str(saved))
            checks.check("the saved World plans alike", again.stdout == done.stdout, again.stdout)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
    return checks.report()


def main():
    return in_own_network("observing real servers", run_tests)


if __name__ == "__main__":
    sys.exit(main())
