"""A proxy for TCP and UDP between the product and a server. The N-th message in one direction is
reset, dropped, delayed, duplicated, truncated or replaced by noise; all others pass unchanged."""

import collections
import random
import socket
import struct
import threading
import time

ACTIONS = ("reset", "drop", "delay", "duplicate", "truncate", "garbage")
SILENCE = 1.5  # Seconds: after a dropped message the connection is silent, then it is reset.
DELAY = 0.7  # Seconds: longer than the first timeout of a query, shorter than a run's patience.
MOST = 65535


def reset(connection):
    """Closes with RST, as a middlebox that lost its state."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # Wakes the thread that reads, and sends nothing.
    except OSError:
        pass
    connection.close()


class Wire:
    """Listens on a port of its own, and passes to `target`. Messages are counted by (protocol,
    direction) since `arm`; one is a datagram, or what one read of a connection returns."""

    def __init__(self, target, udp=False):
        self.target = ("127.0.0.1", target)
        self.lock = threading.Lock()
        self.arm(None)
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.tcp.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        if udp:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", self.port))
            self.clients = {}
            threading.Thread(target=self.datagrams, daemon=True).start()

    def arm(self, fault):
        """`fault` is (protocol, direction, number from 1, action), or None."""
        with self.lock:
            self.fault, self.counts, self.hit = fault, collections.Counter(), False

    def action(self, protocol, direction):
        """Counts one message; what is to become of it, or None."""
        with self.lock:
            self.counts[protocol, direction] += 1
            fault = self.fault
            if not fault or fault[:2] != (protocol, direction):
                return None
            if fault[2] != self.counts[protocol, direction]:
                return None
            self.hit = True
            return fault[3]

    def accept(self):
        while True:
            client, _ = self.tcp.accept()
            try:
                server = socket.create_connection(self.target, 10)
            except OSError:
                reset(client)
                continue
            server.settimeout(None)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            silent = threading.Event()
            for source, sink, way in ((client, server, "out"), (server, client, "in")):
                threading.Thread(target=self.pump, args=(source, sink, way, silent),
                                 daemon=True).start()

    def pump(self, source, sink, way, silent):
        try:
            while data := source.recv(MOST):
                if silent.is_set():
                    continue
                action = self.action("tcp", way)
                if action == "reset":
                    break
                if action == "drop":
                    silent.set()
                    time.sleep(SILENCE)
                    break
                if action == "delay":
                    time.sleep(DELAY)
                if action == "truncate":
                    sink.sendall(data[:len(data) // 2])
                    break
                sink.sendall(changed(data, action))
            else:
                sink.shutdown(socket.SHUT_WR)
                return
        except OSError:
            pass
        reset(sink)
        reset(source)

    def datagrams(self):
        while True:
            try:
                data, client = self.udp.recvfrom(MOST)
            except OSError:
                continue
            if client not in self.clients:
                server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                server.connect(self.target)
                self.clients[client] = server
                threading.Thread(target=self.answers, args=(server, client), daemon=True).start()
            self.pass_on(data, "out", self.clients[client].send)

    def answers(self, server, client):
        server.settimeout(30)
        try:
            while True:
                self.pass_on(server.recv(MOST), "in", lambda data: self.udp.sendto(data, client))
        except OSError:
            self.clients.pop(client, None)
            server.close()

    def pass_on(self, data, way, send):
        action = self.action("udp", way)
        if action in ("drop", "reset"):
            return
        if action == "delay":
            threading.Timer(DELAY, quietly, (send, data)).start()
            return
        quietly(send, data[:len(data) // 2] if action == "truncate" else changed(data, action, 1))
        if action == "duplicate":
            quietly(send, data)


def quietly(send, data):
    try:
        send(data)
    except OSError:
        pass


def changed(data, action, times=2):
    if action == "duplicate":
        return data * times
    return random.randbytes(len(data)) if action == "garbage" else data
