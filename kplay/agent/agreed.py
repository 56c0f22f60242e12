"""What a plan file says of a step, compared with what is found before the step is applied.

A plan file keeps digests of what was observed and wanted, keyed with a salt of its own. Where a
value must not be guessed from its digest, one slow digest stands for all of them together.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, Dict, List, Optional, Sequence

ROUNDS = 50000
"""Of PBKDF2, for what must not be guessed: about 25 ms a try."""

_NONE = "none"

State = Dict[str, Any]


def digest(value: Any, key: bytes, slow: bool = False) -> str:
    """A digest of JSON-ready data, hexadecimal, of 16 bytes."""
    plain = json.loads(json.dumps(value, default=str))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode("ascii")
    if slow:
        made = hashlib.pbkdf2_hmac("sha256", text, key, ROUNDS)
    else:
        made = hmac.new(key, text, "sha256").digest()
    return binascii.hexlify(made[:16]).decode("ascii")


def compare(
    agreed: Dict[str, Any], found: Dict[str, Any], uncounted: Sequence[str] = ()
) -> Optional[Dict[str, Any]]:
    """How a step differs from what was agreed on; None where it does not.

    Args:
        agreed: ``action``, ``failed``, ``key`` (base64), ``before`` and ``after`` (digests by
            field, None where a plan could not tell), ``hidden`` (of both together) or ``untold``
            (nothing but the action could be told); ``begun``
            for a step that began in a run that broke; ``settled`` where an earlier step of the run
            may have done its work; ``accept`` to go on whatever is found.
        found: ``action``, ``failed``, ``before``, ``after``, ``diff``, ``msg``.
        uncounted: fields that may differ, since they are no change by themselves.

    Returns:
        What was found, with ``differ`` (``before`` or ``after`` and the field, of each that
        differs) and ``stops`` (whether the step must not be applied).
    """
    differ: List[List[str]] = []
    nothing = found["action"] == _NONE and not found["failed"]
    if agreed.get("begun") and nothing:
        return None
    same = found["action"] == agreed["action"] and found["failed"] == bool(agreed.get("failed"))
    if agreed.get("begun") and agreed["action"] != _NONE and not found["failed"]:
        # It may have been half done, so that what was to be created is there by now
        same = True
    if same and found["action"] != _NONE:
        differ = [one for one in _differing(agreed, found) if one[1] not in uncounted]
    if same and not differ:
        return None
    goes_on = bool(agreed.get("accept")) or (nothing and bool(agreed.get("settled")))
    return dict(found, differ=differ, stops=not goes_on)


def stops(result: Dict[str, Any]) -> bool:
    """Whether a step was not applied, because it is not as it was planned."""
    return bool((result.get("drift") or {}).get("stops"))


def _differing(agreed: Dict[str, Any], found: Dict[str, Any]) -> List[List[str]]:
    key = base64.b64decode(agreed["key"])
    if agreed.get("untold"):
        return []
    if agreed.get("hidden"):
        same = digest([found["before"], found["after"]], key, slow=True) == agreed["hidden"]
        return [] if same or agreed.get("begun") else [["before", ""]]
    wrong = []
    for side in ("after",) if agreed.get("begun") else ("before", "after"):
        planned = agreed.get(side) or {}
        for field in sorted(set(planned) | set(found[side])):
            if field in planned and planned[field] is None:
                continue
            if field not in planned or field not in found[side]:
                if not agreed.get("begun"):
                    wrong.append([side, field])
            elif digest([field, found[side][field]], key) != planned[field]:
                wrong.append([side, field])
    return wrong
