"""What tidy_test.py checks in C++ declarations: bool parameters, many parameters, and public
declarations without a comment. Works on text laid out by clang-format, not on a syntax tree."""

import re

MOST_PARAMETERS = 5

# A parameter list: a name, then parentheses, then what follows a declaration or a definition.
CALLED = re.compile(r"\b([A-Za-z_]\w*)\(")
AFTER_LIST = re.compile(r"\s*(?:const|noexcept|override|final|= 0|= default|->[^;{]*)*\s*[;{:]")
PARAMETER = re.compile(r"^(?:const )?[A-Za-z_][\w:]*(?:<.*>)?(?:::\w+)?(?:\s*[&*]+| const)*\s+"
                       r"[*&]*[A-Za-z_]\w*(?:\[\w*\])?(?:\s*=.*)?$", re.DOTALL)
KEYWORDS = {"if", "for", "while", "switch", "return", "catch", "sizeof", "static_assert"}
DECLARES = re.compile(r"^(?:template <|(?:struct|class|enum class|enum) \w+(?: final)?(?: :|\s*\{)|"
                      r"(?:inline |constexpr |extern |\[\[nodiscard\]\] )*[A-Za-z_][\w:<>,&*\s]*?\s"
                      r"[&*]*\w+\()")


def without_text(text):
    """The text with comments and strings blanked, line for line."""
    def blank(match):
        return '""' + "\n" * match[0].count("\n") if match[0][0] in "\"'R" else \
            "\n" * match[0].count("\n")
    return re.sub(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'
                  r"'(?:\\.|[^'\\\n])+'", blank, text, flags=re.DOTALL)


def list_from(text, start):
    """(parameters, end) of the parenthesis that opens before `start`; None where it is odd."""
    depth, angle, parts, begin = 0, 0, [], start
    for at in range(start, min(len(text), start + 1500)):
        char = text[at]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return parts + [text[begin:at].strip()], at + 1
            depth -= 1
        elif char == "<":
            angle += 1
        elif char == ">" and text[at - 1] != "-":
            angle -= 1
        elif char == "," and depth == 0 and angle == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
        elif char == ";" and depth == 0:
            return None
    return None


def parameter_lists(text):
    """(line, name, parameters) of every function that the text declares or defines."""
    plain = without_text(text)
    for called in CALLED.finditer(plain):
        found = None if called[1] in KEYWORDS else list_from(plain, called.end())
        if found is None:
            continue
        parameters, end = found
        if AFTER_LIST.match(plain, end) and all(map(PARAMETER.match, parameters)):
            yield plain.count("\n", 0, called.start()) + 1, called[1], parameters


def parameter_faults(name, text):
    for line, function, parameters in parameter_lists(text):
        if any(re.match(r"(?:const )?bool \w", one) for one in parameters):
            yield f"{name}:{line}: {function} has a bool parameter: use an enum or two functions"
        if len(parameters) > MOST_PARAMETERS:
            yield f"{name}:{line}: {function} has {len(parameters)} parameters"


def comment_faults(name, text):
    """Declarations of a header at namespace level without a comment of their own. Those of one
    block, without a blank line between, share the comment above it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        before = lines[number - 1].strip() if number else ""
        starts = not before or before.startswith(("namespace", "#", "}"))
        if not starts or not DECLARES.match(line) or "///<" in line:
            continue
        if line.startswith(("struct", "class", "enum")) and line.endswith(";"):
            continue  # Declared here, defined and explained elsewhere.
        yield f"{name}:{number + 1}: a declaration without a comment: {line.strip()[:60]}"


def comment_share(text):
    """(lines of comment, lines of code) of a C++ file; blank lines are neither."""
    comments = code = 0
    for line in text.splitlines():
        bare = line.strip()
        comments += bare.startswith("//")
        code += bool(bare) and not bare.startswith("//")
    return comments, code


def self_test():
    """Pairs of what was found and whether something should be."""
    many = "void f(int a, int b, int c, int d, int e, int g);\n"
    return [
        (list(parameter_faults("a.h", "void f(int a, bool b);\n")), True),
        (list(parameter_faults("a.h", "void f(int a,\n       bool b = true) const {\n")), True),
        (list(parameter_faults("a.h", "bool f(int a);\n  bool x = g(a, b);\n")), False),
        (list(parameter_faults("a.h", many)), True),
        (list(parameter_faults("a.cc", "  f(a, b, c, d, e, g);\n")), False),
        (list(comment_faults("a.h", "\nint f(int a);\n")), True),
        (list(comment_faults("a.h", "/// Doubles.\nint f(int a);\nint g(int a);\n")), False),
        (list(comment_faults("a.h", "\nstruct A {\n")), True),
        (list(comment_faults("a.h", "\nstruct A;\n")), False),
    ]
