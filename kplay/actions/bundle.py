"""bundle_artifact: a file of the bundle, to the host or to be used on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kplay.actions.api import Answer, Call, Context, digest_of, fault
from kplay.actions.files import placed
from kplay.bundle.find import AmbiguousError, Found, LackingError, fault_of, find
from kplay.bundle.model import BundleInputError
from kplay.modules.api import UNKNOWN
from kplay.playbook.values import is_template
from kplay.resolve.unknown import causes_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kplay.actions.api import Outcome

_NAMED = 3  # variables that a hint names at most
_OF_THE_BUNDLE = ("name", "version", "bundle")
_MODES = {"binary": "0755"}
"""Modes by kind where the task says none; of all others 0644."""


def bundle_artifact(context: Context) -> Outcome:
    """Find it, compare its digest with the lock's, and copy it where ``dest`` says.

    Without ``dest`` it is looked up alone: the result says where it lies on the controller.
    """
    args = dict(context.args)
    asked = {key: args.pop(key) for key in _OF_THE_BUNDLE if key in args}
    if not asked.get("name"):
        raise fault(context, "missing-argument", "`bundle_artifact` needs a `name`", "name")
    asked.setdefault("bundle", context.scope["kplay_bundle"])
    causes = causes_in(asked)
    if "dest" not in args:
        if args:
            message = f"`{next(iter(args))}` says how the file is on the host, which wants `dest`"
            raise fault(context, "missing-argument", message, next(iter(args)))
        if causes:
            return Answer({"changed": False}, causes=causes)
        return Answer({"changed": False, **_returned(_sought(context, asked))})
    if causes:
        return [Call("copy", {**args, "content": UNKNOWN})]
    found = _sought(context, asked)
    args.setdefault("mode", _MODES.get(found.artifact.kind, "0644"))
    call = placed(context, args, found.file)
    call.added = _returned(found)
    return [call]


def _sought(context: Context, asked: dict[str, Any]) -> Found:
    directory = Path(str(asked["bundle"])).expanduser().absolute()
    name, version = str(asked["name"]), str(asked.get("version") or "")
    try:
        found = find(directory, name, version)
    except AmbiguousError as error:
        bands = context.scope.store.bands(context.play, context.task)
        hints = settings(bands.defaults) or ("say which with `version`",)
        raise fault(context, "several-artifacts", str(error), "name", hints) from error
    except LackingError as error:
        hints = (_build(context), _ELSEWHERE)
        raise fault(context, "no-artifact", str(error), "name", hints) from error
    except BundleInputError as error:
        raise fault(context, "bad-bundle", str(error), "name") from error
    wrong = fault_of(directory, found, digest_of)
    if wrong:
        raise fault(context, "bad-artifact", wrong, "name", (_build(context),))
    return found


_ELSEWHERE = "or name another bundle: `-e kplay_bundle=DIR`"


def settings(defaults: Mapping[str, object]) -> tuple[str, ...]:
    """How to say a version: by the variables that roles around a task have defaults for.

    A default that is made of other variables follows those, and is named only where all are such.
    """
    versions = sorted(one for one in defaults if one == "version" or one.endswith("_version"))
    own = [one for one in versions if not is_template(getattr(defaults[one], "value", None))]
    names = own or versions
    return tuple(f"set it: `-e {name}=VERSION`" for name in names[:_NAMED])


def _build(context: Context) -> str:
    playbook = context.play.span.file
    return f"`kplay bundle build --for {playbook} -i INVENTORY` gets what the playbook needs"


def _returned(found: Found) -> dict[str, Any]:
    artifact = found.artifact
    images = [{"reference": one.reference, "digest": one.digest} for one in found.images]
    return {
        "name": artifact.name,
        "version": artifact.version,
        "path": str(found.file),
        "sha256": artifact.sha256,
        "bytes": artifact.size,
        **({"images": images} if images else {}),
    }
