"""What a host has: size, kernel, operating system, and what confines processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kplay.actions.preflight.finding import ERROR, WARNING, Found, Rule
from kplay.actions.preflight.survey import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kplay.actions.preflight.survey import Survey

_CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
_SLACK = 0.93
"""Of its memory a host shows what firmware and kernel leave."""


def memory(survey: Survey) -> Iterator[Found]:
    """By role, the larger of several."""
    for host, facts in survey.hosts.items():
        wanted = survey.limit("memory_mb", host)
        if facts["memory_mb"] < wanted * _SLACK:
            roles = ", ".join(survey.roles(host))
            yield Found(
                host, f"{facts['memory_mb']} MiB of memory, {wanted:.0f} are wanted ({roles})"
            )


def processors(survey: Survey) -> Iterator[Found]:
    """By role, the larger of several."""
    for host, facts in survey.hosts.items():
        wanted = survey.limit("cpus", host)
        if facts["cpus"] < wanted:
            roles = ", ".join(survey.roles(host))
            yield Found(host, f"{facts['cpus']} processors, {wanted:.0f} are wanted ({roles})")


def disk(survey: Survey) -> Iterator[Found]:
    """Free space where data will lie."""
    wanted = survey.settings.get("disk_mb") or {}
    for host, facts in survey.hosts.items():
        for path, free in facts["disks"].items():
            if free < int(wanted.get(path) or 0):
                yield Found(host, f"{free} MiB free for {path}, {wanted[path]} are wanted")


def swap(survey: Survey) -> Iterator[Found]:
    """The kubelet does not start with swap, unless it is told to, as K3s and RKE2 tell theirs."""
    if survey.settings.get("swap_allowed"):
        return
    for host, facts in survey.hosts.items():
        if facts["swap_mb"]:
            yield Found(host, f"{facts['swap_mb']} MiB of swap are on")


def cgroup_version(survey: Survey) -> Iterator[Found]:
    """The kubelet refuses version 1 from Kubernetes 1.35 on, unless it is told to go on."""
    wanted = version(survey.value("version"))
    for host, facts in survey.hosts.items():
        if facts["cgroup"]["version"] == 1 and (wanted is None or wanted >= (1, 35, 0)):
            yield Found(host, "control groups are of version 1")


def cgroup_controllers(survey: Survey) -> Iterator[Found]:
    """Raspberry Pi OS, among others, starts without the memory controller."""
    for host, facts in survey.hosts.items():
        there = set(facts["cgroup"]["controllers"])
        missing = [one for one in _CONTROLLERS if one not in there]
        if missing:
            yield Found(host, f"control groups lack {', '.join(missing)}")


def kernel_modules(survey: Survey) -> Iterator[Found]:
    """Neither loaded, nor built in, nor to be had for the running kernel."""
    for host, facts in survey.hosts.items():
        for name, state in facts["kernel_modules"].items():
            if state == "missing":
                yield Found(host, f"kernel module {name} is not there for {facts['kernel']}")


def sysctls(survey: Survey) -> Iterator[Found]:
    """Settings that are not as wanted, and that nobody can set."""
    wanted = survey.settings.get("sysctls") or {}
    for host, facts in survey.hosts.items():
        for name, one in facts["sysctls"].items():
            module = (survey.settings.get("sysctl_modules") or {}).get(name)
            brings = facts["kernel_modules"].get(module, "missing") if module else "missing"
            if not one["exists"] and brings == "missing":
                yield Found(host, f"the kernel has no setting {name}")
            elif one["exists"] and not one["writable"] and one["value"] != str(wanted.get(name)):
                text = f"{name} is {one['value']}, {wanted.get(name)} is wanted"
                yield Found(host, f"{text}, and it cannot be set here")


def selinux(survey: Survey) -> Iterator[Found]:
    """Enforcing, containers are denied what the policy does not know of."""
    wanted = str((survey.settings.get("selinux_policies") or {}).get(survey.profile) or "")
    for host, facts in survey.hosts.items():
        if facts["selinux"]["mode"] == "enforcing" and wanted not in facts["selinux"]["policies"]:
            yield Found(
                host, f"SELinux enforces, and {wanted} is not installed", f"install {wanted}"
            )


def apparmor(survey: Survey) -> Iterator[Found]:
    """Containerd loads its profile by that program, and fails to start containers without it."""
    for host, facts in survey.hosts.items():
        if facts["apparmor"]["enabled"] and not facts["apparmor"]["parser"]:
            yield Found(host, "AppArmor is on, and apparmor_parser is not installed")


def operating_system(survey: Survey) -> Iterator[Found]:
    """Systems that the makers test with, with the date of the list."""
    table = survey.settings.get("systems") or {}
    listed = table.get(survey.profile) or {}
    for host, facts in survey.hosts.items():
        name, running = facts["os"]["id"], facts["os"]["version"]
        if not listed or not name:
            continue
        said = facts["os"]["name"] or f"{name} {running}"
        if name not in listed:
            yield Found(
                host, f"{said} is not among the systems that are tested (as of {table.get('date')})"
            )
        elif running and _older(running, str(listed[name])):
            yield Found(
                host,
                f"{said} is older than {listed[name]}, the oldest tested"
                f" (as of {table.get('date')})",
            )


def _older(running: str, oldest: str) -> bool:
    try:
        one, other = ([int(part) for part in text.split(".")] for text in (running, oldest))
    except ValueError:
        return False
    return one < other


def architecture(survey: Survey) -> Iterator[Found]:
    """What binaries there are."""
    wanted = [str(one) for one in survey.settings.get("architectures") or ()]
    for host, facts in survey.hosts.items():
        if wanted and facts["architecture"] not in wanted:
            yield Found(host, f"{facts['architecture']} is none of {', '.join(wanted)}")


RULES = (
    Rule("memory", ERROR, memory, "give it more, or lower preflight_memory_mb"),
    Rule("cpus", ERROR, processors, "give it more, or lower preflight_cpus"),
    Rule("disk-space", ERROR, disk, "make room, or lower preflight_disk_mb"),
    Rule("swap", WARNING, swap,
         "swapoff -a, and take it out of /etc/fstab; preflight_swap_allowed says it is meant"),
    Rule("cgroup-v1", ERROR, cgroup_version,
         "boot with systemd.unified_cgroup_hierarchy=1, or a newer system"),
    Rule("cgroup-controllers", ERROR, cgroup_controllers,
         "boot with cgroup_enable=memory cgroup_memory=1, or let systemd delegate them"),
    Rule("kernel-module", ERROR, kernel_modules,
         "install the kernel's modules (RHEL 10: kernel-modules-extra; Ubuntu:"
         " linux-modules-extra-KERNEL), or boot the kernel whose modules are there"),
    Rule("sysctl", ERROR, sysctls, "let the kernel, or what started the container, allow it"),
    Rule("selinux-policy", WARNING, selinux, "install it"),
    Rule("apparmor-parser", WARNING, apparmor, "install the package apparmor"),
    Rule("os-untested", WARNING, operating_system, "expect to find things that nobody has tried"),
    Rule("architecture", ERROR, architecture, "there are no binaries for it"),
)  # fmt: skip
