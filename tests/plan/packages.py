"""Packages made for tests: what they bring is as various as what Debian's bring."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

UNIT = "[Service]\nExecStart=/usr/bin/{name}\n[Install]\nWantedBy=multi-user.target\n"

# As debhelper writes it
STARTS = """\
#!/bin/sh
set -e
if ! getent passwd {user} >/dev/null; then
  useradd --system --no-create-home --home-dir /nonexistent --user-group {user}
fi
if [ "$1" = "configure" ]; then
  deb-systemd-helper unmask '{name}.service' >/dev/null || true
  if deb-systemd-helper --quiet was-enabled '{name}.service'; then
    deb-systemd-helper enable '{name}.service' >/dev/null || true
  fi
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    deb-systemd-invoke start '{name}.service' >/dev/null || true
  fi
fi
"""


@dataclass(frozen=True)
class Package:
    """A package to be made."""

    name: str
    files: dict[str, str]
    """Path to text; programs are those in a folder called bin."""
    depends: str = ""
    version: str = "1.0"
    conffiles: tuple[str, ...] = ()
    postinst: str = ""
    directories: tuple[str, ...] = field(default=())


PACKAGES = (
    Package(
        "plan-daemon",
        {
            "/usr/bin/plan-daemon": "#!/bin/sh\nexec sleep 100000\n",
            "/usr/lib/systemd/system/plan-daemon.service": UNIT.format(name="plan-daemon"),
            "/etc/plan-daemon/daemon.conf": "level = low\n",
        },
        depends="plan-library",
        conffiles=("/etc/plan-daemon/daemon.conf",),
        postinst=STARTS.format(name="plan-daemon", user="plan-daemon"),
        directories=("/var/lib/plan-daemon",),
    ),
    Package("plan-library", {"/usr/share/plan-library/data": "data\n", "/etc/planlib.conf": "a\n"}),
    Package(
        "plan-tool",
        {"/usr/bin/plantool": "#!/bin/sh\necho tool\n", "/etc/plantool.conf": "colour = none\n"},
        conffiles=("/etc/plantool.conf",),
    ),
    Package("plan-rest", {"/usr/share/plan-rest/data": "rest\n"}),
    Package(
        "plan-listed",
        {
            "/usr/sbin/plan-listed": "#!/bin/sh\nexec sleep 100000\n",
            "/usr/lib/systemd/system/plan-listed.service": UNIT.format(name="plan-listed").replace(
                "/usr/bin", "/usr/sbin"
            ),
            "/etc/listed/listed.conf": "x = 1\n",
        },
        postinst=STARTS.format(name="plan-listed", user="_listed"),
    ),
)

FILES, REPOSITORY = ("plan-daemon", "plan-library", "plan-tool"), ("plan-rest", "plan-listed")
"""Which are copied to hosts one by one, and which lie in a repository of theirs."""


def make(target: Path) -> None:
    """Build all packages below ``target``, those of the repository with its index."""
    for folder in ("debs", "repository"):
        (target / folder).mkdir()
    stanzas = []
    for package in PACKAGES:
        folder = target / ("repository" if package.name in REPOSITORY else "debs")
        file = _build(package, folder)
        if folder.name == "repository":
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            end = f"Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"
            stanzas.append(_control(package) + end)
    (target / "repository/Packages").write_text("\n".join(stanzas))


def _control(package: Package) -> str:
    depends = f"Depends: {package.depends}\n" if package.depends else ""
    return (
        f"Package: {package.name}\nVersion: {package.version}\nArchitecture: all\n{depends}"
        f"Maintainer: kplay <kplay@example.org>\nDescription: for tests\n"
    )


def _build(package: Package, folder: Path) -> Path:
    with TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(_control(package))
        if package.conffiles:
            (tree / "DEBIAN/conffiles").write_text("".join(f"{one}\n" for one in package.conffiles))
        if package.postinst:
            (tree / "DEBIAN/postinst").write_text(package.postinst)
            (tree / "DEBIAN/postinst").chmod(0o755)
        for path, text in package.files.items():
            file = tree / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if file.parent.name in ("bin", "sbin") else 0o644)
        for path in package.directories:
            (tree / path.lstrip("/")).mkdir(parents=True)
        argv = ["dpkg-deb", "--build", "--root-owner-group", str(tree), name]
        subprocess.run(argv, check=True, capture_output=True)
        built = next(Path(name).glob("*.deb"))
        return Path(shutil.move(built, folder / built.name))
