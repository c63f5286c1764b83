"""Identity of a study: model, images and goal; a study of other terms goes beside it."""

import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import optuna

from mpsearch.propose.goal import Goal
from mpsearch.propose.menu import Menu
from mpsearch.study.checksum import SUBJECT
from mpsearch.values.errors import StudyError
from mpsearch.values.fingerprint import text_digest

# What studies that know nothing of a setting were started with.
_BEFORE: Final[dict[str, object]] = {
    "tied": [],
    "coding": "none",
    "calibrated": False,
    "held": None,
    "sure": None,
    "guaranteed": False,
}
# Terms with which a study cannot be added to, in words.
_OF_MODEL: Final = {
    "model": "another model",
    "layers": "a model of other layers",
    "numerics": "another version of TensorFlow, or on another kind of processor",
}
_IMAGES: Final = SUBJECT + "image_digests"
_MOST_BYTES: Final = 60_000  # less than MySQL gives an attribute
_DIGITS: Final = 8
_SHOWN: Final = 5
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
        guaranteed: Whether the bound assumes nothing of the images.
        images: Name and digest of every image given, from :func:`image_digests`.

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
        guaranteed: bool = False,
        images: Sequence[Sequence[str]] = (),
    ) -> None:
        self.goal, self.menu = goal, menu
        self._images = [list(image) for image in images]
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
            "guaranteed": guaranteed,
        }

    def shares_subject(self, attributes: Mapping[str, Any]) -> bool:
        """Whether a study with these user attributes is about the same model and images."""
        keys = ["model", "images", "reference", "numerics", "layers", "calibrated"]
        if self._terms["held"] is not None:
            keys.append("held")
        return all(
            attributes.get(SUBJECT + key, _BEFORE.get(key)) == self._terms[key] for key in keys
        )

    def names(self, name: str) -> tuple[str, str, str]:
        """Names that a study of these terms may have, beside studies of other terms.

        Args:
            name: The name that was asked for; it is tried first.
        """
        goal = self.goal
        limit = "front" if goal.budget_pp is None else f"{goal.budget_pp:g}pp"
        if goal.max_nbytes is not None:
            limit = f"{goal.max_nbytes}bytes"
        beside = f"{name}+{goal.metric}-{limit}"
        terms = text_digest([json.dumps(self._terms, sort_keys=True)])
        return name, beside, f"{beside}-{terms[:_DIGITS]}"

    def takes(self, study: optuna.Study, *, is_beside: bool = False) -> bool:
        """Whether a study is of these terms; an empty one becomes so.

        Args:
            study: A study of mpsearch, or an empty one.
            is_beside: Whether its name follows from the name that was asked for: then it is not
                refused for its images.

        Raises:
            StudyError: If it is about another model, or about images that are not given now.
        """
        stored = study.user_attrs
        terms = {key: stored.get(SUBJECT + key) for key in self._terms}
        fits = all(v is None or v == self._terms[k] for k, v in terms.items())
        # Written one by one: a process killed in between has measured nothing yet.
        if fits and not study.get_trials(deepcopy=False):
            for key, value in self._terms.items():
                study.set_user_attr(SUBJECT + key, value)
            if (images := _storable(self._images)) is not None:
                study.set_user_attr(_IMAGES, images)
            with warnings.catch_warnings():
                # Marked experimental since Optuna 3.2; the dashboard shows the name.
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                study.set_metric_names(_METRIC_NAMES[self.goal.kind])
            return True
        lost = [k for k in self._terms if SUBJECT + k not in stored and k not in _BEFORE]
        if lost:
            raise StudyError(
                f"study {study.study_name!r} has trials and does not say with which {lost[0]} it "
                "was started: its storage is damaged, or mpsearch did not write it; put back a "
                "copy of the storage, or give another `study_name` to start a new study"
            )
        different = {
            k for k, v in self._terms.items() if stored.get(SUBJECT + k, _BEFORE.get(k)) != v
        }
        if different & _OF_MODEL.keys():
            what = next(_OF_MODEL[key] for key in _OF_MODEL if key in different)
            raise StudyError(
                f"study {study.study_name!r} was started with {what}; give another `study_name` to "
                "start a new study"
            )
        if different & {"images", "held"} and not is_beside:
            self._require_images(study)
        return not different

    def _require_images(self, study: optuna.Study) -> None:
        """Check that all images are given that a study was started with.

        Raises:
            StudyError: Names those that are not.
        """
        before = study.user_attrs.get(_IMAGES) or ()  # earlier versions kept none
        here = {digest for _, digest in self._images}
        missing = [str(name) for name, digest in before if digest not in here]
        if not missing:
            return
        names = {name for name, _ in self._images}
        verb = "replaced" if all(name in names for name in missing) else "removed"
        what = f"other images: {_counted(missing)} {verb}{_listed(missing)}"
        raise StudyError(
            f"study {study.study_name!r} was started with {what}; give those images (others may be "
            "added), or another `study_name` to start a new study"
        )


def image_digests(names: Sequence[str], digests: Sequence[str]) -> list[list[str]]:
    """Names and short digests of images, as an identity has them.

    Args:
        names: Of all images given.
        digests: Of their pixels.
    """
    return [[name, digest[:_DIGITS]] for name, digest in zip(names, digests, strict=True)]


def _storable(images: list[list[str]]) -> list[list[str]] | None:
    """The images as a study can keep them: of many without names, of very many not at all."""
    for entries in (images, [["", digest] for _, digest in images]):
        if entries and len(json.dumps(entries)) <= _MOST_BYTES:
            return entries
    return None


def _counted(names: Sequence[str]) -> str:
    return "1 was" if len(names) == 1 else f"{len(names)} were"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name for name in names[:_SHOWN] if name)
    if not shown:
        return ""
    return f" ({shown}, …)" if len(names) > _SHOWN else f" ({shown})"
