#!/usr/bin/env python3
"""init over zones of our own making: its YAML loads, its plan is empty, applying it leaves every
zone file as it was, and a second init gives the same bytes."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("yaml")

import zones  # noqa: E402
from dns_server import zone_files  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

NOW = "2026-11-21T00:00:00Z"
NOBODY_ANSWERS = "127.0.0.1:9"
# What people leave in a folder and no server loads: init must read past it.
NOT_LOADED = {"include.example": "the file that it includes does not exist",
              "garbage.example": "it is no zone file", "no-octets.example": "it is empty"}


class Trial:
    """One set of zones in a folder of its own, and what is wrong with it."""

    def __init__(self, binary, work, name, files):
        self.binary, self.name, self.passed, self.wrong = binary, name, 0, []
        self.folder = pathlib.Path(work) / name
        (self.folder / "zones").mkdir(parents=True)
        self.files = {f"{apex}.zone": text.encode() for apex, text in files.items()}
        for path, octets in self.files.items():
            (self.folder / "zones" / path).write_bytes(octets)

    def check(self, what, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.wrong.append(f"FAILED: {self.name}: {what} {detail}")

    def run(self, *words, code=0):
        done = subprocess.run(
            [self.binary, "--now", NOW, "--resolver", NOBODY_ANSWERS, *words], cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}, capture_output=True, text=True)
        self.check(f"rampart {' '.join(words)} ends with {code}", done.returncode == code,
                   f"but with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr}")
        return done

    def init(self):
        return self.run("init", "--provider", "zonefile:directory=zones").stdout

    def go(self, wanted):
        yaml = self.init()
        (self.folder / "domains.yaml").write_text(yaml)
        unwrapped = re.sub(r"\n *# ", " ", yaml)  # Comments are wrapped at the line's width.
        for word in wanted:
            self.check(f"its YAML holds {word}", word in yaml or word in unwrapped, "\n" + yaml)
        planned = self.run("plan", "--detailed-exitcode", "--log-level", "error")
        self.check("its plan is empty", "No changes" in planned.stdout, planned.stdout)
        self.run("apply", "--auto-approve")
        for path, octets in self.files.items():
            now = (self.folder / "zones" / path).read_bytes()
            self.check(f"{path} is untouched", now == octets)
        self.check("a second init gives the same bytes", self.init() == yaml)
        named = self.run("init", "--provider", "files").stdout
        self.check("a provider of the YAML does as well", named == yaml)
        return yaml


def declared(yaml):
    """The catalogue senders that a YAML uses."""
    return set(re.findall(r"^      - (?:\{use: )?(\w+)(?=[,\n])", yaml, re.MULTILINE))


def trials(binary, work):
    """(trial, what its YAML must hold, the services set up in it)."""
    for apex, (vendors, text) in zones.vendor_zones().items():
        yield Trial(binary, work, apex, {apex: text}), [], vendors
    for apex, (text, wanted) in zones.ODD.items():
        yield Trial(binary, work, apex, {apex: text}), wanted, []
    together = {apex: text for apex, (text, _) in zones.ODD.items()}
    yield Trial(binary, work, "together", together), ["defaults:"], []
    shared = zones.dmarc("v=DMARC1; p=none; rua=mailto:d@reports.example!10m")
    yield (Trial(binary, work, "one-bad-rua", {"a.example": shared, "b.example": shared}),
           ["  # DMARC is left unmanaged: size limits of report addresses are obsolete "
            "(RFC 9989).\n", "  a.example:", "  b.example:"], [])


def check_out(binary, work):
    """--out never replaces a file; a domain alone can be named; bad words are refused."""
    trial = Trial(binary, work, "out", {"a.example": zones.spf("v=spf1 mx ~all"),
                                        "b.example": zones.spf("v=spf1 mx ~all")})
    files = ("--provider", "zonefile:directory=zones")
    trial.run("init", "a.example", *files, "--out", "new.yaml")
    text = (trial.folder / "new.yaml").read_text()
    trial.check("the domain named alone is taken", "a.example:" in text and "b.ex" not in text)
    trial.run("init", "b.example", *files, "--out", "new.yaml", code=1)
    trial.check("a file is never replaced", (trial.folder / "new.yaml").read_text() == text)
    for words in (["--provider", "zonefile:"], ["--provider", "nohost:a=b"], ["--provider", "x"],
                  ["--provider", "zonefile:directory=zones,color=red"], [], ["a..b"]):
        trial.run("init", *words, code=1)
    return trial


def limited(handler):
    """Lets a file have ten octets; writing more fails, or kills where `handler` is the default."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
    signal.signal(signal.SIGXFSZ, handler)


def check_whole(binary, work):
    """--out writes the whole file or none, so that the next run is not refused."""
    trial = Trial(binary, work, "whole", {"a.example": zones.spf("v=spf1 mx ~all")})
    words = [binary, "--now", NOW, "--resolver", NOBODY_ANSWERS, "init", "a.example", "--provider",
             "zonefile:directory=zones", "--out", "new.yaml"]
    for handler in (signal.SIG_IGN, signal.SIG_DFL):
        done = subprocess.run(words, cwd=trial.folder, capture_output=True, text=True,
                              preexec_fn=lambda handler=handler: limited(handler))
        killed = handler == signal.SIG_DFL
        trial.check("a write that fails ends the run", done.returncode == (-25 if killed else 1),
                    f"{done.returncode} {done.stderr}")
        trial.check("the error names the file", killed or "new.yaml: " in done.stderr, done.stderr)
        trial.check("nothing is left", os.listdir(trial.folder) == ["zones"],
                    os.listdir(trial.folder))
    trial.run(*words[5:])
    trial.check("the next run writes it", "a.example" in (trial.folder / "new.yaml").read_text())
    return trial


def check_link(binary, work):
    """A zone file that is a link is reported, and ends nothing for the others."""
    trial = Trial(binary, work, "link", {"a.example": zones.spf("v=spf1 mx ~all")})
    (trial.folder / "zones/b.example.zone").symlink_to("a.example.zone")
    trial.go(["zones/b.example.zone: it is a symbolic link",
              '  a.example:\n    spf: {extra: ["mx"]}'])
    return trial


def evidence_row(source, messages, **other):
    return {"day": "2026-11-19", "domain": "a.example", "from": "a.example",
            "reporter": "google.com", "source": source, "fate": "both", "selectors": [],
            "selectors_reported": True, "p": "none", "pct": 100, "testing": False,
            "messages": messages, **other}


def check_reports(binary, work):
    """--from-reports suggests, in comments alone, who sends and is not named."""
    text = zones.spf("v=spf1 include:_spf.google.com ~all") + zones.key("odd7")
    trial = Trial(binary, work, "reports", {"a.example": text,
                                            "b.example": zones.spf("v=spf1 -all")})
    rows = [evidence_row("google_workspace", 900), evidence_row("mailchimp", 40),
            evidence_row("mailchimp", 2, fate="fail", reporter="yahooinc.com"),
            evidence_row("microsoft_365", 738, fate="dkim", selectors=["google"]),
            evidence_row("sendgrid", 300, fate="fail"),
            evidence_row("ptr:host.example.net", 7, fate="fail", marked=True),
            *(evidence_row(f"ip:192.0.2.{i}", 3, fate="spf") for i in range(30))]
    (trial.folder / "evidence.json").write_text(json.dumps(
        {"evidence_version": 2, "newest": "2026-11-20T00:00:00Z", "rows": rows}))
    words = ("init", "--provider", "zonefile:directory=zones", "--from-reports",
             "--evidence", "evidence.json")
    yaml = trial.run(*words).stdout
    trial.check("without a DOMAIN those of the reports are taken",
                "a.example:" in yaml and "b.example" not in yaml, yaml)
    trial.check("a sender is suggested with its counts",
                "add `- mailchimp` to `senders:`: 42 messages, 40 of them passed DMARC" in
                " ".join(yaml.replace("#", " ").split()), yaml)
    trial.check("a host is reported", "ptr:host.example.net: 7 messages, 0 of" in yaml, yaml)
    words = " ".join(yaml.replace("#", " ").split())
    for service in ("microsoft_365", "sendgrid"):
        trial.check(f"{service} is not suggested", f"`- {service}`" not in words and
                    f"another customer of the service: {service}: " in words, yaml)
    trial.check("a wave is folded", yaml.count("ip:192.0.2.") == 9 and
                "from unknown hosts: 63 messages, 63 of them passed DMARC" in words, yaml)
    trial.check("who is named is not suggested", "`- google_workspace`" not in yaml, yaml)
    (trial.folder / "domains.yaml").write_text(yaml)
    planned = trial.run("plan", "--detailed-exitcode")
    trial.check("suggestions change nothing", "No changes" in planned.stdout, planned.stdout)
    trial.run("init", "a.example", "--provider", "zonefile:directory=zones", "--from-reports",
              code=1)
    return trial


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=harness.BINARY, type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    passed, wrong, vendors, found = 0, [], set(), set()
    with tempfile.TemporaryDirectory(prefix="rampart-init.") as work:
        cases = [case for case in trials(arguments.binary.resolve(), work)
                 if not arguments.names or case[0].name in arguments.names]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for case, yaml in zip(cases, pool.map(lambda case: case[0].go(case[1]), cases)):
                if arguments.names:
                    print(yaml)
                vendors |= set(case[2])
                found |= set(case[2]) & declared(yaml)
        checks = [] if arguments.names else [check_out, check_whole, check_link,
                                             check_reports]
        ends = [check(arguments.binary.resolve(), work) for check in checks]
        written = WrittenZones(pathlib.Path(work) / "written")
        for trial in [case[0] for case in cases] + ends:
            passed += trial.passed
            wrong += trial.wrong
            for apex, path in zone_files(trial.folder / "zones").items():
                if apex not in NOT_LOADED:
                    written.keep_file(trial.name, apex, path)
        loading = harness.Checks()
        skipped = written.check(loading, 1 if arguments.names else 30)
    print("\n".join(wrong))
    print(f"{len(cases)} sets of zones; {len(vendors)} services set up, {len(found)} recognised; "
          f"not: {' '.join(sorted(vendors - found))}")
    if not arguments.names and (len(vendors) != 140 or len(found) < 100):
        wrong.append("too few services")
    loading.passed += passed
    loading.failed += len(wrong)
    return loading.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
