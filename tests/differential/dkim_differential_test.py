#!/usr/bin/env python3
"""Random messages that dkimpy signs, whole or damaged: Rampart and dkimpy verify each, and must
agree on whether its signature passes. A signature that nothing has damaged must pass.

Usage: dkim_differential_test.py [COUNT [SEED]]
"""

import base64
import os
import pathlib
import random
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end/support"))
import harness  # noqa: E402

harness.need_modules("dkim", "nacl")

import dkim  # noqa: E402
import nacl.encoding  # noqa: E402
import nacl.signing  # noqa: E402
from key_material import rsa_key  # noqa: E402

DRIVER = os.environ.get("DKIM_DRIVER", str(harness.BUILD / "tests/dkim_driver"))
DOMAIN = "example.com"

NAMES = [b"Subject", b"To", b"Cc", b"X-A", b"x-a", b"List-Id", b"Date", b"Message-ID", b"REPLY-TO"]
VALUES = [b"x", b" a b ", b"\ta\t b", b" long " + b"word " * 20, b"", b" ", b" a\r\n b",
          b"\r\n c", b" d\r\n\t \r\n e", "Grüße".encode(), b" \xff\xfe", b" a:b;c=d",
          b" =?utf-8?q?x?="]
PIECES = [b"\r\n", b"\r\n", b"\r\n", b" ", b"\t", b"a", b"xyz", b".", b"\x00", b"\xe4", b"  \r\n",
          b"\r\n\r\n", b"From x\r\n", b"a line of text\r\n"]
METHODS = [b"simple", b"relaxed"]


class Peers:
    """The keys, our driver, and dkimpy beside it."""

    def __init__(self):
        self.driver = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.records, self.private = {}, {}
        self.private["rsa"], public = rsa_key(1024)
        self.publish("rsa", f"v=DKIM1; k=rsa; p={public}")
        signing = nacl.signing.SigningKey.generate()
        self.private["ed"] = signing.encode(nacl.encoding.Base64Encoder)
        public = signing.verify_key.encode(nacl.encoding.Base64Encoder).decode()
        self.publish("ed", f"k=ed25519;p={public};")

    def publish(self, selector, record):
        name = f"{selector}._domainkey.{DOMAIN}"
        self.records[name] = record.encode()
        self.driver.stdin.write(f"key {name} {len(record)}\n".encode() + record.encode())

    def ours(self, message):
        self.driver.stdin.write(f"message {int(time.time())} {len(message)}\n".encode() + message)
        self.driver.stdin.flush()
        return self.driver.stdout.readline().decode().strip()

    def theirs(self, message):
        answer = lambda name, timeout=5: self.records.get(name.decode().rstrip("."), None)
        try:
            return dkim.verify(message, dnsfunc=answer)
        except Exception:  # dkimpy stumbles over some damage: it verifies nothing then.
            return False


def signed(rng, peers):
    """A message with a signature on top; its header and body apart."""
    fields = [(rng.choice(NAMES), rng.choice(VALUES)) for _ in range(rng.randrange(7))]
    fields.insert(rng.randrange(len(fields) + 1), (b"From", b" Joe <joe@example.com>"))
    head = b"".join(name + b":" + value + b"\r\n" for name, value in fields)
    body = b"".join(rng.choice(PIECES) for _ in range(rng.randrange(30)))
    selector = rng.choice(["rsa", "rsa", "ed"])
    # Named twice or without being there: RFC 6376 section 5.4.2.
    names = [b"from"] + [name.lower() for name, _ in fields if rng.random() < 0.7]
    names += rng.choice([[], [b"from"], [b"x-absent"], [b"subject", b"subject"]])
    signature = dkim.sign(head + b"\r\n" + body, selector.encode(), DOMAIN.encode(),
                          peers.private[selector], include_headers=names,
                          canonicalize=(rng.choice(METHODS), rng.choice(METHODS)),
                          length=rng.random() < 0.25,
                          signature_algorithm=b"rsa-sha256" if selector == "rsa"
                          else b"ed25519-sha256")
    return signature, head, body


def with_octet(rng, octets):
    """`octets` with one of them changed, lost or added; no line begins or ends by it."""
    places = [at for at in range(len(octets)) if octets[at:at + 1] not in b"\r\n:"]
    if not places:
        return octets
    at = rng.choice(places)
    new = rng.choice([b"", b" ", b"x", b"=", b";", octets[at:at + 1] * 2])
    return octets[:at] + new + octets[at + 1:]


def value_changed(rng, head):
    """A header with one octet of one value changed."""
    at = head.index(b":") + 1
    end = head.index(b"\r\n", at)
    return head[:at] + with_octet(rng, head[at:end]) + head[end:]


def refolded(rng, head):
    """Blanks added before line ends and folds: the relaxed form survives this."""
    return head.replace(b"\r\n", rng.choice([b" \r\n", b"\t\r\n"]), rng.randrange(1, 3))


def damaged(rng, signature, head, body):
    """(what was done, message)."""
    extra = rng.choice(NAMES) + b": added\r\n"
    field = b"DKIM-Signature:"
    damaged_signature = field + with_octet(rng, signature[len(field):])
    more = rng.choice([b"x\r\n", b"\r\n", b" "])
    return rng.choice([
        ("nothing", signature + head + b"\r\n" + body),
        ("nothing", signature + head + b"\r\n" + body),
        ("body", signature + head + b"\r\n" + with_octet(rng, body)),
        ("body appended", signature + head + b"\r\n" + body + more),
        ("field", signature + value_changed(rng, head) + b"\r\n" + body),
        ("field above", extra + signature + head + b"\r\n" + body),
        ("field below", signature + head + extra + b"\r\n" + body),
        ("refolded", signature + refolded(rng, head) + b"\r\n" + body),
        ("case", signature + head.swapcase() + b"\r\n" + body),
        ("signature", damaged_signature + head + b"\r\n" + body),
        ("signature refolded", refolded(rng, signature) + head + b"\r\n" + body),
        ("signature's name", b"dKIM-signature" + signature[14:] + head + b"\r\n" + body)])


def has_spare_bits(message):
    """Whether `b=` or `bh=` of the signature on top ends in bits that no octet uses. A decoder may
    refuse such base64 (RFC 4648 section 3.5), as ours does; dkimpy ignores the bits."""
    field = re.match(rb"DKIM-Signature:(.*?)\r\n(?![ \t])", message, re.DOTALL)
    for value in re.findall(rb"(?:^|;)\s*bh?\s*=([^;]*)", field[1] if field else b""):
        text = re.sub(rb"\s", b"", value)
        try:
            if base64.b64encode(base64.b64decode(text)).rstrip(b"=") != text.rstrip(b"="):
                return True
        except ValueError:
            continue
    return False


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    peers = Peers()
    failed, passes = [], 0
    for number in range(count):
        what, message = damaged(rng, *signed(rng, peers))
        ours, theirs = peers.ours(message), peers.theirs(message)
        passes += theirs
        if theirs and ours == "neutral" and has_spare_bits(message):
            continue
        if (ours == "pass") != theirs or (what == "nothing" and not theirs):
            failed.append(f"case {number}, {what}: ours {ours}, dkimpy's {theirs}\n{message!r}")
    # A generator that damages everything, or nothing, compares nothing.
    if not count // 10 <= passes <= count - count // 10:
        failed.append(f"{passes} of {count} pass")
    for one in failed[:10]:
        print(one)
    print(f"{passes} pass and {count - passes} do not, in both")
    print(f"{count - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
