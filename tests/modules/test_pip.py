from __future__ import annotations

import pytest

from kplay.modules import python_packages
from kplay.modules.pip import module
from kplay.testing import FakeHost, plan, play

SITE = "/usr/local/lib/python3.11/dist-packages"


def host(*dists: str, site: str = SITE, pip: str = "/usr/bin/pip3") -> FakeHost:
    """A host with pip, which installs a distribution as its name says."""
    there = FakeHost(files={pip: ""}, dirs=[site, *(f"{site}/{one}.dist-info" for one in dists)])

    def does(on: FakeHost, argv: object) -> str:
        words = list(argv)  # type: ignore[call-overload]
        pips = [index for index, one in enumerate(words) if one in ("install", "uninstall")]
        names = [one for one in words[pips[0] + 1 :] if not one.startswith("-")]
        for text in names:
            one = python_packages.requirement(text)
            for name in on.listdir(site):
                if python_packages.normal(name).startswith(one.name + "-"):
                    on.files.drop(f"{site}/{name}")
            if "install" in words:
                version = next((v for _, v in one.clauses), "9.9")
                on.add_dir(f"{site}/{one.name}-{version}.dist-info")
        return "Successfully installed x\n" if "install" in words else ""

    there.when(pip, does=does)
    return there.when("/bin/sh", does=does)


def lines(there: FakeHost) -> list[str]:
    return [" ".join(run.argv) for run in there.runs]


def test_a_package_is_installed_once() -> None:
    there = host()
    planned = plan(module, {"name": "Flask"}, there)
    assert planned.action == "create"
    done = play(module, {"name": "Flask"}, there)
    assert (done.changed, done["name"], done["cmd"]) == (
        True, ["Flask"], ["/usr/bin/pip3", "install", "Flask"],
    )  # fmt: skip
    assert plan(module, {"name": "flask"}, there).action == "none"
    there.effects.update({(k, key): v for k, key, v in planned.effects})
    assert plan(module, {"name": "flask==1"}, there).action == "update"


def test_versions() -> None:
    there = host("kubernetes-31.0.0", "PyYAML-6.0.1")
    fine = ["kubernetes>=30,<32", "pyyaml ~= 6.0", "kubernetes[x]==31.*", "PyYAML!=5"]
    assert not play(module, {"name": fine}, there).changed
    assert not play(module, {"name": "kubernetes>=30,<32"}, there).changed
    assert play(module, {"name": "kubernetes", "version": "32.0.1"}, there).changed
    assert lines(there) == ["/usr/bin/pip3 install kubernetes==32.0.1"]
    assert not play(module, {"name": "kubernetes", "version": ">=32"}, there).changed


def test_packages_go() -> None:
    there = host("flask-1.0")
    args = {"name": ["flask", "none"], "state": "absent"}
    assert plan(module, args, there).action == "remove"
    assert play(module, args, there).changed
    assert lines(there) == ["/usr/bin/pip3 uninstall -y flask"]
    assert not play(module, args, there).changed


def test_the_latest_is_known_to_the_index_alone() -> None:
    there = host("flask-1.0")
    args = {"name": "flask", "state": "latest"}
    assert plan(module, args, there).unknown == ("whether the index has a newer flask than 1.0")
    assert play(module, args, there).changed
    assert lines(there) == ["/usr/bin/pip3 install -U flask"]
    assert play(module, {"name": "flask", "state": "forcereinstall"}, there).changed
    assert lines(there)[-1] == "/usr/bin/pip3 install -U --force-reinstall flask"
    quiet = host("flask-1.0").when("/usr/bin/pip3", stdout="already satisfied")
    assert not play(module, args, quiet).changed


def test_a_virtual_environment() -> None:
    there = FakeHost()

    def makes(on: FakeHost, _argv: object) -> str:
        on.add_file("/opt/v/bin/activate", "")
        on.add_file("/opt/v/bin/pip", "")
        on.add_dir("/opt/v/lib/python3.11/site-packages")
        return ""

    def installs(on: FakeHost, _argv: object) -> str:
        on.add_dir("/opt/v/lib/python3.11/site-packages/flask-2.0.dist-info")
        return ""

    there.when("python3 -m venv", does=makes).when("/opt/v/bin/pip", does=installs)
    args = {
        "name": "flask",
        "virtualenv": "/opt/v",
        "virtualenv_command": "python3 -m venv",
        "virtualenv_site_packages": True,
    }
    planned = plan(module, args, there)
    assert planned.action == "create"
    assert ("path", "/opt/v/bin/pip", {"state": "file", "mode": "0755"}) in planned.effects
    assert play(module, args, there).changed
    assert lines(there) == [
        "python3 -m venv --system-site-packages /opt/v",
        "/opt/v/bin/pip install flask",
    ]
    assert plan(module, args, there).action == "none"
    wrong = {**args, "virtualenv": "/opt/w", "virtualenv_python": "python3.9"}
    assert "should not be used" in play(module, wrong, there).msg
    there.when("virtualenv -p python3.9", does=makes)
    play(module, {"name": "x", "virtualenv": "/opt/w", "virtualenv_python": "python3.9"},
         there.when("/opt/w/bin/pip"))  # fmt: skip
    assert "virtualenv -p python3.9 /opt/w" in lines(there)


def test_requirements() -> None:
    there = host("flask-1.0", "jinja2-3.1")
    there.add_file(
        "/app/requirements.txt", "# ours\nflask==1.0 --hash=sha256:x\n-r more.txt\n-i u\n"
    )
    there.add_file("/app/more.txt", "jinja2>=3 ; python_version > '3'\n")
    args = {"requirements": "requirements.txt", "chdir": "/app"}
    assert plan(module, args, there).action == "none"
    there.add_file("/app/more.txt", "jinja2>=4\n-e .\n")
    assert plan(module, args, there).action == "update"
    play(module, args, there)
    assert lines(there) == ["/usr/bin/pip3 install -r requirements.txt"]
    assert there.runs[0].cwd == "/app"
    missing = {"requirements": "/none.txt"}
    assert play(module, missing, there).msg == "Could not open requirements file: /none.txt"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        ({"extra_args": "--no-index -f /pkgs"}, "install --no-index -f /pkgs x"),
        ({"editable": True, "name": "git+https://h/x#egg=x"},
         "install -e git+https://h/x#egg=x"),
        ({"name": "/tmp/x-1.0-py3-none-any.whl"}, "install /tmp/x-1.0-py3-none-any.whl"),
        ({"name": "https://h/x-1.0.tar.gz"}, "install https://h/x-1.0.tar.gz"),
    ],
)  # fmt: skip
def test_options(args: dict[str, object], line: str) -> None:
    there = host()
    play(module, {"name": "x", **args}, there)
    assert lines(there) == [f"/usr/bin/pip3 {line}"]
    if "editable" not in args and "extra_args" not in args:
        assert not play(module, {"name": "x", **args}, there).changed


def test_environment_and_umask() -> None:
    there = host()
    play(module, {"name": "x", "break_system_packages": True, "umask": "0022"}, there)
    assert there.runs[0].argv[:4] == ("/bin/sh", "-c", 'umask "$0" && exec "$@"', "0022")
    assert there.runs[0].env["PIP_BREAK_SYSTEM_PACKAGES"] == "1"


def test_another_pip() -> None:
    there = host(site="/opt/py/lib/python3.12/site-packages", pip="/opt/py/bin/pip3.12")
    args = {"name": "x", "executable": "/opt/py/bin/pip3.12"}
    assert play(module, args, there).changed
    assert not play(module, args, there).changed


def test_what_cannot_be() -> None:
    there = host()
    assert "required: name" in play(module, {}, there).msg
    assert "ambiguous" in play(module, {"name": ["a", "b"], "version": "1"}, there).msg
    told = play(module, {"name": "a", "version": "1", "state": "latest"}, there).msg
    assert told == "version is incompatible with state=latest"
    assert "pip needs to be installed" in play(module, {"name": "x"}, FakeHost()).msg
    assert plan(module, {"name": "x"}, FakeHost()).unknown == "no program pip on the host yet"
    broken = host().when("/usr/bin/pip3", rc=1, stderr="ERROR: No matching distribution\n")
    assert "No matching" in play(module, {"name": "x"}, broken).msg


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [
        ("1.0", "1", 0),
        ("1.0.dev1", "1.0a1", -1),
        ("1.0a1", "1.0b1", -1),
        ("1.0rc1", "1.0", -1),
        ("1.0.post1", "1.0", 1),
        ("1!0.1", "2.0", 1),
        ("1.10", "1.9", 1),
        ("1.0-1", "1.0.post1", 0),
        ("1.0c1", "1.0.preview1", 0),
        ("2.0", "not a version", 1),
        ("1.0+local", "1.0", 0),
    ],
)
def test_versions_compare_as_pep_440_says(one: str, other: str, order: int) -> None:
    assert python_packages.compare(one, other) == order
    assert python_packages.compare(other, one) == -order
