#!/usr/bin/env python3
"""Checks the style that a machine can check: sizes, citations, leftovers, finding codes,
parameters, comments of public declarations, and words.

    tidy_test.py                the checks; the last line is `N passed, N failed`
    tidy_test.py --words        every odd word that is left (tidy_words.py says what to write)
    tidy_test.py --parameters   every bool parameter and long parameter list
    tidy_test.py --comments     every public declaration without a comment
    tidy_test.py --figures      the longest files, and the share of comments by folder
"""

import ast
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import tidy_cpp  # noqa: E402
import tidy_words  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parent.parent
COLUMNS, FUNCTION_LINES, FILE_LINES = 100, 70, 400
CODE = {".cc", ".h", ".py", ".sh", ".cmake", ".txt", ""}

# Tables of data in code, which may be as long as their subject.
DATA_TABLES = {"policies/model/codes.h"}

RFC = re.compile(r"\bRFC[ -]?\d+[^\n]{0,16}")
GOOD_RFC = re.compile(r"^RFC \d{4}(?: section (?:\d+|[A-Z])(?:\.\d+)*(?![\w])| [Aa]ppendix [A-Z]|"
                      r"(?! ?(?:sec\b|sect|§|s\d|Section|\(section|, section|#|:? ?\d+\.\d)))")
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

# Checks that fail; the others are listed only.
ENFORCED = {"words": tidy_words.ENFORCED, "parameters": True, "comments": True}
LEAST_COMMENTS = 0.10  # Of the lines of .cc files.


def tracked():
    """Every file of the project, new ones too."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=SOURCE, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.split("\n")
    else:
        names = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*")]
    skip = ("build/", "demo/", ".git/")
    return [name for name in sorted(set(names))
            if name and not name.startswith(skip) and (SOURCE / name).is_file()]


def is_code(name):
    path = pathlib.PurePath(name)
    if name.startswith(("tests/fuzz/corpus/", "tests/scenarios/")) and path.suffix != ".py":
        return False
    if path.suffix == ".txt" and path.name != "CMakeLists.txt":
        return False
    return path.suffix in CODE and path.name not in ("LICENSE", ".gitignore", ".clang-format")


def without_raw_strings(text):
    """The text with the insides of raw strings blanked, line for line."""
    def blank(match):
        return 'R"()"' + "\n x" * match[0].count("\n")
    return re.sub(r'R"(\w*)\(.*?\)\1"', blank, text, flags=re.DOTALL)


def long_cc_functions(text):
    """(line, length) of every function that is too long, by the indentation of clang-format."""
    found = []
    for indent in ("", "  "):
        start = None
        for number, line in enumerate(without_raw_strings(text).splitlines(), 1):
            inside = line.startswith(indent) and line[len(indent):len(indent) + 1].strip()
            if not inside:
                continue
            body = line[len(indent):]
            if body == "}":
                if start and number - start + 1 > FUNCTION_LINES:
                    found.append((start, number - start + 1))
                start = None
            elif body.startswith(("}", "//", "#", "namespace", "public:", "private:")):
                start = None if body.startswith(("}", "namespace")) else start
            elif body.endswith(";") or start is None:
                start = None if body.endswith(";") else number
    return found


def long_py_functions(text):
    return [(node.lineno, node.end_lineno - node.lineno + 1) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and node.end_lineno - node.lineno + 1 > FUNCTION_LINES]


def size_faults(name, text):
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield f"{name}:{number}: {len(line)} columns"
    if len(lines) > FILE_LINES and name not in DATA_TABLES:
        yield f"{name}: {len(lines)} lines"
    if name.endswith((".cc", ".h")):
        for line, length in long_cc_functions(text):
            yield f"{name}:{line}: a function of {length} lines"
    if name.endswith(".py"):
        for line, length in long_py_functions(text):
            yield f"{name}:{line}: a function of {length} lines"


def word_faults(name, text):
    if name == "tests/tidy_test.py":
        return
    for number, line in enumerate(text.splitlines(), 1):
        if LEFTOVER.search(line):
            yield f"{name}:{number}: a leftover: {line.strip()}"
        for match in RFC.finditer(line):
            if not GOOD_RFC.match(match[0]):
                yield f"{name}:{number}: cite as `RFC NNNN section N.N`: {match[0]}"


def comment_faults(name, text):
    """Every C++ file says in its first line what it is."""
    if name.endswith((".cc", ".h")) and not name.startswith("tests/unit/"):
        first = text.lstrip().splitlines()[0]
        if not first.startswith(("//", "#include \"")) or (name.endswith(".h") and
                                                           not first.startswith("//")):
            yield f"{name}:1: no sentence says what this file is"


def table_codes():
    """{code: line} of policies/model/codes.h, in its order."""
    text = (SOURCE / "policies/model/codes.h").read_text()
    return re.findall(r'Code\{\s*"([a-z0-9-]+)"', text)


def used_codes():
    """{code: file} of every finding, hold and error that the sources make."""
    makes = re.compile(
        r'(?:Severity::(?:Error|Warning|Info),\s*|\.code\s*=\s*|Hold\{[^;{}"]*?,\s*|'
        r'code == |\bcode\(|/\*code=\*/\s*)"([a-z0-9]+(?:-[a-z0-9]+)+|occupied|unobservable)"')
    found = {}
    for name in tracked():
        if name.endswith((".cc", ".h")) and not name.startswith(("tests/", "bench/")):
            for match in makes.finditer((SOURCE / name).read_text()):
                found.setdefault(match[1], name)
    return found


def code_faults():
    table = table_codes()
    documented = re.findall(r"^## ([a-z0-9-]+)$", (SOURCE / "docs/findings.md").read_text(),
                            re.MULTILINE)
    sources = "\n".join((SOURCE / name).read_text() for name in tracked()
                        if name.endswith((".cc", ".h")) and name != "policies/model/codes.h"
                        and not name.startswith(("tests/", "bench/")))
    if table != sorted(set(table)):
        yield "policies/model/codes.h: the codes are not sorted and unique"
    if documented != sorted(set(documented)):
        yield "docs/findings.md: the headings are not sorted and unique"
    for code in sorted(set(table) - set(documented)):
        yield f"docs/findings.md: no section for {code}"
    for code in sorted(set(documented) - set(table)):
        yield f"docs/findings.md: {code} is not in policies/model/codes.h"
    for code in table:
        if f'"{code}"' not in sources:
            yield f"policies/model/codes.h: nothing makes {code}"
    for code, name in sorted(used_codes().items()):
        if code not in table:
            yield f"{name}: {code} is not in policies/model/codes.h"


def self_test():
    """The checks must be able to fail."""
    long_function = "int f(int a,\n      int b) {\n" + "  g();\n" * 70 + "}\n"
    cases = [
        (long_cc_functions(long_function), True), (long_cc_functions("int f() {\n}\n"), False),
        (list(word_faults("a.cc", "// RFC 7208 sec. 4")), True),
        (list(word_faults("a.cc", "// RFC7208 section 4")), True),
        (list(word_faults("a.cc", "// RFC 7208 section 4.5 says.")), False),
        (list(word_faults("a.cc", "// TO" + "DO")), True),
        (list(size_faults("a.cc", "x" * 101)), True),
        (list(size_faults("a.cc", "x\n" * 401)), True),
        (list(comment_faults("a.h", "#pragma once\n")), True),
    ]
    cases += tidy_cpp.self_test()
    cases += [(tidy_words.odd_words("// At ns1 nothing stands."), True),
              (tidy_words.odd_words("// ns1 returns no record."), False)]
    return [f"self-test {number} fails" for number, (found, wanted) in enumerate(cases)
            if bool(found) != wanted]


def is_product(name):
    return name.endswith((".cc", ".h")) and not name.startswith(("tests/", "bench/"))


def has_words(name):
    """Whether people read the file as text of this project: not data that others wrote, and not
    expectations that are checked byte for byte elsewhere."""
    if name.startswith(("tests/fuzz/corpus/", "tests/mutation/", "tests/tidy_")):
        return False
    return pathlib.PurePath(name).suffix in {".cc", ".h", ".py", ".md", ".sh", ".cmake", ".txt"}


def word_list(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        for word, better in tidy_words.odd_words(line):
            yield f"{name}:{number}: `{word}`: write {better}"


# The listed checks: which files each reads, and what it finds there.
LISTED = {
    "words": (has_words, word_list),
    "parameters": (is_product, tidy_cpp.parameter_faults),
    "comments": (lambda name: is_product(name) and name.endswith(".h"), tidy_cpp.comment_faults),
}


def listed(check):
    """Everything that a listed check finds."""
    reads, finds = LISTED[check]
    return [fault for name in tracked() if reads(name)
            for fault in finds(name, (SOURCE / name).read_text(errors="replace"))]


def print_figures():
    texts = {name: (SOURCE / name).read_text() for name in tracked() if is_product(name)}
    print("longest files:")
    for name, text in sorted(texts.items(), key=lambda one: -text_lines(one[1]))[:10]:
        print(f"  {text_lines(text):4} {name}")
    print(f"share of comments in .cc files ({LEAST_COMMENTS:.0%} at least), and in headers:")
    for folder in sorted({name.rpartition("/")[0] for name in texts}):
        shares = []
        for suffix in (".cc", ".h"):
            pairs = [tidy_cpp.comment_share(text) for name, text in texts.items()
                     if name.rpartition("/")[0] == folder and name.endswith(suffix)]
            comments, code = (sum(column) for column in zip(*pairs)) if pairs else (0, 0)
            shares.append(comments / max(comments + code, 1))
        low = "  low" if shares[0] < LEAST_COMMENTS else ""
        print(f"  {shares[0]:6.1%} {shares[1]:6.1%}  {folder}{low}")


def text_lines(text):
    return text.count("\n")


def main():
    if "--figures" in sys.argv[1:]:
        print_figures()
        return 0
    for check in LISTED:
        if f"--{check}" in sys.argv[1:]:
            print("\n".join(listed(check)))
            return 0
    wrong = self_test() + list(code_faults())
    for check, enforced in ENFORCED.items():
        found = listed(check)
        held = [fault for fault in found if not fault.startswith(tidy_words.EXEMPT)]
        wrong += held if enforced else []
        print(f"{check}: {len(found)} listed" + ("" if enforced else ", not enforced"))
    passed = 0
    for name in tracked():
        path = SOURCE / name
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found = []
        if is_code(name):
            found += [*size_faults(name, text), *comment_faults(name, text)]
        if not name.startswith("tests/fuzz/corpus/") and name != "LICENSE":
            found += word_faults(name, text)
        wrong += found
        passed += not found
    print("\n".join(wrong))
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
