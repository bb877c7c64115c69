"""Reports of the suites' own making, mails that carry them, and a store to ingest them into. Import
it after harness.need_modules("dkim")."""

import base64
import gzip
import json
import pathlib
import subprocess

import dkim

from harness import BINARY
from key_material import rsa_key

NO_RESOLVER = ["--resolver", "127.0.0.1:1"]


def report(number, records=3, domain="example.com", count=1):
    """A report of its own; its records send count + i messages each."""
    rows = "".join(
        f"<record><row><source_ip>192.0.{number % 250}.{i % 250}</source_ip>"
        f"<count>{count + i % 7}</count><policy_evaluated><disposition>none</disposition>"
        "<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>"
        f"<identifiers><header_from>{domain}</header_from></identifiers><auth_results><dkim>"
        f"<domain>{domain}</domain><selector>s1</selector><result>pass</result></dkim>"
        "</auth_results></record>" for i in range(records))
    begin = 1700006400 + 86400 * (number % 30)
    return (f"<?xml version='1.0'?><feedback><report_metadata><org_name>Example</org_name>"
            f"<email>dmarc@reporter.example</email><report_id>r{number}</report_id><date_range>"
            f"<begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>"
            f"<policy_published><domain>{domain}</domain><p>none</p></policy_published>{rows}"
            "</feedback>").encode()


def messages_in(records, count=1):
    return sum(count + i % 7 for i in range(records))


class Store:
    """A store in a folder, and the binary that works on it."""

    def __init__(self, folder):
        self.url = f"sqlite:{folder}/reports.db"
        self.folder = pathlib.Path(folder)

    def command(self, *words):
        return [str(BINARY), *words, "--store", self.url, "--format", "json", *NO_RESOLVER]

    def ingest(self, *paths, stdin=None):
        done = subprocess.run(self.command("reports", "ingest", *map(str, paths)), input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert done.returncode in (0, 4), done.stderr.decode()
        answer = json.loads(done.stdout)
        assert (done.returncode == 4) == bool(answer["refused"]), answer
        return answer

    def totals(self, domain="example.com"):
        done = subprocess.run(self.command("reports", "summary", "--domain", domain),
                              stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["messages"]

    def sums(self):
        """What a summary says of the domain as a whole."""
        done = subprocess.run(self.command("reports", "summary", "--domain", "example.com"),
                              stdout=subprocess.PIPE, check=True)
        summary = json.loads(done.stdout)
        return {key: summary[key] for key in (
            "since", "until", "messages", "pass", "partial", "fail", "pass_rate", "reporters",
            "verified_reporters", "verified_messages", "contradictions")}

    def rows(self):
        done = subprocess.run(self.command("reports", "export"), stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)


def mail(octets, name="report.xml.gz", kind="application/gzip"):
    encoded = base64.encodebytes(octets).decode()
    return (f"From: dmarc@reporter.example\nTo: d@example.com\nSubject: Report domain\n"
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
            "Content-Type: text/plain\n\nA report.\nFrom here on it is attached.\n--b\n"
            f"Content-Type: {kind}; name=\"{name}\"\nContent-Transfer-Encoding: base64\n\n"
            f"{encoded}\n--b--\n").encode()


def mbox(mails):
    quoted = [b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line
                         for line in one.split(b"\n")) for one in mails]
    return b"".join(b"From x@y Mon Jan  1 00:00:00 2024\n" + one + b"\n" for one in quoted)


GOOD = "reporter.example"


class Post:
    """Signs mails as any of a few domains, whose keys a stub serves."""

    def __init__(self):
        self.private, public = rsa_key(2048)
        self.record = f"v=DKIM1; k=rsa; p={public}"
        self.names = {}
        for domain in (GOOD, "mail.reporter.example", "evil.example", "google.com",
                       "zohocorp.com"):
            self.names[f"s1._domainkey.{domain}"] = [self.record]
        self.names[f"t1._domainkey.{GOOD}"] = [self.record.replace("v=DKIM1;", "v=DKIM1; t=y;")]
        self.names[f"r1._domainkey.{GOOD}"] = ["v=DKIM1; p="]
        self.names[f"f1._domainkey.{GOOD}"] = ["SERVFAIL"]

    def sign(self, message, domain=GOOD, selector="s1", **options):
        message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return dkim.sign(message, selector.encode(), domain.encode(), self.private,
                         include_headers=[b"From", b"Subject", b"To"], **options) + message


def letter(octets, author=f"dmarc@{GOOD}", name="r.xml.gz"):
    return mail(gzip.compress(octets, mtime=0), name).replace(b"dmarc@reporter.example",
                                                             author.encode(), 1)
