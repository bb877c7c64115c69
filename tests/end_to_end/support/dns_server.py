#!/usr/bin/env python3
"""Real authoritative name servers on 127.0.0.1, for tests and the quickstart.

As a program: `dns_server.py ZONES STATE` serves every ZONES/<zone>.zone with the first server
installed and prints "PID ADDRESS:PORT" once it answers. The caller stops it by that pid.
"""

import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

from loopback import SBIN, free_port, stop


def nsd_config(state, address, zones):
    """Writes nsd's configuration for an address "ip@port" and {zone: file}; its path."""
    entries = "".join(
        f'zone:\n  name: "{zone}"\n  zonefile: "{path}"\n' for zone, path in zones.items())
    config = state / "nsd.conf"
    config.write_text(f"""server:
  ip-address: {address}
  username: ""
  chroot: ""
  database: ""
  server-count: 1
  zonesdir: "{state}"
  pidfile: "{state}/nsd.pid"
  xfrdfile: "{state}/xfrd.state"
  zonelistfile: "{state}/zone.list"
  xfrdir: "{state}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
{entries}""")
    return config


def nsd_command(zones, state, port):
    return ["nsd", "-d", "-c", str(nsd_config(state, f"127.0.0.1@{port}", zones))]


def knot_command(zones, state, port):
    entries = "".join(f'  - domain: "{zone}"\n    file: "{path}"\n' for zone, path in zones.items())
    config = state / "knot.conf"
    config.write_text(f"""server:
    rundir: "{state}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{state}/db"
template:
  - id: default
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
log:
  - target: stderr
    any: warning
zone:
{entries}""")
    return ["knotd", "-c", str(config)]


def named_command(zones, state, port):
    entries = "".join(
        f'zone "{zone}" {{ type primary; file "{path}"; }};\n' for zone, path in zones.items())
    config = state / "named.conf"
    config.write_text(f"""options {{
  directory "{state}"; pid-file "{state}/named.pid"; session-keyfile "{state}/session.key";
  managed-keys-directory "{state}"; lock-file none; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; check-names primary ignore;
}};
controls {{ }};
{entries}""")
    return ["named", "-g", "-n", "1", "-c", str(config)]


COMMANDS = {"nsd": nsd_command, "knot": knot_command, "named": named_command}
BINARIES = {"nsd": "nsd", "knot": "knotd", "named": "named"}


def installed():
    """The kinds of server that are installed, the preferred one first."""
    return [kind for kind, binary in BINARIES.items() if shutil.which(binary, path=SBIN)]


def zone_files(folder):
    """{zone: path} of every <zone>.zone in `folder`."""
    return {path.name[:-len(".zone")]: path.resolve()
            for path in sorted(pathlib.Path(folder).glob("*.zone"))}


def soa_query(zone):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in zone.split("."))
    return struct.pack(">6H", 4711, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 6, 1)


def answers(zone, port):
    """Whether the server answers for `zone` with authority."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        try:
            udp.sendto(soa_query(zone), ("127.0.0.1", port))
            reply = udp.recv(4096)
        except OSError:
            return False
        return len(reply) > 12 and reply[2] & 4 != 0 and reply[3] & 15 == 0


class DnsServer:
    """A running server; a context manager that stops it by its pid."""

    def __init__(self, kind, zones, state, **popen):
        self.state = pathlib.Path(state)
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "db").mkdir(exist_ok=True)
        if "user" in popen:
            for path in (self.state, self.state / "db"):
                shutil.chown(path, popen["user"], popen["group"])
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        command = COMMANDS[kind](zones, self.state, self.port)
        command[0] = shutil.which(command[0], path=SBIN)
        self.log = open(self.state / "log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True, **popen)
        self.wait(kind, zones)

    def wait(self, kind, zones):
        deadline = time.monotonic() + 20
        waiting = list(zones)
        while waiting and time.monotonic() < deadline and self.process.poll() is None:
            waiting = [zone for zone in waiting if not answers(zone, self.port)]
            if waiting:
                time.sleep(0.02)
        if waiting:
            self.stop()
            log = (self.state / "log").read_text(errors="replace")
            raise RuntimeError(f"{kind} does not serve {', '.join(waiting)}:\n{log}")

    def stop(self):
        stop(self.process, 5)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def main():
    zones, state = sys.argv[1:]
    kinds = installed()
    if not kinds:
        sys.exit("no name server is installed: nsd, knot or named")
    server = DnsServer(kinds[0], zone_files(zones), pathlib.Path(state).resolve())
    print(server.process.pid, server.address, flush=True)


if __name__ == "__main__":
    main()
