#!/usr/bin/env python3
"""Zone files, before and after edits, as named and ldns load them.

Generated files in many layouts, some with $INCLUDE and $GENERATE, are edited with zone_edit_driver;
named-checkzone must accept the outcome, and what it loads (-D) must be, record by record, what we
say is there. ldns-read-zone must accept it too, and knotd must serve it. The last line is
`N passed, N failed`.
"""

import argparse
import collections
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.name  # noqa: E402
import dns.rdata  # noqa: E402
from harness import BUILD, Checks  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

APEX = "example.com"
SOAS = ["@ 900 IN SOA ns host 2026112007 2h 15m 2w 300\n",
        "@\t900 IN\tSOA\tns host (\n\t\t\t7 ; serial\n\t\t\t7200 900\n\t\t\t1209600 300 )\n",
        "example.com. 900 SOA ns.example.com. host.example.com. ( 2026112199 2 3 4 5 )\n"]
OWNERS = ["@", "www", "WWW.Example.com.", "_dmarc", "s1._domainkey", "*.wild", "b\\.c",
          "\\036dollar", "\\@at", ""]
TEXTS = ['"v=spf1 include:_spf.example.net ~all"', "plain", "v=DMARC1; p=none", '"a" "b"',
         '"a""b"',
         '( "x" ; note\n\t"y" )', '"semi; colon"', r'"q\"uote \\ \195\188"', '""', r"\# 3 026869",
         '"' + "k" * 255 + '" "' + "l" * 80 + '"', r"un\;quoted\ blank"]
OTHERS = ["A 192.0.2.1", "A 192.0.2.2", "AAAA 2001:DB8::1", "MX 10 mx", "MX 0 .",
          "MX 20 MX.example.net.",
          'CAA 0 issue "ca.example"', "SRV 0 5 5060 sip", "TYPE65280 \\# 2 ABCD",
          'NAPTR 10 20 "u" "E2U+sip" "!^.*$!sip:x!" .', 'HTTPS 1 . alpn="h2,h3"',
          "TLSA 3 1 1 (\n " + "ab" * 16 + "\n " + "CD" * 16 + " )"]
GENERATES = ["1-3 gen$ A 192.0.2.$", "0-6/3 g-${10,3,d} 60 IN A 192.0.2.${1}",
             "1-2 h$ TXT \"number $ \\\\$\"",
             "250-252 x${0,4,x} CNAME host-${0,0,X}.$ORIGIN-less.example.",
             "17-18 ${0,7,n}.ip6 PTR p${0,3,N}.example.net.",
             "1-2 o${5,3,o} IN 5m MX \"$ mx$$\""]
INCLUDED = ["inc TXT \"included\"\ninc2 TXT x\n",
            "@ TXT \"from the file\"\nmail 300 A 192.0.2.77\n",
            "$ORIGIN below\ndeep 60 TXT d\n", "$TTL 77\nshort TXT s\n", "; a comment alone\n",
            "a 60 TXT a\n$INCLUDE part1.inc other\n"]
NEW_TEXTS = [b"v=spf1 -all", b"", b"k" * 256, b"\xc3\xbc\x00\"\\", b"site=1; x", b" ", b"p" * 700]


def zone_text(rng):
    """A zone file that servers accept, in a random layout."""
    default = rng.random() < 0.6
    text = rng.choice(["$TTL 1h\n", "$TTL 3600 ; c\n"]) if default else ""
    text += rng.choice(SOAS) + "@ 900 IN NS ns\n@ 900 NS ns.example.net.\nns 900 A 192.0.2.53\n"
    for _ in range(rng.randrange(14)):
        kind = rng.random()
        if kind < 0.04:
            text += f"$GENERATE {rng.choice(GENERATES)}\n"
            continue
        if kind < 0.1:
            part = f"part{rng.randrange(len(INCLUDED))}.inc"
            text += rng.choice(["$INCLUDE ", "$include "]) + part
            text += rng.choice(["", " @", " parts.example.com.", " sub ; c"]) + "\n"
            continue
        if kind < 0.18:
            text += rng.choice(["; comment ( \"\n", "\n", "$ORIGIN sub.example.com.\n",
                                "$ORIGIN deep\n", "$ORIGIN example.com.\n"])
            continue
        owner = rng.choice(OWNERS)
        words = [rng.choice(["", "IN "]), rng.choice(["", "60 ", "1h30m "])]
        rng.shuffle(words)
        record = rng.choice(OTHERS) if rng.random() < 0.4 else "TXT " + rng.choice(TEXTS)
        text += owner + rng.choice([" ", "\t"]) + "".join(words) + record
        text += rng.choice(["", " ; c"]) + "\n"
    text += "c1 60 CNAME www\n" if rng.random() < 0.5 else ""
    return text.replace("\n", "\r\n") if rng.random() < 0.15 else text


def edits_text(rng, dump):
    """Edits of some TXT sets that exist, and of some that do not."""
    names = {line.split()[0] for line in dump if line.split()[3] == "TXT"}
    names |= {"new.example.com.", "s2._domainkey.example.com."}
    lines = []
    for name in sorted(names):
        if rng.random() < 0.4:
            continue
        if rng.random() < 0.3:
            lines.append(f"{name} TXT -")
            continue
        values = rng.sample(NEW_TEXTS, rng.randrange(1, 4))
        lines.append(f"{name} TXT {rng.choice([60, 900, 3600])} " +
                     " ".join("x" + value.hex() for value in values))
    if rng.random() < 0.4:
        lines.append("c1.example.com. CNAME -")
        lines.append("c1.example.com. TXT 300 x" + b"v=DKIM1; p=".hex())
    return "".join(line + "\n" for line in lines)


def canonical(lines):
    """{(name, type): (values, ttls)}, values as wire and TXT joined: spelling is no matter."""
    sets = {}
    for line in lines:
        name, ttl, _, kind, data = (line.rstrip("\n").split(None, 4) + [""])[:5]
        rdata = dns.rdata.from_text("IN", kind, data, origin=dns.name.root, relativize=False)
        wire = b"".join(rdata.strings) if kind == "TXT" else rdata.to_wire()
        has_names = kind in ("MX", "NS", "CNAME", "SRV", "SOA")
        key = (dns.name.from_text(name).canonicalize(), kind)
        values, ttls = sets.setdefault(key, (set(), set()))
        values.add(wire.lower() if has_names else wire)
        ttls.add(int(ttl))
    return sets


def difference(ours, theirs, clear):
    """What two readings disagree on. Where a set's TTLs differ, servers choose one as they like;
    and without $TTL (not `clear`), named lets later records inherit the one that it chose."""
    clear = clear or all(len(ttls) == 1 for _, ttls in ours.values())
    wrong = [key for key in ours.keys() | theirs.keys()
             if ours.get(key, ({}, 0))[0] != theirs.get(key, ({}, 0))[0]]
    wrong += [key for key, (_, ttls) in ours.items()
              if clear and len(ttls) == 1 and key not in wrong and ttls != theirs[key][1]]
    return [(str(key), ours.get(key), theirs.get(key)) for key in wrong]


class ZoneChecks(Checks):
    """One folder, the tools, and the tally."""

    def __init__(self, driver, folder):
        super().__init__()
        self.driver, self.folder = driver, pathlib.Path(folder)
        self.seen = collections.Counter()
        self.written = WrittenZones(self.folder / "written")
        for number, part in enumerate(INCLUDED):
            for place in (self.folder, self.written.folder):
                (place / f"part{number}.inc").write_text(part)

    def run(self, *command, text=""):
        return subprocess.run(command, input=text, capture_output=True, encoding="utf-8",
                              errors="surrogateescape", check=False, timeout=60, cwd=self.folder)

    def ours(self, path):
        return self.run(self.driver, "dump", APEX, str(path))

    def theirs(self, path):
        """What named loads, as lines; None where it refuses."""
        out = self.folder / "dump"
        done = self.run("named-checkzone", "-q", "-i", "none", "-k", "ignore", "-n", "ignore",
                        "-r", "ignore", "-D", "-s", "full", "-o", str(out), APEX, str(path))
        if done.returncode != 0:
            return None
        text = re.sub(r"^;.*\n", "", out.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return text.splitlines()

    def same_records(self, what, path):
        """Ours and named's reading of one file agree; ldns takes it too."""
        ours, theirs = self.ours(path), self.theirs(path)
        detail = path.read_text(encoding="utf-8", errors="replace") + ours.stderr
        if "servers differ on which TTL" in ours.stderr:
            self.seen["unclear TTL"] += 1
            return None
        if ours.returncode != 0 or theirs is None:
            refused = ours.returncode != 0 and theirs is None
            return self.check(f"{what}: accepted by one only", refused, detail)
        text = path.read_text(encoding="utf-8", errors="replace")
        wrong = difference(canonical(ours.stdout.splitlines()), canonical(theirs), "$TTL" in text)
        self.check(f"{what}: records differ", not wrong, f"{detail}\n{wrong}")
        return None

    def ldns_takes(self, what, path):
        if re.search(r"(?i)\bIN\s+\d|\$GENERATE|\$INCLUDE", path.read_text(errors="replace")):
            return  # ldns 1.8 knows no TTL behind the class, and neither directive.
        done = self.run("ldns-read-zone", str(path))
        detail = done.stderr + path.read_text(errors="replace")
        self.check(f"{what}: ldns", done.returncode == 0, detail)

    def one(self, number):
        rng = random.Random(number)
        path, after = self.folder / "before.zone", self.folder / "after.zone"
        path.write_bytes(zone_text(rng).encode())
        self.same_records(f"zone {number} as written", path)
        dump = self.ours(path).stdout.splitlines()
        if not dump:
            return
        edits = edits_text(rng, dump)
        done = self.run(self.driver, "edit", APEX, str(path), text=edits)
        directives = "INCLUDE" in path.read_text().upper() or "$GENERATE" in path.read_text()
        # Without $TTL, included records inherit their TTL from a line that an edit may remove.
        words = "which is not edited" if "$TTL" in path.read_text() else "edit"
        if directives and done.returncode != 0 and words in done.stderr:
            self.seen["refused"] += 1
            return
        self.seen["edited"] += directives
        self.check(f"zone {number}: the edit", done.returncode == 0, done.stderr + edits)
        after.write_bytes(done.stdout.encode("utf-8", "surrogateescape"))
        self.same_records(f"zone {number} after its edit", after)
        if self.theirs(after) is None:
            self.check(f"zone {number}: named refuses the edited file", False, after.read_text())
        self.ldns_takes(f"zone {number} after its edit", after)
        # These included files have relative origins, which Knot does not read.
        if not re.search(r"part[25]\.inc", after.read_text(errors="replace")):
            self.written.keep_file(f"zone {number} after its edit", APEX, after)


REFUSED = ['a TXT "open\n', "a CNAME b\na TXT x\n", "a A 1.2.3\n", "a FOO x\n", "a TXT ( x\n",
           'a TXT "' + "x" * 256 + '"\n', "a..b TXT x\n", "x" * 64 + " TXT y\n",
           "a CNAME b\na CNAME c\n"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", default=str(BUILD / "tests/zone_edit_driver"))
    parser.add_argument("--zones", type=int, default=150)
    args = parser.parse_args()
    missing = [tool for tool in ("named-checkzone", "ldns-read-zone") if not shutil.which(tool)]
    if missing:
        return Checks().report([f"zone files: {', '.join(missing)} not installed"])
    with tempfile.TemporaryDirectory(prefix="rampart-zones-") as folder:
        checks = ZoneChecks(args.driver, folder)
        for number in range(args.zones):
            checks.one(number)
        for state in ("refused", "edited", "unclear TTL"):
            enough = checks.seen[state] >= args.zones // 50
            checks.check(f"files with directives, {state}", enough, str(checks.seen))
        for number, text in enumerate(REFUSED):
            path = pathlib.Path(folder) / "bad.zone"
            path.write_text(SOAS[0] + "@ 60 NS ns\nns A 192.0.2.1\n" + text)
            both = checks.ours(path).returncode != 0 and checks.theirs(path) is None
            checks.check(f"refused by both: {number}", both, text)
        skipped = checks.written.check(checks, args.zones // 2)
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
