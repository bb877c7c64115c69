"""GitHub's expressions, as far as the workflows use them: paths into the contexts, strings, ==,
!=, &&, ||, !, brackets and cancelled(). Anything else is an error, so that a workflow never runs on
a guess."""

import re

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<op>==|!=|&&|\|\||[!()])"
                   r"|(?P<path>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*))")
INSERT = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def tokens(source):
    at, found = 0, []
    source = source.strip()
    while at < len(source):
        match = TOKEN.match(source, at)
        if not match:
            raise ValueError(f"this expression is beyond the harness: {source}")
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


class Evaluator:
    """One expression over the contexts, by descent."""

    def __init__(self, source, contexts):
        self.rest, self.contexts = tokens(source), contexts

    def take(self, *operators):
        if self.rest and self.rest[0][0] == "op" and self.rest[0][1] in operators:
            return self.rest.pop(0)[1]
        return None

    def value(self):
        left = self.both()
        while self.take("||"):
            right = self.both()
            left = left or right
        if self.rest and self.rest[0] != ("op", ")"):
            raise ValueError(f"what follows is beyond the harness: {self.rest}")
        return left

    def both(self):
        left = self.equal()
        while self.take("&&"):
            right = self.equal()
            left = left and right
        return left

    def equal(self):
        left = self.single()
        while operator := self.take("==", "!="):
            right = self.single()
            left = (left == right) == (operator == "==")
        return left

    def single(self):
        if self.take("!"):
            return not self.single()
        if self.take("("):
            inside = self.value()
            if not self.take(")"):
                raise ValueError("a bracket is not closed")
            return inside
        kind, text = self.rest.pop(0)
        if text == "cancelled" and self.rest[:2] == [("op", "("), ("op", ")")]:
            del self.rest[:2]
            return False
        if kind == "text":
            return text[1:-1].replace("''", "'")
        return self.look_up(text)

    def look_up(self, path):
        at = self.contexts
        for step in path.split("."):
            at = at.get(step, "") if isinstance(at, dict) else ""
        return at


def evaluate(source, contexts):
    """The value of an expression; of `if:` too, where the braces may be missing."""
    inner = INSERT.fullmatch(source.strip())
    return Evaluator(inner[1] if inner else source, contexts).value()


def expand(text, contexts):
    """`text` with every ${{ }} in it replaced."""
    return INSERT.sub(lambda found: str(Evaluator(found[1], contexts).value()), str(text))
