"""Screening around a plan: one backward pass per image, and what a profile has measured."""

from collections.abc import Callable
from typing import Final

import numpy as np

from mpsearch.core.arrays import Float64Array
from mpsearch.core.input_images import Inputs
from mpsearch.core.measurement import Measurement
from mpsearch.engine.confidence import Metric
from mpsearch.engine.evaluate import Engine
from mpsearch.engine.protocol import Network
from mpsearch.search.menu import Choice, Menu
from mpsearch.search.surrogate.cells import Cells
from mpsearch.sensitivity.gradient import first_order
from mpsearch.sensitivity.profile import SensitivityProfile

_KEPT: Final = 32  # centres; a front has one per budget
_KEPT_NBYTES: Final = 128 * 2**20  # beyond the latest

OnImages = Callable[[int], None]


class Screen:
    """Gives the cells around any plan of a menu.

    Args:
        engine: Has the bank, the reference and the baseline.
        network: Gives gradients.
        inputs: The engine's images, shape (n, h, w, c).
        menu: The choices.
        metric: How the drops of images become one.
        profile: Its measured layers replace predictions around the trained weights; may be None.
        on_images: Called with the number of images just differentiated.
    """

    def __init__(
        self,
        engine: Engine,
        network: Network,
        inputs: Inputs,
        menu: Menu,
        metric: Metric,
        profile: SensitivityProfile | None = None,
        on_images: OnImages = lambda _: None,
    ) -> None:
        self._engine, self._network, self._inputs = engine, network, inputs
        self._menu, self._metric, self._profile = menu, metric, profile
        self._on_images = on_images
        self._known: dict[Choice | None, Cells] = {}
        self.passes = 0

    @property
    def baseline(self) -> Measurement:
        """Of the unchanged model."""
        return self._engine.baseline

    def around(self, centre: Choice | None, margin: Float64Array) -> Cells:
        """Cells around a plan.

        Args:
            centre: The plan; None for the trained weights.
            margin: Under it, shape (n,).
        """
        if centre not in self._known:
            cells = self._cells(centre, margin)
            most = min(_KEPT, 1 + _KEPT_NBYTES // sum(table.nbytes for table in cells.change))
            while len(self._known) >= most:
                self._known.pop(next(iter(self._known)))
            self._known[centre] = cells
        return self._known[centre]

    def _cells(self, centre: Choice | None, margin: Float64Array) -> Cells:
        menu = self._menu
        wanted = [(i, s) for i, schemes in enumerate(menu.layer_schemes) for s in schemes]
        found = first_order(
            self._network,
            self._engine.bank,
            self._inputs,
            self._engine.reference,
            wanted,
            at=None if centre is None else menu.plan(centre),
            on_images=self._on_images,
        )
        self.passes += len(self._inputs)
        tables, perturbations, measured = [], [], []
        for variable, (group, schemes) in enumerate(zip(menu.variables, menu.schemes, strict=True)):
            changes = [sum(found[i, s].change for i in group) for s in schemes]
            known = [centre is not None and o == centre[variable] for o in range(len(schemes))]
            for option, scheme in enumerate(schemes):
                truth = self._measured(group, scheme) if centre is None else None
                if truth is not None:
                    changes[option], known[option] = truth, True
            tables.append(np.stack(changes))
            perturbations.append(
                np.array([max(found[i, s].perturbation for i in group) for s in schemes])
            )
            measured.append(np.array(known))
        return Cells(
            metric=self._metric,
            confidence=self._engine.baseline.confidence,
            margin=margin,
            change=tuple(tables),
            perturbation=tuple(perturbations),
            measured=tuple(measured),
        )

    def _measured(self, group: tuple[int, ...], scheme: str) -> Float64Array | None:
        """The measured change of a single layer, if it is known."""
        if scheme == "original":
            return np.zeros_like(self._engine.baseline.margin)
        if self._profile is None or len(group) > 1:
            return None
        reading = self._profile.per_layer.get((self._menu.layers[group[0]], scheme))
        return None if reading is None else reading.margin - self._profile.baseline.margin
