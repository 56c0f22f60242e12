"""Facts of the hardware: processors, memory, mounts, disks, firmware, virtualisation."""

import re
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from kplay.modules import lines

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Facts = Dict[str, Any]

DMI: Tuple[Tuple[str, str], ...] = (
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
)

# what firmware says of the machine: text looked for, and Ansible's name of the hypervisor
HYPERVISORS: Tuple[Tuple[str, str], ...] = (
    ("VMware", "VMware"),
    ("VirtualBox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("Bochs", "kvm"),
    ("KVM", "kvm"),
    ("QEMU", "kvm"),
    ("AHV", "kvm"),
    ("OpenStack", "openstack"),
    ("Amazon EC2", "kvm"),
    ("Google", "kvm"),
    ("DigitalOcean", "kvm"),
    ("oVirt", "oVirt"),
    ("RHEV Hypervisor", "RHEV"),
    ("Parallels", "parallels"),
    ("Microsoft Corporation Virtual Machine", "VirtualPC"),
    ("Xen", "xen"),
)


def processor(probe: "Probe") -> Facts:
    """Count processors and name their models."""
    named: List[str] = []
    sockets: Dict[str, Facts] = {}
    current: Facts = {}
    flags: List[str] = []
    count = 0
    for line in lines.of(probe, "/proc/cpuinfo"):
        name, colon, value = [part.strip() for part in line.partition(":")]
        if name == "processor" and colon:
            count += 1
            named.append(value)
            current = sockets.setdefault("0", {"cores": 1, "siblings": 1})
        elif name in ("vendor_id", "model name", "Processor", "cpu model"):
            named.append(value)
        elif name == "physical id":
            current = sockets.setdefault(value, {"cores": 1, "siblings": 1})
        elif name == "cpu cores":
            current["cores"] = int(value)
        elif name == "siblings":
            current["siblings"] = int(value)
        elif name in ("flags", "Features") and not flags:
            flags = value.split()
    described = [one for one in sockets.values() if one["siblings"] > 1 or one["cores"] > 1]
    used = described or list(sockets.values()) or [{"cores": 1, "siblings": 1}]
    cores = used[0]["cores"] if described else count or 1
    threads = max(used[0]["siblings"] // used[0]["cores"], 1)
    total = sum(one["siblings"] for one in described) if described else count or 1
    facts = {
        "processor": named,
        "processor_count": len(used),
        "processor_cores": cores,
        "processor_threads_per_core": threads,
        "processor_vcpus": total,
        "processor_nproc": allowed(probe) or count or 1,
    }  # type: Facts
    if flags:
        facts["flags"] = flags
    return facts


def allowed(probe: "Probe") -> int:
    """Count the processors that this process may run on."""
    for line in lines.of(probe, "/proc/self/status"):
        if line.startswith("Cpus_allowed_list:"):
            spans = [part.partition("-") for part in line.split(":", 1)[1].strip().split(",")]
            return sum(int(last or first) - int(first) + 1 for first, _, last in spans)
    return 0


def memory(probe: "Probe") -> Facts:
    """Give memory and swap, in MiB."""
    sizes = {}  # type: Dict[str, int]
    for line in lines.of(probe, "/proc/meminfo"):
        name, _, value = line.partition(":")
        if value.split():
            sizes[name] = int(value.split()[0]) // 1024
    total, free = sizes.get("MemTotal", 0), sizes.get("MemFree", 0)
    unused = free + sizes.get("Buffers", 0) + sizes.get("Cached", 0)
    swap, swap_free = sizes.get("SwapTotal", 0), sizes.get("SwapFree", 0)
    return {
        "memtotal_mb": total,
        "memfree_mb": free,
        "swaptotal_mb": swap,
        "swapfree_mb": swap_free,
        "memory_mb": {
            "real": {"total": total, "used": total - free, "free": free},
            "nocache": {"free": unused, "used": total - unused},
            "swap": {
                "total": swap,
                "free": swap_free,
                "used": swap - swap_free,
                "cached": sizes.get("SwapCached", 0),
            },
        },
    }


def uptime(probe: "Probe") -> Facts:
    """Give how long the host is up and how busy it is."""
    seconds = lines.text(probe, "/proc/uptime", "0").split()
    load = lines.text(probe, "/proc/loadavg").split()
    facts = {"uptime_seconds": int(float(seconds[0]))}  # type: Facts
    if len(load) > 2:
        facts["loadavg"] = {span: float(value) for span, value in zip(("1m", "5m", "15m"), load)}
    return facts


def mounts(probe: "Probe") -> Facts:
    """Describe what is mounted from a device or another machine, with its space where local."""
    space = room(probe)
    names = {}  # type: Dict[str, str]
    for name in probe.listdir("/dev/disk/by-uuid"):
        names[target("/dev/disk/by-uuid", probe, name)] = name
    found = []
    for line in lines.of(probe, "/proc/mounts"):
        words = line.split()
        if len(words) < 4 or words[2] == "none":
            continue
        device, path = unescaped(words[0]), unescaped(words[1])
        if not device.startswith(("/", "\\")) and ":/" not in device:
            continue
        one = {
            "device": device,
            "mount": path,
            "fstype": words[2],
            "options": words[3],
            "dump": int(words[4]) if len(words) > 4 else 0,
            "passno": int(words[5]) if len(words) > 5 else 0,
            "uuid": names.get(device, "N/A"),
        }  # type: Facts
        one.update(space.get(path, {}))
        found.append(one)
    return {"mounts": found}


def room(probe: "Probe") -> Dict[str, Facts]:
    """Give the space of local file systems; one of another machine may not answer."""
    asked = ["df", "-l", "-B", "1", "--output=itotal,iavail,size,avail,target"]
    found = {}  # type: Dict[str, Facts]
    for line in probe.query(asked, timeout=5.0).stdout.splitlines()[1:]:
        words = line.split(None, 4)
        if len(words) < 5 or not words[2].isdigit():
            continue
        inodes, inodes_free, size, free = [int(w) if w.isdigit() else 0 for w in words[:4]]
        found[words[4]] = {
            "size_total": size,
            "size_available": free,
            "block_size": 4096,
            "block_total": size // 4096,
            "block_available": free // 4096,
            "block_used": (size - free) // 4096,
            "inode_total": inodes,
            "inode_available": inodes_free,
            "inode_used": inodes - inodes_free,
        }
    return found


def unescaped(word: str) -> str:
    """Undo the octal escapes of white space in /proc/mounts."""
    return re.sub(r"\\(\d{3})", lambda match: chr(int(match.group(1), 8)), word)


def target(directory: str, probe: "Probe", name: str) -> str:
    """Give the device that a link of /dev/disk leads to."""
    there = probe.lstat("%s/%s" % (directory, name))
    return "/dev/" + there.target.rsplit("/", 1)[-1] if there else ""


def devices(probe: "Probe") -> Facts:
    """Describe the disks and their partitions."""
    found = {}  # type: Facts
    for name in probe.listdir("/sys/block"):
        under = "/sys/block/%s/" % name
        sectors = int(lines.text(probe, under + "size", "0"))
        if name.startswith(("loop", "ram", "zram")) and not sectors:
            continue
        link = probe.lstat("/sys/block/" + name)
        found[name] = {
            "virtual": 1 if link and "/virtual/" in link.target else 0,
            "model": lines.text(probe, under + "device/model") or None,
            "vendor": lines.text(probe, under + "device/vendor") or None,
            "serial": lines.text(probe, under + "device/serial") or None,
            "removable": lines.text(probe, under + "removable"),
            "rotational": lines.text(probe, under + "queue/rotational"),
            "support_discard": lines.text(probe, under + "queue/discard_granularity"),
            "sectorsize": lines.text(probe, under + "queue/logical_block_size"),
            "sectors": sectors,
            "size": human(sectors * 512),
            "holders": probe.listdir(under + "holders"),
            "partitions": partitions(probe, name, under),
        }
    return {"devices": found}


def partitions(probe: "Probe", disk: str, under: str) -> Facts:
    """Describe the partitions of a disk."""
    found = {}  # type: Facts
    for part in probe.listdir(under):
        if part.startswith(disk) and probe.stat(under + part + "/partition"):
            sectors = int(lines.text(probe, under + part + "/size", "0"))
            found[part] = {
                "start": lines.text(probe, under + part + "/start"),
                "sectors": sectors,
                "sectorsize": 512,
                "size": human(sectors * 512),
                "holders": probe.listdir(under + part + "/holders"),
            }
    return found


def human(size: int) -> str:
    """Write a size with its unit."""
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "KB")):
        if size >= 1 << (10 * power):
            return "%.2f %s" % (size / float(1 << (10 * power)), unit)
    return "%.2f Bytes" % size


def firmware(probe: "Probe") -> Facts:
    """Give what the firmware says of the machine."""
    return {name: lines.text(probe, "/sys/class/dmi/id/" + source, "NA") for name, source in DMI}


def virtualization(probe: "Probe") -> Facts:
    """Say whether this is a container or a virtual machine, and of which kind."""
    inside, machine = container(probe), hypervisor(probe)
    # Ansible's own names; of any other container it says that it is one
    named = inside if inside in ("", "docker", "podman", "lxc", "lxc-libvirt") else "container"
    guest = named or machine
    tech = ([inside, "container"] if inside else []) + ([machine] if machine else [])
    host = "kvm" if probe.stat("/sys/module/kvm") and probe.stat("/dev/kvm") else ""
    kind = guest or host or "NA"
    return {
        "virtualization_type": kind,
        "virtualization_role": "guest" if guest else "host" if host else "NA",
        "virtualization_tech_guest": tech,
        "virtualization_tech_host": [host] if host else [],
    }


def container(probe: "Probe") -> str:
    """Name the kind of container, or nothing."""
    if probe.stat("/.dockerenv"):
        return "docker"
    if probe.stat("/run/.containerenv"):
        return "podman"
    named = lines.text(probe, "/run/systemd/container")
    if not named:
        pairs = [word.partition("=") for word in lines.text(probe, "/proc/1/environ").split("\0")]
        named = next((value for name, _, value in pairs if name == "container"), "")
    return named


def hypervisor(probe: "Probe") -> str:
    """Name the hypervisor that the firmware tells of, or nothing."""
    said = " ".join(
        lines.text(probe, "/sys/class/dmi/id/" + name) for name in ("sys_vendor", "product_name")
    )
    found = [kind for sign, kind in HYPERVISORS if sign in said]
    return found[0] if found else ""
