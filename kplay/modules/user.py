"""user: an account of the host, its groups, home and password."""

from typing import TYPE_CHECKING, Any, Dict, List

from kplay.modules import user_home
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe, User

AGES = {
    # argument: (position in a line of /etc/shadow, option of chage)
    "password_expire_min": (3, "-m"),
    "password_expire_max": (4, "-M"),
    "password_expire_warn": (5, "-W"),
    "password_expire_account_disable": (6, "-I"),
}

SET = "(as given)"
OTHER = "(another)"


def observe(probe: "Probe", args: Args) -> State:
    """Look the account up, and the groups it is to be in."""
    name = args["name"]
    user = probe.user(name)
    if user is not None and user.name != name:
        user = None
    _require_groups(probe, args)
    if user is None:
        defaults = _defaults(probe)
        own = probe.group(name)
        found: State = {"state": ABSENT, "defaults": defaults, "own_group": own is not None}
        home = args["home"] or f"{defaults['HOME']}/{name}"
        there = args["state"] != ABSENT and args["create_home"] and probe.stat(home) is not None
        found["home_directory"] = "directory" if there else ABSENT
        if probe.scratch() and not there:
            found["skeleton"] = user_home.skeleton(probe, args)
        return found
    primary = probe.group(str(user.gid))
    found = {
        "state": "present",
        "uid": user.uid,
        "gid": user.gid,
        "group": primary[0] if primary else str(user.gid),
        "groups": sorted(set(user.groups) - ({primary[0]} if primary else set())),
        "comment": user.comment,
        "home": user.home,
        "shell": user.shell,
        "locked": user.password.startswith("!"),
        "password": _compare_password(args, user),
    }
    if args["group"] and _same_group(probe, args["group"], user.gid, found["group"]):
        found["group"] = args["group"]
    if args["state"] == ABSENT and probe.scratch():
        found["group_goes"] = _group_goes(probe, args, user.gid)
    home = args["home"] or user.home
    found["home_directory"] = "directory" if probe.stat(home) else ABSENT
    if probe.scratch() and found["home_directory"] == ABSENT:
        found["skeleton"] = user_home.skeleton(probe, args)
    _observe_ages(probe, args, found)
    if args["generate_ssh_key"]:
        key = user_home.key_path(args, home)
        found["ssh_key"] = "present" if probe.stat(key) else ABSENT
    return found


def _group_goes(probe: "Probe", args: Args, gid: int) -> bool:
    """Say whether the group of its name goes with the user: userdel(8), USERGROUPS_ENAB."""
    name = args["name"]
    words = [line.split() for line in _lines(probe, "/etc/login.defs")]
    if ["USERGROUPS_ENAB", "yes"] not in [one[:2] for one in words]:
        return False
    groups = [line.split(":") for line in _lines(probe, "/etc/group")]
    own = [one for one in groups if one[0] == name and one[2:3] == [str(gid)]]
    if not own or set("".join(own[0][3:]).split(",")) - {"", name}:
        return False
    users = [line.split(":") for line in _lines(probe, "/etc/passwd")]
    return args["force"] or not any(one[3:4] == [str(gid)] and one[0] != name for one in users)


def _lines(probe: "Probe", path: str) -> List[str]:
    there = probe.stat(path) is not None
    return probe.read(path).decode("utf-8", "replace").splitlines() if there else []


def _same_group(probe: "Probe", asked: str, gid: int, name: str) -> bool:
    group = probe.group(asked)
    return group is not None and (group[1] == gid or group[0] == name)


def _require_groups(probe: "Probe", args: Args) -> None:
    if args["state"] == ABSENT:
        return
    for group in [*(_groups(args) or []), *([args["group"]] if args["group"] else [])]:
        if probe.group(group) is None:
            message = f"Group {group} does not exist"
            raise lacking(probe, f"group {group}", message, name=args["name"])


def _defaults(probe: "Probe") -> Dict[str, str]:
    values = {"HOME": "/home", "SHELL": "/bin/sh"}
    if probe.stat("/etc/default/useradd") is not None:
        for line in probe.read("/etc/default/useradd").decode("utf-8", "replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() in values and value.strip():
                values[key.strip()] = value.strip()
    return values


def _compare_password(args: Args, user: "User") -> str:
    asked, is_now = args["password"], user.password
    if args["password_lock"] is not None and asked is not None:
        asked, is_now = asked.lstrip("!"), is_now.lstrip("!")
    return SET if asked is not None and asked == is_now else OTHER


def _observe_ages(probe: "Probe", args: Args, found: State) -> None:
    if args["expires"] is None and all(args[name] is None for name in AGES):
        return
    for line in probe.read("/etc/shadow").decode("utf-8", "replace").splitlines():
        parts = line.split(":")
        if parts[0] != args["name"] or len(parts) < 8:
            continue
        for name, (position, _) in AGES.items():
            found[name] = int(parts[position]) if parts[position].lstrip("-").isdigit() else -1
        found["expires"] = int(parts[7]) if parts[7].isdigit() else -1


def _groups(args: Args) -> Any:
    if args["groups"] is None:
        return None
    return sorted({group.strip() for group in args["groups"] if group.strip()})


def desire(args: Args, found: State) -> State:
    """Want the account with what was asked for it."""
    if args["state"] == ABSENT:
        return {"state": ABSENT}
    wanted: State = {"state": "present"}
    for name in ("uid", "group", "comment", "home", "shell"):
        if args[name] is not None:
            wanted[name] = args[name]
    groups = _groups(args)
    if groups is not None:
        kept = found.get("groups", []) if args["append"] else []
        primary = args["group"] or found.get("group")
        wanted["groups"] = sorted({*groups, *kept} - {primary})
    new = found["state"] == ABSENT
    if args["password"] is not None and (new or args["update_password"] != "on_create"):  # noqa: S105
        wanted["password"] = SET
    if args["password_lock"] is not None and (args["password_lock"] or not new):
        wanted["locked"] = args["password_lock"]
    if args["create_home"] and not (args["move_home"] and "home" in wanted):
        wanted["home_directory"] = "directory"
    for name in AGES:
        if args[name] is not None:
            wanted[name] = args[name]
    if args["expires"] is not None:
        wanted["expires"] = int(args["expires"] // 86400) if args["expires"] >= 0 else -1
    if args["generate_ssh_key"]:
        wanted["ssh_key"] = "present"
    return wanted


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Call useradd, usermod or userdel for what differs."""
    name = args["name"]
    if args["state"] == ABSENT:
        options = ["-f"] if args["force"] else []
        options += ["-r"] if args["remove"] else []
        _run(host, ["userdel", *options, name], args)
        return {"name": name, "state": ABSENT, "force": args["force"], "remove": args["remove"]}
    differs = {key for key in wanted if wanted[key] != found.get(key)}
    if found["state"] == ABSENT:
        _run(host, _useradd(args, found, wanted), args)
    else:
        options = _usermod(args, wanted, differs)
        if options:
            _run(host, ["usermod", *options, name], args)
    if "password" in differs:
        secret = args["password"]
        _run(host, ["chpasswd", "-e"], args, stdin=f"{name}:{secret}\n")
    if "locked" in differs:
        _run(host, ["usermod", "-L" if wanted["locked"] else "-U", name], args)
    ages = [(AGES[key][1], str(wanted[key])) for key in AGES if key in differs]
    if ages:
        _run(host, ["chage", *(word for pair in ages for word in pair), name], args)
    if "home_directory" in differs and found["state"] != ABSENT:
        user_home.make(host, name, args["skeleton"] or "/etc/skel", args["umask"])
    fields = _returned(args, found, host.user(name))
    if args["generate_ssh_key"]:
        fields.update(user_home.key(host, name, args))
    return fields


def _run(host: "Host", argv: List[str], args: Args, stdin: str = "") -> None:
    done = host.run(argv, stdin=stdin)
    # userdel answers 12 where it removed the account but not its mail spool or home
    if done.rc != 0 and not (argv[0] == "userdel" and done.rc == 12):
        message = done.stderr.strip() or f"{argv[0]} failed"
        raise ModuleFailure(message, name=args["name"], rc=done.rc, stderr=done.stderr)


def _useradd(args: Args, found: State, wanted: State) -> List[str]:
    argv = ["useradd"]
    if args["uid"] is not None:
        argv += ["-u", str(args["uid"]), *(["-o"] if args["non_unique"] else [])]
    if args["group"]:
        argv += ["-g", args["group"]]
    elif found["own_group"]:
        argv += ["-N"]
    if wanted.get("groups"):
        argv += ["-G", ",".join(wanted["groups"])]
    for name, option in (("comment", "-c"), ("home", "-d"), ("shell", "-s")):
        if args[name] is not None:
            argv += [option, args[name]]
    if "expires" in wanted:
        argv += ["-e", _date(wanted["expires"])]
    argv += ["-m"] if args["create_home"] else ["-M"]
    if args["create_home"] and args["skeleton"]:
        argv += ["-k", args["skeleton"]]
    argv += ["-r"] if args["system"] else []
    for key, option in (("uid_min", "UID_MIN"), ("uid_max", "UID_MAX"), ("umask", "UMASK")):
        if args[key] is not None:
            argv += ["-K", f"{option}={args[key]}"]
    return [*argv, args["name"]]


def _usermod(args: Args, wanted: State, differs: "set[str]") -> List[str]:
    options: List[str] = []
    if "uid" in differs:
        options += ["-u", str(wanted["uid"]), *(["-o"] if args["non_unique"] else [])]
    if "group" in differs:
        options += ["-g", wanted["group"]]
    if "groups" in differs:
        options += ["-G", ",".join(wanted["groups"])]
    if "comment" in differs:
        options += ["-c", wanted["comment"]]
    if "home" in differs:
        options += ["-d", wanted["home"], *(["-m"] if args["move_home"] else [])]
    if "shell" in differs:
        options += ["-s", wanted["shell"]]
    if "expires" in differs:
        options += ["-e", _date(wanted["expires"])]
    return options


def _date(days: int) -> str:
    import datetime as dt

    return "" if days < 0 else (dt.date(1970, 1, 1) + dt.timedelta(days=days)).isoformat()


def _returned(args: Args, found: State, user: Any) -> State:
    fields: State = {"name": args["name"], "state": "present"}
    if user is not None:
        fields.update(
            uid=user.uid, group=user.gid, comment=user.comment, home=user.home, shell=user.shell
        )
    if found["state"] == ABSENT:
        fields.update(create_home=args["create_home"], system=args["system"])
    else:
        fields.update(append=args["append"], move_home=args["move_home"])
    if args["groups"]:
        fields["groups"] = ",".join(group.strip() for group in args["groups"])
    if args["password"] is not None:
        fields["password"] = "NOT_LOGGING_PASSWORD"  # noqa: S105 - as Ansible says it
    return fields


def result(args: Args, found: State, wanted: State, _changed: bool) -> State:
    """Say of the account what is known without making it."""
    if args["state"] == ABSENT:
        fields: State = {"name": args["name"], "state": ABSENT}
        if found["state"] != ABSENT:
            fields.update(force=args["force"], remove=args["remove"])
        return fields
    fields = _returned(args, found, None)
    entry = _entry(args, found, wanted)
    fields.update(comment=entry["comment"], home=entry["home"], shell=entry["shell"])
    if entry["uid"] != UNKNOWN:
        fields["uid"] = entry["uid"]
    if entry["gid"] != UNKNOWN:
        fields["group"] = entry["gid"]
    return fields


def _entry(args: Args, found: State, wanted: State) -> Dict[str, Any]:
    name = args["name"]
    defaults = found.get("defaults", {"HOME": "/home", "SHELL": "/bin/sh"})
    entry: Dict[str, Any] = {"name": name, "uid": UNKNOWN, "gid": UNKNOWN, "comment": ""}
    entry.update(home=f"{defaults['HOME']}/{name}", shell=defaults["SHELL"], groups=[])
    for key in ("uid", "gid", "comment", "home", "shell", "groups"):
        if key in found:
            entry[key] = found[key]
        if key in wanted:
            entry[key] = wanted[key]
    if "group" in wanted and wanted["group"] != found.get("group"):
        entry["gid"] = int(wanted["group"]) if wanted["group"].isdigit() else UNKNOWN
    return entry


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:
    """Tell later steps the account, the group that comes and goes with it, and its home."""
    name = args["name"]
    if args["state"] == ABSENT:
        effects = [Effect("user", name, {"state": ABSENT})]
        if args["remove"] and found.get("home"):
            effects.append(Effect("path", found["home"], {"state": ABSENT}))
        if found.get("group_goes"):
            effects.append(Effect("group", name, {"state": ABSENT}))
        return effects
    entry = _entry(args, found, wanted)
    effects = [Effect("user", name, entry)]
    primary = args["group"] or found.get("group") or name
    if found["state"] == ABSENT and not args["group"] and not found["own_group"]:
        effects.append(Effect("group", name, {"name": name, "gid": entry["gid"]}))
    if wanted.get("home_directory") == "directory" and found["home_directory"] == ABSENT:
        value = {"state": "directory", "owner": name, "group": primary}
        for below, one in (found.get("skeleton") or {"": {}}).items():
            effects.append(Effect("path", entry["home"] + below, dict(value, **one)))
    return effects


module = Module(
    "user",
    args={
        "name": Arg(required=True, aliases=("user",)),
        "state": Arg(default="present", choices=("absent", "present")),
        "uid": Arg("int"),
        "group": Arg(),
        "groups": Arg("list", elements="str"),
        "append": Arg("bool", default=False),
        "comment": Arg(),
        "home": Arg("path"),
        "shell": Arg("path"),
        "create_home": Arg("bool", default=True, aliases=("createhome",)),
        "move_home": Arg("bool", default=False),
        "skeleton": Arg(),
        "system": Arg("bool", default=False),
        "non_unique": Arg("bool", default=False),
        "password": Arg(secret=True),
        "password_lock": Arg("bool"),
        "update_password": Arg(default="always", choices=("always", "on_create")),
        "expires": Arg("float"),
        "password_expire_max": Arg("int"),
        "password_expire_min": Arg("int"),
        "password_expire_warn": Arg("int"),
        "password_expire_account_disable": Arg("int"),
        "uid_min": Arg("int"),
        "uid_max": Arg("int"),
        "umask": Arg(),
        "force": Arg("bool", default=False),
        "remove": Arg("bool", default=False),
        "generate_ssh_key": Arg("bool", default=False),
        "ssh_key_bits": Arg("int"),
        "ssh_key_comment": Arg(default="ansible-generated on $HOSTNAME"),
        "ssh_key_file": Arg("path"),
        "ssh_key_type": Arg(default="rsa"),
        "ssh_key_passphrase": Arg(secret=True),
        "local": Arg("bool", default=False, refused="libuser's programs are not used"),
        "seuser": Arg(refused="map the login with `semanage login`"),
        **{name: Arg(refused="Linux has no such thing") for name in user_home.ELSEWHERE},
    },
    observe=observe,
    desire=desire,
    apply=apply,
    reach="host",
    exclusive=("passwd",),
    result=result,
    foresee=foresee,
    verify=("state", "uid", "group", "groups", "comment", "home", "shell", "password", "locked"),
)
