"""Which plan is measured by whom: a claim is a running trial of Optuna's.

A process *claims* a plan by one write: a running trial with its parameters and who it is. Then it
reads all trials. If the plan is measured, or claimed by a living process under a lower number, it
gives its claim up. Numbers are given one after the other on every storage, so of two that claim the
same plan each sees the other or is the first.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from mpsearch.study.workers.process_identity import is_known_dead, this_process
from mpsearch.values.plan import Plan

WORKER: Final = "worker"  # trial attribute: who measures it
_BEAT: Final = "beat"  # trial attribute: grows while its worker lives
_REASON: Final = "reason"  # trial attribute: why a claim failed
_BEAT_SECONDS: Final = 10.0
#: A claim whose beat did not change for this long, by the clock of the watching process, is dead.
LEASE_SECONDS: Final = 60.0


@dataclass(slots=True)
class _Watched:
    beat: int
    since: float


class Claims:
    """The claims of one process on one study, and its view of the others'.

    Args:
        storage: Optuna's storage.
        study_id: Optuna's id of the study.
        distributions: Layer → its choices.
        clock: Monotonic clock, seconds.
    """

    def __init__(
        self,
        storage: BaseStorage,
        study_id: int,
        distributions: dict[str, BaseDistribution],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage, self._study_id = storage, study_id
        self._distributions, self._clock = distributions, clock
        self._me = this_process()
        self._mine: dict[int, Plan] = {}  # trial id → plan
        self._lock = threading.Lock()
        self._watched: dict[int, _Watched] = {}
        self._beating: _Heartbeat | None = None

    def take(
        self, plans: Sequence[Plan], read: Callable[[], list[FrozenTrial]], most: int | None
    ) -> list[Plan]:
        """Claim plans; returns those that are ours now.

        Args:
            plans: Plans to claim.
            read: Returns all trials of the study, as they are when it is called.
            most: Finished and living trials the study may have, these included; None for no limit.
        """
        for plan in plans:
            claim = create_trial(
                state=TrialState.RUNNING,
                params=plan.as_mapping(),
                distributions=self._distributions,
                user_attrs={WORKER: self._me, _BEAT: 0},
            )
            trial_id = self._storage.create_new_trial(self._study_id, template_trial=claim)
            with self._lock:
                self._mine[trial_id] = plan
        # A dead worker may have finished in its last moment, after we read: then we read again.
        is_stale = True
        while is_stale:
            trials = read()
            living, is_stale = self._look(trials)
        self._settle(trials, living, most)
        if self._mine and self._beating is None:
            self._beating = _Heartbeat(self._beat)
        return [plan for plan in plans if plan in self._mine.values()]

    def living(
        self, trials: Iterable[FrozenTrial], is_alone: bool = False
    ) -> dict[int, FrozenTrial]:
        """Trial id → claims of others that are alive; those that are dead are failed.

        Args:
            trials: Trials of the study.
            is_alone: Whether it is known that there are no other processes.
        """
        return self._look(trials, is_alone)[0]

    def _look(
        self, trials: Iterable[FrozenTrial], is_alone: bool = False
    ) -> tuple[dict[int, FrozenTrial], bool]:
        """Living claims of others, and whether a dead one was finished since *trials* were read."""
        living: dict[int, FrozenTrial] = {}
        is_stale = False
        for trial in trials:
            if trial.state != TrialState.RUNNING or WORKER not in trial.user_attrs:
                continue
            if trial._trial_id in self._mine:
                continue
            if is_alone or self._is_dead(trial):
                is_stale |= not self._fail(trial._trial_id, "its worker is gone")
            else:
                living[trial._trial_id] = trial
        self._watched = {key: self._watched[key] for key in living if key in self._watched}
        return living, is_stale

    def holds(self, plan: Plan) -> bool:
        """Whether this process has claimed *plan* and not measured it yet."""
        return plan in self._mine.values()

    def finish(self, plan: Plan, done: FrozenTrial) -> bool:
        """Make a claim the finished trial *done*; False if others took us for dead meanwhile."""
        trial_id = next(key for key, claimed in self._mine.items() if claimed == plan)
        try:
            for key, value in done.user_attrs.items():
                self._storage.set_trial_user_attr(trial_id, key, value)
            for key, value in done.system_attrs.items():  # the constraint
                self._storage.set_trial_system_attr(trial_id, key, value)
            self._storage.set_trial_state_values(trial_id, TrialState.COMPLETE, done.values)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False
        finally:
            with self._lock:
                del self._mine[trial_id]
        return True

    def release(self) -> None:
        """Give up what is claimed and not measured."""
        if self._beating is not None:
            self._beating.stop()
            self._beating = None
        for trial_id in list(self._mine):
            self._give_up(trial_id, "stopped before it was measured")

    def _settle(
        self, trials: list[FrozenTrial], living: dict[int, FrozenTrial], most: int | None
    ) -> None:
        """Give up those of our claims that another precedes."""
        measured = {_key(t) for t in trials if t.state == TrialState.COMPLETE}
        ahead: dict[Any, int] = {}
        for trial in living.values():
            ahead[_key(trial)] = min(trial.number, ahead.get(_key(trial), trial.number))
        numbers = {trial._trial_id: trial for trial in trials if trial._trial_id in self._mine}
        for trial_id, trial in sorted(numbers.items(), key=lambda pair: pair[1].number):
            key = _key(trial)
            before = len(measured) + sum(
                number < trial.number for other, number in ahead.items() if other not in measured
            )
            if key in measured:
                self._give_up(trial_id, "another worker has measured it")
            elif ahead.get(key, trial.number) < trial.number:
                self._give_up(trial_id, "another worker measures it")
            elif most is not None and before >= most:
                self._give_up(trial_id, "the study has as many trials as were asked for")
            else:
                ahead[key] = trial.number

    def _is_dead(self, trial: FrozenTrial) -> bool:
        worker, beat = trial.user_attrs[WORKER], int(trial.user_attrs.get(_BEAT, 0))
        if is_known_dead(worker):
            return True
        seen = self._watched.get(trial._trial_id)
        if seen is None or seen.beat != beat:
            self._watched[trial._trial_id] = _Watched(beat, self._clock())
            return False
        return self._clock() - seen.since > LEASE_SECONDS

    def _give_up(self, trial_id: int, reason: str) -> None:
        with self._lock:
            del self._mine[trial_id]
        self._fail(trial_id, reason)

    def _fail(self, trial_id: int, reason: str) -> bool:
        """Fail a claim; False if another process has finished or failed it before."""
        try:
            self._storage.set_trial_user_attr(trial_id, _REASON, reason)
            self._storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False
        return True

    def _beat(self, count: int) -> None:
        with self._lock:
            mine = list(self._mine)
        for trial_id in mine:
            self._storage.set_trial_user_attr(trial_id, _BEAT, count)


class _Heartbeat:
    """Calls *beat* with a growing number every few seconds, in a thread."""

    def __init__(self, beat: Callable[[int], None]) -> None:
        self._stopped = threading.Event()
        self._beat = beat
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        count = 0
        while not self._stopped.wait(_BEAT_SECONDS):
            count += 1
            try:
                self._beat(count)
            # The main thread meets it and says so.
            except Exception:  # noqa: BLE001, S112 # nosec B112
                continue


def _key(trial: FrozenTrial) -> frozenset[tuple[str, Any]]:
    return frozenset(trial.params.items())
