#!/usr/bin/env python3
"""Rotations rehearsed day by day with the real binary: each day a message is signed by dkimpy with
what `keys export` gave, and verified by dkimpy from the zone at once and five days later; one apply
of five never happens. A few months; with --months eighteen months of a monthly and a quarterly
rotation, with --long of eight."""

import argparse
import base64
import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dkim  # noqa: E402
import dns.zone  # noqa: E402
from harness import BINARY  # noqa: E402
from key_material import forms_of, leaks_in, seed_of  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

PASSPHRASE = "correct horse battery staple"
START = datetime.date(2026, 1, 1)
EIGHTEEN_MONTHS = 548
SHARE_SKIPPED = 0.2
DAYS_UNDER_WAY = 5  # How long senders retry (RFC 5321 section 4.5.4.1).

YAML = """version: 1
providers: {{files: {{type: zonefile, directory: zones}}}}
senders: {{mta: {{spf: ["ip4:192.0.2.1"], dkim: self}}}}
domains:
  example.com:  # all of it
    provider: files
    senders: [mta]
    dmarc: {{phase: dkim}}
    dkim:
      - rotate: {{name: office, sender: mta, every: {every}, algorithm: {algorithm}}}  # by hand
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

# How often, which keys, what proves that the signer switched, an emergency in the middle, days.
Case = collections.namedtuple("Case", "every algorithm proof emergency days")
SHORT = [Case("1mo", "both", "reports", True, 90), Case("1mo", "rsa2048", "none", False, 45)]
MONTHS = [Case("1mo", "rsa2048", "reports", True, EIGHTEEN_MONTHS),
          Case("3mo", "both", "none", True, EIGHTEEN_MONTHS)]
LONG = [Case(every, algorithm, proof, emergency, EIGHTEEN_MONTHS) for every in ("3mo", "1mo")
        for algorithm, proof, emergency in (("rsa2048", "word", True), ("both", "reports", True),
                                            ("rsa2048", "no selectors", False),
                                            ("rsa2048", "none", False))]


def cut_off():
    """No file may grow beyond a few octets: who writes more is killed there and then."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Rehearsal:
    """One domain and its days."""

    def __init__(self, folder, case):
        self.folder, self.case = pathlib.Path(folder), case
        self.random = random.Random(repr(case))
        (self.folder / "zones").mkdir()
        self.yaml = self.folder / "domains.yaml"
        self.zone = self.folder / "zones/example.com.zone"
        self.yaml.write_text(YAML.format(every=case.every, algorithm=case.algorithm))
        self.zone.write_text(ZONE)
        self.printed, self.sent, self.failures, self.rows = [], [], [], []
        self.selectors, self.revoked, self.compromised = set(), set(), set()
        self.secrets, self.known, self.read = {PASSPHRASE.encode()}, set(), (b"", None)
        self.counts = collections.Counter()
        self.zones = {}  # What the zone file has been, and since when.

    def run(self, day, *words, allowed=(0,), passphrase=PASSPHRASE, **options):
        if self.rows:
            words += ("--evidence", "evidence.json")
        done = subprocess.run([BINARY, *words, "--now", f"{day}T00:00:00Z", "--log-level", "debug"],
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              env={"PATH": "/usr/bin:/bin", "RAMPART_KEY_PASSPHRASE": passphrase},
                              **options)
        self.printed.append(done.stdout + done.stderr)
        if done.returncode not in allowed:
            self.wrong(day, f"{' '.join(words)}: {done.returncode}: {done.stderr[-300:].decode()}")
        return done

    def wrong(self, day, what):
        self.failures.append(f"{day}: {what}")

    def state(self, key):
        found = re.search(rf"^ +{key}: (\S+)", self.yaml.read_text(), re.MULTILINE)
        return found[1] if found else None

    def record(self, selector):
        text = self.zone.read_bytes()
        if self.read[0] != text:
            self.read = text, dns.zone.from_text(text.decode(), "example.com.", relativize=False)
        found = self.read[1].get_rdataset(f"{selector}._domainkey.example.com.", "TXT")
        return b"".join(found[0].strings) if found else None

    def look(self, name, **_):
        return self.record(name.decode().split("._domainkey")[0])

    def export(self, day):
        """As an operator's own schedule does: only what differs is written again."""
        kind = "pem" if self.case.algorithm == "both" else "opendkim"
        form = ("keys", "export", "--format", kind, "--out", "out")
        if self.run(day, *form, "--check", allowed=(0, 1)).returncode:
            self.run(day, *form)

    def exported(self):
        """(selector, PEM) of every key that the signer is to use."""
        if self.case.algorithm == "both":
            current = self.state("current")[:-1]
            paths = [self.folder / f"out/example.com/{current}{one}.pem" for one in "re"]
        else:
            rows = (self.folder / "out/KeyTable").read_text().splitlines()
            paths = [pathlib.Path(row.rpartition(":")[2]) for row in rows]
        for path in paths:
            key = path.read_bytes()
            if path not in self.known:
                self.known.add(path)
                self.secrets |= forms_of(key)
            yield path.stem, key

    def sign(self, number):
        """The day's message, signed by every key; the selectors that signed."""
        message, used = MESSAGE % (number, number), []
        for selector, key in self.exported():
            seed = seed_of(key)
            options = {"signature_algorithm": b"ed25519-sha256"} if seed else {}
            key = base64.b64encode(seed) if seed else key
            message = dkim.sign(message, selector.encode(), b"example.com", key,
                                **options) + message
            used.append(selector)
        self.selectors.update(used)
        return used, message

    def verify(self, day, used, message):
        for index, selector in enumerate(reversed(used)):
            self.counts["verified"] += 1
            if not dkim.DKIM(message).verify(index, dnsfunc=self.look):
                self.wrong(day, f"a message signed with {selector} fails")

    def acknowledge(self, selector):
        """The signer's word, as its operator writes it."""
        text = self.yaml.read_text()
        if self.state("signing"):
            text = re.sub(r"^( +signing:) \S+", rf"\1 {selector}", text, flags=re.MULTILINE)
        else:
            text = re.sub(r"^( +- rotate: .*)$", rf"\1\n        signing: {selector}", text,
                          flags=re.MULTILINE)
        self.yaml.write_text(text)

    def report(self, day, used):
        """What a receiver reports of the day; one of the two never states selectors."""
        row = {"day": str(day), "domain": "example.com", "from": "example.com",
               "reporter": self.random.choice(["google.com", "yahooinc.com"]), "source": "mta",
               "fate": "both", "p": "none", "messages": 1}
        if self.case.proof == "reports" and row["reporter"] == "google.com":
            row |= {"selectors": used, "selectors_reported": True}
        self.rows.append(row)
        document = {"evidence_version": 1, "newest": f"{day}T00:00:00Z", "rows": self.rows}
        (self.folder / "evidence.json").write_text(json.dumps(document))

    def change(self, day, emergency):
        """What the operator's schedule runs; one apply of five never happens."""
        words = ("rotate", "--write")
        if emergency:
            # The selector that is named, and not the other of its pair.
            self.compromised = {self.state("current")}
            words += ("--compromised", self.state("current"))
        self.run(day, *words, allowed=(0, 2))
        if self.random.random() < SHARE_SKIPPED:
            self.counts["skipped"] += 1
        else:
            self.run(day, "apply", "--auto-approve")
            self.zones.setdefault(self.zone.read_bytes(), day)

    def loading(self):
        """Why a name server does not load a zone file that was written."""
        with tempfile.TemporaryDirectory(prefix="rampart-rehearsal-") as folder:
            written = WrittenZones(folder)
            for octets, day in self.zones.items():
                written.keep(f"{day}", "example.com", octets)
            self.counts["zone files loaded"] = len(written)
            for _, faults, reason in written.faults():
                if reason:
                    print(f"not loaded: {reason}")
                yield from faults

    @staticmethod
    def selectors_of(key):
        return [key, key[:-1] + "e"] if key.endswith("r") else [key]

    def live(self, number, emergency):
        day = START + datetime.timedelta(days=number)
        self.change(day, emergency)
        if not self.state("current"):
            return
        self.export(day)
        used, message = self.sign(number)
        if self.case.proof == "word" and self.state("signing") != used[0]:
            self.acknowledge(used[0])
        if self.case.proof in ("reports", "no selectors"):
            self.report(day, used)
        self.sent.append((used, message))
        self.counts["signed"] += 1
        self.verify(day, used, message)
        old = self.sent[-1 - DAYS_UNDER_WAY] if len(self.sent) > DAYS_UNDER_WAY else None
        if old and not self.compromised & set(old[0]):
            self.verify(day, *old)
        self.revoked |= {one for one in self.selectors - self.revoked
                         if re.search(rb"p=(;|$)", self.record(one) or b"p=.")}

    def faults(self):
        """A wrong passphrase, a write that is torn, and every view of the live keys."""
        day = START + datetime.timedelta(days=self.case.days)
        out = ("keys", "export", "--format", "pem", "--out", "other")
        said = self.run(day, *out, allowed=(1,), passphrase="wrong").stderr.decode()
        if said.count("\n") != 1 or not said.endswith("does not decrypt it\n"):
            self.wrong(day, f"a wrong passphrase is reported so: {said}")
        subprocess.run(["git", "init", "-q", "tree"], cwd=self.folder, check=True)
        plain = self.run(day, "-c", "tree/domains.yaml", "keys", "generate", "example.com", "s1",
                         "--unencrypted", allowed=(1,), passphrase="").stderr
        if b"git work tree" not in plain or (self.folder / "tree/keys").exists():
            self.wrong(day, f"an unencrypted key in a git work tree: {plain}")
        for form in ("opendkim", "rspamd", "pem"):
            self.run(day, "keys", "export", "--format", form, "--out", "out-" + form)
        before = {path: path.read_bytes() for path in self.files()}
        torn = (("keys", "export", "--format", "pem", "--out", "out-pem"),
                ("keys", "generate", "example.com", "torn"))
        for words in torn:
            self.run(day, *words, allowed=(1, -25), preexec_fn=cut_off)
            if any(path.read_bytes() != text for path, text in before.items()):
                self.wrong(day, f"{' '.join(words)}, torn, changed an existing file")
            self.run(day, *words)
        self.run(day, "keys", "export", "--format", "pem", "--out", "out-pem", "--check")
        self.run(day, "keys", "list")
        self.run(day, "rotate", allowed=(0, 2))
        self.run(day, "plan", "--out", "plan.json", "--save-world", "world.json", allowed=(0, 3))

    def files(self):
        """Every file but those that are for the signer alone."""
        return [path for path in self.folder.rglob("*") if path.is_file()
                and not path.relative_to(self.folder).parts[0].startswith("out")]

    def leaks(self):
        texts = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.files()}
        texts["what was printed"] = b"".join(self.printed)
        self.counts["searched"] = sum(len(text) for text in texts.values())
        wrong = [f"private key material in {one}" for one in leaks_in(texts, self.secrets)]
        signer = {str(path): path.read_bytes() for path in self.folder.glob("out*/**/*.pem")}
        if len(leaks_in(signer, self.secrets)) != len(signer):
            wrong.append("the search finds not even the keys that were exported")
        return wrong

    def summary(self):
        """What is wrong with the whole."""
        case = self.case
        keys = case.days // (31 if case.every == "1mo" else 95)
        if len(self.selectors) < keys:
            yield f"only {len(self.selectors)} keys signed, not {keys}"
        proves = case.proof in ("word", "reports")
        if self.revoked < self.compromised:
            yield f"a compromised key is still live: {sorted(self.compromised)}"
        if not proves and self.revoked - self.compromised:
            yield f"revoked without proof: {sorted(self.revoked)}"
        if proves and len(self.revoked - self.compromised) < case.days // 200 + 1:
            yield f"too few were revoked: {sorted(self.revoked)}"
        if "# by hand" not in self.yaml.read_text():
            yield "a comment of the YAML is lost"


def rehearse(case):
    """(what is wrong, what was seen) of one rehearsal."""
    folder = tempfile.mkdtemp(prefix="rampart-rehearsal-")
    try:
        rehearsal = Rehearsal(folder, case)
        for number in range(case.days):
            rehearsal.live(number, case.emergency and number == case.days // 2)
        rehearsal.faults()
        wrong = [*rehearsal.failures, *rehearsal.leaks(), *rehearsal.summary(),
                 *rehearsal.loading()]
        counts = rehearsal.counts | {"keys": len(rehearsal.selectors),
                                     "revoked": len(rehearsal.revoked),
                                     "secrets": len(rehearsal.secrets)}
        return wrong, ", ".join(f"{name} {count}" for name, count in counts.items())
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", action="store_const", const=MONTHS, dest="cases")
    parser.add_argument("--long", action="store_const", const=LONG, dest="cases")
    cases = parser.parse_args().cases or SHORT
    passed = failed = 0
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for case, (wrong, seen) in zip(cases, pool.map(rehearse, cases)):
            print(f"{' '.join(str(one) for one in case)}: {seen}")
            print("".join(f"  {one}\n" for one in wrong[:20]), end="")
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
