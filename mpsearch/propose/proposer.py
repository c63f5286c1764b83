"""The protocol of a search method: from the measured plans, it proposes the next plans."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from mpsearch.propose.history import History
from mpsearch.values.plan import Plan


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A plan to measure.

    Attributes:
        plan: The plan.
        origin: Name of the search method, or of its reason.
        expected_saving: Bytes (or percentage points) that the method expects to gain; None if it
            makes no prediction.
        left: Plans it will still propose, this one included, as it looks now; None if it makes no
            prediction.
    """

    plan: Plan
    origin: str
    expected_saving: float | None = None
    left: int | None = None


class Proposer(Protocol):
    """A search method."""

    def next(self, history: History, running: Collection[Plan] = ()) -> Sequence[Suggestion]:
        """Plans that are not measured yet, in order; none if nothing promises.

        Args:
            history: The measured plans.
            running: Plans that other processes measure now. A method that has nothing else to
                propose may propose these; the search waits for them.
        """
