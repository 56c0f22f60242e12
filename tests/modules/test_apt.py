from typing import Any

import pytest

from kplay.modules import debian
from kplay.modules.api import UNKNOWN, ModuleFailure, compare
from kplay.modules.apt import module
from kplay.modules.schema import normalise
from kplay.testing import plan as planned_by
from kplay.testing import play
from kplay.testing.host import FakeHost

CURL = "curl\t7.88.1-10\tinstall\tinstalled\tamd64\n"
RESIDUE = "curl\t7.88.1-10\tdeinstall\tconfig-files\tamd64\n"

SIMULATED = """\
Remv systemd-timesyncd [252]
Inst libtool2 [1.0] (1.1 Debian:12 [amd64])
Inst chrony (4.3-2 Debian:12 [amd64])
Conf chrony (4.3-2 Debian:12 [amd64])
"""

CONTENTS = """\
drwxr-xr-x root/root         0 2024-01-01 10:00 ./etc/web/
-rw-r--r-- root/root        10 2024-01-01 10:00 ./etc/web/web.conf
-rwxr-xr-x root/root      1000 2024-01-01 10:00 ./usr/bin/web
lrwxrwxrwx root/root         0 2024-01-01 10:00 ./usr/bin/w -> web
-rw-r--r-- root/root       100 2024-01-01 10:00 ./usr/share/doc/web/README
-rw-r--r-- root/root       100 2024-01-01 10:00 ./lib/systemd/system/web.service
"""


def debianish(dpkg: str = "") -> FakeHost:
    host = FakeHost(now=1_700_000_000.0)
    host.add_dir("/var/lib/apt/lists")
    return (
        host.when("apt-get", stdout="done\n")
        .when("dpkg-query", stdout=dpkg, rc=0 if dpkg else 1)
        .when(["dpkg", "-L"], rc=1)
        .when(["dpkg-query", "-W", "-f", debian.PROVIDES], stdout="")
    )


def planning(host: FakeHost) -> FakeHost:
    host.scratch = lambda: True  # type: ignore[method-assign]
    return host


def plan(host: FakeHost, **raw: Any) -> Any:
    args, faults = normalise(module, raw)
    assert not faults
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    effects = module.foresee(args, found, wanted) if module.foresee else []
    return compare(module, found, wanted), {(e.kind, e.key): e.value for e in effects}


def through(host: FakeHost, **raw: Any) -> tuple[Any, dict[str, Any]]:
    args, faults = normalise(module, raw)
    assert not faults
    found = module.observe(host, args)
    wanted = module.desire(args, found)
    change = compare(module, found, wanted)
    fields = module.result(args, found, wanted, False)
    if change.action != "none":
        fields.update(module.apply(host, args, found, wanted))
    return change, fields


def ran(host: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in host.runs]


def test_an_installed_package_is_left() -> None:
    host = debianish(CURL)
    change, fields = through(host, name="curl", update_cache=True)
    assert change.action == "none"
    assert ran(host) == []
    assert fields == {"cache_updated": False, "cache_update_time": 1_700_000_000}


def test_installs_what_is_missing_in_one_transaction() -> None:
    host = debianish(CURL)
    change, fields = through(host, pkg=["curl", "jq", "chrony=4.3-*"], install_recommends=False)
    assert change.action == "update"
    (call,) = ran(host)
    assert call.startswith("apt-get -y -o DPkg::Lock::Timeout=60 ")
    assert "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold" in call
    assert call.endswith("-o APT::Install-Recommends=no install jq chrony=4.3-*")
    assert host.runs[0].env["DEBIAN_FRONTEND"] == "noninteractive"
    assert fields["stdout"] == "done\n"


def test_the_action_is_create_when_nothing_is_there() -> None:
    assert through(debianish(), name="jq")[0].action == "create"


@pytest.mark.parametrize(
    ("spec", "action"),
    [
        ("curl=7.88.1-10", "none"),
        ("curl=7.88*", "none"),
        ("curl>=7.80", "none"),
        ("curl=8.*", "update"),
        ("curl>=8", "update"),
        ("cur*", "none"),
    ],
)
def test_versions_and_patterns(spec: str, action: str) -> None:
    host = debianish(CURL).when("apt-cache pkgnames cur", stdout="curl\n")
    assert through(host, name=spec)[0].action == action


def test_a_virtual_package_is_there_when_another_provides_it() -> None:
    host = debianish()
    host.when(["dpkg-query", "-W", "-f", debian.PROVIDES], stdout="installed\tgawk\tawk (= 1), x\n")
    host.when("apt-cache policy awk", stdout="awk:\n  Installed: (none)\n  Candidate: (none)\n")
    assert through(host, name="awk")[0].action == "none"


def test_a_package_of_that_name_is_installed_though_another_provides_it() -> None:
    host = debianish().when("apt-get")
    host.when(["dpkg-query", "-W", "-f", debian.PROVIDES], stdout="installed\tnewer\tolder\n")
    host.when("apt-cache policy older", stdout="older:\n  Candidate: 1.0\n")
    assert through(host, name="older")[0].action == "create"


@pytest.mark.parametrize(("candidate", "action"), [("7.88.1-10", "none"), ("7.88.1-11", "update")])
def test_latest(candidate: str, action: str) -> None:
    policy = f"curl:\n  Installed: 7.88.1-10\n  Candidate: {candidate}\n"
    host = debianish(CURL).when("apt-cache policy", stdout=policy)
    assert through(host, name="curl", state="latest")[0].action == action


def test_latest_fetches_the_lists_first_and_may_find_nothing() -> None:
    policy = "curl:\n  Candidate: 7.88.1-10\n"
    host = debianish(CURL).when("apt-cache policy", stdout=policy)
    change, fields = through(host, name="curl", state="latest", update_cache=True)
    assert change.after == {"cache": "fresh"}
    assert [call.split()[1] for call in ran(host)] == ["update"]
    assert fields["changed"] is False
    assert fields["cache_updated"] is True


def test_removes() -> None:
    host = debianish(CURL)
    change, _ = through(host, name="curl", state="absent", purge=True, autoremove=True)
    assert change.action == "remove"
    assert ran(host)[0].endswith("--auto-remove --purge remove curl")
    assert through(debianish(), name="curl", state="absent")[0].action == "none"


def test_purge_removes_the_configuration_that_is_left() -> None:
    assert through(debianish(RESIDUE), name="curl", state="absent")[0].action == "none"
    assert through(debianish(RESIDUE), name="curl", state="absent", purge=True)[0].action != "none"


def test_only_upgrade_installs_nothing() -> None:
    assert through(debianish(), name="jq", only_upgrade=True)[0].action == "none"


@pytest.mark.parametrize(("valid", "action"), [(3600, "none"), (10, "update"), (0, "update")])
def test_lists_are_fetched_when_they_are_old(valid: int, action: str) -> None:
    host = debianish()
    host.now += 60
    change, _ = through(host, update_cache=True, cache_valid_time=valid)
    assert change.action == action


def test_a_mirror_that_does_not_answer_is_tried_again() -> None:
    host = debianish().when("apt-get update", rc=100, stderr="E: Failed to fetch\n")
    with pytest.raises(ModuleFailure, match="Failed to update apt cache: E: Failed to fetch"):
        through(host, update_cache=True, update_cache_retries=3)
    assert len(host.runs) == 3


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("E: Unable to locate package jq\n", "No package matching 'jq' is available"),
        (
            "E: Version '9' for 'jq' was not found\n",
            "no available installation candidate for jq=9",
        ),
        ("E: broken\n", r"'apt-get install jq' failed: E: broken"),
    ],
)
def test_failures_have_ansibles_words(stderr: str, message: str) -> None:
    host = debianish().when("apt-get -y", rc=100, stderr=stderr)
    with pytest.raises(ModuleFailure, match=message):
        through(host, name="jq")


def test_policy_rc_d_is_put_down_and_taken_away() -> None:
    seen = []

    def look(host: FakeHost, argv: Any) -> None:
        seen.append(host.text("/usr/sbin/policy-rc.d"))

    host = debianish().when("apt-get -y", does=look)
    through(host, name="jq", policy_rc_d=101)
    assert seen == ["#!/bin/sh\nexit 101\n"]
    assert host.lstat("/usr/sbin/policy-rc.d") is None
    host.add_file("/usr/sbin/policy-rc.d", "theirs")
    through(host, name="jq", policy_rc_d=101)
    assert host.text("/usr/sbin/policy-rc.d") == "theirs"


def test_package_files_are_installed_together() -> None:
    host = debianish(CURL)
    for name in ("curl_7.88.1-9_amd64.deb", "jq_1.6_amd64.deb", "libc_1%3a2_amd64.deb"):
        host.add_file(f"/srv/{name}")
    through(host, deb="/srv/*.deb")
    assert ran(host)[0].endswith("install /srv/jq_1.6_amd64.deb /srv/libc_1%3a2_amd64.deb")


def test_a_package_file_of_another_name_is_asked_what_it_holds() -> None:
    host = debianish(CURL)
    host.add_file("/srv/latest.deb")
    host.when("dpkg-deb -f", stdout="Package: curl\nVersion: 7.88.1-10\n")
    assert through(host, deb="/srv/latest.deb")[0].action == "none"


def test_a_missing_package_file_fails() -> None:
    with pytest.raises(ModuleFailure, match=r"no package file matches /srv/\*.deb"):
        through(debianish(), deb="/srv/*.deb")


def test_a_package_file_is_fetched() -> None:
    host = debianish()
    host.serve("https://x.org/jq_1.6_amd64.deb", b"deb")
    through(host, deb="https://x.org/jq_1.6_amd64.deb")
    path = ran(host)[0].split()[-1]
    assert path.endswith("/jq_1.6_amd64.deb")


def test_the_plan_names_all_that_apt_would_do() -> None:
    host = planning(debianish()).when("apt-get -s", stdout=SIMULATED)
    change, effects = plan(host, name="chrony")
    assert change.after["packages"] == {"chrony": "4.3-2"}
    assert change.after["also"] == {"libtool2": "1.1", "systemd-timesyncd": "absent"}
    assert effects["package", "chrony"] == {"state": "present", "version": "4.3-2"}
    assert effects["package", "systemd-timesyncd"]["state"] == "absent"
    assert effects["unit", "chrony.service"]["active"] is True
    assert effects["path", "/usr/bin/chronyc"]["mode"] == "0755"
    assert ("path", "/etc/chrony/chrony.conf") in effects
    assert ("user", "_chrony") in effects
    assert host.runs == []


def test_the_plan_of_packages_that_apt_does_not_know_yet_goes_by_names() -> None:
    host = planning(debianish()).when("apt-get -s", rc=100)
    change, effects = plan(host, name=["kubelet", "kubeadm=1.36.0-1.1"])
    assert change.action == "create"
    assert change.after["packages"] == {
        "kubelet": "present",
        "kubeadm=1.36.0-1.1": "1.36.0-1.1",
    }
    assert effects["unit", "kubelet.service"]["active"] is False
    assert ("path", "/usr/bin/kubeadm") in effects


def test_planned_packages_are_not_planned_again() -> None:
    host = planning(debianish())
    host.effects["package", "jq"] = {"state": "present", "version": "1.6"}
    assert plan(host, name="jq")[0].action == "none"


def test_what_is_there_or_masked_is_not_foreseen() -> None:
    host = planning(debianish()).when("apt-get -s", stdout=SIMULATED)
    host.add_file("/etc/chrony/chrony.conf", "mine")
    host.add_link("/etc/systemd/system/chrony.service", "/dev/null")
    _, effects = plan(host, name="chrony")
    assert ("path", "/etc/chrony/chrony.conf") not in effects
    assert ("unit", "chrony.service") not in effects


def test_policy_rc_d_keeps_services_from_being_foreseen_as_started() -> None:
    host = planning(debianish()).when("apt-get -s", stdout=SIMULATED)
    _, effects = plan(host, name="chrony", policy_rc_d=101)
    assert effects["unit", "chrony.service"]["active"] is False


def test_a_package_file_tells_the_plan_what_it_brings() -> None:
    host = planning(debianish()).when("dpkg-deb -c", stdout=CONTENTS)
    host.add_file("/srv/web_1.0_amd64.deb")
    host.add_link("/lib", "usr/lib")
    change, effects = plan(host, deb="/srv/web_1.0_amd64.deb")
    assert change.after["packages"] == {"web": "1.0"}
    assert effects["unit", "web.service"]["exists"] is True
    assert effects["path", "/usr/bin/web"]["mode"] == "0755"
    assert effects["path", "/usr/bin/w"] == {"state": "link", "target": "web"}
    assert ("path", "/usr/lib/systemd/system/web.service") in effects
    assert ("path", "/usr/share/doc/web/README") not in effects


def test_the_plan_of_package_files_names_what_apt_adds_and_removes() -> None:
    host = planning(debianish()).when("apt-get -s", stdout=SIMULATED).when("dpkg-deb -c")
    host.add_file("/srv/chrony_4.3-2_amd64.deb")
    change, effects = plan(host, deb="/srv/chrony_4.3-2_amd64.deb")
    assert change.after["also"] == {"libtool2": "1.1", "systemd-timesyncd": "absent"}
    assert effects["package", "libtool2"]["version"] == "1.1"
    assert effects["package", "systemd-timesyncd"]["state"] == "absent"


def test_a_version_is_that_of_the_file_name_whether_it_is_there_yet_or_not() -> None:
    path = "/srv/chrony_4.3-2_amd64.deb"
    with_epoch = SIMULATED.replace("4.3-2", "1:4.3-2")
    there = planning(debianish()).when("apt-get -s", stdout=with_epoch).when("dpkg-deb -c")
    there.add_file(path)
    for host in (planning(debianish()), there):
        assert plan(host, deb=path)[0].after["packages"] == {"chrony": "4.3-2"}


def test_package_files_that_are_only_planned_are_planned_by_name() -> None:
    host = planning(debianish())
    change, effects = plan(host, deb=["/srv/kubelet_1.36.0-1.1_amd64.deb", "/srv/more/*.deb"])
    assert change.after["packages"]["kubelet"] == "1.36.0-1.1"
    assert change.after["packages"]["/srv/more/*.deb"] == "present"
    assert effects["package", "kubelet"]["version"] == "1.36.0-1.1"


@pytest.mark.parametrize(
    ("args", "words", "field"),
    [
        ({"upgrade": "dist"}, "dist-upgrade", "upgradable"),
        ({"upgrade": "yes"}, "upgrade --with-new-pkgs", "upgradable"),
        ({"state": "fixed"}, "-f install", "broken"),
        ({"autoremove": True}, "--auto-remove autoremove", "unneeded"),
    ],
)
def test_the_whole_host(args: dict[str, Any], words: str, field: str) -> None:
    host = debianish().when("apt-get -s", stdout=SIMULATED)
    change, _ = through(host, **args)
    assert field in change.before
    assert ran(host)[0].endswith(words)
    calm = debianish().when("apt-get -s", stdout="0 upgraded\n")
    assert through(calm, **args)[0].action == "none"


def test_clean() -> None:
    host = debianish()
    assert through(host, clean=True)[0].action == "none"
    host.add_file("/var/cache/apt/archives/jq.deb")
    assert through(host, clean=True)[0].before == {"archives": ["jq.deb"]}
    assert ran(host)[0].endswith("clean")


def test_autoclean() -> None:
    host = debianish().when("apt-get -s autoclean", stdout="Del jq 1.5 [1 kB]\n")
    assert through(host, autoclean=True)[0].before == {"outdated": ["jq"]}
    assert ran(host)[0].endswith("autoclean")


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.0~rc1", "1.0"),
        ("1.0-1", "1.0-1+b2"),
        ("1.9", "1.10"),
        ("2.0", "1:0.5"),
        ("1.0a", "1.0+"),
        ("1.6.20~ds1-1+deb12u3", "1.6.20~ds1-1+deb12u10"),
    ],
)
def test_versions_are_ordered_as_debian_does(lower: str, higher: str) -> None:
    assert debian.compare(lower, higher) < 0
    assert debian.compare(higher, lower) > 0
    assert debian.compare(lower, lower) == 0


def test_whether_a_service_starts_may_lie_in_the_host() -> None:
    stdout = "Inst fail2ban (1.0.2-2 Debian:12.5/stable [all])\n"
    host = planning(debianish()).when("apt-get -s", stdout=stdout)
    _, effects = plan(host, name="fail2ban")
    assert effects["unit", "fail2ban.service"]["active"] == UNKNOWN
    assert effects["unit", "fail2ban.service"]["enabled"] is True


def test_build_dependencies() -> None:
    host = debianish()
    args = {"name": ["nginx"], "state": "build-dep"}
    host.when("apt-get -s -y build-dep nginx", stdout="Inst libpcre (8.39 Debian:12 [amd64])\n")
    planned = planned_by(module, args, host)
    assert planned.action == "update"
    assert planned.after["also"] == {"libpcre": "8.39"}

    def builds(on: FakeHost, _argv: object) -> str:
        on.when("apt-get -s -y build-dep nginx", stdout="0 upgraded\n")
        return ""

    host.when("apt-get -y", does=builds)
    assert play(module, args, host).changed
    assert "build-dep" in host.runs[-1].argv
    assert planned_by(module, args, host).action == "none"
    host.when("apt-get -s -y build-dep none", rc=100)
    assert "source package for none" in play(module, {**args, "name": "none"}, host).msg


def command(**raw: Any) -> str:
    """The one command line that installing a package comes to."""
    host = debianish()
    through(host, name="jq", **raw)
    (call,) = ran(host)
    return call


PLAIN = command()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"allow_change_held_packages": True}, "--allow-change-held-packages"),
        ({"allow_downgrade": True}, "--allow-downgrades"),
        ({"allow-downgrades": True}, "--allow-downgrades"),
        ({"allow_unauthenticated": True}, "--allow-unauthenticated"),
        ({"default_release": "bookworm-backports"}, "-t bookworm-backports"),
        ({"fail_on_autoremove": True}, "--no-remove"),
        (
            {"force": True},
            "--allow-downgrades --allow-change-held-packages --allow-unauthenticated",
        ),
    ],
)
def test_options_of_apt_get(args: dict[str, Any], words: str) -> None:
    assert command(**args) == PLAIN.replace(" install jq", f" {words} install jq")
    assert words not in PLAIN


def test_options_that_decide_what_is_taken_are_in_the_simulation_too() -> None:
    host = planning(debianish())
    plan(host, name="jq", default_release="sid", fail_on_autoremove=True)
    simulated = [" ".join(one) for one in host.queries if one[:2] == ("apt-get", "-s")]
    assert "-t sid --no-remove install jq" in simulated[0]


def test_options_of_dpkg() -> None:
    call = command(dpkg_options="force-confnew, force-overwrite")
    assert "-o Dpkg::Options::=--force-confnew -o Dpkg::Options::=--force-overwrite" in call
    assert "force-confold" not in call


@pytest.mark.parametrize("seconds", [0, 5])
def test_how_long_a_lock_is_waited_for(seconds: int) -> None:
    assert f"-o DPkg::Lock::Timeout={seconds} " in command(lock_timeout=seconds)
    host = debianish()
    through(host, update_cache=True, lock_timeout=seconds)
    assert ran(host)[0].endswith(f"-o DPkg::Lock::Timeout={seconds}")


def test_lists_are_asked_for_again_after_at_most_that_long() -> None:
    host = debianish().when("apt-get update", rc=100, stderr="no mirror")
    before = host.now
    args = {"update_cache": True, "update_cache_retries": 4, "update_cache_retry_max_delay": 2}
    with pytest.raises(ModuleFailure, match="Failed to update apt cache: no mirror"):
        through(host, **args)
    assert len(host.runs) == 4
    assert host.now - before == 1 + 2 + 2
    once = debianish().when("apt-get update", rc=100)
    with pytest.raises(ModuleFailure):
        through(once, **{**args, "update_cache_retry_max_delay": 0})
    assert once.now == 1_700_000_000.0


def test_an_untrusted_repository_is_read_when_that_is_allowed() -> None:
    host = debianish()
    through(host, update_cache=True, allow_unauthenticated=True)
    assert ran(host)[0].endswith("--allow-insecure-repositories")


def test_aptitude_and_apts_python_library_are_never_used() -> None:
    for args in ({"force_apt_get": True}, {"auto_install_module_deps": False}):
        assert command(**args) == PLAIN
    assert "python" not in PLAIN


BOOKWORM = "ID=debian\nVERSION_CODENAME=bookworm\n"


def test_of_a_listed_package_of_this_release_every_path_is_known() -> None:
    host = planning(debianish()).when("apt-get -s", rc=100)
    _, elsewhere = plan(host, name=["keepalived", "fail2ban"])
    assert elsewhere["brings", "keepalived"] == "keepalived"
    host.add_file("/etc/os-release", BOOKWORM)
    host.add_link("/lib", "usr/lib")
    _, effects = plan(host, name=["keepalived", "fail2ban", "lvm2"])
    assert not [key for kind, key in effects if kind == "brings"]
    assert effects["path", "/etc/keepalived"]["state"] == "directory"
    assert ("path", "/etc/keepalived/keepalived.conf") not in effects
    assert effects["path", "/etc/init.d/keepalived"]["mode"] == "0755"
    assert effects["path", "/usr/lib/systemd/system/keepalived.service"]["content"] == UNKNOWN
    assert effects["path", "/etc/fail2ban/filter.d"]["below"] == UNKNOWN
    assert effects["path", "/sbin/lvs"] == {"state": "link", "target": "lvm"}
    assert "lvm2 brings" in effects["touched", "/etc/init.d/lvm2"]["cause"]
