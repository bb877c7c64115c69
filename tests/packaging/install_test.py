#!/usr/bin/env python3
"""packaging/install-package with programs of its own on PATH: what it installs, and what it
refuses. The network, apt and gh are scripts here."""

import hashlib
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGE = b"a package"
SUM = hashlib.sha256(PACKAGE).hexdigest()
GH = """#!/bin/bash
[ "$1 $2" = "attestation verify" ] || exit 1
[ "$3" != --help ] || exit {knows}
echo "$*" >>"$FAKE/gh.txt"
exit {valid}
"""


def script(folder, name, text):
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)


def install(gh, **environment):
    """(exit code, output, whether apt installed, what gh got); `gh`: the script, or none."""
    with tempfile.TemporaryDirectory() as name:
        fake = pathlib.Path(name)
        (fake / "package").write_bytes(environment.pop("served", PACKAGE))
        script(fake, "curl", '#!/bin/bash\nfor word; do last=$word; done\n'
               'case "$*" in *SHA256SUMS*) echo "$SUM  ./rampart_1.2.3_amd64.deb" >"$last" ;;\n'
               '*) cp "$FAKE/package" "$last" ;; esac\n')
        script(fake, "dpkg", "#!/bin/bash\necho amd64\n")
        script(fake, "apt-get", "#!/bin/bash\n"
               'case "$*" in *install*) touch "$FAKE/installed" ;; esac\n')
        script(fake, "sudo", '#!/bin/bash\n"$@"\n')
        script(fake, "rampart", "#!/bin/bash\necho rampart 1.2.3\n")
        if gh:
            script(fake, "gh", gh)
        done = subprocess.run(
            [SOURCE / "packaging/install-package"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            env={"PATH": f"{fake}:/usr/sbin:/usr/bin:/sbin:/bin", "FAKE": name, "SUM": SUM,
                 "VERSION": "1.2.3", "REPOSITORY": "owner/rampart", "GH_TOKEN": "t", **environment})
        asked = fake / "gh.txt"
        return (done.returncode, done.stdout, (fake / "installed").exists(),
                asked.read_text() if asked.exists() else "")


def main():
    passed, wrong = 0, []

    def expect(holds, sentence, run):
        nonlocal passed
        passed += bool(holds)
        if not holds:
            wrong.append(f"{sentence}: {run}")

    good, bad = GH.format(knows=0, valid=0), GH.format(knows=0, valid=1)
    run = install(good)
    expect(run[0] == 0 and run[2], "a package with an attestation is installed", run)
    expect("--repo owner/rampart" in run[3] and
           "--signer-workflow owner/rampart/.github/workflows/release.yml" in run[3],
           "gh is called for this project's release.yml", run)
    run = install(bad)
    expect(run[0] == 1 and not run[2] and "::error" in run[1],
           "a package without a valid attestation is not installed", run)
    run = install(GH.format(knows=1, valid=1))
    expect(run[0] == 0 and run[2] and "not verified" in run[1], "an old gh is no obstacle", run)
    run = install(bad, PACKAGE="https://example.com/a.deb", SHA256=SUM)
    expect(run[0] == 0 and run[2] and not run[3], "another address has a checksum alone", run)
    run = install(good, served=b"another package")
    expect(run[0] == 1 and not run[2], "the checksum still counts", run)
    for sentence in wrong:
        print(f"failed: {sentence}")
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
