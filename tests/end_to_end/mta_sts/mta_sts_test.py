#!/usr/bin/env python3
"""MTA-STS: the policy's body before its id, asked over real HTTPS on loopback with a CA of our own
(RFC 8461 section 3.3 and section 8)."""

import argparse
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import BINARY, Checks  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

NOW = "2026-11-21T00:00:00Z"
ZONE = """$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600
  IN NS ns1
  IN MX 10 mx
ns1 IN A 192.0.2.53
mx IN A 192.0.2.25
"""
YAML = """version: 1
providers: {files: {type: zonefile, directory: zones}}
domains:
  example.com:
    provider: files
    dmarc: {phase: dkim}
    mta_sts: {mode: testing, mx: auto, max_age: 1d}
"""
POLICY = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400\n"


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    """ca.pem, and a certificate each for the policy host and for another name."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", "/CN=Test CA", "-days", "3650")
    for name in ("mta-sts.example.com", "other.example.com"):
        (folder / "san.cnf").write_text(f"subjectAltName=DNS:{name}\n")
        openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN={name}")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", "3650", "-extfile", "san.cnf")


class Server:
    """An HTTPS server that gives one answer to the policy's path, and counts the questions."""

    def __init__(self, folder, name="mta-sts.example.com"):
        self.answer, self.asked = (200, POLICY.encode(), {}), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.headers["Host"], self.path))
                status, body, headers = outer.answer
                self.send_response(status)
                for key, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Trial(Checks):
    """A folder with one domain, and what came of the questions to it."""

    def __init__(self, binary, folder):
        super().__init__()
        self.binary, self.folder = binary, folder
        self.written = WrittenZones(folder / "written")
        (folder / "zones").mkdir()
        (folder / "zones/example.com.zone").write_text(ZONE)
        (folder / "domains.yaml").write_text(YAML)

    def run(self, *words):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder),
                       "SSL_CERT_FILE": str(self.folder / "ca.pem")}
        done = subprocess.run([self.binary, "--now", NOW, "--resolver", "127.0.0.1:9", *words],
                              cwd=self.folder, env=environment, capture_output=True, text=True)
        self.written.keep_folder(" ".join(words), self.folder / "zones")
        return done

    def plan(self, address, *words):
        done = self.run("plan", "--format", "json", "--mta-sts-connect", address, *words)
        return done.returncode, json.loads(done.stdout)

    def live(self):
        return "v=STSv1" in (self.folder / "zones/example.com.zone").read_text()


def check_answers(trial, server):
    """What senders would not take keeps the record back; what they take lets it through."""
    good = POLICY.encode()
    crlf = POLICY.replace("\n", "\r\n").encode()
    cases = [
        ("lines that end with LF", (200, good, {}), True, ""),
        ("lines that end with CRLF", (200, crlf, {}), True, ""),
        ("another order, blanks and unknown keys",
         (200, b"x: y\nmax_age:  86400\nmx: MX.example.com\nmode:testing\nversion: STSv1", {}),
         True, ""),
        ("another mode", (200, good.replace(b"testing", b"enforce"), {}), False, "mode enforce"),
        ("another max_age", (200, good.replace(b"86400", b"604800"), {}), False, "max_age 604800"),
        ("another host", (200, good.replace(b"mx.ex", b"mx2.ex"), {}), False, "1 mx"),
        ("no policy", (200, b"hello\n", {}), False, "key: value"),
        ("a version that is none", (200, good.replace(b"STSv1", b"STSv2"), {}), False, "version"),
        ("not found", (404, b"", {}), False, "status 404"),
        ("a redirect", (301, b"", {"Location": "/elsewhere"}), False, "status 301"),
        ("65 kilobytes and more", (200, good + b"x: " + b"y" * 70000, {}), False, "exceeds"),
    ]
    for what, answer, fits, why in cases:
        server.answer = answer
        code, plan = trial.plan(server.address, "--check-mta-sts")
        names = [change["name"] for change in plan["changes"]]
        found = [one for one in plan["findings"] if one["code"] == "mta-sts-policy-first"]
        trial.check(what, code == (0 if fits else 3), str(code))
        trial.check(f"{what}: the record", ("_mta-sts.example.com" in names) == fits, str(names))
        trial.check(f"{what}: is reported", (not found) if fits else why in found[0]["message"],
                    str(found))
    trial.check("the policy's own URL is requested",
                set(server.asked) == {("mta-sts.example.com", "/.well-known/mta-sts.txt")},
                str(set(server.asked)))


def check_certificates(trial):
    other = Server(trial.folder, "other.example.com")
    code, plan = trial.plan(other.address, "--check-mta-sts")
    trial.check("a certificate of another name", code == 3 and not plan["changes"], str(code))
    other.stop()
    code, plan = trial.plan(other.address, "--check-mta-sts")
    trial.check("nothing is written where certainty is required",
                code == 3 and not plan["changes"])
    code, plan = trial.plan(other.address)
    trial.check("without the flag nothing is requested", code == 0 and len(plan["changes"]) == 1)


def check_apply(trial, server):
    """The rendered file, once served, lets the id through; a later policy waits in its turn."""
    server.answer = (404, b"", {})
    done = trial.run("apply", "--auto-approve", "--mta-sts-connect", server.address)
    trial.check("apply waits for the body", done.returncode == 3 and not trial.live(), done.stdout)
    trial.run("render", "--format", "mta-sts", "--out", "web")
    served = (trial.folder / "web/example.com/.well-known/mta-sts.txt").read_bytes()
    server.answer = (200, served, {})
    done = trial.run("apply", "--auto-approve", "--mta-sts-connect", server.address)
    trial.check("apply writes the id", done.returncode == 0 and trial.live(), done.stdout)
    asked = len(server.asked)
    trial.run("apply", "--auto-approve", "--mta-sts-connect", server.address)
    trial.check("a published id needs no request", len(server.asked) == asked)
    (trial.folder / "domains.yaml").write_text(YAML.replace("testing", "enforce"))
    before = (trial.folder / "zones/example.com.zone").read_bytes()
    done = trial.run("apply", "--auto-approve", "--mta-sts-connect", server.address)
    trial.check("a new policy's id waits", done.returncode == 3, done.stdout)
    trial.check("the old id stays",
                (trial.folder / "zones/example.com.zone").read_bytes() == before)


def check_removal(trial, server):
    """RFC 8461 section 8.3: mode none first."""
    (trial.folder / "domains.yaml").write_text(
        "version: 1\nproviders: {files: {type: zonefile, directory: zones}}\n"
        "domains:\n  example.com: {provider: files, state: absent}\n")
    code, plan = trial.plan(server.address, "--check-mta-sts")
    codes = [one["code"] for one in plan["findings"]]
    trial.check("a policy that is served keeps its record",
                code == 3 and "mta-sts-none-first" in codes, str(codes))
    server.answer = (200, b"version: STSv1\nmode: none\nmax_age: 86400\n", {})
    code, plan = trial.plan(server.address, "--check-mta-sts")
    names = [change["name"] for change in plan["changes"]]
    trial.check("mode none lets it go", code == 0 and "_mta-sts.example.com" in names, str(plan))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=BINARY, type=pathlib.Path)
    binary = parser.parse_args().binary.resolve()
    with tempfile.TemporaryDirectory(prefix="rampart-sts.") as work:
        trial = Trial(binary, pathlib.Path(os.path.realpath(work)))
        make_certificates(trial.folder)
        server = Server(trial.folder)
        check_answers(trial, server)
        check_certificates(trial)
        check_apply(trial, server)
        check_removal(trial, server)
        server.stop()
        skipped = trial.written.check(trial, 2)
    return trial.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
