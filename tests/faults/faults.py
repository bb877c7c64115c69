"""The faults that the campaign injects into one run of a command, and where.

A fault is a string, so that one run can be repeated by hand:

    kill:CALL:N             SIGKILL at the N-th call of CALL in a thread
    error:CALL:N:ERRNO      that call fails with ERRNO, and is not made
    full:pages:N            the folder is on a tmpfs with N free pages of 4096 octets
    full:inodes:N           ... with N free inodes
    full:limit:N            no file may exceed N octets (a short write, then EFBIG)
    full:signal:N           the same, and the write that exceeds it ends the process (SIGXFSZ)
    wire:PROTOCOL:WAY:N:ACTION   the N-th message on the way to or from the server (see wire.py)
    clock:CALL:N:SECONDS    as kill, and the next run's clock is off by SECONDS
"""

import collections
import os
import random
import re
import resource
import shutil
import signal
import subprocess

CREATES = re.compile(r"O_CREAT|O_TMPFILE")
LOCKS = re.compile(r"F_(?:OFD_)?SETLK")
# {call: (the errors that it can return, which of its uses count)}
CALLS = {
    "write": (("ENOSPC", "EIO", "EINTR"), None), "pwrite64": (("ENOSPC", "EIO", "EINTR"), None),
    "writev": (("ENOSPC", "EIO", "EINTR"), None), "openat": (("ENOSPC", "EIO", "EMFILE"), CREATES),
    "rename": (("ENOSPC", "EIO"), None), "renameat": (("ENOSPC", "EIO"), None),
    "renameat2": (("ENOSPC", "EIO"), None), "link": (("ENOSPC", "EIO"), None),
    "linkat": (("ENOSPC", "EIO"), None), "unlink": (("EIO", "EROFS"), None),
    "unlinkat": (("EIO", "EROFS"), None), "fsync": (("EIO", "ENOSPC", "EINTR"), None),
    "fdatasync": (("EIO", "ENOSPC", "EINTR"), None), "flock": (("EINTR", "ENOLCK"), None),
    "fcntl": (("EAGAIN", "EINTR", "EIO"), LOCKS), "fchmod": (("EIO", "EPERM"), None),
    "sendto": (("EAGAIN", "EINTR", "ECONNRESET", "EPIPE"), None),
    "sendmsg": (("EAGAIN", "EINTR", "ECONNRESET", "EPIPE"), None),
    "sendmmsg": (("EAGAIN", "EINTR", "ECONNREFUSED"), None),
    "ftruncate": (("EIO", "ENOSPC", "EINTR"), None), "mkdir": (("ENOSPC", "EIO"), None),
    "mkdirat": (("ENOSPC", "EIO"), None),
}
LINE = re.compile(r"^(\d+) +(\w+)\((.*)")
INJECTED = "(INJECTED)"
SHIFTS = (-86400, 3600, 86400, 40 * 86400)
PAGE = 4096
# In a mount namespace of its own: a small disk that is filled as the place, and copied back.
ON_TMPFS = ("""mount -t tmpfs -o "$1" tmpfs "$2" && cp -a "$3/." "$2/" || exit 99
here="$3" disk="$2"; shift 3; cd "$disk" || exit 99
"$@"; code=$?
find "$here" -mindepth 1 -delete; cp -a "$disk/." "$here/" || exit 99
exit $code""")


def strace(log, *options):
    """Tracing by seccomp is faster, but strace 6.1 then delivers no signal."""
    fast = [] if any("signal=" in one for one in options) else ["--seccomp-bpf"]
    return ["strace", "-f", *fast, "-qq", "-e", "signal=none", "-o", str(log), "-e",
            "trace=" + ",".join(CALLS), *options]


def sites_of(log):
    """[(call, n)] of every call that counts, in the order of the log; n counts by thread, as
    strace does."""
    counts, found = collections.Counter(), {}
    for line in log.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if not match or match[2] not in CALLS:
            continue
        thread, call, rest = match.groups()
        counts[thread, call] += 1
        counted = CALLS[call][1]
        if not counted or counted.search(rest):
            found[call, counts[thread, call]] = True
    return list(found)


def has_small_disks():
    """Whether a tmpfs can be mounted here, in a namespace of its own."""
    return subprocess.run([*namespace(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          capture_output=True, check=False).returncode == 0


def namespace():
    return ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])


def limited(octets, ends):
    """What runs in the child before the program: no file grows beyond `octets`."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if ends else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return limit


def wrap(fault, folder, scratch):
    """(command to put in front, what to run in the child, log that shows whether it happened)."""
    words = fault.split(":")
    if words[0] in ("kill", "clock", "error"):
        what = f"error={words[3]}" if words[0] == "error" else "signal=KILL"
        log = scratch / "strace.log"
        return strace(log, "-e", f"inject={words[1]}:{what}:when={words[2]}"), None, log
    if words[0] == "full" and words[1] in ("limit", "signal"):
        return [], limited(int(words[2]), words[1] == "signal"), None
    if words[0] == "full":
        files = [path for path in folder.rglob("*")]
        pages = sum(-(-path.stat().st_size // PAGE) for path in files if path.is_file())
        extra = int(words[2])
        options = f"size={(pages + extra) * PAGE}" if words[1] == "pages" else \
            f"nr_inodes={len(files) + 1 + extra}"
        disk = scratch / "disk"
        disk.mkdir(exist_ok=True)
        return [*namespace(), "sh", "-c", ON_TMPFS, "sh", options, str(disk), str(folder)], None, \
            None
    return [], None, None


def happened(fault, code, log):
    """Whether the call of the fault was reached, in a run with this exit code."""
    if fault.startswith("error:"):
        return INJECTED in log.read_text(errors="replace")
    return not fault.startswith(("kill:", "clock:")) or code in (-signal.SIGKILL, 128 + 9)


def mixed(chance, sites):
    """All sites, so that each kind of call has its turn: [(call, n)]."""
    by_call = {}
    for site in sites:
        by_call.setdefault(site[0], []).append(site)
    for group in by_call.values():
        chance.shuffle(group)
    groups = sorted(by_call.values())
    chance.shuffle(groups)
    out = []
    while groups:
        out += [group.pop() for group in groups]
        groups = [group for group in groups if group]
    return out


def endless(make):
    """What `make` lists, again and again."""
    while True:
        made = make()
        if not made:
            return
        yield from made


class Faults:
    """The faults of one command, a different one at each call, as the seed says."""

    SHARES = {"kill": 5, "error": 4, "full": 2, "clock": 1, "wire": 4}

    def __init__(self, seed, name, facts, with_disks):
        self.chance = random.Random(f"{seed} {name}")
        self.facts, self.with_disks = facts, with_disks
        self.made = {kind: endless(getattr(self, kind)) for kind in self.SHARES}
        self.used = collections.Counter()

    def kill(self):
        return [f"kill:{call}:{n}" for call, n in mixed(self.chance, self.facts["sites"])]

    def error(self):
        return [f"error:{call}:{n}:{self.chance.choice(CALLS[call][0])}"
                for call, n in mixed(self.chance, self.facts["sites"])]

    def clock(self):
        return [f"clock:{call}:{n}:{self.chance.choice(SHIFTS)}"
                for call, n in mixed(self.chance, self.facts["sites"])]

    def full(self):
        most = max(self.facts["largest"], 2)
        found = [f"full:{how}:{self.chance.randrange(1, most)}" for how in ("limit", "signal")]
        if self.with_disks:
            found += [f"full:pages:{self.chance.randrange(0, self.facts['pages'] + 1)}",
                      f"full:inodes:{self.chance.randrange(0, 3)}"]
        self.chance.shuffle(found)
        return found

    def wire(self):
        places = [(protocol, way, n) for (protocol, way), count in self.facts["messages"].items()
                  for n in range(1, count + 1)]
        self.chance.shuffle(places)
        actions = ["reset", "drop", "delay", "duplicate", "truncate", "garbage"]
        self.chance.shuffle(actions)
        return [f"wire:{protocol}:{way}:{n}:{actions[index % len(actions)]}"
                for index, (protocol, way, n) in enumerate(places)]

    def next(self):
        """The next fault: of the kind that is furthest behind its share."""
        for kind in sorted(self.made, key=lambda kind: self.used[kind] / self.SHARES[kind]):
            self.used[kind] += 1
            if fault := next(self.made[kind], None):
                return fault
            self.used[kind] = float("inf")
        return None


def tools_missing():
    """The programs without which nothing can be injected."""
    return [name for name in ("strace", "openssl") if not shutil.which(name)]
