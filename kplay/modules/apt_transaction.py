"""What apt-get is called with, what it would do, and what it did."""

import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence

from kplay.modules import debian
from kplay.modules.api import Args, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBIAN_PRIORITY": "critical",
    "APT_LISTCHANGES_FRONTEND": "none",
    "NEEDRESTART_MODE": "l",
    "LC_ALL": "C.UTF-8",
}

LISTS = "/var/lib/apt/lists"
STAMP = "/var/lib/apt/periodic/update-success-stamp"
POLICY = "/usr/sbin/policy-rc.d"

INSTALLED = re.compile(r"^Inst (\S+) (?:\[\S*\] )?\((\S+)")
REMOVED = re.compile(r"^(?:Remv|Purg) (\S+)")


class Transaction(NamedTuple):
    """What apt-get would do."""

    install: Dict[str, str]
    """Package to version, of those installed, upgraded or downgraded."""
    remove: List[str]


def simulate(probe: "Probe", args: Args, words: Sequence[str]) -> Optional[Transaction]:
    """Ask apt-get what it would do; None when its lists do not know the packages (yet)."""
    done = probe.query(
        ["apt-get", "-s", "-y", *choices(args), *words, *debian.UNWRITTEN], timeout=120.0
    )
    if done.rc != 0:
        return None
    found = Transaction({}, [])
    for line in done.stdout.splitlines():
        installed, removed = INSTALLED.match(line), REMOVED.match(line)
        if installed:
            found.install[installed.group(1)] = installed.group(2)
        elif removed:
            found.remove.append(removed.group(1))
    return found


def choices(args: Args) -> List[str]:
    """Give the options that bear on which packages are taken."""
    words = []  # type: List[str]
    force = args.get("force")
    if args.get("install_recommends") is not None:
        value = "yes" if args["install_recommends"] else "no"
        words += ["-o", "APT::Install-Recommends=" + value]
    if args.get("default_release"):
        words += ["-t", args["default_release"]]
    if args.get("allow_downgrade") or force:
        words.append("--allow-downgrades")
    if args.get("allow_change_held_packages") or force:
        words.append("--allow-change-held-packages")
    if args.get("allow_unauthenticated") or force:
        words.append("--allow-unauthenticated")
    if args.get("only_upgrade"):
        words.append("--only-upgrade")
    if args.get("fail_on_autoremove"):
        words.append("--no-remove")
    if args.get("autoremove"):
        words.append("--auto-remove")
    if args.get("purge"):
        words.append("--purge")
    return words


def number(args: Args, name: str, default: int) -> int:
    """Give an argument as a number; 0 is one."""
    value = args.get(name)
    return default if value is None else int(value)


def lock(args: Args) -> str:
    """Give how many seconds apt-get is to wait for another's lock."""
    return "DPkg::Lock::Timeout=%d" % number(args, "lock_timeout", 60)


def run(host: "Host", args: Args, words: Sequence[str]) -> State:
    """Run apt-get to its end; its failure is the step's."""
    options = args.get("dpkg_options") or "force-confdef,force-confold"
    argv = ["apt-get", "-y", "-o", lock(args)]
    for option in options.split(","):
        argv += ["-o", "Dpkg::Options::=--" + option.strip()]
    argv += choices(args) + list(words)
    with_policy = args.get("policy_rc_d") is not None
    kept = forbid_services(host, args["policy_rc_d"]) if with_policy else ""
    try:
        done = host.run(argv, env=ENVIRONMENT, stream=True)
    finally:
        if with_policy:
            restore_services(host, kept)
    if done.rc != 0:
        refuse(done, words)
    return {"stdout": done.stdout, "stderr": done.stderr}


def refuse(done: "Completed", words: Sequence[str]) -> None:
    """Fail with Ansible's words where it has some for this."""
    missing = re.search(r"Unable to locate package (\S+)", done.stderr)
    version = re.search(r"Version '(\S+)' for '(\S+)' was not found", done.stderr)
    candidate = re.search(r"Package '?(\S+?)'? has no installation candidate", done.stderr)
    msg = "'apt-get %s' failed: %s" % (" ".join(words), done.stderr.strip())
    if missing:
        msg = "No package matching '%s' is available" % missing.group(1)
    elif version:
        msg = "no available installation candidate for %s=%s" % (version.group(2), version.group(1))
    elif candidate:
        msg = "no available installation candidate for %s" % candidate.group(1)
    raise ModuleFailure(msg, rc=done.rc, stdout=done.stdout, stderr=done.stderr)


def forbid_services(host: "Host", status: int) -> str:
    """Let policy-rc.d answer that services are not to be started; give where the old one went."""
    kept = ""
    if host.lstat(POLICY) is not None:
        kept = POLICY + ".kplay"
        host.rename(POLICY, kept)
    host.write(POLICY, b"#!/bin/sh\nexit %d\n" % status, mode=0o755)
    return kept


def restore_services(host: "Host", kept: str) -> None:
    """Put the old policy-rc.d back, if there was one."""
    if kept:
        host.rename(kept, POLICY)
    else:
        host.remove(POLICY)


def updated_at(probe: "Probe") -> int:
    """Give when apt's lists were last fetched, 0 for never."""
    for path in (STAMP, LISTS):
        there = probe.stat(path)
        if there is not None:
            return int(there.mtime)
    return 0


def stale(probe: "Probe", args: Args) -> bool:
    """Say whether the lists are older than the playbook allows."""
    age = float(probe.facts()["now"]) - updated_at(probe)
    return age > (args.get("cache_valid_time") or 0) or not args.get("cache_valid_time")


def update(host: "Host", args: Args) -> None:
    """Fetch apt's lists, trying again when a mirror does not answer."""
    tries = max(number(args, "update_cache_retries", 5), 1)
    longest = float(number(args, "update_cache_retry_max_delay", 12))
    argv = ["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"]
    argv += ["-o", lock(args)]
    if args.get("allow_unauthenticated") or args.get("force"):
        argv.append("--allow-insecure-repositories")
    for attempt in range(tries):
        done = host.run(argv, env=ENVIRONMENT, stream=True)
        if done.rc == 0:
            now = float(host.facts()["now"])
            for path in (LISTS, STAMP):
                if host.stat(path) is not None:
                    host.utime(path, now, now)
            return
        if attempt + 1 < tries:
            host.sleep(min(float(2**attempt), longest))
    raise ModuleFailure(
        "Failed to update apt cache: %s" % (done.stderr.strip() or "unknown reason"),
        rc=done.rc,
        stdout=done.stdout,
        stderr=done.stderr,
    )
