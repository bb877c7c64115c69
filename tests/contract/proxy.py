#!/usr/bin/env python3
"""A proxy that misbehaves on demand, between an adapter and its host.

    proxy.py http|dns LISTEN-PORT HOST-PORT CONTROL-PORT

All ports are on 127.0.0.1; `dns` is DNS over TCP. The control port takes lines:
`arm FAULT NTH COUNT` (the fault befalls the NTH request from now and COUNT - 1 more; requests are
counted again) answers `ok`, or `no` where the protocol has no such fault; `calls` answers the
number of requests since; `latency MILLISECONDS` delays every request from now on.
"""

import http.client
import http.server
import json
import os
import socket
import socketserver
import struct
import sys
import threading
import time
from xml.sax.saxutils import escape

HTTP_FAULTS = {"none", "throttled", "throttled-retry-after", "server-error", "closed-before",
               "closed-after", "slow", "truncated", "garbage", "echo"}
FAULTS = {"http": HTTP_FAULTS,
          "dns": HTTP_FAULTS - {"throttled", "throttled-retry-after", "echo"}}
PIECES = 4
PAUSE = 0.02
PATIENCE = 30


class State:
    """Which requests are to go wrong, and how many came."""

    def __init__(self, mode):
        self.mode = mode
        self.lock = threading.Lock()
        self.fault, self.nth, self.count, self.calls = "none", 0, 0, 0
        self.latency = 0.0

    def next_fault(self):
        """Counts one request; its fault."""
        with self.lock:
            self.calls += 1
            hit = self.nth <= self.calls < self.nth + self.count
            return self.fault if hit else "none"

    def command(self, line):
        words = line.split()
        with self.lock:
            if words[:1] == ["calls"]:
                return str(self.calls)
            if words[:1] == ["latency"]:
                self.latency = int(words[1]) / 1000
                return "ok"
            if words[:1] != ["arm"] or words[1] not in FAULTS[self.mode]:
                return "no"
            self.fault, self.nth, self.count = words[1], int(words[2]), int(words[3])
            self.calls = 0
            return "ok"


class Control(socketserver.StreamRequestHandler):
    """The suite's own door."""

    def handle(self):
        for line in self.rfile:
            self.wfile.write(self.server.state.command(line.decode()).encode() + b"\n")


def close(connection):
    """Both ways, whatever another thread still does with it."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class HttpHandler(http.server.BaseHTTPRequestHandler):
    """Requests and answers go through unchanged, but for the fault."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def forward(self, body):
        """The host's (status, headers, body)."""
        host = http.client.HTTPConnection("127.0.0.1", self.server.host_port, timeout=PATIENCE)
        host.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("connection", "expect"):
                host.putheader(name, value)
        host.endheaders(body or None)
        answer = host.getresponse()
        whole = (answer.status, answer.getheaders(), answer.read())
        host.close()
        return whole

    def reply(self, status, headers, body, declared=None):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if declared is None else declared))
        self.end_headers()
        self.wfile.write(body)

    def echo(self):
        """A refusal that repeats what it was sent, in each host's own form."""
        shown = "; ".join(f"{name}: {value}" for name, value in self.headers.items())
        headers = [(f"X-Echo-{name}", value) for name, value in self.headers.items()]
        if "AWS4" in self.headers.get("Authorization", ""):
            return self.reply(403, headers, "<ErrorResponse><Error><Type>Sender</Type><Code>Echo"
                              f"</Code><Message>{escape(shown)}</Message></Error></ErrorResponse>"
                              .encode())
        errors = [{"code": 9109, "message": shown}]
        return self.reply(403, headers, json.dumps(
            {"success": False, "error": shown, "errors": errors, "messages": [], "result": None}
        ).encode())

    def drop(self):
        self.close_connection = True
        close(self.connection)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.state.next_fault()
        time.sleep(self.server.state.latency)
        if fault == "closed-before":
            return self.drop()
        if fault in ("throttled", "throttled-retry-after"):
            wait = [("Retry-After", "3")] if fault == "throttled-retry-after" else []
            return self.reply(429, wait, b"slow down")
        if fault == "server-error":
            return self.reply(500, [], b"internal error")
        if fault == "echo":
            return self.echo()
        try:
            status, headers, answer = self.forward(body)
        except OSError:
            return self.drop()
        if fault == "closed-after":
            return self.drop()
        if fault == "truncated":
            self.reply(status, headers, answer[:len(answer) // 2], len(answer) + 1)
            return self.drop()
        if fault == "garbage":
            return self.reply(200, headers, os.urandom(64))
        if fault != "slow":
            return self.reply(status, headers, answer)
        self.reply(status, headers, b"", len(answer))
        for index in range(PIECES):
            time.sleep(PAUSE)
            self.wfile.write(answer[index * len(answer) // PIECES:
                                    (index + 1) * len(answer) // PIECES])
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


def read_frame(connection):
    """One length-prefixed DNS message; None at the end."""
    head = read_exactly(connection, 2)
    return head and read_exactly(connection, struct.unpack("!H", head)[0])


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        try:
            piece = connection.recv(size - len(data))
        except OSError:
            return None
        if not piece:
            return None
        data += piece
    return data


def framed(message):
    return struct.pack("!H", len(message)) + message


class DnsHandler(socketserver.BaseRequestHandler):
    """One connection: a thread for each direction."""

    def setup(self):
        self.pending = []
        self.due = {}
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = socket.create_connection(("127.0.0.1", self.server.host_port), PATIENCE)

    def finish(self):
        close(self.host)
        self.host.close()

    def handle(self):
        threading.Thread(target=self.answers, daemon=True).start()
        while (message := read_frame(self.request)) is not None:
            fault = self.server.state.next_fault()
            if fault == "closed-before":
                break
            if fault == "server-error":
                flags = bytes([0x80 | (message[2] & 0x78), 0x02])
                self.request.sendall(framed(message[:2] + flags + bytes(8)))
                continue
            if fault != "none":
                self.pending.append(fault)
            # Questions under way together wait together.
            self.due[message[:2]] = time.monotonic() + self.server.state.latency
            self.host.sendall(framed(message))
        time.sleep(0)
        close(self.request)

    def answers(self):
        """What the host says, with the fault that awaits the next answer."""
        while (message := read_frame(self.host)) is not None:
            fault = self.pending.pop() if self.pending else "none"
            data = framed(message)
            time.sleep(max(0.0, self.due.get(message[:2], 0.0) - time.monotonic()))
            try:
                if fault == "closed-after":
                    break
                if fault == "garbage":
                    data = framed(message[:2] + os.urandom(60))
                if fault == "truncated":
                    self.request.sendall(data[:len(data) // 2])
                    break
                pieces = PIECES if fault == "slow" else 1
                for index in range(pieces):
                    time.sleep(PAUSE if pieces > 1 else 0)
                    self.request.sendall(data[index * len(data) // pieces:
                                              (index + 1) * len(data) // pieces])
            except OSError:
                break
        close(self.request)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, handler, state, host_port=0):
        super().__init__(("127.0.0.1", port), handler)
        self.state, self.host_port = state, host_port


def main():
    mode, (listen, host, control) = sys.argv[1], map(int, sys.argv[2:5])
    state = State(mode)
    handler = HttpHandler if mode == "http" else DnsHandler
    threading.Thread(target=Server(control, Control, state).serve_forever, daemon=True).start()
    Server(listen, handler, state, host).serve_forever()


if __name__ == "__main__":
    main()
