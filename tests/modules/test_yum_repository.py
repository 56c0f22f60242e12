from __future__ import annotations

import pytest

from kplay.modules.yum_repository import module
from kplay.testing import FakeHost, plan, play

D = "/etc/yum.repos.d"
ARGS = {
    "name": "kubernetes",
    "description": "Kubernetes",
    "baseurl": ["https://one/rpm", "https://two/rpm"],
    "gpgcheck": True,
    "enabled": False,
    "exclude": ["kubelet", "kubeadm"],
    "gpgkey": "https://one/key",
}
TEXT = """\
[kubernetes]
baseurl = https://one/rpm
\thttps://two/rpm
enabled = 0
exclude = kubelet kubeadm
gpgcheck = 1
gpgkey = https://one/key
name = Kubernetes
"""


def test_a_file_is_made_once() -> None:
    there = FakeHost(dirs=[D])
    planned = plan(module, {**ARGS, "mode": "0600"}, there)
    assert planned.action == "create"
    assert planned.effects == [
        (
            "path",
            f"{D}/kubernetes.repo",
            {"state": "file", "content": TEXT, "mode": "0600", "owner": "root", "group": "root"},
        )
    ]
    done = play(module, {**ARGS, "mode": "0600"}, there)
    assert (done.changed, done["repo"], done["state"]) == (True, "kubernetes", "present")
    assert there.text(f"{D}/kubernetes.repo") == TEXT
    assert there.files.need(f"{D}/kubernetes.repo").mode == 0o600
    assert plan(module, {**ARGS, "mode": "0600"}, there).action == "none"


def test_other_repositories_of_the_file_stay() -> None:
    before = "# ours\n[a]\nbaseurl = x\n\n[kubernetes]\nbaseurl = old\n\n[b]\nbaseurl = y\n"
    there = FakeHost(files={f"{D}/all.repo": before})
    args = {**ARGS, "file": "all"}
    assert plan(module, args, there).action == "update"
    assert play(module, args, there).changed
    assert there.text(f"{D}/all.repo") == before.replace("[kubernetes]\nbaseurl = old\n", TEXT)
    gone = {"name": "kubernetes", "file": "all", "state": "absent"}
    assert play(module, gone, there).changed
    assert there.text(f"{D}/all.repo") == before.replace("[kubernetes]\nbaseurl = old\n\n", "")
    assert not play(module, gone, there).changed


def test_another_repository_is_added_behind() -> None:
    there = FakeHost(files={f"{D}/all.repo": "[a]\nbaseurl = x\n"})
    assert play(module, {**ARGS, "file": "all"}, there).changed
    assert there.text(f"{D}/all.repo") == "[a]\nbaseurl = x\n\n" + TEXT


def test_the_last_repository_takes_the_file_with_it() -> None:
    there = FakeHost(files={f"{D}/kubernetes.repo": TEXT})
    args = {"name": "kubernetes", "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert there.stat(f"{D}/kubernetes.repo") is None
    assert plan(module, args, there).action == "none"
    assert not play(module, args, FakeHost()).changed


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"async": True}, "async = 1"),
        ({"repo_gpgcheck": False}, "repo_gpgcheck = 0"),
        ({"skip_if_unavailable": True}, "skip_if_unavailable = 1"),
        ({"sslverify": False}, "sslverify = 0"),
        ({"validate_certs": False}, "sslverify = 0"),
        ({"ca_cert": "/ca"}, "sslcacert = /ca"),
        ({"client_cert": "/c", "client_key": "/k"}, "sslclientkey = /k"),
        ({"module_hotfixes": True}, "module_hotfixes = 1"),
        ({"priority": 10}, "priority = 10"),
        ({"proxy": "http://p", "proxy_username": "u", "proxy_password": "x"}, "proxy = http://p"),
        ({"excludepkgs": "x"}, "exclude = x"),
        ({"includepkgs": ["a", "b"]}, "includepkgs = a b"),
        ({"metalink": "https://m"}, "metalink = https://m"),
        ({"timeout": 5, "retries": 3, "throttle": "1k"}, "throttle = 1k"),
        ({"keepcache": "1", "ip_resolve": "4"}, "ip_resolve = 4"),
        ({"bandwidth": "1M", "cost": 900, "countme": True}, "cost = 900"),
        ({"deltarpm_percentage": "10", "deltarpm_metadata_percentage": "5"},
         "deltarpm_percentage = 10"),
        ({"enablegroups": False, "failovermethod": "priority", "gpgcakey": "https://ca"},
         "failovermethod = priority"),
        ({"http_caching": "none", "include": "/etc/x.conf", "keepalive": True}, "keepalive = 1"),
        ({"metadata_expire": "6h", "metadata_expire_filter": "never", "mirrorlist_expire": "1d"},
         "metadata_expire = 6h"),
        ({"username": "u", "password": "x", "protect": True, "s3_enabled": False}, "protect = 1"),
        ({"ssl_check_cert_permissions": True, "ui_repoid_vars": "releasever"},
         "ui_repoid_vars = releasever"),
        ({"reposdir": D, "unsafe_writes": False}, "name = X"),
    ],
)  # fmt: skip
def test_options(args: dict[str, object], line: str) -> None:
    there = FakeHost(dirs=[D])
    whole = {"name": "x", "description": "X", "mirrorlist": "https://list", **args}
    assert play(module, whole, there).changed
    assert line in there.text(f"{D}/x.repo").splitlines()
    assert not play(module, whole, there).changed


def test_what_is_missing_is_told() -> None:
    there = FakeHost(dirs=[D])
    told = play(module, {"name": "x", "description": "X"}, there).msg
    assert told == "one of the following is required: baseurl, metalink, mirrorlist"
    told = play(module, {"name": "x", "baseurl": "u"}, there).msg
    assert told == "state is present but all of the following are missing: description"
    assert "does not exist" in play(module, ARGS, FakeHost()).msg
