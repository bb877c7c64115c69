#!/usr/bin/env python3
"""Rotations rehearsed day by day with the real binary: each day a message is signed by dkimpy with
what `keys export` gave, and verified from the zone at once and five days later. With --long,
eighteen months of quarterly and monthly rotations; otherwise a few months."""

import argparse
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import dkim
    import dns.zone
except ImportError:  # Debian's packages belong to Debian's own python.
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = SOURCE / "build/dev/rampart"
PASSPHRASE = "correct horse battery staple"
START = datetime.date(2026, 1, 1)

YAML = """version: 1
providers: {{files: {{type: zonefile, directory: zones}}}}
senders: {{mta: {{spf: ["ip4:192.0.2.1"], dkim: self}}}}
domains:
  example.com:  # all of it
    provider: files
    senders: [mta]
    dmarc: {{phase: dkim}}
    dkim:
      - rotate: {{name: office, sender: mta, every: {every}}}  # by hand until 2025
"""
ZONE = """$ORIGIN example.com.
$TTL 3600
@ IN SOA ns1 admin 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A 192.0.2.53
"""
MESSAGE = (b"From: a@example.com\r\nTo: b@example.net\r\nSubject: day %d\r\n"
           b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <%d@example.com>\r\n\r\n"
           b"Hello.\r\n")


class Rehearsal:
    """One domain and its days."""

    def __init__(self, folder, every, proof, seed):
        self.folder, self.proof = pathlib.Path(folder), proof
        self.random = random.Random(seed)
        (self.folder / "zones").mkdir()
        self.yaml = self.folder / "domains.yaml"
        self.zone = self.folder / "zones/example.com.zone"
        self.yaml.write_text(YAML.format(every=every))
        self.zone.write_text(ZONE)
        self.printed, self.sent, self.failures = [], [], []
        self.selectors, self.revoked, self.compromised = set(), set(), None
        self.secrets, self.rows = set(), []

    def run(self, day, *words, allowed=(0,)):
        if self.rows:
            words += ("--evidence", "evidence.json")
        done = subprocess.run([BINARY, *words, "--now", f"{day}T00:00:00Z"], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              env={"PATH": "/usr/bin:/bin", "RAMPART_KEY_PASSPHRASE": PASSPHRASE})
        self.printed.append(done.stdout + done.stderr)
        if done.returncode not in allowed:
            self.failures.append(f"{day}: {' '.join(words)}: {done.returncode}: "
                                 f"{done.stderr.decode()[-300:]}")
        return done.returncode

    def state(self, key):
        found = re.search(rf"^ +{key}: (\S+)", self.yaml.read_text(), re.MULTILINE)
        return found[1] if found else None

    def record(self, selector):
        zone = dns.zone.from_file(str(self.zone), "example.com.", relativize=False)
        found = zone.get_rdataset(f"{selector}._domainkey.example.com.", "TXT")
        return b"".join(found[0].strings) if found else None

    def look(self, name, **_):
        return self.record(name.decode().split("._domainkey")[0])

    def sign(self, number):
        table = (self.folder / "out/KeyTable").read_text().split()
        selector, path = table[1].split(":")[1:]
        key = pathlib.Path(path).read_bytes()
        self.secrets.update(line for line in key.splitlines()[1:-1] if len(line) > 40)
        self.selectors.add(selector)
        message = MESSAGE % (number, number)
        return selector, dkim.sign(message, selector.encode(), b"example.com", key) + message

    def verify(self, day, selector, message):
        if not dkim.verify(message, dnsfunc=self.look):
            self.failures.append(f"{day}: a message signed with {selector} fails")

    def acknowledge(self, selector):
        """The signer's word, as its operator writes it."""
        text = self.yaml.read_text()
        if self.state("signing"):
            text = re.sub(r"^( +signing:) \S+", rf"\1 {selector}", text, flags=re.MULTILINE)
        else:
            text = re.sub(r"^( +- rotate: .*)$", rf"\1\n        signing: {selector}", text,
                          flags=re.MULTILINE)
        self.yaml.write_text(text)

    def report(self, day, selector):
        """What a receiver reports of the day; some leave the selectors out."""
        row = {"day": str(day), "domain": "example.com", "from": "example.com",
               "reporter": self.random.choice(["google.com", "example.net"]), "source": "mta",
               "fate": "both", "p": "none", "messages": 1}
        if self.proof == "reports":
            row |= {"selectors": [selector], "selectors_reported": True}
        self.rows.append(row)
        document = {"evidence_version": 1, "newest": f"{day}T00:00:00Z", "rows": self.rows}
        (self.folder / "evidence.json").write_text(json.dumps(document))

    def live(self, number, emergency):
        day = START + datetime.timedelta(days=number)
        if emergency:
            self.compromised = self.state("current")
            self.run(day, "rotate", "--write", "--compromised", self.compromised, allowed=(0, 2))
        else:
            self.run(day, "rotate", "--write", allowed=(0, 2))
        if self.random.random() >= 0.2:
            self.run(day, "apply", "--auto-approve")
        if not self.state("current"):
            return
        self.run(day, "keys", "export", "--format", "opendkim", "--out", "out")
        selector, message = self.sign(number)
        if self.proof == "word" and self.state("signing") != selector:
            self.acknowledge(selector)
        if self.proof in ("reports", "no selectors"):
            self.report(day, selector)
        self.sent.append((selector, message))
        self.verify(day, selector, message)
        old = self.sent[-6] if len(self.sent) > 5 else None
        if old and old[0] != self.compromised:
            self.verify(day, *old)
        for one in self.selectors - self.revoked:
            if re.search(rb"p=(;|$)", self.record(one) or b"p=."):
                self.revoked.add(one)

    def leaks(self):
        """What was printed or stored that only the signer's folder may hold."""
        texts = {"output": b"".join(self.printed)}
        for path in self.folder.rglob("*"):
            if path.is_file() and "out" not in path.relative_to(self.folder).parts:
                texts[str(path.relative_to(self.folder))] = path.read_bytes()
        return [name for name, text in texts.items()
                if re.search(rb"BEGIN (RSA )?PRIVATE KEY", text) or PASSPHRASE.encode() in text
                or any(line in text for line in self.secrets)]


def rehearse(every, proof, emergency, days):
    """(what is wrong, what was seen) of one rehearsal."""
    folder = tempfile.mkdtemp(prefix="rampart-rehearsal-")
    try:
        rehearsal = Rehearsal(folder, every, proof, f"{every} {proof}")
        for number in range(days):
            rehearsal.live(number, emergency and number == days // 2)
        wrong = rehearsal.failures + [f"private key material in {one}" for one in rehearsal.leaks()]
        keys = days // (31 if every == "1mo" else 95)
        if len(rehearsal.selectors) < keys:
            wrong.append(f"only {len(rehearsal.selectors)} keys signed, not {keys}")
        proves = proof in ("word", "reports")
        expected = rehearsal.revoked if proves else {rehearsal.compromised} - {None}
        if rehearsal.revoked != expected or (proves and len(rehearsal.revoked) < 2):
            wrong.append(f"revoked: {sorted(rehearsal.revoked)}")
        if emergency and rehearsal.compromised not in rehearsal.revoked:
            wrong.append(f"the compromised key {rehearsal.compromised} still stands")
        if "# by hand until 2025" not in rehearsal.yaml.read_text():
            wrong.append("a comment of the YAML is lost")
        return wrong
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    long = parser.parse_args().long
    cases = [("1mo", "reports", True, 100), ("1mo", "none", False, 70)]
    if long:
        cases = [(every, proof, emergency, 548) for every in ("3mo", "1mo")
                 for proof, emergency in (("word", True), ("reports", True),
                                          ("no selectors", False), ("none", False))]
    passed = failed = 0
    for case in cases:
        wrong = rehearse(*case)
        print("\n".join(f"{case}: {one}" for one in wrong[:20]))
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
