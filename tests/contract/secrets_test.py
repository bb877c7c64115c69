#!/usr/bin/env python3
"""Looks for every credential in all that the program writes: standard output and error at
--log-level trace, the plan and the world, for every provider with credentials and every fault."""

import base64
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cloudflare_fake_test as cloudflare  # noqa: E402
import route53_fake as aws  # noqa: E402
import servers_cloudflare  # noqa: E402
import servers_dns  # noqa: E402
import servers_route53  # noqa: E402

RAMPART = pathlib.Path(os.environ.get("RAMPART_BINARY") or HERE.parents[1] / "build/dev/rampart")
ZONE = "contract.example"
WRONG = "wr0ng/secret+of&nobody-1234567890abcdef="
HTTP_FAULTS = ["throttled", "server-error", "closed-before", "closed-after", "truncated",
               "garbage", "echo"]
DNS_FAULTS = ["server-error", "closed-before", "closed-after", "truncated", "garbage"]
# Parts of a signed or bearing header that no redaction would leave.
HEADER = re.compile(r"AWS4-HMAC-SHA256 Credential|Signature=[0-9a-f]|Bearer (?!\[redacted\])|"
                    r"(?:[: >]|Echo-)(?:authorization|x-api-key|x-amz-security-token): "
                    r"(?!(?:Bearer )?\[redacted\])", re.IGNORECASE)
YAML = """version: 1
providers: {{p: {provider}}}
senders:
  own: {{spf: ["ip4:192.0.2.{number}"], owner: it, category: internal, reviewed: 2026-10-01}}
domains:
  {zone}: {{provider: p, senders: [own], dmarc: {{phase: spf}}}}
"""


@dataclasses.dataclass
class Host:
    """One host that is up: how to reach it, with good credentials and with bad ones."""

    provider: str
    environment: dict
    secrets: list
    control: int
    faults: list
    bad: list  # What to change in the environment for credentials that are refused.
    marks: list  # What each log must hold, so that there is something to search.


def spellings(secret):
    """A secret as a log might show it."""
    octets = secret.encode()
    encoded = base64.b64encode(octets).decode()
    return {secret, encoded, encoded.rstrip("="), base64.urlsafe_b64encode(octets).decode(),
            octets.hex(), urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret),
            urllib.parse.quote_plus(secret), json.dumps(secret)[1:-1],
            json.dumps(secret)[1:-1].replace("/", "\\/"), secret.replace("&", "&amp;")}


def leaks(text, secrets):
    """What of `secrets` occurs in `text`."""
    found = [one for secret in secrets for one in sorted(spellings(secret)) if one in text]
    return found + HEADER.findall(text)


def ask(port, line):
    with socket.create_connection(("127.0.0.1", port), 10) as control:
        control.sendall(line.encode() + b"\n")
        return control.makefile().readline().strip()


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(request, timeout=20).close()


@contextlib.contextmanager
def route53(folder):
    with servers_route53.route53(folder) as up:
        post(f"http://127.0.0.1:{up['RAMPART_CONTRACT_HOST']}/_control/zone", {"name": ZONE})
        post(f"http://127.0.0.1:{up['RAMPART_CONTRACT_HOST']}/_control/set", {"pending_polls": 0})
        key = "ASIAEXAMPLE"
        environment = {
            "AWS_ENDPOINT_URL_ROUTE_53": f"http://127.0.0.1:{up['RAMPART_CONTRACT_PORT']}",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": aws.SECRET, "AWS_SESSION_TOKEN": aws.ACCOUNTS[key].token}
        expired = {"AWS_ACCESS_KEY_ID": "ASIAEXPIRED",
                   "AWS_SESSION_TOKEN": aws.ACCOUNTS["ASIAEXPIRED"].token}
        yield Host("{type: route53, requests_per_second: 100}", environment,
                   [aws.SECRET, WRONG, *(aws.ACCOUNTS[one].token for one in (key, "ASIAEXPIRED"))],
                   int(up["RAMPART_CONTRACT_CONTROL"]), HTTP_FAULTS,
                   [{"AWS_SECRET_ACCESS_KEY": WRONG}, expired],
                   ["trace: p: > Authorization: [redacted]\n", "trace: p: < "])


@contextlib.contextmanager
def cloudflare_api(folder):
    with servers_cloudflare.start(folder) as up:
        post(up["RAMPART_CONTRACT_SIDE_DOOR"] + "/zones", {"name": ZONE})
        yield Host("{type: cloudflare}",
                   {"CLOUDFLARE_API_TOKEN_P": cloudflare.TOKEN,
                    "CLOUDFLARE_BASE_URL": up["RAMPART_CONTRACT_URL"]},
                   [cloudflare.TOKEN, cloudflare.NARROW, cloudflare.EXPIRED, WRONG],
                   int(up["RAMPART_CONTRACT_CONTROL"]), HTTP_FAULTS,
                   [{"CLOUDFLARE_API_TOKEN_P": one}
                    for one in (cloudflare.NARROW, cloudflare.EXPIRED, WRONG)],
                   ["trace: p: > Authorization: [redacted]\n", "trace: p: < "])


@contextlib.contextmanager
def powerdns(folder):
    with servers_dns.pdns_api(folder) as up:
        yield Host("{type: powerdns}",
                   {"PDNS_API_URL": f"http://127.0.0.1:{up['RAMPART_CONTRACT_API_PORT']}",
                    "PDNS_API_KEY": servers_dns.API_KEY},
                   [servers_dns.API_KEY, WRONG], int(up["RAMPART_CONTRACT_CONTROL"]), HTTP_FAULTS,
                   [{"PDNS_API_KEY": WRONG}],
                   ["trace: p: > X-API-Key: [redacted]\n", "trace: p: < "])


@contextlib.contextmanager
def rfc2136(folder):
    wrong = base64.b64encode(b"another one, which nobody knows.").decode()
    malformed = "no base64 at all, but a secret"
    with servers_dns.named(folder) as up:
        server = f"127.0.0.1:{up['RAMPART_CONTRACT_PROXY_PORT']}"
        yield Host(f'{{type: rfc2136, server: "{server}", tsig_name: rampart}}',
                   {"RAMPART_TSIG_SECRET": servers_dns.SECRET},
                   [servers_dns.SECRET, wrong, malformed,
                    *(base64.b64decode(one).decode() for one in (servers_dns.SECRET, wrong))],
                   int(up["RAMPART_CONTRACT_CONTROL"]), DNS_FAULTS,
                   [{"RAMPART_TSIG_SECRET": wrong}], [f" to {server}: ", "debug: p: "])


HOSTS = {"route53": route53, "cloudflare": cloudflare_api, "powerdns": powerdns,
         "rfc2136": rfc2136}


class Runs:
    """The program against one host; what does not hold is printed."""

    def __init__(self, name, folder, host):
        self.name, self.folder, self.host = name, folder, host
        self.number, self.passed, self.failed = 0, 0, 0

    def expect(self, what, holds, shown=""):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"{self.name}: {what}\n{shown[-4000:]}", flush=True)

    def run(self, words, change, level):
        """(exit code, all that one run wrote, standard error); each wants a value of its own."""
        self.number += 1
        work = self.folder / f"run-{self.number}"
        work.mkdir()
        (work / "domains.yaml").write_text(YAML.format(
            provider=self.host.provider, zone=ZONE, number=self.number % 250 + 1))
        environment = {"PATH": os.environ["PATH"], "HOME": str(work), **self.host.environment,
                       **change}
        done = subprocess.run(
            [str(RAMPART), *words, "--log-level", level, "--resolver", "127.0.0.1:1",
             "--nameserver", "127.0.0.1:1"], cwd=work, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=120)
        files = [path.read_bytes() for path in sorted(work.glob("*.json"))]
        text = b"\n".join([done.stdout, done.stderr, *files]).decode(errors="replace")
        return done.returncode, text, done.stderr.decode(errors="replace")

    def look(self, what, words, change=None):
        """One run; its exit code and its text."""
        code, text, log = self.run(words, change or {}, "trace")
        self.expect(f"{what}: no log", all(mark in log for mark in self.host.marks), text)
        found = leaks(text, self.host.secrets)
        self.expect(f"{what}: {found} is shown", not found, text)
        return code, text

    def plan(self, what, change=None):
        return self.look(what, ["plan", "--live", "provider", "--out", "plan.json",
                                "--save-world", "world.json"], change)

    def apply(self, what, change=None):
        return self.look(what, ["apply", "--auto-approve", "--verify-timeout", "0s"], change)

    def clean(self):
        """Without faults; how many requests an apply makes."""
        code, text = self.plan("a plan")
        self.expect("a plan", code == 0 and '"changes"' in text and '"zones"' in text, text)
        ask(self.host.control, "arm none 0 0")
        code, text = self.apply("an apply")
        self.expect(f"an apply ends with {code}", code == 5 and "debug: p: " in text, text)
        calls = int(ask(self.host.control, "calls"))
        quiet = self.run(["plan", "--live", "provider"], {}, "info")[2]
        self.expect("info is silent", "debug:" not in quiet and "trace:" not in quiet, quiet)
        brief = self.run(["plan", "--live", "provider"], {}, "debug")[2]
        self.expect("debug is brief", "debug: p: " in brief and "trace:" not in brief, brief)
        return calls

    def all(self):
        calls = self.clean()
        self.expect("an apply makes requests", calls >= 3)
        for change in self.host.bad:
            self.plan("a plan with bad credentials", change)
            self.apply("an apply with bad credentials", change)
        for fault in self.host.faults:
            # Each request may be the one that tells; a pause at each would take minutes.
            paused = fault not in ("echo", "closed-after")
            for nth in (1, calls - 1) if paused else range(1, calls + 1):
                self.expect(fault, ask(self.host.control, f"arm {fault} {nth} 1") == "ok")
                text = self.apply(f"{fault} at request {nth}")[1]
                if fault == "echo":
                    self.expect("the echo is heard", "[redacted]" in text and "< X-Echo-" in text
                                or "< x-echo-" in text, text)
        ask(self.host.control, "arm none 0 0")


def check_case(name):
    """(passed, failed) of one host."""
    with tempfile.TemporaryDirectory() as folder:
        with HOSTS[name](pathlib.Path(folder)) as host:
            runs = Runs(name, pathlib.Path(folder), host)
            for secret in host.secrets:
                for one in spellings(secret):
                    runs.expect(f"{one!r} is found", leaks(f"x {one} y", host.secrets))
            runs.all()
            return runs.passed, runs.failed


def main():
    names = sys.argv[1:] or list(HOSTS)
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        counts = list(pool.map(check_case, names))
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
