"""A user's home directory and SSH key, for ``user``."""

import posixpath
from typing import TYPE_CHECKING, Any, Dict, Optional

from kplay.modules.api import Args, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ELSEWHERE = ("authorization", "hidden", "login_class", "profile", "role")
"""Arguments of user that mean something on Solaris, macOS or a BSD."""


def make(host: "Host", name: str, skeleton: str, umask: Optional[str] = None) -> None:
    """Make the home directory of an account that has none, from the skeleton.

    Args:
        host: where.
        name: of the account.
        skeleton: the folder whose content it begins with.
        umask: octal digits; bits that its mode lacks (in place of the ones that 0755 lacks).

    Raises:
        ModuleFailure: the umask is no octal number.
    """
    user = host.user(name)
    if user is None or host.stat(user.home) is not None:
        return
    parent = posixpath.dirname(user.home)
    if host.stat(parent) is None:
        host.mkdir(parent, 0o755)
    host.mkdir(user.home, 0o755 if umask is None else 0o777 & ~_bits(umask))
    _fill(host, skeleton, user.home, str(user.uid), str(user.gid))
    host.chown(user.home, str(user.uid), str(user.gid))


def skeleton(probe: "Probe", args: Args) -> Dict[str, Dict[str, Any]]:
    """What a home directory begins with: the path below it ("" for itself) to what it is."""
    made: Dict[str, Dict[str, Any]] = {"": {"mode": home_mode(probe, args["umask"])}}
    top = args["skeleton"] or "/etc/skel"
    waiting = [""]
    while waiting:
        folder = waiting.pop(0)
        for name in probe.listdir(top + folder):
            below = f"{folder}/{name}"
            stat = probe.lstat(top + below)
            if stat is None:
                continue
            one: Dict[str, Any] = {"state": stat.state, "mode": f"{stat.mode:04o}"}
            if stat.state == "link":
                one["target"] = stat.target
            elif stat.state == "directory":
                waiting.append(below)
            else:
                one["content"] = probe.read(top + below).decode("latin-1")
            made[below] = one
    return made


def home_mode(probe: "Probe", umask: Optional[str]) -> str:
    """The mode that useradd gives a home, by its options and /etc/login.defs."""
    if umask is not None:
        return f"{0o777 & ~_bits(umask):04o}"
    settings: Dict[str, str] = {}
    if probe.stat("/etc/login.defs") is not None:
        for line in probe.read("/etc/login.defs").decode("utf-8", "replace").splitlines():
            words = line.split()
            if len(words) > 1 and not line.startswith("#"):
                settings[words[0]] = words[1]
    if "HOME_MODE" in settings:
        return f"{_bits(settings['HOME_MODE']):04o}"
    return f"{0o777 & ~_bits(settings.get('UMASK', '022')):04o}"


def _bits(umask: str) -> int:
    try:
        return int(umask, 8)
    except ValueError:
        raise ModuleFailure(f"umask must be octal digits such as 077, not {umask}") from None


def _fill(host: "Host", source: str, target: str, uid: str, gid: str) -> None:
    for name in host.listdir(source):
        here, there = posixpath.join(source, name), posixpath.join(target, name)
        stat = host.lstat(here)
        if stat is None:
            continue
        if stat.state == "directory":
            host.mkdir(there, stat.mode)
            _fill(host, here, there, uid, gid)
        elif stat.state == "link":
            host.symlink(stat.target, there)
        elif stat.state == "file":
            host.write(there, host.read(here), stat.mode)
        host.chown(there, uid, gid, follow=False)


def key_path(args: Args, home: str) -> str:
    """Where the private key lies."""
    name = args["ssh_key_file"] or f".ssh/id_{args['ssh_key_type']}"
    return posixpath.join(home, name)


def key(host: "Host", name: str, args: Args) -> State:
    """Generate the SSH key unless it exists; the return fields that tell of it."""
    user = host.user(name)
    if user is None:
        return {}
    path = key_path(args, user.home)
    if host.stat(path) is None:
        directory = posixpath.dirname(path)
        if host.stat(directory) is None:
            host.mkdir(directory, 0o700)
            host.chown(directory, str(user.uid), str(user.gid))
        nodename = host.facts()["nodename"]
        comment = args["ssh_key_comment"].replace("$HOSTNAME", nodename)
        argv = ["ssh-keygen", "-q", "-t", args["ssh_key_type"], "-C", comment]
        argv += ["-N", args["ssh_key_passphrase"] or "", "-f", path]
        if args["ssh_key_bits"]:
            argv += ["-b", str(args["ssh_key_bits"])]
        done = host.run(argv)
        if done.rc != 0:
            raise ModuleFailure(done.stderr.strip() or "ssh-keygen failed", name=name, rc=done.rc)
        for one in (path, path + ".pub"):
            host.chown(one, str(user.uid), str(user.gid))
    fields = {"ssh_key_file": path}
    if host.stat(path + ".pub") is not None:
        fields["ssh_public_key"] = host.read(path + ".pub").decode("utf-8").strip()
        fields["ssh_fingerprint"] = host.run(["ssh-keygen", "-l", "-f", path]).stdout.strip()
    return fields
