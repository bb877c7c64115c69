"""Reports that nobody should believe, and mails signed by a reporter of its own."""

import base64
import random

import dkim
import nacl.encoding
import nacl.signing

import people
import receivers
import reports
from senders import Row

SIGNER = next(one for one in receivers.RECEIVERS.values() if one.signed)
MAIL = """From: {author}
To: dmarc@{domain}
Subject: Report Domain: {domain} Submitter: {org}
Message-ID: <{id}@{org}>
MIME-Version: 1.0
Content-Type: text/xml; charset=utf-8
Content-Transfer-Encoding: base64

{body}"""


class Forger:
    """Signs as a reporter, as outsiders, and as an impostor who claims to be another."""

    def __init__(self, seed, domains, outage):
        self.outage = outage
        self.rng = random.Random(f"forger {seed}")
        self.keys, self.names = {}, people.records_of(domains)
        outsiders = [one.by.reporter for domain in domains for one in domain.outsiders]
        for domain in (SIGNER.reporter, "evil.example", *outsiders):
            key = nacl.signing.SigningKey(self.rng.randbytes(32))
            self.keys[domain] = key.encode(nacl.encoding.Base64Encoder)
            public = key.verify_key.encode(nacl.encoding.Base64Encoder).decode()
            self.names[f"s1._domainkey.{domain}"] = [f"v=DKIM1; k=ed25519; p={public}"]

    def mail(self, octets, author, domain, number):
        body = base64.encodebytes(octets).decode()
        org = author.partition("@")[2]
        text = MAIL.format(author=author, domain=domain, org=org, id=number, body=body)
        return text.replace("\n", "\r\n").encode()

    def sign(self, message, domain):
        return dkim.sign(message, b"s1", domain.encode(), self.keys[domain],
                         signature_algorithm=b"ed25519-sha256",
                         include_headers=[b"From", b"To", b"Subject"]) + message

    def signed(self, report):
        """A report as the mail of its own reporter."""
        by, number = report.receiver, f"{report.domain}.{report.day}"
        return self.sign(self.mail(report.xml(), by.mailbox, report.domain, number), by.reporter)

    def claims(self, domain, day, record):
        """What outsiders claim of a day in their own names: always what the domain publishes."""
        record = record or receivers.Record()
        for one in domain.outsiders:
            if day >= one.first and (one.always or day + 1 not in self.outage):
                fails = one.claim == "disaster" or (one.turns is not None and day >= one.turns)
                rows = (self.disaster if fails else self.perfect)(domain, 1_000_000)
                yield reports.Report(one.by, domain.name, day, record, rows)

    def forge(self, domain, day):
        """What a forger sends of one day: files, unsigned mails, and mails signed as another."""
        bigmail, oldpost = receivers.RECEIVERS["Bigmail"], receivers.RECEIVERS["Oldpost"]
        record = receivers.Record(p="reject")
        found = []
        for receiver in (bigmail, oldpost):
            rows = self.perfect(domain) if domain.forgery == "perfect" else self.disaster(domain)
            found.append(reports.Report(receiver, domain.name, day, record, rows).xml())
        if day % 7 == 0:
            found.append(self.mail(found[0], bigmail.mailbox, domain.name, f"f{day}"))
            found.append(self.sign(self.mail(found[1], bigmail.mailbox, domain.name, f"g{day}"),
                                   "evil.example"))
        return found

    def perfect(self, domain, count=100_000):
        """Every sender passes, by SPF and by DKIM."""
        return [(Row(one.ip, count, one.id, domain.name, domain.name, "pass",
                     ((domain.name, one.selector or "x", "pass"),), True, True), "none", count, "")
                for one in domain.senders]

    def disaster(self, domain, count=50_000):
        """Every sender fails; lists and forwarders send as the domain itself."""
        rows = [Row(one.ip, count, one.id, domain.name, "x.example", "fail",
                    ((domain.name, one.selector or "x", "fail"),)) for one in domain.senders]
        for ip in (domain.list_ip, domain.forwarder):
            rows.append(Row(ip, 5000, ip, domain.name, domain.name, "pass", (), False, True))
            rows.append(Row(ip, 5000, ip, domain.name, "x.example", "fail"))
        return [(row, "reject", row.count, "") for row in rows]
