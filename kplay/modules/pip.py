"""pip: Python packages installed, upgraded and removed, in a virtual environment or outside."""

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Dict, List

from kplay.agent.host import UnknownValue
from kplay.modules import python_packages, textfile
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State
from kplay.modules.lacking import lacking
from kplay.modules.python_packages import Requirement

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe


def observe(probe: "Probe", args: Args) -> State:
    """Find pip, and which of the packages asked for are there as asked."""
    if not args["name"] and not args["requirements"]:
        raise ModuleFailure("one of the following is required: name, requirements")
    if args["version"] and (not args["name"] or len(_names(args)) > 1):
        raise ModuleFailure("'version' argument is ambiguous when installing multiple package "
                            "distributions. Please specify version restrictions next to each "
                            "package in 'name' argument.")  # fmt: skip
    if args["version"] and args["state"] == "latest":
        raise ModuleFailure("version is incompatible with state=latest")
    found: State = {"environment": "", "program": ""}
    if args["virtualenv"]:
        there = probe.stat(args["virtualenv"] + "/bin/activate") is not None
        found["environment"] = "present" if there else ABSENT
    found["program"] = _program(probe, args)
    found["fits"], found["packages"] = {}, {}
    places = python_packages.places(probe, found["program"])
    installed = python_packages.installed(probe, places)
    for one in _asked(probe, args):
        version = installed.get(one.name, ABSENT)
        planned = probe.effect("python_package", f"{found['program']} {one.name}")
        if isinstance(planned, dict):
            version = planned["version"]
        found["packages"][one.text] = version
        found["fits"][one.text] = _fits(probe, args, one, version)
    found["installed"] = installed
    versions = found["packages"].values()
    found["state"] = ABSENT if versions and all(v == ABSENT for v in versions) else "present"
    return found


def _fits(probe: "Probe", args: Args, one: Requirement, version: str) -> bool:
    state = args["state"]
    if state == "absent":
        return version == ABSENT
    if version == ABSENT or state == "forcereinstall":
        return False
    if version == "latest":
        return not one.clauses
    if state == "latest":
        if probe.scratch():
            raise UnknownValue(f"whether the index has a newer {one.name} than {version}")
        return False
    return python_packages.fits(one, version)


def _program(probe: "Probe", args: Args) -> str:
    if args["virtualenv"]:
        return posixpath.join(args["virtualenv"], "bin", "pip")
    if args["executable"]:
        given = str(args["executable"])
        program = given if given.startswith("/") else probe.which(given)
    else:
        program = probe.which("pip3") or probe.which("pip")
    if not program or probe.stat(program) is None:
        message = "Unable to find any of pip3 to use.  pip needs to be installed."
        raise lacking(probe, "program pip", message)
    return program


def _names(args: Args) -> List[str]:
    return python_packages.rejoined(args["name"] or [])


def _asked(probe: "Probe", args: Args) -> List[Requirement]:
    version = args["version"]
    names = [f"{one}=={version}" if version else one for one in _names(args)]
    if version and re.match(r"^[<>=!~]", version):
        names = [one + version for one in _names(args)]
    asked = [python_packages.requirement(one) for one in names]
    if args["requirements"]:
        path = posixpath.join(args["chdir"] or "/", args["requirements"])
        asked += _listed(probe, path)
    return asked


def _listed(probe: "Probe", path: str) -> List[Requirement]:
    """The requirements in a file, and in those that it names."""
    if probe.stat(path) is None:
        message = f"Could not open requirements file: {path}"
        raise lacking(probe, f"file {path}", message)
    asked = []
    text = textfile.decode(probe.read(path)).replace("\\\n", " ")
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        line = re.split(r"\s--", line, maxsplit=1)[0] if not line.startswith("-") else line
        nested = re.match(r"^(?:-r|--requirement)[ =]?(.+)$", line)
        if nested is not None:
            below = posixpath.join(posixpath.dirname(path), nested.group(1).strip())
            asked += _listed(probe, below)
        elif line.startswith(("-e", "--editable")):
            asked.append(python_packages.requirement("file://" + line))
        elif line and not line.startswith("-"):
            asked.append(python_packages.requirement(line))
    return asked


def desire(args: Args, found: State) -> State:
    """Want every package to be there as asked, or to be gone."""
    wanted: State = {"fits": dict.fromkeys(found["fits"], True)}
    if args["virtualenv"] and args["state"] != "absent":
        wanted["environment"] = "present"
    todo = [name for name, good in found["fits"].items() if not good]
    if todo:
        change = {"absent": ABSENT, "latest": "latest"}.get(args["state"], "present")
        wanted["packages"] = dict(found["packages"], **dict.fromkeys(todo, change))
        wanted["state"] = ABSENT if args["state"] == "absent" else "present"
    return wanted


def commands(args: Args, found: State) -> List[List[str]]:
    """The calls that bring it about."""
    calls = []
    if found["environment"] == ABSENT and args["state"] != "absent":
        calls.append(_environment(args))
    todo = [name for name, good in found["fits"].items() if not good]
    if not todo:
        return calls
    pip = [found["program"]]
    if args["state"] == "absent":
        pip += ["uninstall", "-y"]
        todo = [python_packages.requirement(one).name or one for one in todo]
        return [*calls, [*pip, *shlex.split(args["extra_args"] or ""), *todo]]
    pip += ["install"]
    pip += {"latest": ["-U"], "forcereinstall": ["-U", "--force-reinstall"]}.get(args["state"], [])
    pip += ["-e"] if args["editable"] and args["name"] else []
    pip += shlex.split(args["extra_args"] or "")
    if args["requirements"]:
        pip += ["-r", args["requirements"]]
        todo = []
    return [*calls, pip + todo]


def _environment(args: Args) -> List[str]:
    words = shlex.split(args["virtualenv_command"])
    venv = words[0].endswith("pyvenv") or words[1:2] == ["-m"]
    words += ["--system-site-packages"] if args["virtualenv_site_packages"] else []
    if args["virtualenv_python"]:
        if venv:
            raise ModuleFailure("virtualenv_python should not be used when using the venv module "
                                "or pyvenv as virtualenv_command")  # fmt: skip
        words += ["-p", args["virtualenv_python"]]
    return [*words, args["virtualenv"]]


def apply(host: "Host", args: Args, found: State, _wanted: State) -> State:
    """Call pip; whether it changed anything is told by what is installed then."""
    calls = commands(args, found)
    out, err = "", ""
    env = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "LC_ALL": "C.UTF-8"}
    if args["break_system_packages"]:
        env["PIP_BREAK_SYSTEM_PACKAGES"] = "1"
    for argv in calls:
        whole = argv
        if args["umask"] is not None:
            whole = ["/bin/sh", "-c", 'umask "$0" && exec "$@"', str(args["umask"]), *argv]
        done = host.run(whole, cwd=args["chdir"] or "", env=env, stream=True)
        out, err = out + done.stdout, err + done.stderr
        if done.rc != 0:
            message = f"\n:stderr: {done.stderr}" if done.stderr else done.stdout
            raise ModuleFailure(message.strip(), rc=done.rc, cmd=argv, stdout=out, stderr=err)
    places = python_packages.places(host, found["program"])
    after = python_packages.installed(host, places)
    fresh = found["environment"] == ABSENT and args["state"] != "absent"
    changed = fresh or after != found["installed"] or args["state"] == "forcereinstall"
    return {"stdout": out, "stderr": err, "changed": changed or "Successfully installed" in out}


def result(args: Args, found: State, _wanted: State, _changed: bool) -> State:
    """Name what was asked, and the call."""
    calls = commands(args, found)
    fields: State = {name: args[name] for name in ("name", "version", "state", "requirements")}
    fields["virtualenv"] = args["virtualenv"]
    fields["cmd"] = calls[-1] if calls else [found["program"]]
    return fields


def foresee(args: Args, found: State, _wanted: State) -> List[Effect]:
    """Tell later steps the environment, and the packages in it."""
    effects = []
    program = found["program"]
    if found["environment"] == ABSENT and args["state"] != "absent":
        home = args["virtualenv"]
        made: Dict[str, str] = {home: "directory", home + "/bin": "directory"}
        made.update(dict.fromkeys((home + "/bin/activate", program), "file"))
        effects += [
            Effect("path", path, {"state": state, "mode": "0755"}) for path, state in made.items()
        ]
    for text, good in found["fits"].items():
        one = python_packages.requirement(text)
        if not good and one.name:
            exact = [version for operator, version in one.clauses if operator == "=="]
            version = ABSENT if args["state"] == "absent" else (exact or ["latest"])[0]
            key = f"{program} {one.name}"
            effects.append(Effect("python_package", key, {"version": version}))
    return effects


module = Module(
    "pip",
    args={
        "name": Arg("list", elements="str"),
        "version": Arg(),
        "requirements": Arg(),
        "virtualenv": Arg("path"),
        "virtualenv_site_packages": Arg("bool", default=False),
        "virtualenv_command": Arg("path", default="virtualenv"),
        "virtualenv_python": Arg(),
        "state": Arg(default="present", choices=("absent", "forcereinstall", "latest", "present")),
        "extra_args": Arg(),
        "editable": Arg("bool", default=False),
        "chdir": Arg("path"),
        "executable": Arg("path"),
        "umask": Arg(),
        "break_system_packages": Arg("bool", default=False),
    },
    observe=observe,
    desire=desire,
    apply=apply,
    result=result,
    foresee=foresee,
    fields=("packages", "environment"),
    exclusive_args=(("name", "requirements"), ("executable", "virtualenv")),
)
