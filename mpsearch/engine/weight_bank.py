"""Decoded weights of every (layer, scheme), encoded once and bounded in bytes."""

import contextlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from mpsearch.coding.coder import CodedSizes
from mpsearch.engine.protocol import CodeSource, Loaded, Network
from mpsearch.engine.timings import Timings
from mpsearch.memory.lru import LRU
from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.schemes.bits import packed_nbytes
from mpsearch.schemes.elementwise import Elementwise
from mpsearch.schemes.extremes import Extremes, extremes
from mpsearch.values.arrays import Codes, Float32Array
from mpsearch.values.choices import Coding
from mpsearch.values.errors import SchemeError

TRAINED = 0  # the variant that is the trained weights, bit for bit

_PROBE: Final = 1024  # weights per tensor that are enough to see that a scheme changes something


class WeightBank:
    """Encodes and decodes each layer under each scheme.

    A *variant* is a number for one set of decoded tensors of a layer: :data:`TRAINED` where the
    scheme changes nothing, else a number of the scheme's own.

    Args:
        network: The network whose weights are encoded.
        memory: Bytes of decoded tensors kept at most; at least one layer is always kept.
        coding: How codes are packed, for their stored bytes.
        source: Provides calibrated codes, which a scheme alone would not choose; may be None.
    """

    def __init__(
        self,
        network: Network,
        memory: int,
        coding: Coding = "none",
        source: CodeSource | None = None,
    ) -> None:
        self.coding = coding
        self.source = source
        self._network = network
        self._memory = memory
        self._schemes: dict[str, AnyScheme] = {}
        self._numbers: dict[str, int] = {"original": TRAINED}
        self._sizes: dict[tuple[int, str], int] = {}
        self._refusals: dict[tuple[int, str], str] = {}
        self._variants: dict[tuple[int, str], int] = {}
        self._names: list[str] = ["original"]
        self._loaded: LRU[tuple[int, int], Loaded] = LRU(memory, memory // 4)
        self._extremes: dict[int, tuple[Extremes, ...]] = {}
        self._coded_sizes = CodedSizes()
        self.timings = Timings()

    def coded(self, coding: Coding) -> "WeightBank":
        """A bank of the same network that packs codes as *coding* says."""
        return WeightBank(self._network, self._memory, coding, self.source)

    def sourced(self, source: CodeSource | None) -> "WeightBank":
        """A bank of the same network that takes codes from *source*."""
        return WeightBank(self._network, self._memory, self.coding, source)

    def release(self) -> None:
        """Free decoded tensors; they are decoded again when needed."""
        self._loaded = LRU(self._memory, self._memory // 4)

    @property
    def memory(self) -> int:
        """Bytes of decoded tensors kept at most."""
        return self._memory

    @property
    def original_nbytes(self) -> int:
        """Bytes of all layers as float32."""
        return sum(layer.original_nbytes for layer in self._network.layers)

    def nbytes(self, layer: int, scheme: str) -> int:
        """Stored bytes of a layer under a scheme.

        Raises:
            SchemeError: If the scheme is unknown or refuses the layer's weights.
        """
        key = layer, scheme
        if key in self._refusals:
            raise SchemeError(self._refusals[key])
        if key not in self._sizes:
            try:
                with self.timings.of_coding():
                    self._sizes[key] = self._find_nbytes(layer, scheme)
            except SchemeError as error:
                if scheme in self._schemes:  # else the name is unknown, whatever the layer
                    self._refusals[key] = str(error)
                raise
        return self._sizes[key]

    def plan_nbytes(self, schemes: tuple[str, ...]) -> int:
        """Stored bytes of all layers under one scheme each.

        Raises:
            SchemeError: If a scheme is unknown or refuses a layer's weights.
        """
        try:  # no Python per layer: it adds up
            return sum(map(self._sizes.__getitem__, enumerate(schemes)))
        except KeyError:
            return sum(self.nbytes(i, scheme) for i, scheme in enumerate(schemes))

    def variants(self, schemes: tuple[str, ...]) -> tuple[int, ...]:
        """:meth:`variant` of every layer under one scheme each."""
        try:
            return tuple(map(self._variants.__getitem__, enumerate(schemes)))
        except KeyError:
            return tuple(self.variant(i, scheme) for i, scheme in enumerate(schemes))

    def refusal(self, layer: int, scheme: str) -> str | None:
        """Why a scheme cannot store a layer, or None if it can."""
        try:
            self.nbytes(layer, scheme)
        except SchemeError as error:
            if scheme not in self._schemes:
                raise
            return str(error)
        return None

    def variant(self, layer: int, scheme: str) -> int:
        """The number of the decoded tensors that *scheme* makes of *layer*.

        Raises:
            SchemeError: If the scheme is unknown or refuses the layer's weights.
        """
        number = self._variants.get((layer, scheme))
        if number is None:
            self.nbytes(layer, scheme)  # refuses in words that name the layer
            with self.timings.of_coding():
                number = self._variants[layer, scheme] = self._find_variant(layer, scheme)
        return number

    def loaded(self, layer: int, variant: int) -> Loaded:
        """The decoded tensors, ready to be computed with."""
        if variant == TRAINED:
            return self._network.trained(layer)
        tensors = self._loaded.get((layer, variant))
        if tensors is None:
            with self.timings.of_coding():
                self._loaded.make_room(self._network.layers[layer].original_nbytes)
                tensors = self._network.load(self.decoded(layer, self._names[variant]))
                self._keep(layer, variant, tensors)
        return tensors

    def decoded(self, layer: int, scheme: str) -> tuple[Float32Array, ...]:
        """The tensors a network would compute with, as arrays.

        Raises:
            SchemeError: If the scheme refuses the weights.
        """
        self.nbytes(layer, scheme)  # refuses in words that name the layer
        bound = self._bound(layer, scheme)
        codes = self.sourced_codes(layer, scheme)
        if codes is not None:
            return tuple(
                bound_scheme.decode(code) for bound_scheme, code in zip(bound, codes, strict=True)
            )
        weights = self._network.weights(layer)
        return tuple(
            bound_scheme.apply_storable(array)
            for bound_scheme, array in zip(bound, weights, strict=True)
        )

    def sourced_codes(self, layer: int, scheme: str) -> tuple[Codes, ...] | None:
        """Codes of a layer's tensors that the scheme alone would not choose; None if it does."""
        return None if self.source is None else self.source.codes(layer, scheme)

    def error(self, layer: int, scheme: str) -> float:
        """Squared error of a layer: of its weights, or of what its codes are chosen by.

        Raises:
            SchemeError: If the scheme refuses the weights.
        """
        decoded = self.decoded(layer, scheme)
        error = None if self.source is None else self.source.error(layer, decoded)
        if error is not None:
            return error
        pairs = zip(decoded, self._network.weights(layer), strict=True)
        return sum(
            float(np.square(np.subtract(after, before, dtype=np.float64)).sum())
            for after, before in pairs
        )

    def _bound(self, layer: int, name: str) -> list[AnyScheme]:
        """The scheme for each tensor of a layer."""
        scheme = self._scheme(name)
        return [scheme.along(t.channel_axes) for t in self._network.layers[layer].tensors]

    def _scheme(self, name: str) -> AnyScheme:
        if name not in self._schemes:
            self._schemes[name] = parse_scheme(name)
            if name not in self._numbers:
                self._numbers[name] = len(self._names)
                self._names.append(name)
        return self._schemes[name]

    def _find_nbytes(self, layer: int, name: str) -> int:
        spec, bound = self._network.layers[layer], self._bound(layer, name)
        with contextlib.suppress(SchemeError):  # said below in words that name the tensor
            codes = self.sourced_codes(layer, name)
            if codes is not None:  # the scheme need not look for its own
                return sum(map(self._nbytes_of, bound, codes))
        total = 0
        for tensor, scheme, array, limits in zip(
            spec.tensors, bound, self._network.weights(layer), self._extremes_of(layer), strict=True
        ):
            try:
                total += self._stored_nbytes(scheme, array, limits)
            except SchemeError as error:
                raise SchemeError(f"layer {spec.name!r} {tensor.name}: {error}") from error
        return total

    def _extremes_of(self, layer: int) -> tuple[Extremes, ...]:
        """The extremes of a layer's tensors; large ones are looked through once, not per scheme."""
        if layer not in self._extremes:
            self._extremes[layer] = tuple(map(extremes, self._network.weights(layer)))
        return self._extremes[layer]

    def _stored_nbytes(self, scheme: AnyScheme, array: Float32Array, limits: Extremes) -> int:
        if self.coding == "none":
            if isinstance(scheme, Elementwise) and scheme.stores(limits):
                return packed_nbytes(array.size, scheme.width)
            return scheme.stored_nbytes(array)
        return self._nbytes_of(scheme, scheme.encode(array))

    def _nbytes_of(self, scheme: AnyScheme, codes: Codes) -> int:
        if self.coding == "none":
            return scheme.nbytes(codes)
        return sum(map(self._coded_sizes.nbytes, scheme.streams(codes)))

    def _find_variant(self, layer: int, name: str) -> int:
        """The scheme's number, or TRAINED where it changes nothing."""
        bound, number = self._bound(layer, name), self._numbers[name]
        if number == TRAINED:
            return TRAINED
        if not bound[0].local:  # numbers fitted to a tensor always change something
            return number
        pairs = list(zip(bound, self._network.weights(layer), strict=True))
        # Most schemes change something among the first weights: the others need not be looked at,
        # and a large layer is decoded when it is its turn and pushes no other out before.
        if any(
            not _same_bits(scheme.apply_storable(few), few) for scheme, few in _first_few(pairs)
        ):
            return number
        self._loaded.make_room(self._network.layers[layer].original_nbytes)
        decoded = tuple(scheme.apply_storable(array) for scheme, array in pairs)
        if all(
            _same_bits(tensor, array) for tensor, (_, array) in zip(decoded, pairs, strict=True)
        ):
            return TRAINED
        self._keep(layer, number, self._network.load(decoded))
        return number

    def _keep(self, layer: int, variant: int, loaded: Loaded) -> None:
        self._loaded.put((layer, variant), loaded, self._network.layers[layer].original_nbytes)


def _first_few(
    pairs: list[tuple[AnyScheme, Float32Array]],
) -> Iterator[tuple[AnyScheme, Float32Array]]:
    return ((scheme, array.reshape(-1)[:_PROBE]) for scheme, array in pairs)


def _same_bits(array: Float32Array, other: Float32Array) -> bool:
    return bool(np.array_equal(array.view(np.uint32), other.view(np.uint32)))
