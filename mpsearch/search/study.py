"""The study: one Optuna study in a database, opened only by the search it belongs to."""

import logging
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna
import sqlalchemy.exc

from mpsearch.core.errors import EnvironmentFault, SettingError, StudyError
from mpsearch.core.plan import Plan
from mpsearch.engine.confidence import aggregate, drops_pp
from mpsearch.search.goal import Goal
from mpsearch.search.history import History, Tried
from mpsearch.search.menu import Menu
from mpsearch.search.samplers import as_trial, directions

_SQLITE: Final = "sqlite:///"
_PREFIX: Final = "mpsearch:"
# What studies that know nothing of a setting were started with.
_BEFORE: Final[dict[str, object]] = {"tied": [], "coding": "none", "calibrated": False}
_METRIC_NAMES: Final = {
    "budget": ["nbytes"],
    "max_bytes": ["drop_pp"],
    "front": ["nbytes", "drop_pp"],
}
_LOCK_SECONDS: Final = 60.0  # another process may hold the SQLite file for a while


class StudyStore:
    """Finished measurements in Optuna's storage, each one trial written in one transaction.

    Args:
        url: Storage; ``sqlite:///…``.
        name: Of the study.
        fingerprint: Of model and images.
        menu: The choices.
        goal: What is asked.
        coding: How codes are packed, for all bytes.
        calibrated: Codes are chosen by the images.

    Raises:
        StudyError: If the study was started with something else; says with what.
        EnvironmentFault: If the storage cannot be opened.
    """

    def __init__(
        self,
        url: str,
        name: str,
        fingerprint: Mapping[str, str],
        menu: Menu,
        goal: Goal,
        coding: str = "none",
        calibrated: bool = False,
    ) -> None:
        self.url = url
        self.name = name
        self._menu = menu
        self._goal = goal
        self._known_numbers: set[int] = set()
        self._identity: dict[str, Any] = {
            **fingerprint,
            "layers": list(menu.layers),
            "schemes": {k: list(v) for k, v in zip(menu.layers, menu.layer_schemes, strict=True)},
            "tied": [[menu.layers[i] for i in group] for group in menu.variables if len(group) > 1],
            "metric": goal.metric,
            "budget_pp": goal.budget_pp,
            "max_nbytes": goal.max_nbytes,
            "coding": coding,
            "calibrated": calibrated,
        }
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # Ctrl-C in the middle of a query would print SQLAlchemy's traceback beside our sentence.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        self._storage = _open(url)
        try:
            self._study = optuna.create_study(
                storage=self._storage,
                study_name=name,
                load_if_exists=True,
                directions=directions(goal),
            )
            self._check_identity()
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise _fault(url, error) from error

    def history(self) -> History:
        """What this study has measured, in order."""
        self._known_numbers.clear()
        return History(self._goal, self.unread())

    def unread(self) -> list[Tried]:
        """What was written since the last reading, by whomever, in order."""
        try:
            return self._read(self._study, self._known_numbers)
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise _fault(self.url, error) from error

    def known_elsewhere(self, baseline: "np.ndarray[Any, Any]") -> dict[Plan, Tried]:
        """Plans of the menu that other studies measured here on the same model and images.

        Args:
            baseline: Confidence of the unchanged model, shape (n,).
        """
        known: dict[Plan, Tried] = {}
        for other in self._storage.get_all_studies():
            if other.study_name == self.name or not self._same_subject(other.user_attrs):
                continue
            study = optuna.load_study(study_name=other.study_name, storage=self._storage)
            for one in self._read(study, set()):
                choice = self._menu.choice(one.plan)
                if choice is None:
                    continue
                nbytes = self._menu.total(choice)
                drop = float(aggregate(drops_pp(baseline, one.confidence), self._goal.metric))
                # Others may have coded otherwise, and counted other bytes.
                known[one.plan] = replace(one, nbytes=nbytes, drop_pp=drop, stage_runs=0)
        return known

    def add(self, one: Tried, original_nbytes: int) -> None:
        """Write one finished measurement.

        Raises:
            EnvironmentFault: If the storage refuses it.
        """
        attributes: dict[str, object] = {
            "nbytes": one.nbytes,
            "drop_pp": one.drop_pp,
            "ratio": original_nbytes / max(1, one.nbytes),
            "origin": one.origin,
            "stage_runs": one.stage_runs,
            "confidence": one.confidence.tolist(),
            "margin": one.margin.tolist(),
        }
        try:
            self._study.add_trial(as_trial(one, self._menu, self._goal, attributes))
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise _fault(self.url, error) from error

    def close(self) -> None:
        """Let go of the database."""
        self._storage.remove_session()

    def _read(self, study: optuna.Study, known: set[int]) -> list[Tried]:
        """The trials whose numbers are not *known*; they are afterwards."""
        found = []
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)):
            if trial.number in known or "confidence" not in trial.user_attrs:
                continue
            known.add(trial.number)
            found.append(
                Tried(
                    plan=Plan.from_mapping(self._menu.layers, trial.params),
                    nbytes=int(trial.user_attrs.get("nbytes", trial.values[0])),
                    drop_pp=float(trial.user_attrs["drop_pp"]),
                    confidence=np.array(trial.user_attrs["confidence"], dtype=np.float64),
                    margin=np.array(trial.user_attrs["margin"], dtype=np.float64),
                    origin=str(trial.user_attrs["origin"]),
                    stage_runs=int(trial.user_attrs["stage_runs"]),
                )
            )
        return found

    def _same_subject(self, attributes: Mapping[str, Any]) -> bool:
        return all(
            attributes.get(_PREFIX + key, _BEFORE.get(key)) == self._identity[key]
            for key in ("model", "images", "reference", "numerics", "layers", "calibrated")
        )

    def _check_identity(self) -> None:
        stored = self._study.user_attrs
        known = {key: stored.get(_PREFIX + key) for key in self._identity}
        fits = all(v is None or v == self._identity[k] for k, v in known.items())
        # Written one by one: whoever was killed in between has measured nothing yet.
        if fits and not self._study.get_trials(deepcopy=False):
            for key, value in self._identity.items():
                self._study.set_user_attr(_PREFIX + key, value)
            with warnings.catch_warnings():
                # Marked experimental since Optuna 3.2; the dashboard shows the name.
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study.set_metric_names(_METRIC_NAMES[self._goal.kind])
            return
        different = [
            k for k, v in self._identity.items() if stored.get(_PREFIX + k, _BEFORE.get(k)) != v
        ]
        if different:
            key = different[0]
            # Holding back another share of the same images leaves other images to search on.
            hint = " (and the --holdout)" if key in {"images", "reference"} else ""
            before, now = stored.get(_PREFIX + key), self._identity[key]
            raise StudyError(
                f"study {self.name!r} was started with another {key} "
                f"({_shown(before)}, now {_shown(now)}); give another --study-name to start a new "
                f"study, or the {key} it was started with{hint}"
            )


def sqlite_url(path: Path) -> str:
    """Storage URL of an SQLite file."""
    return f"{_SQLITE}{path}"


def require_known_storage(url: str) -> None:
    """Check the kind of a storage URL without opening it.

    Raises:
        SettingError: If it is not SQLite; a password in it is not repeated.
    """
    if not url.startswith(_SQLITE) or "\0" in url:
        masked = re.sub(r"://.*@", "://***@", url).split("?")[0]
        raise SettingError(f"storage {masked!r} is not supported; use sqlite:///path/to/study.db")


def _open(url: str) -> optuna.storages.RDBStorage:
    require_known_storage(url)
    path = Path(url.removeprefix(_SQLITE))
    if "?" in str(path):
        raise SettingError(f"{str(path)!r} holds a '?', which ends a URL; give another folder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return optuna.storages.RDBStorage(
            url, engine_kwargs={"connect_args": {"timeout": _LOCK_SECONDS}}
        )
    except (sqlalchemy.exc.SQLAlchemyError, OSError, RuntimeError) as error:
        raise _fault(url, error) from error


def _fault(url: str, error: BaseException) -> EnvironmentFault:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return EnvironmentFault(
        f"the study's storage {url!r} cannot be used: {reason}; check the path, free space and "
        "permissions, then run the same command again"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
