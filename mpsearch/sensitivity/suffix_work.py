"""How much of a profile is measured, by the layers that have to run."""

from collections.abc import Iterable
from typing import Final

from mpsearch.values.plan import Plan
from mpsearch.values.progress import Work

_ALWAYS: Final = 5  # layers as long as which decoding and the answers of any plan take, measured


class SuffixWork:
    """Work of plans in layers to run: those from the last one that a plan changes.

    Args:
        plans: Plans to measure; what precedes their last change is known from other plans.
    """

    def __init__(self, plans: Iterable[Plan]) -> None:
        self._layers = {plan: _layers_to_run(plan) for plan in plans}
        self.now = Work(0, sum(self._layers.values()))

    def finish(self, plan: Plan) -> None:
        """Count a plan as measured."""
        layers = self._layers[plan]
        self.now = Work(self.now.done + layers, self.now.left - layers)


def _layers_to_run(plan: Plan) -> int:
    changed = [i for i, scheme in enumerate(plan.schemes) if scheme != "original"]
    return _ALWAYS + len(plan.schemes) - max(changed, default=len(plan.schemes) - 1)
