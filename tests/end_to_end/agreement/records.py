"""The records of a made-up domain, as a YAML declares them and as a zone file has them."""

import base64
import dataclasses
import random


def der(tag, body):
    """One element of DER."""
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def rsa(bits):
    """The base64 of a SubjectPublicKeyInfo whose modulus has `bits` bits. Nobody has its private
    half: only its length is looked at."""
    number = (1 << (bits - 1)) | random.Random(bits).getrandbits(bits - 2) | 1
    modulus = der(2, b"\0" + number.to_bytes((bits + 7) // 8, "big"))
    key = der(0x30, modulus + der(2, b"\1\0\1"))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(der(0x30, algorithm + der(3, b"\0" + key))).decode()


KEY = f"v=DKIM1; k=rsa; p={rsa(2048)}"


@dataclasses.dataclass
class Domain:
    """A domain: its records by (name below it, type), and its entry in the YAML."""

    name: str
    records: dict
    yaml: dict
    faults: list = dataclasses.field(default_factory=list)

    def set(self, name, *values, kind="TXT"):
        self.records[name, kind] = list(values)

    def add(self, name, value, kind="TXT"):
        self.records.setdefault((name, kind), []).append(value)

    def drop(self, name, kind="TXT"):
        self.records.pop((name, kind), None)


def clean(name):
    """Records in order, and the YAML by which a plan changes none of them."""
    domain = Domain(name, {}, {
        "spf": {"all": "fail", "extra": ["mx"]},
        "dkim": [{"selector": "s1", "txt": KEY}],
        "dmarc": {"phase": "reject", "rua": [f"mailto:d@{name}"]},
        "mta_sts": {"mode": "testing", "mx": [f"mx.{name}"], "id": "1"},
        "tls_rpt": {"rua": [f"mailto:t@{name}"]}})
    domain.set("@", f"10 mx.{name}.", kind="MX")
    domain.set("mx", "192.0.2.25", kind="A")
    domain.set("@", "v=spf1 mx -all")
    domain.set("s1._domainkey", KEY)
    domain.set("_dmarc", f"v=DMARC1; p=reject; rua=mailto:d@{name}")
    domain.set("_mta-sts", "v=STSv1; id=1;")
    domain.set("_smtp._tls", f"v=TLSRPTv1; rua=mailto:t@{name}")
    return domain


def txt(value):
    pieces = [value[start:start + 255] for start in range(0, len(value), 255)]
    return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"'
                    for piece in pieces)


def lines(domain, below):
    """The zone lines of a domain; `below` is what follows its names, as in `_dmarc.d001`."""
    for (name, kind), values in domain.records.items():
        owner = (below or "@") if name == "@" else f"{name}.{below}" if below else name
        for value in values:
            yield f"{owner} {kind} {txt(value) if kind == 'TXT' else value}"


HEAD = "$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n"


def zone_file(domain):
    """The domain's own zone."""
    return HEAD + "\n".join(lines(domain, "")) + "\n"
