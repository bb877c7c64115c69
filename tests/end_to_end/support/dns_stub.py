"""A name server on 127.0.0.1 that answers from a table, for tests that need no real one."""

import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset


def txt_rdata(text):
    octets = text.encode()
    cut = [octets[i:i + 255] for i in range(0, max(len(octets), 1), 255)]
    wire = b"".join(bytes([len(piece)]) + piece for piece in cut)
    return dns.rdata.from_wire(1, dns.rdatatype.TXT, wire, 0, len(wire))


class Table:
    """{name: [text, ...]} of TXT records; the text `SERVFAIL` makes the name fail."""

    def __init__(self, names):
        self.names = names

    def answer(self, query):
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        texts = self.names.get(name)
        if texts is None:
            # Top levels exist, as they do for any resolver that knows public names.
            if "." in name and not any(other.endswith("." + name) for other in self.names):
                reply.set_rcode(dns.rcode.NXDOMAIN)
        elif "SERVFAIL" in texts:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif question.rdtype == dns.rdatatype.TXT:
            for text in texts:
                reply.answer.append(dns.rrset.from_rdata(question.name, 60, txt_rdata(text)))
        return reply


class Records:
    """{(name, type): [value, ...]}, no failures; other names are NXDOMAIN, top levels empty."""

    def __init__(self, records):
        self.records = records
        self.names = {name for name, _ in records}

    def answer(self, query):
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        values = self.records.get((name, kind), [])
        if kind == "TXT":
            for text in values:
                reply.answer.append(dns.rrset.from_rdata(question.name, 60, txt_rdata(text)))
        elif values:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        if name not in self.names and "." in name:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        query = dns.message.from_wire(self.request[0])
        wire = self.server.table.answer(query).to_wire()
        if len(wire) > 1232:
            short = dns.message.make_response(query, recursion_available=True)
            short.flags |= dns.flags.TC
            wire = short.to_wire()
        self.request[1].sendto(wire, self.client_address)


class Tcp(socketserver.BaseRequestHandler):
    def handle(self):
        head = self.request.recv(2)
        if len(head) == 2:
            query = dns.message.from_wire(self.request.recv(struct.unpack("!H", head)[0]))
            wire = self.server.table.answer(query).to_wire(max_size=65535)
            self.request.sendall(struct.pack("!H", len(wire)) + wire)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def sockets(on_udp, on_tcp):
    """A UDP and a TCP server on one port, with these handlers.

    A port that is free for one may be taken for the other, so that the next one is tried.
    """
    for _ in range(50):
        udp = UdpServer(("127.0.0.1", 0), on_udp)
        try:
            return udp, TcpServer(("127.0.0.1", udp.server_address[1]), on_tcp)
        except OSError:
            udp.server_close()
    raise OSError("no port is free for UDP and TCP alike")


def serve(names, table=Table):
    """Serves the table, which may change at any time; returns "127.0.0.1:PORT"."""
    udp, tcp = sockets(Udp, Tcp)
    for server in (udp, tcp):
        server.table = table(names)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{udp.server_address[1]}"
