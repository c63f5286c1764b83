"""A storage as the dashboard sees it."""

import copy
import threading
from collections.abc import Callable, Container, Hashable, Sequence
from typing import Any, Final, NoReturn

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.study._frozen import FrozenStudy
from optuna.trial import FrozenTrial, TrialState

from mpsearch.report.dashboard.attributes import CONSTRAINTS, note_attributes
from mpsearch.study.checksum import CHECKSUM, SoundTrials, subject_digest
from mpsearch.study.trials import (
    StudyTrials,
    as_study_trials,
    is_measured,
    is_ours,
    trials_in,
)
from mpsearch.values.errors import MPSearchError

Show = Callable[[StudyTrials], dict[str, Any]]
_HIDDEN: Final = {
    "confidence",
    "margin",
    "beat",
    "worker",
    CHECKSUM,
}  # long, or of no use to people


class ShownStorage(BaseStorage):
    """Reads through to a study's storage and adds to it; writes nothing.

    The dashboard of today takes the best trial without a look at constraints, and reads
    constraints only where Optuna 4 kept them. Here the best trial is the best that keeps the
    limit, and constraints are in both places.

    Args:
        storage: The study's storage.
        show: Function from a study and its trials to the system attributes to add.
        stamp: Changes when *show* would say something new about the same trials.
    """

    def __init__(self, storage: BaseStorage, show: Show, stamp: Callable[[], Hashable]) -> None:
        self._storage = optuna.storages.get_storage(storage)
        self._show, self._stamp = show, stamp
        self._sound = SoundTrials()
        self._lock = threading.Lock()
        self._added: dict[int, tuple[Hashable, dict[str, Any]]] = {}
        self._shown: dict[int, FrozenTrial] = {}

    def study_trials(self, name: str | None) -> StudyTrials | None:
        """As :func:`trials_in`; what was read is not read again."""
        return trials_in(self._storage, name, self._sound)

    def get_all_studies(self) -> list[FrozenStudy]:
        """All studies, with what is added to them."""
        studies = []
        for study in sorted(self._storage.get_all_studies(), key=lambda frozen: frozen._study_id):
            attributes = {**study.system_attrs, **self._addition(study)}
            studies.append(
                FrozenStudy(
                    study.study_name,
                    None,
                    study.user_attrs,
                    attributes,
                    study._study_id,
                    directions=study.directions,
                )
            )
        return studies

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """The storage's, and what is added."""
        for study in self.get_all_studies():
            if study._study_id == study_id:
                return study.system_attrs
        raise KeyError(study_id)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Trials with their constraints where the dashboard looks for them.

        One that is damaged is shown as failed.
        """
        subject = subject_digest(self._storage.get_study_user_attrs(study_id))
        every = self._storage.get_all_trials(study_id, deepcopy=False)
        shown = [self._as_shown(trial, subject) for trial in every]
        if states is not None:
            shown = [trial for trial in shown if trial.state in states]
        return copy.deepcopy(shown) if deepcopy else shown

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """One of them."""
        return self._as_shown(self._storage.get_trial(trial_id))

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The best that keeps the limit; the nearest if none does.

        Raises:
            ValueError: If no trial is finished.
        """
        complete = self.get_all_trials(study_id, False, (TrialState.COMPLETE,))
        return min(complete, key=_rank)

    def get_study_id_from_name(self, study_name: str) -> int:
        """The storage's."""
        return self._storage.get_study_id_from_name(study_name)

    def get_study_name_from_id(self, study_id: int) -> str:
        """The storage's."""
        return self._storage.get_study_name_from_id(study_id)

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """The storage's."""
        return self._storage.get_study_directions(study_id)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """The storage's."""
        return self._storage.get_study_user_attrs(study_id)

    def _addition(self, study: FrozenStudy) -> dict[str, Any]:
        states = (TrialState.COMPLETE,)
        trials = self._storage.get_all_trials(study._study_id, deepcopy=False, states=states)
        key = (len(trials), self._stamp())
        with self._lock:
            entry = self._added.get(study._study_id)
            if entry is None or entry[0] != key:
                entry = (key, self._shown_of(study, trials))
                self._added[study._study_id] = entry
        return entry[1]

    def _shown_of(self, study: FrozenStudy, trials: list[FrozenTrial]) -> dict[str, Any]:
        if not trials or not is_ours(study):
            return {}
        try:
            return self._show(as_study_trials(study, trials, sound=self._sound))
        except (MPSearchError, KeyError, TypeError, ValueError) as error:
            # Of another version, or damaged: its trials can still be looked at.
            return note_attributes(f"No report: {error}")

    def _as_shown(self, trial: FrozenTrial, subject: str | None = None) -> FrozenTrial:
        entry = self._shown.get(trial._trial_id)
        if entry is not None:
            return entry
        shown = copy.copy(trial)
        shown._user_attrs = {k: v for k, v in trial.user_attrs.items() if k not in _HIDDEN}
        limits = list(trial.constraints.values())
        shown._system_attrs = {**trial.system_attrs, CONSTRAINTS: limits}
        if subject is not None and is_measured(trial) and not self._sound(trial, subject):
            shown.state, shown.values = TrialState.FAIL, None
            shown._user_attrs["reason"] = "damaged in the storage: its checksum does not match"
        if subject is not None and trial.state.is_finished():
            self._shown[trial._trial_id] = shown
        return shown

    def _refuse(self, *_args: Any, **_settings: Any) -> NoReturn:
        raise PermissionError("the dashboard only reads")

    create_new_study = _refuse
    delete_study = _refuse
    set_study_user_attr = _refuse
    set_study_system_attr = _refuse
    create_new_trial = _refuse
    set_trial_param = _refuse
    set_trial_state_values = _refuse
    set_trial_intermediate_value = _refuse
    set_trial_user_attr = _refuse
    set_trial_system_attr = _refuse


def _rank(trial: FrozenTrial) -> tuple[float, Sequence[float], float]:
    """The smaller, the better: limits broken, values, then the drop."""
    excess = sum(max(0.0, value) for value in trial.constraints.values())
    return excess, trial.values, float(trial.user_attrs.get("drop_pp", 0.0))
