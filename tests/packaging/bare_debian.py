#!/usr/bin/env python3
"""Builds the Debian package, and installs, runs and removes it in a bare Debian 12.

Where this machine can make no such system (no root, no mirror), that part is skipped by name; the
package's fields, files and libraries are checked anywhere.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
MIRROR = os.environ.get("RAMPART_DEBIAN_MIRROR", "http://deb.debian.org/debian")
FILES = ("usr/bin/rampart", "usr/bin/rampart-github", "usr/share/man/man1/rampart.1",
         "usr/share/bash-completion/completions/rampart",
         "usr/share/zsh/vendor-completions/_rampart",
         "usr/share/fish/vendor_completions.d/rampart.fish",
         "usr/share/rampart/rampart.schema.json", "usr/share/doc/rampart/copyright",
         "usr/share/doc/rampart/examples/domains.yaml")


def output(*command, **options):
    """stdout of a command that must work."""
    return subprocess.run(command, check=True, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, **options).stdout


class Checks:
    """What was looked at, and what was found wrong."""

    def __init__(self):
        self.passed, self.wrong, self.skipped = 0, [], []

    def expect(self, holds, sentence):
        if holds:
            self.passed += 1
        else:
            self.wrong.append(sentence)

    def report(self):
        for line in self.wrong:
            print(f"failed: {line}")
        for line in self.skipped:
            print(f"skipped: {line}")
        tail = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.wrong)} failed{tail}")
        return 1 if self.wrong else 0


def make_package(folder):
    output(str(SOURCE / "packaging/make-package"), str(folder))
    packages = list(folder.glob("*.deb"))
    if len(packages) != 1:
        raise SystemExit(f"one package was expected, there are {len(packages)}")
    return packages[0]


def check_fields(checks, package):
    version = re.search(r"^project\(rampart VERSION ([0-9.]+)",
                        (SOURCE / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    checks.expect(output("dpkg-deb", "--field", package, "Package") == "rampart\n", "Package")
    checks.expect(output("dpkg-deb", "--field", package, "Version") == version + "\n", "Version")
    depends = output("dpkg-deb", "--field", package, "Depends")
    for library in ("libcurl4", "libldns3", "libssl3", "libyaml-cpp0.7", "libsqlite3-0"):
        checks.expect(library in depends, f"{library} is no dependency")


def check_files(checks, package, folder):
    root = folder / "unpacked"
    output("dpkg-deb", "--extract", str(package), str(root))
    for name in FILES:
        checks.expect((root / name).is_file() and (root / name).stat().st_size > 0,
                      f"{name} is missing")
    libraries = output("ldd", str(root / "usr/bin/rampart"))
    checks.expect("not found" not in libraries, f"a library is missing: {libraries}")
    for script in ("usr/share/bash-completion/completions/rampart", "usr/bin/rampart-github"):
        done = subprocess.run(["bash", "-n", str(root / script)], capture_output=True)
        checks.expect(done.returncode == 0, f"bash cannot read {script}: {done.stderr}")
    binary = (root / "usr/bin/rampart").read_bytes()
    checks.expect(str(SOURCE).encode() not in binary, "the binary names the folder it was built in")


def bare_system(folder):
    """A fresh Debian 12, or why there is none."""
    if os.getuid() != 0:
        return None, "only root can make a bare Debian"
    if shutil.which("debootstrap") is None:
        return None, "debootstrap is not installed"
    root = folder / "debian"
    done = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(root), MIRROR],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        return None, f"debootstrap: {done.stdout.strip().splitlines()[-1:]}"
    return root, ""


def check_bare(checks, package, root):
    shutil.copy(package, root / "tmp/rampart.deb")

    def inside(script):
        return subprocess.run(["chroot", str(root), "sh", "-ec", script],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                   "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})

    done = inside("apt-get -qq update && "
                  "apt-get -qq install -y --no-install-recommends /tmp/rampart.deb")
    checks.expect(done.returncode == 0, f"apt cannot install it: {done.stderr}")
    done = inside("rampart version")
    checks.expect(done.stdout.startswith("rampart "), f"version: {done.stdout}{done.stderr}")
    done = inside("cp -r /usr/share/doc/rampart/examples /tmp/mail && cd /tmp/mail && "
                  "rampart validate && rampart apply --auto-approve && rampart plan")
    checks.expect(done.returncode == 0 and "No changes." in done.stdout,
                  f"the example: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    done = inside("rampart check-message --help && rampart schema | head -c 100")
    checks.expect('"$schema"' in done.stdout, f"schema: {done.stdout}{done.stderr}")
    done = inside("apt-get -qq purge -y rampart >/dev/null && find / -xdev -name '*rampart*' "
                  "-not -path '/tmp/*' -not -path '/var/cache/*' -not -path '/proc/*'")
    checks.expect(done.returncode == 0 and not done.stdout.strip(),
                  f"it leaves something behind: {done.stdout}{done.stderr}")


def main():
    checks = Checks()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rampart-package."))
    try:
        package = make_package(folder)
        check_fields(checks, package)
        check_files(checks, package, folder)
        root, why = bare_system(folder)
        if root is None:
            checks.skipped.append(f"bare Debian 12: {why}")
        else:
            check_bare(checks, package, root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
