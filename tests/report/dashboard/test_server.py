"""The dashboard as a browser, or somebody with worse intentions, asks it."""

import http.client
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_study import MadeStudy, made_study
from served import served

from mpsearch.api.dashboard import Dashboard
from mpsearch.api.report import write_report
from mpsearch.values.errors import EnvironmentFault, StudyError
from mpsearch.values.plan import Plan

pytestmark = pytest.mark.xdist_group("dashboard")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studies") / "made"
    made_study(folder, [f"conv{i}" for i in range(12)])
    (folder / "plan.json").write_text('{"plan": "as a search leaves it"}')
    (folder / "secret.key").write_text("not for the browser")
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def dashboard(folder: Path) -> Iterator[Dashboard]:
    with served(folder) as dashboard:
        yield dashboard


def ask(dashboard: Dashboard, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=30)
    try:
        body = b"{}" if method not in {"GET", "HEAD"} else None
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def detail(dashboard: Dashboard) -> Any:
    status, body = ask(dashboard, "/api/studies/1")
    assert status == 200
    return json.loads(body)


def test_the_study_has_its_note_figures_files_and_names(dashboard: Dashboard) -> None:
    found = detail(dashboard)
    assert "quanti_array = [" in found["note"]["body"]
    assert {one["id"] for one in found["plotly_graph_objects"]} == {
        *("bytes-by-drop", "progress", "bytes-per-layer", "sensitivity")
    }
    assert found["objective_names"] == ["nbytes"]
    (best,) = found["best_trials"]
    assert best["constraints"][0] <= 0
    feasible = [t["values"][0] for t in found["trials"] if t["constraints"][0] <= 0]
    assert best["values"] == [min(feasible)]
    assert min(t["values"][0] for t in found["trials"]) < min(feasible)
    files = {one["filename"]: one["artifact_id"] for one in found["artifacts"]}
    assert {"plan.json", "result.json", "report.html", "sensitivity.png"} <= set(files)
    assert "secret.key" not in files
    status, body = ask(dashboard, f"/artifacts/1/{files['plan.json']}")
    assert (status, body) == (200, b'{"plan": "as a search leaves it"}')


def test_a_thousand_hostile_requests_change_nothing(dashboard: Dashboard, folder: Path) -> None:
    before = (folder / "study.db").read_bytes()
    files = sorted(folder.rglob("*"))
    chance = random.Random(0)
    paths = (
        *("/api/studies/1", "/api/studies", "/api/studies/1/rename", "/api/studies/1/note"),
        *("/api/trials/1/tell", "/api/trials/1/user-attrs", "/api/artifacts/1", "/dashboard"),
        *("/api/studies/1/3/note", "/incompatible-rdb-schema", "/artifacts/1/abc", "/"),
    )
    for _ in range(1000):
        method = chance.choice(["DELETE", "POST", "PUT", "PATCH", "OPTIONS"])
        assert ask(dashboard, chance.choice(paths), method)[0] == 405
    assert ask(dashboard, "/api/studies", Host="evil.example")[0] == 403
    for path in ("/static/../../../../etc/passwd", "/artifacts/1/..%2f..%2fsecret.key"):
        status, body = ask(dashboard, path)
        assert status in {403, 404}, path
        assert b"root:" not in body
    assert (folder / "study.db").read_bytes() == before
    assert sorted(folder.rglob("*")) == files


def test_what_a_search_writes_meanwhile_is_shown(tmp_path: Path) -> None:
    made = MadeStudy(tmp_path)
    made.write_trials()
    with served(tmp_path) as dashboard:
        assert "the best of 24 measured plans" in detail(dashboard)["note"]["body"]
        made.tried = [made._measured(Plan.uniform(made.names, "int6c"), "surrogate")]
        made.write_trials()
        deadline = time.monotonic() + 30  # it looks every few seconds
        while len(detail(dashboard)["trials"]) == 24:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert "the best of 25 measured plans" in detail(dashboard)["note"]["body"]


def test_a_port_that_is_taken_is_said(dashboard: Dashboard, folder: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"`port`, or 0"):
        Dashboard.open(folder, dashboard.port)


def test_a_folder_without_a_study_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="run mpsearch search"):
        Dashboard.open(tmp_path, 0)
