#!/usr/bin/env python3
"""What got no answer is unknown to every command that a person reads: verify, explain, init, render
and validate, against a name server of which single questions fail."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.flags  # noqa: E402
import dns.rcode  # noqa: E402
import dns.rdatatype  # noqa: E402
import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402

CHECKS = Checks()
YAML = """version: 1
providers: {there: {type: rfc2136, server: 192.0.2.53, tsig_name: k}}
senders: {office: {spf: ["ip4:192.0.2.0/28"], dkim: self}}
domains:
  example.com:
    provider: there
    senders: [office]
    dmarc: {phase: monitor, since: 2026-01-01, rua: [mailto:d@example.com]}
    mta_sts: {mode: testing}
"""
RECORDS = {
    ("example.com", "SOA"): ["ns.example.com. h.example.com. 1 3600 600 86400 300"],
    ("example.com", "NS"): ["ns.example.com."],
    ("ns.example.com", "A"): ["127.0.0.1"],
    ("example.com", "MX"): ["10 mx.example.com."],
    ("example.com", "TXT"): ["v=spf1 ip4:192.0.2.0/28 ~all"],
    ("s1._domainkey.example.com", "TXT"): ["v=DKIM1; p=AAAA"],
    ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none; rua=mailto:d@example.com"],
    ("_dmarc.sub.example.com", "TXT"): ["v=DMARC1; p=none; rua=mailto:d@example.com"],
}


class Zone(dns_stub.Records):
    """The records; `silent` holds questions (name, type) that fail, `*` for every type."""

    silent = set()

    def answer(self, query):
        reply = super().answer(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        if {(name, dns.rdatatype.to_text(question.rdtype)), (name, "*")} & type(self).silent:
            reply.answer = []
            reply.set_rcode(dns.rcode.SERVFAIL)
        return reply


class Quiet(Zone):
    """The same records of a server that fails on its own."""

    silent = set()


def run(folder, server, *words, user=None, resolver=None):
    done = subprocess.run([str(BINARY), "--nameserver", server, "--resolver", resolver or server,
                           "--now", "2026-11-30T00:00:00Z", *words], cwd=folder, user=user,
                          capture_output=True, text=True, timeout=120,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder)})
    return done.returncode, done.stdout + done.stderr


def silence(*questions):
    Zone.silent = set(questions)


def check_commands(folder, server):
    silence()
    code, text = run(folder, server, "verify")
    CHECKS.check("with answers, the missing MTA-STS record differs",
                 code == 2 and "_mta-sts.example.com" in text, (code, text))
    silence(("_dmarc.example.com", "*"), ("_mta-sts.example.com", "*"), ("example.com", "MX"))
    code, text = run(folder, server, "verify")
    CHECKS.check("what nobody answers for is not verified, and no difference",
                 code == 1 and "Not verified: 1 domain." in text and "differ" not in text,
                 (code, text))
    silence(("example.com", "MX"))
    code, text = run(folder, server, "verify")
    CHECKS.check("an MX without an answer leaves the MTA-STS record unknown",
                 code == 1 and "example.com MX got no answer" in text, (code, text))
    done = run(folder, server, "--format", "json", "plan")
    plan = json.loads(done[1])
    CHECKS.equal("the plan counts it", (plan["summary"]["unobservable"], plan["changes"]), (1, []))
    silence(("_dmarc.example.com", "*"))
    code, text = run(folder, server, "explain", "example.com")
    CHECKS.check("explain calls it unknown", "_dmarc.example.com TXT: unknown" in text
                 and "example.com TXT: published" in text, (code, text))


def check_two_servers(folder, server):
    """A record that one of two servers did not answer for keeps that server's name, even where
    the policy that it inherits got no answer either."""
    second = dns_stub.serve(RECORDS, Quiet)
    silence()
    Quiet.silent = {("_dmarc.example.com", "*"), ("_dmarc.sub.example.com", "*")}
    (folder / "sub.yaml").write_text(YAML.replace("  example.com:", "  sub.example.com:")
                                     .replace("    mta_sts: {mode: testing}\n", ""))
    code, text = run(folder, server, "-c", "sub.yaml", "--nameserver", second, "--format", "json",
                     "verify", resolver=second)
    rows = [row for row in json.loads(text)["domains"][0]["differences"]
            if row["name"] == "_dmarc.sub.example.com"]
    CHECKS.check("each unread record has its server", rows and all(
        second in row["server"] for row in rows), (code, text))


def check_init(folder, server):
    silence()
    code, text = run(folder, server, "init", "example.com")
    CHECKS.check("with answers, init manages SPF", code == 0 and "office" not in text
                 and "phase: monitor" in text, (code, text))
    for question in (("_dmarc.example.com", "*"), ("example.com", "TXT")):
        silence(question)
        code, text = run(folder, server, "init", "example.com")
        CHECKS.check(f"{question} without an answer: the domain is left as it is",
                     "1 could not be read" in text and "phase: discovery" in text
                     and "a plan of this file changes nothing" not in text, (code, text))
    silence(*[(f"{one}._domainkey.example.com", "*") for one in ("s1", "selector1")])
    code, text = run(folder, server, "init", "example.com")
    CHECKS.check("silent selectors are a note", "possible selector" in text
                 and "left unmanaged" in text, (code, text))


def check_include(folder, server):
    """A folder that cannot be read is reported, not taken for an empty one; root reads all."""
    for name in ("a", "b"):
        (folder / "t" / name).mkdir(parents=True)
        (folder / "t" / name / "d.yaml").write_text(f"domains:\n  {name}.example.com: "
                                                    "{provider: there, parked: true}\n")
    (folder / "parts.yaml").write_text(YAML.replace("domains:\n", 'include: ["t/*/d.yaml"]\n'
                                                    "domains:\n", 1))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    user = 65534 if os.geteuid() == 0 else None
    code, text = run(folder, server, "-c", "parts.yaml", "validate", user=user)
    CHECKS.check("all folders are read", code == 0 and "3 domains" in text, (code, text))
    (folder / "t/b").chmod(0)
    code, text = run(folder, server, "-c", "parts.yaml", "validate", user=user)
    CHECKS.check("a folder that cannot be read is an error",
                 code == 1 and "cannot read the folder ./t/b: Permission denied" in text,
                 (code, text))
    (folder / "t/b").chmod(0o755)


def main():
    server = dns_stub.serve(RECORDS, Zone)
    with tempfile.TemporaryDirectory(prefix="rampart-silence-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "domains.yaml").write_text(YAML)
        check_commands(folder, server)
        check_two_servers(folder, server)
        check_init(folder, server)
        check_include(folder, server)
    return CHECKS.report()


if __name__ == "__main__":
    sys.exit(main())
