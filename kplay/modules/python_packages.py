"""Python distributions: which are installed, and which versions a requirement takes (PEP 440)."""

import posixpath
import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from kplay.agent.host import Probe

SYSTEM = (
    "/usr/lib/python3/dist-packages",
    "/usr/lib/python3.*/site-packages",
    "/usr/lib64/python3.*/site-packages",
    "/usr/local/lib/python3.*/dist-packages",
    "/usr/local/lib/python3.*/site-packages",
    "/usr/local/lib64/python3.*/site-packages",
)
"""Where the distributions' own Python keeps packages."""

_DIST = re.compile(r"^([A-Za-z0-9._]+?)-([^-/]+?)(?:-py[\d.]+)?\.(?:dist|egg)-info$")
_PLAIN = re.compile(
    r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*((?:(?:===|[<>=!~]=|[<>])[^;]*)?)\s*(?:;.*)?$"
)
_FILE = re.compile(
    r"(?:^|/)([A-Za-z0-9._]+?)-(\d[^-/]*?)(?:-[^/]*\.whl|\.whl|\.tar\.gz|\.zip)(?:[#?].*)?$"
)
_CLAUSE = re.compile(r"^(===|[<>=!~]=|[<>])\s*(\S+)$")
_VERSION = re.compile(
    r"^v?(?:(\d+)!)?(\d+(?:\.\d+)*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?"
    r"(?:(?:-(\d+))|[-_.]?(?:post|rev|r)[-_.]?(\d*))?"
    r"(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([\w.]+))?$",
    re.IGNORECASE,
)
_PHASES = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}


class Requirement(NamedTuple):
    """A package as pip is asked for it."""

    text: str
    name: str
    """Normalised; empty for a URL or a path, of which only pip knows what they hold."""
    clauses: Tuple[Tuple[str, str], ...]
    """Operators and versions, all of which must hold."""


def normal(name: str) -> str:
    """The name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement:
    """Read a requirement."""
    match = _PLAIN.match(text.strip())
    if match is None:
        built = _FILE.search(text)
        if built is not None and not text.startswith("file://-"):
            return Requirement(text, normal(built.group(1)), (("==", built.group(2)),))
        named = re.search(r"[#&]egg=([A-Za-z0-9._-]+)", text)
        return Requirement(text, normal(named.group(1)) if named else "", (("===", "?"),))
    clauses = [_CLAUSE.match(one.strip()) for one in match.group(2).split(",") if one.strip()]
    pairs = tuple((one.group(1), one.group(2)) for one in clauses if one)
    return Requirement(text, normal(match.group(1)), pairs)


def rejoined(names: Sequence[str]) -> List[str]:
    """Names as given, where a list in one text was split at the commas of a version."""
    found: List[str] = []
    for part in (one.strip() for one in names):
        if found and re.match(r"^[<>=!~]", part):
            found[-1] += "," + part
        elif part:
            found.append(part)
    return found


def installed(probe: "Probe", directories: Sequence[str]) -> Dict[str, str]:
    """Versions of the distributions in directories (patterns), by normalised name."""
    found: Dict[str, str] = {}
    for pattern in directories:
        for directory in probe.glob(pattern) if "*" in pattern else [pattern]:
            for name in probe.listdir(directory):
                match = _DIST.match(name)
                if match is not None:
                    found.setdefault(normal(match.group(1)), match.group(2))
    return found


def places(probe: "Probe", program: str) -> List[str]:
    """Where the Python of a pip keeps its packages, as patterns."""
    home = str(probe.facts()["environ"].get("HOME", ""))
    own = [f"{home}/.local/lib/python3.*/site-packages"] if home else []
    base = posixpath.dirname(posixpath.dirname(program))
    if base in ("/usr", "", "/", "/usr/local"):
        return [*SYSTEM, *own]
    kinds = [f"{base}/{lib}/python3.*/{kind}-packages"
             for lib in ("lib", "lib64") for kind in ("site", "dist")]  # fmt: skip
    settings = base + "/pyvenv.cfg"
    if probe.stat(settings) is not None:
        text = probe.read(settings).decode("utf-8", "replace").replace(" ", "")
        if "include-system-site-packages=true" in text:
            return [*kinds, *SYSTEM, *own]
    return kinds


def fits(asked: Requirement, version: str) -> bool:
    """Whether an installed version is one of those asked for."""
    return all(_holds(operator, wanted, version) for operator, wanted in asked.clauses)


def _holds(operator: str, wanted: str, version: str) -> bool:
    if operator == "===":
        return wanted == version
    if wanted.endswith(".*"):
        prefix = _release(wanted[:-2])
        same = _release(version)[: len(prefix)] == prefix
        return same if operator == "==" else not same
    order = compare(version, wanted, local="+" in wanted)
    if operator == "~=":
        prefix = _release(wanted)[:-1]
        return order >= 0 and _release(version)[: len(prefix)] == prefix
    return {
        "==": order == 0,
        "!=": order != 0,
        ">=": order >= 0,
        "<=": order <= 0,
        ">": order > 0,
        "<": order < 0,
    }[operator]


def _release(version: str) -> Tuple[int, ...]:
    match = _VERSION.match(version)
    return tuple(int(part) for part in match.group(2).split(".")) if match else ()


def compare(one: str, other: str, local: bool = False) -> int:
    """Compare versions as PEP 440 orders them: less than, equal to or greater than 0."""
    keys = [_key(one, local), _key(other, local)]
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


def _key(version: str, local: bool) -> Tuple[Any, ...]:
    match = _VERSION.match(version.strip())
    if match is None:
        return (-1, (), (0, 0), 0, 0, version)
    epoch, release, phase, number, implicit, post, dev, dev_number, tail = match.groups()
    parts = [int(part) for part in release.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    after = _number(implicit if implicit is not None else post)
    before = (4, 0)  # a final release goes after its candidates
    if phase:
        word = _PHASES.get(phase.lower(), phase.lower())
        before = ({"a": 1, "b": 2, "rc": 3}[word], int(number or 0))
    elif dev and after < 0:
        before = (0, 0)
    develops = int(dev_number or 0) if dev else 1 << 30
    return (int(epoch or 0), tuple(parts), before, after, develops, (tail or "") if local else "")


def _number(text: Optional[str]) -> int:
    return -1 if text is None else int(text or 0)
