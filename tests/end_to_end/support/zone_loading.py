"""Zone files that a suite wrote, in front of real name servers: named must load each as it is, and
knotd must serve all of them at once.

named-checkconf -z loads zones as named-checkzone does, in one process; a view of its own for each
file lets one zone have many. Knot has one zone of a name: further files of one zone are served
under another name of equal length, which replaces the zone's own in the file.
"""

import collections
import pathlib
import re
import shutil
import subprocess

import dns_server
from loopback import SBIN

# What Knot does not read in files that other servers load, and why.
NOT_FOR_KNOT = {rb"\r\n": "Knot reads no CR LF line ends",
                rb"(?im)^\$GENERATE": "Knot has no $GENERATE",
                rb"(?im)^\$(ORIGIN|INCLUDE[ \t]+\S+)[ \t]+[^;\s]*[^.;\s][ \t]*(;.*)?$":
                    "Knot wants absolute names as origins",
                # Text outside quotes, and strings with something behind them; then two strings.
                rb'(?m)^(?:[^"\n]|"(?:\\.|[^"\\\n])*"(?!"))*"(?:\\.|[^"\\\n])*""':
                    "Knot wants a blank between two strings"}


def why_not_knot(octets):
    return next((why for form, why in NOT_FOR_KNOT.items() if re.search(form, octets)), None)


def other_name(zone, number):
    """A name as long as `zone`, its longest label replaced by a number."""
    labels = zone.split(".")
    at = max(range(len(labels)), key=lambda index: len(labels[index]))
    labels[at] = "z" + str(number).zfill(len(labels[at]) - 1)
    return ".".join(labels)


class WrittenZones:
    """Copies of zone files, each content once; `folder` is theirs alone. What they include must be
    copied there as well."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.texts = {}  # (zone, octets): what wrote it first

    def keep(self, what, zone, octets):
        self.texts.setdefault((zone, octets), what)

    def keep_file(self, what, zone, path):
        self.keep(what, zone, pathlib.Path(path).read_bytes())

    def keep_folder(self, what, folder):
        """Every <zone>.zone in `folder`, as it is now."""
        for zone, path in dns_server.zone_files(folder).items():
            self.keep_file(what, zone, path)

    def __len__(self):
        return len(self.texts)

    def named_faults(self):
        """What named says of the files, where it does not load each of them."""
        config = self.folder / "named.conf"
        views = []
        for number, (zone, octets) in enumerate(self.texts):
            path = (self.folder / f"{number}.named").resolve()
            path.write_bytes(octets)
            views.append(f'view "{number}" {{ match-clients {{ none; }}; zone "{zone}" '
                         f'{{ type primary; file "{path}"; }}; }};\n')
        config.write_text(f'options {{ directory "{self.folder.resolve()}"; '
                          "check-names primary ignore; };\n" + "".join(views))
        done = subprocess.run([shutil.which("named-checkconf", path=SBIN), "-z", str(config)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        said = done.stdout.decode(errors="replace").splitlines()
        loaded = sum(": loaded serial " in line for line in said)
        if done.returncode != 0 or loaded != len(self.texts):
            yield self.explained(f"{loaded} files are loaded: " + "\n".join(
                line for line in said if ": loaded serial " not in line))

    def served(self):
        """{name: path} of every file under a name of its own, written into `folder`."""
        files = {}
        for number, (zone, octets) in enumerate(self.texts):
            if why_not_knot(octets):
                continue
            name = zone
            if name in files:
                name = other_name(zone, number)
                octets = re.sub(re.escape(zone).encode(), name.encode(), octets, flags=re.I)
            if name in files:
                raise ValueError(f"{zone} has too many files for names of its length")
            files[name] = (self.folder / f"{number}.zone").resolve()
            files[name].write_bytes(octets)
        return files

    def knot_faults(self):
        """Why knotd does not serve all files; it answers for the SOA of each."""
        try:
            with dns_server.DnsServer("knot", self.served(), self.folder / "knot"):
                return
        except RuntimeError as error:
            yield self.explained(str(error))

    def explained(self, said):
        """What a server says, with what wrote each file that it names."""
        what = list(self.texts.values())
        return re.sub(r"/(\d+)\.(?:named|zone)\b", lambda path: f"{path[0]} ({what[int(path[1])]})",
                      said)

    def faults(self):
        """(server, what it does not load, why it is left out), for named and knot."""
        for server, binary, faults in [("named", "named-checkconf", self.named_faults),
                                       ("knot", "knotd", self.knot_faults)]:
            if shutil.which(binary, path=SBIN):
                yield server, list(faults()), None
            else:
                yield server, [], f"zone files in {server}, because {binary} is not installed"

    def check(self, checks, least=1):
        """One check a server in `checks`, and one that at least `least` files were written. The
        reasons why a server is left out."""
        checks.check(f"at least {least} zone files were written", len(self) >= least, len(self))
        skipped = []
        for server, faults, reason in self.faults():
            if reason:
                skipped.append(reason)
                continue
            checks.check(f"{server} loads all {len(self)} zone files", not faults,
                         f"{len(faults)} faults: " + "\n".join(faults))
        left_out = collections.Counter(filter(None, (why_not_knot(one) for _, one in self.texts)))
        print(f"{len(self)} zone files, for named and knot", *(
            f"; {count} not for knot: {why}" for why, count in left_out.items()), sep="")
        return skipped
