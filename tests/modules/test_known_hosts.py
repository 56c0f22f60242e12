from __future__ import annotations

from kplay.modules.known_hosts import module
from kplay.testing import FakeHost, plan, play

PATH = "/root/.ssh/known_hosts"
KEY = "web.example,10.0.0.1 ssh-ed25519 AAAAC3Nz"
# as ssh-keygen -H writes the name "localhost" (an example of its manual page's format)
OTHER = "other ssh-ed25519 AAAAother"


def args(**more: object) -> dict[str, object]:
    return {"name": "web.example", "key": KEY, "path": PATH, **more}


def test_a_key_is_added_once() -> None:
    there = FakeHost(files={PATH: OTHER + "\n"})
    assert plan(module, args(), there).action == "create"
    done = play(module, args(), there)
    assert (done.changed, done["name"], done["state"]) == (True, "web.example", "present")
    assert there.text(PATH) == f"{OTHER}\n{KEY}\n"
    assert plan(module, args(), there).action == "none"


def test_a_new_file() -> None:
    there = FakeHost(dirs=["/root/.ssh"])
    assert play(module, args(), there).changed
    assert there.files.need(PATH).mode == 0o644
    assert "does not exist" in play(module, args(), FakeHost()).msg


def test_another_key_of_the_type_is_replaced() -> None:
    there = FakeHost(files={PATH: "web.example ssh-ed25519 AAAAold\nweb.example ssh-rsa AAAAB3\n"})
    assert plan(module, args(), there).action == "update"
    assert play(module, args(), there).changed
    assert there.text(PATH) == f"web.example ssh-rsa AAAAB3\n{KEY}\n"


def test_names_are_hashed() -> None:
    there = FakeHost(files={PATH: KEY + "\n"})
    assert play(module, args(hash_host=True), there).changed
    text = there.text(PATH)
    assert text.startswith("|1|")
    assert "web.example" not in text
    assert not play(module, args(hash_host=True), there).changed
    assert not play(module, args(), there).changed
    assert play(module, args(state="absent"), there).changed
    assert there.text(PATH) == ""


def test_a_hash_that_ssh_keygen_made_is_known() -> None:
    line = "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-rsa AAAAB3"
    there = FakeHost(files={PATH: line + "\n"})
    given = {"name": "192.168.1.61", "path": PATH, "state": "absent"}
    assert plan(module, given, there).action == "remove"


def test_all_keys_of_a_host_go_or_the_one_given() -> None:
    text = "web.example ssh-ed25519 AAAAC3Nz\nweb.example ssh-rsa AAAAB3\n"
    there = FakeHost(files={PATH: text})
    assert play(module, args(state="absent"), there).changed
    assert there.text(PATH) == "web.example ssh-rsa AAAAB3\n"
    assert not play(module, args(state="absent"), there).changed
    gone = {"name": "web.example", "path": PATH, "state": "absent"}
    assert play(module, gone, there).changed
    assert there.text(PATH) == ""
    assert not play(module, gone, there).changed


def test_what_cannot_be() -> None:
    there = FakeHost(files={PATH: ""})
    assert play(module, {"name": "x", "path": PATH}, there).msg == (
        "No key specified when adding a host"
    )
    assert "valid key" in play(module, args(key="nonsense"), there).msg
    assert "does not match" in play(module, args(name="elsewhere"), there).msg
