"""The RPM database: what is installed, by the names that playbooks use."""

import fnmatch
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence

if TYPE_CHECKING:
    from kplay.agent.host import Probe

FORMAT = "%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\t%{ARCH}\n"
ARCHITECTURES = ("aarch64", "i686", "noarch", "ppc64le", "s390x", "x86_64")

# kubelet, kubelet-1.36.1, kubelet-1.36.1-150500.1.1.x86_64, kubelet = 1.36, kubelet >= 1.30
_RELATION = re.compile(r"^(\S+?)\s*(>=|<=|=|>|<)\s*(\S+)$")
_VERSIONED = re.compile(r"^(.+?)-((?:\d+:)?\d[^-]*)(?:-(\d[^-]*))?$")


class Spec(NamedTuple):
    """A package as a playbook names it."""

    text: str
    name: str
    """May be a pattern."""
    relation: str
    """=, >=, <=, > or <, or empty."""
    version: str
    """Version, or version-release; empty for any."""


class Installed(NamedTuple):
    """A package that rpm knows."""

    version: str
    """epoch:version-release."""
    architecture: str


def spec(text: str) -> Spec:
    """Read a package as a playbook names it."""
    related = _RELATION.match(text.strip())
    if related is not None:
        return Spec(text, related.group(1), related.group(2), related.group(3))
    bare = text.strip()
    head, _, tail = bare.rpartition(".")
    if tail in ARCHITECTURES:
        bare = head
    versioned = _VERSIONED.match(bare)
    if versioned is None:
        return Spec(text, bare, "", "")
    name, version, release = versioned.groups()
    return Spec(text, name, "=", version + ("-" + release if release else ""))


def is_plain(text: str) -> bool:
    """Whether a name is neither a group, nor a file, nor a URL."""
    return not (text.startswith(("@", "/")) or "://" in text or text.endswith(".rpm"))


def known(probe: "Probe", names: Sequence[str]) -> Dict[str, Installed]:
    """The installed packages among names and patterns, by name.

    What an earlier planned step installs or removes goes before what is there now.
    """
    found = {}  # type: Dict[str, Installed]
    if names:
        done = probe.query(["rpm", "-qa", "--queryformat", FORMAT, *names])
        for line in done.stdout.splitlines():
            name, version, architecture = [*line.split("\t"), "", ""][:3]
            if version:
                found[name] = Installed(version, architecture)
    for name in names:
        planned = probe.effect("package", name)
        if isinstance(planned, dict):
            found.pop(name, None)
            if planned.get("state") != "absent":
                found[name] = Installed(str(planned.get("version") or ""), "")
    return found


def provider(probe: "Probe", name: str) -> Optional[str]:
    """The installed package that stands in for a name that is only provided."""
    query = ["rpm", "-q", "--whatprovides", "--queryformat", "%{NAME}\n", name]
    done = probe.query(query)
    return done.stdout.split("\n", 1)[0].strip() or None if done.rc == 0 else None


def matching(packages: Dict[str, Installed], name: str) -> List[str]:
    """The installed packages that a name or a pattern fits."""
    return sorted(one for one in packages if one == name or fnmatch.fnmatchcase(one, name))


def fits(asked: Spec, installed: str) -> bool:
    """Whether an installed version (epoch:version-release) is one of those asked for."""
    if not asked.relation:
        return True
    here = installed if ":" in asked.version else installed.partition(":")[2]
    if "-" not in asked.version:
        here = here.partition("-")[0]
    if asked.relation == "=" and "*" in asked.version:
        return fnmatch.fnmatchcase(here, asked.version)
    order = compare(here, asked.version)
    return {
        "=": order == 0,
        ">=": order >= 0,
        "<=": order <= 0,
        ">": order > 0,
        "<": order < 0,
    }[asked.relation]


def compare(one: str, other: str) -> int:
    """Compare versions as rpm does: less than, equal to or greater than 0.

    Runs of digits compare as numbers, runs of letters as text, a number is newer than letters, and
    ``~`` is older than the end (rpm-version(7)).
    """
    ours, theirs = _parts(one), _parts(other)
    for mine, yours in zip(ours, theirs):
        if mine == yours:
            continue
        if "~" in (mine, yours):
            return -1 if mine == "~" else 1
        if mine.isdigit() and yours.isdigit():
            if int(mine) != int(yours):
                return -1 if int(mine) < int(yours) else 1
        elif mine.isdigit() != yours.isdigit():
            return 1 if mine.isdigit() else -1
        else:
            return -1 if mine < yours else 1
    longer = ours[len(theirs) :] or theirs[len(ours) :]
    if not longer:
        return 0
    sign = 1 if len(ours) > len(theirs) else -1
    return -sign if longer[0] == "~" else sign


def _parts(version: str) -> List[str]:
    return re.findall(r"\d+|[a-zA-Z]+|~", version)
