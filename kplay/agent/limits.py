"""Which programs only read: the ones that a plan may run on a host."""

import re
from typing import List, Sequence, Tuple

Prefixes = Tuple[Tuple[str, ...], ...]

ANY: Prefixes = ()
"""Whatever its arguments are."""

READERS = {
    "apt-cache": (("policy",), ("pkgnames",), ("show",), ("madison",), ("depends",)),
    "apt-get": (("-s",), ("--simulate",), ("indextargets",)),
    "apt-config": (("dump",),),
    "apk": (("version",), ("upgrade", "--simulate"), ("info",)),
    "arch": ANY,
    "blkid": (("-c", "/dev/null", "-o"), ("-o",), ("-s",), ()),
    "containerd": (("--version",),),
    "crontab": (("-l",),),
    "crictl": (("images",), ("ps",), ("pods",), ("version",), ("info",)),
    "ctr": (("images", "ls"), ("image", "ls"), ("version",), ("containers", "ls")),
    "df": ANY,
    "dnf": (("-q", "-C", "check-update"),),
    "dnf5": (("-q", "-C", "check-update"),),
    "dpkg": (("-l",), ("-s",), ("-L",), ("--print-architecture",), ("--compare-versions",)),
    "dpkg-deb": (("-I",), ("-c",), ("-f",), ("--info",), ("--field",), ("--contents",)),
    "dpkg-query": ANY,
    "findmnt": ANY,
    "firewall-cmd": ANY,
    "firewall-offline-cmd": ANY,
    "getenforce": ANY,
    "getent": ANY,
    "getsebool": ANY,
    "grubby": (("--info=ALL",),),
    "helm": (
        ("list",), ("get",), ("status",), ("history",), ("version",), ("repo", "list"),
        ("plugin", "list"), ("search", "repo"), ("show", "crds"),
        ("show", "chart"), ("template",),
    ),
    "hostname": ((), ("-f",), ("-s",), ("--fqdn",)),
    "hostnamectl": (("status",), ("--json=short",)),
    "id": ANY,
    "ip": (("-j",), ("-json",), ("addr", "show"), ("route", "show"), ("link", "show")),
    "ip6tables": (("-C",), ("-S",), ("-L",)),
    "ip6tables-save": ANY,
    "iptables": (("-C",), ("-S",), ("-L",)),
    "iptables-save": ANY,
    "kubeadm": (("version",),),
    "k3s": (("--version",),),
    "kubectl": (
        ("get",), ("version",), ("api-resources",), ("api-versions",), ("cluster-info",), ("diff",),
    ),
    "journalctl": (("--no-pager", "-q", "-n"),),
    "kubelet": (("--version",),),
    "locale": ANY,
    "lsb_release": ANY,
    "lsattr": ANY,
    "lsblk": ANY,
    "lsmod": ANY,
    "mokutil": (("--sb-state",),),
    "matchpathcon": ANY,
    "modinfo": ANY,
    "modprobe": (("-n",), ("--dry-run",), ("-c",), ("--showconfig",)),
    "mount": ((),),
    "nft": (("-j", "list", "ruleset"),),
    "nproc": ANY,
    "pacman": (("-Q",), ("-Qu",), ("-Qe",), ("-Qg",), ("-Sg",)),
    "readlink": ANY,
    "rke2": (("--version",),),
    "rpm": (("-q",), ("-qa",), ("--query",)),
    "runc": (("--version",),),
    "semanage": (("boolean", "-l"), ("fcontext", "-l"), ("port", "-l")),
    "sha256sum": ANY,
    "stat": ANY,
    "swapon": (("--show",), ("-s",), ("--summary",)),
    "sysctl": (("-n",), ("-a",), ("-e", "-n"), ("-N",)),
    "systemctl": (
        ("show",), ("is-active",), ("is-enabled",), ("is-failed",), ("is-system-running",),
        ("cat",), ("list-units",), ("list-unit-files",), ("status",), ("get-default",),
        ("--version",),
    ),
    "timedatectl": (("show",), ("status",)),
    "ufw": (("status",), ("show", "added"), ("version",), ("--version",), ("--dry-run",)),
    "uname": ANY,
    "update-alternatives": (("--query",), ("--display",), ("--list",)),
    "virt-what": ANY,
    "systemd-detect-virt": ANY,
    "yum": (("-q", "-C", "check-update"),),
    "zypper": (
        ("--no-refresh", "--quiet", "list-updates"), ("--no-refresh", "--quiet", "search"),
    ),
}  # fmt: skip

REHEARSERS = {
    "helm": (("upgrade", "install", "uninstall"), re.compile(r"^--dry-run=(client|server)$")),
    "kubectl": (
        ("apply", "create", "patch", "replace", "delete", "label"),
        re.compile(r"^--dry-run=(client|server)$"),
    ),
}
"""Programs that say what they would do: their subcommands, and the option that holds them to it."""

_APART = """\
mount -t tmpfs -o mode=0700 kplay /dev/shm || exit 125
from=${HELM_REPOSITORY_CACHE:-${HELM_CACHE_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/helm}/repository}
export HELM_CACHE_HOME=/dev/shm/helm HELM_REPOSITORY_CACHE=/dev/shm/helm/repository
export KUBECACHEDIR=/dev/shm/kube TMPDIR=/dev/shm
mkdir -p "$HELM_REPOSITORY_CACHE"
cp "$from"/*-index.yaml "$HELM_REPOSITORY_CACHE" 2>/dev/null
exec "$@"
"""


def apart(uid: int) -> List[str]:
    """Give the words before a program that keeps its caches in memory, for itself alone.

    In a mount namespace of its own a file system in memory covers /dev/shm; helm and what it is
    built on keep charts, indexes and what they discovered there.
    """
    user = [] if uid == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "sh", "-c", _APART, "sh"]


# Options with a value that may stand before the subcommand
_LEADING = {
    "ctr": ("-n", "--namespace", "-a", "--address"),
    "crictl": ("-r", "--runtime-endpoint", "-i", "--image-endpoint"),
    "helm": ("--kubeconfig", "--kube-context", "-n", "--namespace"),
    "kubectl": ("--kubeconfig", "--context", "-n", "--namespace", "--request-timeout"),
    "apt-cache": ("-o", "-c"),
    "systemctl": (),
    "ip": ("-n",),
    "iptables": ("-t", "-w"),
    "ip6tables": ("-t", "-w"),
    "dpkg-query": (),
}
_LEADING_FLAGS = re.compile(
    r"^(--no-pager|--user|--system|--full|-q|--quiet|-d|-details|-s|-[46]"
    r"|--(?:kubeconfig|context|namespace|request-timeout|address|root|admindir)=.*)$"
)

# Ways in which a reader can be made to write or to run something else
_REFUSED = {
    "sysctl": re.compile(r"^-[a-zA-Z]*[wp]|^--(write|load|system)|="),
    # it also rotates, flushes and deletes journals, and makes keys
    "journalctl": re.compile(r"^(-[^-qnou]|--(?!(no-pager|unit|user-unit)$))"),
    "ip": re.compile(r"^(add|append|change|replace|set|del|delete|flush|exec|-b|-batch)$"),
    "df": re.compile(r"^--output-to"),
    "grubby": re.compile(r"^-(?!-info=ALL$)"),
    "hostname": re.compile(r"^(-F|-b|--file|--boot)"),
    # no caches and no log are what keeps it from writing
    "apt-cache": re.compile(
        r"^(gencaches|APT::.*=.*|DPkg::.*|"
        r"Dir::(?!Cache::(src)?pkgcache=$|Log::Planner=/dev/null$).*)$"
    ),
    "rpm": re.compile(r"^-[a-z]*[iUFe]|^--(pipe|eval|install|erase|import|define|rebuilddb)"),
    "findmnt": re.compile(r"^(-p|--poll)"),
    "crictl": re.compile(r"^(-w|--watch)"),
    "helm": re.compile(r"^--(output-dir|dependency-update)"),
    "kubectl": re.compile(r"^(-w|--watch|--watch-only)"),
    "lsmod": re.compile(r"^-"),
    "crontab": re.compile(r"^-(?![lu]$)"),
    # what it is asked begins with one of these; all else of it changes the firewall
    "firewall-cmd": re.compile(
        r"^(?!--(state|version|permanent|zone|query|list|get|info|default-config|system-config)"
        r"(-[a-z-]+)?(=|$))"
    ),
    "firewall-offline-cmd": re.compile(r"^(?!--(zone|query|list|get|info)(-[a-z-]+)?(=|$))"),
    # listing may also zero the counters; of other commands it takes one alone
    "ip6tables": re.compile(r"^(-[a-zA-Z]*Z|--zero|-M|--modprobe)"),
    "iptables": re.compile(r"^(-[a-zA-Z]*Z|--zero|-M|--modprobe)"),
    # a file of commands would be run
    "nft": re.compile(r"^(-[a-zA-Z]*[fiDI]|--(file|interactive|define|includepath))"),
    "ip6tables-save": re.compile(r"^(-M|--modprobe|-f|--file)"),
    "iptables-save": re.compile(r"^(-M|--modprobe|-f|--file)"),
}


# Subcommands of git that change neither a repository nor its index
_GIT = {
    ("ls-remote",), ("rev-parse",), ("remote", "get-url"), ("cat-file", "-t"),
    ("submodule", "status"),
}  # fmt: skip
_GIT_SSH = re.compile(
    r"^core\.sshCommand=ssh( -i [\w./~-]+| -o (IdentitiesOnly|BatchMode|StrictHostKeyChecking)=yes"
    r"| -p \d+)*$"
)


def _git(words: Sequence[str]) -> bool:
    """Whether git only reads: status refreshes the index unless it is told not to."""
    rest, unlocked = list(words), False
    while rest and rest[0].startswith("-"):
        if rest[0] == "--no-optional-locks":
            unlocked = True
        elif rest[0] == "-C" or (rest[0] == "-c" and len(rest) > 1 and _GIT_SSH.match(rest[1])):
            del rest[0]
        else:
            return False
        del rest[:1]
    # these name programs to run
    if any(re.match(r"^(--upload-pack|--exec|-u$|ext::|--output)", word) for word in rest):
        return False
    known = any(tuple(rest[: len(one)]) == one for one in _GIT)
    return known or (unlocked and rest[:2] == ["status", "--porcelain"])


def reads_only(argv: Sequence[str]) -> bool:
    """Whether the program, called so, is known to write nothing."""
    if not argv:
        return False
    program = argv[0].rsplit("/", 1)[-1]
    if len(argv) == 1 and argv[0].startswith("/") and program.endswith(".fact"):
        # A fact of the host's administrator: it is asked, whatever it is
        return True
    if program == "git":
        return _git(argv[1:])
    allowed = READERS.get(program)
    if allowed is None:
        return False
    words = list(argv[1:])
    refused = _REFUSED.get(program)
    if refused is not None and any(refused.search(word) for word in words):
        return False
    rest = _after_options(program, words)
    if allowed == ANY:
        return True
    verbs, held = REHEARSERS.get(program, ((), None))
    if held is not None and rest and rest[0] in verbs:
        return any(held.match(word) for word in words)
    for prefix in allowed:
        if not prefix and words:
            continue
        if tuple(words[: len(prefix)]) == prefix or tuple(rest[: len(prefix)]) == prefix:
            return True
    return False


def _after_options(program: str, words: Sequence[str]) -> Sequence[str]:
    index = 0
    valued = _LEADING.get(program, ())
    while index < len(words):
        if words[index] in valued:
            index += 2
        elif _LEADING_FLAGS.match(words[index]):
            index += 1
        else:
            break
    return words[index:]
