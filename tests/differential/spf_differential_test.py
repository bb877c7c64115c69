#!/usr/bin/env python3
"""Random SPF cases through Rampart, pyspf, Mail::SPF and libspf2. Every disagreement must fall into
a class of docs/spf-differences.md; whatever does not is a failure.

Usage: spf_differential_test.py [COUNT [SEED]]
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import spf_cases

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BUILD = SOURCE / "build/differential"
RAMPART = pathlib.Path(os.environ.get("SPF_DRIVER", SOURCE / "build/dev/tests/spf_driver"))


class Case:
    """What the classes look at."""

    def __init__(self, lines):
        fields = [line.split("\t") for line in lines]
        self.records = [f[3] for f in fields
                        if f[0] == "zone" and f[2] == "TXT" and f[3].lower().startswith("v=spf1")]
        self.text = "\n".join(self.records)
        self.owners = collections.Counter(
            f[1] for f in fields if f[0] == "zone" and f[2] == "TXT" and "v=spf1" in f[3].lower())
        self.families = collections.defaultdict(set)
        for f in fields:
            if f[0] == "zone" and f[2] in ("A", "AAAA"):
                self.families[f[1]].add(f[2])
        self.names = {f[1] for f in fields if f[0] == "zone"}
        self.hosts = [name for name in re.findall(r"(?:a|mx|exists):([^\s/]+)", self.text)]
        self.exchanges = [f[3].split(" ")[1] for f in fields if f[0] == "zone" and f[2] == "MX"]
        self.fails = any(f[0] == "zone" and f[3] == "!servfail" for f in fields)

    def has(self, pattern):
        return re.search(pattern, self.text, re.I | re.M) is not None

    def may_be_void(self):
        """Some address term leads to a host without one of the two families, or without both."""
        return any(len(self.families[name]) < 2 for name in self.hosts + self.exchanges) or \
            self.has(r"\s[+?~-]?(a|mx)(/\S*)?(\s|$)")


# Each row: the class in docs/spf-differences.md, the peers concerned, and when it applies. Rows are
# tried in order; ours and theirs are the two results.
CLASSES = [
    ("zero-prefix", {"libspf2"}, lambda c, ours, theirs: c.has(r"/0(\s|/|$)")),
    ("redirect-beside-all", {"libspf2"},
     lambda c, ours, theirs: any("redirect=" in r and re.search(r"\s[+?~-]?all(\s|$)", r, re.I)
                                 for r in c.records)),
    ("lax-grammar", {"libspf2"},
     lambda c, ours, theirs: ours == "permerror" and
     c.has(r"/024|a:192\.0\.2\.1|a:localhost|/24/24|x=%\{|%\(d\)|%\{c\}|%\{d0\}|~~all|a//129|/33|"
           r"a:example\.n-t|ptr/24|include:?(\s|$)|redirect=(\s|$)|[+?~-]foo=bar|[+?~-]\S+=")),
    ("bare-exists", {"pyspf"},
     lambda c, ours, theirs: ours == "permerror" and c.has(r"[\s+?~-]exists(\s|$)")),
    ("modifier-macros", {"pyspf"},
     lambda c, ours, theirs: ours == "permerror" and c.has(r"x=%\{|%\{d0\}|%\{c\}")),
    ("malformed-name", {"Mail::SPF", "pyspf", "libspf2"},
     lambda c, ours, theirs: c.has(r"example\.\.net")),
    ("letters", {"Mail::SPF"},
     lambda c, ours, theirs: ours == "permerror" and c.has(r"%\{c\}|%\{d0\}")),
    ("voids", {"pyspf", "Mail::SPF", "libspf2"},
     lambda c, ours, theirs: "permerror" in (ours, theirs) and c.may_be_void()),
    ("mx-failure", {"pyspf", "Mail::SPF", "libspf2"},
     lambda c, ours, theirs: c.fails and c.has(r"mx") and "temperror" in (ours, theirs)),
]


def classify(peer, case, ours, theirs):
    for name, peers, applies in CLASSES:
        if peer in peers and applies(case, ours, theirs):
            return name
    return None


def drivers():
    """{peer: command} of those installed."""
    found = {"Rampart": [str(RAMPART)]}
    import_spf = ["/usr/bin/python3", "-c", "import spf"]
    if subprocess.run(import_spf, capture_output=True).returncode == 0:
        found["pyspf"] = ["/usr/bin/python3", str(HERE / "pyspf_driver.py")]
    if subprocess.run(["perl", "-MMail::SPF", "-e1"], capture_output=True).returncode == 0:
        found["Mail::SPF"] = ["perl", str(HERE / "mail_spf_driver.pl")]
    BUILD.mkdir(parents=True, exist_ok=True)
    binary = BUILD / "libspf2_driver"
    compiler = shutil.which("gcc")
    if compiler and subprocess.run(
            [compiler, "-O2", "-D_GNU_SOURCE", str(HERE / "libspf2_driver.c"), "-lspf2", "-o",
             str(binary)], capture_output=True).returncode == 0:
        found["libspf2"] = [str(binary)]
    return found


def results_of(command, text, into, peer):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    into[peer] = dict(line.split("\t")[:2] for line in done.stdout.splitlines())


def run_all(cases):
    text = "\n".join("\n".join(case) for case in cases) + "\n"
    results = {}
    threads = [threading.Thread(target=results_of, args=(command, text, results, peer))
               for peer, command in drivers().items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    cases = spf_cases.cases(int(sys.argv[2]) if len(sys.argv) > 2 else 7208, count)
    results = run_all(cases)
    ours = results.pop("Rampart")
    failed = len(cases) - len(ours)
    page = (SOURCE / "docs/spf-differences.md").read_text()
    for peer, theirs in sorted(results.items()):
        classes = collections.Counter()
        for number, lines in enumerate(cases):
            mine, other = ours.get(str(number)), theirs.get(str(number), "nothing")
            if mine == other:
                continue
            name = classify(peer, Case(lines), mine, other)
            classes[name] += 1
            if name is None or f"`{name}`" not in page:
                failed += 1
                print(f"{peer}: {other} where we say {mine}:\n  " + "\n  ".join(lines))
        listed = ", ".join(f"{name} {many}" for name, many in classes.most_common())
        print(f"{peer}: {sum(classes.values())} of {count} differ: {listed or 'none'}")
    for peer in sorted({"pyspf", "Mail::SPF", "libspf2"} - set(results)):
        print(f"skipped: differential test against {peer}, which is not installed")
    checked = count * len(results)
    skipped = 3 - len(results)
    print(f"{max(checked - failed, 0)} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
