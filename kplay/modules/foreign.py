"""foreign: runs a module that is not kplay's as Ansible would, from memory.

The controller sends the source of the module and of all that it imports, each file once. A runner
puts them on Python's path without a file, hands the arguments over as
``ansible.module_utils.basic`` expects them, and what is printed is the result. In a plan a module
that says of itself that it supports check mode is asked what it would do.
"""

import json
from typing import TYPE_CHECKING, Any, List

from kplay.modules import schema
from kplay.modules.api import UNKNOWN, Arg, Args, Module, State
from kplay.modules.foreign_answer import LONGEST, answer, taken

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

STUB = 'import sys, json; head = json.loads(sys.stdin.readline()); exec(head["runner"])'

# Runs on the host under its Python; standard input: a line with itself and the arguments, the files
RUNNER = r"""
import importlib.abc, importlib.machinery, os, runpy, subprocess, sys
rest = sys.stdin.read()
files = json.loads(rest)
class Sources(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    def place(self, name):
        base = name.replace(".", "/")
        for path in (base + ".py", base + "/__init__.py"):
            if path in files:
                return path
        return base + "/" if any(one.startswith(base + "/") for one in files) else None
    def find_spec(self, name, path=None, target=None):
        place = self.place(name)
        if place is None:
            return None
        spec = importlib.machinery.ModuleSpec(
            name, self, origin="kplay:" + place, is_package=self.is_package(name))
        spec.has_location = True
        return spec
    def is_package(self, name):
        return (self.place(name) or "").endswith(("/", "/__init__.py"))
    def get_filename(self, name):
        return "kplay:" + (self.place(name) or name)
    def get_source(self, name):
        return files.get(self.place(name) or "", "")
sys.meta_path.insert(0, Sources())
sys.argv = [head["package"]]
try:
    from ansible.module_utils import basic
except SyntaxError:
    text = "ansible-core %s does not run under the host's Python %s: it needs a newer one"
    has = ".".join(map(str, sys.version_info[:3]))
    text = text % (head["args"].get("_ansible_version") or "?", has)
    print(json.dumps({"failed": True, "msg": text}))
    sys.exit(1)
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": head["args"]}).encode()
basic._ANSIBLE_PROFILE = "legacy"
try:
    from ansible.module_utils.common import respawn
except ImportError:
    pass
else:
    def respawn_module(interpreter_path):
        if head.get("respawned"):
            raise Exception("module has already been respawned")
        text = json.dumps(dict(head, respawned=True)) + "\n" + rest
        again = subprocess.Popen([interpreter_path, "-c", head["stub"]], stdin=subprocess.PIPE)
        again.communicate(text.encode("utf-8", "surrogateescape"))
        sys.exit(again.returncode)
    def probe_interpreters_for_module(interpreter_paths, module_name):
        for path in interpreter_paths:
            if os.path.exists(path) and subprocess.call([path, "-c", "import " + module_name],
                                                        stderr=subprocess.DEVNULL) == 0:
                return path
        return None
    respawn.respawn_module = respawn_module
    respawn.probe_interpreters_for_module = probe_interpreters_for_module
known = {"_module_fqn": head["package"], "_modlib_path": ""}
if head.get("respawned"):
    known["_respawned"] = True
runpy.run_module(head["package"], init_globals=known, run_name="__main__", alter_sys=True)
"""


def _argv(probe: "Probe") -> List[str]:
    # Without -B what the host's own libraries are compiled to would be written beside them
    return [str(probe.facts()["executable"]), "-B", "-c", STUB]


def _stdin(probe: "Probe", args: Args, **told: Any) -> str:
    given = dict(args["parameters"] or {})
    for name, value in dict(args["told"] or {}, **told).items():
        if not args["may_be_told"] or name in args["may_be_told"]:
            given["_ansible_" + name] = value
    head = {"runner": RUNNER, "stub": STUB, "package": args["package"], "args": given}
    listed = json.loads(probe.source(args["listed"])).items()
    files = {path: probe.source(name) for path, name in listed}
    return "%s\n%s" % (json.dumps(head), json.dumps(files))


def observe(probe: "Probe", args: Args) -> State:
    """In a plan, ask the module itself in check mode, where it has one."""
    if not probe.scratch() or not args["checks"]:
        return {"asked": False}
    if schema.unknown(args["parameters"]):
        return {"asked": False, "foreseen": "update"}
    # Nor does a plan leave a word in the host's log, which is what no_log says here
    stdin = _stdin(probe, args, check_mode=True, no_log=True)
    said = answer(probe.vouched(_argv(probe), stdin, most=LONGEST))
    if said.get("skipped") and not said.get("failed"):
        return {"asked": False}
    found: State = {"asked": True, "said": taken(said)}
    if found["said"].get("changed"):
        found["foreseen"] = "update"
    return found


def desire(args: Args, found: State) -> State:
    """Want it run, unless it said that nothing would change."""
    if found["asked"] and not found["said"].get("changed"):
        return {}
    wanted: State = {"module": args["name"]}
    if "foreseen" in found and not found["asked"]:
        wanted["arguments"] = UNKNOWN
    return wanted


def result(_args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """What it said, in its check mode too."""
    return dict(found.get("said", {}))


def apply(host: "Host", args: Args, _found: State, _wanted: State) -> State:
    """Run it."""
    return taken(
        answer(host.run(_argv(host), stdin=_stdin(host, args, check_mode=False), most=LONGEST))
    )


module = Module(
    "foreign",
    args={
        "name": Arg(required=True),
        "package": Arg(required=True),
        "listed": Arg(required=True),
        "parameters": Arg("dict"),
        "told": Arg("dict"),
        "may_be_told": Arg("list"),
        "checks": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    kind="action",
    result=result,
)
