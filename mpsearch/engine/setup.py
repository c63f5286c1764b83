"""What an engine measures with, before anything is measured."""

import math
from dataclasses import dataclass
from typing import Final

from mpsearch.engine.nodes import NodeTable
from mpsearch.engine.protocol import Network
from mpsearch.engine.schedule import row_nbytes
from mpsearch.engine.wave_runner import WaveRunner
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.memory.input_images import Inputs

# A wave has room for this many bytes of activations, and for this many images where they are
# large: fewer do not fill the processor, more do not run faster.
_WAVE_NBYTES: Final = 128 * 2**20
_WAVE_IMAGES: Final = 32
_MOST_IMAGES: Final = 64  # images per chunk


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """A network, its weights and images, and how they are gone through.

    Attributes:
        network: The classifier.
        bank: Encodes and decodes its layers.
        table: Says which evaluations of a stage are equal.
        runner: Runs stages.
        images: How many a plan is measured on.
        chunks: Which of them run together.
        peaks: Bytes one image needs at its widest, from each stage on.
        wave_nbytes: Room for activations in a wave.
    """

    network: Network
    bank: WeightBank
    table: NodeTable
    runner: WaveRunner
    images: int
    chunks: tuple[range, ...]
    peaks: list[int]
    wave_nbytes: int

    @classmethod
    def of(cls, network: Network, bank: WeightBank, inputs: Inputs, memory: int) -> "Setup":
        """Share out *memory*; see :meth:`mpsearch.engine.evaluate.Engine.of` for the arguments."""
        count = len(inputs)
        peaks = row_nbytes(network.stages, 4 * math.prod(inputs.shape[1:]))
        enough = max(_WAVE_NBYTES, _WAVE_IMAGES * peaks[0])
        wave_nbytes = max(1, min(enough, memory // 4))
        step = max(1, min(_MOST_IMAGES, wave_nbytes // peaks[0]))
        chunks = tuple(range(i, min(i + step, count)) for i in range(0, count, step))
        table = NodeTable(network.stages, network.output)
        runner = WaveRunner(network, table, bank, inputs, chunks, memory)
        return cls(network, bank, table, runner, count, chunks, peaks, wave_nbytes)
