"""Reports that nobody should believe, and mails signed by a reporter of its own."""

import base64
import random

import dkim
import nacl.encoding
import nacl.signing

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
    """Signs as two domains: a reporter, and an impostor who claims to be another."""

    def __init__(self, seed):
        self.rng = random.Random(f"forger {seed}")
        self.keys, self.names = {}, {}
        for domain in (SIGNER.domain, "evil.example"):
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
        """An honest report as its own mail."""
        number = f"{report.domain}.{report.day}"
        return self.sign(self.mail(report.xml(), SIGNER.mailbox, report.domain, number),
                         SIGNER.domain)

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

    def perfect(self, domain):
        """Every sender passes, a hundred thousand times, and so does every address beside it."""
        return [(Row(one.ip, 100000, one.id, domain.name, domain.name, "pass",
                     ((domain.name, one.selector or "x", "pass"),), True, True), "none", 100000, "")
                for one in domain.senders]

    def disaster(self, domain):
        """Every sender fails; lists and forwarders send as the domain itself."""
        rows = [Row(one.ip, 50000, one.id, domain.name, "x.example", "fail",
                    ((domain.name, one.selector or "x", "fail"),)) for one in domain.senders]
        for ip in (domain.list_ip, domain.forwarder):
            rows.append(Row(ip, 5000, ip, domain.name, domain.name, "pass", (), False, True))
            rows.append(Row(ip, 5000, ip, domain.name, "x.example", "fail"))
        return [(row, "reject", row.count, "") for row in rows]
