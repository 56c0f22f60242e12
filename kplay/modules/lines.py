"""Small files of the host, as text and as the settings in them."""

from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules.api import ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe


def text(probe: "Probe", path: str, default: str = "") -> str:
    """Give a file's text without the white space around it, or the default."""
    try:
        return probe.read(path).decode("utf-8", "replace").strip()
    except (ModuleFailure, UnknownValue, OSError):
        return default


def of(probe: "Probe", path: str) -> List[str]:
    """Give a file's lines."""
    return text(probe, path).splitlines()


def settings(probe: "Probe", path: str) -> Dict[str, str]:
    """Read NAME=VALUE lines as a shell would, quotes taken off."""
    found = {}  # type: Dict[str, str]
    for line in of(probe, path):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("\"'")
    return found
