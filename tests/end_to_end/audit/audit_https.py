"""Hosts that serve MTA-STS policies over HTTPS, well and badly, on loopback addresses at port
443."""

import collections
import dataclasses
import http.server
import ssl
import subprocess
import threading

POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 604800\r\n"


@dataclasses.dataclass
class Case:
    """How one domain's policy is served, and what the audit must say."""

    mode: str = "enforce"
    mx: str = "mx.sts.example"
    status: int = 200
    body: str = ""
    address: str = "127.0.0.2"  # 127.0.0.3 has a certificate for another name; no one is at .4.
    code: str = "mta-sts-unreachable"
    says: str = ""


CASES = {
    "good.sts.example": Case(code=""),
    "wild.sts.example": Case(mx="*.sts.example", code=""),
    "testing.sts.example": Case(mode="testing", code="mta-sts-testing"),
    "other-mx.sts.example": Case(mx="mx.other.example", code="mta-sts-mx"),
    "missing.sts.example": Case(status=404, says="404"),
    "moved.sts.example": Case(status=301, says="redirects (301)"),
    "html.sts.example": Case(body="<html>hello</html>", says="invalid"),
    "long.sts.example": Case(body="x" * 70000, says="longer than 65536"),
    "strange.sts.example": Case(address="127.0.0.3", says="certificate"),
    "closed.sts.example": Case(address="127.0.0.4", says="cannot be fetched"),
    "no-host.sts.example": Case(address="", says="has no address"),
}


def zone_lines():
    lines = ["mx.sts A 192.0.2.1"]
    for name, case in CASES.items():
        host = name.removesuffix(".example")
        lines += [f"{host} MX 10 mx.sts", f'_mta-sts.{host} TXT "v=STSv1; id=1;"']
        if case.address:
            lines.append(f"mta-sts.{host} A {case.address}")
    return lines


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificates(folder):
    """ca.pem, and for each address a certificate: one for every name, one for a strange name."""
    key, ca = str(folder / "ca.key"), str(folder / "ca.pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", ca, "-subj", "/CN=Authority of a test", "-days", "2")
    names = {"good": [f"mta-sts.{name}" for name in CASES], "strange": ["strange.example"]}
    for stem, hosts in names.items():
        extensions = folder / f"{stem}.ext"
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts) + "\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", str(folder / f"{stem}.key"), "-out", str(folder / f"{stem}.csr"),
                "-subj", "/CN=policies")
        openssl("x509", "-req", "-in", str(folder / f"{stem}.csr"), "-CA", ca, "-CAkey", key,
                "-CAcreateserial", "-out", str(folder / f"{stem}.pem"), "-days", "2",
                "-extfile", str(extensions))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by the Host header."""

    def do_GET(self):
        name = self.headers.get("Host", "").removeprefix("mta-sts.")
        self.server.seen[name] += 1
        case = CASES.get(name)
        status = case.status if case and self.path == "/.well-known/mta-sts.txt" else 404
        body = (case.body or POLICY.format(mode=case.mode, mx=case.mx)) if case else ""
        self.send_response(status)
        if status == 301:
            self.send_header("Location", f"https://mta-sts.good.sts.example{self.path}")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Servers:
    """A context manager: the two hosts, until it ends."""

    def __init__(self, folder):
        make_certificates(folder)
        self.ca = folder / "ca.pem"
        self.hosts = []
        for address, stem in (("127.0.0.2", "good"), ("127.0.0.3", "strange")):
            host = http.server.ThreadingHTTPServer((address, 443), Handler)
            host.seen = collections.Counter()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
            host.socket = context.wrap_socket(host.socket, server_side=True)
            host.handle_error = lambda *_: None
            self.hosts.append(host)

    def count(self, name):
        return sum(host.seen[name] for host in self.hosts)

    def __enter__(self):
        for host in self.hosts:
            threading.Thread(target=host.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            host.shutdown()
            host.server_close()
