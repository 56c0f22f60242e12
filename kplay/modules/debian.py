"""Debian's packages: what is installed, which version goes before which, what a .deb is named."""

import fnmatch
import re
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional, Sequence, Tuple

from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe

FORMAT = "${Package}\t${Version}\t${db:Status-Want}\t${db:Status-Status}\t${Architecture}\n"

# Asked as root, apt rewrites its caches and the planner's log, even to simulate
UNWRITTEN = (
    "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
    "-o", "Dir::Log::Planner=/dev/null",
)  # fmt: skip
"""Options of apt's programs that keep them from writing anything."""

PROVIDES = "${db:Status-Status}\t${Package}\t${Provides}\n"

# kubelet, kubelet=1.36.1-1.1, kubelet=1.36.*, libc6:amd64, foo>=2
SPEC = re.compile(r"^([^=<>\s]+?)(?:\s*(>=|=)\s*(\S+))?$")


class Spec(NamedTuple):
    """A package as a playbook names it."""

    name: str
    """May be a pattern."""
    relation: str
    """=, >= or empty."""
    version: str
    """May be a pattern after =."""

    def text(self) -> str:
        """Write it as the playbook did."""
        return self.name + self.relation + self.version

    def fits(self, version: str) -> bool:
        """Say whether an installed version is one of those asked for."""
        if not self.relation:
            return True
        if self.relation == ">=":
            return compare(version, self.version) >= 0
        return fnmatch.fnmatchcase(version, self.version)


class Installed(NamedTuple):
    """A package that dpkg knows."""

    version: str
    """Empty when it is not installed."""
    want: str
    """install, hold, deinstall or purge."""
    status: str
    """installed, config-files, half-configured and the like."""
    architecture: str


class Deb(NamedTuple):
    """A package file."""

    path: str
    name: str
    version: str


def spec(text: str) -> Spec:
    """Read a package as a playbook names it."""
    match = SPEC.match(text.strip())
    if not match:
        raise ModuleFailure("not a package name: %s" % text)
    return Spec(match.group(1), match.group(2) or "", match.group(3) or "")


def known(probe: "Probe", names: Sequence[str]) -> Dict[str, Installed]:
    """Give what dpkg knows of packages, by name; patterns give all that match.

    What an earlier planned step installs or removes goes before what is there now.
    """
    found = {}  # type: Dict[str, Installed]
    if names:
        done = probe.query(
            ["dpkg-query", "-W", "-f", FORMAT, *[n.partition(":")[0] for n in names]]
        )
        for line in done.stdout.splitlines():
            name, version, want, status, architecture = (line.split("\t") + [""] * 5)[:5]
            earlier = found.get(name)
            if earlier is None or status == "installed":
                found[name] = Installed(version, want, status, architecture)
    for name in names:
        foreseen = probe.effect("package", name)
        if isinstance(foreseen, dict):
            gone = foreseen.get("state") == "absent"
            version = "" if gone else str(foreseen.get("version") or "")
            want = str(foreseen.get("selection") or ("deinstall" if gone else "install"))
            found[name] = Installed(version, want, "" if gone else "installed", "")
    return found


def installed(packages: Dict[str, Installed], name: str) -> Dict[str, str]:
    """Give name and version of those that are installed and that a name or pattern fits."""
    bare = name.partition(":")[0]
    return {
        one: package.version
        for one, package in sorted(packages.items())
        if package.status == "installed" and (one in (name, bare) or fnmatch.fnmatchcase(one, bare))
    }


def provided(probe: "Probe", names: Sequence[str]) -> Dict[str, str]:
    """Give the installed packages that stand in for names that are only virtual."""
    asked = ["dpkg-query", "-W", "-f", PROVIDES]
    found = {}  # type: Dict[str, str]
    if not names:
        return found
    for line in probe.query(asked).stdout.splitlines():
        status, name, provides = (line.split("\t") + [""] * 3)[:3]
        if status != "installed" or not provides:
            continue
        for one in provides.split(","):
            virtual = one.split("(")[0].strip()
            if virtual in names:
                found.setdefault(virtual, name)
    return found


def candidates(probe: "Probe", names: Sequence[str]) -> Dict[str, str]:
    """Give the version that apt would install of each package that it knows."""
    found = {}  # type: Dict[str, str]
    if not names:
        return found
    name = ""
    for line in probe.query(["apt-cache", "policy", *names, *UNWRITTEN]).stdout.splitlines():
        if line and not line.startswith(" "):
            name = line.rstrip(":")
        elif line.startswith("  Candidate:"):
            version = line.split(":", 1)[1].strip()
            if version != "(none)":
                found[name] = version
    return found


def deb(probe: "Probe", path: str) -> Optional[Deb]:
    """Read what a package file holds from its name, else from the file; None when it is not there.

    The standard name is NAME_VERSION_ARCHITECTURE.deb, with the colon after an epoch written as
    %3a or the epoch left out.
    """
    parts = path.rsplit("/", 1)[-1][: -len(".deb")].split("_")
    if path.endswith(".deb") and len(parts) == 3 and all(parts):
        version = parts[1].replace("%3a", ":").replace("%3A", ":")
        return Deb(path, parts[0], "" if "*" in version else version)
    if probe.stat(path) is None:
        return None
    done = probe.query(["dpkg-deb", "-f", path, "Package", "Version"])
    fields = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    if done.rc != 0 or "Package" not in fields:
        raise ModuleFailure("not a Debian package: %s" % path, stderr=done.stderr)
    return Deb(path, fields["Package"], fields.get("Version", ""))


def satisfied(package: Optional[Installed], version: str) -> bool:
    """Say whether the installed version is that of a package file, or a later one."""
    if package is None or package.status != "installed":
        return False
    there = package.version
    if ":" not in version:
        there = there.partition(":")[2] or there
    return compare(there, version) >= 0


def compare(one: str, other: str) -> int:
    """Compare versions as Debian Policy 5.6.12 says: less than, equal to or greater than 0."""
    epoch, rest = split_epoch(one)
    other_epoch, other_rest = split_epoch(other)
    if epoch != other_epoch:
        return -1 if epoch < other_epoch else 1
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    other_upstream, _, other_revision = (
        other_rest.rpartition("-") if "-" in other_rest else (other_rest, "", "0")
    )
    return compare_part(upstream, other_upstream) or compare_part(revision, other_revision)


def split_epoch(version: str) -> Tuple[int, str]:
    """Split the epoch off a version."""
    head, colon, rest = version.partition(":")
    return (int(head), rest) if colon and head.isdigit() else (0, version)


def compare_part(one: str, other: str) -> int:
    """Compare upstream versions or revisions, by turns as text and as numbers."""
    while one or other:
        text, other_text = leading(one, False), leading(other, False)
        weights = [weight(c) for c in text] + [0]
        other_weights = [weight(c) for c in other_text] + [0]
        if weights != other_weights:
            return -1 if weights < other_weights else 1
        one, other = one[len(text) :], other[len(other_text) :]
        number, other_number = leading(one, True), leading(other, True)
        difference = int(number or "0") - int(other_number or "0")
        if difference:
            return -1 if difference < 0 else 1
        one, other = one[len(number) :], other[len(other_number) :]
    return 0


def leading(text: str, digits: bool) -> str:
    """Give the longest start that has only digits, or none."""
    end = 0
    while end < len(text) and text[end].isdigit() == digits:
        end += 1
    return text[:end]


def weight(character: str) -> int:
    """Order characters: ~ before the end, then letters, then the rest."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
