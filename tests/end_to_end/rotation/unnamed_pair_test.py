#!/usr/bin/env python3
"""A key pair that somebody laid down under the name of the next selector is never used: rotate
makes its own under another name, and every plan reports the file. Two runs at once make one pair
whose halves match."""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import BINARY, Checks  # noqa: E402

TODAY = "2026-11-24T00:00:00Z"
YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
senders: {mta: {spf: ["ip4:192.0.2.1"], dkim: self}}
domains:
  a.example:
    provider: files
    senders: [mta]
    dmarc: {phase: dkim}
    dkim:
      - rotate: {name: office, sender: mta, algorithm: ALGORITHM}
"""
DECLARED = "      - {selector: s1, public_key: keys/a.example/s1.pub}\n"
ZONE = """$ORIGIN a.example.
$TTL 3600
@ IN SOA ns1 admin 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A 192.0.2.53
"""


class Place:
    def __init__(self, folder, algorithm="ed25519"):
        self.folder = pathlib.Path(folder)
        (self.folder / "zones").mkdir()
        (self.folder / "zones/a.example.zone").write_text(ZONE)
        (self.folder / "domains.yaml").write_text(YAML.replace("ALGORITHM", algorithm))
        self.keys = self.folder / "keys/a.example"

    def command(self, *words):
        return [str(BINARY), *words, "--now", TODAY, "--resolver", "127.0.0.1:9"]

    def run(self, *words):
        return subprocess.run(self.command(*words), cwd=self.folder, capture_output=True,
                              text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "RAMPART_KEY_PASSPHRASE": "word"})

    def start(self, *words):
        return subprocess.Popen(self.command(*words), cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={"PATH": "/usr/bin:/bin", "RAMPART_KEY_PASSPHRASE": "word"})

    def findings(self):
        plan = json.loads(self.run("plan", "--format", "json").stdout)
        return {(one["code"], one["severity"]) for one in plan["findings"]}

    def published(self):
        return (self.folder / "zones/a.example.zone").read_text()


def pair_of(folder):
    """The octets of a pair that another run made elsewhere."""
    other = Place(folder)
    done = other.run("keys", "generate", "a.example", "x1", "--algorithm", "ed25519")
    assert done.returncode == 0, done.stderr
    return (other.keys / "x1.key").read_bytes(), (other.keys / "x1.pub").read_bytes()


def check_laid_down(folder, algorithm, names, taken):
    place = Place(folder / algorithm, algorithm)
    (folder / "other").mkdir(exist_ok=True)
    key, public = pair_of(pathlib.Path(tempfile.mkdtemp(dir=folder / "other")))
    place.keys.mkdir(parents=True)
    for name in taken:
        (place.keys / f"{name}.pub").write_bytes(public)
        (place.keys / f"{name}.key").write_bytes(key)
    yield f"{algorithm}: the plan reports it", ("key-unnamed", "error") in place.findings()
    done = place.run("rotate", "--write")
    yield f"{algorithm}: rotate {done.stderr}", done.returncode in (0, 2)
    yaml = (place.folder / "domains.yaml").read_text()
    yield f"{algorithm}: another name {yaml}", f"next: {names[0]}\n" in yaml
    for name in names:
        made = (place.keys / f"{name}.pub").read_bytes()
        yield f"{algorithm}: {name} is a key of its own", made != public
    place.run("apply", "--auto-approve")
    text = place.published()
    yield f"{algorithm}: published {text}", all(f"{name}._domainkey" in text for name in names)
    strange = "".join(line for line in public.decode().split("\n") if line[:1] not in "#-")
    yield f"{algorithm}: never the other key", strange[-20:] not in text.replace('" "', "")
    yield f"{algorithm}: it is reported until it is removed", (
        ("key-unnamed", "error") in place.findings())
    for name in taken:
        (place.keys / f"{name}.pub").unlink()
        (place.keys / f"{name}.key").unlink()
    yield f"{algorithm}: and then no more", ("key-unnamed", "error") not in place.findings()


def check_two_at_once(folder, rounds):
    """However two runs interleave, the pair that stays matches, and one of the runs succeeds."""
    outcomes = set()
    for number in range(rounds):
        place = Place(folder / f"twice{number}")
        runs = [place.start("keys", "generate", "a.example", "s1", "--algorithm", "ed25519")
                for _ in range(2)]
        codes = sorted(run.wait() for run in runs)
        for run in runs:
            run.communicate()
        # An export opens the private half and compares it with the public one that is published.
        (place.folder / "domains.yaml").write_text(YAML.split("      - rotate")[0] + DECLARED)
        place.run("apply", "--auto-approve")
        export = place.run("keys", "export", "--format", "pem", "--out", "out")
        outcomes.add((tuple(codes), export.returncode))
    yield f"two at once: {outcomes}", outcomes == {((0, 1), 0)}


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for one in ["ed25519", "both", *(f"twice{i}" for i in range(20))]:
            (folder / one).mkdir()
        checks.each(check_laid_down(folder, "ed25519", ["office-20261124-2"],
                                    ["office-20261124"]))
        checks.each(check_laid_down(folder, "both", ["office-20261124-2r", "office-20261124-2e"],
                                    ["office-20261124e"]))
        checks.each(check_two_at_once(folder, 20))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
