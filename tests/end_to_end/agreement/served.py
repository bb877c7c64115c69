"""A folder with the zones of made-up domains, and a real name server that answers for all of them
as a resolver would."""

import os
import pathlib
import subprocess

import dns_server
import made_up
import records
from harness import BINARY

NOW = "2026-11-21T00:00:00Z"


class Served:
    """A context manager around the server; `run` runs rampart in the folder."""

    def __init__(self, folder, domains):
        self.folder = pathlib.Path(folder)
        zones = self.folder / "zones"
        zones.mkdir()
        for domain in domains:
            (zones / f"{domain.name}.zone").write_text(records.zone_file(domain))
        served = self.folder / "example.zone"
        served.write_text(made_up.served_zone(domains))
        self.server = dns_server.DnsServer(dns_server.installed()[0], {"example": served},
                                           self.folder / "state")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def run(self, *words):
        """What the command prints; the exit code is that of a run that found faults."""
        done = subprocess.run([BINARY, "--now", NOW, "--resolver", self.server.address, *words],
                              cwd=self.folder, capture_output=True, text=True, timeout=800,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        if done.returncode not in (0, 2, 3):
            raise RuntimeError(f"rampart {' '.join(words)}: {done.stdout[-3000:]}{done.stderr}")
        return done.stdout
