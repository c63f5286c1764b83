"""A model that is open: its layers can be encoded, decoded and written."""

import os
from dataclasses import dataclass, replace
from typing import Any, Final

from mpsearch.engine.protocol import CodeSource
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.memory.amounts import default_memory
from mpsearch.model.decoded_model import decoded_model
from mpsearch.model.identity import model_digest
from mpsearch.model.load import load_keras_model
from mpsearch.model.model_copy import ModelCopy
from mpsearch.model.network import KerasNetwork
from mpsearch.model.opening import bounded_opening
from mpsearch.model.other_parameters import kinds_of_other_parameters, other_parameters
from mpsearch.model.source import ModelSource, find_model
from mpsearch.values.choices import Coding
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan

_MUCH: Final = 0.1  # of all bytes: so much outside weight layers is worth a word


@dataclass(frozen=True, slots=True, eq=False)
class OpenModel:
    """A classifier without images.

    Attributes:
        source: Source of the model.
        size: Input height and width the user named, or None.
        name: Its own name.
        network: The model cut into stages.
        live: The Keras model; read, never changed.
        copy: For Keras' own forward passes.
        bank: Encodes and decodes its layers.
        digest: Identity of names and weights.
        other_nbytes: Bytes of the parameters outside weight layers.
    """

    source: ModelSource
    size: tuple[int, int] | None
    name: str
    network: KerasNetwork
    live: Any
    copy: ModelCopy
    bank: WeightBank
    digest: str
    other_nbytes: int

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""
        return self.network.layers

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the weight layers."""
        return tuple(layer.name for layer in self.layers)

    @property
    def original(self) -> Plan:
        """The plan that changes nothing."""
        return Plan.uniform(self.layer_names, "original")

    def nbytes(self, plan: Plan) -> int:
        """Stored bytes of all weight layers under *plan*.

        Raises:
            SchemeError: If a scheme is unknown or refuses a layer's weights.
        """
        return self.bank.plan_nbytes(plan.schemes)

    def float32_notes(self) -> list[str]:
        """One sentence where much of the model gets no scheme, whatever the plan."""
        everything = self.bank.original_nbytes + self.other_nbytes
        if self.other_nbytes <= _MUCH * everything:
            return []
        kinds = ", ".join(kinds_of_other_parameters(self.live))
        share = 100 * self.other_nbytes / everything
        bytes_ = f"{self.other_nbytes:,} of {everything:,} bytes"
        return [f"{share:.0f} % of the parameters ({bytes_}) get no scheme: those of {kinds}"]

    def coded(self, coding: Coding) -> "OpenModel":
        """The same model, with stored bytes counted under *coding*."""
        if coding == self.bank.coding:
            return self
        return replace(self, bank=self.bank.coded(coding))

    def sourced(self, source: CodeSource | None) -> "OpenModel":
        """The same model, with codes from *source* where it has them."""
        return replace(self, bank=self.bank.sourced(source))

    def decoded_model(self, plan: Plan) -> Any:
        """A Keras model of its own with the plan's decoded weights."""
        return decoded_model(
            self.source, self.size, lambda i: self.bank.decoded(i, plan.schemes[i])
        )


def open_model(
    model: str | ModelSource,
    *,
    architecture: str | os.PathLike[str] | None = None,
    allow_unsafe_model: bool = False,
    from_logits: bool = False,
    size: tuple[int, int] | None = None,
    memory: int | None = None,
    coding: Coding = "none",
) -> OpenModel:
    """Load a model; see :func:`mpsearch.load` for the arguments.

    Raises:
        ModelError: Says what cannot be used and why.
    """
    source = source_of(model, allow_unsafe_model, architecture)
    return open_source(source, from_logits, size, memory or default_memory(), coding)


def source_of(
    model: str | ModelSource,
    allow_unsafe_model: bool,
    architecture: str | os.PathLike[str] | None = None,
) -> ModelSource:
    """What names a model, found and inspected; as it is where that was done before.

    Raises:
        ModelError: Says what cannot be used and why.
    """
    if isinstance(model, ModelSource):
        return model
    beside = None if architecture is None else os.fspath(architecture)
    return find_model(model, allow_unsafe_model, beside)


def open_source(
    source: ModelSource,
    from_logits: bool,
    size: tuple[int, int] | None,
    memory: int,
    coding: Coding = "none",
) -> OpenModel:
    """Load the model that *source* names; TensorFlow is loaded here."""
    with bounded_opening(source):
        live = load_keras_model(source, size)
        network = KerasNetwork(live, from_logits, (source, size))
    return OpenModel(
        source=source,
        size=size,
        name=str(live.name),
        network=network,
        live=live,
        copy=ModelCopy(source, size),
        bank=WeightBank(network, memory // 4, coding),
        digest=model_digest(live),
        other_nbytes=sum(variable.nbytes for variable in other_parameters(live)),
    )
