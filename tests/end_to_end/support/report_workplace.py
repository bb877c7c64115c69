"""A folder with a YAML, a zone and one report in which every category of mail occurs, and a
resolver that knows the reverse names of its sources. Import it after
harness.need_modules("dns")."""

import pathlib
import subprocess

import dns.message
import dns.rdatatype
import dns.rrset

import dns_stub
from harness import BINARY

NOW = "2026-11-21T00:00:00Z"
BEGIN = 1795046400  # 2026-11-19
RECORDS = {
    ("9.2.0.192.in-addr.arpa.", "PTR"): "o1.sendgrid.net.", ("o1.sendgrid.net.", "A"): "192.0.2.9",
    ("7.2.0.192.in-addr.arpa.", "PTR"): "o7.sendgrid.net.", ("o7.sendgrid.net.", "A"): "192.0.2.8",
    ("1.113.0.203.in-addr.arpa.", "PTR"): "mx.forward.example.",
    ("mx.forward.example.", "A"): "203.0.113.1",
}
YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
senders:
  office: {spf: ["ip4:198.51.100.0/28"], dkim: self, owner: it, category: internal}
  archive: {spf: ["ip4:198.51.100.64/28"], dkim: self, owner: it, category: internal}
defaults: {provider: files}
domains:
  example.com:
    senders:   # who may send
      - office # ours
      - archive
    dmarc: {phase: monitor, since: 2026-11-01, rua: ["mailto:d@example.com"]}
"""


class Hosts(dns_stub.Table):
    def answer(self, query):
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        value = RECORDS.get((question.name.to_text().lower(), kind))
        if value is None:
            return super().answer(query)
        reply = dns.message.make_response(query, recursion_available=True)
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, value))
        return reply


def record(ip, count, dkim, spf, extra="", bounces="bounce.example"):
    """A record: dkim and spf are the domains that passed, or empty; else MAIL FROM is `bounces`."""
    keys = f"<dkim><domain>{dkim}</domain><selector>s1</selector><result>pass</result></dkim>"
    return (f"<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>"
            f"<disposition>none</disposition>{extra}</policy_evaluated></row><identifiers>"
            "<header_from>example.com</header_from></identifiers><auth_results>"
            + (keys if dkim else "") +
            f"<spf><domain>{spf or bounces}</domain><result>{'pass' if spf else 'fail'}"
            "</result></spf></auth_results></record>")


RECORD_LIST = [
    ("198.51.100.1", 100, "example.com", "example.com"), ("198.51.100.2", 20, "", "example.com"),
    ("192.0.2.9", 30, "", "", "", "bounces.example.com"), ("192.0.2.7", 3, "", ""),
    ("203.0.113.1", 5, "example.com", ""), ("203.0.113.1", 4, "", ""), ("203.0.113.66", 7, "", "")]


def report(org="Reporter"):
    rows = "".join(record(*one) for one in RECORD_LIST)
    return (f"<feedback><report_metadata><org_name>{org}</org_name><email>d@{org.lower()}.example"
            f"</email><report_id>=1+1</report_id><date_range><begin>{BEGIN}</begin>"
            f"<end>{BEGIN + 86399}</end></date_range></report_metadata><policy_published>"
            f"<domain>example.com</domain><p>none</p></policy_published>{rows}</feedback>")


class Workplace:
    """The folder, and `rampart` run in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.resolver = dns_stub.serve({}, Hosts)
        (self.folder / "domains.yaml").write_text(YAML)
        (self.folder / "zones").mkdir()
        (self.folder / "zones/example.com.zone").write_text(
            "$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 60\n@ NS ns\nns A 192.0.2.53\n")
        (self.folder / "r.xml").write_text(report())

    def run(self, *words):
        return subprocess.run([str(BINARY), "--now", NOW, "--resolver", self.resolver, *words],
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
