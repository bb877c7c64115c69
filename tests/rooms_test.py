#!/usr/bin/env python3
"""Checks every #include against the table of rooms, cmake/rooms.cmake."""

import fnmatch
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent

# Which other folders a folder of sources may know, as cmake/rooms.cmake declares it. Knowing is not
# inherited: every folder whose header is included is named.
def declared_rooms():
    text = (SOURCE / "cmake/rooms.cmake").read_text()
    rooms = {}
    declared = re.findall(r"^rampart_room\((\S+?)(?:\)|\s((?:[^)])*)\))", text, re.MULTILINE)
    for name, body in declared:
        known = re.search(r"KNOWS ([^A-Z]*)", body)
        rooms[name] = known[1].split() if known else []
    return rooms


ROOMS = declared_rooms()
TOPS = {room.split("/")[0] for room in ROOMS}

# The few files that may include a third party's header; {fmt} may be used everywhere.
THIRD_PARTY = {
    "yaml-cpp/": ["reconciler/config/*.cc", "bench/config/config_bench.cc"],
    "ldns/": ["dns/resolver/*.cc", "providers/rfc2136/wire.cc"],
    "idn2.h": ["dns/name.cc"],
    "libpsl.h": ["mail/dmarc/org_domain.cc"],
    "CLI/": ["cli/main.cc"],
    "openssl/": ["base/base64.cc", "base/sha256.cc", "keys/*.cc", "tests/unit/keys/*.cc",
                 "keys/openssl_values.h", "mail/dkim/public_key.cc", "providers/route53/sigv4.cc",
                 "providers/rfc2136/tsig.cc"],
    "arpa/inet.h": ["mail/spf/ip_text.cc", "dns/*", "providers/*", "reports/*", "tests/*",
                    "reconciler/config/checks.cc"],
    "curl/": ["providers/http/*.cc", "reports/mailbox/imap_wire.cc"],
    "libxml/": ["base/xml.cc", "reports/parse/read.cc", "bench/reports/*"],
    "archive": ["reports/input/archive.cc"],
    "gmime/": ["reports/input/mime.cc"],
    "zlib.h": ["reports/input/inflate.cc"],
    "sqlite3.h": ["reports/store/*.cc"],
    "nlohmann/": ["*/json.cc", "*_json.cc", "*/json_*", "tests/*", "cli/views/*.cc",
                  "cli/views/json_parts.h", "reconciler/documents/*", "providers/*/*.cc"],
    "catch2/": ["tests/*"],
    "rapidcheck": ["tests/*"],
}

# The folders that use the standard library and {fmt} alone: no files, clock or randomness. What
# wraps a library in them is named above.
PURE = ["policies/*", "mail/spf/*", "mail/dkim/*", "mail/message/*", "mail/syntax/*",
        "mail/records/*", "mail/transport/*", "mail/dmarc/*", "reconciler/plan/make_plan*",
        "reconciler/plan/diff*"]
IMPURE_HEADERS = {"fstream", "iostream", "filesystem", "random", "thread", "mutex", "ctime",
                  "unordered_map", "unordered_set", "cstdio", "future"}

# Source files in one folder, headers aside.
MOST_FILES = 30

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]', re.MULTILINE)


def sources():
    for room in [*sorted(TOPS), "tests", "bench"]:
        for path in sorted((SOURCE / room).rglob("*")):
            if path.suffix in (".cc", ".h"):
                yield path.relative_to(SOURCE).as_posix()


def home_of(path):
    """The folder that a source file belongs to; None for tests and benches, which know all."""
    folder = path.rpartition("/")[0]
    return folder if folder.split("/")[0] in TOPS else None


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def quoted_fault(path, header):
    room = header.rpartition("/")[0]
    if room not in ROOMS and room.split("/")[0] != "tests":
        return f'"{header}" is not written from the top of the source tree'
    home = home_of(path)
    if home and home not in ROOMS:
        return f"{home} is not declared in cmake/rooms.cmake"
    if home and room in ROOMS and room != home and room not in ROOMS[home]:
        return f'{home} must not know {room} ("{header}")'
    return None


def table_faults(rooms):
    """Arrows point at rooms that were declared before, and each arrow is used."""
    seen, found = set(), []
    for room, known in rooms.items():
        found += [f"{room} knows {other}, which is not declared above it"
                  for other in known if other not in seen]
        seen.add(room)
    return found


def angle_fault(path, header):
    for prefix, allowed in THIRD_PARTY.items():
        if header.startswith(prefix):
            return None if matches(path, allowed) else f"<{header}> belongs to {', '.join(allowed)}"
    if matches(path, PURE):
        if header in IMPURE_HEADERS:
            return f"<{header}> in a pure file"
        if "." in header and not header.startswith("fmt/"):
            return f"<{header}> in a pure file: only the standard library and fmt"
    elif "/" in header and header.split("/")[0] not in ("fmt", "sys", "netinet", "arpa", "net",
                                                             "linux"):
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


def size_faults(texts):
    """A folder that holds more files than a reader can keep apart."""
    counts = {}
    for path in texts:
        if path.endswith(".cc") and home_of(path):
            counts[home_of(path)] = counts.get(home_of(path), 0) + 1
    return [f"{folder} holds {count} source files; split it" for folder, count in counts.items()
            if count > MOST_FILES]


def self_test():
    """The checker must be able to fail."""
    bad = [("dns/a.cc", '#include "mail/spf/spf.h"'), ("mail/spf/spf.cc", "#include <fstream>"),
           ("cli/commands/plan.cc", "#include <CLI/CLI.hpp>"),
           ("policies/spf/a.cc", "#include <time.h>"), ("dns/a.cc", '#include "name.h"'),
           ("providers/http/a.cc", '#include "policies/model/plan.h"'),
           ("policies/model/a.cc", '#include "policies/spf/lock.h"'),
           ("base/a.cc", '#include "dns/name.h"'), ("nowhere/a.cc", '#include "name.h"'),
           ("dns/a.cc", "#include <boost/asio.hpp>")]
    good = [("mail/spf/a.cc", '#include "dns/name.h"\n#include <fmt/format.h>\n#include <vector>'),
            ("cli/main.cc", "#include <CLI/CLI.hpp>"),
            ("dns/resolver/engine.cc", "#include <sys/epoll.h>")]
    twice = {"a.h": "namespace rampart {\nstruct A {\n", "b.h": "namespace rampart {\nclass A {\n"}
    hidden = {**twice, "b.h": "namespace rampart {\nnamespace {\nclass A {\n"}
    many = {f"dns/{number}.cc": "" for number in range(MOST_FILES + 1)}
    return ([f"the checker accepts {case}" for case in bad if not faults(*case)] +
            ["two types of one name pass"] * (not twice_named(twice)) +
            ["a hidden type does not pass"] * bool(twice_named(hidden)) +
            ["an arrow up passes"] * (not table_faults({"a": ["b"], "b": []})) +
            ["a crowded folder passes"] * (not size_faults(many)) +
            [f"the checker refuses {case}" for case in good if faults(*case)])


def main():
    wrong = self_test() + table_faults(ROOMS)
    passed = 0 if wrong else 1
    texts = {path: (SOURCE / path).read_text() for path in sources()}
    wrong += twice_named({path: text for path, text in texts.items()
                          if not path.startswith(("tests/", "bench/"))})
    wrong += size_faults(texts)
    for path, text in texts.items():
        found = faults(path, text)
        wrong += found
        passed += not found
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
