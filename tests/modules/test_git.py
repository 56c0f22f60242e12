from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from kplay.agent.host import Completed
from kplay.modules.api import UNKNOWN
from kplay.modules.git import module
from kplay.testing import FakeHost, plan, play

A, B = "a" * 40, "b" * 40
ARGS = {"repo": "https://h/r.git", "dest": "/srv/r"}


class Git:
    """A host with git, a remote repository and what becomes of it on the host."""

    def __init__(self) -> None:
        self.refs = {"HEAD": A, "refs/heads/main": A, "refs/tags/v1": B, "refs/tags/v1^{}": A}
        self.commit = ""
        self.url = ""
        self.dirty = ""
        self.submodules = ""
        self.host = FakeHost(dirs=["/srv"]).when("git", does=self.answer)
        self.host.when("/bin/sh", does=lambda on, argv: self.answer(on, argv[4:]))

    def answer(self, on: FakeHost, argv: object) -> object:
        words = [one for one in list(argv)[1:] if one != "--no-optional-locks"]  # type: ignore[call-overload]
        while words[0] in ("-C", "-c"):
            words = words[2:]
        verb = words[0]
        if verb == "ls-remote":
            return "".join(f"{self.refs[one]}\t{one}\n" for one in words[2:] if one in self.refs)
        if verb == "rev-parse" and words[1] == "HEAD":
            return Completed(0 if self.commit else 128, self.commit + "\n", "")
        if verb == "rev-parse" and words[-1] == "refs/remotes/origin/main":
            return A
        if verb == "rev-parse":
            return "origin/main\n" if words[1] == "--abbrev-ref" else Completed(1, "", "")
        if verb == "clone":
            on.add_dir(words[-1] + ("" if "--bare" in words else "/.git"))
            if "--bare" in words:
                on.add_file(words[-1] + "/HEAD", "ref")
            self.url, self.commit = words[-2], A
        if words[:2] == ["remote", "get-url"]:
            return self.url + "\n"
        if words[:2] == ["remote", "set-url"]:
            self.url = words[3]
        if verb == "checkout":
            self.commit = self.refs.get("refs/heads/main" if "-B" in words else words[-1], A)
        if verb == "status":
            return self.dirty
        if verb == "reset":
            self.dirty = ""
        if words[:2] == ["submodule", "status"]:
            return self.submodules
        if words[:2] == ["submodule", "update"]:
            self.submodules = ""
        if verb == "archive":
            path = next(one for one in words if one.startswith("--output="))[9:]
            on.add_file(path, archive(self.commit))
        return ""

    def verbs(self) -> list[str]:
        """What was run, without what only asks."""
        said = [" ".join(run.argv[1:]) for run in self.host.runs]
        return [one for one in said if not one.startswith(("rev-parse", "remote set-head"))]


def archive(commit: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", pax_headers={"comment": commit}) as whole:
        whole.addfile(tarfile.TarInfo("file"))
    return out.getvalue()


def test_a_repository_is_cloned_once() -> None:
    git = Git()
    planned = plan(module, ARGS, git.host)
    assert (planned.action, planned["before"], planned["after"]) == ("create", None, A)
    assert ("path", "/srv/r", {"state": "directory", "below": UNKNOWN}) in planned.effects
    done = play(module, ARGS, git.host)
    assert (done.changed, done["before"], done["after"]) == (True, None, A)
    assert git.verbs() == [
        "clone --origin origin https://h/r.git /srv/r",
        "checkout --force -B main origin/main",
    ]
    assert git.host.runs[0].env["GIT_TERMINAL_PROMPT"] == "0"
    assert plan(module, ARGS, git.host).action == "none"
    again = play(module, ARGS, git.host)
    assert (again.changed, again["before"], again["after"]) == (False, A, A)


def test_a_new_commit_is_fetched() -> None:
    git = Git()
    play(module, ARGS, git.host)
    git.refs.update({"HEAD": B, "refs/heads/main": B})
    planned = plan(module, ARGS, git.host)
    assert (planned.action, planned.before["version"], planned.after["version"]) == (
        "update", A, B,
    )  # fmt: skip
    done = play(module, ARGS, git.host)
    assert (done["before"], done["after"]) == (A, B)
    assert not play(module, {**ARGS, "update": False}, git.host).changed


@pytest.mark.parametrize(
    ("args", "verb"),
    [
        ({"version": "v1"}, "clone --origin origin --branch v1 https://h/r.git /srv/r"),
        ({"version": A}, "clone --origin origin https://h/r.git /srv/r"),
        ({"depth": 1, "version": "main", "single_branch": True},
         "clone --origin origin --depth 1 --single-branch --branch main https://h/r.git /srv/r"),
        ({"bare": True}, "clone --bare https://h/r.git /srv/r"),
        ({"executable": "git"}, "clone --origin origin https://h/r.git /srv/r"),
        ({"remote": "up"}, "clone --origin up https://h/r.git /srv/r"),
        ({"reference": "/cache", "separate_git_dir": "/git"},
         "clone --origin origin --reference /cache --separate-git-dir /git https://h/r.git /srv/r"),
    ],
)  # fmt: skip
def test_ways_to_clone(args: dict[str, object], verb: str) -> None:
    git = Git()
    play(module, {**ARGS, **args}, git.host)
    assert git.verbs()[0] == verb


def test_a_path_becomes_a_url() -> None:
    git = Git()
    assert play(module, {**ARGS, "repo": "/srv/r.git"}, git.host).changed
    assert git.verbs()[0] == "clone --origin origin file:///srv/r.git /srv/r"
    assert not play(module, {**ARGS, "repo": "/srv/r.git"}, git.host).changed


def test_more_branches_are_fetched() -> None:
    git = Git()
    play(module, {**ARGS, "refspec": "+refs/pull/*:refs/pull/*"}, git.host)
    assert "fetch origin +refs/pull/*:refs/pull/*" in git.verbs()


def test_local_changes() -> None:
    git = Git()
    play(module, ARGS, git.host)
    git.dirty = " M file\n"
    refused = "Local modifications exist in the destination: /srv/r (force=no)."
    assert play(module, ARGS, git.host).msg == refused
    assert plan(module, ARGS, git.host).msg == refused
    done = play(module, {**ARGS, "force": True}, git.host)
    assert (done.changed, git.verbs()[2]) == (True, "reset --hard HEAD")


def test_another_address() -> None:
    git = Git()
    play(module, ARGS, git.host)
    done = play(module, {**ARGS, "repo": "https://h/moved.git"}, git.host)
    assert (done.changed, done["remote_url_changed"]) == (True, True)
    assert "remote set-url origin https://h/moved.git" in git.verbs()


def test_submodules() -> None:
    git = Git()
    play(module, ARGS, git.host)
    git.host.add_file("/srv/r/.gitmodules", "")
    git.submodules = "-" + B + " sub\n"
    assert plan(module, ARGS, git.host).action == "update"
    assert play(module, ARGS, git.host).changed
    assert "submodule update --init --recursive --force" in git.verbs()
    assert not play(module, ARGS, git.host).changed
    git.submodules = "-" + B + " sub\n"
    assert not play(module, {**ARGS, "recursive": False}, git.host).changed
    tracking = {**ARGS, "track_submodules": True}
    assert "branches of the submodules" in plan(module, tracking, git.host).unknown
    assert play(module, tracking, git.host).failed is False
    assert git.verbs()[-1].endswith("--remote")


def test_an_archive() -> None:
    git = Git()
    args = {**ARGS, "archive": "/srv/r.tar.gz", "archive_prefix": "r/"}
    assert play(module, args, git.host).changed
    assert git.verbs()[-1] == "archive --format=tar.gz --output=/srv/r.tar.gz --prefix r/ HEAD"
    assert plan(module, args, git.host).action == "none"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.comment = B.encode()
    git.host.add_file("/srv/r.zip", out.getvalue())
    assert plan(module, {**ARGS, "archive": "/srv/r.zip"}, git.host).action == "update"
    git.host.add_file("/srv/r.tar", "nonsense")
    assert plan(module, {**ARGS, "archive": "/srv/r.tar"}, git.host).action == "update"
    assert "extension" in play(module, {**ARGS, "archive": "/srv/r.rar"}, git.host).msg


def test_ssh() -> None:
    git = Git()
    args = {**ARGS, "key_file": "/root/k", "accept_newhostkey": True, "ssh_opts": "-p 22"}
    play(module, args, git.host)
    assert git.host.runs[0].env["GIT_SSH_COMMAND"] == (
        "ssh -i /root/k -o IdentitiesOnly=yes -o BatchMode=yes"
        " -o StrictHostKeyChecking=accept-new -p 22"
    )
    asked = next(one for one in git.host.queries if "ls-remote" in one)
    assert asked[:3] == ("git", "-c", "core.sshCommand=ssh -i /root/k -o IdentitiesOnly=yes")
    git = Git()
    git.host.when("git -c", rc=128, stderr="Host key verification failed.\n")
    given = {**ARGS, "key_file": "/root/k", "accept_hostkey": True}
    assert "Host key" in plan(module, given, git.host).unknown
    assert play(module, given, git.host).changed
    assert "StrictHostKeyChecking=no" in git.host.runs[0].env["GIT_SSH_COMMAND"]


def test_signatures() -> None:
    git = Git()
    signed = f"[GNUPG:] VALIDSIG {'C' * 40} 2026-01-01 1 0 4 0 1 10 00 {'D' * 40}\n"
    git.host.when("git verify-commit", does=lambda *_: Completed(0, "", signed))
    args = {**ARGS, "verify_commit": True}
    assert play(module, {**args, "gpg_allowlist": ["D" * 40]}, git.host).changed
    git = Git()
    git.host.when("git verify-commit", does=lambda *_: Completed(0, "", signed))
    assert "gpg_allowlist" in play(module, {**args, "gpg_whitelist": "E" * 40}, git.host).msg


def test_umask() -> None:
    git = Git()
    play(module, {**ARGS, "umask": "0077"}, git.host)
    assert git.host.runs[0].argv[:4] == ("/bin/sh", "-c", 'umask "$0" && exec "$@"', "0077")


def test_the_data_moves_out_of_the_tree() -> None:
    git = Git()
    play(module, ARGS, git.host)
    done = play(module, {**ARGS, "separate_git_dir": "/git"}, git.host)
    assert (done["git_dir_before"], done["git_dir_now"]) == ("/srv/r/.git", "/git")
    git.host.remove("/srv/r/.git")
    git.host.add_file("/srv/r/.git", "gitdir: /git\n")
    assert not play(module, {**ARGS, "separate_git_dir": "/git"}, git.host).changed


def test_no_clone() -> None:
    git = Git()
    assert not play(module, {**ARGS, "clone": False}, git.host).changed
    assert git.verbs() == []


def test_a_commit_by_the_start_of_its_name() -> None:
    git = Git()
    play(module, ARGS, git.host)
    assert not play(module, {**ARGS, "version": A[:8]}, git.host).changed
    assert "which commit" in plan(module, {**ARGS, "version": B[:8]}, git.host).unknown


def test_what_cannot_be() -> None:
    git = Git()
    told = play(module, {**ARGS, "version": "nowhere"}, git.host).msg
    assert told == "Could not determine remote revision for nowhere"
    assert "git" in play(module, ARGS, FakeHost()).msg
    assert "no program git" in plan(module, ARGS, FakeHost()).unknown
    git.host.when("git ls-remote", rc=128, stderr="fatal: no route\n")
    assert "no route" in plan(module, ARGS, git.host).unknown
    git.host.when("git clone", rc=128, stderr="fatal: no route\n")
    assert play(module, ARGS, git.host).msg == "Failed to clone: fatal: no route"
    other = Git()
    other.host.when("git clone", rc=128, stderr="fatal: gone\n")
    assert play(module, ARGS, other.host).msg == "Failed to clone: fatal: gone"
