"""apt_repository: one line of apt's sources."""

import posixpath
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional

from kplay.modules import ownership, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

MAIN, PARTS = "/etc/apt/sources.list", "/etc/apt/sources.list.d"
_LINE = re.compile(
    r"^(?P<off>#?)\s*(?P<source>deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?\S+\s.*?)\s*(?:#.*)?$"
)
_SOURCE = re.compile(r"^(deb(?:-src)?)\s+(\[[^\]]*\])?\s*(\S+)\s+(.*)$")


class Source(NamedTuple):
    """A line of sources.list(5)."""

    path: str
    line: int
    enabled: bool
    text: str
    """With single spaces between its parts."""


def tidy(repo: str) -> str:
    """A source with single spaces between its parts.

    Raises:
        ModuleFailure: it is not one of sources.list(5).
    """
    match = _SOURCE.match(repo.strip())
    if match is None:
        if repo.startswith("ppa:"):
            raise ModuleFailure("a ppa is looked up on the internet; give its line and its key")
        raise ModuleFailure("Invalid repository string: %s" % repo, repo=repo)
    parts = [part for part in match.groups() if part]
    return " ".join(" ".join(part.split()) for part in parts)


def file_name(args: Args, source: str) -> str:
    """The file for a new source: the one that is named, else one named after its URI."""
    name = args["filename"]
    if name is None:
        match = _SOURCE.match(source)
        uri = match.group(3) if match else source
        name = re.sub(r"^\w+://", "", uri)
        name = "_".join(re.sub("[^a-zA-Z0-9]", " ", name).split())
    if not name.endswith(".list"):
        name += ".list"
    return posixpath.join(PARTS, name)


def sources(probe: "Probe") -> "tuple[List[Source], Dict[str, str]]":
    """Every source of the host, enabled or commented out, and the text of each file."""
    found, texts = [], {}  # type: List[Source], Dict[str, str]
    for path in [MAIN, *probe.glob(PARTS + "/*.list")]:
        if probe.stat(path) is None:
            continue
        texts[path] = textfile.decode(probe.read(path))
        for index, line in enumerate(texts[path].splitlines()):
            match = _LINE.match(line)
            if match is not None and _SOURCE.match(match.group("source")):
                text = tidy(match.group("source"))
                found.append(Source(path, index, not match.group("off"), text))
    return found, texts


def observe(probe: "Probe", args: Args) -> State:
    """Look for the source in all files."""
    asked = tidy(args["repo"])
    there, texts = sources(probe)
    same = [one for one in there if one.text == asked]
    active = [one for one in same if one.enabled]
    path = (active or same)[0].path if same else file_name(args, asked)
    return {
        "source": asked if active else ABSENT,
        "state": "present" if active else ABSENT,
        "asked": asked,
        "path": path,
        "there": same,
        "texts": texts,
    }


def desire(args: Args, found: State) -> State:
    """Want the line somewhere, or nowhere."""
    if args["state"] == "absent":
        return {"state": ABSENT}
    wanted = {"state": "present", "source": found["asked"]}
    if found["state"] == ABSENT:
        # For the reader of a plan: the file that will be written
        wanted["file"] = found["path"]
    return wanted


def texts(args: Args, found: State) -> Dict[str, Optional[str]]:
    """The files that are written, by path; None for one that goes."""
    path, asked = found["path"], found["asked"]
    made = {}  # type: Dict[str, Optional[str]]
    if args["state"] == "present":
        lines = found["texts"].get(path, "").splitlines()
        commented = [one.line for one in found["there"] if one.path == path]
        if commented:
            lines[commented[0]] = asked
        else:
            lines.append(asked)
        made[path] = "".join(line + "\n" for line in lines)
        return made
    for path in sorted({one.path for one in found["there"] if one.enabled}):
        gone = {one.line for one in found["there"] if one.path == path and one.enabled}
        lines = found["texts"][path].splitlines()
        kept = [line for index, line in enumerate(lines) if index not in gone]
        empty = not any(line.strip() for line in kept)
        made[path] = None if empty and path != MAIN else "".join(line + "\n" for line in kept)
    return made


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:  # noqa: ARG001
    """Write the files, and fetch the lists of the new source."""
    for path, text in texts(args, found).items():
        if text is None:
            host.remove(path)
        else:
            new = path not in found["texts"]
            host.write(path, textfile.encode(text))
            if new or args["mode"]:
                given = args["mode"] or "0644"
                host.chmod(path, ownership.resolve(given, 0o644, False))
    if args["update_cache"]:
        done = host.run(["apt-get", "update"], env={"LC_ALL": "C"}, stream=True)
        if done.rc != 0:
            # As it was: a source that cannot be read would break every later use of apt
            for path in texts(args, found):
                before = found["texts"].get(path)
                if before is None:
                    host.remove(path)
                else:
                    host.write(path, textfile.encode(before))
            msg = "Failed to update apt cache: %s" % done.stderr.strip()
            raise ModuleFailure(msg, rc=done.rc, stderr=done.stderr)
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Name the source, and the files that came and went."""
    made = texts(args, found) if changed else {}
    return {
        "repo": args["repo"],
        "state": args["state"],
        "sources_added": [path for path in made if path not in found["texts"]],
        "sources_removed": [path for path, text in made.items() if text is None],
    }


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Tell later steps the files."""
    return [
        Effect("path", path, {"state": "absent"}) if text is None else textfile.effect(path, text)
        for path, text in texts(args, found).items()
    ]


module = Module(
    "apt_repository",
    args={
        "repo": Arg(required=True),
        "state": Arg(default="present", choices=("absent", "present")),
        "mode": Arg("mode"),
        "update_cache": Arg("bool", default=True, aliases=("update-cache",)),
        "update_cache_retries": Arg("int", default=5),
        "update_cache_retry_max_delay": Arg("int", default=12),
        "validate_certs": Arg("bool", default=True),
        "filename": Arg(),
        "codename": Arg(),
        "install_python_apt": Arg("bool", default=True),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    exclusive=("dpkg",),
    result=result,
    complete=True,
    foresee=foresee,
    verify=("state",),
    fields=("source", "file"),
)
