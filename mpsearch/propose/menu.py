"""The search space: per layer, the schemes it may have and their bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mpsearch.propose.dominance import undominated
from mpsearch.propose.rules import Rules
from mpsearch.values.arrays import IntArray
from mpsearch.values.errors import SettingError
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan

# One choice per variable: positions in the variables' menus.
Choice = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Menu:
    """The variables of a search and what each may be.

    A variable is a layer, or several layers that are tied to the same scheme.

    Attributes:
        layers: Names of the weight layers in model order.
        variables: Per variable, the layers it decides, as positions in *layers*.
        schemes: Per variable, the scheme names it may have.
        nbytes: Per variable, the stored bytes of its layers under each, shape (choices,).
        dominated: How many choices were left off because another beats them.
    """

    layers: tuple[str, ...]
    variables: tuple[tuple[int, ...], ...]
    schemes: tuple[tuple[str, ...], ...]
    nbytes: tuple[IntArray, ...]
    dominated: int = 0

    @classmethod
    def of(
        cls,
        layers: Sequence[WeightLayer],
        schemes: Sequence[str],
        refused: Mapping[tuple[str, str], str],
        nbytes: Callable[[int, str], int],
        rules: Rules | None = None,
    ) -> "Menu":
        """All schemes for every layer, less what the layer refuses and the rules forbid.

        A layer that refuses all of them keeps ``original``.

        Args:
            layers: Weight layers, in model order.
            schemes: Names.
            refused: (layer name, scheme) → why the scheme cannot store the layer.
            nbytes: Stored bytes of a layer (its index) under a scheme.
            rules: Locked, forbidden and tied layers.

        Raises:
            SettingError: If the rules leave a layer, or tied layers, nothing, or lock a layer to
                a scheme that refuses it.
        """
        rules = rules or Rules()
        names = tuple(layer.name for layer in layers)
        allowed = []
        for layer in layers:
            accepted = [s for s in schemes if (layer.name, s) not in refused] or ["original"]
            locked = rules.locked(layer.name)
            if locked is not None and (layer.name, locked) in refused:
                raise SettingError(
                    f"layer {layer.name!r} is locked to {locked!r}, which cannot store it: "
                    f"{refused[layer.name, locked]}"
                )
            left = rules.allowed(layer.name, accepted)
            if not left:
                raise SettingError(
                    f"layer {layer.name!r} is forbidden every scheme it accepts "
                    f"({', '.join(accepted)}); forbid fewer schemes, or add a scheme to `schemes`"
                )
            allowed.append(left)
        variables = rules.tied(names)
        menus = []
        for group in variables:
            common = tuple(s for s in allowed[group[0]] if all(s in allowed[i] for i in group))
            if not common:
                raise SettingError(
                    f"the tied layers {', '.join(repr(names[i]) for i in group)} have no scheme in "
                    "common; tie fewer, or lock and forbid less"
                )
            menus.append(common)
        sizes = tuple(
            np.array([sum(nbytes(i, s) for i in group) for s in menu], dtype=np.int64)
            for group, menu in zip(variables, menus, strict=True)
        )
        return cls(names, variables, tuple(menus), sizes)

    def without_dominated(self, error: Callable[[int, str], float]) -> "Menu":
        """The menu without choices that another beats in bytes and error; ``original`` stays.

        Args:
            error: Squared error of a layer's weights (its index) under a scheme.
        """
        menus, sizes = [], []
        for group, menu, nbytes in zip(self.variables, self.schemes, self.nbytes, strict=True):
            errors = np.array([sum(error(i, s) for i in group) for s in menu])
            keep = [i for i, scheme in enumerate(menu) if scheme == "original"]
            left = undominated(nbytes, errors, keep)
            menus.append(tuple(menu[i] for i in left))
            sizes.append(nbytes[list(left)])
        dropped = sum(map(len, self.schemes)) - sum(map(len, menus))
        return replace(self, schemes=tuple(menus), nbytes=tuple(sizes), dominated=dropped)

    def plan(self, choice: Sequence[int]) -> Plan:
        """The plan that *choice* stands for."""
        schemes = [""] * len(self.layers)
        for group, menu, option in zip(self.variables, self.schemes, choice, strict=True):
            for layer in group:
                schemes[layer] = menu[int(option)]
        return Plan(self.layers, tuple(schemes))

    def choice(self, plan: Plan) -> Choice | None:
        """The choice that makes *plan*, or None if there is none."""
        choice: list[int] = []
        for group, positions in zip(self.variables, self._positions, strict=True):
            options = {positions.get(plan.schemes[layer], -1) for layer in group}
            if len(options) > 1 or -1 in options:
                return None
            choice.extend(options)
        return tuple(choice)

    def total(self, choice: Sequence[int]) -> int:
        """Stored bytes of a choice."""
        return sum(int(sizes[c]) for sizes, c in zip(self.nbytes, choice, strict=True))

    def totals(self, choices: IntArray) -> IntArray:
        """Stored bytes of choices of shape (plans, variables), shape (plans,)."""
        total = np.zeros(len(choices), dtype=np.int64)
        for variable, sizes in enumerate(self.nbytes):
            total += sizes[choices[:, variable]]
        return total

    @cached_property
    def layer_schemes(self) -> tuple[tuple[str, ...], ...]:
        """Per layer, the scheme names it may have."""
        menus: dict[int, tuple[str, ...]] = {}
        for group, menu in zip(self.variables, self.schemes, strict=True):
            menus.update(dict.fromkeys(group, menu))
        return tuple(menus[i] for i in range(len(self.layers)))

    @cached_property
    def original(self) -> Choice | None:
        """The choice that changes nothing, or None if it is not on the menu."""
        return self.choice(Plan.uniform(self.layers, "original"))

    @cached_property
    def smallest(self) -> Choice:
        """The choice of the fewest bytes."""
        return tuple(int(sizes.argmin()) for sizes in self.nbytes)

    @property
    def plans(self) -> int:
        """How many plans there are."""
        count = 1
        for menu in self.schemes:
            count *= len(menu)
        return count

    @cached_property
    def _positions(self) -> tuple[dict[str, int], ...]:
        return tuple({scheme: i for i, scheme in enumerate(menu)} for menu in self.schemes)
