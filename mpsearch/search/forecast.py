"""The choices of a search, and how long it may take."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect of a search that was not made.

    Attributes:
        layers: Names of the weight layers.
        nbytes: Per layer, scheme → stored bytes; only what the layer may have.
        other_nbytes: Bytes of all other parameters.
        plans: How many plans there are.
        images: Searched on.
        held: Held back.
        measurements: Plans a search would measure, at most; typically fewer.
        typical_measurements: Measurements after which better plans are rarely found.
        seconds_per_plan: Measured on one plan.
        seconds_of_screening: Extrapolated from one image.
    """

    layers: tuple[str, ...]
    nbytes: tuple[dict[str, int], ...]
    other_nbytes: int
    plans: int
    images: int
    held: int
    measurements: int
    typical_measurements: int
    seconds_per_plan: float
    seconds_of_screening: float

    @property
    def seconds(self) -> float:
        """Seconds of a search with the most measurements."""
        return self.seconds_of_screening + self.measurements * self.seconds_per_plan

    def as_mapping(self) -> dict[str, Any]:
        """The values as JSON has them."""
        return {
            "layers": [
                {"layer": layer, "nbytes": sizes}
                for layer, sizes in zip(self.layers, self.nbytes, strict=True)
            ],
            "other_bytes": self.other_nbytes,
            "plans": self.plans,
            "images": self.images,
            "held_back": self.held,
            "measurements": self.measurements,
            "typical_measurements": self.typical_measurements,
            "seconds_per_plan": self.seconds_per_plan,
            "seconds_of_screening": self.seconds_of_screening,
            "seconds": self.seconds,
        }
