"""Screening without derivatives: a few changes of every layer are measured, the others follow.

What a scheme does to a margin grows with how far it moves the weights. So of each layer's schemes
a few are measured, from the gentlest to the harshest, and the others are put between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.engine.evaluate import Engine
from mpsearch.propose.menu import Menu
from mpsearch.values.arrays import BoolArray, Float64Array
from mpsearch.values.plan import Plan

_MEASURED: Final = 4  # schemes of a variable; the others are interpolated

OnImages = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class SingleChanges:
    """Changes of one variable, all others being as trained.

    Attributes:
        change: Change of every image's margin, shape (choices, n).
        measured: Whether it was measured, shape (choices,).
    """

    change: Float64Array
    measured: BoolArray


def measure_single_changes(
    engine: Engine,
    menu: Menu,
    reach: list[Float64Array],
    truths: list[dict[int, Float64Array]],
    on_images: OnImages,
) -> tuple[list[SingleChanges], int]:
    """Measure a few choices of every variable.

    Args:
        engine: Measures plans.
        menu: The choices.
        reach: Per variable, how far each choice moves the weights, shape (choices,).
        truths: Per variable, choices whose changes are known without measuring.
        on_images: Called with the number of images after every plan.

    Returns:
        Per variable its changes, and how many plans were measured.
    """
    original = Plan.uniform(menu.layers, "original").schemes
    wanted: dict[Plan, tuple[int, int]] = {}
    for variable, (group, schemes) in enumerate(zip(menu.variables, menu.schemes, strict=True)):
        for option in _spread(reach[variable]):
            if option not in truths[variable]:
                changed = list(original)
                for layer in group:
                    changed[layer] = schemes[option]
                wanted[Plan(menu.layers, tuple(changed))] = variable, option
    changes = [dict(row) for row in truths]
    for measurement in engine.measure(list(wanted), lambda _: on_images(engine.images)):
        variable, option = wanted[measurement.plan]
        changes[variable][option] = measurement.margin - engine.baseline.margin
    tables = [_between(far, some, engine.images) for far, some in zip(reach, changes, strict=True)]
    return tables, len(wanted)


def most_single_changes(menu: Menu) -> int:
    """How many plans :func:`measure_single_changes` measures, at most."""
    return sum(min(_MEASURED, len(schemes)) for schemes in menu.schemes)


def _spread(reach: Float64Array) -> list[int]:
    """Choices from the gentlest to the harshest; those that change nothing are left out."""
    ranked = [int(i) for i in np.argsort(reach, kind="stable") if reach[i] > 0]
    if len(ranked) <= _MEASURED:
        return ranked
    positions = np.linspace(0, len(ranked) - 1, _MEASURED).round().astype(int)
    return [ranked[i] for i in positions]


def _between(reach: Float64Array, changes: dict[int, Float64Array], images: int) -> SingleChanges:
    """Linear in how far the weights are moved, between what was measured and no change at all."""
    measured = np.zeros(len(reach), dtype=np.bool_)
    measured[list(changes)] = True
    measured |= reach == 0
    points = {0.0: np.zeros(images)} | {float(reach[i]): change for i, change in changes.items()}
    ranked = sorted(points)
    values = np.stack([points[at] for at in ranked])
    change = np.stack([np.interp(reach, ranked, values[:, n]) for n in range(images)], axis=1)
    for option, own in changes.items():  # two choices may move the weights equally far
        change[option] = own
    return SingleChanges(change, measured)
