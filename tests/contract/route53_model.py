"""Checks requests to Route 53 against AWS's own service model (botocore's service-2.json) and the
documented quotas. Where botocore is not installed, the quotas alone."""

import json
import pathlib
import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
MOST_RECORDS, MOST_CHARACTERS, MOST_VALUES, MOST_STRING = 1000, 32000, 400, 255
QUOTED = re.compile(r'"((?:[^"\\]|\\[0-3][0-7]{2}|\\[^0-9])*)"')


class Refused(Exception):
    """(status, code, message) of an error answer."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def load_model():
    try:
        import botocore
    except ImportError:
        return None
    folder = pathlib.Path(botocore.__file__).parent / "data/route53/2013-04-01"
    for path in [folder, pathlib.Path("/usr/share/botocore/data/route53/2013-04-01")]:
        if (path / "service-2.json").exists():
            return json.loads((path / "service-2.json").read_text())
    return None


MODEL = load_model()


def invalid(message):
    return Refused(400, "InvalidInput", f"Invalid XML ; {message}")


def tag(element):
    return element.tag.rpartition("}")[2]


def check_scalar(shape, text, where):
    kind = shape["type"]
    if text not in shape.get("enum", [text]):
        raise invalid(f"cvc-enumeration-valid: Value '{text}' is not facet-valid at {where}")
    if kind == "string" and not shape.get("min", 0) <= len(text) <= shape.get("max", 10**9):
        raise invalid(f"{where} has a length of {len(text)}")
    if kind in ("long", "integer"):
        if not re.fullmatch(r"-?\d+", text):
            raise invalid(f"{where} is no number")
        if not shape.get("min", -2**63) <= int(text) <= shape.get("max", 2**63):
            raise invalid(f"{where} is out of range")
    if kind == "boolean" and text not in ("true", "false"):
        raise invalid(f"{where} is no boolean")


def check_structure(shape, element, where):
    members = {member.get("locationName", name): member
               for name, member in shape["members"].items() if "location" not in member}
    order = list(members)
    last, seen = -1, set()
    for child in element:
        name = tag(child)
        if not child.tag.startswith("{" + SPACE + "}"):
            raise invalid(f"{name} in {where} has a wrong namespace")
        if name not in members or name in seen or order.index(name) < last:
            raise invalid(f"unexpected element {name} in {where}")
        last = order.index(name)
        seen.add(name)
        check_element(members[name]["shape"], child, f"{where}/{name}")
    for name in shape.get("required", []):
        member = shape["members"][name]
        if "location" not in member and member.get("locationName", name) not in seen:
            raise invalid(f"{where} lacks {name}")


def check_element(name, element, where):
    shape = MODEL["shapes"][name]
    if shape["type"] == "structure":
        check_structure(shape, element, where)
    elif shape["type"] == "list":
        if len(element) < shape.get("min", 0):
            raise invalid(f"{where} is too short")
        for child in element:
            if tag(child) != shape["member"].get("locationName", "member"):
                raise invalid(f"unexpected element {tag(child)} in {where}")
            check_element(shape["member"]["shape"], child, where + "[]")
    else:
        check_scalar(shape, element.text or "", where)


def operation_of(method, path):
    for name, operation in MODEL["operations"].items():
        pattern = re.sub(r"\{[^}]+\}", "([^/?]+)", operation["http"]["requestUri"])
        if method == operation["http"]["method"] and re.fullmatch(pattern + "/?", path):
            return name, operation
    raise Refused(404, "UnknownOperationException", f"no operation for {method} {path}")


def parse(body):
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise invalid(str(error)) from None


def check_request(method, target, body):
    """Raises Refused where the model or a quota does not allow the request."""
    path, _, query = target.partition("?")
    if MODEL:
        name, operation = operation_of(method, path)
        shape = MODEL["shapes"][operation["input"]["shape"]]
        known = {member["locationName"]: member["shape"] for member in shape["members"].values()
                 if member.get("location") == "querystring"}
        for one in filter(None, query.split("&")):
            key, _, value = one.partition("=")
            if unquote(key) not in known:
                raise Refused(400, "InvalidInput", f"unknown parameter {key}")
            check_scalar(MODEL["shapes"][known[unquote(key)]], unquote(value), key)
        if "locationName" in operation["input"]:
            root = parse(body)
            if root.tag != "{%s}%s" % (SPACE, operation["input"]["locationName"]):
                raise invalid(f"the root is {root.tag}")
            check_element(operation["input"]["shape"], root, name)
    if method == "POST" and re.search(r"/rrset/?$", path):
        check_quotas(parse(body))


def find(element, name):
    found = element.find("{%s}%s" % (SPACE, name))
    return None if found is None else found.text or ""


def text_fault(value):
    """Why Route 53 refuses a TXT value, or nothing."""
    at = 0
    while at < len(value):
        match = QUOTED.match(value, at)
        if not match:
            return "InvalidCharacterString (Value should be enclosed in quotation marks)"
        if re.search(r"[^\x20-\x7e]", match[1]):
            return "UnsupportedCharacter (Value contains unsupported characters)"
        if len(re.sub(r"\\([0-7]{3}|.)", "x", match[1])) > MOST_STRING:
            return "CharacterStringTooLong (Value is too long)"
        at = match.end()
        blanks = len(value[at:]) - len(value[at:].lstrip(" \t"))
        if at < len(value) and not blanks:
            return "InvalidCharacterString (Value should be enclosed in quotation marks)"
        at += blanks
    return None if value else "InvalidCharacterString (the value is empty)"


def check_quotas(root):
    messages, keys, records, characters = [], set(), 0, 0
    for change in root.iter("{%s}Change" % SPACE):
        action = find(change, "Action")
        element = change.find("{%s}ResourceRecordSet" % SPACE)
        name, kind = find(element, "Name"), find(element, "Type")
        values = [value.text or "" for value in element.iter("{%s}Value" % SPACE)]
        weight = 2 if action == "UPSERT" else 1
        records += weight * len(values)
        characters += weight * sum(map(len, values))
        key = ("DELETE" if action == "DELETE" else "CREATE", name.lower().rstrip("."), kind,
               find(element, "SetIdentifier"))
        if key in keys:
            messages.append("The request contains an invalid set of changes for a resource record "
                            f"set '{kind} {name}'")
        keys.add(key)
        if values and find(element, "TTL") is None:
            raise Refused(400, "InvalidInput", "Invalid request: Expected exactly one of "
                          "[AliasTarget, all of [TTL, and ResourceRecords], or "
                          "TrafficPolicyInstanceId], but found none")
        if len(set(values)) != len(values):
            messages.append(f"Duplicate Resource Record: '{name}'")
        if len(values) > MOST_VALUES:
            messages.append(f"'{name}' has too many values")
        if kind in ("TXT", "SPF"):
            messages += [f"Invalid Resource Record: FATAL problem: {fault} encountered with "
                         f"'{value[:40]}'" for value in values if (fault := text_fault(value))]
    if records > MOST_RECORDS:
        messages.append(f"Number of records limit of {MOST_RECORDS} exceeded.")
    if characters > MOST_CHARACTERS:
        messages.append(f"Number of characters limit of {MOST_CHARACTERS} exceeded.")
    if messages:
        raise Refused(400, "InvalidChangeBatch", "[" + ", ".join(messages) + "]")
