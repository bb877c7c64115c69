#!/usr/bin/env python3
"""A network without the public DNS, whose resolver answers every public name with NXDOMAIN: no name
is called missing because of it, where the same answers of another resolver are believed."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.rcode  # noqa: E402
import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402

CHECKS = Checks()
YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
senders:
  vendor: {spf: ["include:spf.vendor.com"], dkim: self}
domains:
  example.com:
    provider: files
    senders: [vendor]
    dkim: [{selector: s1, cname: s1.vendor.net}]
    dmarc: {phase: monitor, since: 2026-01-01, rua: [mailto:d@example.com]}
"""
ZONE = """$TTL 3600
@ SOA ns h 1 3600 600 86400 300
  NS ns
  MX 10 mx
  TXT "v=spf1 ~all"
ns A 127.0.0.1
mx A 127.0.0.1
"""
NAMES = {("host.corp.internal", "TXT"): ["x"]}


class Sealed(dns_stub.Records):
    """A resolver of a private network: public top levels do not exist for it."""

    def answer(self, query):
        reply = super().answer(query)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        if name in ("com", "net"):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


def rampart(folder, resolver, *words):
    run = subprocess.run([BINARY, "--resolver", resolver, *words], cwd=folder, text=True,
                         capture_output=True, check=False, env={**os.environ, "NO_COLOR": "1"})
    return run.returncode, run.stdout + run.stderr


def codes(text):
    return {(one["severity"], one["code"]) for one in json.loads(text)["findings"]}


def planned(folder, resolver):
    file = folder / "plan.json"
    status, _ = rampart(folder, resolver, "plan", "--out", str(file))
    return status, codes(file.read_text())


def main():
    sealed, public = dns_stub.serve(NAMES, Sealed), dns_stub.serve(NAMES, dns_stub.Records)
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root)
        (folder / "zones").mkdir()
        (folder / "zones/example.com.zone").write_text(ZONE)
        (folder / "domains.yaml").write_text(YAML)
        status, found = planned(folder, public)
        CHECKS.check("known names: what is missing is withheld", status == 3)
        CHECKS.check("known names: the include", ("error", "spf-unresolved") in found)
        CHECKS.check("known names: the selector's target", ("error", "takeover") in found)
        status, found = planned(folder, sealed)
        CHECKS.check("sealed: nothing is withheld", status == 0)
        CHECKS.check("sealed: no name is missing",
                     not {"takeover", "selector-dangling", "name-dangling"} & {c for _, c in found})
        CHECKS.check("sealed: the target is unknown", ("warning", "dkim-unresolved") in found)
        CHECKS.check("sealed: the include is unknown", ("warning", "spf-unresolved") in found)
        for name, shown in (("gone.com", "knows no public names"), ("gone.internal", "not exist")):
            text = rampart(folder, sealed, "audit", name, "--no-fetch")[1]
            CHECKS.check(f"sealed: audit {name}", shown in text)
        text = rampart(folder, public, "audit", "gone.com", "--no-fetch")[1]
        CHECKS.check("known names: audit gone.com", "domain-missing" in text)
    return CHECKS.report()


if __name__ == "__main__":
    sys.exit(main())
