#!/usr/bin/env python3
"""DNAMEs and delegations: nothing is written at a name that they hide, whichever way the zone is
read, and every zone that was written loads in named, Knot and nsd."""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from dns_server import BINARIES, DnsServer  # noqa: E402
from harness import Checks  # noqa: E402
from loopback import free_port, program, running  # noqa: E402
from workplace import SECRET, Workplace, knot_with, status, values  # noqa: E402

HEAD = """$ORIGIN example.net.
$TTL 3600
@ SOA ns1.example.com. h.example.com. 1 7200 3600 1209600 300
@ NS ns1.example.com.
"""
SENDERS = 'office-mta: {spf: ["ip4:192.0.2.0/28"], dkim: self}'
PARKED = "example.net: {provider: %s, parked: true, dmarc: {rua: ['mailto:dmarc@example.com']}}"
SELECTORS = ("example.net: {provider: %s, senders: [office-mta], dkim: [{selector: s1, txt: "
             "'v=DKIM1; p='}], dmarc: {phase: monitor, rua: ['mailto:dmarc@example.com']}}")
SUB = ("sub.example.net: {provider: %s, senders: [office-mta], dmarc: {phase: monitor, rua: "
       "['mailto:dmarc@example.com']}}")
# Records of the zone, the YAML, the keys that are changed, and the code of those that are not.
CASES = {
    "a DNAME at the apex": ("@ DNAME example.com.\n", PARKED,
                            {("example.net", "TXT"), ("example.net", "MX")}, "occluded"),
    "a DNAME at _domainkey": ("_domainkey DNAME keys.example.com.\n", SELECTORS,
                              {("example.net", "TXT"), ("_dmarc.example.net", "TXT")}, "occluded"),
    "a DNAME above the domain": ("@ DNAME example.com.\n", SUB, set(), "occluded"),
    "a DNAME beside the domain": ("www DNAME www.example.com.\n", PARKED,
                                  {("example.net", "TXT"), ("example.net", "MX"),
                                   ("_dmarc.example.net", "TXT"),
                                   ("*._domainkey.example.net", "TXT")}, None),
    "a delegation of _domainkey": ("_domainkey NS ns9.example.com.\n", SELECTORS,
                                   {("example.net", "TXT"), ("_dmarc.example.net", "TXT")},
                                   "zone-missing"),
}


def knot_command(folder, port):
    return knot_with(folder, port, f"""zone:
  - domain: example.net
    file: {folder}/example.net.zone
    zonefile-sync: 0
    acl: u
""")


def named_command(transfers):
    def command(folder, port):
        allowed = "key rampart.;" if transfers else "none;"
        (folder / "named.conf").write_text(f"""options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  managed-keys-directory "."; lock-file none; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; notify no;
}};
controls {{}};
key "rampart." {{ algorithm hmac-sha256; secret "{SECRET}"; }};
zone "example.net" {{
  type primary; file "{folder}/example.net.zone"; allow-transfer {{ {allowed} }};
  update-policy {{ grant rampart. zonesub ANY; }};
}};
""")
        return [program("named"), "-g", "-n", "1", "-c", str(folder / "named.conf")]
    return command


def keys_of(plan):
    """The keys that are changed. Held changes wait for those of the same domain that are hidden."""
    held = {tuple(one["reason"].split()[:2]) for one in plan["holds"]
            if one["code"] == "keys-first"}
    return {(one["name"], one["type"]) for one in plan["changes"]} | held


def check_plan(checks, what, plan, changed, code):
    checks.equal(f"{what}: changes", keys_of(plan), changed)
    found = {one["code"] for one in plan["findings"]
             if one["severity"] == "error" and one["code"] in ("occluded", "zone-missing")}
    checks.equal(f"{what}: findings", found, {code} if code else set())


def everywhere(checks, what, file, folder):
    """Every server loads the zone file and serves its records."""
    for kind, daemon in BINARIES.items():
        if program(daemon):
            with DnsServer(kind, {"example.net": file.resolve()}, folder / kind) as server:
                checks.equal(f"{what}: {kind} serves it", status(server.port, "example.net"),
                             "NOERROR")
    if program("nsd-checkzone"):
        done = subprocess.run([program("nsd-checkzone"), "example.net", str(file)],
                              capture_output=True, text=True)
        checks.equal(f"{what}: nsd-checkzone", (done.returncode, done.stdout[-300:] * (
            done.returncode != 0)), (0, ""))


def zone_files(checks, folder):
    for index, (what, (records, domain, changed, code)) in enumerate(CASES.items()):
        place = Workplace(folder / str(index))
        (place.folder / "zones").mkdir()
        file = place.folder / "zones/example.net.zone"
        file.write_text(HEAD + records)
        place.yaml("files: {type: zonefile, directory: zones}", domain % "files", SENDERS)
        exit_code, plan = place.plan()
        checks.equal(f"{what}: plan's exit", exit_code, 3 if code else 0)
        check_plan(checks, what, plan, changed, code)
        exit_code, text = place.apply()
        checks.equal(f"{what}: apply's exit", (exit_code, text * (exit_code not in (0, 3))),
                     (3 if code else 0, ""))
        everywhere(checks, what, file, folder / f"{index}-servers")
        if code:
            code, text = place.run("verify")
            checks.equal(f"{what}: verify's exit", code, 2)


def by_update(checks, what, command, folder):
    for index, (case, (records, domain, changed, code)) in enumerate(CASES.items()):
        inside = folder / str(index)
        inside.mkdir(parents=True)
        (inside / "example.net.zone").write_text(HEAD + records)
        port = free_port()
        place = Workplace(inside / "place", RAMPART_TSIG_SECRET=SECRET)
        place.options = ["--nameserver", f"127.0.0.1:{port}"]
        place.yaml(f'dns: {{type: rfc2136, server: "127.0.0.1:{port}", tsig_name: rampart.}}',
                   domain % "dns", SENDERS)
        name = f"{what}, {case}"
        with running(command(inside, port), port, inside / "log", cwd=inside):
            _, plan = place.plan("--live", "provider")
            check_plan(checks, name, plan, changed, code)
            if code != "zone-missing":  # A name server's answers have no zone below a delegation.
                _, plan = place.plan()
                check_plan(checks, f"{name}, by DNS", plan, changed, code)
            exit_code, text = place.apply()
            checks.check(f"{name}: apply refuses nothing",
                         "refuse" not in text.replace("connection refused", ""), text)
            checks.equal(f"{name}: apply's exit", exit_code, 3 if code else 0)
            checks.equal(f"{name}: SPF is written", bool(values(port, "example.net", "TXT")),
                         ("example.net", "TXT") in changed)
        with running(command(inside, port), port, inside / "log2", cwd=inside):
            checks.equal(f"{name}: it loads again", status(port, "example.net"), "NOERROR")


def drafts(checks, folder):
    """init declares nothing at a hidden name, and its own draft plans to no change."""
    for index, records in enumerate(
            ["@ DNAME example.com.\n@ TXT \"v=spf1 -all\"\n",
             "_domainkey DNAME keys.example.com.\n@ TXT \"v=spf1 -all\"\n"
             "_dmarc TXT \"v=DMARC1; p=none; rua=mailto:dmarc@example.net\"\n"]):
        place = Workplace(folder / str(index))
        (place.folder / "zones").mkdir()
        (place.folder / "zones/example.net.zone").write_text(HEAD + records)
        code, text = place.run("--log-level", "error", "init", "example.net", "--provider",
                               "zonefile:directory=zones")
        checks.equal(f"init {index}: exit", (code, text * (code != 0)), (0, ""))
        (place.folder / "domains.yaml").write_text(text)
        code, text = place.run("plan")
        checks.check(f"init {index}: its plan", code == 0 and "No changes." in text, text)


def main():
    checks, skipped = Checks(), []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        zone_files(checks, work / "files")
        drafts(checks, work / "drafts")
        for what, daemon, command in [("knot", "knotd", knot_command),
                                      ("named", "named", named_command(True)),
                                      ("named without transfers", "named", named_command(False))]:
            if program(daemon):
                by_update(checks, what, command, work / what)
            else:
                skipped.append(f"{what}, because {daemon} is not installed")
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
