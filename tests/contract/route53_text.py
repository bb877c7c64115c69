"""Names and TXT values as Route 53 writes them, with `\\ooo` in octal."""

import re
import string

PLAIN = set((string.ascii_lowercase + string.digits + "-_").encode())
OURS = PLAIN | set(b"*/+=")
MOST_STRING = 255


def octets_of(name):
    """The labels of a name, each as octets in lower case, undoing `\\ooo`."""
    labels, label, at = [], bytearray(), 0
    raw = name.encode()
    while at < len(raw):
        match = re.match(rb"\\([0-3][0-7]{2})", raw[at:])
        if match:
            label.append(int(match[1], 8))
            at += 4
        elif raw[at:at + 1] == b".":
            labels.append(bytes(label).lower())
            label = bytearray()
            at += 1
        else:
            label += raw[at:at + 1]
            at += 1
    if label:
        labels.append(bytes(label).lower())
    return labels


def spell(labels):
    return "".join("".join(chr(c) if c in PLAIN else f"\\{c:03o}" for c in label) + "."
                   for label in labels) or "."


def normal(name):
    """A name as Route 53 gives it back: absolute, lower case, `*` as `\\052`."""
    return spell(octets_of(name))


def name_of(wire):
    """The name of a wire form."""
    labels = []
    while wire[0]:
        labels.append(wire[1:1 + wire[0]])
        wire = wire[1 + wire[0]:]
    return spell(labels)


def presentation(name):
    """The name in ordinary presentation form, with decimal escapes."""
    return "".join("".join(chr(c) if c in OURS else f"\\{c:03d}" for c in label) + "."
                   for label in octets_of(name))


def quoted(octets):
    """A TXT value of these octets."""
    pieces = [octets[at:at + MOST_STRING] for at in range(0, len(octets), MOST_STRING)] or [b""]
    return " ".join('"' + "".join(chr(c) if 32 <= c <= 126 and c not in b'"\\' else f"\\{c:03o}"
                                  for c in piece) + '"' for piece in pieces)


def octets_of_text(value):
    """The joined octets of a TXT value."""
    out = bytearray()
    for string_ in re.findall(r'"((?:[^"\\]|\\[0-7]{3}|\\.)*)"', value):
        for octal, escaped, plain in re.findall(r"\\([0-7]{3})|\\(.)|(.)", string_):
            out.append(int(octal, 8) if octal else ord(escaped or plain))
    return bytes(out)
