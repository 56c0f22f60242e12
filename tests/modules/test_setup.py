import json
from typing import Any

import pytest

from kplay.agent.host import UnknownValue
from kplay.modules import facts_local
from kplay.modules.api import ModuleFailure
from kplay.modules.setup import module
from kplay.testing.host import FakeHost

LINKS = [
    {
        "ifname": "lo",
        "flags": ["LOOPBACK", "UP"],
        "mtu": 65536,
        "link_type": "loopback",
        "address": "00:00:00:00:00:00",
        "addr_info": [
            {"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"},
            {"family": "inet6", "local": "::1", "prefixlen": 128, "scope": "host"},
        ],
    },
    {
        "ifname": "host0",
        "flags": ["BROADCAST", "UP"],
        "mtu": 1500,
        "link_type": "ether",
        "address": "02:00:00:00:00:01",
        "addr_info": [
            {"family": "inet", "local": "10.9.0.11", "prefixlen": 24, "broadcast": "10.9.0.255"},
            {"family": "inet", "local": "10.9.1.11", "prefixlen": 32},
            {"family": "inet6", "local": "fd00::b", "prefixlen": 64, "scope": "global"},
        ],
    },
    {
        "ifname": "br-lan",
        "flags": [],
        "mtu": 1500,
        "link_type": "ether",
        "address": "02:00:00:00:00:02",
        "addr_info": [],
    },
]

FILES = {
    "/etc/os-release": (
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
        "VERSION_CODENAME=bookworm\n"
    ),
    "/etc/debian_version": "12.11\n",
    "/etc/hosts": "127.0.0.1 localhost\n10.9.0.11 cp1.lab cp1\n",
    "/etc/machine-id": "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
    "/etc/resolv.conf": "nameserver 10.9.0.1\nsearch lab example.org\noptions ndots:2 rotate\n",
    "/etc/ansible/facts.d/site.fact": "[rack]\nRow = 7\n",
    "/etc/ansible/facts.d/json.fact": '{"a": 1}',
    "/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAAC3 root@cp1\n",
    "/proc/cmdline": "root=/dev/vda console=tty0 console=ttyS0 quiet\n",
    "/proc/1/comm": "systemd\n",
    "/proc/cpuinfo": "".join(
        f"processor\t: {n}\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nphysical id\t: 0\n"
        "siblings\t: 4\ncpu cores\t: 2\nflags\t: fpu vme\n\n"
        for n in range(4)
    ),
    "/proc/self/status": "Name:\tpython3\nCpus_allowed_list:\t0-2,3\n",
    "/proc/meminfo": "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nSwapTotal: 1048576 kB\n",
    "/proc/mounts": (
        "/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\nnas:/x /srv/a\\040b nfs rw 0 0\n"
    ),
    "/proc/uptime": "120.50 200.00\n",
    "/proc/loadavg": "0.10 0.20 0.30 1/100 42\n",
    "/sys/class/dmi/id/sys_vendor": "QEMU\n",
    "/sys/class/dmi/id/product_uuid": "1111-2222\n",
    "/sys/class/net/br-lan/bridge/stp_state": "0\n",
    "/sys/block/vda/size": "20971520\n",
    "/sys/block/vda/vda1/partition": "1\n",
    "/sys/block/vda/vda1/size": "2048\n",
}

DF = "Inodes IFree 1B-blocks Avail Mounted on\n100 40 409600 204800 /\n"


def bare() -> FakeHost:
    route = [{"dst": "8.8.8.8", "gateway": "10.9.0.1", "dev": "host0", "prefsrc": "10.9.0.11"}]
    host = FakeHost(
        files=FILES, dirs=["/run/systemd/system"], now=1_700_000_000.25, facts={"nodename": "cp1"}
    )
    host.add_file("/usr/bin/apt-get", mode=0o755)
    return (
        host.when("ip -j addr show", stdout=json.dumps(LINKS))
        .when("ip -j -4 route get", stdout=json.dumps(route))
        .when("ip -j -6 route get", rc=2, stderr="RTNETLINK answers: Network is unreachable")
        .when("df -l", stdout=DF)
    )


def facts(host: FakeHost, **args: Any) -> dict[str, Any]:
    found = module.observe(host, args)
    assert module.desire(args, found) == {}
    return dict(module.result(args, found, {}, False)["ansible_facts"])


def test_distribution() -> None:
    known = facts(bare())
    assert known["ansible_distribution"] == "Debian"
    assert known["ansible_distribution_version"] == "12.11"
    assert known["ansible_distribution_major_version"] == "12"
    assert known["ansible_distribution_release"] == "bookworm"
    assert known["ansible_os_family"] == "Debian"


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (
            "ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble",
            ("Ubuntu", "24.04", "24", "noble", "Debian"),
        ),
        (
            'ID="rocky"\nVERSION_ID="9.4"\nVERSION="9.4 (Blue Onyx)"',
            ("Rocky", "9.4", "9", "Blue Onyx", "RedHat"),
        ),
        (
            'NAME="Own"\nID=own\nID_LIKE="rhel fedora"\nVERSION_ID=1',
            ("Own", "1", "1", "NA", "RedHat"),
        ),
    ],
)
def test_distributions(release: str, expected: tuple[str, ...]) -> None:
    host = bare()
    host.add_file("/etc/os-release", release)
    known = facts(host)
    names = ("", "_version", "_major_version", "_release")
    found = [known["ansible_distribution" + name] for name in names]
    assert (*found, known["ansible_os_family"]) == expected


def test_names() -> None:
    known = facts(bare())
    assert known["ansible_hostname"] == known["ansible_nodename"] == "cp1"
    assert known["ansible_fqdn"] == "cp1.lab"
    assert known["ansible_domain"] == "lab"
    assert known["ansible_kernel"] == "6.1.0"
    assert known["ansible_architecture"] == "x86_64"
    assert known["ansible_userspace_bits"] == "64"
    assert known["ansible_system"] == "Linux"
    assert known["ansible_machine_id"] == "3d1219c7c4c5404aaa1f6d2a48adfda4"


def test_a_name_not_in_the_hosts_file_is_resolved() -> None:
    host = bare().when("getent hosts cp1", stdout="10.9.0.11 cp1.example.org cp1\n")
    host.add_file("/etc/hosts", "127.0.0.1 localhost\n")
    assert facts(host)["ansible_fqdn"] == "cp1.example.org"


def test_network() -> None:
    known = facts(bare())
    assert known["ansible_interfaces"] == ["lo", "host0", "br-lan"]
    assert known["ansible_all_ipv4_addresses"] == ["10.9.0.11", "10.9.1.11"]
    assert known["ansible_all_ipv6_addresses"] == ["fd00::b"]
    assert known["ansible_host0"]["ipv4"] == {
        "address": "10.9.0.11",
        "broadcast": "10.9.0.255",
        "netmask": "255.255.255.0",
        "network": "10.9.0.0",
        "prefix": "24",
    }
    assert known["ansible_host0"]["ipv4_secondaries"][0]["address"] == "10.9.1.11"
    assert known["ansible_br_lan"]["type"] == "bridge"
    assert known["ansible_br_lan"]["active"] is False
    assert known["ansible_default_ipv4"] == {
        "interface": "host0",
        "address": "10.9.0.11",
        "gateway": "10.9.0.1",
        "broadcast": "10.9.0.255",
        "netmask": "255.255.255.0",
        "network": "10.9.0.0",
        "prefix": "24",
        "macaddress": "02:00:00:00:00:01",
        "mtu": 1500,
        "type": "ether",
        "alias": "host0",
    }
    assert known["ansible_default_ipv6"] == {}
    assert known["ansible_dns"] == {
        "nameservers": ["10.9.0.1"],
        "search": ["lab", "example.org"],
        "options": {"ndots": "2", "rotate": True},
    }


def test_a_host_without_ip_has_no_addresses() -> None:
    host = bare().when("ip -j addr show", rc=127).when("ip -j -4 route get", rc=127)
    known = facts(host)
    assert known["ansible_interfaces"] == []
    assert known["ansible_default_ipv4"] == {}


def test_hardware() -> None:
    known = facts(bare())
    assert known["ansible_processor"][:3] == ["0", "GenuineIntel", "Xeon"]
    assert known["ansible_processor_count"] == 1
    assert known["ansible_processor_cores"] == 2
    assert known["ansible_processor_threads_per_core"] == 2
    assert known["ansible_processor_vcpus"] == 4
    assert known["ansible_processor_nproc"] == 4
    assert known["ansible_memtotal_mb"] == 8192
    assert known["ansible_memfree_mb"] == 4096
    assert known["ansible_swaptotal_mb"] == 1024
    assert known["ansible_uptime_seconds"] == 120
    assert known["ansible_product_uuid"] == "1111-2222"
    assert known["ansible_bios_version"] == "NA"
    assert known["ansible_virtualization_type"] == "kvm"
    assert known["ansible_virtualization_role"] == "guest"
    assert known["ansible_devices"]["vda"]["size"] == "10.00 GB"
    assert list(known["ansible_devices"]["vda"]["partitions"]) == ["vda1"]


def test_mounts() -> None:
    root, nas = facts(bare())["ansible_mounts"]
    assert (root["mount"], root["fstype"], root["uuid"]) == ("/", "ext4", "N/A")
    assert (root["size_total"], root["size_available"]) == (409600, 204800)
    assert (root["block_total"], root["inode_used"]) == (100, 60)
    assert (nas["device"], nas["mount"]) == ("nas:/x", "/srv/a b")


def test_a_container_says_so() -> None:
    host = bare()
    host.add_file("/run/systemd/container", "systemd-nspawn\n")
    known = facts(host)
    assert known["ansible_virtualization_type"] == "container"
    assert known["ansible_virtualization_tech_guest"] == ["systemd-nspawn", "container", "kvm"]


def test_the_rest() -> None:
    known = facts(bare())
    assert known["ansible_service_mgr"] == "systemd"
    assert known["ansible_pkg_mgr"] == "apt"
    assert known["ansible_user_id"] == "root"
    assert known["ansible_user_dir"] == "/root"
    assert known["ansible_env"]["HOME"] == "/root"
    assert known["ansible_cmdline"]["console"] == "ttyS0"
    assert known["ansible_proc_cmdline"]["console"] == ["tty0", "ttyS0"]
    assert known["ansible_selinux"] == {"status": "disabled"}
    assert known["ansible_python_version"] == "3.11.2"
    assert known["ansible_date_time"]["epoch"] == "1700000000"
    assert known["ansible_date_time"]["iso8601_micro"] == "2023-11-14T22:13:20.250000Z"
    assert known["ansible_ssh_host_key_ed25519_public"] == "AAAAC3"
    assert known["ansible_local"] == {"site": {"rack": {"row": "7"}}, "json": {"a": 1}}
    assert known["module_setup"] is True


def test_selinux() -> None:
    host = bare()
    host.add_file("/sys/fs/selinux/enforce", "1")
    host.add_file("/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n")
    selinux = facts(host)["ansible_selinux"]
    assert selinux["status"] == "enabled"
    assert selinux["mode"] == selinux["config_mode"] == "enforcing"


def test_filter_takes_names_with_and_without_prefix() -> None:
    known = facts(bare(), filter=["ansible_dist*", "os_family"])
    assert "ansible_distribution" in known
    assert "ansible_os_family" in known
    assert "ansible_kernel" not in known


@pytest.mark.parametrize(
    ("subset", "has", "lacks"),
    [
        (["min"], ["ansible_kernel"], ["ansible_interfaces", "ansible_memtotal_mb"]),
        (["!all"], ["ansible_kernel"], ["ansible_interfaces", "ansible_memtotal_mb"]),
        (["!all", "!min"], [], ["ansible_kernel", "ansible_interfaces"]),
        (["!all", "network"], ["ansible_interfaces"], ["ansible_memtotal_mb"]),
        (["!hardware"], ["ansible_interfaces"], ["ansible_memtotal_mb"]),
        (["network"], ["ansible_kernel", "ansible_interfaces"], ["ansible_memtotal_mb"]),
        (
            ["!all", "!min", "distribution_version"],
            ["ansible_distribution"],
            ["ansible_kernel"],
        ),
    ],
)
def test_gather_subset(subset: list[str], has: list[str], lacks: list[str]) -> None:
    known = facts(bare(), gather_subset=subset)
    assert [name for name in has if name not in known] == []
    assert [name for name in lacks if name in known] == []


def test_a_bad_subset_is_refused() -> None:
    with pytest.raises(ModuleFailure, match="Bad subset 'nope'"):
        facts(bare(), gather_subset=["nope"])


LOCAL = {"gather_subset": ["!all", "!min", "local"]}


def test_facts_that_programs_print() -> None:
    host = bare().when("/etc/ansible/facts.d/run.fact", stdout='{"b": 2}')
    host.when("/etc/ansible/facts.d/bad.fact", rc=1, stderr="oops\n")
    for name in ("run", "bad"):
        host.add_file(f"/etc/ansible/facts.d/{name}.fact", "#!/bin/sh\n", mode=0o755)
    known = facts(host, **LOCAL)["ansible_local"]
    assert known["run"] == {"b": 2}
    assert known["bad"] == (
        "Failure executing fact script (/etc/ansible/facts.d/bad.fact), rc: 1, err: oops\n"
    )
    assert known["site"] == {"rack": {"row": "7"}}


def test_a_program_that_is_only_planned_prints_what_nobody_knows() -> None:
    host = bare()
    host.add_file("/etc/ansible/facts.d/run.fact", "#!/bin/sh\n", mode=0o755)
    host.effects["path", "/etc/ansible/facts.d/run.fact"] = {"content": "#!/bin/sh\n"}
    with pytest.raises(UnknownValue, match=r"run\.fact will print"):
        facts(host, **LOCAL)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nonsense", "error loading facts as JSON or ini - please check content: /f"),
        ("[a]\nb=%(c)s", "error loading facts as ini - please check content: /f ("),
        ("", {}),
    ],
)
def test_a_fault_of_a_local_fact_is_its_value(text: str, value: object) -> None:
    found = facts_local.parsed(text, "/f")
    assert found == value or (isinstance(value, str) and found.startswith(value))
