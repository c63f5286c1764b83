"""Uniform plans: measured beside what is proposed, so that the result is no worse than they are."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from mpsearch.propose.goal import UNIFORM, Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Menu
from mpsearch.propose.surrogate.candidates import uniform_choices
from mpsearch.values.plan import Plan


class Uniform(Protocol):
    """Says which uniform plans a search measures beside what is proposed."""

    def reserved(self, history: History) -> int:
        """Trials that what is proposed must leave to uniform plans."""

    def next_reserved(self, history: History) -> Plan:
        """The plan to measure next when only reserved trials are left."""

    def next_of_rest(self, history: History) -> Plan | None:
        """The plan to measure next when nothing more is proposed; None if all is done."""

    def looked_at(self, history: History) -> tuple[Tried, ...]:
        """Those measured."""


class UniformPlans:
    """Which uniform plans a search has still to measure: a function of what it has measured.

    With a budget they are measured from the smallest up until one keeps it, otherwise all that
    are within the size: the result is then never worse than the best of them. Where the trials do
    not suffice for that, few are chosen. With a budget these halve, again and again, the plans
    between the largest known to break it and the smallest known to keep it. With a size they are
    the largest; for a front they are spread over all sizes.

    Args:
        sizes: Every uniform plan and its bytes.
        goal: Budget, size limit or front that is asked for.
        trials: Finished trials that the study may have; None for any number.
    """

    def __init__(self, sizes: Mapping[Plan, int], goal: Goal, trials: int | None) -> None:
        most = goal.max_nbytes
        self._goal, self._trials = goal, trials
        self._plans = sorted(
            (plan for plan, nbytes in sizes.items() if most is None or nbytes <= most),
            key=lambda plan: (sizes[plan], plan.schemes),
        )

    @classmethod
    def of(cls, menu: Menu, goal: Goal, trials: int | None) -> "UniformPlans":
        """Those of a menu."""
        choices = uniform_choices(menu)
        return cls({menu.plan(choice): menu.total(choice) for choice in choices}, goal, trials)

    @classmethod
    def none(cls, goal: Goal) -> "UniformPlans":
        """No uniform plans."""
        return cls({}, goal, None)

    def reserved(self, history: History) -> int:
        """Trials that what is proposed must leave to uniform plans: less than half of all."""
        room = self._share(history)
        return 0 if room is None else min(room, len(self._open(history, room)))

    def next_reserved(self, history: History) -> Plan:
        """The plan to measure next when only reserved trials are left."""
        return self._open(history, self._share(history))[0]

    def next_of_rest(self, history: History) -> Plan | None:
        """The plan to measure next when nothing more is proposed; None if all is done."""
        room = None if self._trials is None else self._trials - len(history)
        open_ = self._open(history, room)
        return None if room == 0 or not open_ else open_[0]

    def looked_at(self, history: History) -> tuple[Tried, ...]:
        """Those measured, the smallest first; with a budget up to the first that keeps it."""
        plans: list[Tried] = []
        is_kept = False
        for tried in filter(None, map(history.get, self._plans)):
            if not is_kept or tried.origin == UNIFORM:
                plans.append(tried)
            is_kept |= self._goal.kind == "budget" and history.feasible(tried)
        return tuple(plans)

    def _share(self, history: History) -> int | None:
        """Trials left of those that are for uniform plans; None for any number."""
        if self._trials is None:
            return None
        taken = sum(tried.origin == UNIFORM for tried in history.tried)
        return max(0, (self._trials - 1) // 2 - taken)

    def _open(self, history: History, room: int | None) -> Sequence[Plan]:
        """Plans to measure, the next one first; no more than these will be needed.

        Args:
            history: All plans measured so far.
            room: Plans that there are trials for; None for any number.
        """
        every = [plan for plan in self._worthwhile(history) if plan not in history]
        if room is None or len(every) <= room:
            return every
        match self._goal.kind:
            case "budget":
                return _halving(self._undecided(history))
            case "max_bytes":
                few = self._plans[: -1 - len(self._plans).bit_length() : -1]
            case "front":
                few = _spread(self._plans)
        return [plan for plan in few if plan not in history]

    def _worthwhile(self, history: History) -> Sequence[Plan]:
        """Those below the smallest that is known to keep the budget; else all."""
        if self._goal.kind != "budget":
            return self._plans
        return self._plans[: self._first_kept(history)]

    def _undecided(self, history: History) -> Sequence[Plan]:
        """The plans above the largest that is known to break the budget."""
        below = self._worthwhile(history)
        places = [at for at, plan in enumerate(below) if plan in history]
        return below[places[-1] + 1 :] if places else below

    def _first_kept(self, history: History) -> int:
        for at, plan in enumerate(self._plans):
            tried = history.get(plan)
            if tried is not None and history.feasible(tried):
                return at
        return len(self._plans)


def _halving(plans: Sequence[Plan]) -> list[Plan]:
    """The middle one, the middle of those before it, and so on."""
    middles = []
    while plans:
        middle = len(plans) // 2
        middles.append(plans[middle])
        plans = plans[:middle]
    return middles


def _spread(plans: Sequence[Plan]) -> list[Plan]:
    """As many plans as :func:`_halving` gives, evenly from all sizes."""
    count = len(plans).bit_length()
    return [plans[(2 * i + 1) * len(plans) // (2 * count)] for i in range(count)]
