"""Screening around a plan: one backward pass per image, and what a profile has measured.

Where derivatives cannot be had, a few changes of every layer are measured instead, once, around the
trained weights; around another plan the same changes are expected, relative to that plan's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mpsearch.engine.evaluate import Engine
from mpsearch.engine.protocol import Network
from mpsearch.memory.input_images import Inputs
from mpsearch.propose.menu import Choice, Menu
from mpsearch.propose.surrogate.cells import Cells
from mpsearch.propose.surrogate.single_changes import SingleChanges, measure_single_changes
from mpsearch.sensitivity.gradient import first_order, perturbation
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.arrays import BoolArray, Float64Array
from mpsearch.values.choices import Metric
from mpsearch.values.errors import GradientsLost
from mpsearch.values.measurement import Measurement

_KEPT: Final = 32  # centres; a front has one per budget
_KEPT_NBYTES: Final = 128 * 2**20  # beyond the latest

OnImages = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScreenListener:
    """Receives the progress and the notes of screening.

    Attributes:
        on_images: Called with the number of images just differentiated, or measured.
        on_note: Called with what the user should know: that derivatives were hard to get.
        on_lost: Called once where derivatives cannot be had any more.
    """

    on_images: OnImages = lambda _: None
    on_note: Callable[[str], None] = lambda _: None
    on_lost: Callable[[], None] = lambda: None


class Screen:
    """Gives the cells around any plan of a menu.

    Args:
        engine: Holds the bank, the reference and the baseline.
        network: Computes gradients.
        inputs: The engine's images, shape (n, h, w, c).
        menu: The choices.
        metric: How the drops of images become one number.
        profile: Its measured layers replace predictions around the trained weights; may be None.
        listener: Receives progress and notes.

    Attributes:
        passes: Backward passes so far, of one image each.
        measurements: Single changes measured instead.
    """

    def __init__(
        self,
        engine: Engine,
        network: Network,
        inputs: Inputs,
        menu: Menu,
        metric: Metric,
        profile: SensitivityProfile | None = None,
        listener: ScreenListener | None = None,
    ) -> None:
        self._engine, self._network, self._inputs = engine, network, inputs
        self._menu, self._metric, self._profile = menu, metric, profile
        self._listener = listener or ScreenListener()
        self._cache: dict[Choice | None, Cells] = {}
        self._singles: list[SingleChanges] | None = None
        self._noted = 0
        self.has_gradients = True
        self.passes = self.measurements = 0

    @property
    def baseline(self) -> Measurement:
        """Measurement of the unchanged model."""
        return self._engine.baseline

    def around(self, centre: Choice | None, margin: Float64Array) -> Cells:
        """Cells around a plan.

        Args:
            centre: The plan; None for the trained weights.
            margin: Margins under the plan, shape (n,).
        """
        if centre not in self._cache:
            cells = self._cells(centre, margin)
            most = min(_KEPT, 1 + _KEPT_NBYTES // sum(table.nbytes for table in cells.change))
            while len(self._cache) >= most:
                self._cache.pop(next(iter(self._cache)))
            self._cache[centre] = cells
        return self._cache[centre]

    def do_without_gradients(self) -> None:
        """Screen by measurement from now on."""
        if self.has_gradients:
            self.has_gradients = False
            self._cache.clear()

    def _cells(self, centre: Choice | None, margin: Float64Array) -> Cells:
        if self.has_gradients:
            try:
                return self._predicted(centre, margin)
            except GradientsLost as lost:
                self._listener.on_note(
                    f"layers are screened by measuring single changes, not by gradients: "
                    f"{lost.reason}"
                )
                self.do_without_gradients()
                self._listener.on_lost()
            finally:
                self._tell_of_deaths()
        return self._from_single_changes(centre, margin)

    def _tell_of_deaths(self) -> None:
        """Processes that were replaced; the reason is a note when gradients end."""
        deaths = self._network.gradient_deaths
        if self.has_gradients:
            for how in deaths[self._noted :]:
                self._listener.on_note(
                    f"the process that computes gradients {how}; another was started"
                )
        self._noted = len(deaths)

    def _predicted(self, centre: Choice | None, margin: Float64Array) -> Cells:
        menu = self._menu
        wanted = [(i, s) for i, schemes in enumerate(menu.layer_schemes) for s in schemes]
        predictions = first_order(
            self._network,
            self._engine.bank,
            self._inputs,
            self._engine.reference,
            wanted,
            at=None if centre is None else menu.plan(centre),
            on_images=self._listener.on_images,
        )
        self.passes += len(self._inputs)
        tables, perturbations, measured = [], [], []
        for variable, (group, schemes) in enumerate(zip(menu.variables, menu.schemes, strict=True)):
            changes = [sum(predictions[i, s].change for i in group) for s in schemes]
            exact = [centre is not None and o == centre[variable] for o in range(len(schemes))]
            for option, scheme in enumerate(schemes):
                truth = self._measured(group, scheme) if centre is None else None
                if truth is not None:
                    changes[option], exact[option] = truth, True
            tables.append(np.stack(changes))
            perturbations.append(
                np.array([max(predictions[i, s].perturbation for i in group) for s in schemes])
            )
            measured.append(np.array(exact))
        return self._table(margin, tables, perturbations, measured)

    def _from_single_changes(self, centre: Choice | None, margin: Float64Array) -> Cells:
        """Cells around a plan, of changes that were measured around the trained weights."""
        if self._singles is None:
            self._singles = self._measure_single_changes()
        tables, measured = [], []
        for variable, single in enumerate(self._singles):
            if centre is None:
                tables.append(single.change)
                measured.append(single.measured)
            else:
                here = centre[variable]
                tables.append(single.change - single.change[here])
                measured.append(np.arange(len(single.change)) == here)
        return self._table(margin, tables, self._reach(centre), measured)

    def _measure_single_changes(self) -> list[SingleChanges]:
        truths: list[dict[int, Float64Array]] = []
        for group, schemes in zip(self._menu.variables, self._menu.schemes, strict=True):
            measured = {option: self._measured(group, s) for option, s in enumerate(schemes)}
            truths.append(
                {option: truth for option, truth in measured.items() if truth is not None}
            )
        singles, count = measure_single_changes(
            self._engine, self._menu, self._reach(None), truths, self._listener.on_images
        )
        self.measurements += count
        return singles

    def _reach(self, centre: Choice | None) -> list[Float64Array]:
        """Per variable, how far each choice is from the centre's."""
        menu, bank = self._menu, self._engine.bank
        schemes = ("original",) * len(menu.layers) if centre is None else menu.plan(centre).schemes
        return [
            np.array(
                [
                    max(perturbation(self._network, bank, i, s, schemes[i]) for i in group)
                    for s in own
                ]
            )
            for group, own in zip(menu.variables, menu.schemes, strict=True)
        ]

    def _table(
        self,
        margin: Float64Array,
        tables: list[Float64Array],
        perturbations: list[Float64Array],
        measured: list[BoolArray],
    ) -> Cells:
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
