#!/usr/bin/env python3
"""`rampart audit` over real servers: 1,000 domains at once, SPF counts beside pyspf's, servers that
are silent, and MTA-STS policies over HTTPS; in a network of its own (unshare), because a policy is
fetched at port 443.

Usage: audit_test.py [DOMAINS]
"""

import csv
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import audit_https  # noqa: E402
import audit_zones  # noqa: E402
import dns_server  # noqa: E402
from harness import BINARY, SOURCE, Checks  # noqa: E402
from loopback import in_own_network  # noqa: E402

PYSPF = SOURCE / "tests/differential/pyspf_counts.py"
DOMAINS, COMPARED = 1000, 300

# Broken on purpose; each with the code that must be found.
BROKEN = {
    "two.example": (['two TXT "v=spf1 -all"', 'two TXT "v=spf1 mx -all"'], "spf-multiple"),
    "typo.example": (['typo TXT "v=spf1 ipv4:192.0.2.1 -all"'], "spf-invalid"),
    "loop.example": (['loop TXT "v=spf1 include:loop.example -all"'], "spf-lookups"),
    "dead.example": (['dead TXT "v=spf1 include:gone.dead.example -all"'], "spf-unresolved"),
    "plus.example": (['plus TXT "v=spf1 +all"'], "spf-all"),
    "none.example": (["none A 192.0.2.1"], "spf-missing"),
    "slip.example": (['_dmarc.slip TXT "v=dmarc1; p=reject"'], "dmarc-near-miss"),
    "twice.example": (['_dmarc.twice TXT "v=DMARC1; p=none"',
                       '_dmarc.twice TXT "v=DMARC1; p=reject"'], "dmarc-multiple"),
    "bad.example": (['_dmarc.bad TXT "v=DMARC1; p=rejct"'], "dmarc-invalid"),
    "alias.example": (["alias TXT site=1", "s1._domainkey.alias CNAME gone.alias"],
                      "selector-dangling"),
    "nowhere.example": ([], "domain-missing"),
    "elsewhere.test": ([], "unobservable"),
}


# Nothing of the surroundings says which authorities are trusted, or sends HTTPS elsewhere.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(
    ("CURL_", "SSL_")) and not name.lower().endswith("_proxy")}


def audit(resolver, *arguments, stdin="", environment=None):
    started = time.monotonic()
    done = subprocess.run([str(BINARY), "audit", "--resolver", resolver, *arguments], input=stdin,
                          capture_output=True, text=True, timeout=280,
                          env={**PLAIN, "NO_COLOR": "1", **(environment or {})})
    return done, time.monotonic() - started


def codes(row):
    return [finding["code"] for finding in row["findings"]]


def check_many(checks, address, count):
    """All domains in one batch, and the same from standard input, as CSV."""
    stdin = "# a list\n" + "".join(f"{name},x\n" for name in audit_zones.names(count))
    done, took = audit(address, "-", "--format", "json", stdin=stdin)
    rows = json.loads(done.stdout)["domains"] if done.stdout else []
    checks.check("every domain has a row", [row["domain"] for row in rows] ==
                 audit_zones.names(count), (len(rows), done.stderr))
    checks.check("thousands take seconds", took < 60, took)
    checks.check("errors set the exit code", done.returncode == 2, done.returncode)
    checks.check("scores are sums", all(
        row["score"] == sum(part["points"] for part in row["score_parts"]) and
        sum(part["of"] for part in row["score_parts"]) == 100 for row in rows))
    checks.check("no domain is without DMARC by accident", all(
        ("dmarc-missing" in codes(row)) == (number % 10 == 9)
        for number, row in enumerate(rows)))
    done, _ = audit(address, "-", "--format", "csv", stdin=stdin)
    table = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    checks.check("the CSV has the same scores", [(row["domain"], int(row["score"]))
                                                 for row in table] ==
                 [(row["domain"], row["score"]) for row in rows], done.stdout[:500])
    return {row["domain"]: row for row in rows}


def check_counts(checks, port, rows):
    """The lookups and void lookups of every domain, beside what pyspf counts."""
    names = audit_zones.names(min(COMPARED, len(rows)))
    done = subprocess.run(["/usr/bin/python3", str(PYSPF), str(port), audit_zones.UNLISTED],
                          input="\n".join(names) + "\n", capture_output=True, text=True,
                          timeout=280)
    theirs = dict((line.split()[0], tuple(map(int, line.split()[1:])))
                  for line in done.stdout.splitlines())
    checks.check("pyspf counts every domain", len(theirs) == len(names), done.stderr)
    for name in names:
        spf = rows[name]["spf"]
        ours = (spf["lookups"], spf["void_lookups"])
        checks.check(f"{name} counts as pyspf does", ours == theirs.get(name),
                     (spf["record"], ours, theirs.get(name)))
    over = sum(lookups > 10 for lookups, _ in theirs.values())
    voids = sum(void > 2 for _, void in theirs.values())
    checks.check("some domains break each limit", over > 10 and voids > 10, (over, voids))


def check_broken(checks, address):
    names = list(BROKEN)
    done, _ = audit(address, *names, "--format", "json", "--guess-selectors")
    rows = {row["domain"]: row for row in json.loads(done.stdout)["domains"]}
    for name, (_, code) in BROKEN.items():
        checks.check(f"{name} has {code}", code in codes(rows[name]), codes(rows[name]))
    checks.check("they are errors", done.returncode == 2, done.returncode)
    done, _ = audit(address, *names)
    lines = [line for line in done.stdout.splitlines() if line.endswith(".example")]
    checks.check("the table has a line each", len(lines) == len(names) - 1, done.stdout)


def check_silence(checks, address):
    """A server that never answers, beside one that does, and alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        names = audit_zones.names(200)
        done, took = audit(server, *names, "--format", "json")
        checks.check("no answer at all is an error", done.returncode == 1 and
                     "errors" in json.loads(done.stdout), (done.returncode, done.stdout[:300]))
        checks.check("silence costs seconds, not minutes", took < 60, took)
        done, took = audit(server, "--resolver", address, *names, "--format", "json")
        rows = json.loads(done.stdout)["domains"] if done.returncode == 2 else []
        checks.check("another server answers in its place", len(rows) == len(names) and not any(
            "unobservable" in codes(row) for row in rows), (done.returncode, done.stderr))


def check_policies(checks, address, folder):
    """MTA-STS policies, each served in its own way."""
    names = list(audit_https.CASES)
    with audit_https.Servers(folder) as servers:
        done, _ = audit(address, *names, "--format", "json",
                        environment={"SSL_CERT_FILE": str(servers.ca)})
        rows = {row["domain"]: row for row in json.loads(done.stdout)["domains"]}
        for name, case in audit_https.CASES.items():
            row = rows[name]
            seen = [code for code in codes(row) if code.startswith("mta-sts")]
            checks.check(f"{name}: {case.code or 'no finding'}", seen == [case.code] * bool(
                case.code), (seen, row["mta_sts"]))
            problem = row["mta_sts"]["policy_problem"] or ""
            checks.check(f"{name} says {case.says!r}", case.says in problem, problem)
        done, _ = audit(address, "good.sts.example", "--format", "json", "--no-fetch",
                        environment={"SSL_CERT_FILE": str(servers.ca)})
        row = json.loads(done.stdout)["domains"][0]
        checks.check("--no-fetch fetches nothing", row["mta_sts"]["policy"] is None and
                     servers.count("good.sts.example") == 1, row["mta_sts"])
        done, _ = audit(address, "good.sts.example", "--format", "json")
        row = json.loads(done.stdout)["domains"][0]
        checks.check("an unknown authority is not trusted",
                     "mta-sts-unreachable" in codes(row), codes(row))


def run_tests(count):
    checks = Checks()
    more = [line for lines, _ in BROKEN.values() for line in lines] + audit_https.zone_lines()
    kind = dns_server.installed()[0]
    with tempfile.TemporaryDirectory(prefix="rampart-audit.") as name:
        folder = pathlib.Path(name)
        (folder / "example.zone").write_text(audit_zones.zone(count, more))
        with dns_server.DnsServer(kind, {"example": folder / "example.zone"},
                                  folder / "state") as server:
            rows = check_many(checks, server.address, count)
            check_counts(checks, server.port, rows)
            check_broken(checks, server.address)
            check_silence(checks, server.address)
            check_policies(checks, server.address, folder)
    return checks.report()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DOMAINS
    return in_own_network("auditing over real servers", lambda: run_tests(count))


if __name__ == "__main__":
    sys.exit(main())
