"""setup, gather_facts: what a host is, under the names that Ansible gives its facts."""

import fnmatch
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Set, Tuple

from kplay.modules import facts_hardware, facts_local, facts_network, facts_system
from kplay.modules.api import Arg, Args, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Gather = Callable[["Probe"], Dict[str, Any]]

# the collector's name as gather_subset knows it, and what it reads
COLLECTORS: Tuple[Tuple[str, Gather], ...] = (
    ("distribution", facts_system.distribution),
    ("platform", facts_system.platform),
    ("python", facts_system.python),
    ("date_time", facts_system.date_time),
    ("user", facts_system.user),
    ("env", facts_system.env),
    ("cmdline", facts_system.cmdline),
    ("service_mgr", facts_system.services),
    ("selinux", facts_system.security),
    ("lsb", facts_system.lsb),
    ("ssh_pub_keys", facts_system.ssh_keys),
    ("dns", facts_network.dns),
    ("interfaces", facts_network.network),
    ("processor", facts_hardware.processor),
    ("memory", facts_hardware.memory),
    ("uptime", facts_hardware.uptime),
    ("mounts", facts_hardware.mounts),
    ("devices", facts_hardware.devices),
    ("dmi", facts_hardware.firmware),
    ("virtualization_type", facts_hardware.virtualization),
)

HARDWARE = frozenset(("processor", "memory", "uptime", "mounts", "devices", "dmi"))
NETWORK = frozenset(("interfaces",))
VIRTUAL = frozenset(("virtualization_type",))
EVERY = frozenset(name for name, _ in COLLECTORS) | {"local"}
MINIMAL = EVERY - HARDWARE - NETWORK - VIRTUAL

SUBSETS: Dict[str, "frozenset[str]"] = {
    "all": EVERY,
    "min": MINIMAL,
    "hardware": HARDWARE,
    "network": NETWORK,
    "virtual": VIRTUAL,
    # facts that other programs would give, or that only other systems have
    "facter": frozenset(),
    "ohai": frozenset(),
}

ALSO_KNOWN = {
    "all_ipv4_addresses": "interfaces",
    "all_ipv6_addresses": "interfaces",
    "apparmor": "selinux",
    "default_ipv4": "interfaces",
    "default_ipv6": "interfaces",
    "distribution_major_version": "distribution",
    "distribution_release": "distribution",
    "distribution_version": "distribution",
    "effective_user_id": "user",
    "effective_group_ids": "user",
    "fips": "selinux",
    "loadavg": "uptime",
    "os_family": "distribution",
    "pkg_mgr": "service_mgr",
    "processor_cores": "processor",
    "processor_count": "processor",
    "swap": "memory",
    "user_id": "user",
    "virtualization_role": "virtualization_type",
    "virtualization_tech_guest": "virtualization_type",
    "virtualization_tech_host": "virtualization_type",
}


def observe(probe: "Probe", args: Args) -> State:
    """Read the facts of the subsets asked for, and keep those that the filter names."""
    asked = [str(word) for word in args.get("gather_subset") or ["all"]]
    wanted = chosen(asked)
    facts = {}  # type: Dict[str, Any]
    for name, gather in COLLECTORS:
        if name in wanted:
            facts.update(gather(probe))
    if "local" in wanted:
        facts.update(facts_local.local(probe, args.get("fact_path") or "/etc/ansible/facts.d"))
    named = {"ansible_" + name.replace("-", "_"): value for name, value in facts.items()}
    patterns = [str(word) for word in args.get("filter") or []]
    if patterns and "*" not in patterns:
        named = {name: value for name, value in named.items() if matches(name, patterns)}
    named["gather_subset"] = asked
    named["module_setup"] = True
    return {"ansible_facts": named}


def chosen(asked: List[str]) -> Set[str]:
    """Give the collectors that a gather_subset names; the least is added unless refused."""
    named = [word for word in asked if not word.startswith("!")]
    refused = [word[1:] for word in asked if word.startswith("!")]
    wanted = set()  # type: Set[str]
    for word in named or ([] if "all" in refused else ["all"]):
        wanted |= collectors(word)
    if "min" not in refused:
        wanted |= MINIMAL
    elif not named or "all" in named:
        wanted -= MINIMAL
    for word in refused:
        if word not in ("all", "min"):
            wanted -= collectors(word) - {ALSO_KNOWN.get(one, one) for one in named}
    return wanted


def collectors(word: str) -> "frozenset[str]":
    """Give the collectors that one word of gather_subset stands for."""
    if word in SUBSETS:
        return SUBSETS[word]
    name = ALSO_KNOWN.get(word, word)
    if name not in EVERY:
        known = ", ".join(sorted(EVERY | set(SUBSETS) | set(ALSO_KNOWN)))
        raise ModuleFailure(
            "Bad subset '%s' given to Ansible. gather_subset options allowed: %s" % (word, known)
        )
    return frozenset((name,))


def matches(name: str, patterns: List[str]) -> bool:
    """Say whether a filter names the fact, with or without its prefix."""
    return any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, "ansible_" + pattern)
        for pattern in patterns
    )


def desire(args: Args, found: State) -> State:  # noqa: ARG001
    """Want nothing."""
    return {}


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Give the facts."""
    return dict(found)


module = Module(
    "setup",
    args={
        "gather_subset": Arg("list", default=["all"], elements="str"),
        "gather_timeout": Arg("int", default=10),
        "filter": Arg("list", default=[], elements="str"),
        "fact_path": Arg("path", default="/etc/ansible/facts.d"),
    },
    observe=observe,
    desire=desire,
    kind="read",
    reach="host",
    result=result,
    complete=True,
    also_known_as=("gather_facts", "ansible.builtin.setup", "ansible.builtin.gather_facts"),
)
