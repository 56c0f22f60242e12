"""What a git repository is at, and what its remote has, by reading alone."""

import gzip
import io
import posixpath
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING, Dict, List, Optional

from kplay.agent.host import UnknownValue
from kplay.modules import textfile
from kplay.modules.api import Args, ModuleFailure

if TYPE_CHECKING:
    from kplay.agent.host import Probe

_COMMIT = re.compile(r"^[0-9a-f]{7,40}$|^[0-9a-f]{64}$")
_WHOLE = (40, 64)


def git_dir(probe: "Probe", dest: str, bare: bool) -> str:
    """Where a repository keeps its data, or nothing where there is none."""
    if bare:
        there = probe.stat(dest + "/HEAD") is not None or probe.effect("git", dest) is not None
        return dest if there else ""
    path = dest + "/.git"
    stat = probe.stat(path)
    if stat is None:
        return ""
    if stat.state == "directory":
        return path
    # a file that says where: gitrepository-layout(5)
    text = textfile.decode(probe.read(path)).strip()
    return posixpath.normpath(posixpath.join(dest, text.partition("gitdir:")[2].strip()))


def address(args: Args) -> str:
    """The remote's address; Ansible turns the path of a local repository into a URL."""
    repo = str(args["repo"])
    return "file://" + repo if repo.startswith("/") else repo


def ssh_command(args: Args) -> List[str]:
    """The ssh that git is to call, empty when it needs nothing of its own."""
    words = []
    if args["key_file"]:
        words += ["-i", args["key_file"], "-o", "IdentitiesOnly=yes"]
    return ["ssh", *words] if words else []


def is_commit(version: str) -> bool:
    """Whether a version can be the name of a commit."""
    return bool(_COMMIT.match(version))


def head(probe: "Probe", args: Args, git: str, before: Optional[str]) -> str:
    """The commit that the version means at the remote.

    Empty where it cannot be reached like this: cloning may, since it accepts host keys.

    Raises:
        ModuleFailure: the remote has no such version.
        UnknownValue: a plan cannot reach the remote.
    """
    version, repo = args["version"], address(args)
    if is_commit(version):
        if before and before.startswith(version):
            return before
        if len(version) in _WHOLE:
            return str(version)
    ssh = ssh_command(args)
    config = ["-c", "core.sshCommand=" + " ".join(ssh)] if ssh else []
    refs = ["HEAD"] if version == "HEAD" else [f"refs/heads/{version}", f"refs/tags/{version}"]
    refs += [] if version == "HEAD" else [f"refs/tags/{version}^{{}}", version]
    done = probe.query([git, *config, "ls-remote", repo, *refs], timeout=120.0)
    if done.rc != 0:
        said = done.stderr.strip()
        if probe.scratch():
            raise UnknownValue(f"which commit {version} of {repo} is ({said or 'no answer'})")
        return ""
    known: Dict[str, str] = {}
    for line in done.stdout.splitlines():
        commit, _, ref = line.partition("\t")
        known[ref] = commit
    for ref in (refs[0], *refs[2:3], *refs[1:2], *refs[3:]):
        if ref in known:
            return known[ref]
    if is_commit(version):
        if probe.scratch():
            raise UnknownValue(f"which commit {version} of {repo} is")
        return str(version)
    message = f"Could not determine remote revision for {version}"
    raise ModuleFailure(message)


def archived(probe: "Probe", path: str) -> str:
    """The commit that an archive was made of; git archive writes it into it."""
    if probe.stat(path) is None:
        return ""
    data = probe.read(path)
    try:
        if data[:2] == b"PK":
            return zipfile.ZipFile(io.BytesIO(data)).comment.decode("ascii", "replace")
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        with tarfile.open(fileobj=io.BytesIO(data)) as whole:
            return str(whole.pax_headers.get("comment", ""))
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError):
        return ""
