"""Content of a study's folder, as one value that reports are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mpsearch.propose.goal import Goal
from mpsearch.search.result import SearchResult
from mpsearch.search.result_json import Subject
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.study.trials import StudyTrials, Trial
from mpsearch.values.plan import Plan


@dataclass(frozen=True)
class StudyRecord:
    """A study to report; a result, or trials, or both.

    Attributes:
        name: Name of the study's folder.
        model: Name of the model.
        result: Result of the search; None if it is not finished.
        subject: Model and images of the result; None without a result.
        trials: Measured plans; None if the storage is gone.
        profile: Sensitivity of single layers; None if it was not measured.
        settings: Text of a ``study.toml``; '' if nothing is known.
        left_out: Sentences that say what the folder lacks.
    """

    name: str
    model: str
    result: SearchResult | None
    subject: Subject | None
    trials: StudyTrials | None
    profile: SensitivityProfile | None
    settings: str = ""
    left_out: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        assert self.result is not None or (self.trials is not None and self.trials.trials)

    @property
    def goal(self) -> Goal:
        """The goal of the search."""
        if self.result is not None:
            return self.result.goal
        assert self.trials is not None
        return self.trials.goal

    @property
    def choosing(self) -> Goal:
        """What chose the plan: the goal, or for a front the budget of the plan shown."""
        return self.goal.choosing(None if self.result is None else self.result.budget_pp)

    @property
    def plan(self) -> Plan:
        """The plan found; the best so far if the search is not finished."""
        return self.best_so_far.plan if self.result is None else self.result.plan

    @property
    def nbytes(self) -> int:
        """Stored bytes of the plan's weight layers."""
        return self.best_so_far.nbytes if self.result is None else self.result.nbytes

    @property
    def drop_pp(self) -> float:
        """Drop of the plan on the images that the budget speaks of."""
        return self.best_so_far.drop_pp if self.result is None else self.result.drop_pp

    @property
    def speaks_of_unseen(self) -> bool:
        """Whether the budget speaks of images that no step has seen."""
        if self.result is not None:
            return self.result.promise is not None
        return self.trials is not None and self.trials.sure is not None

    @property
    def feasible(self) -> bool:
        """Whether the plan keeps the limit."""
        if self.result is not None:
            return self.result.feasible
        assert self.trials is not None
        return bool(self.choosing.ranked(self.trials.trials))

    @property
    def original_nbytes(self) -> int | None:
        """Bytes of the weight layers as float32, if known."""
        if self.result is not None:
            return self.result.original_nbytes
        assert self.trials is not None
        return self.trials.original_nbytes

    @property
    def other_nbytes(self) -> int:
        """Bytes of all other parameters; 0 where they are not known."""
        return 0 if self.result is None else self.result.other_nbytes

    @property
    def what_is_counted(self) -> str:
        """The parameters that bytes count: others are known when a search has finished."""
        return "weight layers" if self.result is None else "all parameters"

    @cached_property
    def best_so_far(self) -> Trial:
        """The best plan measured; the nearest if none keeps the limit."""
        assert self.trials is not None
        return self.choosing.best_of(self.trials.trials)

    @property
    def coding(self) -> str | None:
        """How codes are packed, for all bytes; None if not known."""
        if self.subject is not None:
            return self.subject.coding
        return None if self.trials is None else self.trials.coding

    @property
    def calibrated(self) -> bool:
        """Whether codes were chosen by the images searched on; False if not known."""
        return self.subject is not None and self.subject.calibrated

    @property
    def model_digest(self) -> str | None:
        """Identity of the model; None if not known."""
        if self.subject is not None:
            return self.subject.fingerprint.get("model")
        return None if self.trials is None else self.trials.identity.get("model")

    @property
    def image_digest(self) -> str | None:
        """Identity of the images searched on; None if not known."""
        return None if self.trials is None else self.trials.identity.get("images")

    @property
    def kinds(self) -> Mapping[str, str]:
        """Layer → what it is, for instance ``Conv2D 3×3×64×64``; empty if not known."""
        if self.subject is not None:
            return {layer.name: _kind(layer.kind, layer.shape) for layer in self.subject.layers}
        if self.profile is not None:
            return {
                layer.name: _kind(layer.kind, layer.tensors[0].shape)
                for layer in self.profile.layers
                if layer.tensors
            }
        return {}

    @property
    def layer_nbytes(self) -> Mapping[str, tuple[int, int]]:
        """Layer → bytes as float32 and under the plan; empty if not known."""
        if self.subject is not None:
            return {
                layer.name: (layer.original_nbytes, layer.nbytes) for layer in self.subject.layers
            }
        if self.profile is None:
            return {}
        readings = self.profile.per_layer
        return {
            layer.name: (layer.original_nbytes, readings[layer.name, scheme].nbytes)
            for layer in self.profile.layers
            for scheme in [self.plan.as_mapping().get(layer.name, "")]
            if (layer.name, scheme) in readings
        }


def _kind(kind: str, shape: tuple[int, ...]) -> str:
    return f"{kind} {'×'.join(map(str, shape))}"
