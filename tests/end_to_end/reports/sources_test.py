#!/usr/bin/env python3
"""Whose mail reports show, and what to do about it: services, forwarders, forgotten hosts, other
customers of a service, a botnet; and all of it again while no name server answers.
"""

import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.message  # noqa: E402
import dns.rdatatype  # noqa: E402
import dns.rrset  # noqa: E402

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402

NOW = "2026-11-21T00:00:00Z"
BEGIN = 1795046400  # 2026-11-19
DEAD = "127.0.0.1:9"

YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
senders:
  office: {spf: ["ip4:198.51.100.0/28"], dkim: self, owner: it, category: internal}
defaults: {provider: files}
domains:
  acme.example:
    senders:
      - google_workspace
      - {use: sendgrid, with: {user: "123456", wl: "wl789"}}
      - mailchimp
      - office
    dkim: [{selector: office-a, txt: "v=DKIM1; p="}]
    dmarc: {phase: monitor, since: 2026-11-01, rua: ["mailto:d@acme.example"]}
    sources: {ignore: [{source: "209.85.220.99", reason: "a test"}]}
"""

# The office's second host does not sign.
TEXTS = {"_spf.google.com": ["v=spf1 ip4:209.85.128.0/17 -all"],
         "sendgrid.net": ["v=spf1 ip4:167.89.0.0/17 -all"],
         "servers.mcsv.net": ["v=spf1 ip4:198.2.128.0/18 -all"],
         "spf.protection.outlook.com": ["v=spf1 ip4:40.92.0.0/15 -all"]}
HOSTS = {"198.51.100.25": "web1.acme.example", "203.0.113.99": "lists.opensource.example",
         **{f"100.125.0.{i}": f"host{i}.isp.example" for i in range(1, 81)}}


class Hosts(dns_stub.Table):
    def answer(self, query):
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        value = None
        if kind == "PTR":
            ip = ".".join(reversed(name.split(".")[:4]))
            value = HOSTS[ip] + "." if ip in HOSTS else None
        elif kind == "A":
            value = {host: ip for ip, host in HOSTS.items()}.get(name)
        if value is None:
            return super().answer(query)
        reply = dns.message.make_response(query, recursion_available=True)
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, value))
        return reply


OURS = ("acme.example", "google", "pass")
GAPPS = ("acme-example.20230601.gappssmtp.com", "20230601", "pass")
CUSTOMER = ("sendgrid.net", "smtpapi", "pass")

# address, messages, signatures, MAIL FROM, its result, override
ROWS = [
    ("209.85.220.41", 9625, [OURS], "acme.example", "pass", ""),
    ("209.85.220.41", 249, [("acme.example", "google", "fail")], "googlegroups.com", "pass", ""),
    ("209.85.220.42", 482, [GAPPS], "acme.example", "pass", ""),
    ("209.85.220.99", 205, [("acme.example", "google", "fail")], "acme.example", "fail", ""),
    ("167.89.10.1", 18050, [("acme.example", "s1", "pass"), CUSTOMER], "em1.sendgrid.net", "pass",
     ""),
    ("167.89.10.77", 1503, [CUSTOMER], "em9.sendgrid.net", "pass", ""),
    ("198.51.100.1", 1000, [("acme.example", "office-a", "pass")], "acme.example", "pass", ""),
    ("198.51.100.2", 934, [], "acme.example", "pass", ""),
    ("198.51.100.25", 44, [], "web1.acme.example", "none", ""),
    ("203.0.113.99", 30, [], "opensource.example", "pass", "mailing_list"),
    ("203.0.113.99", 60, [], "opensource.example", "pass", ""),
    ("40.92.1.1", 738, [OURS], "srs.college.example", "pass", ""),
    ("40.92.1.1", 172, [("acme.example", "google", "fail")], "srs.college.example", "pass", ""),
    ("203.0.113.7", 12, [], "x.mcsv.net", "softfail", ""),
    ("100.125.0.1", 1, [OURS], "x.example", "none", ""),
    *((f"100.125.0.{i}", 60, [], "x.example", "none", "") for i in range(1, 81)),
    *((f"100.126.{i // 250}.{i % 250}", 1, [], "x.example", "none", "") for i in range(200)),
]


def record(ip, count, keys, envelope, spf, override):
    reason = f"<reason><type>{override}</type></reason>" if override else ""
    dkim = "".join(f"<dkim><domain>{domain}</domain><selector>{selector}</selector>"
                   f"<result>{result}</result></dkim>" for domain, selector, result in keys)
    return (f"<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>"
            f"<disposition>none</disposition>{reason}</policy_evaluated></row><identifiers>"
            f"<envelope_from>{envelope}</envelope_from><header_from>acme.example</header_from>"
            f"</identifiers><auth_results>{dkim}<spf><domain>{envelope}</domain>"
            f"<scope>mfrom</scope><result>{spf}</result></spf></auth_results></record>")


def report():
    rows = "".join(record(*one) for one in ROWS)
    return ("<feedback><report_metadata><org_name>google.com</org_name><email>d@google.com</email>"
            f"<report_id>1</report_id><date_range><begin>{BEGIN}</begin><end>{BEGIN + 86399}</end>"
            "</date_range></report_metadata><policy_published><domain>acme.example</domain>"
            f"<p>none</p></policy_published>{rows}</feedback>")


class Place:
    """A folder with the YAML, and a store of the report."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.resolver = dns_stub.serve(TEXTS, Hosts)
        (self.folder / "domains.yaml").write_text(YAML)
        (self.folder / "zones").mkdir()
        (self.folder / "zones/acme.example.zone").write_text(
            "$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 60\n@ NS ns\nns A 192.0.2.53\n")
        (self.folder / "r.xml").write_text(report())
        self.run("reports", "ingest", "--trusted", "r.xml")
        # On a busy machine the name server may miss questions; what it answered is kept.
        for _ in range(5):
            rows, _ = self.evidence()
            if not any("lacks" in one for one in rows):
                break

    def run(self, *words, resolver=None):
        return subprocess.run(
            [str(BINARY), "--now", NOW, "--resolver", resolver or self.resolver, *words],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def sources(self, **where):
        done = self.run("reports", "sources", "--format", "json", **where)
        return json.loads(done.stdout)

    def evidence(self, **where):
        done = self.run("reports", "evidence", "--out", "e.json", **where)
        return json.loads((self.folder / "e.json").read_text())["rows"], done


def check_names(place):
    rows = {(one["source"], one["sure"]): one for one in place.sources()["sources"]}
    wanted = {("google_workspace", "proved"): ("dkim", 11_300),
              ("sendgrid", "proved"): ("dkim", 19_553), ("office", "proved"): ("spf", 1_934),
              ("mailchimp", "likely"): ("envelope", 12),
              ("ptr:acme.example", "proved"): ("ptr", 44),
              ("microsoft_365", "proved"): ("spf", 172)}
    for key, (named_by, messages) in wanted.items():
        row = rows.get(key, {})
        yield f"{key} {row}", (row.get("named_by"), row.get("messages")) == (named_by, messages)
    google = rows["google_workspace", "proved"]
    yield "a forwarder's surviving signature is Google's", "40.92.1.1" in google["ips"]
    yield f"ignored {google['ignored_ips']}", google["ignored_ips"] == ["209.85.220.99"]
    yield "the row is not ignored", not google["ignored"]
    isp = rows["ptr:isp.example", "proved"]
    yield f"hosts of the ISP {isp}", len(isp["hosts"]) == 80
    yield "domains", (rows["sendgrid", "proved"]["dkim_domains"],
                      rows["sendgrid", "proved"]["envelope_domains"]) == (
                          ["acme.example", "sendgrid.net"],
                          ["em1.sendgrid.net", "em9.sendgrid.net"])


def check_categories(place):
    rows = {(one["source"], one["sure"]): one for one in place.sources()["sources"]}
    botnet = rows["ptr:isp.example", "proved"]["categories"]
    yield f"one signature excuses one address {botnet}", (
        botnet["forwarded"], botnet["unauthorized"]) == (60, 79 * 60)
    relay = rows["microsoft_365", "proved"]["categories"]
    yield f"a forwarder {relay}", relay["forwarded"] == 172
    lists = rows["ptr:opensource.example", "proved"]["categories"]
    yield f"a list, also where nobody says so {lists}", lists["forwarded"] == 90
    got = place.sources()
    passing = 9625 + 482 + 18050 + 1000 + 934 + 738 + 1
    yield f"legit_rate {got['legit_rate']}", abs(
        got["legit_rate"] - passing / (passing + 249 + 44)) < 1e-9


def check_actions(place):
    rows = {(one["source"], one["sure"]): one["action"] for one in place.sources()["sources"]}
    for source, words in (("google_workspace", "messages of Google Workspace pass; the signatures"),
                          ("sendgrid", "nothing ties 1503 messages to the domain"),
                          ("office", "sign with DKIM at 198.51.100.2: 934 messages"),
                          ("ptr:acme.example", "its host web1.acme.example is in a domain"),
                          ("microsoft_365", "never add its addresses to SPF"),
                          ("ptr:opensource.example", "never add its addresses to SPF")):
        yield f"{source}: {rows[source, 'proved']}", words in rows[source, "proved"]
    yield "the default key", "482 messages are signed for another domain (d=acme-example.2023" in (
        rows["google_workspace", "proved"])
    yield "a claim", "claims Mailchimp (Intuit) without proof" in rows["mailchimp", "likely"]
    yield "a declaration", '`NAME: {spf: ["ip4:198.51.100.25"], dkim: self}`' in rows[
        "ptr:acme.example", "proved"]
    patch = place.run("reports", "sources", "--suggest")
    yield f"nothing to suggest {patch.stdout}", patch.stdout == ""


def check_threats(place):
    rows = list(csv.DictReader(io.StringIO(place.run("reports", "threats", "--format",
                                                     "csv").stdout)))
    listed = {one["ip"] for one in rows}
    friends = {"198.51.100.25", "203.0.113.99", "167.89.10.77", "40.92.1.1", "100.125.0.1"}
    yield f"no friend {listed & friends}", not listed & friends
    yield f"the botnet {len(listed)}", "100.125.0.2" in listed and len(listed) == 79 + 200 + 1


def check_text(place):
    text = place.run("reports", "summary").stdout
    yield f"short {len(text.splitlines())}", len(text.splitlines()) < 80
    yield f"one wave {text}", (
        "unauthorized mail from unknown hosts, with nothing that ties it to the domain: "
        "4940 messages from 279 addresses in 2 networks" in text)
    few = place.run("reports", "sources", "--limit", "2").stdout
    yield f"what is cut is counted {few}", "more sources with" in few


def check_silence(place):
    rows, _ = place.evidence()
    yield "nothing lacks", not any("lacks" in one for one in rows)
    yield "a wave is one row", sum(one["source"] == "unmarked" for one in rows) == 1
    yield f"few rows {len(rows)}", len(rows) < 25
    before = [(one["source"], one["fate"]) for one in rows]
    again, _ = place.evidence(resolver=DEAD)
    yield "names outlive an outage", [(one["source"], one["fate"]) for one in again] == before
    (place.folder / "rampart.db").unlink()
    for path in place.folder.glob("rampart.db-*"):
        path.unlink()
    place.run("reports", "ingest", "--trusted", "r.xml", resolver=DEAD)
    dead, done = place.evidence(resolver=DEAD)
    lacks = {one["lacks"] for one in dead if "lacks" in one}
    yield f"what did not answer {lacks}", any("SPF record of _spf.google.com" in one
                                              for one in lacks)
    marked = [one for one in dead if one.get("marked") and "lacks" not in one]
    yield f"only what the mail itself proves {marked}", {one["source"] for one in marked} <= {
        "google_workspace", "sendgrid", "office", "209.85.220.99"}


def check(place):
    for part in (check_names, check_categories, check_actions, check_threats, check_text,
                 check_silence):
        for story, good in part(place):
            yield f"{part.__name__}: {story}", good


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check(Place(folder)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
