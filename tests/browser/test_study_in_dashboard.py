"""``mpsearch dashboard`` in a real browser: what people see of a study."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from chromium import MARKS, running_chromium
from made_study import HOSTILE, made_study
from served import served

from mpsearch.api.report import write_report
from mpsearch.api.study_record import read_study

pytestmark = MARKS


class Seen:
    """A page of the dashboard, and everything that went wrong on it."""

    def __init__(self, browser: Any, address: str) -> None:
        self.complaints: list[str] = []
        self.page = browser.new_page(viewport={"width": 1400, "height": 3000})
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.blocked: list[str] = []
        self.page.on("console", self._hear)
        self.page.goto(address)

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.blocked.append(message.text)


class Listener:
    """A host that a page may not reach."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.reached: list[bytes] = []
        self.image = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.png"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                asked, _ = self._socket.accept()
                self.reached.append(asked.recv(100))
                asked.close()

    def close(self) -> None:
        self._socket.close()


def tempting(folder: Path, image: str) -> None:
    """A study whose names, notes and figures name a host of somebody else's."""
    made_study(folder, (f"![]({image})", f'<img src="{image}">', f'<image href="{image}"/>'))
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder}/study.db")
    (study,) = storage.get_all_studies()
    figure = {
        "data": [{"type": "scatter", "x": [1], "y": [1]}],
        "layout": {
            "title": {"text": "tempting"},
            "images": [{"source": image, "x": 0, "y": 0, "sizex": 1, "sizey": 1}],
        },
    }
    attributes = {"dashboard:plot_data:tempting:0": json.dumps(figure)}
    for trial in range(3):
        attributes[f"dashboard:{trial}:note_ver"] = "1"
        attributes[f"dashboard:{trial}:note_str:0"] = f"seen ![]({image}) <img src='{image}'>"
    for key, value in attributes.items():
        storage.set_study_system_attr(study._study_id, key, value)
    optuna.create_study(storage=storage, study_name=f"![]({image})")
    storage.engine.dispose()


@pytest.fixture(scope="module", params=["plain", "hostile"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "made"
    plain = [f"block{i}_conv" for i in range(12)]
    made_study(folder, plain if request.param == "plain" else HOSTILE)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as dashboard:
        yield dashboard.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_chromium() as chromium:
        yield chromium


def test_the_best_trial_is_feasible_and_the_figures_are_drawn(
    browser: Any, address: str, folder: Path
) -> None:
    from playwright.sync_api import expect

    record = read_study(folder)
    assert record.trials is not None
    # A smaller plan was measured that breaks the budget: it is not the best.
    assert min(one.nbytes for one in record.trials.trials) < record.nbytes
    seen = Seen(browser, address)
    best = seen.page.get_by_text("Best Trial (number=")
    best.wait_for(timeout=30_000)
    card = best.locator("xpath=ancestor::*[contains(@class, 'MuiCardContent')][1]")
    assert str(record.nbytes) in card.inner_text()
    for title in ("Every measured plan", "Bytes of each layer", "The best plan so far"):
        seen.page.locator(".gtitle", has_text=title).wait_for(timeout=30_000)
    seen.page.locator(".gtitle", has_text="Drop of one layer").wait_for(timeout=30_000)
    expect(seen.page.locator(".heatmaplayer image")).to_have_count(1, timeout=30_000)
    expect(seen.page.get_by_text("report.html")).to_have_count(1, timeout=30_000)
    names = seen.page.locator(".ytick text").all_text_contents()
    assert any("block0_conv" in name or "<script>" in name for name in names)
    assert seen.complaints == seen.blocked == []
    seen.page.close()


def test_the_note_shows_the_quanti_array(browser: Any, address: str, folder: Path) -> None:
    record = read_study(folder)
    seen = Seen(browser, f"{address}/note")
    code = seen.page.locator("pre code")
    code.first.wait_for(timeout=30_000)
    lines = code.first.inner_text().splitlines()
    assert lines[0] == "quanti_array = ["
    schemes = [line.split("'")[1] for line in lines if line.startswith("    '")]
    assert tuple(schemes) == record.plan.schemes
    cells = seen.page.locator("table tbody tr td:nth-child(3)").all_text_contents()
    assert tuple(cells) == record.plan.schemes
    assert seen.complaints == seen.blocked == []
    seen.page.close()


def test_no_other_host_is_reached(browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    listener = Listener()
    tempting(folder, listener.image)
    with served(folder) as dashboard:
        seen = Seen(browser, dashboard.url)
        seen.page.locator(".gtitle", has_text="tempting").wait_for(timeout=30_000)
        seen.page.goto(f"{dashboard.url}/trials")
        seen.page.get_by_text("seen").first.wait_for(timeout=30_000)
        seen.page.goto(f"{dashboard.url}/note")
        seen.page.locator("table tbody tr").first.wait_for(timeout=30_000)
        assert len(seen.blocked) >= 2  # of a figure and of a note: they were tried
        assert seen.complaints == []
        seen.page.close()
    assert listener.reached == []
    listener.close()
