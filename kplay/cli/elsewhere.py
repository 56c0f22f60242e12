"""Where a name stands that is not where it was asked for: ``kplay doc`` and ``kplay modules``."""

from __future__ import annotations


def in_tables(name: str, but: str = "") -> list[str]:
    """What shows a name of the language's tables, of all topics or of all but one."""
    from kplay.resolve import reference

    found = [f"`kplay doc {name}` lists them"] if name in reference.TOPICS else []
    for topic, entries in reference.TOPICS.items():
        if topic == but:
            continue
        for one in entries():
            if name in (one.name, *one.about.get("aliases", ())):
                found.append(f"it is among the {topic}: `kplay doc {topic} {name}`")
                break
    return found


def among_modules(name: str) -> list[str]:
    """What shows a module of that name."""
    from kplay.cli import foreign
    from kplay.playbook import modules

    if modules.look(name, foreign.places()) is None:
        return []
    return [f"it is a module: `kplay modules {name}`"]
