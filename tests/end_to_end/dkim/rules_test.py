#!/usr/bin/env python3
"""What check-message makes of signatures, keys, tags and ARC chains that dkimpy or its like made,
and how DMARC, SPF and the command line come together."""

import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns", "nacl")

import dkim  # noqa: E402
import dns_stub  # noqa: E402
from check_message import HEAD, TEXT, Checker, Keys  # noqa: E402
from harness import BINARY  # noqa: E402

MESSAGE = HEAD + b"\r\n" + TEXT


def check_several(keys, checker):
    message = HEAD + b"\r\n" + TEXT
    twice = keys.sign(keys.sign(message, "ed"), "r2048")
    checker.outcome("two signatures", twice, ["pass", "pass"])
    foreign = dict(domain=b"esp.example")
    keys.private["esp"] = keys.private["r2048"]
    keys.publish("esp", keys.record("r2048"), "esp.example")
    verdict = checker.outcome("a vendor's signature alone", keys.sign(message, "esp", **foreign),
                              ["pass"])
    checker.equal("a vendor's is not aligned", verdict["dkim"][0]["aligned"], False)
    checker.equal("so DMARC fails", verdict["dmarc"]["disposition"], "reject")
    # RFC 9989 section 4.4: only an aligned identifier counts; what would align is named.
    shown = checker.start(keys.sign(message, "esp", **foreign), "--ip", "203.0.113.9",
                         "--sender", "b@elsewhere.example").stdout.decode()
    checker.check("it says how to sign", "DKIM passes for d=esp.example, not aligned: sign as "
                  "d=example.com" in " ".join(shown.split()), shown)
    checker.outcome("both", keys.sign(keys.sign(message), "esp", **foreign), ["pass", "pass"])
    good = keys.sign(message)
    broken = good[:-len(message)].replace(b"bh=", b"bh=AAAA", 1)
    checker.outcome("a broken one above a good one", broken + good, ["fail", "pass"])
    checker.outcome("an unreadable one above a good one", b"DKIM-Signature: v=1; a\r\n" + good,
                    ["neutral", "pass"])
    added = keys.sign(message, include_headers=[b"from", b"from", b"subject"])
    verdict, code = checker.run(b"From: eve@example.com\r\n" + added)
    checker.equal("a second From under over-signing", verdict["dkim"][0]["result"], "fail")
    # RFC 9989 section 11.5: such a message is an attack, whatever DMARC can evaluate of it.
    checker.equal("several From fields", (verdict["dmarc"]["result"], code), ("none", 2))


def check_length(keys, checker):
    message = keys.sign(HEAD + b"\r\n" + TEXT, length=True)
    checker.outcome("l= covers all", message, ["pass"])
    verdict = checker.outcome("l= and more behind", message + b"Buy now!\r\n", ["pass"])
    checker.equal("what l= leaves out", verdict["dkim"][0]["unsigned_octets"], 10)
    checker.outcome("l= and less than that", message[:-20], ["fail"])


class Odd(dkim.DKIM):
    """Signs with other tags than dkimpy would write: None takes one away."""

    tags = {}

    def gen_header(self, fields, include_headers, *rest, **options):
        merged = {**dict(fields[:-1]), **self.tags, fields[-1][0]: fields[-1][1]}
        fields[:] = [(tag, value) for tag, value in merged.items() if value is not None]
        if b"h" in self.tags and self.tags[b"h"]:
            include_headers = tuple(self.tags[b"h"].split(b":"))
        return super().gen_header(fields, include_headers, *rest, **options)


def odd(keys, **tags):
    signer = Odd(MESSAGE)
    signer.tags = {tag.encode(): value and value.encode() for tag, value in tags.items()}
    return signer.sign(b"r2048", b"example.com", keys.private["r2048"]) + MESSAGE


def check_tags(keys, checker):
    """Signatures that are right but for what they say."""
    now = ("--now", "2026-11-21T00:00:00Z")  # 1795219200
    for name, tags, wanted in (
            ("expires later", dict(t="1795000000", x="1795219201"), "pass"),
            ("expires now", dict(t="1795000000", x="1795219200"), "pass"),
            ("expired", dict(t="1795000000", x="1795219199"), "fail"),
            ("expired, no t=", dict(t=None, x="1"), "fail"),
            ("expires before it was signed", dict(t="1795219200", x="1795219100"), "neutral"),
            ("signed tomorrow", dict(t="1795300000"), "pass"),
            ("t= no number", dict(t="-1"), "neutral"),
            ("x= no number", dict(x="soon"), "neutral"),
            ("From not signed", dict(h="subject:to"), "permerror"),
            ("names that are not there", dict(h="from:x-none:from:from"), "pass"),
            ("no h=", dict(h=None), "neutral"),
            ("no bh=", dict(bh=None), "neutral"),
            ("no d=", dict(d=None), "neutral"),
            ("no v=", dict(v=None), "neutral"),
            ("v=2", dict(v="2"), "neutral"),
            ("another algorithm", dict(a="rsa-sha512"), "neutral"),
            ("q= unknown", dict(q="http/get"), "neutral"),
            ("q= with more", dict(q="http/get:dns/txt"), "pass"),
            ("no q=", dict(q=None), "pass"),
            ("no i=", dict(i=None), "pass"),
            ("i= elsewhere", dict(i="@example.net"), "permerror"),
            ("i= is the parent", dict(i="@com"), "permerror"),
            ("i= no address", dict(i="joe"), "neutral"),
            ("c= short", dict(c="relaxed"), "pass"),
            ("c= unknown", dict(c="nofws"), "neutral"),
            ("unknown tag", dict(zz="what"), "pass"),
            ("copied fields", dict(z="From:joe@example.com|Subject:a=20b"), "pass"),
            ("l= too long", dict(l="100000"), "fail"),
            ("l= no number", dict(l="all"), "neutral")):
        checker.outcome(f"tags: {name}", odd(keys, **tags), [wanted], *now)
    flood = b"".join(keys.sign(MESSAGE)[:-len(MESSAGE)] for _ in range(22)) + MESSAGE
    checker.outcome("a flood", flood, ["pass"] * 20 + ["policy"] * 2)


def check_keys(keys, checker):
    """Key records that a receiver must refuse, or may take."""
    message = HEAD + b"\r\n" + TEXT
    changes = {
        "revoked": (lambda text: "v=DKIM1; k=rsa; p=", "permerror"),
        "hash": (lambda text: text.replace("k=rsa", "k=rsa; h=sha1"), "permerror"),
        "hashes": (lambda text: text.replace("k=rsa", "k=rsa; h=sha1:sha256"), "pass"),
        "service": (lambda text: text.replace("k=rsa", "k=rsa; s=tlsrpt"), "permerror"),
        "services": (lambda text: text.replace("k=rsa", "k=rsa; s=tlsrpt:email"), "pass"),
        "type": (lambda text: text.replace("k=rsa", "k=ed25519"), "permerror"),
        "version": (lambda text: text.replace("DKIM1", "DKIM2"), "permerror"),
        "bare": (lambda text: text.replace("v=DKIM1; k=rsa; ", ""), "pass"),
        "testing": (lambda text: text + "; t=y", "pass"),
        "failing": (lambda text: "SERVFAIL", "temperror"),
    }
    for selector, (change, wanted) in changes.items():
        keys.variant(selector, "r2048", change)
        checker.outcome(f"key: {selector}", keys.sign(message, selector), [wanted])
    keys.private["missing"] = keys.private["other"] = keys.private["r2048"]
    checker.outcome("key: missing", keys.sign(message, "missing"), ["permerror"])
    keys.publish("other", keys.record("r1024"))
    checker.outcome("key: another's", keys.sign(message, "other"), ["fail"])
    checker.outcome("key: 768 bits", keys.sign(message, "r512"), ["fail"])
    keys.variant("strict", "r2048", lambda text: text + "; t=s")
    checker.outcome("t=s, i= equal", keys.sign(message, "strict"), ["pass"])
    checker.outcome("t=s, i= below", keys.sign(message, "strict", identity=b"@sub.example.com"),
                    ["permerror"])
    checker.outcome("rsa-sha1", keys.sign(message, signature_algorithm=b"rsa-sha1"), ["fail"])


def arc_signed(keys, message, instances):
    """The message with so many ARC sets, each by dkimpy."""
    for number in range(instances):
        chain = b"; arc=pass" if number else b""
        message = re.sub(rb"^Authentication-Results: .*\r\n", b"", message, flags=re.MULTILINE)
        message = (b"Authentication-Results: lists.example" + chain +
                   b"; spf=pass smtp.mailfrom=joe@example.com\r\n") + message
        lines = dkim.arc_sign(message, b"r2048", b"example.com", keys.private["r2048"],
                              b"lists.example")
        message = b"".join(lines) + message
    return message


def check_arc(keys, checker):
    message = HEAD + b"\r\n" + TEXT
    for instances in (1, 2, 3):
        chain = arc_signed(keys, message, instances)
        verdict, _ = checker.run(chain)
        checker.equal(f"ARC chain of {instances}", verdict["arc"]["result"], "pass")
        checker.equal("its sets", [one["cv"] for one in verdict["arc"]["sets"]],
                       (["none"] + ["pass"] * 5)[:instances])
    for name, changed in (("body", chain + b"more\r\n"),
                          ("results", chain.replace(b"spf=pass", b"spf=fail")),
                          ("sequence", chain.replace(b"i=2", b"i=4")),
                          ("status", chain.replace(b"cv=none", b"cv=pass")),
                          ("a set twice", chain[:chain.index(b"i=2")] + chain)):
        verdict, _ = checker.run(changed)
        checker.equal(f"ARC, {name} changed", verdict["arc"]["result"], "fail")
    checker.equal("no ARC", checker.run(message)[0]["arc"]["result"], "none")


def check_dmarc(keys, checker):
    """Records, identifiers and exit codes."""
    names = keys.names
    names["bounce.example.com"] = ["v=spf1 ip4:192.0.2.0/28 -all"]
    names["_dmarc.relaxed.example"] = ["v=DMARC1; p=quarantine; sp=reject; t=y; pct=10"]
    names["mail.relaxed.example"] = ["v=spf1 ip4:192.0.2.0/28 -all"]
    names["_dmarc.down.example"] = ["SERVFAIL"]

    def verdict_of(author, *options):
        message = MESSAGE.replace(b"joe@example.com", author.encode())
        done = checker.start(message, "--ip", "192.0.2.1", "--format", "json", *options)
        verdict = json.loads(done.stdout)
        return (verdict["dmarc"]["result"], verdict["dmarc"]["disposition"],
                verdict["spf"]["result"], verdict["spf"]["aligned"], done.returncode)

    def sender(text):
        return ("--sender", text)

    for name, got, wanted in (
            ("equal", verdict_of("joe@example.com", *sender("b@example.com")),
             ("pass", "none", "pass", True, 0)),
            ("relaxed by default", verdict_of("joe@example.com", *sender("b@bounce.example.com")),
             ("pass", "none", "pass", True, 0)),
            ("a sub-domain's author", verdict_of("joe@a.relaxed.example",
                                             *sender("b@mail.relaxed.example")),
             ("pass", "none", "pass", True, 0)),
            ("t=y lowers", verdict_of("joe@relaxed.example", *sender("b@bounce.example.com")),
             ("fail", "none", "pass", False, 2)),
            ("sp for a name that is there", verdict_of("joe@mail.relaxed.example",
                                                   *sender("b@bounce.example.com")),
             ("fail", "quarantine", "pass", False, 2)),
            ("a bounce", verdict_of("joe@example.com", *sender(""), "--helo", "bounce.example.com"),
             ("pass", "none", "pass", True, 0)),
            ("HELO beside MAIL FROM", verdict_of("joe@example.com", *sender("b@nowhere.example"),
                                             "--helo", "bounce.example.com"),
             ("fail", "reject", "none", False, 2)),
            ("nobody known", verdict_of("joe@example.com"), ("fail", "reject", "none", False, 2)),
            ("no record", verdict_of("joe@nowhere.example", *sender("b@example.com")),
             ("none", "none", "pass", False, 0)),
            ("DNS down", verdict_of("joe@down.example", *sender("b@example.com")),
             ("none", "none", "pass", False, 1))):
        checker.equal(f"DMARC: {name}", got, wanted)
    noted = b"Return-Path: <b@example.com>\r\n" + MESSAGE
    done = checker.start(noted, "--ip", "192.0.2.1")
    checker.equal("Return-Path", (done.returncode, b"smtp.mailfrom=b@example.com" in done.stdout),
                   (0, True))


def check_command(keys, checker):
    """Text, standard input, and mistakes."""
    message = keys.sign(MESSAGE)
    client = ("--ip", "192.0.2.1", "--sender", "b@example.com")
    text = checker.start(message, *client).stdout.decode()
    for piece in ("Authentication-Results: rampart;", "\tspf=pass (ip4:192.0.2.0/28)",
                  "header.d=example.com header.i=@example.com header.s=r2048 header.a=rsa-sha256",
                  "dmarc=pass (p=reject dis=none) header.from=example.com", "2048 bits"):
        checker.equal(f"text has {piece}", piece in text, True)
    piped = subprocess.run([BINARY, "check-message", "-", "--resolver", checker.resolver, *client],
                           input=message, capture_output=True, timeout=60)
    checker.equal("standard input", piped.stdout.decode(), text)
    for name, octets, options in (("empty", b"", client), ("no header", b"hello\r\n", client),
                                  ("no --ip", message, client[2:]),
                                  ("no address", message, ("--ip", "here")),
                                  ("a huge header", b"A: b\r\n" * 200000, client)):
        done = checker.start(octets, *options, "--format", "json")
        errors = json.loads(done.stdout)["errors"]
        checker.equal(f"mistake: {name}", (done.returncode, len(errors)), (1, 1))
    for path in ("/nowhere/message.eml", str(harness.SOURCE)):
        done = subprocess.run([BINARY, "check-message", path, *client], capture_output=True)
        checker.equal(f"mistake: {path}", (done.returncode, path.encode() in done.stderr),
                       (1, True))


def main():
    keys = Keys()
    checker = Checker(dns_stub.serve(keys.names))
    for check in (check_several, check_length, check_tags, check_keys, check_arc, check_dmarc,
                  check_command):
        check(keys, checker)
    return checker.report()


if __name__ == "__main__":
    sys.exit(main())
