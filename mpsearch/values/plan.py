"""A plan: one storage scheme per weight layer."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mpsearch.values.errors import PlanError


@dataclass(frozen=True, slots=True)
class Plan:
    """One scheme name per weight layer, in model order.

    Attributes:
        layers: Names of the weight layers, unique, in the order the model lists them.
        schemes: Scheme names, parallel to *layers*.

    Raises:
        PlanError: If the two differ in length or a layer is named twice.
    """

    layers: tuple[str, ...]
    schemes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.layers) != len(self.schemes):
            raise PlanError(
                f"the plan has {len(self.schemes)} schemes, the model {len(self.layers)} weight "
                "layers; give exactly one scheme per weight layer"
            )
        if len(set(self.layers)) != len(self.layers):
            raise PlanError("the plan names a layer twice; give exactly one scheme per layer")

    @classmethod
    def uniform(cls, layers: Sequence[str], scheme: str) -> "Plan":
        """The plan that stores every layer alike."""
        return cls(tuple(layers), (scheme,) * len(layers))

    @classmethod
    def from_mapping(cls, layers: Sequence[str], chosen: Mapping[str, str]) -> "Plan":
        """Build a plan from layer → scheme; every layer must be there and no other.

        Raises:
            PlanError: Names the first missing and the first unknown layer.
        """
        names = set(layers)
        missing = [layer for layer in layers if layer not in chosen]
        unknown = [layer for layer in chosen if layer not in names]
        if missing or unknown:
            parts = []
            if missing:
                parts.append(f"{len(missing)} layers have no scheme, first {missing[0]!r}")
            if unknown:
                parts.append(f"{len(unknown)} are not in the model, first {unknown[0]!r}")
            raise PlanError(
                f"the plan does not fit the model: {'; '.join(parts)}; "
                "use a plan made for this model"
            )
        return cls(tuple(layers), tuple(chosen[layer] for layer in layers))

    def replace(self, layer: str, scheme: str) -> "Plan":
        """Return a copy with one layer changed.

        Raises:
            PlanError: If there is no such layer.
        """
        if layer not in self.layers:
            raise PlanError(f"the plan has no layer {layer!r}; its first is {self.layers[:1]}")
        i = self.layers.index(layer)
        return Plan(self.layers, (*self.schemes[:i], scheme, *self.schemes[i + 1 :]))

    def as_mapping(self) -> dict[str, str]:
        """Layer → scheme, in model order."""
        return dict(zip(self.layers, self.schemes, strict=True))

    @property
    def digest(self) -> str:
        """Short content hash: names this plan in storage."""
        text = json.dumps([self.layers, self.schemes], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
