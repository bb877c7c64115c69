#!/usr/bin/env python3
"""The release binary is hardened: what its compiler and linker options request is in it."""

import pathlib
import platform
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = SOURCE / "build/release/rampart"
sys.path.insert(0, str(SOURCE / "tests/end_to_end/support"))

from harness import Checks  # noqa: E402

# Control flow is left out: the linker marks it only if the C library's start files have it too,
# and those of Debian 12 do not. That the code has it is checked below.
HARDENING = ["hardening-check", "--nocfprotection", BINARY]
# endbr64, and the probe of a page of the stack: orq $0, (%rsp).
ENDBR64 = b"\xf3\x0f\x1e\xfa"
PROBE = b"\x48\x83\x0c\x24\x00"
FUNCTIONS = 1000  # There are many more; a library's part alone would be fewer.


def output(*command):
    return subprocess.run([*map(str, command)], stdout=subprocess.PIPE, check=True).stdout.decode()


def section(name):
    """The octets of a section of the binary."""
    for line in output("readelf", "-SW", BINARY).splitlines():
        found = re.search(r"\] (\S+)\s+\S+\s+[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) ", line)
        if found and found[1] == name:
            offset, size = int(found[2], 16), int(found[3], 16)
            return BINARY.read_bytes()[offset:offset + size]
    return b""


def main():
    for command in (["cmake", "--preset", "release"],
                    ["ninja", "-C", "build/release", "rampart"]):
        done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            print(done.stdout.decode()[-4000:] + "\n0 passed, 1 failed")
            return 1
    checks = Checks()
    done = subprocess.run(HARDENING, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode()
    print(said)
    checks.check("hardening-check finds nothing missing", done.returncode == 0, said)
    for name in ("Position Independent Executable", "Stack protected", "Fortify Source functions",
                 "Read-only relocations", "Immediate binding"):
        checks.check(f"{name}: yes", f"{name}: yes" in said, said)
    stack = [line for line in output("readelf", "-lW", BINARY).splitlines() if "GNU_STACK" in line]
    checks.check("no stack holds code", len(stack) == 1 and " RWE " not in stack[0], stack)
    if platform.machine() == "x86_64":
        code = section(".text")
        checks.check("jumps have marked targets", code.count(ENDBR64) > FUNCTIONS,
                     code.count(ENDBR64))
        checks.check("large stack frames are probed", code.count(PROBE) > 0)
    needed = output("readelf", "-dW", BINARY)
    checks.check("no library is searched beside the binary",
                 "RPATH" not in needed and "RUNPATH" not in needed, needed)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
