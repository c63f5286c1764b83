"""The settings of a search as one value, from a command line, a ``study.toml`` or a program."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mpsearch.values.choices import (
    BUDGETS_ON,
    RESIZES,
    RIVALS,
    SAMPLERS,
    BudgetOn,
    Coding,
    Metric,
    Resize,
    Rival,
    Sampler,
    one_of,
    parse_coding,
    parse_metric,
)
from mpsearch.values.errors import SettingError

DEFAULT_TRIALS: Final = 200
NEEDS_TRUTH: Final = (
    "`metric` = accuracy needs the true classes of the images; give `truth`, or `metric` = "
    "agreement, which needs none"
)


@dataclass(frozen=True, slots=True)
class Question:
    """The settings of a search, and as far as they apply, of the other commands.

    The keys of ``study.toml`` are these names, and so are the options of the command line.

    Attributes:
        model: File, ``keras:NAME`` or ``bundled:digits``; None where none was named.
        architecture: For a model file that holds weights only: the file that describes its network.
        allow_unsafe_model: Load what the allow-list for model files refuses.
        images: Files, folders, globs, or one ``.npz``; None for the bundled ones.
        preprocess: How pixels become inputs; None asks the model.
        resize: ``squash`` or ``crop``.
        labels: File of class names.
        truth: File of true classes, or ``y`` for those of the ``.npz``.
        from_logits: Whether the model's outputs are logits.
        size: Input size ``HEIGHTxWIDTH`` for a model that leaves it open.
        schemes: Names of schemes or menus to choose from; None for the documented schemes.
        metric: A member of :data:`~mpsearch.values.choices.METRICS`.
        budget: Largest drop allowed, percentage points.
        max_bytes: Largest size of all parameters, bytes, instead of a budget.
        ratio: How many times smaller all parameters must become, instead of a budget.
        pareto: Search the whole Pareto front of bytes against drop.
        budget_on: On which images the budget is kept: ``search``, those searched on; ``unseen``,
            images that no step has seen; ``auto``, unseen ones where there are images enough.
        sure: Percentage of searches in which the drop on unseen images keeps the budget.
        guaranteed: Rest that on a bound that assumes nothing of the images; it takes hundreds.
        holdout: Share of the images held back.
        lock: Pattern of layer names → scheme.
        forbid: Pattern of layer names → schemes they may not have.
        tie: Patterns of layer names that share a scheme.
        sampler: The search method: a member of :data:`~mpsearch.values.choices.SAMPLERS`.
        compare: Other methods to run beside the search.
        coding: How codes are packed: ``none`` or ``entropy``.
        calibrate: Choose codes to preserve layer outputs on the images searched on.
        trials: Finished trials in the study, at most; None for the sampler's default.
        timeout: Longest time of the search, seconds.
        seed: Seed of the sampler.
        memory: Memory to use, as :func:`~mpsearch.memory.amounts.parse_memory` reads it.
        workers: Processes that search on this machine.
        storage: Optuna's storage URL.
        study_name: Name of the study.
    """

    model: str | None = None
    architecture: str | None = None
    allow_unsafe_model: bool = False
    images: tuple[str, ...] | None = None
    preprocess: str | None = None
    resize: Resize = "squash"
    labels: str | None = None
    truth: str | None = None
    from_logits: bool = False
    size: str | None = None
    schemes: tuple[str, ...] | None = None
    metric: Metric = "mean"
    budget: float | None = None
    max_bytes: int | None = None
    ratio: float | None = None
    pareto: bool = False
    budget_on: BudgetOn = "auto"
    sure: float = 90.0
    guaranteed: bool = False
    holdout: float | None = None
    lock: Mapping[str, str] | None = None
    forbid: Mapping[str, tuple[str, ...]] | None = None
    tie: tuple[str, ...] | None = None
    sampler: Sampler = "surrogate"
    compare: tuple[Rival, ...] | None = None
    coding: Coding = "none"
    calibrate: bool = False
    trials: int | None = None
    timeout: float | None = None
    seed: int = 0
    memory: str | None = None
    workers: int = 1
    storage: str | None = None
    study_name: str | None = None

    def __post_init__(self) -> None:
        one_of(self.resize, RESIZES, f"unknown resize {self.resize!r}")
        parse_metric(self.metric)
        one_of(self.budget_on, BUDGETS_ON, f"unknown budget_on {self.budget_on!r}")
        one_of(self.sampler, SAMPLERS, f"unknown sampler {self.sampler!r}")
        for rival in self.compare or ():
            one_of(rival, RIVALS, f"cannot compare with {rival!r}")
        parse_coding(self.coding)

    @property
    def most_trials(self) -> int | None:
        """How many trials a study may have; None for any number."""
        if self.trials is not None:
            return self.trials
        return None if self.sampler == "brute" else DEFAULT_TRIALS

    def require_search(self) -> None:
        """Check that a search can be made of it.

        Raises:
            SettingError: Names what is missing, or the number that is out of range.
        """
        self._require_one_limit()
        ranges: tuple[tuple[str, float | None, str, Callable[[float], bool]], ...] = (
            ("budget", self.budget, "percentage points from 0 to 100", lambda v: 0 <= v <= 100),
            ("max_bytes", self.max_bytes, "1 or more", lambda v: v >= 1),
            ("ratio", self.ratio, "1 or more", lambda v: 1 <= v < math.inf),
            ("trials", self.trials, "1 or more", lambda v: v >= 1),
            ("timeout", self.timeout, "seconds above 0", lambda v: v > 0),
            ("sure", self.sure, "percent from 50 to below 100", lambda v: 50 <= v < 100),
            ("holdout", self.holdout, "a share from 0 to below 1", lambda v: 0 <= v < 1),
        )
        for name, value, allowed, fine in ranges:
            if value is not None and not fine(value):
                raise SettingError(f"`{name}` = {value} is out of range; give {allowed}")

    def _require_one_limit(self) -> None:
        sizes = [size for size in (self.max_bytes, self.ratio) if size is not None]
        if not self.pareto and self.budget is None and not sizes:
            raise SettingError(
                "search needs `budget` = PP, the largest drop allowed; try `budget` = 2 (or "
                "`max_bytes`, `ratio`, `pareto`)"
            )
        if len(sizes) > 1 or (sizes and (self.budget is not None or self.pareto)):
            raise SettingError(
                "give one of `budget`, `max_bytes`, `ratio` and `pareto`, not several"
            )
        if self.budget_on == "unseen" and self.sampler == "brute":
            raise SettingError(
                "`sampler` = brute proves its plan on the images searched on; give `budget_on` = "
                "search, or another `sampler`"
            )
        if self.budget_on == "unseen" and self.holdout == 0:
            raise SettingError(
                "`budget_on` = unseen needs images held back; give `holdout` above 0, or leave it "
                "away"
            )

    def with_options(self, given: Mapping[str, Any]) -> "Question":
        """A copy in which the options that were given (are not None) replace settings."""
        return replace(self, **{key: value for key, value in given.items() if value is not None})
