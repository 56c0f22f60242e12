"""find: the paths below directories that meet conditions."""

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple, Optional, Tuple

from kplay.modules import ownership
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State
from kplay.modules.stat import describe

if TYPE_CHECKING:
    from kplay.agent.host import Probe, Stat

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
BYTES = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


class Bound(NamedTuple):
    """A least value, or a greatest when negative."""

    value: int

    def holds(self, measured: float) -> bool:
        """Whether a measure is within the bound."""
        return measured >= self.value if self.value >= 0 else measured <= -self.value


def bound(text: Optional[str], units: "dict[str, int]", what: str) -> Optional[Bound]:
    """Read a bound such as ``2d`` or ``-10k``."""
    if text is None:
        return None
    match = re.match(r"^(-?\d+)([{}])?$".format("".join(units)), text.strip().lower())
    if match is None:
        raise ModuleFailure(f"failed to process {what}", **{what: text})
    return Bound(int(match.group(1)) * units[match.group(2) or next(iter(units))])


def observe(probe: "Probe", args: Args) -> State:
    """Walk the directories."""
    files: List[State] = []
    examined, skipped = 0, {}
    age, size = bound(args["age"], SECONDS, "age"), bound(args["size"], BYTES, "size")
    now = float(probe.facts()["now"])
    for top in args["paths"]:
        stat = probe.stat(top)
        if stat is None or stat.state != "directory":
            skipped[top] = f"'{top}' is not a directory"
            continue
        for path, seen in _walk(probe, args, top):
            examined += 1
            if args["limit"] is not None and len(files) >= args["limit"]:
                break
            name = posixpath.basename(path)
            if not _named(args, name) or not _typed(args, seen):
                continue
            stamp = getattr(seen, args["age_stamp"])
            if age is not None and not age.holds(int(now - stamp)):
                continue
            if size is not None and not (seen.state == "file" and size.holds(seen.size)):
                continue
            if not _moded(args, seen) or not _contains(probe, args, path, seen):
                continue
            fields = describe(path, seen)
            if args["get_checksum"] and seen.state == "file":
                fields["checksum"] = probe.digest(path, args["checksum_algorithm"])
            files.append(fields)
    message = "All paths examined"
    if skipped:
        message = "Not all paths examined, check warnings for details"
    return {
        "files": files,
        "matched": len(files),
        "examined": examined,
        "skipped_paths": skipped,
        "msg": message,
    }


def _walk(probe: "Probe", args: Args, top: str) -> "Iterator[Tuple[str, Stat]]":
    waiting, seen = [(top, 1)], set()
    while waiting:
        directory, level = waiting.pop(0)
        for name in probe.listdir(directory):
            path = posixpath.join(directory, name)
            stat = probe.lstat(path)
            target = probe.stat(path) if stat and stat.state == "link" else None
            if stat is None:
                continue
            into = target if args["follow"] and target is not None else stat
            deeper = args["recurse"] and (args["depth"] is None or level < args["depth"])
            if into.state == "directory" and deeper and (into.dev, into.ino) not in seen:
                if into.ino:
                    seen.add((into.dev, into.ino))
                waiting.append((path, level + 1))
            if args["hidden"] or not name.startswith("."):
                yield path, into if args["follow"] else stat


def _named(args: Args, name: str) -> bool:
    def fits(pattern: str) -> bool:
        if args["use_regex"]:
            return re.match(pattern + r"\Z" if pattern else ".*", name) is not None
        return fnmatch.fnmatchcase(name, pattern)

    wanted = not args["patterns"] or any(fits(one) for one in args["patterns"])
    return wanted and not any(fits(one) for one in args["excludes"] or [])


def _typed(args: Args, stat: "Stat") -> bool:
    return bool(args["file_type"] == "any" or stat.state == args["file_type"])


def _moded(args: Args, stat: "Stat") -> bool:
    if args["mode"] is None:
        return True
    mode = ownership.resolve(args["mode"], 0, stat.state == "directory")
    if args["exact_mode"]:
        return stat.mode == mode
    return stat.mode & mode == mode


def _contains(probe: "Probe", args: Args, path: str, stat: "Stat") -> bool:
    if args["contains"] is None:
        return True
    if stat.state != "file":
        return False
    text = probe.read(path).decode(args["encoding"] or "utf-8", "surrogateescape")
    if args["read_whole_file"]:
        return re.search(args["contains"], text) is not None
    return any(re.match(args["contains"], line) for line in text.splitlines())


def desire(_args: Args, _found: State) -> State:
    """Want nothing."""
    return {}


def result(_args: Args, found: State, _wanted: State, _changed: bool) -> Any:
    """Return what was found."""
    return found


module = Module(
    "find",
    args={
        "paths": Arg("list", required=True, aliases=("name", "path"), elements="path"),
        "patterns": Arg("list", default=(), aliases=("pattern",), elements="str"),
        "excludes": Arg("list", aliases=("exclude",), elements="str"),
        "use_regex": Arg("bool", default=False),
        "file_type": Arg(default="file", choices=("any", "directory", "file", "link")),
        "recurse": Arg("bool", default=False),
        "depth": Arg("int"),
        "hidden": Arg("bool", default=False),
        "follow": Arg("bool", default=False),
        "age": Arg(),
        "age_stamp": Arg(default="mtime", choices=("atime", "ctime", "mtime")),
        "size": Arg(),
        "mode": Arg("mode"),
        "exact_mode": Arg("bool", default=True),
        "contains": Arg(),
        "read_whole_file": Arg("bool", default=False),
        "encoding": Arg(),
        "get_checksum": Arg("bool", default=False),
        "checksum_algorithm": Arg(
            default="sha1",
            choices=("md5", "sha1", "sha224", "sha256", "sha384", "sha512"),
            aliases=("checksum", "checksum_algo"),
        ),
        "limit": Arg("int"),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
)
