from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kplay.inventory.model import Group, Host, Inventory
from kplay.playbook.model import Play, Task
from kplay.resolve.magic import PlayContext
from kplay.resolve.variables import VariableStore
from kplay.source import Sourced, Span
from kplay.yaml_reader import load_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kplay.resolve.scope import Scope


def sourced(text: str, file: str = "vars.yml") -> dict[str, Sourced]:
    root = load_text(text, file).root
    return dict(root.items()) if root.value else {}


def inventory() -> Inventory:
    groups = {
        "all": Group("all", hosts=["web1", "web2.example.org"], children=["web", "ungrouped"]),
        "ungrouped": Group("ungrouped", depth=1),
        "web": Group("web", hosts=["web1", "web2.example.org"], depth=1),
        "web_eu": Group("web_eu", hosts=["web1"], depth=2),
    }
    hosts = {
        "web1": Host("web1", None, groups=["all", "web", "web_eu"]),
        "web2.example.org": Host("web2.example.org", None, groups=["all", "web"]),
    }
    return Inventory(hosts=hosts, groups=groups, sources=[Path("/srv/inv/hosts")])


def play(variables: str = "", directory: Path | None = None, **keywords: Any) -> Play:
    root = load_text("hosts: all\n", "play.yml").root
    return Play(
        name="a play",
        hosts=root.child("hosts"),
        keywords=dict(keywords),
        span=Span("play.yml", 1, 1, 1, 2),
        variables=sourced(variables, "play.yml"),
        directory=directory,
    )


def task(text: str = "debug: {}", file: str = "tasks.yml", **more: Any) -> Task:
    root = load_text(text, file).root
    keywords = dict(root.items())
    args = keywords.pop("debug")
    return Task("debug", args, keywords, args.span, **more)


@pytest.fixture
def store(tmp_path: Path) -> VariableStore:
    return VariableStore(inventory(), tmp_path)


@pytest.fixture
def scope_of(store: VariableStore) -> Callable[..., Scope]:
    def make(variables: str = "", **extra: Any) -> Scope:
        context = PlayContext(
            play_hosts=lambda: ["web1"],
            play_hosts_all=lambda: ["web1", "web2.example.org"],
            play_batch=lambda: ["web1"],
            run_tags=("all",),
        )
        return store.scope(play(variables), "web1", None, extra, context)

    return make
