"""kubernetes_remains: what pods and their network leave behind goes, and nothing else does."""

from __future__ import annotations

from typing import Any

from kplay.modules.kubernetes_remains import module
from kplay.testing import plan, play
from kplay.testing.host import FakeHost

DATA = "/var/lib/rancher/k3s"
ARGS: dict[str, Any] = {
    "programs": [f"{DATA}/data"],
    "mounts": [DATA, "/run/k3s"],
    "links": ["cni0", "flannel*"],
    "paths": [DATA, "/etc/rancher/k3s", "/run/k3s", "/etc/gone"],
    "parents": ["/etc/rancher", "/var/lib/rancher"],
}
RULES = "*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\n-A INPUT -j ACCEPT\nCOMMIT\n"
ROOT = "/dev/sda1 / ext4 rw 0 0\n"
MOUNTED = (
    ROOT
    + "overlay /run/k3s/task/rootfs overlay rw 0 0\n"
    + "shm /run/k3s/task/my\\040shm tmpfs rw 0 0\n"
)


def process(host: FakeHost, number: int, name: str, parent: int, program: str) -> None:
    host.add_file(f"/proc/{number}/stat", f"{number} ({name}) S {parent} 1 1 0")
    host.add_link(f"/proc/{number}/exe", program)


def node(mounted: str = MOUNTED, *, stubborn: bool = False) -> FakeHost:
    host = FakeHost(
        files={
            f"{DATA}/server/token": "secret",
            "/etc/rancher/k3s/config.yaml": "{}",
            "/proc/self/mounts": mounted,
            "/run/netns/cni-1": "",
        },
        dirs=["/sys/class/net/cni0", "/sys/class/net/flannel.1", "/sys/class/net/eth0", "/run/k3s"],
    )
    for program in ("iptables-save", "ip6tables-save"):
        host.add_file(f"/usr/sbin/{program}", "", mode=0o755)
    host.when("iptables-save", stdout=RULES).when("ip6tables-save", stdout="*nat\nCOMMIT\n")
    process(host, 10, "containerd-shim", 1, f"{DATA}/data/abc/bin/containerd-shim-runc-v2")
    process(host, 11, "pod (with) brackets", 10, "/bin/web")
    process(host, 12, "sshd", 1, "/usr/sbin/sshd")

    def end(host: FakeHost, argv: Any) -> None:
        for number in argv[2:] if not stubborn else ():
            host.remove(f"/proc/{number}")

    def unmount(host: FakeHost, argv: Any) -> None:
        kept = [
            line
            for line in host.text("/proc/self/mounts").splitlines(keepends=True)
            if line.split()[1].replace("\\040", " ") != argv[-1]
        ]
        host.add_file("/proc/self/mounts", "".join(kept))

    def unlink(host: FakeHost, argv: Any) -> None:
        host.files.drop(f"/sys/class/net/{argv[-1]}")

    def forget(host: FakeHost, argv: Any) -> None:
        host.files.drop(f"/run/netns/{argv[-1]}")

    host.when("kill -KILL", does=end).when("umount", does=unmount)
    host.when("ip link delete", does=unlink).when("ip netns delete", does=forget)
    return host.when("iptables-restore")


def test_a_plan_names_all_of_it() -> None:
    asked = plan(module, ARGS, node())
    assert asked.action == "remove"
    assert asked.fields["removed"] == {
        "processes": ["containerd-shim", "pod (with) brackets"],
        "mounts": ["/run/k3s/task/rootfs", "/run/k3s/task/my shm"],
        "namespaces": ["/run/netns/cni-1"],
        "links": ["cni0", "flannel.1"],
        "rules": ["iptables"],
        "left": [DATA, "/etc/rancher/k3s", "/run/k3s", "/etc/rancher", "/var/lib/rancher"],
    }


def test_all_of_it_goes_and_other_things_stay() -> None:
    host = node()
    assert play(module, ARGS, host).changed
    ran = [" ".join(run.argv) for run in host.runs]
    assert ran[0] == "kill -KILL 10 11"
    assert "ip netns delete cni-1" in ran
    assert host.lstat("/sys/class/net/eth0") is not None
    assert host.lstat("/proc/12/stat") is not None
    assert host.lstat("/etc/rancher") is None
    assert host.lstat("/var/lib/rancher") is None
    restored = next(run for run in host.runs if run.argv[0] == "iptables-restore")
    assert "KUBE-" not in restored.stdin
    assert "-A INPUT -j ACCEPT" in restored.stdin


def test_a_bare_host_is_left() -> None:
    host = FakeHost(files={"/proc/self/mounts": ROOT})
    assert plan(module, ARGS, host).action == "none"
    assert not play(module, ARGS, host).changed
    assert host.runs == []


def test_a_parent_in_which_something_else_is_stays() -> None:
    host = node()
    host.add_file("/etc/rancher/other", "")
    play(module, ARGS, host)
    assert host.lstat("/etc/rancher/other") is not None
    assert host.lstat("/etc/rancher/k3s") is None


def test_of_a_mount_point_what_is_in_it_goes() -> None:
    host = node(f"{ROOT}/dev/sdb1 {DATA} ext4 rw 0 0\n")
    play(module, ARGS, host)
    assert host.listdir(DATA) == []
    assert not [run for run in host.runs if run.argv[0] == "umount"]
    assert plan(module, ARGS, host).fields["removed"].get("left") is None


def test_what_is_in_use_is_unmounted_lazily() -> None:
    host = node()
    host.when("umount /run/k3s/task/rootfs", rc=32)
    play(module, ARGS, host)
    assert [run for run in host.runs if run.argv[:2] == ("umount", "--lazy")]


def test_the_packet_filter_can_be_left_alone() -> None:
    assert "rules" not in plan(module, {**ARGS, "firewall": False}, node()).fields["removed"]


def test_a_process_that_does_not_end_fails() -> None:
    host = node(stubborn=True)
    done = play(module, ARGS, host)
    assert done.failed
    assert "processes that do not end: containerd-shim, pod" in done.fields["msg"]


def test_a_plan_foresees_what_will_be_gone() -> None:
    effects = plan(module, ARGS, node()).effects
    assert ("path", DATA, {"state": "absent"}) in effects


def test_in_a_plan_that_stops_the_service_first_only_pods_outlive_it() -> None:
    host = node()
    process(host, 20, "k3s-server", 1, f"{DATA}/data/abc/bin/k3s")
    process(host, 21, "containerd", 20, f"{DATA}/data/abc/bin/containerd")
    pods = ["containerd-shim", "pod (with) brackets"]
    service = ["k3s-server", "containerd"]
    args = {**ARGS, "units": ["k3s", "k3s-agent"]}
    assert plan(module, args, host).fields["removed"]["processes"] == pods + service
    host.effects["unit", "k3s.service"] = {"active": False}
    assert plan(module, args, host).fields["removed"]["processes"] == pods
    host.effects["unit", "k3s.service"] = {"active": True}
    assert plan(module, args, host).fields["removed"]["processes"] == pods + service
