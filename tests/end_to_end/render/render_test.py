#!/usr/bin/env python3
"""Renders the wanted records for every tool and reads them back: all forms hold the same records,
those that `plan` would create in empty zones."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns", "yaml")

import readers  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

NOW = "2026-11-21T00:00:00Z"
KEY = ("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAifNNbleYOT+IjYt4ZmEnfWEXIZKGYvfS3MBR"
       "tawfWgA0n6l5nRBB+hsG7iANuYLnmB4ogaXlvVbQmEwy3pGAAqkqnwuMf1YMEamxTXObUjEDIlwURkup"
       "cpzkpuyETtQBEbI3BEqg/z8qOEGEZ7bOj7O8wqmUV+qB/6E7WoxiC62a/iZ7nJCGUFXScv1CGFEo0n1z"
       "+1JDjBwIU3M39nnYwJUwxbm+SQYiSHpu+t4Q/4Ao+W65KIwHilYjPmwwCZQBuasmGso8jzomvn6xbeCw"
       "8USzIFFZIq7nXs8pxqQZ4hWV14GozViZqkboxb952gXZvJj7kzRKWRIn5MZL0qj8VQIDAQAB")
EMPTY = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600\n  IN NS ns1\n" \
        "ns1 IN A 192.0.2.53\n@ IN MX 10 mx\nmx IN A 192.0.2.25\n"

YAML = f"""version: 1
providers:
  files: {{type: zonefile, directory: zones}}
  cf: {{type: cloudflare}}
senders:
  macro:
    spf: ["exists:%{{i}}._spf.mta.example.net", "include:%{{d}}.spf.example.net"]
    dkim: self
domains:
  example.com:
    PROVIDER
    senders: [google_workspace, mailchimp, macro]
    spf: {{exp: "explain._spf.%{{d}}", ttl: 600}}
    dkim:
      - {{selector: long1, txt: "v=DKIM1; k=rsa; p={KEY}"}}
      - {{selector: long10, txt: "v=DKIM1; n=it's here; p={KEY}"}}
      - {{selector: long2, txt: "v=DKIM1; p="}}
    dmarc: {{phase: quarantine, pct: 10, rua: [mailto:dmarc@example.com], fo: "1:d:s"}}
    mta_sts: {{mode: testing, mx: [mx.example.com]}}
    tls_rpt: {{rua: [mailto:tls@example.com, "https://tls.example.com/report"]}}
  news.example.com: {{PROVIDER, senders: [sparkpost], dmarc: {{phase: dkim}}}}
  example.org: {{PROVIDER, parked: true, dmarc: {{rua: [mailto:dmarc@example.com]}}}}
  quiet.example: {{PROVIDER, senders: [macro], dmarc: {{phase: discovery}}}}
"""


class Trial(harness.Checks):
    """The binary at work in a folder, and a tally."""

    def __init__(self, binary, work):
        super().__init__()
        self.binary, self.work, self.skipped = binary, pathlib.Path(work), []

    def run(self, *words, code=0):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.work)}
        done = subprocess.run([self.binary, "--now", NOW, "--resolver", "127.0.0.1:9", *words],
                              cwd=self.work, env=environment, capture_output=True, text=True)
        self.check(f"rampart {' '.join(words)} ends with {code}", code in (None, done.returncode),
                   f"but with {done.returncode}: {done.stderr}{done.stdout[:300]}")
        return done

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def planned(trial):
    """What `plan` creates in empty zones: all that is wanted, but for DMARC that waits for keys."""
    plan = json.loads(trial.run("plan", "--format", "json", code=None).stdout)
    records = {}
    for change in plan["changes"]:
        values = set(change["after"]["values"])
        if change["type"] in ("CNAME", "MX"):
            values = {one if one.endswith(".") else one + "." for one in values}
        records[change["name"], change["type"]] = (change["after"]["ttl"], values)
    return records


def rendered(trial, form, *words):
    out = trial.work / f"out-{form}"
    shutil.rmtree(out, ignore_errors=True)
    trial.run("render", "--format", form, "--out", str(out), *words)
    return {path.name.rpartition(".")[0]: path.read_text() for path in sorted(out.iterdir())}


def difference(found, wanted):
    return " ".join(f"{key}: {found.get(key)} for {wanted.get(key)}"
                    for key in sorted({*found, *wanted}) if found.get(key) != wanted.get(key))


def read_all(files, read):
    records = {}
    for apex, text in files.items():
        records.update(read(text, apex))
    return records


def check_zone_files(trial, files):
    written = WrittenZones(trial.work / "check")
    for apex, text in files.items():
        trial.write(f"check/{apex}.inc", text)
        zone = readers.SOA.format(apex=apex) + f"$INCLUDE {apex}.inc\n"
        written.keep("render", apex, zone.encode())
    trial.skipped += written.check(trial, 3)


def check_syntax(trial, files, command):
    for apex, text in files.items():
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        trial.check(f"{command[0]} takes {apex}", done.returncode == 0, done.stderr + done.stdout)


def check_forms(trial):
    for zone in ("example.com", "example.org", "quiet.example"):
        trial.write(f"zones/{zone}.zone", EMPTY.replace("@ IN MX 10 mx\n", "")
                    if zone == "example.org" else EMPTY)
    trial.write("domains.yaml", YAML.replace("PROVIDER", "provider: files"))
    wanted = planned(trial)
    trial.check("there is much to render", len(wanted) > 12, str(len(wanted)))
    wanted["_dmarc.example.com", "TXT"] = (300, {"v=DMARC1; p=quarantine; t=y; pct=10; fo=1:d:s; "
                                                 "rua=mailto:dmarc@example.com"})
    for form, read in (("zone", readers.read_zone), ("octodns", readers.read_octodns),
                       ("dnscontrol", readers.read_dnscontrol)):
        files = rendered(trial, form)
        found = read_all(files, read)
        trial.check(f"{form} holds what is wanted", found == wanted, difference(found, wanted))
        trial.check(f"{form} says what is left out",
                    "quiet.example is in phase discovery" in files["quiet.example"])
        if form == "zone":
            check_zone_files(trial, files)
        if form == "dnscontrol":
            check_syntax(trial, files, ["node", "--check", "-"])
    return wanted


def check_terraform(trial, wanted):
    formatter = shutil.which("terraform")
    for provider, resource in (("files", "aws_route53_record"), ("cf", "cloudflare_dns_record"),
                               ("[files, cf]", "both")):
        trial.write("domains.yaml", YAML.replace("PROVIDER", f"provider: {provider}"))
        zones = ("--zone", "example.com", "--zone", "example.org", "--zone", "quiet.example")
        files = rendered(trial, "terraform", *zones)
        for kind in ("aws_route53_record", "cloudflare_dns_record"):
            found = read_all(files, lambda text, _, kind=kind: readers.read_terraform(text, kind))
            there = resource in (kind, "both") and not (resource == "both" and
                                                        kind == "aws_route53_record")
            trial.check(f"{kind} for {provider}", found == (wanted if there else {}),
                        difference(found, wanted if there else {}))
        if formatter:
            check_syntax(trial, files, [formatter, "fmt", "-check", "-diff", "-"])
        trial.check("other values at the apex must be given",
                    provider != "files" or "var.other_txt_example_com)" in files["example.com"])


def check_sub_domain(trial):
    """Nothing is queried, so the policy that a sub-domain would inherit is no reason to refuse."""
    trial.write("domains.yaml", """version: 1
domains:
  example.com: {dmarc: {phase: monitor, rua: [mailto:d@example.com]}}
  news.example.com: {dmarc: {phase: monitor, rua: [mailto:d@example.com]}}
""")
    done = trial.run("render")
    trial.check("a sub-domain's DMARC record is rendered",
                "_dmarc.news.example.com." in done.stdout, done.stdout)


def check_refusals(trial):
    """What is missing in a rendering would be deleted by the other tool, so there is none."""
    shutil.rmtree(trial.work / "zones")
    yaml = YAML.replace("PROVIDER", "provider: cf")
    cases = [("a key file that is not there", yaml.replace(
                 "- {selector: long2, txt: \"v=DKIM1; p=\"}",
                 "- {selector: long2, public_key: keys/none.pub}"), "cannot be read"),
             ("MX that nobody resolves", yaml.replace("mx: [mx.example.com]", "mx: auto"),
              "are not known")]
    for what, text, sentence in cases:
        trial.write("domains.yaml", text)
        done = trial.run("render", "--format", "octodns", code=1)
        trial.check(f"{what} is reported", sentence in done.stderr, done.stderr)
        trial.check(f"{what} renders nothing", done.stdout == "", done.stdout)


def check_policies(trial):
    trial.write("domains.yaml", YAML.replace("PROVIDER", "provider: files").replace(
        "mx: [mx.example.com]", "mx: auto"))
    trial.run("render", "--format", "mta-sts", "--out", "web")
    policy = (trial.work / "web/example.com/.well-known/mta-sts.txt").read_bytes()
    trial.check("the policy names the live MX", policy == b"version: STSv1\r\nmode: testing\r\n"
                b"mx: mx.example.com\r\nmax_age: 604800\r\n", str(policy))
    again = trial.run("render", "--format", "mta-sts", "--out", "web")
    trial.check("an unchanged policy is not written again", "wrote" not in again.stderr)
    alone = trial.run("render", "--format", "mta-sts", "--domain", "example.com")
    trial.check("one policy can be printed", alone.stdout.startswith("version: STSv1"))


def check_leaving(trial):
    trial.write("domains.yaml", YAML.replace("PROVIDER", "provider: files"))
    for form in ("zone", "octodns", "dnscontrol", "terraform"):
        words = ("--format", form, "--leave-spf", "--domain", "example.com")
        text = trial.run("render", *words).stdout
        spf = [line for line in text.splitlines() if "v=spf1" in line]
        trial.check(f"{form} gives SPF in a comment alone",
                    len(spf) == 1 and spf[0].startswith(("; ", "# ", "// ")), str(spf))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=harness.BINARY, type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    with tempfile.TemporaryDirectory(prefix="rampart-render.") as work:
        trial = Trial(binary, os.path.realpath(work))
        wanted = check_forms(trial)
        check_terraform(trial, wanted)
        check_policies(trial)
        check_leaving(trial)
        check_refusals(trial)
        check_sub_domain(trial)
    return trial.report(trial.skipped)


if __name__ == "__main__":
    sys.exit(main())
