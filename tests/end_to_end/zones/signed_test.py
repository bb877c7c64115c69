#!/usr/bin/env python3
"""Zones that named and Knot sign, changed by RFC 2136: what a signer adds to a CNAME is no record
of another party, and each change of a selector succeeds at the first apply."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import Checks  # noqa: E402
from loopback import free_port, program, running  # noqa: E402
from workplace import SECRET, Workplace, dig, knot_with, status, until, values  # noqa: E402

ZONE = """$ORIGIN example.com.
$TTL 3600
@ SOA ns1 h 1 7200 3600 1209600 300
@ NS ns1
ns1 A 127.0.0.1
@ TXT "site-verification=theirs"
s1._domainkey CNAME s1.vendor.example.net.
"""


def knot(folder, port):
    return knot_with(folder, port, f"""template:
  - id: default
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: all
    dnssec-signing: on
zone:
  - domain: example.com
    file: {folder}/example.com.zone
    acl: u
""")


def named(inline):
    def command(folder, port):
        (folder / "keys").mkdir(exist_ok=True)
        (folder / "named.conf").write_text(f"""options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  managed-keys-directory "."; lock-file none; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; key-directory "keys";
}};
controls {{}};
key "rampart." {{ algorithm hmac-sha256; secret "{SECRET}"; }};
zone "example.com" {{
  type primary; file "{folder}/example.com.zone"; dnssec-policy default; inline-signing {inline};
  allow-transfer {{ key rampart.; }}; update-policy {{ grant rampart. zonesub ANY; }};
}};
""")
        return [program("named"), "-g", "-n", "1", "-c", str(folder / "named.conf")]
    return command


def declared(selectors, more=""):
    return (f"example.com: {{provider: dns, senders: [office-mta], dkim: [{selectors}], dmarc: "
            f"{{phase: dkim}}, waivers: [{{code: dkim-selector-removed, reason: a test, until: "
            f"2099-12-31}}]{more}}}")


def alias(selector, vendor="vendor.example.net"):
    return f"{{selector: {selector}, cname: {selector}.{vendor}}}"


def trial(checks, what, command, folder):
    folder.mkdir()
    (folder / "example.com.zone").write_text(ZONE)
    port = free_port()
    place = Workplace(folder / "place", RAMPART_TSIG_SECRET=SECRET)
    place.options = ["--nameserver", f"127.0.0.1:{port}"]
    provider = f'dns: {{type: rfc2136, server: "127.0.0.1:{port}", tsig_name: rampart.}}'
    senders = 'office-mta: {spf: ["ip4:192.0.2.0/28"], dkim: self}'

    def step(which, domain, shown):
        place.yaml(provider, domain, senders)
        code, text = place.apply()
        checks.equal(f"{what}: {which}: apply's exit", (code, "" if code == 0 else text), (0, ""))
        for live in ("provider", "dns"):
            code, text = place.run("plan", "--live", live)
            checks.check(f"{what}: {which}: nothing is left by {live}", "No changes." in text, text)
        for (name, kind), expected in shown.items():
            checks.equal(f"{what}: {which}: {name}",
                         values(port, f"{name}._domainkey.example.com", kind), expected)

    with running(command(folder, port), port, folder / "log", cwd=folder):
        signed = until(lambda: "RRSIG" in dig(port, "+dnssec", "s1._domainkey.example.com",
                                              "CNAME"))
        checks.check(f"{what}: the zone is signed", signed)
        theirs = {"s1.vendor.example.net."}
        step("nothing to do but SPF", declared(alias("s1")), {("s1", "CNAME"): theirs})
        step("a new alias", declared(alias("s1") + ", " + alias("s2")),
             {("s1", "CNAME"): theirs, ("s2", "CNAME"): {"s2.vendor.example.net."}})
        step("another target", declared(alias("s1") + ", " + alias("s2", "v.example.org")),
             {("s2", "CNAME"): {"s2.v.example.org."}})
        step("a key in place of an alias",
             declared("{selector: s1, txt: 'v=DKIM1; p='}, " + alias("s2"), ", take_over: true"),
             {("s1", "TXT"): {'"v=DKIM1; p="'}, ("s1", "CNAME"): set()})
        step("an alias in place of a key", declared(alias("s1") + ", " + alias("s2")),
             {("s1", "CNAME"): theirs})
        step("everything is retired",
             f"example.com: {{provider: dns, state: absent, dkim: [{alias('s1')}, {alias('s2')}]}}",
             {("s1", "CNAME"): set(), ("s2", "CNAME"): set()})
        checks.equal(f"{what}: the zone is served", status(port, "example.com"), "NOERROR")
        checks.check(f"{what}: the foreign value",
                     '"site-verification=theirs"' in values(port, "example.com", "TXT"))
    # What was written is in the journal: the server must load it again.
    with running(command(folder, port), port, folder / "log2", cwd=folder):
        checks.check(f"{what}: it loads after a restart",
                     until(lambda: status(port, "example.com") == "NOERROR"))


def main():
    checks, skipped = Checks(), []
    servers = {"knot": ("knotd", knot), "named, inline signing": ("named", named("yes")),
               "named, signing in place": ("named", named("no"))}
    with tempfile.TemporaryDirectory() as work:
        for index, (what, (daemon, command)) in enumerate(servers.items()):
            if program(daemon):
                trial(checks, what, command, pathlib.Path(work) / str(index))
            else:
                skipped.append(f"{what}, because {daemon} is not installed")
    return checks.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
