"""What a search may choose from: per layer, the schemes it accepts and their bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mpsearch.core.arrays import IntArray
from mpsearch.core.plan import Plan
from mpsearch.sensitivity.profile import SensitivityProfile

# One choice per layer: positions in the layers' menus.
Choice = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """The choices of every layer.

    Attributes:
        layers: Layer names in model order.
        schemes: Per layer, the scheme names it may have.
        nbytes: Per layer, their stored bytes, shape (choices,).
    """

    layers: tuple[str, ...]
    schemes: tuple[tuple[str, ...], ...]
    nbytes: tuple[IntArray, ...]

    @classmethod
    def of(cls, profile: SensitivityProfile) -> "Menu":
        """All schemes of the profile; a layer that refuses all of them keeps ``original``."""
        schemes, sizes = [], []
        for layer in profile.layers:
            accepted = tuple(s for s in profile.schemes if (layer.name, s) in profile.per_layer)
            schemes.append(accepted or ("original",))
            sizes.append(
                np.array([profile.per_layer[layer.name, s].nbytes for s in accepted], np.int64)
                if accepted
                else np.array([layer.original_nbytes], np.int64)
            )
        names = tuple(layer.name for layer in profile.layers)
        return cls(names, tuple(schemes), tuple(sizes))

    def plan(self, choice: Sequence[int]) -> Plan:
        """The plan that *choice* stands for."""
        return Plan(
            self.layers,
            tuple(menu[int(c)] for menu, c in zip(self.schemes, choice, strict=True)),
        )

    def choice(self, plan: Plan) -> Choice | None:
        """The choice that makes *plan*, or None if a scheme is not on its layer's menu."""
        try:
            return tuple(
                menu.index(scheme) for menu, scheme in zip(self.schemes, plan.schemes, strict=True)
            )
        except ValueError:
            return None

    def total(self, choice: Sequence[int]) -> int:
        """Stored bytes of a choice."""
        return sum(int(sizes[c]) for sizes, c in zip(self.nbytes, choice, strict=True))

    @property
    def plans(self) -> int:
        """How many plans there are."""
        count = 1
        for menu in self.schemes:
            count *= len(menu)
        return count
