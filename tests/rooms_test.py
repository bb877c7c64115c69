#!/usr/bin/env python3
"""Checks every #include against the rooms' table of ARCHITECTURE.md."""

import fnmatch
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent

# Whom a room may know besides itself.
ROOMS = {
    "dns": set(),
    "mail": {"dns"},
    "policies": {"mail", "dns"},
    "keys": {"mail", "dns"},
    "reports": {"policies", "mail", "dns"},
    "providers": {"dns"},
    "reconciler": {"dns", "mail", "policies", "keys", "reports", "providers"},
    "cli": {"dns", "mail", "policies", "keys", "reports", "providers", "reconciler"},
}

# The few files that may include a third party's header; {fmt} may be used everywhere.
THIRD_PARTY = {
    "yaml-cpp/": ["reconciler/config*.cc", "bench/config/config_bench.cc"],
    "ldns/": ["dns/resolver*.cc", "providers/rfc2136_wire.cc"],
    "idn2.h": ["dns/name.cc"],
    "libpsl.h": ["mail/org_domain.cc"],
    "CLI/": ["cli/main.cc"],
    "openssl/": ["keys/*.cc", "mail/dkim_crypto.cc", "reconciler/digest.cc",
                 "reconciler/public_key.cc", "providers/sigv4.cc", "providers/rfc2136_tsig.cc"],
    "curl/": ["providers/http*.cc", "reports/imap_wire.cc"],
    "libxml/": ["providers/xml*.cc", "reports/read.cc", "bench/reports/*"],
    "archive": ["reports/archive.cc"],
    "gmime/": ["reports/mime.cc"],
    "zlib.h": ["reports/inflate.cc"],
    "sqlite3.h": ["reports/store*.cc"],
    "nlohmann/": ["*_json.cc", "*/json*.cc", "tests/*", "reconciler/plan_file*",
                  "reconciler/world_file.cc",
                  "cli/views*.cc",
                  "providers/*.cc"],
    "catch2/": ["tests/*"],
    "rapidcheck": ["tests/*"],
}

# The rooms and files that use the standard library and {fmt} alone: no files, clock or randomness.
PURE = ["policies/*", "mail/spf*", "mail/dkim*", "mail/message*", "mail/author*",
        "mail/arc*", "mail/check_message*", "mail/dmarc*", "mail/kind*", "mail/tags*",
        "mail/transport*", "mail/check_host*", "reconciler/make_plan*", "reconciler/diff*"]
IMPURE_HEADERS = {"fstream", "iostream", "filesystem", "random", "thread", "mutex", "ctime",
                  "unordered_map", "unordered_set", "cstdio", "future"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]', re.MULTILINE)


def sources():
    for room in [*ROOMS, "tests", "bench"]:
        for path in sorted((SOURCE / room).rglob("*")):
            if path.suffix in (".cc", ".h"):
                yield path.relative_to(SOURCE).as_posix()


def home_of(path):
    """The room that a file belongs to: a unit test belongs to the room it tests."""
    parts = path.split("/")
    if parts[:2] == ["tests", "unit"] and parts[2] in ROOMS:
        return parts[2]
    return parts[0] if parts[0] in ROOMS else None


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def quoted_fault(path, header):
    room = header.split("/")[0]
    if "/" not in header or (room not in ROOMS and room != "tests"):
        return f'"{header}" is not written from the top of the source tree'
    home = home_of(path)
    if home and room in ROOMS and room != home and room not in ROOMS[home]:
        return f'{home} must not know {room} ("{header}")'
    return None


def angle_fault(path, header):
    for prefix, allowed in THIRD_PARTY.items():
        if header.startswith(prefix):
            return None if matches(path, allowed) else f"<{header}> belongs to {', '.join(allowed)}"
    if matches(path, PURE):
        if header in IMPURE_HEADERS:
            return f"<{header}> in a pure file"
        if "." in header and not header.startswith("fmt/"):
            return f"<{header}> in a pure file: only the standard library and fmt"
    elif "/" in header and header.split("/")[0] not in ("fmt", "sys", "netinet", "arpa", "net"):
        return f"<{header}> is a third party's that the table does not name"
    return None


def faults(path, text):
    found = []
    for bracket, header in INCLUDE.findall(text):
        fault = quoted_fault(path, header) if bracket == '"' else angle_fault(path, header)
        if fault:
            found.append(f"{path}: {fault}")
    return found


def named_types(text):
    """The qualified names of the types that a file defines, those of anonymous namespaces aside."""
    spaces = []
    for line in text.splitlines():
        if opened := re.match(r"namespace ?([\w:]*) ?\{$", line):
            spaces.append(opened[1])
        elif line.startswith("}  // namespace") and spaces:
            spaces.pop()
        elif defined := re.match(r"(?:struct|(?:enum )?class) (\w+)(?: final)?(?: :.*)? ?\{", line):
            if "" not in spaces:
                yield "::".join([*spaces, defined[1]])


def twice_named(texts):
    """Two types of one name would be merged by the linker, without a word."""
    homes = {}
    for path, text in texts.items():
        for name in named_types(text):
            homes.setdefault(name, []).append(path)
    return [f"{name} is defined in {' and in '.join(paths)}"
            for name, paths in homes.items() if len(paths) > 1]


def self_test():
    """The checker must be able to fail."""
    bad = [("dns/a.cc", '#include "mail/spf.h"'), ("mail/spf.cc", "#include <fstream>"),
           ("cli/plan.cc", "#include <CLI/CLI.hpp>"), ("policies/a.cc", "#include <time.h>"),
           ("dns/a.cc", '#include "name.h"'), ("providers/a.cc", '#include "policies/plan.h"'),
           ("dns/a.cc", "#include <boost/asio.hpp>")]
    good = [("mail/spf.cc", '#include "dns/name.h"\n#include <fmt/format.h>\n#include <vector>'),
            ("cli/main.cc", "#include <CLI/CLI.hpp>"),
            ("dns/resolver.cc", "#include <sys/epoll.h>")]
    twice = {"a.h": "namespace rampart {\nstruct A {\n", "b.h": "namespace rampart {\nclass A {\n"}
    hidden = {**twice, "b.h": "namespace rampart {\nnamespace {\nclass A {\n"}
    return ([f"the checker accepts {case}" for case in bad if not faults(*case)] +
            ["two types of one name pass"] * (not twice_named(twice)) +
            ["a hidden type does not pass"] * bool(twice_named(hidden)) +
            [f"the checker refuses {case}" for case in good if faults(*case)])


def main():
    wrong = self_test()
    passed = 0 if wrong else 1
    texts = {path: (SOURCE / path).read_text() for path in sources()}
    wrong += twice_named({path: text for path, text in texts.items()
                          if not path.startswith(("tests/", "bench/"))})
    for path, text in texts.items():
        found = faults(path, text)
        wrong += found
        passed += not found
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
