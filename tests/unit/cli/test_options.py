from __future__ import annotations

import io
from pathlib import Path

import pytest

from kplay.cli import options
from kplay.cli.parser import parser
from kplay.errors import UsageError
from kplay.execute.options import Passwords, RunOptions
from kplay.vault.sources import ASK


def parsed(*argv: str) -> RunOptions:
    return options.run_options(parser().parse_args(argv))


def test_options_as_ansible_users_write_them() -> None:
    asked = parsed(
        "plan", "-i", "inv", "-i", "h1,h2,", "-l", "w*", "--tags", "a,b", "-t", "c",
        "--skip-tags", "d, e", "-e", "k=v", "-e", "@f.yml", "-e", '{"a": 1}', "-f", "7", "-b",
        "--become-user", "ops", "--become-method", "su", "-u", "me", "--private-key", "key",
        "--diff", "-vvv", "--probes", "author", "--accept-new-host-keys", "site.yml", "more.yml",
    )  # fmt: skip
    assert asked.inventory == ("inv", "h1,h2,")
    assert asked.limit == "w*"
    assert asked.tags == ("a", "b", "c")
    assert asked.skip_tags == ("d", "e")
    assert asked.extra_vars == ("k=v", "@f.yml", '{"a": 1}')
    assert (asked.forks, asked.verbosity, asked.diff) == (7, 3, True)
    assert (asked.become, asked.become_user, asked.become_method) == (True, "ops", "su")
    assert (asked.user, asked.private_key) == ("me", Path("key"))
    assert asked.probes_author
    assert asked.accept_new_host_keys
    assert asked.playbooks == (Path("site.yml"), Path("more.yml"))


def test_sources_of_vault_passwords_in_ansibles_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parsed("plan", "p.yml").vault_ids == ()
    both = ["--vault-password-file", "f1", "--vault-id", "dev@f2", "--vault-pass-file", "f3"]
    asked = parsed("plan", *both, "p.yml")
    assert asked.vault_ids == ("dev@f2", "default@f1", "default@f3")
    assert parsed("plan", "-J", "--vault-id", "f", "p.yml").vault_ids == ("default@f", ASK)
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\nvault_identity_list = a@one, two\nvault_password_file = pw\n"
        "vault_identity = home\n"
    )
    file = f"home@{tmp_path}/pw"
    assert parsed("run", "p.yml").vault_ids == ("a@one", "home@two", file)
    assert parsed("inventory", "-J").vault_ids == ("a@one", "home@two", ASK)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "other"))
    assert parsed("graph", "p.yml").vault_ids[-1] == f"home@{tmp_path}/other"


def test_what_is_not_given_is_left_to_the_inventory() -> None:
    asked = parsed("plan", "site.yml")
    assert (asked.become, asked.user, asked.become_user, asked.private_key) == (None,) * 4
    assert asked.forks == 50
    assert not asked.accept_new_host_keys


def test_no_forks_is_refused() -> None:
    with pytest.raises(UsageError, match="forks"):
        parsed("plan", "-f", "0", "site.yml")


def test_passwords_come_from_standard_input_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ssh-pw\nsudo-pw\n"))
    asked = parsed("plan", "-k", "-K", "site.yml")
    assert asked.passwords == Passwords("ssh-pw", "sudo-pw")
    assert "pw" not in repr(asked)


def test_an_empty_become_password_is_the_ssh_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ssh-pw\n\n"))
    assert parsed("plan", "-k", "-K", "site.yml").passwords.become == "ssh-pw"


def test_no_password_at_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UsageError, match="standard input is empty"):
        parsed("plan", "-K", "site.yml")
