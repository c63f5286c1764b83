"""Identity of a study: model, images and goal, with which alone it is reopened."""

import warnings
from collections.abc import Mapping
from typing import Any, Final

import optuna

from mpsearch.propose.goal import Goal
from mpsearch.propose.menu import Menu
from mpsearch.study.checksum import SUBJECT
from mpsearch.values.errors import StudyError

# What studies that know nothing of a setting were started with.
_BEFORE: Final[dict[str, object]] = {
    "tied": [],
    "coding": "none",
    "calibrated": False,
    "held": None,
    "sure": None,
}
_METRIC_NAMES: Final = {
    "budget": ["nbytes"],
    "max_bytes": ["drop_pp"],
    "front": ["nbytes", "drop_pp"],
}


class Identity:
    """Model, images, menu and question of a study, kept in its user attributes.

    Args:
        fingerprint: Identity of model and images.
        menu: The choices.
        goal: Budget, size limit or front that is asked for.
        coding: How codes are packed.
        calibrated: Codes are chosen by the images.
        held: Digest of the images held back, where the budget speaks of unseen images.
        sure: Probability that the drop on unseen images is below the bound; None elsewhere.

    Attributes:
        goal: As given.
        menu: As given.
    """

    def __init__(
        self,
        fingerprint: Mapping[str, str],
        menu: Menu,
        goal: Goal,
        coding: str = "none",
        calibrated: bool = False,
        held: str | None = None,
        sure: float | None = None,
    ) -> None:
        self.goal, self.menu = goal, menu
        self._terms: dict[str, Any] = {
            **fingerprint,
            "layers": list(menu.layers),
            "schemes": {k: list(v) for k, v in zip(menu.layers, menu.layer_schemes, strict=True)},
            "tied": [[menu.layers[i] for i in group] for group in menu.variables if len(group) > 1],
            "metric": goal.metric,
            "budget_pp": goal.budget_pp,
            "max_nbytes": goal.max_nbytes,
            "coding": coding,
            "calibrated": calibrated,
            "held": held,
            "sure": sure,
        }

    def shares_subject(self, attributes: Mapping[str, Any]) -> bool:
        """Whether a study with these user attributes is about the same model and images."""
        keys = ["model", "images", "reference", "numerics", "layers", "calibrated"]
        if self._terms["held"] is not None:
            keys.append("held")
        return all(
            attributes.get(SUBJECT + key, _BEFORE.get(key)) == self._terms[key] for key in keys
        )

    def require(self, study: optuna.Study) -> None:
        """Check a study against this identity; an empty one gets it.

        Raises:
            StudyError: If it was started with something else; says with what.
        """
        stored = study.user_attrs
        terms = {key: stored.get(SUBJECT + key) for key in self._terms}
        fits = all(v is None or v == self._terms[k] for k, v in terms.items())
        # Written one by one: a process killed in between has measured nothing yet.
        if fits and not study.get_trials(deepcopy=False):
            for key, value in self._terms.items():
                study.set_user_attr(SUBJECT + key, value)
            with warnings.catch_warnings():
                # Marked experimental since Optuna 3.2; the dashboard shows the name.
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                study.set_metric_names(_METRIC_NAMES[self.goal.kind])
            return
        lost = [k for k in self._terms if SUBJECT + k not in stored and k not in _BEFORE]
        if lost:
            raise StudyError(
                f"study {study.study_name!r} has trials and does not say with which {lost[0]} it "
                "was started: its storage is damaged, or mpsearch did not write it; put back a "
                "copy of the storage, or give another `study_name` to start a new study"
            )
        different = [
            k for k, v in self._terms.items() if stored.get(SUBJECT + k, _BEFORE.get(k)) != v
        ]
        if different:
            key = different[0]
            # Holding back another share of the same images leaves other images to search on.
            hint = " (and the `holdout`)" if key in {"images", "reference"} else ""
            before, now = stored.get(SUBJECT + key), self._terms[key]
            raise StudyError(
                f"study {study.study_name!r} was started with another {key} "
                f"({_shown(before)}, now {_shown(now)}); give another `study_name` to start a new "
                f"study, or the {key} it was started with{hint}"
            )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
