"""Facts that a host's administrator gives: files and programs called NAME.fact."""

import configparser
import json
from typing import TYPE_CHECKING, Any, Dict, Optional

from kplay.agent.host import UnknownValue

if TYPE_CHECKING:
    from kplay.agent.host import Probe

Facts = Dict[str, Any]

_NEITHER = "error loading facts as JSON or ini - please check content: %s"
_BAD_INI = "error loading facts as ini - please check content: %s (%s)"
_FAILED = "Failure executing fact script (%s), rc: %s, err: %s"


def local(probe: "Probe", directory: str) -> Facts:
    """Read every fact; what executable ones print, of others the content. A fault is its text."""
    found = {}  # type: Facts
    for path in probe.glob(directory.rstrip("/") + "/*.fact"):
        name = path.rsplit("/", 1)[1][: -len(".fact")]
        there = probe.stat(path)
        if there is None:
            continue
        if not there.mode & 0o100:
            found[name] = parsed(_text(probe, path), path)
            continue
        planned = probe.effect("path", path)
        if planned is not None and ("content" in planned or "digest" in planned):
            raise UnknownValue("what %s will print" % path)
        done = probe.query([path])
        if done.rc != 0:
            found[name] = _FAILED % (path, done.rc, done.stderr)
        else:
            found[name] = parsed(done.stdout, path)
    return {"local": found}


def _text(probe: "Probe", path: str) -> str:
    try:
        return probe.read(path).decode("utf-8")
    except UnicodeDecodeError:
        return ""


def parsed(text: str, path: str) -> Any:
    """JSON, else sections of ``name = value`` with names in lower case, else what is wrong."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return _NEITHER % path
    found = {}  # type: Facts
    for section in parser.sections():
        found[section] = {}
        for option in parser.options(section):
            value, fault = _value(parser, section, option)
            if fault:
                return _BAD_INI % (path, fault)
            found[section][option] = value
    return found


def _value(parser: Any, section: str, option: str) -> "tuple[Optional[str], str]":
    try:
        return parser.get(section, option), ""
    except configparser.Error as error:
        return None, str(error)
