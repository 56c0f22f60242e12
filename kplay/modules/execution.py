"""How command and shell run a program: their guards, their fields, their failures."""

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from kplay.agent.host import UnknownValue
from kplay.modules.api import ABSENT, UNKNOWN, Arg, Args, Effect, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host, Probe

GUARDS = ("creates", "removes", "unless")

ARGS: Dict[str, Arg] = {
    "cmd": Arg("str"),
    "chdir": Arg("path"),
    "creates": Arg("path"),
    "removes": Arg("path"),
    "unless": Arg("str"),
    "stdin": Arg("str"),
    "stdin_add_newline": Arg("bool", default=True),
}

SHOWN = 60
"""Characters of a command that are shown where it is a cause."""

NAMED = re.compile(r"(?<![\w.$}/:@])/(?:[\w.+@%-]+/)*[\w.+@%-]+")
"""An absolute path in a command; not the path of a URL."""

REMOVERS = re.compile(r"\b(?:rm|rmdir|unlink|mv|shred|reset|uninstall|purge|delete|cleanup)\b")

READERS = frozenset(
    [
        "awk",
        "blkid",
        "cat",
        "crictl",
        "cut",
        "date",
        "df",
        "diff",
        "echo",
        "egrep",
        "env",
        "file",
        "find",
        "findmnt",
        "getent",
        "grep",
        "head",
        "id",
        "ip",
        "kubeadm",
        "kubectl",
        "helm",
        "ls",
        "lsblk",
        "lsmod",
        "md5sum",
        "nproc",
        "openssl",
        "pgrep",
        "ps",
        "readlink",
        "sed",
        "sha256sum",
        "sort",
        "ss",
        "stat",
        "systemctl",
        "sysctl",
        "tail",
        "test",
        "true",
        "uname",
        "wc",
        "which",
    ]
)
"""Programs that write none of the files they name, but where they are told to redirect or edit."""

PLAIN = {
    "mkdir": {"state": "directory"},
    "rm": {"state": ABSENT},
    "touch": {"state": "file"},
}  # type: Dict[str, Dict[str, str]]

VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def guarded(probe: "Probe", args: Args) -> State:
    """Say why the program need not run, or nothing; creates is looked at first."""
    creates, removes = args.get("creates"), args.get("removes")
    if creates and probe.glob(beside(args, creates)):
        return {"guarded": "%s exists" % creates, "msg_guarded": "'%s' exists" % creates}
    if removes and not probe.glob(beside(args, removes)):
        return {
            "guarded": "%s does not exist" % removes,
            "msg_guarded": "'%s' does not exist" % removes,
        }
    unless = args.get("unless")
    if unless and probe.scratch() and succeeds(probe, unless):
        return {"guarded": "`%s` succeeds" % unless, "msg_guarded": "`%s` succeeds" % unless}
    return {"guarded": "", "msg_guarded": ""}


def succeeds(probe: "Probe", script: str) -> bool:
    """Ask in a plan whether a guard succeeds: only a program that is known to read may run."""
    unknown = UnknownValue("whether `%s` succeeds, which only the run asks" % script)
    if re.search(r"[|&;<>()$`\\*?\[#~=%!{}]", script):
        raise unknown
    try:
        return probe.query(script.split()).rc == 0
    except ValueError:
        raise unknown  # noqa: B904


def beside(args: Args, path: str) -> str:
    """Make a guard's path absolute: it is relative to chdir, as the program's own paths are."""
    if path.startswith("/") or not args.get("chdir"):
        return path
    return "%s/%s" % (args["chdir"].rstrip("/"), path)


def skipped(cmd: Any, found: State) -> State:
    """Give the fields of a program that its guard kept from running."""
    text = "skipped, since %s" % found["guarded"]
    return {
        "cmd": cmd,
        "rc": 0,
        "stdout": text,
        "stdout_lines": [text],
        "stderr": "",
        "stderr_lines": [],
        "start": None,
        "end": None,
        "delta": None,
        "msg": "Did not run command since %s" % found["msg_guarded"],
    }


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """A program that runs leaves what its guard looks for; only the run knows the content.

    What else it names it may make, change or, where that is its trade, remove.
    """
    if not wanted:
        return []
    cmd = wanted["cmd"]
    text = cmd if isinstance(cmd, str) else " ".join(cmd)
    cause = "`%s`" % (text if len(text) < SHOWN else text[:SHOWN].rstrip() + " …")
    effects = []  # type: List[Effect]
    if not harmless(text):
        removes = bool(REMOVERS.search(text))
        value = {"cause": cause, "removes": removes}
        named = {path for path in NAMED.findall(text) if path.count("/") > 1}
        effects += [Effect("touched", path, value) for path in sorted(named)]
    if args.get("removes"):
        path = beside(args, args["removes"])
        effects.append(Effect("touched", path, {"cause": cause, "removes": True}))
    effects += plainly(text)
    creates = args.get("creates")
    if creates and not re.search(r"[*?\[]", creates):
        value = {"state": "file", "content": UNKNOWN}
        effects.append(Effect("path", beside(args, creates), value))
    return effects


def plainly(text: str) -> List[Effect]:
    """Give what the plainest programs do to the absolute paths that they are given."""
    words = text.split()
    program = words[0] if words else ""
    paths = [word.rstrip("/") for word in words[1:] if not word.startswith("-")]
    if program not in PLAIN or not all(NAMED.fullmatch(path) for path in paths):
        return []
    return [Effect("path", path, dict(PLAIN[program])) for path in paths]


def harmless(text: str) -> bool:
    """Say whether a command is of programs that write none of the files they name."""
    if re.search(r">\s*[^&\s]|`|\$\(|\bsed\b.*\s-i|\btee\b|\bxargs\b", text.replace("2>&1", "")):
        return False
    parts = re.split(r"\|\|?|&&|;|\n", text)
    first = [part.split()[0].rsplit("/", 1)[-1] for part in parts if part.split()]
    return all(word in READERS for word in first)


def run(host: "Host", args: Args, cmd: Any, argv: Sequence[str], shell: str) -> State:
    """Run the program to its end and give Ansible's fields; a status other than 0 fails."""
    chdir = args.get("chdir") or ""
    refuse_missing_directory(host, chdir, cmd)
    unless = args.get("unless")
    if unless and host.run([unless], cwd=chdir, shell="/bin/sh").rc == 0:  # noqa: S604
        why = "`%s` succeeds" % unless
        return dict(skipped(cmd, {"guarded": why, "msg_guarded": why}), changed=False)
    stdin = args.get("stdin")
    text = "" if stdin is None else stdin + ("\n" if args.get("stdin_add_newline", True) else "")
    start = dt.datetime.now()  # noqa: DTZ005
    done = host.run(argv, stdin=text, cwd=chdir, stream=True, shell=shell)
    end = dt.datetime.now()  # noqa: DTZ005
    if done.rc == 127 and not shell:
        refuse_missing_program(host, argv[0], cmd)
    fields = completed(done, bool(args.get("strip_empty_ends", True)))
    fields.update(cmd=cmd, start=str(start), end=str(end), delta=str(end - start), msg="")
    if done.rc != 0:
        fields["changed"] = True
        raise ModuleFailure(
            "non-zero return code", **{k: v for k, v in fields.items() if k != "msg"}
        )
    return fields


def completed(done: "Completed", strip: bool) -> State:
    """Give rc and output as Ansible names them."""
    out = done.stdout.rstrip("\r\n") if strip else done.stdout
    err = done.stderr.rstrip("\r\n") if strip else done.stderr
    return {
        "rc": done.rc,
        "stdout": out,
        "stderr": err,
        "stdout_lines": out.splitlines(),
        "stderr_lines": err.splitlines(),
    }


def refuse_missing_directory(host: "Host", chdir: str, cmd: Any) -> None:
    """Fail as Ansible does when chdir is not a directory."""
    there = host.stat(chdir) if chdir else None
    if chdir and (there is None or there.state != "directory"):
        raise ModuleFailure(
            "Unable to change directory before execution.", cmd=cmd, **not_started(None)
        )


def refuse_missing_program(host: "Host", program: str, cmd: Any) -> None:
    """Fail as Ansible does when there is no such program, rather than with its status 127."""
    found = host.stat(program) if "/" in program else host.which(program)
    if not found:
        raise ModuleFailure(
            "Error executing command.", cmd=cmd, hint="no program %s" % program, **not_started(2)
        )


def not_started(rc: Optional[int]) -> State:
    """Give the fields of a program that was never started."""
    return {
        "rc": rc,
        "stdout": "",
        "stdout_lines": [],
        "stderr": "",
        "stderr_lines": [],
    }


def expand(word: str, environ: Dict[str, str]) -> str:
    """Expand variables that are set and a leading ~, as command does without a shell."""

    def value(match: Any) -> str:
        return str(environ.get(match.group(1) or match.group(2), match.group(0)))

    word = VARIABLE.sub(value, word)
    home = environ.get("HOME", "")
    if home and (word == "~" or word.startswith("~/")):
        return home + word[1:]
    return word
