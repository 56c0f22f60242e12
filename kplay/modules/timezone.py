"""timezone: the host's time zone, and whether its hardware clock keeps local time."""

from typing import TYPE_CHECKING, List

from kplay.modules import textfile
from kplay.modules.api import Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

LINK, NAME, ZONES = "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"
ADJTIME = "/etc/adjtime"


def _zone(probe: "Probe") -> str:
    stat = probe.lstat(LINK)
    if stat is not None and stat.state == "link" and "zoneinfo/" in stat.target:
        return stat.target.split("zoneinfo/", 1)[1]
    return "Etc/UTC" if stat is None else "n/a"


def _clock(probe: "Probe") -> str:
    if probe.stat(ADJTIME) is None:
        return "UTC"
    lines = textfile.decode(probe.read(ADJTIME)).splitlines()
    return "local" if len(lines) > 2 and lines[2].strip() == "LOCAL" else "UTC"


def _booted(probe: "Probe") -> bool:
    return bool(probe.which("timedatectl")) and probe.stat("/run/systemd/system") is not None


def observe(probe: "Probe", args: Args) -> State:
    """Read the link, the name beside it, and what hwclock keeps."""
    found: State = {"name": _zone(probe), "hwclock": _clock(probe)}
    found["named"] = ""
    # timedatectl leaves the file alone, and so does Ansible where it asks timedatectl
    if not _booted(probe) and probe.stat(NAME) is not None:
        found["named"] = textfile.decode(probe.read(NAME)).strip()
    name = args["name"]
    if name is not None:
        stat = probe.stat(f"{ZONES}/{name}")
        # Without tzdata only systemd knows the zones
        if stat is None and probe.stat(ZONES) is not None:
            raise ModuleFailure(f"given timezone is not available: {name}")
    return found


def desire(args: Args, found: State) -> State:
    """Want the zone and the clock as asked."""
    wanted: State = {}
    if args["name"] is not None:
        wanted["name"] = args["name"]
        if found["named"]:
            wanted["named"] = args["name"]
    if args["hwclock"] is not None:
        wanted["hwclock"] = args["hwclock"]
    return wanted


def _run(host: "Host", argv: List[str]) -> None:
    done = host.run(argv)
    if done.rc != 0:
        said = done.stderr.strip()
        raise ModuleFailure(f"{argv[0]} failed: {said}", rc=done.rc, stderr=done.stderr)


def apply(host: "Host", _args: Args, found: State, wanted: State) -> State:
    """Ask systemd where it runs, else set the link."""
    booted = _booted(host)
    name = wanted.get("name")
    if name is not None and (name != found["name"] or name != wanted.get("named", name)):
        if booted:
            _run(host, ["timedatectl", "set-timezone", name])
        else:
            host.symlink(f"{ZONES}/{name}", LINK)
    if name is not None and found["named"] not in ("", name):
        host.write(NAME, textfile.encode(name + "\n"))
    if wanted.get("hwclock", found["hwclock"]) != found["hwclock"]:
        local = wanted["hwclock"] == "local"
        if booted:
            _run(host, ["timedatectl", "set-local-rtc", "yes" if local else "no"])
        else:
            _run(host, ["hwclock", "--systohc", "--localtime" if local else "--utc"])
    return {}


def foresee(_args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the link and the name."""
    effects = []
    if "name" in wanted:
        target = "{}/{}".format(ZONES, wanted["name"])
        effects.append(Effect("path", LINK, {"state": "link", "target": target}))
        if found["named"]:
            value = {"state": "file", "content": wanted["name"] + "\n"}
            effects.append(Effect("path", NAME, value))
    return effects


module = Module(
    "timezone",
    args={
        "name": Arg(),
        "hwclock": Arg(choices=("local", "UTC"), aliases=("rtc",)),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    result=lambda _args, _found, _wanted, _changed: {},
    complete=True,
    foresee=foresee,
    verify=("name", "hwclock"),
    fields=("name", "hwclock"),
    requires_one_of=(("name", "hwclock"),),
)
