"""The answer to what the dashboard's page asks of a study, page by page and compressed."""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects
from optuna_dashboard._inmemory_cache import InMemoryCache, get_cached_extra_study_property
from optuna_dashboard._pareto_front import get_pareto_front_trials
from optuna_dashboard._serializer import serialize_study_detail

from mpsearch.report.dashboard.guard import Application, Environment

#: Trials of one answer at most; one of 26 layers and 12 schemes takes some 20 kB uncompressed.
PAGE: Final = 500
_PATH: Final = re.compile(r"/api/studies/(\d{1,18})/?")
_LEVEL: Final = 1  # of gzip; JSON as repetitive as this shrinks to a fortieth even so


class StudyDetail:
    """Answers for a study's trials in place of optuna-dashboard, which answers all else.

    Its page says how many trials it has (``after``), and adds what it gets to them whenever it
    asks again. optuna-dashboard 0.21 sends it all the rest at once, with the choices of every
    parameter beside every parameter, and looks through the choices of all trials each time.

    Args:
        application: The dashboard, as WSGI has it.
        storage: What is shown.
    """

    def __init__(self, application: Application, storage: BaseStorage) -> None:
        self._application, self._storage = application, storage

    def __call__(
        self, environment: Environment, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        asked = _PATH.fullmatch(environment.get("PATH_INFO", ""))
        after = parse_qs(environment.get("QUERY_STRING", "")).get("after", ["0"])[0]
        number = re.fullmatch(r"\d{1,9}", after, re.ASCII)
        detail = self._detail(int(asked[1]), int(after)) if asked and number else None
        if detail is None:  # the dashboard says what is wrong
            return self._application(environment, start_response)
        text = json.dumps(detail).encode()
        headers = [("Content-Type", "application/json"), ("Vary", "Accept-Encoding")]
        if "gzip" in environment.get("HTTP_ACCEPT_ENCODING", ""):
            text = gzip.compress(text, _LEVEL, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        start_response("200 OK", [*headers, ("Content-Length", str(len(text)))])
        return [text]

    def _detail(self, study_id: int, after: int) -> dict[str, Any] | None:
        """None if there is no such study."""
        every = self._storage.get_all_studies()
        study = next((entry for entry in every if entry._study_id == study_id), None)
        if study is None:
            return None
        trials = self._storage.get_all_trials(study_id, deepcopy=False)
        shared, union, attributes, has_steps = get_cached_extra_study_property(
            InMemoryCache(), study_id, _different(trials)
        )
        detail: dict[str, Any] = serialize_study_detail(
            study,
            self._best(study, trials),
            trials[after : after + PAGE],
            shared,
            union,
            attributes,
            has_steps,
            get_plotly_graph_objects(study.system_attrs),
            [],  # of studies by preference, which are none of ours
        )
        return detail

    def _best(self, study: FrozenStudy, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        if len(study.directions) > 1:
            front: list[FrozenTrial] = get_pareto_front_trials(trials, study.directions)
            return front
        if not any(trial.state == TrialState.COMPLETE for trial in trials):
            return []
        return [self._storage.get_best_trial(study._study_id)]


def _different(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Trials that have all parameters, choices and attributes there are: mostly a single one."""
    kinds: dict[Any, list[dict[str, BaseDistribution]]] = {}
    examples = []
    for trial in trials:
        attributes = tuple((name, type(value)) for name, value in trial.user_attrs.items())
        key = trial.state == TrialState.FAIL, bool(trial.intermediate_values), attributes
        spaces = kinds.setdefault(key, [])
        if trial.distributions not in spaces:
            spaces.append(trial.distributions)
            examples.append(trial)
    return examples
