"""Mail servers as Dovecot is not: one that wants a token, one that repeats what it is sent, and
some that talk nonsense."""

import base64
import itertools
import re
import socketserver
import threading

KIB = b"x" * 1024

# What a server says to a command in place of the truth.
NONSENSE = {
    "endless line": {b"SEARCH": lambda: [KIB] * (40 << 10)},
    "too many words": {b"FETCH": lambda: [b"* 1 FETCH (", *[b"a b c d e f g h " * 64] * 2048,
                                          b")\r\n"]},
    "deep brackets": {b"FETCH": lambda: [b"* 1 FETCH " + b"(" * 50_000 + b"\r\n"]},
    "absurd literal": {b"FETCH": lambda: [b"* 1 FETCH (UID 1 BODY[] {99999999999999}\r\n"]},
    "literal beyond any number": {b"FETCH": lambda: [b"* 1 FETCH (UID 1 BODY[] {%s}\r\n)\r\n"
                                                     % (b"9" * 40)]},
    "large literal": {b"FETCH": lambda: [b"* 1 FETCH (UID 1 BODY[] {73400320}\r\n",
                                         *[KIB] * 71680, b")\r\n"]},
    "mails not asked for": {b"FETCH": lambda: [b"* 1 FETCH (UID 77 BODY[] {3}\r\nabc)\r\n"]},
    "the same mail for ever": {b"STORE": lambda: [], b"FETCH": lambda: []},
    "no answer but others": {b"SELECT": lambda: [b"* 1 EXISTS\r\nR99 OK what\r\n"]},
    "BYE": {b"SEARCH": lambda: [b"* BYE enough of it\r\n"]},
    "NUL and colours": {b"SELECT": lambda: [b"* OK \0\x1b[31m\x07 [UIDVALIDITY 99999999999]\r\n"]},
    "endless EXISTS": {b"SELECT": lambda: itertools.repeat(b"* 1 EXISTS\r\n" * 1000)},
    "endless EXISTS after a mail": {b"FETCH": lambda: itertools.repeat(b"* 1 EXISTS\r\n" * 1000)},
    "a NO of great length": {b"SEARCH": lambda: [b"R2 NO ", KIB, KIB, b"\x1b[2J\r\n"]},
}


class Box:
    """A box of mails, opened by a token; `nonsense` answers some commands first."""

    def __init__(self, mails, token, user, nonsense=None):
        self.mails, self.token, self.user = mails, token, user
        self.nonsense = nonsense or {}
        self.seen = set()

    def greet(self):
        return b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello\r\n"

    def answer(self, tag, command):
        word = command.split()[0].upper()
        if word == b"CAPABILITY":
            yield b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\r\n"
        if word == b"AUTHENTICATE":
            given = base64.b64decode(command.split()[-1])
            wanted = f"user={self.user}\1auth=Bearer {self.token}\1\1".encode()
            if given != wanted:
                yield tag + b" NO [AUTHENTICATIONFAILED] no\r\n"
                return
        for key, story in self.nonsense.items():
            if key in command.upper():
                yield from story()
        yield from self.reply(command)
        yield tag + b" OK done\r\n"

    def reply(self, command):
        upper = command.upper()
        if upper.startswith(b"SELECT"):
            yield b"* OK [UIDVALIDITY 5] yes\r\n"
        if b"SEARCH" in upper:
            left = [b"%d" % (i + 1) for i in range(len(self.mails)) if i not in self.seen]
            yield b"* SEARCH " + b" ".join(left) + b"\r\n"
        if b"FETCH" in upper:
            for i, octets in enumerate(self.mails):
                yield b"* %d FETCH (BODY[] {%d}\r\n%s FLAGS (\\Recent) UID %d)\r\n" % (
                    i + 1, len(octets), octets, i + 1)
        if b"STORE" in upper and b"STORE" not in self.nonsense:
            self.seen |= {int(one) - 1 for one in re.findall(rb"\d+", upper.split()[2])}


class Renewed(Box):
    """Breaks off before the first mark, and is another box afterwards: without two of its mails."""

    def __init__(self, *words):
        super().__init__(*words)
        self.validity = 5

    def reply(self, command):
        if b"STORE" in command.upper() and self.validity == 5:
            self.validity, self.mails = 6, self.mails[2:]
            yield b"* BYE come back\r\n"
        elif command.upper().startswith(b"SELECT"):
            yield b"* OK [UIDVALIDITY %d] yes\r\n" % self.validity
        else:
            yield from super().reply(command)


class Damaged(Box):
    """Its third mail cannot be read."""

    def answer(self, tag, command):
        words = command.upper().split()
        if words[:2] == [b"UID", b"FETCH"]:
            if words[2] in (b"3", b"1:5"):
                yield tag + b" NO [SERVERBUG] it is damaged\r\n"
                return
            number = int(words[2])
            octets = self.mails[number - 1]
            yield b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (number, number, len(octets),
                                                                   octets)
            yield tag + b" OK done\r\n"
            return
        yield from super().answer(tag, command)


class Echo:
    """Refuses everybody, and repeats what it was sent."""

    def greet(self):
        return b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2] hello\r\n"

    def answer(self, tag, command):
        if command.upper().startswith(b"CAPABILITY"):
            yield b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2\r\n"
            yield tag + b" OK done\r\n"
        else:
            yield tag + b" NO you said " + command + b" " + base64.b64decode(
                command.split()[-1] + b"==") + b"\r\n"


def serve(box):
    """The port where it answers until the test ends."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            try:
                self.wfile.write(box.greet())
                for line in self.rfile:
                    tag, _, command = line.strip().partition(b" ")
                    for octets in box.answer(tag, command):
                        self.wfile.write(octets)
                    if command.upper() == b"LOGOUT":
                        return
            except OSError:
                pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
