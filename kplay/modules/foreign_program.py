"""foreign_program: runs a module that is a program in any language, as Ansible would.

It is given one argument: the path of a file that holds the arguments, as JSON or as ``key=value``
words. A program cannot say that it would leave the host alone, so a plan never asks it.
"""

import json
import shlex
from typing import TYPE_CHECKING, List

from kplay.modules.api import Arg, Args, Module, State
from kplay.modules.foreign_answer import LONGEST, answer, taken

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(_probe: "Probe", _args: Args) -> State:
    """Nothing can be told before it runs."""
    return {}


def desire(args: Args, _found: State) -> State:
    """Want it run."""
    return {"module": args["name"]}


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Put it and its arguments on the host, and run it."""
    folder = host.tempdir()
    program, arguments = folder + "/" + args["file"], folder + "/args"
    host.write(program, args["content"], mode=0o700)
    host.write(arguments, _text(args).encode("utf-8", "surrogateescape"), mode=0o600)
    argv = [*_interpreter(host, args["shebang"] or ""), program, arguments]
    return taken(answer(host.run(argv, most=LONGEST)))


def _text(args: Args) -> str:
    given = dict(args["parameters"] or {})
    for name, value in dict(args["told"] or {}, check_mode=False).items():
        given["_ansible_" + name] = value
    if args["format"] == "json":
        return json.dumps(given)
    return "".join("%s=%s " % (name, shlex.quote(str(value))) for name, value in given.items())


def _interpreter(host: "Host", shebang: str) -> List[str]:
    """What runs it: the first line's program; for Python the one that the agent runs under.

    A directory of temporary files may be mounted noexec, so that a script is not run by itself.
    """
    words = shebang.split()
    while words and words[0].rpartition("/")[2] == "env":
        words = [word for word in words[1:] if word != "-S"]
    if words and words[0].rpartition("/")[2].startswith("python"):
        return [str(host.facts()["executable"]), *words[1:]]
    return words


module = Module(
    "foreign_program",
    args={
        "name": Arg(required=True),
        "file": Arg(required=True),
        "content": Arg("content", required=True),
        "format": Arg(choices=("json", "words"), default="words"),
        "shebang": Arg(),
        "parameters": Arg("dict"),
        "told": Arg("dict"),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
)
