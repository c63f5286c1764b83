"""The checksum of a measurement: a damaged trial is not taken for what was measured.

It is an attribute of the trial, so that every storage has it, and covers the plan, the numbers, and
what the study is about. It finds damage; it does not prove who wrote a trial.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from optuna.trial import FrozenTrial

from mpsearch.values.fingerprint import text_digest

#: Begins the user attributes of a study that say what it is about.
SUBJECT: Final = "mpsearch:"
#: User attribute of a trial.
CHECKSUM: Final = "checksum"
#: What a study is started with, by name after :data:`SUBJECT`. What is set later says how a search
#: goes, not what is measured.
TERMS: Final = (
    *("model", "images", "reference", "numerics", "layers", "schemes", "tied"),
    *("metric", "budget_pp", "max_nbytes", "coding", "calibrated", "held", "sure", "guaranteed"),
)
_MEASURED: Final = ("nbytes", "drop_pp", "ratio", "origin", "stage_runs", "confidence", "margin")
# Trials of other studies, or of versions before, do not have these.
_MEASURED_ALSO: Final = (
    *("top1", "unseen_pp", "bound_pp", "harm", "unseen_confidence", "unseen_top1"),
)
_DIGITS: Final = 16


def subject_digest(attributes: Mapping[str, Any]) -> str:
    """Digest of what a study is about.

    Its name does not count: a study that is renamed or copied keeps its measurements.

    Args:
        attributes: The study's user attributes, as its storage has them.
    """
    keys = [SUBJECT + term for term in TERMS if SUBJECT + term in attributes]
    about = {key: attributes[key] for key in keys}
    return text_digest([json.dumps(about, sort_keys=True)])


def checksum(
    subject: str,
    plan: Mapping[str, Any],
    attributes: Mapping[str, Any],
    constraints: Mapping[str, float],
) -> str:
    """Checksum of a measurement.

    Args:
        subject: Digest of the trial's study, from :func:`subject_digest`.
        plan: Layer → scheme.
        attributes: Attributes of the trial; those that were not measured do not count.
        constraints: Constraints of the trial.
    """
    measured = {key: attributes.get(key) for key in _MEASURED}
    measured |= {key: attributes[key] for key in _MEASURED_ALSO if key in attributes}
    text = json.dumps([dict(plan), measured, dict(constraints)], sort_keys=True)
    return text_digest([subject, text])[:_DIGITS]


class SoundTrials:
    """Remembers which finished trials of a storage are sound: they never change.

    A call is :func:`is_sound`.
    """

    def __init__(self) -> None:
        self._verdicts: dict[tuple[str, int], bool] = {}

    def __call__(self, trial: FrozenTrial, subject: str) -> bool:
        """Whether a finished trial is what was written."""
        key = subject, trial._trial_id
        if key not in self._verdicts:
            self._verdicts[key] = is_sound(trial, subject)
        return self._verdicts[key]


def is_sound(trial: FrozenTrial, subject: str) -> bool:
    """Whether a finished trial is what was written; true for those of versions without checksum.

    Args:
        trial: The trial, as its storage has it.
        subject: Digest of the trial's study, from :func:`subject_digest`.
    """
    attributes = trial.user_attrs
    if CHECKSUM not in attributes:
        return True
    try:
        digest = checksum(subject, trial.params, attributes, trial.constraints)
        numbers = [
            attributes[key] for key in ("nbytes", "drop_pp", "unseen_pp") if key in attributes
        ]
        # A database keeps values as numbers of its own; the last digit may differ.
        return digest == attributes[CHECKSUM] and all(
            any(math.isclose(value, number, rel_tol=1e-9) for number in numbers)
            for value in trial.values
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
