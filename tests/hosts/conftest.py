"""Real hosts for a test session: made once, shared by all tests, gone at its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project import Project as OfLab
from project import lab_up, wait_for

from kplay import lab as labs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sshd import Place

LAB_FILES = Path(__file__).parents[1] / "labs"


@pytest.fixture(scope="session")
def lab_hosts() -> Iterator[labs.Lab]:
    """The lab of ``tests/labs/hosts.yml``, up; hosts h1 to h4, its inventory on disk.

    A test that leaves a host other than bare says so to the tests after it by using names of its
    own. Without root, or where machines cannot be made, every test that asks for it fails.
    """
    with lab_up(labs.load_lab(LAB_FILES / "hosts.yml"), "hosts") as lab:
        yield lab


class Project(OfLab):
    """A project of a user who has nothing at home but it."""

    def env(self) -> dict[str, str]:
        return {**super().env(), "HOME": str(self.directory)}


@pytest.fixture
def project_of() -> Iterator[Callable[[Path, labs.Lab], Project]]:
    """``project_of(directory, lab)``: a user's directory; what runs from it ends with the test."""
    made: list[Project] = []

    def make(directory: Path, lab: labs.Lab) -> Project:
        made.append(Project(directory, lab))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def project(
    tmp_path: Path, lab_hosts: labs.Lab, project_of: Callable[[Path, labs.Lab], Project]
) -> Project:
    """An empty directory and the lab's hosts."""
    return project_of(tmp_path, lab_hosts)


@pytest.fixture
def until() -> Callable[..., None]:
    """``until(fact, what, seconds)``: wait for a fact."""
    return wait_for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    from sshd import Place

    # sshd separates privileges in this directory, and does not start without it
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    made = Place(tmp_path)
    yield made
    for connection in made.open:
        connection.close()
    for server in made.servers:
        server.end()
