"""A run is resumed with the options that it was begun with."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

from kplay import ansible_cfg
from kplay.execute.journal import Record, stored_options
from kplay.execute.options import Passwords, RunOptions
from kplay.execute.resume import _options

CFG = """
[defaults]
roles_path = roles:/opt/roles
vault_password_file = ~/secret
forks = 7
vault_identity_list = a@b,c@d
"""

ASKED_ANEW = {"ask", "ansible_cfg"}
"""A question needs a terminal; settings are compared by their values below."""


def options(folder: Path) -> RunOptions:
    (folder / "ansible.cfg").write_text(CFG)
    return RunOptions(
        playbooks=(Path("site.yml"),),
        inventory=("hosts.ini", "h1,"),
        limit="web",
        absent=("h2",),
        flush_cache=True,
        tags=("a",),
        skip_tags=("b",),
        extra_vars=("c=d",),
        forks=7,
        user="bob",
        private_key=Path("key"),
        connection="local",
        timeout=3,
        ssh_common_args="-o A=b",
        ssh_extra_args="-o C=d",
        force_handlers=True,
        start_at_task="two",
        ask=input,
        become=True,
        become_user="admin",
        become_method="su",
        vault_ids=("prod@~/secret", "dev@prompt"),
        passwords=Passwords(become="geheim"),
        diff=True,
        check=True,
        verbosity=2,
        accept_new_host_keys=True,
        accept_drift=True,
        probes_author=True,
        runs_directory=Path("runs"),
        ansible_cfg=ansible_cfg.find(folder, {}),
    )


def test_every_option_comes_back(tmp_path: Path) -> None:
    given = options(tmp_path)
    default = RunOptions()
    about = {"options": json.loads(json.dumps(stored_options(given)))}
    record = Record(tmp_path, about, {}, {}, ended=False)
    found = _options(record, replace(given, vault_ids=()))
    for field in fields(RunOptions):
        name = field.name
        assert getattr(given, name) != getattr(default, name), f"{name}: say another here"
        if name not in ASKED_ANEW:
            assert getattr(found, name) == getattr(given, name)
    told = replace(given, vault_ids=("prod@elsewhere",))
    assert _options(record, told).vault_ids == ("prod@elsewhere",)
    assert found.ansible_cfg.values == given.ansible_cfg.values
