"""What drop to expect of a plan of known cost, before any plan has been measured."""

from statistics import NormalDist
from typing import Final

import numpy as np

from mpsearch.propose.surrogate.cells import sigmoid
from mpsearch.values.arrays import Float64Array
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp

_NODES: Final = 16
_NORMAL: Final = NormalDist()
#: Standard normal deviates of equal weight.
_DEVIATES: Final = np.array([_NORMAL.inv_cdf((node + 0.5) / _NODES) for node in range(_NODES)])


def expected_drops_pp(margin: Float64Array, costs: Float64Array, metric: Metric) -> Float64Array:
    """Expected drop of plans whose changes of the margins are normal with mean square *costs*.

    Rough: it says where to begin testing, and the tests say the rest. Rises count like falls where
    the metric lets one pay for the other, so that a plan is not taken for harmless. In
    ``agreement`` and ``accuracy`` an image counts whose reference class falls below one half.

    Args:
        margin: Margins of the unchanged model, log-odds, shape (n,).
        costs: Mean square changes of the margins, log-odds², shape (plans,).
        metric: How the losses of images become one number.

    Returns:
        Percentage points, shape (plans,).
    """
    before = sigmoid(margin)
    drops = np.empty(len(costs))
    for plan, cost in enumerate(costs):
        after = margin + np.sqrt(cost) * _DEVIATES[:, None]
        if metric in {"agreement", "accuracy"}:
            drops[plan] = 100 * float(((after < 0) & (margin > 0)).mean())
        else:
            changes = drops_pp(before, sigmoid(after))
            falls = changes if metric == "mean" else np.abs(changes)
            drops[plan] = float(aggregate(falls, metric).mean())
    return drops
