"""Starts the Route 53 fake, and the misbehaving proxy in front of it."""

import contextlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end/support"))

from loopback import await_port, free_port  # noqa: E402


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
