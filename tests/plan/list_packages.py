"""Writes ``kplay/modules/packages_listed.py`` anew: what well-known packages of Debian 12 hold.

To be run on a Debian 12 with its sources of packages; fetches the packages that the table of
``kplay/modules/packages_table.py`` names into a temporary directory.
"""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kplay.modules import deb_file
from kplay.modules.package_effects import PROGRAM, stems
from kplay.modules.packages_table import TABLE

TARGET = Path(__file__).parents[2] / "kplay/modules/packages_listed.py"
MANY = 12
"""Paths of one directory above which they are not named one by one."""

HEAD = '''\
"""What well-known packages of Debian 12 hold, as of {month}.

Written by tests/plan/list_packages.py.

By package, words: ``/etc/x/`` is a directory, ``/etc/x/*`` one of which nobody says what is in it,
``/usr/bin/x>y`` a link, ``/etc/x?`` a file that its scripts may make, ``/etc/x=0440`` one with an
unusual mode.
"""

# ruff: noqa: E501

from typing import Dict

RELEASE = "bookworm"

LISTED: Dict[str, str] = {{
'''


EVERYWHERE = re.compile(
    r"^/(?:(?:usr/)?s?bin|(?:usr/)?lib/systemd(?:/system(?:/\w+\.target\.wants)?)?|usr/lib|var/lib"
    r"|etc/(?:init\.d|init|default|cron\.\w+|logrotate\.d|pam\.d|network(?:/if-[\w-]+\.d)?|profile\.d"
    r"|ppp(?:/ip-\w+\.d)?|apt(?:/apt\.conf\.d)?|security|ssl(?:/certs)?|dhcp(?:/[\w-]+\.d)?"
    r"|kernel(?:/\w+\.d)?|systemd(?:/system)?|sysctl\.d|modules-load\.d|apparmor\.d(?:/local)?))$"
)
"""Directories of no package in particular."""


def words(name: str, holds: dict[str, Any], script: str) -> list[str]:
    crowds: dict[str, int] = {}
    for row in holds["entries"]:
        parent = row[0].rpartition("/")[0]
        crowds[parent] = crowds.get(parent, 0) + 1
    full = {parent for parent, count in crowds.items() if count > MANY and parent.count("/") > 2}
    found = [f"{parent}/*" for parent in full]
    for path, state, mode, _, _, target, _ in holds["entries"]:
        if any(path.startswith(f"{parent}/") for parent in full) or path.count("/") < 2:
            continue
        if EVERYWHERE.match(path) or "@" in path:
            continue
        usual = "0755" if state == "directory" or PROGRAM.match(path) else "0644"
        odd = f"={mode}" if mode != usual and state != "link" else ""
        end = {"directory": "/", "link": f">{target}"}.get(state, "")
        found.append(f"{path}{end}{odd}")
    listed = {row[0] for row in holds["entries"]}
    made = set(re.findall(r"(?<![\w.$}/])/(?:etc|var/lib|opt)(?:/[\w.+@-]+)+", script))
    known = {*TABLE[name].files, *TABLE[name].directories}
    own = {f"{path}?" for path in made - listed - known if _is_own(name, path)}
    return sorted({*found, *own})


def _is_own(name: str, path: str) -> bool:
    parts = {part for whole in path.split("/") for part in (whole, whole.partition(".")[0])}
    return bool(parts & set(stems(name)))


def main() -> None:
    lines = []
    with TemporaryDirectory() as folder:
        for name in sorted(TABLE):
            subprocess.run(["apt-get", "download", "-qq", name], cwd=folder, check=False)
            for file in Path(folder).glob(f"{name}_*.deb"):
                holds = deb_file.contents(file.read_bytes())
                argv = ["dpkg-deb", "-I", str(file), "postinst"]
                script = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
                if holds is not None:
                    lines += _entry(name, words(name, holds, script))
    month = subprocess.run(["date", "+%Y-%m"], capture_output=True, text=True, check=True).stdout
    TARGET.write_text(HEAD.format(month=month.strip()) + "".join(lines) + "}\n")


def _entry(name: str, found: list[str]) -> list[str]:
    text = " ".join(found)
    if len(text) + len(name) < 85:
        return [f'    "{name}": "{text}",\n']
    wrapped = textwrap.wrap(text, 88, break_long_words=False, break_on_hyphens=False)
    parts = [f'        "{line} "\n' for line in wrapped[:-1]] + [f'        "{wrapped[-1]}"\n']
    return [f'    "{name}": (\n', *parts, "    ),\n"]


if __name__ == "__main__":
    main()
