"""The page of `kplay plan --format html` and `kplay show FILE --format html`, in a browser."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from kplay.cli.main import main
from kplay.plan.model import PlanData
from kplay.report import plan_html
from kplay.walk.events import Place, StepEnded

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.browser

EVIL = "</script><img src=x onerror=alert(1)>"
PLAYBOOK = f"""\
- name: first <b>
  hosts: all
  gather_facts: false
  roles: [base]
- name: second
  hosts: b
  gather_facts: false
  tasks:
    - {{name: Ask, command: uname, register: asked}}
    - name: May write
      copy: {{content: x, dest: "{{{{ out }}}}/may"}}
      when: asked.stdout == "x"
    - name: "own {EVIL}"
      copy: {{content: "{EVIL} needle\\n", dest: "{{{{ out }}}}/evil"}}
"""
ROLE = """\
- {name: Everywhere, copy: {content: "one\\n", dest: "{{ out }}/same"}}
- {name: Differs, copy: {content: "{{ inventory_hostname }}\\n", dest: "{{ out }}/differs"}}
- {name: Nothing, file: {path: "{{ out }}", state: directory}}
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
    Path("roles/base/tasks").mkdir(parents=True)
    Path("roles/base/tasks/main.yml").write_text(ROLE)
    Path("out").mkdir()
    Path("hosts").write_text(
        f"[all:vars]\nansible_connection=local\n[x]\na\nb\n[x:vars]\nout={tmp_path}/out\n"
    )
    assert main(["plan", "-i", "hosts", "site.yml", "-o", "p.json"]) == 0
    capsys.readouterr()
    Path("site.yml").unlink()
    assert main(["show", "p.json", "--format", "html"]) == 0
    text = capsys.readouterr().out
    assert not re.search(r"(src|href)=.?https?:", text), "the page is to stand alone"
    Path("plan.html").write_text(text)
    browser.get((tmp_path / "plan.html").as_uri())
    return browser


def entries(page: Chrome) -> list[WebElement]:
    """Those that are shown."""
    return [one for one in page.find_elements(By.CSS_SELECTOR, ".entry") if one.is_displayed()]


def names(page: Chrome) -> list[str]:
    return [one.find_element(By.CSS_SELECTOR, ".task").text for one in entries(page)]


def until(page: Chrome, found: Callable[[], bool]) -> None:
    WebDriverWait(page, 10).until(lambda _: found())


def search(page: Chrome, words: str) -> None:
    field = page.find_element(By.CSS_SELECTOR, "input[type=search]")
    field.clear()
    field.send_keys(words)


def click(page: Chrome, text: str) -> None:
    page.find_element(By.XPATH, f"//button[normalize-space()='{text}']").click()


ALL = ["base : Everywhere", "base : Differs", "base : Differs", "Ask", "May write may run"]


def test_all_changes_are_there_and_folded(page: Chrome):
    assert names(page) == [*ALL, f"own {EVIL}"]
    assert page.find_element(By.CSS_SELECTOR, ".headline").text == (
        "plan: 5 to create, 1 to run, 1 unknown on 2 hosts"
    )
    assert not page.find_elements(By.CSS_SELECTOR, ".entry[open]")
    assert page.find_elements(By.TAG_NAME, "img") == []
    unknown = page.find_element(By.ID, "unknown").text
    assert "May write because Ask on b" in unknown
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_an_entry_unfolds_to_its_hosts_and_coloured_diff(page: Chrome):
    first = entries(page)[0]
    first.find_element(By.TAG_NAME, "summary").click()
    until(page, lambda: first.find_element(By.CSS_SELECTOR, "dd.all").text == "a, b")
    assert "+one" in first.find_element(By.CSS_SELECTOR, ".diff .add").text
    assert "-state: absent" in first.find_element(By.CSS_SELECTOR, ".diff .cut").text
    click(page, "unfold all")
    assert len(page.find_elements(By.CSS_SELECTOR, ".entry[open]")) == 6
    click(page, "fold all")
    assert not page.find_elements(By.CSS_SELECTOR, ".entry[open]")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("needle", [f"own {EVIL}"]),
        ("differs", ALL[1:3]),
        ("BASE roles/base/tasks/main.yml:1", ALL[:1]),
        ("second uname", ["Ask"]),
        ("second a,", []),
        ("nowhere-at-all", []),
    ],
)
def test_search_looks_at_everything(page: Chrome, words: str, shown: list[str]):
    search(page, words)
    until(page, lambda: page.find_element(By.ID, "count").text == f"{len(shown)} of 6 entries")
    assert names(page) == shown
    assert page.find_element(By.ID, "none").is_displayed() is (not shown)
    if words == "needle":
        assert entries(page)[0].get_attribute("open"), "what was found inside is shown"
    page.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    until(page, lambda: len(entries(page)) == 6)


def test_filters_by_host_role_and_action_go_together(page: Chrome):
    click(page, "a")
    assert names(page) == ALL[:2]
    click(page, "a")
    click(page, "second (own tasks)")
    assert names(page) == [*ALL[3:], f"own {EVIL}"]
    click(page, "+ 5 to create")
    assert names(page) == [f"own {EVIL}"]
    assert page.find_element(By.ID, "count").text == "1 of 6 entries"
    click(page, "clear filters")
    assert len(entries(page)) == 6


def test_it_can_be_used_from_the_keyboard(page: Chrome):
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys("/")
    page.switch_to.active_element.send_keys("uname")
    until(page, lambda: page.find_element(By.ID, "count").text == "1 of 6 entries")
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    button = page.find_element(By.XPATH, "//button[normalize-space()='b']")
    button.send_keys(Keys.ENTER)
    assert len(entries(page)) == 5
    summary = entries(page)[0].find_element(By.TAG_NAME, "summary")
    summary.send_keys(Keys.ENTER)
    assert entries(page)[0].get_attribute("open")
    box = page.find_element(By.CSS_SELECTOR, ".box[aria-label=base]")
    page.execute_script("arguments[0].focus()", box)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert "base" in page.find_element(By.CSS_SELECTOR, "aside h2").text
    assert names(page) == [ALL[0], ALL[2]]


def test_an_entry_has_an_address(page: Chrome):
    last = entries(page)[-1].get_attribute("id")
    url = page.current_url.partition("#")[0]
    page.get("about:blank")
    page.get(f"{url}#{last}")
    until(page, lambda: bool(page.find_elements(By.CSS_SELECTOR, ".entry[open]")))
    (opened,) = page.find_elements(By.CSS_SELECTOR, ".entry[open]")
    assert opened.get_attribute("id") == last


def test_the_graph_leads_to_changes_and_back(page: Chrome):
    picture = page.find_element(By.ID, "picture")
    labels = [one.get_attribute("aria-label") for one in boxes(picture)]
    assert labels == ["base", "tasks of the play"]
    click(page, "by task")
    assert len(boxes(picture)) >= 6
    (box,) = [one for one in boxes(picture) if one.get_attribute("aria-label") == "base : Differs"]
    assert "idle" not in str(box.get_attribute("class"))
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    box.click()
    assert names(page) == ALL[1:3]
    aside = page.find_element(By.TAG_NAME, "aside")
    assert "2 entries" in aside.text
    aside.find_element(By.LINK_TEXT, "base : Everywhere").click()
    until(page, lambda: names(page) == ALL[:1])
    (quiet,) = [
        one for one in boxes(picture) if one.get_attribute("aria-label") == "base : Nothing"
    ]
    assert "idle" in str(quiet.get_attribute("class"))


def boxes(picture: WebElement) -> list[WebElement]:
    return picture.find_elements(By.CSS_SELECTOR, ".box")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_day_and_by_night(page: Chrome, scheme: str):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    click(page, "unfold all")
    page.find_element(By.XPATH, "//button[normalize-space()='a']").click()
    places = (
        ".headline", ".soft", ".chip.create", ".chip.run", ".chip.unknown", "#unknown a", ".may",
        "#hosts button", "[aria-pressed=true]", ".task", ".where", "dt", ".add", ".cut", ".head",
        "#path .soft", "aside p", "nav a",
    )  # fmt: skip
    weak = {place: ratio for place in places if (ratio := contrast(page, place)) < 4.5}
    assert weak == {}
    dark = sum(channels(page.find_element(By.TAG_NAME, "body"), "background-color")) < 150
    assert dark is (scheme == "dark")


def contrast(page: Chrome, place: str) -> float:
    """WCAG's ratio of the text to what is painted behind it."""
    element = page.find_element(By.CSS_SELECTOR, place)
    ink = luminance(channels(element, "color"))
    while "rgba(0, 0, 0, 0)" in element.value_of_css_property("background-color"):
        element = element.find_element(By.XPATH, "..")
    paper = luminance(channels(element, "background-color"))
    return (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)


def channels(element: WebElement, name: str) -> list[int]:
    found = re.findall(r"\d+", element.value_of_css_property(name))
    return [int(number) for number in found[:3]]


def luminance(rgb: list[int]) -> float:
    linear = [c / 12.92 if (c := v / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for v in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_on_paper_everything_is_unfolded_and_controls_are_gone(page: Chrome):
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(page.find_elements(By.CSS_SELECTOR, ".entry[open]")) == 6
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not page.find_element(By.CSS_SELECTOR, "input[type=search]").is_displayed()
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not page.find_elements(By.CSS_SELECTOR, ".entry[open]")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_two_thousand_changes_are_no_burden(browser: Chrome, tmp_path: Path):
    hosts = [f"w{number}" for number in range(300)]
    steps = []
    for number in range(2000):
        text = "".join(f"setting_{line} = {number * line}\n" for line in range(30))
        for host in hosts[: 1 + number % 5]:
            place = Place(
                f"0.{number}@{host}", host, f"Change {number}", "copy", "p", "", "s.yml", 1
            )
            diff = [{"path": f"/etc/{number}", "before": "", "after": text}]
            steps.append(StepEnded(0.0, place, "planned", "create", {"changed": True}, diff))
    (tmp_path / "plan.html").write_text(plan_html.of(PlanData.of(steps)))
    began = time.monotonic()
    browser.get((tmp_path / "plan.html").as_uri())
    loaded = time.monotonic() - began
    script = """
      const field = document.querySelector("input[type=search]");
      field.value = "setting_29 57971";
      const began = performance.now();
      field.dispatchEvent(new Event("input"));
      const done = arguments[0];
      const look = () => document.querySelector("#count").textContent
        ? done(performance.now() - began) : setTimeout(look, 5);
      look();
    """
    searched = browser.execute_async_script(script)
    assert browser.find_element(By.ID, "count").text == "1 of 2000 entries"
    assert loaded < 10
    assert searched < 3000
