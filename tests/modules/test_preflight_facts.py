"""preflight_facts on hosts in memory."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from kplay.actions.preflight.looking import facts
from kplay.errors import InputError
from kplay.modules.preflight_facts import module
from kplay.source import Span
from kplay.testing import FakeHost, plan

if TYPE_CHECKING:
    from kplay.actions.api import Call

TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid"


def socket_line(address: str, state: str, inode: int) -> str:
    queues = "00000000:00000000 00:00000000 00000000"
    return f"   0: {address} 00000000:0000 {state} {queues} 0 0 {inode} 1"


def bare(**files: str) -> FakeHost:
    host = FakeHost(
        files={
            "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            "/sys/class/dmi/id/product_uuid": "4C4C4544-0042\n",
            "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
            "/proc/meminfo": "MemTotal:        2097152 kB\nSwapTotal:        524288 kB\n",
            "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
            "/proc/mounts": "proc /proc proc rw 0 0\nproc /proc/sys proc ro 0 0\n",
            **files,
        },
        facts={"nodename": "w1", "release": "6.1.0-31", "machine": "x86_64"},
    )
    host.when("nproc", stdout="2\n")
    host.when("ip -j addr show", stdout="[]")
    host.when("ip -j -4 route show", stdout="[]")
    host.when("ip -j -6 route show", stdout="[]")
    return host


def look(host: FakeHost, **args: Any) -> dict[str, Any]:
    found: dict[str, Any] = plan(module, args, host)["preflight"]
    return found


def test_who_and_what_a_host_is() -> None:
    found = look(bare(), address="10.0.0.2", roles=["agent"])
    assert found["hostname"] == "w1"
    assert found["machine_id"] == "0123456789abcdef0123456789abcdef"
    assert found["product_uuid"] == "4c4c4544-0042"
    assert found["os"] == {
        "id": "debian", "version": "12", "like": "", "name": "Debian GNU/Linux 12",
    }  # fmt: skip
    assert (found["memory_mb"], found["swap_mb"], found["cpus"]) == (2048, 512, 2)
    assert (found["kernel"], found["architecture"]) == ("6.1.0-31", "x86_64")
    assert (found["address"], found["roles"]) == ("10.0.0.2", ["agent"])
    assert found["began"] <= found["ended"]


def test_processors_are_counted_where_nproc_is_missing() -> None:
    host = bare(**{"/proc/cpuinfo": "processor\t: 0\n\nprocessor\t: 1\nprocessor\t: 2\n"})
    host.when("nproc", rc=127)
    assert look(host)["cpus"] == 3


def test_interfaces_of_the_machine_and_not_those_that_software_made() -> None:
    links = [
        {"ifname": "lo", "link_type": "loopback", "address": "00:00:00:00:00:00"},
        {
            "ifname": "eth0", "link_type": "ether", "address": "52:54:00:00:00:01",
            "addr_info": [
                {"local": "10.0.0.2", "scope": "global"},
                {"local": "fe80::1", "scope": "link"},
            ],
        },
        {
            "ifname": "cni0", "link_type": "ether", "address": "0a:00:00:00:00:01",
            "addr_info": [{"local": "10.42.0.1", "scope": "global"}],
        },
    ]  # fmt: skip
    host = bare()
    host.when("ip -j addr show", stdout=json.dumps(links))
    found = look(host)
    assert found["macs"] == {"eth0": "52:54:00:00:00:01"}
    assert found["addresses"] == ["10.0.0.2"]


def test_routes_of_both_families() -> None:
    host = bare()
    four = [{"dst": "default", "gateway": "10.0.0.1", "dev": "eth0"}]
    six = [{"dst": "fe80::/64", "dev": "eth0"}, {"dst": "default", "dev": "eth0"}]
    host.when("ip -j -4 route show", stdout=json.dumps(four))
    host.when("ip -j -6 route show", stdout=json.dumps(six))
    assert look(host)["routes"] == [
        {"to": "0.0.0.0/0", "device": "eth0"},
        {"to": "::/0", "device": "eth0"},
    ]


def test_what_a_name_resolves_to() -> None:
    host = bare()
    host.when(
        "getent ahosts api.example",
        stdout="10.0.0.9 STREAM api.example\n10.0.0.9 DGRAM\n10.0.0.8 STREAM\n",
    )
    host.when("getent ahosts nowhere.example", rc=2)
    found = look(host, names=["api.example", "nowhere.example"])
    assert found["resolved"] == {"api.example": ["10.0.0.9", "10.0.0.8"], "nowhere.example": []}


def test_who_holds_a_port() -> None:
    host = bare(
        **{
            "/proc/net/tcp": "\n".join(
                [
                    TCP,
                    socket_line("00000000:192B", "0A", 77),
                    socket_line("0100007F:280A", "0A", 78),
                ]
            ),
            "/proc/net/udp": "\n".join([TCP, socket_line("00000000:2118", "07", 79)]),
            "/proc/40/comm": "nginx\n",
            "/proc/40/cgroup": "0::/system.slice/nginx.service\n",
            "/proc/41/comm": "kubelet\n",
            "/proc/41/cgroup": "0::/system.slice/k3s.service\n",
        }
    )
    host.add_link("/proc/40/fd/3", "socket:[77]")
    host.add_link("/proc/41/fd/5", "socket:[78]")
    host.add_dir("/sys/class/net/flannel.1")
    wanted = [
        {"port": 6443}, {"port": 10250}, {"port": 8472, "protocol": "udp"}, {"port": 9345},
        {"port": 0, "protocol": "icmp"},
    ]  # fmt: skip
    found = look(host, ports=wanted, own=["k3s.service"])
    assert found["taken"] == [
        {"protocol": "tcp", "port": 6443, "by": "nginx", "pid": 40, "own": False},
        {"protocol": "tcp", "port": 10250, "by": "kubelet", "pid": 41, "own": True},
        {"protocol": "udp", "port": 8472, "by": "the kernel", "pid": 0, "own": True},
    ]


def test_a_pod_may_hold_a_port_and_a_connection_is_no_listener() -> None:
    host = bare(
        **{
            "/proc/net/tcp6": "\n".join(
                [
                    TCP,
                    socket_line("0" * 32 + ":192B", "0A", 77),
                    socket_line("0" * 32 + ":2481", "01", 78),
                ]
            ),
            "/proc/40/comm": "kube-apiserver\n",
            "/proc/40/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/x.scope\n",
        }
    )
    host.add_link("/proc/40/fd/3", "socket:[77]")
    found = look(host, ports=[{"port": 6443}, {"port": 9345}])
    assert [(one["port"], one["own"]) for one in found["taken"]] == [(6443, True)]


def test_a_tunnel_that_is_not_of_the_cluster() -> None:
    udp = "\n".join([TCP, socket_line("00000000:2118", "07", 79)])
    (taken,) = look(bare(**{"/proc/net/udp": udp}), ports=[{"port": 8472, "protocol": "udp"}])[
        "taken"
    ]
    assert (taken["by"], taken["own"]) == ("the kernel", False)


def test_a_holder_that_cannot_be_seen() -> None:
    host = bare(**{"/proc/net/tcp": "\n".join([TCP, socket_line("00000000:192B", "0A", 77)])})
    host.uid = 1000
    taken = look(host, ports=[{"port": 6443}])["taken"]
    assert taken[0]["by"] == "a process that cannot be seen"
    assert not taken[0]["own"]


def test_control_groups() -> None:
    assert look(bare())["cgroup"]["version"] == 2
    host = bare(**{"/proc/cgroups": "#subsys_name\thierarchy\nmemory\t3\t7\t1\ncpu\t2\t7\t0\n"})
    host.remove("/sys/fs/cgroup/cgroup.controllers")
    host.writes.clear()
    assert look(host)["cgroup"] == {"version": 1, "controllers": ["memory"]}


def test_kernel_modules() -> None:
    under = "/lib/modules/6.1.0-31"
    host = bare(
        **{
            "/proc/modules": "br_netfilter 32768 0 - Live 0x0\n",
            "/proc/filesystems": "nodev\toverlay\n",
            f"{under}/modules.builtin": "kernel/net/ipv4/netfilter/ip_tables.ko\n",
            f"{under}/modules.dep": "kernel/drivers/net/vxlan/vxlan.ko.xz: kernel/net/x.ko\n",
        }
    )
    names = ["br-netfilter", "overlay", "ip_tables", "vxlan", "wireguard"]
    assert look(host, kernel_modules=names)["kernel_modules"] == {
        "br-netfilter": "loaded", "overlay": "built in", "ip_tables": "built in",
        "vxlan": "available", "wireguard": "missing",
    }  # fmt: skip
    assert look(bare(), kernel_modules=["vxlan"])["kernel_modules"] == {"vxlan": "untold"}


def test_settings_of_the_kernel() -> None:
    host = bare(**{"/proc/sys/net/ipv4/ip_forward": "0\n"})
    found = look(host, sysctls={"net.ipv4.ip_forward": "1", "net.bridge.x": "1"})["sysctls"]
    assert found == {
        "net.ipv4.ip_forward": {"exists": True, "writable": False, "value": "0"},
        "net.bridge.x": {"exists": False, "writable": False, "value": ""},
    }
    host = bare(
        **{"/proc/mounts": "proc /proc proc rw 0 0\n", "/proc/sys/net/ipv4/ip_forward": "0\n"}
    )
    assert look(host, sysctls={"net.ipv4.ip_forward": "1"})["sysctls"]["net.ipv4.ip_forward"] == {
        "exists": True, "writable": True, "value": "0",
    }  # fmt: skip


def test_units_programs_paths_and_space() -> None:
    host = bare(**{"/usr/local/bin/k3s": "", "/etc/rancher/k3s/config.yaml": ""})
    host.when(
        "systemctl show -p Id,LoadState,ActiveState,UnitFileState",
        stdout="Id=ufw.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\n"
        "Id=firewalld.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n",
    )
    host.when("k3s --version", stdout="k3s version v1.36.3+k3s1 (abc)\ngo version go1.25\n")
    host.when("df -Pk /var/lib", stdout="F 1K U A C M\n/dev/sda 9999999 1 4194304 1% /\n")
    found = look(
        host,
        units=["ufw.service", "firewalld.service"],
        programs=["k3s", "rke2", "strange"],
        paths=["/usr/local/bin/k3s", "/etc/rancher/rke2"],
        disks=["/var/lib/rancher/k3s"],
    )
    assert found["units"] == {"ufw.service": {"active": "active", "enabled": "enabled"}}
    assert found["versions"] == {"k3s": "v1.36.3+k3s1"}
    assert found["present"] == ["/usr/local/bin/k3s"]
    assert found["disks"] == {"/var/lib/rancher/k3s": 4096}


def test_what_confines_containers() -> None:
    host = bare(
        **{
            "/sys/fs/selinux/enforce": "1",
            "/sys/module/apparmor/parameters/enabled": "Y\n",
        }
    )
    host.when("rpm -q", rc=1).when("rpm -q k3s-selinux")
    found = look(host)
    assert found["selinux"] == {"mode": "enforcing", "policies": ["k3s-selinux"]}
    assert found["apparmor"] == {"enabled": True, "parser": False}
    assert look(bare())["selinux"] == {"mode": "disabled", "policies": []}
    assert look(bare(**{"/sys/fs/selinux/enforce": "0"}))["selinux"]["mode"] == "permissive"


def test_what_networkmanager_leaves_alone() -> None:
    host = bare(
        **{
            "/etc/NetworkManager/conf.d/rke2-canal.conf": "[keyfile]\n"
            "unmanaged-devices=interface-name:flannel*;interface-name:cali*\n"
        }
    )
    found = look(host)["networkmanager"]
    assert found == ["interface-name:flannel*", "interface-name:cali*"]


def test_chains_that_drop() -> None:
    chains = [
        {"metainfo": {"version": "1.0.6"}},
        {"chain": {"family": "inet", "table": "filter", "hook": "input", "policy": "drop"}},
        {"chain": {"family": "ip", "table": "nat", "hook": "output", "policy": "accept"}},
    ]
    host = bare()
    host.add_dir("/sys/module/nf_tables")
    host.when("nft -j list ruleset", stdout=json.dumps({"nftables": chains}))
    found = look(host)["firewall"]
    assert found == [{"hook": "input", "chain": "nftables inet filter"}]

    host = bare(**{"/proc/net/ip_tables_names": "filter\n"})
    rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n"
    host.when("iptables-save -t filter", stdout=rules)
    assert look(host)["firewall"] == [{"hook": "forward", "chain": "iptables FORWARD"}]


def test_no_program_of_the_firewall_is_asked_where_the_kernel_has_no_rules() -> None:
    host = bare()
    host.when("nft", rc=1).when("iptables-save", rc=1)
    assert look(host)["firewall"] == []
    assert not [argv for argv in host.queries if argv[0] in ("nft", "iptables-save")]


def asked(args: dict[str, Any], host: str = "w1", **scope: Any) -> Call:
    """What the controller makes of a task's arguments."""
    context: Any = SimpleNamespace(args=args, host=host, scope=scope)
    (call,) = facts(context)
    return call


SETTINGS: dict[str, Any] = {
    "profile": "k3s",
    "groups": {"server": ["servers"], "agent": ["agents"]},
    "address": "10.0.0.2",
    "registration_address": "api.example",
    "ports": [
        {"from": ["agent"], "to": ["server"], "port": 6443},
        {"to": ["agent"], "port": 10248, "local": True},
        {"from": ["agent"], "to": ["agent"], "protocol": "icmp"},
        {"from": ["agent"], "to": ["agent"], "port": 8472, "protocol": "udp", "cni": ["flannel"]},
        {"from": ["agent"], "to": ["agent"], "port": 443, "free": False},
    ],
    "cni": "flannel",
    "own_units": ["k3s.service"],
    "units": ["ufw.service"],
    "distributions": {"k3s": ["/etc/rancher/k3s"], "rke2": ["/etc/rancher/rke2"]},
    "programs": ["k3s"],
    "disk_mb": {"/var/lib/rancher": 5000},
    "kernel_modules": ["overlay"],
    "sysctls": {"net.ipv4.ip_forward": "1"},
}


def test_the_controller_says_what_to_look_at_by_role() -> None:
    groups = {"servers": ["s1"], "agents": ["w1"]}
    call = asked({"settings": SETTINGS}, groups=groups)
    assert call.args == {
        "address": "10.0.0.2",
        "roles": ["agent"],
        "ports": [{"port": 10248, "protocol": "tcp"}, {"port": 8472, "protocol": "udp"}],
        "units": ["k3s.service", "ufw.service"],
        "own": ["k3s.service"],
        "paths": ["/etc/rancher/k3s", "/etc/rancher/rke2"],
        "programs": ["k3s"],
        "names": ["api.example"],
        "disks": ["/var/lib/rancher"],
        "kernel_modules": ["overlay"],
        "sysctls": {"net.ipv4.ip_forward": "1"},
    }
    other = asked({"settings": SETTINGS | {"cni": "none"}}, host="s1", groups=groups)
    assert other.args["ports"] == [{"port": 6443, "protocol": "tcp"}]


def test_settings_that_are_no_mapping() -> None:
    span = Span("play.yml", 3, 5, 3, 9)
    task = SimpleNamespace(args={}, span=span)
    context: Any = SimpleNamespace(args={"settings": "k3s"}, host="w1", scope={}, task=task)
    with pytest.raises(InputError, match="`settings` is a mapping"):
        facts(context)


@pytest.mark.parametrize(
    ("clock", "way", "between"),
    [
        (0.0, (0.1, 0.3), (-0.3, 0.1)),
        (30.0, (0.1, 0.3), (29.7, 30.1)),
        (-90.0, (2.0, 0.1), (-90.1, -88.0)),
    ],
)
def test_a_clock_is_known_but_for_the_way(
    monkeypatch: pytest.MonkeyPatch,
    clock: float,
    way: tuple[float, float],
    between: tuple[float, float],
) -> None:
    there, back = way
    work = 0.5
    times = iter([1000.0, 1000.0 + there + work + back])
    monkeypatch.setattr("kplay.actions.preflight.looking.time.time", lambda: next(times))
    call = asked({"settings": SETTINGS}, groups={})
    began = 1000.0 + there + clock
    assert call.finish is not None
    found = look(bare(), address="10.0.0.2", roles=["agent"])
    result = call.finish({"preflight": found | {"began": began, "ended": began + work}}, True)
    assert result["clock"] == pytest.approx(list(between))
    assert result["brief"] == {
        "address": "10.0.0.2", "roles": ["agent"], "resolved": {}, "bare": True, "taken": [],
    }  # fmt: skip
    assert between[0] <= clock <= between[1]
