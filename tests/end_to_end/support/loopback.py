"""Servers on loopback: free ports, processes that run for as long as a block lasts, and a network
of the suite's own."""

import contextlib
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    """The path of an installed program, daemons included; None where it is not installed."""
    return shutil.which(name, path=SBIN)


def free_port():
    """A port that is free for UDP and TCP on 127.0.0.1 now."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                try:
                    udp.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    continue


def await_port(port, process=None, seconds=60, log=None):
    """Waits until something listens on `port`; an error where `process` ends before that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and (process is None or process.poll() is None):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    said = log.read_text(errors="replace")[-3000:] if log else ""
    raise RuntimeError(f"nothing listens on port {port}\n{said}")


@contextlib.contextmanager
def running(command, port, log, **options):
    """A server, for as long as the block lasts; entered once it listens on `port`."""
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT, **options)
    try:
        await_port(port, process, log=log)
        yield
    finally:
        stop(process)


def stop(process, seconds=10):
    """Ends a process by its id: politely, then by force."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def raise_loopback():
    """`ip link set lo up` in this network, without the program ip."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running, siocsifflags = 0x41, 0x8914
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sH14s", b"lo", up_and_running, b""))


def in_own_network(what, run):
    """The exit code of `run()`, called in a network namespace that has nothing but loopback: there
    the suite may bind ports 53 and 443. Starts the program again inside; `what` names the suite
    where namespaces are forbidden, which skips it."""
    if os.environ.get("RAMPART_OWN_NETWORK"):
        raise_loopback()
        return run()
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    probe = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: {what}, because the machine allows no network namespace: "
              f"{probe.stderr.strip()}\n0 passed, 0 failed, 1 skipped")
        return 0
    return subprocess.run([*unshare, sys.executable, *sys.argv],
                          env={**os.environ, "RAMPART_OWN_NETWORK": "1"}).returncode
