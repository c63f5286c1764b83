"""The smallest plan under a limit for every image at once, by mixed-integer programming.

``max`` and ``p95`` bind each image for itself: a knapsack with as many constraints as images,
which the dynamic programme cannot hold. HiGHS solves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from mpsearch.system.silence import silenced
from mpsearch.values.arrays import Float64Array, IntArray

_NODES: Final = 200  # a limit that gives the same answer on every machine, unlike seconds
_GAP: Final = 1e-4
_OPTIMAL: Final = 0  # scipy's status of a solution within the gap
_LIMIT: Final = 1  # … of a search that was cut short, with or without an incumbent


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Solution of the integer program.

    Attributes:
        choice: The plan, shape (variables,); None if there is none, or none was found.
        optimal: Proved to be the smallest, within one part in ten thousand. An incumbent of a
            search that was cut short is not.
        bound: No choice has fewer bytes; infinite if none keeps the limits.
    """

    choice: IntArray | None
    optimal: bool
    bound: float


def smallest_plan(
    nbytes: Sequence[IntArray],
    fall: Sequence[Float64Array],
    allowance: Float64Array,
    spared: int = 0,
) -> Solution:
    """The choice of the fewest bytes that keeps every image's limit.

    Args:
        nbytes: Per variable, shape (choices,).
        fall: Per variable, by how much each choice lowers each image's margin, shape
            (choices, n); may be negative.
        allowance: Largest fall allowed of each image's margin, shape (n,).
        spared: How many images may break their limit.
    """
    # They take a second to import, and most commands never come here.
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415
    from scipy.sparse import coo_array  # noqa: PLC0415

    images = len(allowance)
    sizes = np.concatenate(nbytes).astype(np.float64)
    falls = np.concatenate(fall, axis=0)
    cells, variables = len(sizes), len(nbytes)
    owner = np.repeat(np.arange(variables), [len(options) for options in nbytes])
    one_each = coo_array((np.ones(cells), (owner, np.arange(cells))), (variables, cells + images))
    # An image that is spared may fall as far as the worst choice would take it.
    worst = np.stack([table.max(axis=0) for table in fall]).sum(axis=0)
    slack = np.maximum(worst - allowance, 0.0)
    limits = coo_array(np.concatenate([falls.T, -np.diag(slack)], axis=1))
    few = coo_array(np.concatenate([np.zeros(cells), np.ones(images)])[None])
    with silenced(1):  # HiGHS prints a line of its own on some problems
        result = milp(
            np.concatenate([sizes, np.zeros(images)]),
            integrality=np.ones(cells + images, dtype=np.int64),
            bounds=Bounds(0, np.concatenate([np.ones(cells), np.full(images, float(spared > 0))])),
            constraints=[
                LinearConstraint(one_each, 1, 1),
                LinearConstraint(limits, -np.inf, allowance),
                LinearConstraint(few, -np.inf, spared),
            ],
            options={"node_limit": _NODES, "mip_rel_gap": _GAP},
        )
    if result.x is None:
        dual = getattr(result, "mip_dual_bound", None)
        cut_short = result.status == _LIMIT
        return Solution(None, False, float(dual) if cut_short and dual is not None else np.inf)
    chosen = result.x[:cells]
    starts = np.cumsum([0, *[len(options) for options in nbytes]])
    choice = np.array(
        [int(np.argmax(chosen[a:b])) for a, b in pairwise(starts)],
        dtype=np.int64,
    )
    return Solution(choice, result.status == _OPTIMAL, float(result.mip_dual_bound))
