"""What filters give; the values were seen from ansible-core 2.19 unless said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kplay.resolve.faults import TemplateError
from kplay.resolve.filters import filter_names
from kplay.resolve.jinja_tests import test_names as names_of_tests

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope

VARIABLES = r"""
l: [3, 1, 2]
d: {b: 1, a: {c: [1, 2]}}
text: "Hello World"
users: [{name: a, uid: 1, "on": true}, {name: b, uid: 2, "on": false}, {name: c}]
multi: "one\ntwo\nthree"
json: '{"a": [1, 2, {"b": null}]}'
no_text: "no"
"""

HASHED = (
    "$6$saltsalt$pauPrmdmG4BTE9h2HPmywiw152IFch6BJCEsaY6D.PLTfpV8sqvXwWdyfsgVgozk"
    "YH9B80bAip/08R2BPH2xk/"
)

CASES = [
    ("['B', 'a', 'b'] | unique", ["B", "a"]),
    ("[[1], [1], [2]] | unique", [[1], [2]]),
    ("[1, none, [2, [none, 3]]] | flatten", [1, 2, 3]),
    ("[1, [2, [3]]] | flatten(levels=1)", [1, 2, [3]]),
    ("users | map(attribute='uid', default=0) | max", 2),
    ("users | selectattr('on', 'defined') | map(attribute='uid') | sum", 3),
    ("users | rejectattr('on', 'defined') | list", [{"name": "c"}]),
    ("multi | indent(2)", "one\n  two\n  three"),
    ("multi | regex_findall('^t.*$', multiline=true)", ["two", "three"]),
    ("multi | regex_replace('(?m)^', '# ')", "# one\n# two\n# three"),
    ("'foo bar' | regex_search('(\\w+) (\\w+)', '\\1', '\\2')", ["foo", "bar"]),
    ("'foo' | regex_search('z')", None),
    ("'k=v' | regex_replace('(?P<a>\\w)=(?P<b>\\w)', '\\g<b>=\\g<a>')", "v=k"),
    ("'a.b' | regex_escape", "a\\.b"),
    ("(json | from_json).a[2].b", None),
    ("'a: [1, 2]' | from_yaml", {"a": [1, 2]}),
    ("'--- 1\n--- 2' | from_yaml_all", [1, 2]),
    ("d | to_json", '{"b": 1, "a": {"c": [1, 2]}}'),
    ("d | to_yaml", "a:\n  c: [1, 2]\nb: 1\n"),
    ("d | to_nice_yaml", "a:\n    c:\n    - 1\n    - 2\nb: 1\n"),
    ("1 | to_yaml", "1\n"),
    ("{'b': [1]} | to_nice_json", '{\n    "b": [\n        1\n    ]\n}'),
    ("{'a': {'x': 1}} | combine({'a': {'y': 2}}, recursive=true)", {"a": {"x": 1, "y": 2}}),
    ("{'a': [1, 2]} | combine({'a': [2, 3]}, list_merge='append_rp')", {"a": [1, 2, 3]}),
    ("[{'a': 1}, {'b': 2}] | combine", {"a": 1, "b": 2}),
    ("d | dict2items | map(attribute='key')", ["b", "a"]),
    ("[{'key': 'a', 'value': 1}] | items2dict", {"a": 1}),
    ("[{'k': [1]}, {}] | subelements('k', skip_missing=true)", [[{"k": [1]}, 1]]),
    ("l | difference([1])", [3, 2]),
    ("l | intersect([1, 9])", [1]),
    ("l | symmetric_difference([1, 9])", [3, 2, 9]),
    ("['a', 'b'] | zip([1, 2])", [["a", 1], ["b", 2]]),
    ("['a', 'b'] | zip_longest([1], fillvalue='z')", [["a", 1], ["b", "z"]]),
    ("[1, 2] | product(['a'])", [[1, "a"], [2, "a"]]),
    ("'a' | extract({'a': {'b': 3}}, 'b')", 3),
    ("[0, 2] | map('extract', ['x', 'y', 'z'])", ["x", "z"]),
    ("no_text | bool", False),
    ("[1 | bool, 'True' | bool, 'on' | bool, '' | bool]", [True, True, True, False]),
    ("['5' | int + 1, 'x' | int, '1.5' | float]", [6, 0, 1.5]),
    ("[5 | ternary('a', 'b'), none | ternary('a', 'b', 'c'), '' | ternary('a', 'b')]", list("acb")),
    ("['' | default('z', true), '' | default('z')]", ["z", ""]),
    ("['ab' | b64encode, 'YWI=' | b64decode]", ["YWI=", "ab"]),
    ("'foo' | hash('sha1')", "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"),
    ("'abc' | to_uuid", "27dc713b-d72c-5825-88f3-9f240e739319"),
    ("['a b' | quote, '' | quote]", ["'a b'", "''"]),
    ("'a/b/c.txt' | splitext", ["a/b/c", ".txt"]),
    ("['/a/b' | basename, 'a/b' | dirname, '/a/b' | relpath('/a')]", ["b", "a", "b"]),
    ("['a', 'b'] | path_join", "a/b"),
    ("[1048576 | human_readable, 12 | human_readable]", ["1.00 MB", "12.00 Bytes"]),
    ("['1K' | human_to_bytes, '2.5M' | human_to_bytes]", [1024, 2621440]),
    ("'line1\nline2' | comment", "#\n# line1\n# line2\n#"),
    ("10 | random(seed='x')", 5),
    ("[1, 2, 3, 4] | shuffle(seed='y')", [3, 1, 4, 2]),
    ("'http://u:p@h:80/p?q#f' | urlsplit('port')", 80),
    ("'a b&c' | urlencode", "a%20b%26c"),
    ("'%Y' | strftime(0, utc=true)", "1970"),
    ("('2024-01-02 00:00:00' | to_datetime).year", 2024),
    ("'pw' | password_hash('sha512', 'saltsalt', rounds=5000)", HASHED),
    ("'pw' | password_hash('md5', 'saltsalt')", "$1$saltsalt$6SNdNaZLKst2LlSm7oPPL1"),
    ("[[] | type_debug, {} | type_debug, 'x' | type_debug]", ["list", "dict", "str"]),
    ("d | ansible.builtin.to_json | ansible.builtin.from_json == d", True),
    # The collections below are not part of ansible-core: from their documentation.
    ("['v1.10', 'v1.9'] | community.general.version_sort", ["v1.9", "v1.10"]),
    ("'::1' | ansible.utils.ipwrap", "[::1]"),
    ("[1, 2, 2] | community.general.lists_union([3, 1])", [1, 2, 3]),
    ("'52:54:00' | community.general.random_mac(seed='a')", "52:54:00:91:45:a3"),
    ("{'a': 1} | ansible.utils.fact_diff({'a': 2})",
     ["--- before", "+++ after", "@@ -1,3 +1,3 @@", " {", '-    "a": 1', '+    "a": 2', " }", ""]),
    ("{'a': 1} | ansible.utils.fact_diff({'a': 1})", []),
    ("'127.0.0.1' is ansible.utils.resolvable", True),
    ("'no.such.invalid' is ansible.utils.resolvable", False),
    ("l | count", 3),
    ("['10.0.0.1' | ansible.utils.ipwrap, 'host' | ansible.utils.ipwrap]", ["10.0.0.1", "host"]),
    ("'192.168.1.5/24' | ansible.utils.ipaddr('address')", "192.168.1.5"),
    ("'192.168.1.5/24' | ansible.utils.ipaddr('network')", "192.168.1.0"),
    ("'192.168.1.5/24' | ansible.utils.ipaddr('netmask')", "255.255.255.0"),
    ("'192.168.1.5/24' | ansible.utils.ipaddr('prefix')", 24),
    ("'10.96.0.0/12' | ansible.utils.ipaddr('1') | ansible.utils.ipaddr('address')", "10.96.0.1"),
    ("'10.96.0.0/12' | ansible.utils.ipaddr(10)", "10.96.0.10/12"),
    ("'nothing' | ansible.utils.ipaddr", False),
    ("['10.0.0.1', 'x', '::1'] | ansible.utils.ipv4", ["10.0.0.1"]),
    ("'192.168.0.0/16' | ansible.utils.ipsubnet(20, 1)", "192.168.16.0/20"),
    ("'10.0.0.0/8' | ansible.netcommon.network_in_network('10.1.0.0/16')", True),
    # Tests
    ("'1.10' is version('1.9', '>')", True),
    ("'1.0' is version('1.0.0', '==')", False),
    ("'v1.2.3' is version('v1.2.4', '<')", True),
    ("'1.2.3-rc1' is version('1.2.3', '<', version_type='semver')", True),
    ("'1.0rc1' is version('1.0', '<', version_type='pep440')", True),
    ("'20.04' is version_compare('18.04', '>=', strict=true)", True),
    ("'abc' is search('b') and 'abc' is not match('b')", True),
    ("'ABC' is match('ab', ignorecase=true)", True),
    ("['no' is truthy(convert_bool=true), 'no' is falsy]", [False, False]),
    ("[1, 2] is subset([1, 2, 3]) and [1, 2] is contains(1)", True),
    ("[[true, false] is any, [true, false] is all]", [True, False]),
    ("'/etc' is directory and '/nope' is not exists and '/a' is abs", True),
    ("l is sameas l", True),
    ("{'failed': true} is failed and {} is succeeded and {'skipped': true} is skipped", True),
    ("'10.0.0.1' is ansible.utils.ipv4", True),
    ("'x' is ansible.builtin.defined", True),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "value"), CASES)
def test_gives(scope_of: Callable[..., Scope], expression: str, value: Any) -> None:
    assert scope_of(VARIABLES).template("{{ " + expression + " }}") == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'v1.2' is version('1.2', '<')", "cannot be compared"),
        ("d | json_query('[')", "filter `json_query` failed"),
        ("d.keys", "a function \\(call it: `keys\\(\\)`\\)"),
        ("'x' | from_json", "filter `from_json` failed"),
        ("[1] | vault('y')", "what is sealed is text, not list"),
        ("'x' | vault('y') | unvault('z')", "does not open this"),
        ("'$ANSIBLE_VAULT;1.1;AES256\n61' | unvault('z')", "not whole"),
        ("[] | dict2items", "takes a mapping"),
        ("'x' is version('1', '=~')", "is not one of"),
    ],
)
def test_refuses(scope_of: Callable[..., Scope], expression: str, message: str | None) -> None:
    with pytest.raises(TemplateError, match=message):
        scope_of(VARIABLES).template("{{ " + expression + " }}")


def test_names_can_be_asked_for() -> None:
    assert {"default", "ansible.builtin.to_yaml", "ansible.utils.ipwrap"} <= filter_names()
    assert {"version", "ansible.builtin.defined", "eq"} <= names_of_tests()


def test_a_certificate_says_what_it_is(scope_of: Callable[..., Scope]) -> None:
    text = certificate()
    scope = scope_of(pem=text, both=text + text)
    found = scope.template("{{ pem | community.crypto.x509_certificate_info }}")
    assert found["subject"] == {"commonName": "a.example", "organizationName": "Example"}
    assert found["issuer_ordered"] == [["organizationName", "Example"], ["commonName", "a.example"]]
    assert found["subject_alt_name"] == ["DNS:a.example", "IP:10.0.0.1"]
    assert found["basic_constraints"] == ["CA:TRUE", "pathlen:0"]
    assert found["key_usage"] == ["Certificate Sign", "Digital Signature"]
    assert found["not_after"] == "20300101000000Z"
    assert found["public_key_type"] == "ECC"
    assert found["public_key_data"]["curve"] == "secp256r1"
    assert found["fingerprints"]["sha256"].count(":") == 31
    assert found["serial_number"] == 4711
    assert scope.template("{{ both | community.crypto.split_pem | length }}") == 2


def certificate() -> str:
    from datetime import UTC, datetime
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example"),
        ]
    )
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    names = [x509.DNSName("a.example"), x509.IPAddress(ip_address("10.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
