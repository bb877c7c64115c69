"""Fresh keys, and the forms in which the private half of a key could leak, for suites that search
for them. Import it after harness.need_modules("dkim")."""

import base64
import re
import subprocess

import dkim.crypto

SHORTEST = 16  # Octets of a private number that make a leak; fewer would be found by chance.


def rsa_key(bits):
    """(private PEM, base64 of the SPKI) of a fresh key."""
    private = subprocess.run(["openssl", "genrsa", str(bits)], capture_output=True, check=True)
    public = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"],
                            input=private.stdout, capture_output=True, check=True)
    return private.stdout, base64.b64encode(public.stdout).decode()


def seed_of(pem):
    """PKCS#8 of an Ed25519 key ends in its 32 octets (RFC 8410 section 7); None for RSA."""
    octets = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    return octets[-32:] if len(octets) < 64 else None


def private_numbers(pem):
    """The octets of every number of the key that is no public one."""
    if seed := seed_of(pem):
        return [seed]
    key = dkim.crypto.parse_pem_private_key(pem)
    numbers = [key[name] for name in ("privateExponent", "prime1", "prime2", "exponent1",
                                      "exponent2", "coefficient")]
    return [number.to_bytes((number.bit_length() + 7) // 8, "big") for number in numbers]


def forms_of(pem):
    """Pieces of text and of octets, one of which every leak of this key would hold."""
    forms = {line for line in pem.splitlines()[1:-1] if len(line) > 40}
    for octets in private_numbers(pem):
        piece = octets[4:4 + SHORTEST]
        forms |= {piece, piece.hex().encode(), piece.hex().upper().encode(),
                  ":".join(f"{one:02x}" for one in piece).encode()}
        # Base64 at any of its three alignments, without the characters that neighbours decide.
        forms |= {base64.b64encode(bytes(shift) + piece)[4 if shift else 0:-4]
                  for shift in range(3)}
    return forms


def leaks_in(texts, secrets):
    """The names of `texts` that hold a private key in the clear or one of `secrets`."""
    pattern = re.compile(rb"BEGIN (RSA |OPENSSH )?PRIVATE KEY|"
                         + b"|".join(re.escape(one) for one in sorted(secrets)))
    return [name for name, text in texts.items() if pattern.search(text)]
