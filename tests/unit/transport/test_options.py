from __future__ import annotations

import pytest

from kplay.errors import UnreachableError
from kplay.transport.options import SshOptions, parse


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", SshOptions()),
        ("-o StrictHostKeyChecking=accept-new", SshOptions(strict="accept-new")),
        ("-oStrictHostKeyChecking=no", SshOptions(strict="no")),
        ("-o 'StrictHostKeyChecking ask'", SshOptions(strict="yes")),
        ("-o UserKnownHostsFile='/a /b'", SshOptions(user_known_hosts=("/a", "/b"))),
        ("-J a,b -l ann -p 22", SshOptions(proxy_jump="a,b", user="ann", port=22)),
        ('-o ProxyCommand="nc %h %p"', SshOptions(proxy_command="nc %h %p")),
        ("-i /k1 -i /k2", SshOptions(identity_files=("/k1", "/k2"))),
        ("-o IdentitiesOnly=yes", SshOptions(identities_only=True)),
        ("-C -o ControlMaster=auto -o ControlPersist=60s -4v", SshOptions()),
        ("-F /c -o ConnectTimeout=3", SshOptions(config_file="/c", connect_timeout=3.0)),
    ],
)
def test_options(text: str, options: SshOptions) -> None:
    assert parse(text) == options


@pytest.mark.parametrize(
    "text", ["-o GSSAPITrustDns=yes", "-W x:1", "host", "-o Port=many", "-o 'x"]
)
def test_what_is_not_supported_is_refused(text: str) -> None:
    with pytest.raises(UnreachableError):
        parse(text)


def test_the_way_out_is_named() -> None:
    with pytest.raises(UnreachableError, match="ansible_ssh_transport: openssh"):
        parse("-L 80:x:80")
