"""What RKE2's CIS profile asks of hosts, and what NetworkManager must leave alone."""

from __future__ import annotations

from kplay.testing import FakeHost

GROUPS = {"rke2_servers": ["s1"], "rke2_agents": ["a1"]}
RELEASE = "/usr/local/lib/rke2/v1.36.3+rke2r1/share/rke2/rke2-cis-sysctl.conf"
SETTINGS = "vm.panic_on_oom=0\nvm.overcommit_memory=1\n"


def hosts(player, **files: str) -> dict[str, FakeHost]:
    made = {}
    for name in ("s1", "a1"):
        host = FakeHost(files={RELEASE: SETTINGS, **files}, dirs=["/etc/sysctl.d"])
        player.with_units(host, {"systemd-sysctl.service": "active static"})
        for program in ("groupadd", "useradd"):
            host.when(program, does=_added)
        made[name] = host
    return made


def _added(on: FakeHost, argv: tuple[str, ...]) -> str:
    if argv[0] == "groupadd":
        on.add_group(argv[-1], 990)
    else:
        on.add_user(argv[-1], uid=990, gid=990, comment="etcd user", shell="/sbin/nologin")  # noqa: S604
    return ""


def cis(player, fake, **variables):
    return player.role(
        "distribution-install/cis",
        GROUPS,
        fake,
        **{"distribution": "rke2", "distribution_release": "v1.36.3+rke2r1", **variables},
    )


def test_servers_get_the_user_of_etcd_and_all_get_the_kernel_settings(player):
    played = cis(player, hosts(player))
    assert played.failure("s1") == played.failure("a1") == ""
    assert played.changed("s1") == [
        "Make the group that etcd runs as",
        "Make the user that etcd runs as",
        "Install the kernel settings of the profile",
        "Apply them",
    ]
    assert played.changed("a1") == ["Install the kernel settings of the profile", "Apply them"]
    added = next(run.argv for run in played.hosts["s1"].runs if run.argv[0] == "useradd")
    assert "-r" in added
    assert "-M" in added
    assert added[added.index("-s") + 1] == "/sbin/nologin"
    for host in played.hosts.values():
        assert host.text("/etc/sysctl.d/60-rke2-cis.conf") == SETTINGS


def test_systemd_sysctl_is_restarted_for_new_settings_alone(player):
    fake = hosts(player, **{"/etc/sysctl.d/60-rke2-cis.conf": SETTINGS})
    assert cis(player, fake).changed("a1") == []
    assert [run.argv for run in fake["a1"].runs if "restart" in run.argv] == []


def test_the_settings_of_the_package(player):
    fake = hosts(player, **{"/usr/share/rke2/rke2-cis-sysctl.conf": "kernel.panic=10\n"})
    cis(player, fake, distribution_method="rpm")
    assert fake["a1"].text("/etc/sysctl.d/60-rke2-cis.conf") == "kernel.panic=10\n"


def test_k3s_has_no_profile(player):
    played = player.role(
        "distribution-install/cis", {"server": ["s1"]}, {"s1": FakeHost()}, distribution="k3s"
    )
    assert played.failure("s1").startswith("distribution_cis is for RKE2: K3s has no profile")


def manager(player, **units: str) -> FakeHost:
    host = FakeHost(files={"/usr/sbin/NetworkManager": ""}, dirs=["/etc/NetworkManager/conf.d"])
    return player.with_units(host, {"NetworkManager.service": "active enabled", **units})


def kept(player, host):
    return player.role(
        "distribution-install/network_manager",
        {"rke2_servers": ["s1"]},
        {"s1": host},
        distribution="rke2",
    )


def test_network_manager_leaves_pods_interfaces_alone(player):
    host = manager(player)
    played = kept(player, host)
    assert played.changed("s1") == [
        "Keep pods' interfaces from NetworkManager",
        "Have NetworkManager read it",
    ]
    lines = host.text("/etc/NetworkManager/conf.d/rke2-canal.conf").splitlines()
    assert lines[1] == "[keyfile]"
    assert lines[2].startswith("unmanaged-devices=interface-name:flannel*;interface-name:cali*;")
    assert kept(player, host).changed("s1") == []


def test_its_cloud_set_up_is_turned_off_and_a_reboot_asked_for(player):
    units = {"timer": "active enabled", "service": "inactive disabled"}
    host = manager(player, **{f"nm-cloud-setup.{one}": units[one] for one in units})
    played = kept(player, host)
    assert "Turn NetworkManager's cloud set-up off" in played.changed("s1")
    assert played.status("s1", "Say that a reboot is due") == "ok"
    done = [run.argv[1] for run in host.runs if run.argv[-1] == "nm-cloud-setup.timer"]
    assert {"stop", "disable"} <= set(done)


def test_a_host_without_network_manager_is_left_as_it_is(player):
    host = FakeHost()
    played = kept(player, host)
    assert played.changed("s1") == []
    assert host.runs == []
    assert played.status("s1", "Say that a reboot is due") == "skipped"
