"""The page of `kplay graph --format html`, in a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from kplay.cli.main import main

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.browser

PLAYBOOK = """\
- name: first <b>
  hosts: a
  gather_facts: false
  tasks:
    - {name: make, command: make, register: made}
- name: second
  hosts: b
  gather_facts: false
  needs: [make]
  tasks:
    - {name: "own </script>", command: "true"}
    - {name: last, command: "true"}
"""


@pytest.fixture
def page(
    tmp_path: Path,
    browser: Chrome,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Chrome:
    monkeypatch.chdir(tmp_path)
    Path("site.yml").write_text(PLAYBOOK)
    assert main(["graph", "-i", "a,b,", "site.yml", "--format", "html"]) == 0
    text = capsys.readouterr().out
    assert not re.search(r"(src|href)=.?https?:", text), "the page is to stand alone"
    Path("graph.html").write_text(text)
    browser.get((tmp_path / "graph.html").as_uri())
    return browser


def box(page: Chrome, name: str) -> WebElement:
    (found,) = [
        one
        for one in page.find_elements(By.CSS_SELECTOR, ".box")
        if one.find_element(By.TAG_NAME, "title").get_attribute("textContent").startswith(name)
    ]
    return found


def test_a_click_tells_what_a_step_waits_for_and_why(page: Chrome):
    box(page, "own </script>").click()
    told = page.find_element(By.TAG_NAME, "aside").text
    assert told.splitlines()[:3] == [
        "own </script>",
        "cluster, site.yml:11",
        "on the critical path",
    ]
    assert told.splitlines()[3] == "b"
    assert "waits for\nmake\nneeds `make` (site.yml:9)" in told
    assert "is waited for by\nlast\n" in told
    near = page.find_elements(By.CSS_SELECTOR, ".box.near")
    assert {one.get_attribute("data-key") for one in near} == {"0.0", "1.0", "1.1"}


def test_names_in_the_panel_lead_on(page: Chrome):
    box(page, "own </script>").click()
    page.find_element(By.LINK_TEXT, "make").click()
    assert page.find_element(By.CSS_SELECTOR, "aside h2").text == "make"


def test_search_counts_and_goes_from_one_to_the_next(page: Chrome):
    search = page.find_element(By.CSS_SELECTOR, "input[type=search]")
    search.send_keys("site.yml:1")
    assert page.find_element(By.ID, "count").text == "2 found"
    search.send_keys(Keys.ENTER, Keys.ENTER)
    assert page.find_element(By.CSS_SELECTOR, "aside h2").text == "last"


@pytest.mark.parametrize(("scheme", "paper"), [("light", 255), ("dark", 20)])
def test_it_can_be_read_by_day_and_by_night(page: Chrome, scheme: str, paper: int):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    for place in ("body", ".kplay-graph", "aside h2, aside p", ".box text"):
        element = page.find_element(By.CSS_SELECTOR, place)
        colour = "fill" if place == ".box text" else "color"
        ink = channels(element.value_of_css_property(colour))
        back = channels(element.value_of_css_property("background-color"))
        assert max(ink) < 100 if scheme == "light" else min(ink) > 150
        assert back[:1] in ([paper], [0])


def channels(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)[:3]]
