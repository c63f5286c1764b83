"""Reports in a real browser: nothing fetched, accessible, readable on any screen and on paper."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

import pytest
from chromium import MARKS, running_chromium
from made_study import HOSTILE, MadeStudy, made_study

from mpsearch.api.report import write_comparison, write_report

pytestmark = MARKS
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Kind of page → its file."""
    folder = tmp_path_factory.mktemp("pages")
    made_study(folder / "plain", [f"block{i}_conv" for i in range(12)])
    made_study(folder / "hostile", HOSTILE, worst_image="<img src=x onerror=alert(3)>")
    (folder / "unfinished").mkdir()
    MadeStudy(folder / "unfinished", HOSTILE, seed=1).write_trials()
    return {
        "plain": write_report(folder / "plain").page,
        "hostile": write_report(folder / "hostile").page,
        "unfinished": write_report(folder / "unfinished").page,
        "comparison": write_comparison(folder / "hostile", folder / "unfinished").page,
    }


@pytest.fixture(params=["plain", "hostile", "unfinished", "comparison"])
def file(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


class Opened:
    """A page, and everything it asked the network or the user for."""

    def __init__(self, browser: Any, file: Path, scheme: str, width: int) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(file.as_uri())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_asks_nobody_for_anything_and_is_accessible(
    browser: Any, file: Path, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with Opened(browser, file, scheme, 1280) as opened:
        assert [url for url in opened.asked if not url.startswith("data:")] == [file.as_uri()]
        assert opened.complaints == []
        found = Axe().run(opened.page)
        broken = {v["id"]: v["nodes"][0]["html"][:120] for v in found.response["violations"]}
        assert broken == {}, json.dumps(broken, indent=1)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_is_no_wider_than_the_screen(browser: Any, file: Path, width: int) -> None:
    with Opened(browser, file, "light", width) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_picture_is_drawn_in_the_colours_of_the_page(
    browser: Any, file: Path, scheme: str
) -> None:
    with Opened(browser, file, scheme, 1280) as opened:
        pictures = opened.page.evaluate(
            "[...document.images].map(i => [i.complete, i.naturalWidth, "
            "i.currentSrc === i.getAttribute('src')])"
        )
        assert pictures
        for complete, width, is_light in pictures:
            assert complete
            assert width > 300
            assert is_light == (scheme == "light")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_prints_dark_on_white(browser: Any, file: Path, scheme: str) -> None:
    from playwright.sync_api import expect

    with Opened(browser, file, scheme, 1280) as opened:
        opened.page.emulate_media(media="print", color_scheme=scheme)
        paper, ink = opened.page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, "
            "getComputedStyle(document.body).color]"
        )
        assert paper == "rgb(255, 255, 255)"
        assert ink == "rgb(27, 31, 36)"
        # Other sources are chosen a moment later. (wait_for_function would ask again through
        # eval, which the page's Content-Security-Policy forbids.)
        pictures = opened.page.locator("img").all()
        assert pictures
        for picture in pictures:
            light = picture.get_attribute("src")
            expect(picture).to_have_js_property("currentSrc", light, timeout=30_000)
            expect(picture).to_have_js_property("complete", True, timeout=30_000)
        pdf = opened.page.pdf(format="A4")
        assert pdf.startswith(b"%PDF-")
        assert pdf.count(b"/Type /Page\n") >= 2


def test_the_first_stop_of_the_keyboard_skips_to_the_content(browser: Any, file: Path) -> None:
    with Opened(browser, file, "light", 1280) as opened:
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.className") == "skip"
        opened.page.keyboard.press("Enter")
        assert opened.page.evaluate("document.activeElement.id") == "content"


def test_a_click_on_the_quanti_array_selects_all_of_it(
    browser: Any, pages: dict[str, Path]
) -> None:
    with Opened(browser, pages["plain"], "light", 1280) as opened:
        opened.page.locator("#plan pre").click()
        selected = opened.page.evaluate("getSelection().toString()")
        assert selected.startswith("quanti_array = [")
        assert selected.rstrip().endswith("]")
        assert selected.count("block") == 12
