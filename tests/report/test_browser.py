"""The page in a real browser: quiet, alone, inert, readable in both languages and on paper."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.cases import Leak, evil, hostile

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def found() -> str:
    """A Chromium of the system, else the one that playwright has installed; empty if neither."""
    if not importlib.util.find_spec("playwright"):
        return ""
    if path := next(filter(None, map(shutil.which, BROWSERS)), ""):
        return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        path = started.chromium.executable_path
    return path if Path(path).exists() else ""


CHROMIUM = found()
if os.environ.get("TRACEMARK_NEEDS_BROWSER") and not CHROMIUM:
    pytest.fail("no Chromium, or no playwright", pytrace=False)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs the extra 'browser' and Chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(leaked: Leak, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "case.html"
    path.write_text(leaked.case.to_html("zh"), encoding="utf-8")
    return path


class Opened:
    """A page in a tab, with what it said and asked for."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.tab = browser.new_context(**options).new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.tab.on("console", lambda message: self.said.append(message.text))
        self.tab.on("pageerror", lambda error: self.said.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(path.as_uri(), wait_until="load")


@pytest.fixture(scope="module")
def opened(browser: Any, page: Path) -> Opened:
    return Opened(browser, page, viewport={"width": 1100, "height": 800})


def test_no_error_and_no_request_leaves_the_file(opened: Opened, page: Path) -> None:
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [page.as_uri()]


def test_hostile_names_and_cells_do_nothing(opened: Opened) -> None:
    assert opened.tab.title().startswith("泄露溯源报告")
    assert opened.tab.locator("script, img, svg[onload]").count() == 0


def test_hostile_texts_do_nothing_wherever_they_are_shown(
    browser: Any, leaked: Leak, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(hostile(leaked.case).to_html("en", asked=evil("command")), encoding="utf-8")
    opened = Opened(browser, path)
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [path.as_uri()]
    assert evil("slot") in opened.tab.locator(".leaked").inner_text()


def test_the_first_screen_says_who_and_how_sure(opened: Opened) -> None:
    box = opened.tab.locator("#verdict").bounding_box()
    assert box["y"] + box["height"] < 800
    said = opened.tab.locator("#verdict").inner_text()
    assert "station:YW-012" in said and "分之一" in said and "302" in said


def test_the_language_switches_without_a_script(opened: Opened) -> None:
    assert "released to" not in opened.tab.locator("main").inner_text()
    opened.tab.locator("label[for=en]").click()
    said = opened.tab.locator("main").inner_text()
    assert "released to" in said and "接收者" not in said
    opened.tab.locator("label[for=zh]").click()
    assert "接收者" in opened.tab.locator("main").inner_text()


def test_marks_can_be_hidden(opened: Opened) -> None:
    places = opened.tab.locator(".photo .places").first
    assert places.is_visible()
    opened.tab.locator("label.marks").first.click()
    assert not places.is_visible()


@pytest.mark.parametrize("width", [1100, 380])
def test_nothing_is_wider_than_the_screen(browser: Any, page: Path, width: int) -> None:
    tab = Opened(browser, page, viewport={"width": width, "height": 800}).tab
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Any, page: Path, scheme: str) -> None:
    """At least 4.5 to 1, as WCAG 2.1 asks, for every kind of text on the page."""
    tab = Opened(browser, page, color_scheme=scheme).tab
    for selector in (".sentence", ".soft", ".tag", "th", ".slot.strong", "pre", ".caution"):
        inked, ground = tab.locator(selector).first.evaluate(
            """element => {
                const solid = value => !/rgba\\(.*, 0\\)/.test(value);
                let at = element;
                while (!solid(getComputedStyle(at).backgroundColor)) at = at.parentElement;
                return [getComputedStyle(element).color, getComputedStyle(at).backgroundColor];
            }"""
        )
        assert contrast(inked, ground) >= 4.5, selector


def test_it_prints_on_a4_with_light_paper(browser: Any, page: Path) -> None:
    tab = Opened(browser, page, color_scheme="dark").tab
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert not tab.locator(".switch").first.is_visible()
    printed = tab.pdf(prefer_css_page_size=True)
    assert b"/MediaBox [0 0 594" in printed or b"/MediaBox [0 0 595" in printed


def contrast(one: str, other: str) -> float:
    """Ratio of relative luminances of two colours, as WCAG 2.1 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
