#!/usr/bin/env python3
"""A rollback and its apply read no evidence: a store that is locked, damaged or a pipe without a
writer neither delays nor stops them. What tightens reads it, and is held where it cannot be read.
"""

import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from harness import BINARY, Checks  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
senders:
  office: {spf: ["ip4:192.0.2.0/28"], dkim: self}
defaults: {provider: files}
domains:
  example.com:
    senders: [office]
    dkim: [{selector: s1, txt: "v=DKIM1; k=ed25519; p={KEY}"}]
    dmarc: {phase: quarantine, since: 2026-10-01, rua: [mailto:dmarc@example.com]}
"""
ZONE = """$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600
@ IN NS ns1
ns1 IN A 192.0.2.53
@ IN TXT "v=spf1 ip4:192.0.2.0/28 ~all"
s1._domainkey IN TXT "v=DKIM1; k=ed25519; p={KEY}"
_dmarc IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"
"""
PATIENCE = 20  # Less than a locked store is waited for.


class Place:
    """A folder with the YAML and the zone, both at p=quarantine, and a store."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "zones").mkdir(parents=True)
        (self.folder / "domains.yaml").write_text(YAML.replace("{KEY}", KEY))
        self.zone = self.folder / "zones" / "example.com.zone"
        self.zone.write_text(ZONE.replace("{KEY}", KEY))
        self.store = self.folder / "rampart.db"

    def run(self, *words):
        """(exit code or None where it took too long, output)"""
        try:
            done = subprocess.run(
                [BINARY, "--now", "2026-11-21T00:00:00Z", "--resolver", "127.0.0.1:1",
                 "--nameserver", "127.0.0.1:1", *words], cwd=self.folder, timeout=PATIENCE,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=False)
        except subprocess.TimeoutExpired as late:
            return None, (late.stdout or b"").decode()
        return done.returncode, done.stdout.decode()

    def policy(self):
        return next(line for line in self.zone.read_text().splitlines() if "DMARC1" in line)


def locked(store):
    made = sqlite3.connect(store)
    made.execute("CREATE TABLE reports(id)")
    made.execute("BEGIN EXCLUSIVE")
    return made.close


def damaged(store):
    store.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    return lambda: None


def pipe(store):
    os.mkfifo(store)
    return store.unlink


def check_rollback(checks, folder):
    for spoil in (locked, damaged, pipe):
        for reviewed in (False, True):
            what = f"a rollback with a {spoil.__name__} store, {'plan' if reviewed else 'no'} file"
            place = Place(folder / f"{spoil.__name__}{reviewed}")
            code, seen = place.run("rollback", "example.com")
            checks.equal(f"{what}: rollback", code, 0)
            # The plan is made before the store is spoilt: reviewing takes its time.
            if reviewed:
                code, seen = place.run("plan", "--live", "provider", "--out", "plan.json")
                checks.check(f"{what}: planned", code in (0, 2), seen)
            repair = spoil(place.store)
            began = time.monotonic()
            words = ["plan.json"] if reviewed else ["--auto-approve"]
            code, seen = place.run("apply", *words, "--verify-timeout", "0s")
            checks.check(f"{what}: applied in {time.monotonic() - began:.1f} s",
                         code in (0, 5), (code, seen))
            checks.check(f"{what}: nothing is reported about evidence", "evidence" not in seen,
                         seen)
            checks.check(f"{what}: published", "p=none" in place.policy(), place.policy())
            repair()


def check_tightening(checks, folder):
    """The counterpart: a step up does read the store."""
    place = Place(folder)
    place.zone.write_text(ZONE.replace("{KEY}", KEY).replace("p=quarantine",
                                                                "p=none"))
    damaged(place.store)
    _, seen = place.run("apply", "--auto-approve", "--verify-timeout", "0s")
    checks.check("a step up reports a damaged store", "need evidence" in seen, seen)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_rollback(checks, folder)
        check_tightening(checks, folder / "up")
        written = WrittenZones(folder / "written")
        for zones in folder.glob("*/zones"):
            written.keep_folder(zones.parent.name, zones)
        skipped = written.check(checks, 2)
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
