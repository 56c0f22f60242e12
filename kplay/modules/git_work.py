"""What is done with git: cloning, fetching, checking out, packing."""

import re
from typing import TYPE_CHECKING, Dict, List, Optional

from kplay.modules import git_remote, paths
from kplay.modules.api import Args, ModuleFailure, State

if TYPE_CHECKING:
    from kplay.agent.host import Completed, Host

_FORMATS = {".tgz": "tar.gz", ".gz": "tar.gz", ".tar": "tar", ".zip": "zip"}


class Work(object):
    """One repository on one host."""

    def __init__(self, host: "Host", args: Args, git: str, dest: str) -> None:
        self.host = host
        self.args = args
        self.git = git
        self.dest = dest
        self.url = git_remote.address(args)

    def environment(self) -> Dict[str, str]:
        """What keeps git and ssh from asking, and says how ssh is called."""
        ssh = git_remote.ssh_command(self.args) or ["ssh"]
        ssh += ["-o", "BatchMode=yes"]
        if self.args["accept_hostkey"]:
            ssh += ["-o", "StrictHostKeyChecking=no"]
        if self.args["accept_newhostkey"]:
            ssh += ["-o", "StrictHostKeyChecking=accept-new"]
        ssh += [self.args["ssh_opts"]] if self.args["ssh_opts"] else []
        return {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": " ".join(ssh), "LC_ALL": "C"}

    def call(self, words: List[str], cwd: str = "") -> "Completed":
        """Call git in the repository."""
        argv = [self.git, *words]
        mask = self.args["umask"]
        if mask is not None:
            number = mask if isinstance(mask, str) else f"{mask:04o}"
            argv = ["/bin/sh", "-c", 'umask "$0" && exec "$@"', number, *argv]
        return self.host.run(argv, cwd=cwd or self.dest, env=self.environment(), stream=True)

    def run(self, words: List[str], cwd: str = "") -> "Completed":
        """Call git, which must end well."""
        done = self.call(words, cwd)
        if done.rc != 0:
            said = (done.stderr or done.stdout).strip()
            message = f"Failed to {words[0]}: {said}"
            raise ModuleFailure(message, rc=done.rc, stdout=done.stdout, stderr=done.stderr)
        return done

    def clone(self) -> None:
        """Make the repository, without a tree where the version is not a branch or tag."""
        args, host = self.args, self.host
        parent = self.dest.rpartition("/")[0] or "/"
        for directory in paths.missing(host, paths.parents(self.dest)):
            host.mkdir(directory)
        words = ["clone", "--bare"] if args["bare"] else ["clone", "--origin", args["remote"]]
        named = args["version"] != "HEAD" and not git_remote.is_commit(args["version"])
        if args["depth"] and not git_remote.is_commit(args["version"]):
            words += ["--depth", str(args["depth"])]
        if args["single_branch"]:
            words.append("--single-branch")
        if named and not args["bare"] and not args["refspec"]:
            words += ["--branch", args["version"]]
        for name in ("reference", "separate_git_dir"):
            if args[name]:
                words += ["--" + name.replace("_", "-"), args[name]]
        self.run([*words, self.url, self.dest], parent)
        if args["bare"] and args["remote"] != "origin":
            self.run(["remote", "add", args["remote"], self.url])
        if args["refspec"]:
            self.run(["fetch", args["remote"], args["refspec"]])

    def point(self) -> None:
        """Give the remote its address."""
        known = self.call(["remote", "set-url", self.args["remote"], self.url])
        if known.rc != 0:
            self.run(["remote", "add", self.args["remote"], self.url])

    def fetch(self) -> None:
        """Fetch branches, tags and what refspec names."""
        args, remote = self.args, self.args["remote"]
        depth = ["--depth", str(args["depth"])] if args["depth"] else []
        version = args["version"]
        if args["bare"]:
            self.run(["fetch", *depth, remote, "+refs/heads/*:refs/heads/*", "--tags", "--force"])
        elif depth and version != "HEAD" and not git_remote.is_commit(version):
            branch = f"+refs/heads/{version}:refs/remotes/{remote}/{version}"
            if self.call(["fetch", *depth, remote, branch]).rc != 0:
                tag = f"+refs/tags/{version}:refs/tags/{version}"
                self.run(["fetch", *depth, remote, tag])
        else:
            self.run(["fetch", *depth, "--tags", "--force", remote])
        if args["refspec"]:
            self.run(["fetch", remote, args["refspec"]])

    def check_out(self) -> None:
        """Bring the tree to the version, on its branch where it is one."""
        args, version = self.args, self.args["version"]
        if args["bare"]:
            return
        remote = args["remote"]
        if version == "HEAD":
            self.call(["remote", "set-head", remote, "--auto"])
            told = self.call(["rev-parse", "--abbrev-ref", f"{remote}/HEAD"])
            version = told.stdout.strip().partition("/")[2] if told.rc == 0 else "HEAD"
        at = f"refs/remotes/{remote}/{version}"
        if version != "HEAD" and self.call(["rev-parse", "--verify", "--quiet", at]).rc == 0:
            self._verify(f"{remote}/{version}")
            self.run(["checkout", "--force", "-B", version, f"{remote}/{version}"])
        else:
            self._verify(version)
            self.run(["checkout", "--force", version])

    def _verify(self, what: str) -> None:
        if not self.args["verify_commit"]:
            return
        tag = self.call(["cat-file", "-t", what]).stdout.strip() == "tag"
        done = self.run(["verify-tag" if tag else "verify-commit", "--raw", what])
        allowed = {one.replace(" ", "").upper() for one in self.args["gpg_allowlist"]}
        signers = set(re.findall(r"VALIDSIG ([0-9A-F]+)", done.stderr))
        signers |= set(re.findall(r"VALIDSIG .* ([0-9A-F]{40})$", done.stderr, re.MULTILINE))
        if allowed and not allowed & signers:
            message = f"The gpg_allowlist does not include the public key {min(signers or {''})!r}"
            raise ModuleFailure(message + " for this commit")

    def submodules(self) -> None:
        """Bring submodules to the commits recorded, or to their branches."""
        if self.host.stat(self.dest + "/.gitmodules") is None:
            return
        self.run(["submodule", "sync", "--recursive"])
        remote = ["--remote"] if self.args["track_submodules"] else []
        self.run(["submodule", "update", "--init", "--recursive", "--force", *remote])

    def version(self) -> Optional[str]:
        """The commit that it is at."""
        done = self.call(["rev-parse", "HEAD"])
        return done.stdout.strip() if done.rc == 0 else None

    def move(self, before: str) -> State:
        """Move the repository's data out of the tree."""
        where = self.args["separate_git_dir"]
        self.run(["init", "--separate-git-dir", where])
        return {"git_dir_before": before, "git_dir_now": where}

    def pack(self) -> None:
        """Write the archive of the version."""
        path = self.args["archive"]
        kind = next((name for end, name in _FORMATS.items() if path.endswith(end)), "")
        if not kind:
            raise ModuleFailure("Unable to get file extension from archive file name: "
                                "zip, gz, tar and tgz are known")  # fmt: skip
        prefix = ["--prefix", self.args["archive_prefix"]] if self.args["archive_prefix"] else []
        self.run(["archive", f"--format={kind}", f"--output={path}", *prefix, "HEAD"])
