from __future__ import annotations

import io
import tarfile

import pytest

from kplay.modules import deb_file, package_effects
from kplay.modules.api import UNKNOWN
from kplay.testing import FakeHost

POSTINST = """\
#!/bin/sh
NAME=_web
if ! getent group web-admin >/dev/null; then
  addgroup --system web-admin
fi
adduser --quiet --system --group --no-create-home \\
  --home /var/lib/web $NAME >/dev/null || true
if deb-systemd-helper --quiet was-enabled 'web.service'; then
  deb-systemd-helper enable 'web.service' >/dev/null || true
fi
if deb-systemd-helper debian-installed 'spare.service'; then
  if deb-systemd-helper --quiet was-enabled 'spare.service'; then
    deb-systemd-helper enable 'spare.service' >/dev/null || true
  fi
fi
deb-systemd-helper enable wants.service lacks.service asks.service once.service
_dh_action=start
deb-systemd-invoke $_dh_action 'web.service' 'once.service' 'spare.service' >/dev/null || true
deb-systemd-invoke start wants.service lacks.service asks.service
"""
UNIT = "[Service]\nExecStart=/usr/bin/web\n[Install]\nWantedBy=multi-user.target\n"
FILES = {
    "./etc/web/web.conf": "port = 80\n",
    "./usr/bin/web": "#!",
    "./usr/share/doc/web/README": "read\n",
    "./lib/systemd/system/web.service": UNIT,
    "./lib/systemd/system/once.service": UNIT.replace("[Service]", "[Service]\nType=oneshot"),
    "./lib/systemd/system/idle.service": UNIT,
    "./lib/systemd/system/spare.service": UNIT,
    "./lib/systemd/system/wants.service": "[Unit]\nConditionPathExists=/etc/web/on\n" + UNIT,
    "./lib/systemd/system/lacks.service": "[Unit]\nConditionPathExists=!/etc/web/on\n" + UNIT,
    "./lib/systemd/system/asks.service": "[Unit]\nConditionVirtualization=!container\n" + UNIT,
    "./lib/systemd/system/part.service": "[Service]\nExecStart=/usr/bin/web\n",
    "./usr/lib/sysusers.d/web.conf": "u web-log - -\ng web-read\n",
}


def tar(files: dict[str, str], kind: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}") as whole:
        for name, text in files.items():
            one = tarfile.TarInfo(name)
            one.size, one.mode = len(text), 0o755 if "/bin/" in name else 0o640
            one.uname = one.gname = "root"
            whole.addfile(one, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("./usr/bin/w")
        link.type, link.linkname = tarfile.SYMTYPE, "web"
        whole.addfile(link)
    return out.getvalue()


def deb(kind: str = "xz", **members: bytes) -> bytes:
    control = {"./control": "Package: web\n", "./postinst": POSTINST,
               "./conffiles": "/etc/web/web.conf\n"}  # fmt: skip
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": tar(control, "gz")}
    parts[f"data.tar.{kind}"] = tar(FILES, kind)
    parts.update(members)
    made = b"!<arch>\n"
    for name, data in parts.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        made += data + b"\n" * (len(data) % 2)
    return made


@pytest.mark.parametrize("kind", ["xz", "gz", "bz2"])
def test_what_a_package_holds(kind: str) -> None:
    holds = deb_file.contents(deb(kind))
    assert holds is not None
    rows = {row[0]: row[1:] for row in holds["entries"]}
    assert rows["/etc/web/web.conf"] == ["file", "0640", "root", "root", "", "port = 80\n"]
    assert rows["/usr/bin/web"] == ["file", "0755", "root", "root", "", None]
    assert rows["/usr/bin/w"][4] == "web"
    assert "/usr/share/doc/web/README" not in rows
    assert holds["conffiles"] == ["/etc/web/web.conf"]
    assert "spare.service" in holds["starts"]
    assert "spare.service" not in holds["enables"]
    assert {"web.service", "once.service"} <= {*holds["starts"]} & {*holds["enables"]}
    assert holds["users"] == ["_web", "web-log"]
    assert holds["groups"] == ["_web", "web-admin", "web-log", "web-read"]


@pytest.mark.parametrize("data", [b"", b"!<arch>\n", b"no package", deb()[:200]])
def test_what_cannot_be_read_is_not_guessed(data: bytes) -> None:
    assert deb_file.contents(data) is None


def effects(host: FakeHost, *, starts: bool = True) -> dict[tuple[str, str], object]:
    host.scratch = lambda: True  # type: ignore[method-assign]
    found = package_effects.of_package(host, "/srv/web_1_all.deb", "web", "1", starts)
    return {(one.kind, one.key): one.value for one in found}


def host() -> FakeHost:
    made = FakeHost()
    made.add_file("/srv/web_1_all.deb", deb())
    made.add_link("/lib", "usr/lib")
    return made


def test_what_its_installation_leaves() -> None:
    found = effects(host())
    names = ("web", "once", "idle", "part", "spare", "wants", "lacks", "asks")
    units = {name: found["unit", f"{name}.service"] for name in names}
    states = {name: (one["active"], one["enabled"]) for name, one in units.items()}
    assert states == {
        "web": (True, True),
        "once": (False, True),
        "idle": (False, False),
        "part": (False, True),
        "spare": (False, False),
        "wants": (False, True),
        "lacks": (True, True),
        "asks": (UNKNOWN, True),
    }
    assert found["path", "/etc/web/web.conf"]["content"] == "port = 80\n"
    assert found["path", "/usr/bin/web"]["content"] == UNKNOWN
    assert found["path", "/usr/lib/systemd/system/web.service"]["state"] == "file"
    assert found["user", "_web"]["uid"] == UNKNOWN
    assert ("brings", "web") not in found
    assert "/usr/bin/web" in found["package", "web"]["files"]


def test_policy_rc_d_keeps_services_from_being_started() -> None:
    assert effects(host(), starts=False)["unit", "web.service"]["active"] is False


def test_configuration_that_is_there_stays() -> None:
    there = host()
    there.add_file("/etc/web/web.conf", "mine\n")
    there.add_file("/usr/bin/web", "old\n")
    found = effects(there)
    assert ("path", "/etc/web/web.conf") not in found
    assert found["path", "/usr/bin/web"]["content"] == UNKNOWN


def test_a_planned_package_file_was_read_on_the_controller() -> None:
    planned = FakeHost()
    path = "/srv/web_1_all.deb"
    planned.effects["path", path] = {"state": "file", "package": deb_file.contents(deb())}
    assert effects(planned)["unit", "web.service"]["active"] is True
    planned.effects["path", path] = {"state": "file"}
    assert effects(planned) == {}


def test_what_a_removal_leaves() -> None:
    planned = host()
    for kind_and_key, value in effects(planned).items():
        planned.effects[kind_and_key] = value
    planned.add_file("/usr/bin/web", "x")
    planned.add_file("/etc/web/web.conf", "x")
    planned.when(["dpkg-query"], rc=1)
    kept = {one.key for one in package_effects.of_removed(planned, ["web"], purge=False)}
    gone = {one.key for one in package_effects.of_removed(planned, ["web"], purge=True)}
    assert gone - kept == {"/etc/web/web.conf"}
    assert {"/usr/bin/web", "web.service", "web"} <= kept
