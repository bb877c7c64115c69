"""A folder in which a command runs, and everything in it as a set of items, so that two ends can
be compared and a loss can be seen."""

import hashlib
import os
import pathlib
import re
import sqlite3
import stat
import subprocess

PASSPHRASE = "a passphrase of the campaign"
SERIAL = re.compile(r"(?i)(\bSOA\b\D+)\d+")


def public_of(path):
    """The public half of a private key file, or why there is none."""
    done = subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-passin",
                           f"pass:{PASSPHRASE}"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else f"unreadable: {done.stderr[-200:]}"


def octets_of(path):
    """Says of a key that was there at the start whether it is the same one."""
    return "octets " + hashlib.sha256(path.read_bytes()).hexdigest()


def private_key(path):
    """Fresh keys differ in every run: what counts is whether the two halves match."""
    half = path.with_suffix(".pub")
    if not half.exists():
        return ["a private half without a public one", octets_of(path)]
    public = public_of(path)
    matches = bool(public.strip()) and public.strip() in half.read_text()
    return ["the halves match" if matches else f"the halves do not match: {public[:60]}",
            octets_of(path)]


def public_key(path):
    """The header of a public half, without what depends on the key."""
    return [octets_of(path), *(line for line in path.read_text(errors="replace").splitlines()
                               if line.startswith("#") and "fingerprint" not in line)]


def store_rows(path):
    """Every row of the report store; a text that cannot be read where it is damaged."""
    rows = []
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20) as base:
            check = base.execute("pragma integrity_check").fetchall()
            if check != [("ok",)]:
                rows.append(f"damaged: {check[:3]}")
            tables = base.execute("select name from sqlite_master where type='table'").fetchall()
            for (table,) in sorted(tables):
                rows += [f"{table} {row}" for row in base.execute(f"select * from '{table}'")]
        base.close()
    except sqlite3.Error as error:
        rows.append(f"damaged: {error}")
    return rows


READERS = {".key": private_key, ".pub": public_key, ".db": store_rows}


class Place:
    """A folder, and the host whose zone belongs to it. `port` is what the YAML and the output name
    where a worker's proxy is; each worker has another."""

    def __init__(self, folder, host=None, port=None):
        self.folder, self.host, self.port = pathlib.Path(folder), host, port

    def lines(self, path):
        """The file in lines; the serial of a zone, which counts the writes, is left out."""
        text = path.read_bytes().decode(errors="replace")
        if path.suffix == ".zone":
            text = SERIAL.sub(r"\1SERIAL", text)
        if self.port:
            text = text.replace(f":{self.port}", ":PORT")
        lines = text.split("\n")
        return lines if lines[-1] else lines[:-1]

    def files(self):
        """{path below the folder: path} of all files and folders."""
        return {path.relative_to(self.folder).as_posix(): path
                for path in sorted(self.folder.rglob("*"))}

    def items(self):
        """Everything that the folder and the host have: (file, what) each."""
        found = set(self.host.items()) if self.host else set()
        for name, path in self.files().items():
            try:
                status = os.lstat(path)
                found.add((name, f"mode {stat.filemode(status.st_mode)}"))
                if stat.S_ISREG(status.st_mode):
                    read = READERS.get(path.suffix, self.lines)
                    found |= {(name, line) for line in read(path)}
            except FileNotFoundError:
                continue
        return found


def files_in(items):
    """The files and folders of a set of items."""
    return {item[0] for item in items if len(item) == 2 and item[1].startswith("mode ")}
