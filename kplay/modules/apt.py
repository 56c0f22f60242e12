"""apt: Debian packages installed, removed and upgraded, in one transaction a step."""

from typing import TYPE_CHECKING, Any, Dict, List, Sequence

from kplay.modules import apt_found, apt_transaction, debian
from kplay.modules.api import ABSENT, Arg, Args, Effect, Module, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Host, Probe

ARGS: Dict[str, Arg] = {
    "name": Arg("list", aliases=("package", "pkg"), elements="str"),
    "state": Arg(
        "str", default="present", choices=("absent", "build-dep", "latest", "present", "fixed")
    ),
    # ours: several paths and patterns, installed in one transaction
    "deb": Arg("list", elements="str"),
    "update_cache": Arg("bool", aliases=("update-cache",)),
    "update_cache_retries": Arg("int", default=5),
    "update_cache_retry_max_delay": Arg("int", default=12),
    "cache_valid_time": Arg("int", default=0),
    "purge": Arg("bool", default=False),
    "default_release": Arg("str", aliases=("default-release",)),
    "install_recommends": Arg("bool", aliases=("install-recommends",)),
    "force": Arg("bool", default=False),
    "clean": Arg("bool", default=False),
    "allow_unauthenticated": Arg("bool", default=False, aliases=("allow-unauthenticated",)),
    "allow_downgrade": Arg(
        "bool",
        default=False,
        aliases=("allow-downgrade", "allow_downgrades", "allow-downgrades"),
    ),
    "allow_change_held_packages": Arg("bool", default=False),
    "upgrade": Arg("str", default="no", choices=("dist", "full", "no", "safe", "yes")),
    "dpkg_options": Arg("str", default="force-confdef,force-confold"),
    "autoremove": Arg("bool", default=False),
    "autoclean": Arg("bool", default=False),
    "policy_rc_d": Arg("int"),
    "only_upgrade": Arg("bool", default=False),
    "fail_on_autoremove": Arg("bool", default=False),
    "force_apt_get": Arg("bool", default=False),
    "lock_timeout": Arg("int", default=60),
    "auto_install_module_deps": Arg("bool", default=True),
}

# what upgrade, repair, autoremove, autoclean and clean leave to be done
CLEAN: Dict[str, Any] = {
    "upgradable": {},
    "broken": [],
    "unneeded": [],
    "outdated": [],
    "archives": [],
}


def observe(probe: "Probe", args: Args) -> State:
    """Look at the packages named, at apt's lists, and in a plan at what apt-get would do."""
    found = {
        "cache_update_time": apt_transaction.updated_at(probe),
        "cache": "fresh",
        "effects": [],
        "transaction": None,
        "also": {},
    }  # type: State
    if updating(args) and apt_transaction.stale(probe, args):
        found["cache"] = "stale"
    if args.get("deb"):
        apt_found.look_at_files(probe, args, found)
    elif args.get("name"):
        apt_found.look_at_names(probe, args, found)
    else:
        apt_found.look_at_host(probe, args, found)
    return found


def updating(args: Args) -> bool:
    """Say whether the lists are to be fetched; giving their longest age asks for it."""
    asked = args.get("update_cache")
    return bool(asked) if asked is not None else bool(args.get("cache_valid_time"))


def desire(args: Args, found: State) -> State:
    """Want the packages as asked, and fresh lists where the answer hangs on them."""
    wanted = {}  # type: State
    state = args.get("state") or "present"
    wanted.update({key: clean for key, clean in CLEAN.items() if key in found})
    if "fits" in found:
        wanted["fits"] = dict.fromkeys(found["fits"], True)
        wanted["packages"] = {
            text: version if found["fits"][text] else target(text, state, found)
            for text, version in found["packages"].items()
        }
        if not all(found["fits"].values()):
            wanted["state"] = ABSENT if state == "absent" else "present"
        done = found.get("transaction")
        if done and others(done, found):
            wanted["also"] = others(done, found)
    decides = state == "latest" or "upgradable" in found or "fits" not in found
    if found["cache"] == "stale" and (decides or wanted.get("fits") != found.get("fits")):
        wanted["cache"] = "fresh"
    return wanted


def target(text: str, state: str, found: State) -> str:
    """Give the version that a package will have, as far as a plan can tell."""
    if state == "absent":
        return ABSENT
    if state == "build-dep":
        return "built"
    one = debian.spec(text) if "/" not in text else debian.Spec(text, "", "")
    done = found.get("transaction")
    version = done.install.get(one.name, "") if done else ""
    # A package file's name may leave out the epoch, and while planning there may be but the name
    return found.get("offered", {}).get(text) or version or one.version or state


def others(done: apt_transaction.Transaction, found: State) -> Dict[str, str]:
    """Give what apt-get would install or remove beside the packages asked for."""
    named = {debian.spec(text).name.partition(":")[0] for text in found["fits"] if "/" not in text}
    also = {name: version for name, version in done.install.items() if name not in named}
    also.update({name: ABSENT for name in done.remove if name not in named})
    return also


def result(args: Args, found: State, wanted: State, changed: bool) -> State:  # noqa: ARG001
    """Say how old the lists are."""
    return {"cache_updated": False, "cache_update_time": found["cache_update_time"]}


def foresee(args: Args, found: State, wanted: State) -> List[Effect]:  # noqa: ARG001
    """Say what the packages bring."""
    return list(found["effects"])


def apply(host: "Host", args: Args, found: State, wanted: State) -> State:
    """Fetch the lists when they are old, then do what is left to do in one transaction."""
    fields = {"cache_updated": False, "stdout": "", "stderr": ""}  # type: State
    only_lists = not [k for k in wanted if k != "cache" and wanted[k] != found.get(k)]
    if found["cache"] == "stale":
        apt_transaction.update(host, args)
        fields["cache_updated"] = True
        found = observe(host, dict(args, update_cache=False, cache_valid_time=0))
        if only_lists and ("fits" in found or "upgradable" in found):
            fields["changed"] = work(args, found) != []
    for words in ([["clean"]] if args.get("clean") else []) + work(args, found):
        if words[0] == "install":
            words = ["install", *fetched(host, words[1:])]  # noqa: PLW2901
        done = apt_transaction.run(host, args, words)
        fields["stdout"] += done["stdout"]
        fields["stderr"] += done["stderr"]
    fields["cache_update_time"] = apt_transaction.updated_at(host)
    return fields


def work(args: Args, found: State) -> List[List[str]]:
    """Give what apt-get is to be called with, in order."""
    calls = []  # type: List[List[str]]
    todo = [text for text, good in found.get("fits", {}).items() if not good]
    if found.get("upgradable"):
        calls.append(apt_found.UPGRADES[args["upgrade"]])
    if found.get("files"):
        calls.append(["install", *found["files"]])
    elif todo and args.get("name"):
        verb = {"absent": "remove", "build-dep": "build-dep"}.get(args["state"], "install")
        calls.append([verb, *[apt_found.plain(text) for text in todo]])
    if found.get("broken"):
        calls.append(["-f", "install"])
    if found.get("unneeded"):
        calls.append(["autoremove"])
    if found.get("outdated"):
        calls.append(["autoclean"])
    return calls


def fetched(host: "Host", words: Sequence[str]) -> List[str]:
    """Fetch the package files that are named by URL."""
    paths = []  # type: List[str]
    for word in words:
        if "://" not in word:
            paths.append(word)
            continue
        answer = host.http("GET", word, {}, b"", 300.0, True, "all")
        if answer.status != 200:
            raise ModuleFailure("cannot fetch %s: %s" % (word, answer.error or answer.status))
        path = "%s/%s" % (host.tempdir(), word.rsplit("/", 1)[-1])
        host.write(path, answer.body)
        paths.append(path)
    return paths


module = Module(
    "apt",
    args=ARGS,
    observe=observe,
    desire=desire,
    apply=apply,
    reach="cluster",
    exclusive=("dpkg",),
    result=result,
    foresee=foresee,
    verify=("fits",),
    fields=("packages", "also", "cache", *CLEAN),
    exclusive_args=(("name", "deb"), ("name", "upgrade"), ("deb", "upgrade")),
    requires_one_of=(
        ("name", "deb", "update_cache", "upgrade", "autoremove", "autoclean", "clean", "state"),
    ),
    also_known_as=("ansible.builtin.apt",),
)
