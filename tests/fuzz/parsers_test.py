#!/usr/bin/env python3
"""Checks that every parser of outsiders' octets has a fuzz target.

A parser is a function of a header that takes text and has a parser's name (`parse_*`, `read_*`,
`decode_*`, `*_from_json`, ...), or that takes a string_view first and gives a value or none. Each
is a row of PARSERS: with its target, which must call it; with a target and the function through
which that reaches it; or with the reason why it has none. A new parser without a row fails, and so
does a row whose target, call or function is gone.
"""

import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
NOT_OURS = {"build", "tests", "bench"}

NAME = re.compile(r"(parse|read|decode|detect|unquote|take|split|unpack|load)(_|\d|$)"
                  r"|_from_|_from$|_in$")
TEXT = re.compile(r"string_view|std::string\b|HttpResponse|ByteSource|KeyFile")
VALUE = re.compile(r"(Result|std::optional|std::variant)<(?!Ok>)")
DECLARATION = re.compile(
    r"^[ ]*(?:static |inline |virtual |explicit |constexpr )*"
    r"((?:[\w:]+(?:<[^;(){}]*>)?[ *&]+)+?)(\w+)\(([^;{}]*?)\)\s*(?:const)?\s*[;{]", re.MULTILINE)

# Reasons for which a function has no target.
PATH = "it takes a path, and the octets of the file go to a parser of this table"
LOOKUP = "it takes the name of something, which it compares and does not read"
OURS = "its text is our own"
PRIVATE = "a step of a class whose public functions have a target"


def through(target, function):
    """A target that reaches the parser by calling `function`."""
    return (target, function)


# By header and function.
PARSERS = {
    "base/base64.h decode_base64": "dkim_key",
    "base/calendar.h parse_date": "short_texts",
    "base/calendar.h parse_date_range": "short_texts",
    "base/calendar.h parse_duration": "short_texts",
    "base/calendar.h parse_time": "short_texts",
    "base/confined_path.h open_file_in": [PATH],
    "base/decimal.h parse_decimal": "short_texts",
    "base/text.h split": through("tags", "parse_tags"),
    "base/utf8.h first_code_point": "short_texts",
    "base/xml.h parse_xml": through("route53", "read_sets"),
    "cli/context/context.h read_file": [PATH],
    "dns/escape.h read_escape": "short_texts",
    "dns/escape.h read_octet": "short_texts",
    "dns/name.h child": [OURS],
    "dns/name.h parse": "name",
    "dns/presentation_lexer.h lex_zone": "zone_file",
    "dns/rdata.h canonical_rdata": "txt",
    "dns/rdata.h read_period": "short_texts",
    "dns/rdata.h read_zone_name": through("zone_file", "parse_zone_file"),
    "dns/record.h parse_record_type": "short_texts",
    "dns/resolver/resolver.h parse_resolv_conf": "short_texts",
    "dns/resolver/resolver.h parse_server": "short_texts",
    "dns/resolver/wire.h parse_reply": "resolver_reply",
    "dns/txt.h unquote_txt": "txt",
    "dns/zonefile/parser.h parse_zone_parts": through("zone_file", "parse_zone_file"),
    "dns/zonefile/zone_file.h parse_zone_file": "zone_file",
    "keys/export.h parse_signer_format": "short_texts",
    "keys/import.h read_key_files": "key_files",
    "keys/import.h record_in": "key_files",
    "keys/key_pair.h form_of": "key_files",
    "keys/key_pair.h open_key": "key_files",
    "keys/key_pair.h pair_of_seed": "key_files",
    "keys/key_pair.h parse_key_algorithm": "short_texts",
    "keys/key_pair.h pem_of_record": "key_files",
    "keys/secure_file.h read": [PATH],
    "mail/dkim/key.h key_from_pem": "dkim_key",
    "mail/dkim/key.h parse_key": "dkim_key",
    "mail/dkim/key.h parse_key_leniently": "dkim_key",
    "mail/dkim/public_key.h read_public_key": "key_files",
    "mail/dkim/public_key.h verify_ed25519": "key_files",
    "mail/dkim/public_key.h verify_rsa": "key_files",
    "mail/dkim/signature.h parse_arc_seal": "dkim_signature",
    "mail/dkim/signature.h parse_arc_signature": "dkim_signature",
    "mail/dkim/signature.h parse_signature": "dkim_signature",
    "mail/dkim/verify.h verify": through("message", "check_message"),
    "mail/dmarc/dmarc.h parse": "dmarc",
    "mail/dmarc/dmarc.h parse_lenient": "dmarc",
    "mail/dmarc/dmarc.h parse_policy": "dmarc",
    "mail/dmarc/dmarc.h uri_host": "dmarc",
    "mail/message/message.h find_body": "message",
    "mail/message/message.h read_head": "message",
    "mail/records/kind.h is_read": "tags",
    "mail/spf/check_host.h address_in": "short_texts",
    "mail/spf/check_host.h parse": "short_texts",
    "mail/spf/compiled.h name_from_octets": "short_texts",
    "mail/spf/ip_text.h read_ip4": "short_texts",
    "mail/spf/ip_text.h read_ip6": "short_texts",
    "mail/spf/macro.h parse_domain_spec": "short_texts",
    "mail/spf/macro.h parse_macros": "short_texts",
    "mail/spf/spf.h parse": "spf_record",
    "mail/spf/spf.h parse_terms": "spf_record",
    "mail/syntax/tags.h parse_tags": "tags",
    "mail/syntax/tags.h read_tags": "tags",
    "mail/syntax/tags.h split_tag": "tags",
    "mail/syntax/tags.h version_of": "tags",
    "mail/transport/policy.h parse_mta_sts_policy": "transport_policy",
    "mail/transport/tlsa.h parse_tlsa": "tlsa",
    "mail/transport/transport.h parse_bimi": "transport",
    "mail/transport/transport.h parse_mta_sts": "transport",
    "mail/transport/transport.h parse_tls_rpt": "transport",
    "policies/model/config.h parse_phase": "short_texts",
    "policies/model/permission.h parse": "short_texts",
    "policies/model/sender_pattern.h placeholders_in": through("config", "load_config_from"),
    "policies/model/sender_use.h fill": through("config", "load_config_from"),
    "policies/rules/dkim.h read_key": "dkim_key",
    "policies/rules/dmarc.h report_uri_problem": "dmarc",
    "policies/spf/record.h fill_spf_term": through("config", "load_config_from"),
    "providers/cloudflare/json.h decode_content": "cloudflare",
    "providers/cloudflare/json.h read_page": "cloudflare",
    "providers/http/fetch.h take_certificates": [PATH],
    "providers/http/http.h header": [LOOKUP],
    "providers/http/http.h take_certificates": [PATH],
    "providers/http/text.h parse_http_date": "short_texts",
    "providers/model/account.h parse_pace": "short_texts",
    "providers/model/json_text.h parse_body": through("cloudflare", "read_page"),
    "providers/powerdns/json.h read_serial": "powerdns",
    "providers/powerdns/json.h read_zone": "powerdns",
    "providers/powerdns/json.h read_zone_names": "powerdns",
    "providers/rfc2136/address.h parse_server_address": "short_texts",
    "providers/rfc2136/tsig.h next": "update_reply",
    "providers/rfc2136/tsig.h parse_tsig_algorithm": "short_texts",
    "providers/rfc2136/tsig.h parse_tsig_secret": "short_texts",
    "providers/rfc2136/wire.h last_record": "update_reply",
    "providers/rfc2136/wire.h parse_message": "update_reply",
    "providers/rfc2136/wire.h read_plain_name": "update_reply",
    "providers/rfc2136/wire.h read_u16": "update_reply",
    "providers/rfc2136/wire.h read_u32": through("update_reply", "next"),
    "providers/route53/answers.h read_change_id": "route53",
    "providers/route53/answers.h read_change_state": "route53",
    "providers/route53/answers.h read_refusal": "route53",
    "providers/route53/answers.h read_sets": "route53",
    "providers/route53/answers.h read_zones": "route53",
    "providers/route53/client.h change_state": [LOOKUP],
    "providers/route53/credentials.h from_profile": [LOOKUP],
    "providers/route53/credentials.h from_role": [LOOKUP],
    "providers/route53/credentials.h origin": [LOOKUP],
    "providers/route53/credentials.h value": [LOOKUP],
    "providers/route53/profiles.h load_profiles": [PATH],
    "providers/route53/profiles.h read_profiles": "aws_files",
    "providers/route53/profiles.h read_small_file": [PATH],
    "providers/route53/text.h read_name": "route53",
    "providers/route53/text.h read_value": "route53",
    "providers/route53/tokens.h read_instant": "aws_files",
    "providers/route53/tokens.h read_metadata": "aws_files",
    "providers/route53/tokens.h read_sts": "aws_files",
    "providers/route53/tokens.h take_aws_certificates": [PATH],
    "providers/zonefile/file_names.h parse": "short_texts",
    "providers/zonefile/file_names.h zone_in": "short_texts",
    "providers/zonefile/journal.h journal_serial": "short_texts",
    "reconciler/config/config.h load_config": [PATH],
    "reconciler/config/config.h load_config_from": "config",
    "reconciler/config/loader.h parse_integer": "short_texts",
    "reconciler/config/loader.h parse_number": "short_texts",
    "reconciler/config/yaml.h read_document": "edit_yaml",
    "reconciler/documents/plan_file.h plan_from_json": "plan_file",
    "reconciler/documents/plan_file.h world_from_json": "plan_file",
    "reconciler/documents/plan_file_json.h parse_document": through("plan_file", "plan_from_json"),
    "reconciler/documents/spf_lock_file.h parse_spf_locks": "spf_lock",
    "reconciler/documents/spf_lock_file.h read_spf_locks": [PATH],
    "reconciler/documents/spf_lock_file.h take_spf_locks": [PATH],
    "reconciler/edit/edit.h edit_yaml": "edit_yaml",
    "reconciler/observe/public_keys.h read_beneath": [PATH],
    "reports/analysis/evidence.h evidence_from_json": "evidence",
    "reports/analysis/mail_scan.h read_kind": [OURS],
    "reports/analysis/reverse_dns_map.h parse_reverse_dns_map": "reverse_dns_map",
    "reports/failures/failure_report.h parse_mail_date": "failure_report",
    "reports/failures/failure_report.h read_failure_report": "failure_report",
    "reports/input/byte_source.h read_all": through("report_containers", "visit_stream"),
    "reports/input/archive.h for_each_member": through("report_containers", "visit_stream"),
    "reports/input/mime.h for_each_part": through("report_containers", "visit_stream"),
    "reports/input/unpack.h detect_content": "report_containers",
    "reports/input/unpack.h visit_stream": "report_containers",
    "reports/mailbox/imap_address.h imap_folder": "imap",
    "reports/mailbox/imap_address.h parse_imap_address": "imap",
    "reports/parse/elements.h element_in": through("report_read", "feed"),
    "reports/parse/parse_values.h parse_auth_result": "short_texts",
    "reports/parse/parse_values.h parse_count": "short_texts",
    "reports/parse/parse_values.h parse_disposition": "short_texts",
    "reports/parse/parse_values.h parse_evaluated": "short_texts",
    "reports/parse/parse_values.h parse_moment": "short_texts",
    "reports/parse/read.h feed": "report_read",
    "reports/parse/record_cache.h split_record": "sanitize",
    "reports/parse/sanitize.h decode": [PRIVATE],
    "reports/parse/sanitize.h decode16": [PRIVATE],
    "reports/parse/sanitize.h decode8": [PRIVATE],
    "reports/parse/sanitize.h cdata": [PRIVATE],
    "reports/parse/sanitize.h feed": "sanitize",
    "reports/parse/sanitize.h markup": [PRIVATE],
    "reports/parse/sanitize.h skip_past": [PRIVATE],
    "reports/parse/sanitize.h step": [PRIVATE],
    "reports/parse/sanitize.h tag": [PRIVATE],
    "reports/store/blocks.h for_each_in": "store_blocks",
    "reports/store/blocks.h take_number": through("store_blocks", "for_each_in"),
    "reports/store/blocks.h take_row": through("store_blocks", "for_each_in"),
    "reports/store/facts.h decode": "store_blocks",
    "reports/store/facts.h decode_flags": "store_blocks",
    "reports/store/facts.h decode_policy": "store_blocks",
    "reports/store/sqlite.h prepare": [OURS],
    "reports/store/store.h find_string": [LOOKUP],
    "reports/store/store.h intern": [LOOKUP],
    "reports/tls/tls_report.h read_tls_report": "tls_report",
}


def code_of(path):
    return re.sub(r"//[^\n]*", "", path.read_text())


def headers():
    return [path for path in sorted(SOURCE.rglob("*.h"))
            if path.relative_to(SOURCE).parts[0] not in NOT_OURS]


def is_parser(value, name, parameters):
    first = parameters.partition(",")[0]
    by_name = NAME.search(name) and TEXT.search(parameters)
    by_shape = VALUE.match(value) and first.strip().startswith("std::string_view")
    return bool(by_name or by_shape)


def parsers_in(text):
    """The names of the parsers that a header declares."""
    return {name for value, name, parameters in DECLARATION.findall(text)
            if is_parser(value.strip(), name, parameters)}


def declared(key):
    header, name = key.split()
    path = SOURCE / header
    return path.is_file() and re.search(rf"\b{name}\(", code_of(path)) is not None


def problem_of(key, row):
    """What is wrong with a row; empty if nothing."""
    if not declared(key):
        return f"{key}: the header declares no such function"
    if isinstance(row, list):
        return ""
    target, function = row if isinstance(row, tuple) else (row, key.split()[1])
    source = SOURCE / "tests/fuzz" / f"{target}_fuzz.cc"
    if not source.is_file():
        return f"{key}: there is no fuzz target {target}"
    if not re.search(rf"\b{function}(<[^()]*>)?\b", code_of(source)):
        return f"{key}: the fuzz target {target} does not call {function}"
    return ""


def corpus_problems():
    """Targets and corpora belong together: a target without an input tests nothing."""
    targets = {path.name[:-len("_fuzz.cc")] for path in SOURCE.glob("tests/fuzz/*_fuzz.cc")}
    corpora = {path.name for path in SOURCE.glob("tests/fuzz/corpus/*") if any(path.iterdir())}
    return ([f"tests/fuzz/{name}_fuzz.cc has no corpus" for name in sorted(targets - corpora)] +
            [f"tests/fuzz/corpus/{name} has no target" for name in sorted(corpora - targets)])


def self_check():
    """The rules themselves: what is a parser, and what is none."""
    found = parsers_in("""
Result<Name> parse_thing(std::string_view text);
std::optional<int> level(std::string_view octets, int most);
template <class T>
Result<Page<T>> read_page(std::string_view body);
inline bool take_row(std::string_view& block, Row& row) {
std::string print(const Record& record);
Result<Ok> check(std::string_view text);
std::optional<int> lookup(const Table& table, std::string_view key);
int read_count(int file);
""")
    wanted = {"parse_thing", "level", "read_page", "take_row"}
    return [] if found == wanted else [f"the rules find {sorted(found)}, not {sorted(wanted)}"]


def main():
    problems = self_check() + corpus_problems()
    for path in headers():
        for name in sorted(parsers_in(code_of(path))):
            key = f"{path.relative_to(SOURCE)} {name}"
            if key not in PARSERS:
                problems.append(f"{key}: a parser without a row of tests/fuzz/parsers_test.py")
    problems += filter(None, (problem_of(key, row) for key, row in PARSERS.items()))
    for problem in problems:
        print(problem)
    print(f"{len(PARSERS)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
