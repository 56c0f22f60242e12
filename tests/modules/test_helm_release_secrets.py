"""What helm_release is given in secret is shown nowhere."""

from __future__ import annotations

import json
from typing import Any

from helm_double import ARGS, SECRET, Helm

from kplay.agent.host import Completed
from kplay.modules.helm_release import module
from kplay.testing import plan, play


def test_secret_values_are_given_to_helm_and_shown_nowhere(helm: Helm) -> None:
    planned = plan(module, SECRET, helm.host)
    done = play(module, SECRET, helm.host)
    assert "hunter2" not in str(planned)
    assert "hunter2" not in str(done)
    assert 'password: "(secret)"' in planned.after["contents"]["values"]
    assert all("hunter2" not in " ".join(argv) for argv in helm.ran())
    sent = json.loads(helm.host.runs[-1].stdin)
    assert sent == {"greeting": "hi", "db": {"password": "hunter2"}}
    other = {**SECRET, "secret_values": {"db": {"password": "swordfish"}}}
    planned = plan(module, other, helm.host)
    assert planned.action == "update"
    assert "another one" in planned.after["contents"]["values"]
    assert not {"hunter2", "swordfish"} & set(str(planned).split())
    assert "hunter2" not in str(planned)
    assert "swordfish" not in str(planned)


def test_what_helm_says_names_no_secret(helm: Helm) -> None:
    upgrade = helm.upgrade
    says = Completed(0, "NOTES: log in with hunter2\n", "")

    def talk(words: list[str], stdin: str) -> Any:
        return upgrade(words, stdin) if "--dry-run=server" in words else says

    helm.upgrade = talk  # type: ignore[method-assign]
    args = {**ARGS, "values": {"bootstrapPassword": "hunter2"}}
    assert play(module, args, helm.host)["stdout"] == "NOTES: log in with (secret)\n"
    says = Completed(1, "", "Error: hunter2 is too short\n")
    failed = play(module, args, helm.host)
    assert failed.msg.startswith("helm upgrade failed: Error: (secret) is too short; ")
    assert "hunter2" not in str(failed)


def test_a_value_whose_name_gives_it_away_is_hidden_too(helm: Helm) -> None:
    args = {**ARGS, "values": {"bootstrapPassword": "hunter2"}}
    assert "hunter2" not in str(plan(module, args, helm.host))
