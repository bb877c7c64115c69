#!/usr/bin/env python3
"""Every odd request is signed right, checked from its bytes on the wire.

    signing_test.py [PATH OF sign_driver]

The verifier is aws_signature.py and, where it is beside the checkout, the other verifier of the
shared folder too.
"""

import contextlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE))

import aws_signature  # noqa: E402
from route53_fake import ACCOUNTS  # noqa: E402
from servers_route53 import await_port, free_port  # noqa: E402


class Verifier(http.server.BaseHTTPRequestHandler):
    """Answers whether the signature is right."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        verdict = {"strict": True, "problems": []}
        try:
            aws_signature.verify(ACCOUNTS, self.command, self.path, self.headers, body)
        except aws_signature.BadSignature as bad:
            verdict = {"strict": False, "problems": list(bad.args)}
        data = json.dumps(verdict).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


@contextlib.contextmanager
def own_judge():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Verifier)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@contextlib.contextmanager
def other_judge(program):
    port = free_port()
    running = subprocess.Popen([sys.executable, str(program), str(port)])
    try:
        await_port(port)
        yield port
    finally:
        running.terminate()
        running.wait(10)


def run_cases(driver, port, who):
    """(passed, failed) of every case, by one verifier."""
    done = subprocess.run([driver, str(port)], capture_output=True, text=True, check=True,
                          timeout=120)
    passed, failed = 0, 0
    for line in done.stdout.splitlines():
        name, _, answer = line.partition("\t")
        try:
            verdict = json.loads(answer)
        except ValueError:
            verdict = {"strict": False, "problems": [answer]}
        right = verdict.get("strict") and not verdict.get("problems")
        passed, failed = passed + bool(right), failed + (not right)
        if not right:
            print(f"FAILED by {who}: {name}: {answer[:600]}")
    return passed, failed


def must_fail():
    """The verifier itself must be able to refuse."""
    headers = http.client.HTTPMessage()
    try:
        aws_signature.verify(ACCOUNTS, "GET", "/", headers, b"")
    except aws_signature.BadSignature:
        return 0
    return 1


def main():
    driver = sys.argv[1] if len(sys.argv) > 1 else str(SOURCE / "build/dev/tests/sign_driver")
    shared = pathlib.Path(os.environ.get("RAMPART_SHARED", SOURCE.parent / "shared"))
    other = shared / "tools/sigv4_verify.py"
    failed = must_fail()
    with own_judge() as port:
        passed, more = run_cases(driver, port, "our verifier")
        failed += more
    if other.exists():
        with other_judge(other) as port:
            more_passed, more = run_cases(driver, port, "the other verifier")
            passed, failed = passed + more_passed, failed + more
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
