"""What is on a host from before: another distribution, or another way of installing this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.actions.preflight.finding import ERROR, Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey

_SHOWN = 4


def other_distribution(survey: Survey) -> Iterator[Found]:
    """Files that only another distribution makes."""
    distributions = survey.settings.get("distributions") or {}
    for host, facts in survey.hosts.items():
        present = set(facts["present"])
        for name, paths in distributions.items():
            if name == survey.profile or name in (survey.settings.get("beside") or ()):
                continue
            found = [path for path in paths if path in present]
            if found:
                more = " …" if len(found) > _SHOWN else ""
                yield Found(host, f"{name} was here: {', '.join(found[:_SHOWN])}{more}")


def mixed_install(survey: Survey) -> Iterator[Found]:
    """The package and the archive put other files at other places, and both have units."""
    wanted = survey.value("method")
    if survey.profile != "rke2" or not wanted:
        return
    for host, facts in survey.hosts.items():
        package, archive = (
            "/usr/bin/rke2" in facts["present"],
            "/usr/local/bin/rke2" in facts["present"],
        )
        if wanted == "rpm" and archive:
            yield Found(
                host, "RKE2 was installed from its archive (/usr/local/bin/rke2), not by rpm"
            )
        elif wanted != "rpm" and package:
            yield Found(host, "RKE2 was installed by rpm (/usr/bin/rke2), not from its archive")


RULES = (
    Rule("other-distribution", ERROR, other_distribution,
         "uninstall it with its own means (kubeadm reset, k3s-uninstall.sh, rke2-uninstall.sh),"
         " and remove these files"),
    Rule("rke2-install-mixed", ERROR, mixed_install,
         "keep to one of them: uninstall RKE2, or set the method that is there"),
)  # fmt: skip
