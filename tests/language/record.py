"""Records the language cases anew with ansible-core: those that changed, or those named.

Cases that use filters, tests or lookups of collections need ansible.utils, community.general and
community.crypto where ansible-core finds them (``ANSIBLE_COLLECTIONS_PATH``).
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from oracle.cases import RECORDED, Case, cases
from oracle.with_ansible import record, version


def _stale(case: Case) -> bool:
    if not case.record.exists():
        return True
    known = json.loads(case.record.read_text())
    return bool(known["digest"] != case.digest() or known["ansible_core"] != version())


def _record(case: Case) -> str:
    try:
        made = record(case)
    except RuntimeError as error:
        return f"not recorded: {error}"
    case.record.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    return f"recorded {case.name}"


def main(names: list[str]) -> None:
    every = cases()
    wanted = [case for case in every if case.name in names or (not names and _stale(case))]
    RECORDED.mkdir(exist_ok=True)
    kept = {case.record for case in every}
    for old in set(RECORDED.glob("*.json")) - kept:
        old.unlink()
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(_record, wanted))
    print("\n".join(said))  # noqa: T201
    if any(line.startswith("not") for line in said):
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
