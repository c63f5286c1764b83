"""Trials for the page: what optuna-dashboard would answer, in pieces."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import optuna
import optuna_dashboard
import pytest
from made_study import MadeStudy
from optuna.storages import BaseStorage
from optuna.trial import TrialState, create_trial

from mpsearch.propose.goal import Goal
from mpsearch.report.dashboard import study_detail
from mpsearch.report.dashboard.guard import Application
from mpsearch.report.dashboard.shown_storage import ShownStorage
from mpsearch.report.dashboard.study_detail import StudyDetail
from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.opening import close_storage, open_for_reading


def ask(application: Application, path: str, query: str = "", encoding: str = "") -> Any:
    """(status, headers, body)."""
    said: list[Any] = []
    environment = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_ACCEPT_ENCODING": encoding,
    }
    body = b"".join(application(environment, lambda *answer: said.extend(answer)))
    return said[0], dict(said[1]), body


def detail(application: Application, query: str = "") -> Any:
    status, _, body = ask(application, "/api/studies/1", query)
    assert status.startswith("200")
    return json.loads(body)


def comparable(answer: Any) -> Any:
    """optuna-dashboard orders choices that it joins, and attributes, at random."""
    for space in ("union_search_space", "intersection_search_space"):
        for one in answer[space]:
            if "choices" in one["distribution"]:
                one["distribution"]["choices"].sort(key=lambda choice: choice["value"])
    answer["union_user_attrs"].sort(key=lambda one: one["key"])
    answer["plotly_graph_objects"].sort(key=lambda one: one["id"])
    return answer


@pytest.fixture(
    scope="module",
    params=[Goal("mean", 2.0), Goal("mean")],
    ids=["budget", "front"],
)
def storage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BaseStorage]:
    folder = tmp_path_factory.mktemp("made")
    MadeStudy(folder, goal=request.param).write_trials()
    url = sqlite_url(folder / "study.db")
    study = optuna.load_study(study_name="made", storage=url)
    unlike = create_trial(
        state=TrialState.FAIL,
        params={"else": 2},
        distributions={"else": optuna.distributions.IntDistribution(1, 3)},
        user_attrs={"reason": "its worker is gone"},
    )
    study.add_trial(unlike)
    study.add_trial(create_trial(state=TrialState.RUNNING, user_attrs={"beat": 1}))
    opened = open_for_reading(Address.parse(url))
    yield ShownStorage(opened, lambda _: {"dashboard:plot_data:x:0": "{}"}, lambda: 0)
    close_storage(opened)


def both(storage: BaseStorage) -> tuple[Application, Application]:
    """optuna-dashboard, and ours before it."""
    theirs = optuna_dashboard.wsgi(storage)
    return theirs, StudyDetail(theirs, storage)


@pytest.mark.parametrize("query", ["", "after=0", "after=20", "after=999"])
def test_the_answer_is_that_of_the_dashboard(storage: BaseStorage, query: str) -> None:
    theirs, ours = both(storage)
    known = comparable(detail(theirs, query))
    assert comparable(detail(ours, query)) == known
    assert len(known["trials"]) == {"after=20": 6, "after=999": 0}.get(query, 26)


def test_a_page_asks_until_it_has_all(
    storage: BaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = both(storage)
    whole = detail(theirs)
    monkeypatch.setattr(study_detail, "PAGE", 7)
    pages: list[Any] = []
    while answer := detail(ours, f"after={len(pages)}")["trials"]:
        assert len(answer) <= 7
        pages += answer
    assert pages == whole["trials"]


def test_it_is_compressed_for_who_takes_that(storage: BaseStorage) -> None:
    _, ours = both(storage)
    _, plain, text = ask(ours, "/api/studies/1")
    _, compressed, packed = ask(ours, "/api/studies/1", encoding="gzip, br")
    assert gzip.decompress(packed) == text
    assert len(packed) < len(text) / 5
    assert "Content-Encoding" not in plain
    assert compressed["Content-Encoding"] == "gzip"
    for headers, body in ((plain, text), (compressed, packed)):
        assert headers["Content-Length"] == str(len(body))
        assert headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/studies/1", "after=-1"),
        ("/api/studies/1", "after=x"),
        ("/api/studies/99", ""),
        ("/api/studies/99999999999999999999", ""),
        ("/api/studies/1/plot/none", ""),
        ("/api/meta", ""),
    ],
)
def test_all_else_is_left_to_the_dashboard(storage: BaseStorage, path: str, query: str) -> None:
    theirs, ours = both(storage)
    assert ask(ours, path, query) == ask(theirs, path, query)
