from __future__ import annotations

import subprocess
import sys


def test_only_ssh_loads_the_ssh_libraries() -> None:
    code = (
        "import sys, kplay.transport.connect, kplay.transport.target, kplay.transport.local,"
        "kplay.transport.openssh, kplay.agent.session;"
        "sys.exit(bool({'paramiko', 'fabric', 'invoke', 'cryptography'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
