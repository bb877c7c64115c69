"""What the suites of check-message share: keys in a DNS of their own, dkimpy as signer, and the
command. Import it after harness.need_modules("dkim", "nacl")."""

import json
import pathlib
import subprocess
import tempfile

import dkim
import nacl.encoding
import nacl.signing

from harness import BINARY, Checks
from key_material import rsa_key

RSA, ED25519 = b"rsa-sha256", b"ed25519-sha256"
HEAD = (b"From: Joe <joe@example.com>\r\nTo: Suzie <suzie@example.net>\r\n"
        b"Subject: Is dinner ready?\r\nDate: Sat, 21 Nov 2026 21:00:37 +0000\r\n"
        b"Message-ID: <1@example.com>\r\n")
TEXT = b"Hi.\r\n\r\nWe lost the game.\r\n"


class Keys:
    """The keys of a run, and the names that publish them."""

    def __init__(self):
        self.private, self.names = {}, {}
        for selector, bits in (("r1024", 1024), ("r2048", 2048), ("r4096", 4096), ("r512", 768)):
            self.private[selector], public = rsa_key(bits)
            self.publish(selector, f"v=DKIM1; k=rsa; p={public}")
        signing = nacl.signing.SigningKey.generate()
        self.private["ed"] = signing.encode(nacl.encoding.Base64Encoder)
        public = signing.verify_key.encode(nacl.encoding.Base64Encoder).decode()
        self.publish("ed", f"v=DKIM1; k=ed25519; p={public}")
        self.names["example.com"] = ["v=spf1 ip4:192.0.2.0/28 -all"]
        self.names["_dmarc.example.com"] = ["v=DMARC1; p=reject; adkim=s"]

    def publish(self, selector, text, domain="example.com"):
        self.names[f"{selector}._domainkey.{domain}"] = [text]

    def record(self, selector):
        return self.names[f"{selector}._domainkey.example.com"][0]

    def variant(self, selector, of, change):
        """Publishes another record for the key `of`, changed."""
        self.private[selector] = self.private[of]
        self.publish(selector, change(self.record(of)))

    def sign(self, message, selector="r2048", **options):
        algorithm = ED25519 if self.private[selector].endswith(b"=") else RSA
        options.setdefault("signature_algorithm", algorithm)
        domain = options.pop("domain", b"example.com")
        return dkim.sign(message, selector.encode(), domain, self.private[selector],
                         **options) + message


class Checker(Checks):
    """Runs check-message and counts what is as expected."""

    def __init__(self, resolver):
        super().__init__()
        self.resolver = resolver
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "message.eml"

    def start(self, message, *options):
        """Runs check-message on a file that holds the message."""
        self.path.write_bytes(message)
        command = [str(BINARY), "check-message", str(self.path), "--resolver", self.resolver]
        return subprocess.run([*command, *options], capture_output=True, timeout=60)

    def run(self, message, *options):
        """The JSON and the exit code, for a client that SPF knows nothing of."""
        done = self.start(message, "--ip", "203.0.113.9", "--sender", "b@elsewhere.example",
                          "--format", "json", *options)
        return json.loads(done.stdout), done.returncode

    def outcome(self, name, message, wanted, *options):
        """Expects these DKIM results, and the exit code that DMARC makes of them."""
        verdict, code = self.run(message, *options)
        self.equal(name, [one["result"] for one in verdict["dkim"]], wanted)
        aligned = any(one["result"] == "pass" and one["aligned"] for one in verdict["dkim"])
        waits = any(one["result"] == "temperror" and one["aligned"] for one in verdict["dkim"])
        self.equal(f"{name}: exit", code, 0 if aligned else 1 if waits else 2)
        return verdict
