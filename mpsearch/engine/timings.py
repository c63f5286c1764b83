"""Where the time of measuring goes."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Timings:
    """Counts and times of an engine's work.

    Attributes:
        stage_runs: Stage evaluations, one stage on one image.
        calls: Calls of compiled code that the stage evaluations took.
        cache_hits: Outputs of a stage for one plan and chunk of images that were at hand.
        coding: Seconds spent encoding and decoding weights, and learning their sizes.
        forward: Seconds inside the network's own code.
        total: Seconds of measuring in all, the baseline included.
    """

    stage_runs: int = 0
    calls: int = 0
    cache_hits: int = 0
    coding: float = 0.0
    forward: float = 0.0
    total: float = 0.0
    _inside: bool = False

    @property
    def python(self) -> float:
        """Seconds that are left: bookkeeping in Python."""
        return max(0.0, self.total - self.forward - self.coding)

    def of_coding(self) -> AbstractContextManager[None]:
        """Count the body as encoding or decoding."""
        return self._of_part("coding")

    def of_forward(self) -> AbstractContextManager[None]:
        """Count the body as the network's own work."""
        return self._of_part("forward")

    @contextmanager
    def of_total(self) -> Iterator[None]:
        """Count the body as measuring."""
        begun = time.perf_counter()
        self._inside = True
        try:
            yield
        finally:
            self._inside = False
            self.total += time.perf_counter() - begun

    @contextmanager
    def _of_part(self, part: Literal["coding", "forward"]) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - begun
            setattr(self, part, getattr(self, part) + seconds)
            if not self._inside:  # part of the total even outside a measurement, as sizes are
                self.total += seconds
