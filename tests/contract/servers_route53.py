"""Starts the Route 53 fake, and the misbehaving proxy in front of it."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


@contextlib.contextmanager
def route53(_):
    """The environment for backend_route53.cc."""
    host, port, control = free_port(), free_port(), free_port()
    programs = [["route53_fake.py", str(host)],
                ["proxy.py", "http", str(port), str(host), str(control)]]
    running = [subprocess.Popen([sys.executable, str(HERE / words[0]), *words[1:]])
               for words in programs]
    try:
        for one in (host, port, control):
            await_port(one)
        yield {"RAMPART_CONTRACT_HOST": str(host), "RAMPART_CONTRACT_PORT": str(port),
               "RAMPART_CONTRACT_CONTROL": str(control)}
    finally:
        for program in running:
            program.terminate()
            program.wait(10)
