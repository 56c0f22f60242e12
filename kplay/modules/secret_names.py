"""Names of values that are secret whatever they are."""

import re
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SECRET_KEY = re.compile(
    r"(?:^|_)(?:pass(?:word|wd|phrase)?|token|secret|certificate_?key|private_key|api_?key"
    r"|credentials?)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_secret_key(name: str) -> bool:
    """Say whether a value under this name is hidden whatever it is."""
    return bool(_SECRET_KEY.search(_CAMEL.sub("_", name)))
