"""Facts of the operating system: distribution, kernel, clock, users, security, services."""

import re
import time
from typing import TYPE_CHECKING, Any, Dict, Tuple

from kplay.modules import lines

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Facts = Dict[str, Any]

# os-release's ID: Ansible's name of the distribution and of its family
DISTRIBUTIONS: Dict[str, Tuple[str, str]] = {
    "almalinux": ("AlmaLinux", "RedHat"),
    "alpine": ("Alpine", "Alpine"),
    "amzn": ("Amazon", "RedHat"),
    "arch": ("Archlinux", "Archlinux"),
    "centos": ("CentOS", "RedHat"),
    "debian": ("Debian", "Debian"),
    "fedora": ("Fedora", "RedHat"),
    "flatcar": ("Flatcar", "Flatcar"),
    "kylin": ("Kylin Linux Advanced Server", "RedHat"),
    "linuxmint": ("Linux Mint", "Debian"),
    "ol": ("OracleLinux", "RedHat"),
    "openEuler": ("openEuler", "RedHat"),
    "opensuse-leap": ("openSUSE Leap", "Suse"),
    "opensuse-tumbleweed": ("openSUSE Tumbleweed", "Suse"),
    "raspbian": ("Debian", "Debian"),
    "rhel": ("RedHat", "RedHat"),
    "rocky": ("Rocky", "RedHat"),
    "sles": ("SLES", "Suse"),
    "ubuntu": ("Ubuntu", "Debian"),
}

PACKAGE_MANAGERS = (
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf", "dnf"),
    ("/usr/bin/yum", "yum"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/bin/pacman", "pacman"),
    ("/sbin/apk", "apk"),
)

BITS = {"x86_64": "64", "aarch64": "64", "ppc64le": "64", "s390x": "64", "riscv64": "64"}


def distribution(probe: "Probe") -> Facts:
    """Name the distribution, from os-release and debian_version."""
    release = lines.settings(probe, "/etc/os-release")
    like = release.get("ID_LIKE", "").split()
    name, family = DISTRIBUTIONS.get(release.get("ID", ""), ("", ""))
    if not name:
        name = release.get("NAME", "NA")
        family = next((DISTRIBUTIONS[one][1] for one in like if one in DISTRIBUTIONS), name)
    version = release.get("VERSION_ID", "NA")
    if name == "Debian":
        precise = lines.text(probe, "/etc/debian_version")
        version = precise if re.match(r"^\d", precise) else version
    codename = release.get("VERSION_CODENAME", "")
    if not codename:
        named = re.search(r"\(([^)]+)\)", release.get("VERSION", ""))
        codename = named.group(1) if named else "NA"
    numbers = version.split(".")
    facts = {
        "distribution": name,
        "distribution_version": version,
        "distribution_major_version": numbers[0],
        "distribution_release": codename,
        "distribution_file_parsed": True,
        "distribution_file_path": "/etc/os-release",
        "distribution_file_variety": name,
        "os_family": family,
    }  # type: Facts
    if len(numbers) > 1 and name == "Debian":
        facts["distribution_minor_version"] = numbers[1]
    return facts


def platform(probe: "Probe") -> Facts:
    """Name kernel, machine and host."""
    known = probe.facts()
    machine = known["machine"]
    nodename = known["nodename"]
    full = qualified(probe, nodename)
    return {
        "system": known["sysname"],
        "kernel": known["release"],
        "kernel_version": known["version"],
        "machine": machine,
        "architecture": "i386" if re.match(r"^i\d86$", machine) else machine,
        "userspace_bits": BITS.get(machine, "32"),
        "userspace_architecture": machine if machine in BITS else "i386",
        "nodename": nodename,
        "hostname": nodename.split(".")[0],
        "fqdn": full,
        "domain": full.partition(".")[2],
        "machine_id": lines.text(probe, "/etc/machine-id"),
    }


def qualified(probe: "Probe", nodename: str) -> str:
    """Give the host's full name: from its hosts file, else from whatever resolves it."""
    if "." in nodename:
        return nodename
    answered = [line.partition("#")[0].split() for line in lines.of(probe, "/etc/hosts")]
    entry = next((words for words in answered if nodename in words[1:]), [])
    if not entry:
        done = probe.query(["getent", "hosts", nodename], timeout=3.0)
        entry = done.stdout.split() if done.rc == 0 else []
    dotted = [name for name in entry[1:] if "." in name]
    return dotted[0] if dotted else (entry[1] if len(entry) > 1 else nodename)


def python(probe: "Probe") -> Facts:
    """Describe the interpreter that the agent runs in."""
    version = [int(part) for part in probe.facts()["python"][:3]]
    program = probe.which("python3") or "/usr/libexec/platform-python"
    return {
        "python_version": ".".join(str(part) for part in version),
        "python": {
            "executable": program,
            "has_sslcontext": True,
            "type": "cpython",
            "version": {
                "major": version[0],
                "minor": version[1],
                "micro": version[2],
                "releaselevel": "final",
                "serial": 0,
            },
            "version_info": [*version, "final", 0],
        },
    }


def date_time(probe: "Probe") -> Facts:
    """Give the host's clock in the forms that playbooks ask for."""
    now = float(probe.facts()["now"])
    here, there = time.localtime(now), time.gmtime(now)
    micro = "%06d" % (now % 1 * 1000000)
    clock = {
        "year": "%Y",
        "month": "%m",
        "weekday": "%A",
        "weekday_number": "%w",
        "weeknumber": "%W",
        "day": "%d",
        "hour": "%H",
        "minute": "%M",
        "second": "%S",
        "date": "%Y-%m-%d",
        "time": "%H:%M:%S",
        "iso8601_basic_short": "%Y%m%dT%H%M%S",
        "tz": "%Z",
        "tz_offset": "%z",
    }
    facts = {name: time.strftime(form, here) for name, form in clock.items()}
    facts["epoch"] = facts["epoch_int"] = str(int(now))
    facts["iso8601_basic"] = facts["iso8601_basic_short"] + micro
    facts["iso8601"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", there)
    facts["iso8601_micro"] = time.strftime("%Y-%m-%dT%H:%M:%S.", there) + micro + "Z"
    facts["tz_dst"] = time.tzname[1]
    return {"date_time": facts}


def user(probe: "Probe") -> Facts:
    """Describe whom the agent runs as."""
    uid = int(probe.facts()["uid"])
    found = probe.user(str(uid))
    facts = {
        "user_uid": uid,
        "real_user_id": uid,
        "effective_user_id": uid,
        "user_id": found.name if found else str(uid),
    }  # type: Facts
    if found:
        facts.update(
            user_gid=found.gid,
            real_group_id=found.gid,
            effective_group_id=found.gid,
            user_gecos=found.comment,
            user_dir=found.home,
            user_shell=found.shell,
        )
    return facts


def env(probe: "Probe") -> Facts:
    """Give the agent's environment."""
    return {"env": dict(probe.facts().get("environ", {}))}


def cmdline(probe: "Probe") -> Facts:
    """Read the kernel's command line."""
    last, every = {}, {}  # type: Facts, Facts
    for word in lines.text(probe, "/proc/cmdline").split():
        name, equals, value = word.partition("=")
        last[name] = value if equals else True
        if name in every and equals:
            earlier = every[name] if isinstance(every[name], list) else [every[name]]
            every[name] = [*earlier, value]
        else:
            every[name] = value if equals else True
    return {"cmdline": last, "proc_cmdline": every}


def services(probe: "Probe") -> Facts:
    """Name the service manager and the package manager."""
    manager = lines.text(probe, "/proc/1/comm", "service")
    if probe.stat("/run/systemd/system"):
        manager = "systemd"
    found = [name for path, name in PACKAGE_MANAGERS if probe.stat(path)]
    return {"service_mgr": manager, "pkg_mgr": found[0] if found else "unknown"}


def security(probe: "Probe") -> Facts:
    """Say what SELinux, AppArmor and FIPS mode are set to."""
    facts = {
        "selinux": {"status": "disabled"},
        "selinux_python_present": True,
        "apparmor": {
            "status": "enabled" if probe.stat("/sys/kernel/security/apparmor") else "disabled"
        },
        "fips": lines.text(probe, "/proc/sys/crypto/fips_enabled") == "1",
    }  # type: Facts
    if probe.stat("/sys/fs/selinux/enforce"):
        configured = lines.settings(probe, "/etc/selinux/config")
        enforcing = lines.text(probe, "/sys/fs/selinux/enforce") == "1"
        facts["selinux"] = {
            "status": "enabled",
            "mode": "enforcing" if enforcing else "permissive",
            "config_mode": configured.get("SELINUX", "unknown"),
            "type": configured.get("SELINUXTYPE", "unknown"),
            "policyvers": lines.text(probe, "/sys/fs/selinux/policyvers", "unknown"),
        }
    return facts


def lsb(probe: "Probe") -> Facts:
    """Give what lsb_release would print, without starting it."""
    given = lines.settings(probe, "/etc/lsb-release")
    if not given and not probe.which("lsb_release"):
        return {"lsb": {}}
    release = lines.settings(probe, "/etc/os-release")
    number = given.get("DISTRIB_RELEASE", release.get("VERSION_ID", ""))
    name = DISTRIBUTIONS.get(release.get("ID", ""), (release.get("NAME", ""), ""))[0]
    return {
        "lsb": {
            "id": given.get("DISTRIB_ID", name),
            "release": number,
            "major_release": number.split(".")[0],
            "codename": given.get("DISTRIB_CODENAME", release.get("VERSION_CODENAME", "")),
            "description": given.get("DISTRIB_DESCRIPTION", release.get("PRETTY_NAME", "")),
        }
    }


def ssh_keys(probe: "Probe") -> Facts:
    """Give the host's public keys."""
    facts = {}  # type: Facts
    for kind in ("dsa", "rsa", "ecdsa", "ed25519"):
        words = lines.text(probe, "/etc/ssh/ssh_host_%s_key.pub" % kind).split()
        if len(words) > 1:
            facts["ssh_host_key_%s_public_keytype" % kind] = words[0]
            facts["ssh_host_key_%s_public" % kind] = words[1]
    return facts
