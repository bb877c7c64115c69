#!/usr/bin/env python3
"""Messages that dkimpy signs, with odd headers and bodies: `rampart check-message` passes them, and
fails each once it is tampered with. Canonical forms equal dkimpy's on generated bodies."""

import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns", "nacl")

import dkim  # noqa: E402
import dkim.canonicalization  # noqa: E402
import dns_stub  # noqa: E402
from check_message import HEAD, TEXT, Checker, Keys  # noqa: E402

DRIVER = os.environ.get("DKIM_CANON_DRIVER", str(harness.BUILD / "tests/dkim_canon_driver"))

METHODS = [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")]

FROM = b"From: joe@example.com\r\n"
# {name: body} and {name: header}: each is signed with the pairs of methods.
BODIES = {
    "plain": TEXT,
    "empty": b"",
    "one empty line": b"\r\n",
    "empty lines": b"\r\n\r\n\r\n",
    "empty lines at the end": TEXT + b"\r\n" * 40,
    "empty lines at the start": b"\r\n\r\n" + TEXT,
    "no line end": b"no line end",
    "blanks at line ends": b"a \t\r\n b\t\r\n\t\r\n  \r\nc  d\t e\r\n",
    "blank lines alone": b" \r\n\t\r\n  \t \r\n",
    "8-bit": "Grüße, 世界\r\n".encode() + b"\xff\xfe\x80\r\n",
    "long line": b"x" * 100000 + b"\r\n" + b"y " * 5000 + b"\r\n",
    "NUL and controls": b"a\x00b\x01\x0b\x0c\x7f\r\n",
    "lone CR": b"a\rb\r\r\nc\r\n",
    "dots": b".\r\n..\r\n.x\r\n",
    "From line": b"From somebody\r\n>From another\r\n",
    "MIME": b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n",
    "large": b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n" * 40000,
}
HEADS = {
    "folded": FROM + b"Subject: a\r\n b\r\n\t c\r\n   d\r\n",
    "blanks around": b"From:\t joe@example.com \t \r\nSubject:   \r\nTo:a@example.net\r\n",
    "odd case": b"fROM: joe@example.com\r\nSUBJECT: x\r\n",
    "repeated": FROM + b"X-T: one\r\nX-T: two\r\nX-T: three\r\nSubject: s\r\n",
    "8-bit header": FROM + "Subject: Grüße\r\n".encode(),
    "long header": FROM + b"Subject: " + b"word " * 3000 + b"\r\n",
    "fold of blanks": FROM + b"Subject: a\r\n \t \r\n b\r\n",
    "colon in value": FROM + b"Subject: a: b:c\r\nX-A:b:c\r\n",
    "encoded word": FROM + b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n",
    "fold first": FROM + b"Subject:\r\n a\r\nTo:\r\n\ta@example.net,\r\n\tb@example.net\r\n",
    "display name": b'From: "Joe, \\"the\\" <x@y>" (a (b) c) <joe@example.com>\r\n',
    "empty subject": FROM + b"Subject:\r\n",
    "odd names": FROM + b"X-!#$%&'*+-^_`{|}~: x\r\nSubject: y\r\n",
}


def tampered(message):
    """(name, changed message): what no signature survives."""
    body = message.index(b"\r\n\r\n") + 4
    yield "body octet", message[:body] + b"X" + message[body:]
    yield "From", message.replace(b"joe@example.com", b"eve@example.com", 1)
    marker = message.index(b"b=", message.index(b"bh=") + 3)
    swapped = b"A" if message[marker + 8:marker + 9] != b"A" else b"B"
    yield "signature", message[:marker + 8] + swapped + message[marker + 9:]


def signed_messages(keys):
    """(name, message) of every message that must pass."""
    for name, body in BODIES.items():
        methods = METHODS if len(body) < 10000 else METHODS[::3]
        for number, method in enumerate(methods):
            selector = ("r2048", "ed", "r1024")[number % 3]
            yield (f"{name} {b'/'.join(method).decode()}",
                   keys.sign(HEAD + b"\r\n" + body, selector, canonicalize=method))
    for name, head in HEADS.items():
        fields = [line.split(b":")[0].lower() for line in head.split(b"\r\n")
                  if line and line[:1] not in b" \t"]
        for number, method in enumerate(METHODS):
            yield (f"{name} {b'/'.join(method).decode()}",
                   keys.sign(head + b"\r\n" + TEXT, ("ed", "r2048")[number % 2],
                             canonicalize=method, include_headers=fields + [b"from", b"subject"]))
    yield "no body at all", keys.sign(HEAD + b"\r\n")
    yield "4096 bits", keys.sign(HEAD + b"\r\n" + TEXT, "r4096")
    yield "identity", keys.sign(HEAD + b"\r\n" + TEXT, identity=b"joe@sub.example.com")
    lf = HEAD.replace(b"\r\n", b"\n") + b"\n" + TEXT.replace(b"\r\n", b"\n")
    yield "lone LF", keys.sign(lf, linesep=b"\n")
    yield "mbox line", b"From joe Sat Nov 21 2026\r\n" + keys.sign(HEAD + b"\r\n" + TEXT)


def check_signed(keys, checker):
    for name, message in signed_messages(keys):
        normal = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        checker.outcome(name, message, ["pass"])
        if name.endswith(("relaxed/relaxed", "simple/simple")) and len(message) < 20000:
            for what, changed in tampered(normal):
                verdict, _ = checker.run(changed)
                checker.equal(f"{name}, {what} changed", verdict["dkim"][0]["result"] == "pass",
                               False)


def generated(random_one):
    """A body of what canonicalization cares about."""
    pieces = [b"\r\n", b"\r\n", b"\n", b"\r", b" ", b"\t", b"a", b"xyz", b".", b"\x00", b"\xe4",
              b"  \r\n", b"\r\n\r\n"]
    return b"".join(random_one.choice(pieces) for _ in range(random_one.randrange(40)))


def check_canonical(checker, count):
    """Equal to dkimpy's on generated bodies, in pieces of any size, and on the header fields."""
    seed = 20261121
    random_one = random.Random(seed)
    driver = subprocess.Popen([DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(method, part, octets):
        piece = random_one.choice((1, 2, 3, 7, 1 << 20))
        driver.stdin.write(f"{method} {part} {piece} {len(octets)}\n".encode() + octets)
        driver.stdin.flush()
        return driver.stdout.read(int(driver.stdout.readline()))

    different = []
    for number in range(count):
        body = generated(random_one)
        method = ("simple", "relaxed")[number % 2]
        peer = dkim.canonicalization.ALGORITHMS[method.encode()]
        # dkimpy brings line ends to CR LF when it parses the message.
        _, parsed = dkim.rfc822_parse(b"A: b\r\n\r\n" + body)
        if ask(method, "body", body) != peer.canonicalize_body(parsed):
            different.append((method, body))
    checker.equal(f"{count} canonical bodies", different[:5], [])
    for name, head in HEADS.items():
        for method in ("simple", "relaxed"):
            peer = dkim.canonicalization.ALGORITHMS[method.encode()]
            fields, _ = dkim.rfc822_parse(head)
            wanted = b"".join(field + b":" + value
                              for field, value in peer.canonicalize_headers(fields))
            checker.equal(f"{method} fields: {name}", ask(method, "field", head), wanted)
    driver.stdin.close()
    driver.wait()


def main():
    keys = Keys()
    checker = Checker(dns_stub.serve(keys.names))
    check_signed(keys, checker)
    check_canonical(checker, 10000)
    return checker.report()


if __name__ == "__main__":
    sys.exit(main())
