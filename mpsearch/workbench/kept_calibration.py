"""A calibration that is made when it is asked for, and kept in the study's folder on the way."""

import time
from collections.abc import Sequence
from typing import Final

from mpsearch.calibration import Calibration
from mpsearch.memory.lru import LRU
from mpsearch.memory.moments import KeptMoments
from mpsearch.model.input_moments import MomentSums
from mpsearch.schemes import parse_scheme
from mpsearch.schemes.fitted import Fitted, FittedCodes
from mpsearch.system.signals import said_when_stopped, signals_held
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.calibration_folder import CalibrationFolder
from mpsearch.workbench.workbench import Workbench

# Shares of the workbench's memory.
_MEMORY: Final = 0.1875  # for moments' factors, and codes just found
_READ: Final = 0.0625  # for codes read back
_KEEP_SECONDS: Final = 30.0  # after which what was found is kept, however little
_KEEP_PART: Final = 64  # more than this part of the memory is not held until then

# What calibrating takes, in multiplications: an input's turn has a price of its own, however little
# is multiplied, and so has each weight that is rounded.
_TURN: Final = 1_200_000.0
_WEIGHT: Final = 1_600.0
_PER_PAIR: Final = 4.0  # of a weight and an input
_FACTORS: Final = 0.5  # of the inputs' cube, shared out among the schemes


class KeptCalibration:
    """Chooses codes to preserve layer outputs on a workbench's images; the engine's ``CodeSource``.

    Two things take long: running the images, and rounding each layer under each scheme. What is
    done of either is in the folder when a run is stopped, and not done again by the next run or by
    another process; it then has the same codes, bit for bit.

    Args:
        work: Model and images.
        folder: The study's folder, which keeps the calibration; None to keep nothing.
    """

    def __init__(self, work: Workbench, folder: CalibrationFolder | None) -> None:
        self._network, self._inputs = work.model.network, work.inputs
        self._memory, self._folder = work.memory, folder
        self._shapes = self._network.moment_shapes
        self._read: LRU[tuple[int, str], tuple[FittedCodes, ...]] = LRU(int(_READ * work.memory))
        self._prepared: Calibration | None = None
        self._images_kept: dict[int, int] = {}  # by layer
        self._fresh: dict[str, tuple[FittedCodes, ...]] = {}
        self._fresh_layer, self._fresh_since = -1, time.monotonic()

    def codes(self, layer: int, scheme: str) -> tuple[FittedCodes, ...] | None:
        """Codes of each tensor of a layer; None where its weights alone decide.

        Raises:
            SchemeError: If the scheme refuses the weights.
        """
        fitted = self._fitted(layer, scheme)
        if fitted is None:
            return None
        kept = self._kept(layer, fitted.name)
        if kept is not None:
            return kept
        codes = self._calibration.codes(layer, scheme)
        if codes is not None:
            self._keep(layer, fitted.name, codes)
        return codes

    def error(self, layer: int, decoded: Sequence[Float32Array]) -> float | None:
        """Mean square change of a layer's outputs; None for a layer that is not calibrated."""
        return self._calibration.error(layer, decoded) if layer in self._shapes else None

    def is_missing(self, layer: int, scheme: str) -> bool:
        """Whether finding a layer's codes under a scheme takes time: no sound ones are kept."""
        fitted = self._fitted(layer, scheme)
        if fitted is None or self._kept(layer, fitted.name) is not None:
            return False
        try:
            for tensor in self._network.weights(layer):
                fitted.require_storable(tensor)
        except SchemeError:
            return False
        return True

    def is_done(self, layer: int, scheme: str) -> bool:
        """Whether codes are kept, or none are needed."""
        fitted = self._fitted(layer, scheme)
        return fitted is None or (self._folder is not None and (layer, fitted.name) in self._folder)

    def cost(self, layer: int) -> float:
        """How long a scheme of a layer takes, in some unit."""
        blocks, inputs = self._shapes[layer]
        weights: int = self._network.layers[layer].tensors[0].count
        rounding = inputs * _TURN + weights * (_PER_PAIR * inputs + _WEIGHT)
        return rounding + _FACTORS * blocks * inputs**3

    def prepare(self, progress: Progress) -> None:
        """Run the images through the network, or take what is kept of that.

        Args:
            progress: Receives an update after every image.
        """
        if self._prepared is not None:
            return
        images = len(self._inputs)
        memory = int((_MEMORY + _READ) * self._memory)
        moments = KeptMoments(memory // 2)
        missing = self._take_kept(moments)
        groups = self._network.moment_groups(memory, missing)
        done = sum(min(self._images_kept.get(layer, 0) for layer in group) for group in groups)
        progress.start("calibrating: inputs of layers", images * len(groups), done=done)
        with said_when_stopped(self._said_of_sums):
            for group in groups:
                self._run_images(group, moments, progress)
        progress.finish()
        self._prepared = Calibration(
            self._network.layers,
            self._network.weights,
            moments,
            int(_MEMORY * self._memory),
        )

    def flush(self) -> None:
        """Keep the codes found since the last time."""
        fresh, self._fresh = self._fresh, {}
        self._fresh_since = time.monotonic()
        if fresh and self._folder is not None:
            layer = self._fresh_layer
            with signals_held():
                self._folder.keep_codes(layer, self._network.weights(layer), fresh)

    def _take_kept(self, moments: KeptMoments) -> list[int]:
        """Moments of the layers whose sums are kept whole; returns the other layers."""
        missing = []
        for layer in self._shapes:
            sums = self._network.moment_sums(len(self._inputs), [layer])
            if self._restored(sums, layer) < len(self._inputs):
                missing.append(layer)
                continue
            for index, moment in sums.moments():
                moments.keep(index, moment)
        return missing

    def _restored(self, sums: MomentSums, layer: int) -> int:
        """Take a layer's sums that are kept; returns of how many images."""
        if self._folder is None:
            return 0
        ((_, mine),) = [state for index, state in sums.state().items() if index == layer]
        shapes = {name: array.shape for name, array in mine.items()}
        done, arrays = self._folder.sums(layer, shapes)
        if not sums.restore(layer, done, arrays):
            done = 0
        self._images_kept[layer] = done
        return done

    def _run_images(self, group: list[int], moments: KeptMoments, progress: Progress) -> None:
        """Sum up what the layers of a group see."""
        sums = self._network.moment_sums(len(self._inputs), group)
        for layer in group:
            self._restored(sums, layer)
        is_whole, since = True, time.monotonic()
        try:
            for i in range(sums.done, len(self._inputs)):
                is_whole = False
                with signals_held():  # an image counts whole or not at all
                    sums.add(self._network.enter(self._inputs[i : i + 1]))
                    is_whole = True
                progress.advance()
                if time.monotonic() - since > _KEEP_SECONDS:
                    self._keep_sums(sums)
                    since = time.monotonic()
        finally:
            if is_whole:
                self._keep_sums(sums)
        for layer, moment in sums.moments():
            moments.keep(layer, moment)

    def _keep_sums(self, sums: MomentSums) -> None:
        if self._folder is None:
            return
        with signals_held():
            for layer, (done, arrays) in sums.state().items():
                is_more = done > self._images_kept.get(layer, 0)
                if is_more and self._folder.keep_sums(layer, done, arrays):
                    self._images_kept[layer] = done

    def _said_of_sums(self) -> str:
        images = len(self._inputs) * len(self._shapes)
        kept = sum(self._images_kept.values())
        if not kept:
            return "what was measured is kept, the calibration begins anew"
        return f"{100 * kept // images} % of the calibration's sums over images are kept"

    @property
    def _calibration(self) -> Calibration:
        if self._prepared is None:
            self.prepare(Silent())
        assert self._prepared is not None
        return self._prepared

    def _fitted(self, layer: int, scheme: str) -> Fitted | None:
        """The scheme for a layer's kernel; None if it is not calibrated."""
        if layer not in self._shapes:
            return None
        tensor = self._network.layers[layer].tensors[0]
        bound = parse_scheme(scheme).along(tensor.channel_axes)
        return bound if isinstance(bound, Fitted) else None

    def _kept(self, layer: int, scheme: str) -> tuple[FittedCodes, ...] | None:
        """Codes read back; None where there are none, or none that are sound."""
        key = layer, scheme
        codes = self._read.get(key)
        if codes is None and self._folder is not None:
            codes = self._folder.codes(layer, scheme)
            if codes is not None:
                self._read.put(key, codes, _nbytes(codes))
        return codes

    def _keep(self, layer: int, scheme: str, codes: tuple[FittedCodes, ...]) -> None:
        if layer != self._fresh_layer:
            self.flush()
            self._fresh_layer = layer
        self._fresh[scheme] = codes
        is_due = time.monotonic() - self._fresh_since > _KEEP_SECONDS
        if is_due or sum(map(_nbytes, self._fresh.values())) > self._memory // _KEEP_PART:
            self.flush()


def _nbytes(codes: tuple[FittedCodes, ...]) -> int:
    return sum(tensor.symbols.nbytes for tensor in codes)
