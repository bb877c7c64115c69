#!/usr/bin/env python3
"""A name server that knows no name at all; prints where it listens."""

import socket

SERVER = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SERVER.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
SERVER.bind(("127.0.0.1", 0))
print("127.0.0.1:%d" % SERVER.getsockname()[1], flush=True)
while True:
    query, client = SERVER.recvfrom(4096)
    # RFC 1035 section 4.1.1: a response, recursion available, NXDOMAIN.
    SERVER.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(4) + query[10:], client)
