"""Components that a distribution brings along, and that are to be left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.actions.preflight.finding import CLUSTER, WARNING, Found, Rule
from kplay.diagnostics import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey


_TITLES = {"k3s": "K3s", "rke2": "RKE2"}


def unknown(survey: Survey) -> Iterator[Found]:
    """K3s and RKE2 pass over names that they do not know."""
    known = survey.settings.get("components") or ()
    if not known:
        return
    title = _TITLES.get(survey.profile, survey.profile)
    switches = survey.settings.get("other_switches") or {}
    for name in _named(survey.settings.get("disabled") or ()):
        if name in known:
            continue
        text = f"distribution_disable names `{name}`, which is no component of {title}"
        if name in switches:
            text += f": `{switches[name]}` in distribution_server_config turns that off"
        else:
            text += "".join(f": {one}" for one in suggest(name, known))
        remedy = f"known are {', '.join(known)}; a manifest of your own is no mistake"
        yield Found(CLUSTER, text, remedy)


def _named(disabled: object) -> list[str]:
    """The names, of which one text may hold several with commas between."""
    texts = disabled if isinstance(disabled, list | tuple) else [disabled]
    parts = [part.strip() for text in texts for part in str(text).split(",")]
    return list(dict.fromkeys(filter(None, parts)))


RULES = (
    Rule(
        "disable-unknown",
        WARNING,
        unknown,
        "name a component as its manifest is called, or the manifest of your own",
    ),
)
