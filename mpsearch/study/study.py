"""The study: one Optuna study in a storage, opened only by the search it belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import optuna
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial

from mpsearch.propose.history import History, Tried
from mpsearch.study.checksum import CHECKSUM, checksum, is_sound, subject_digest
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import Address
from mpsearch.study.storage.damage import journal_damage, trial_damage
from mpsearch.study.storage.faults import storage_faults
from mpsearch.study.storage.opening import close_storage, open_storage
from mpsearch.study.trial_form import (
    as_trial,
    attributes_of,
    constraints,
    directions,
    distributions,
    tried_of,
)
from mpsearch.study.trials import is_measured
from mpsearch.study.workers.claims import Claims
from mpsearch.study.workers.solo_lock import Doorway
from mpsearch.system.signals import signals_held
from mpsearch.values.errors import StudyError
from mpsearch.values.plan import Plan

# How layers are screened: kept where it is not by gradients.
_SCREENING: Final = "mpsearch:screening"
_MEASUREMENT: Final = "measurement"


class StudyStore:
    """Measurements in Optuna's storage; several processes may share it.

    A process that is alone writes each finished measurement as one trial in one transaction.
    Where there may be others, it claims a plan before it measures it; docs/adr/0014 says how.

    Every method raises :class:`EnvironmentFault` if the storage fails.

    Args:
        address: Address of the storage.
        storage: Open; closed with this.
        study: The Optuna study in that storage.
        identity: Model, images and goal that the study was checked to be about.
    """

    def __init__(
        self,
        address: Address,
        storage: BaseStorage,
        study: optuna.Study,
        identity: Identity,
    ) -> None:
        self.name = study.study_name
        self._menu, self._goal = identity.menu, identity.goal
        self._known_numbers: set[int] = set()
        # Of finished trials, which never change: number → measurement; None if it is damaged.
        self._measured: dict[int, Tried | None] = {}
        #: Plans that others measure now, as of the last reading.
        self.running: frozenset[Plan] = frozenset()
        self._identity, self._address, self._storage = identity, address, storage
        self._doorway = Doorway(address.path)
        self._study = study
        self._subject = subject_digest(study.user_attrs)
        self._claims = Claims(storage, study._study_id, distributions(identity.menu))

    @classmethod
    def open(cls, url: str, name: str, identity: Identity) -> "StudyStore":
        """Open a study, or make it.

        A study of the same model with another goal or menu, or with fewer images, is left as it is:
        a new one beside it takes over what was measured.

        Args:
            url: Storage; see :class:`Address`.
            name: Name of the study; of a new one beside it, the beginning of its name.
            identity: Model, images, menu and goal.

        Raises:
            SettingError: If the URL names no storage.
            StudyError: If the study is about another model, or about images that are not given.
        """
        address = Address.parse(url)
        storage = open_storage(address)
        try:
            with storage_faults(address):
                study = _opened(storage, name, identity)
                return cls(address, storage, study, identity)
        except BaseException:
            close_storage(storage)
            raise

    def history(self) -> History:
        """What this study has measured, in order."""
        # Entered before the first look: a process that is alone from here on misses nothing.
        with storage_faults(self._address):
            self._doorway.turn()
        self._known_numbers.clear()
        return History(self._goal, self.unread())

    def unread(self) -> list[Tried]:
        """What was written since the last reading, by whomever, in order."""
        with storage_faults(self._address):
            trials = self._trials()
            # What others have claimed stays theirs while they live; the rest is failed here.
            living = self._claims.living(trials, is_alone=self._doorway.is_alone)
            self.running = frozenset(self._plan(trial) for trial in living.values())
            measured = {trial.number: self._measured.get(trial.number) for trial in trials}
            fresh = {
                k: tried for k, tried in measured.items() if tried and k not in self._known_numbers
            }
            self._known_numbers.update(fresh)
            return list(fresh.values())

    def claim(self, plans: Sequence[Plan], most: int | None = None) -> list[Plan]:
        """Those of *plans* that this process is to measure now.

        Args:
            plans: Not measured yet.
            most: Trials the study may have with these; None for no limit.
        """
        with storage_faults(self._address), signals_held():
            match self._doorway.turn():
                case "alone":
                    return list(plans)
                case "shared":
                    return self._claims.take(plans, self._trials, most)
                case "wait":
                    return []

    def known_elsewhere(self, judged: Callable[[Tried], Tried | None]) -> dict[Plan, Tried]:
        """Plans of the menu that other studies measured here on the same model and images.

        Args:
            judged: Gives a plan with its drops under this study's metric; None if it lacks answers
                that are needed.
        """
        measured: dict[Plan, Tried] = {}
        with storage_faults(self._address):
            for other in self._storage.get_all_studies():
                if other.study_name == self.name:
                    continue
                if not self._identity.shares_subject(other.user_attrs):
                    continue
                study = optuna.load_study(study_name=other.study_name, storage=self._storage)
                subject = subject_digest(other.user_attrs)
                for trial in filter(is_measured, study.get_trials(deepcopy=False)):
                    tried = self._tried(trial, subject)
                    choice = None if tried is None else self._menu.choice(tried.plan)
                    tried = None if tried is None or choice is None else judged(tried)
                    if tried is not None and choice is not None:
                        # Others may have coded otherwise, and counted other bytes.
                        nbytes = self._menu.total(choice)
                        measured[tried.plan] = replace(tried, nbytes=nbytes, stage_runs=0)
        return measured

    def add(self, tried: Tried, original_nbytes: int) -> None:
        """Write one finished measurement; a signal waits until it is written."""
        attributes = attributes_of(tried, original_nbytes)
        attributes[CHECKSUM] = checksum(
            self._subject,
            tried.plan.as_mapping(),
            attributes,
            constraints(tried, self._goal) or {},
        )
        done = as_trial(tried, self._menu, self._goal, attributes)
        with storage_faults(self._address), signals_held():
            if self._claims.holds(tried.plan) and self._claims.finish(tried.plan, done):
                return
            self._study.add_trial(done)

    @property
    def screens_by_measurement(self) -> bool:
        """Whether the search goes on without gradients: its proposals then follow from that."""
        with storage_faults(self._address):
            return self._study.user_attrs.get(_SCREENING) == _MEASUREMENT

    def screen_by_measurement(self) -> None:
        """Remember that this search goes on without gradients."""
        with storage_faults(self._address), signals_held():
            self._study.set_user_attr(_SCREENING, _MEASUREMENT)

    def release(self) -> None:
        """Give up what was claimed and will not be measured."""
        with storage_faults(self._address), signals_held():
            self._claims.release()

    def close(self) -> None:
        """Let go of the storage."""
        self._doorway.leave()
        close_storage(self._storage)

    def damage(self) -> tuple[str, ...]:
        """What of the study is damaged and left out, one sentence each."""
        with storage_faults(self._address):
            left_out = len(self._study.get_trials(deepcopy=False)) - len(self._trials())
            return (*journal_damage(self._storage), *trial_damage(left_out))

    def _trials(self) -> list[FrozenTrial]:
        """All trials but those that are damaged."""
        every = self._study.get_trials(deepcopy=False)
        for trial in every:
            if trial.number not in self._measured and is_measured(trial):
                self._measured[trial.number] = self._tried(trial, self._subject)
        return [trial for trial in every if self._measured.get(trial.number, True) is not None]

    def _tried(self, trial: FrozenTrial, subject: str) -> Tried | None:
        """A finished measurement; None if it is damaged, or makes no sense."""
        if not is_sound(trial, subject):
            return None
        try:
            return tried_of(trial, self._plan(trial))
        except (KeyError, TypeError, ValueError):
            return None

    def _plan(self, trial: FrozenTrial) -> Plan:
        return Plan.from_mapping(self._menu.layers, trial.params)


def _opened(storage: BaseStorage, name: str, identity: Identity) -> optuna.Study:
    for candidate in identity.names(name):
        study = optuna.create_study(
            storage=storage,
            study_name=candidate,
            load_if_exists=True,
            directions=directions(identity.goal),
        )
        if identity.takes(study, is_beside=candidate != name):
            return study
    raise StudyError(
        f"study {name!r} and those beside it were started with other terms; give another "
        "`study_name` to start a new study"
    )
