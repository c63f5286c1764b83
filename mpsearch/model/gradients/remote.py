"""Derivatives from another process, which is asked again when it dies, and then done without."""

import contextlib
import os
import signal
import socket
import weakref
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from mpsearch.memory.aligned import aligned_empty
from mpsearch.model.backend import once_loaded, tf
from mpsearch.model.gradients import wire
from mpsearch.model.gradients.spare import Spare, keep_spare, spare
from mpsearch.model.gradients.wire import Wire, WireError
from mpsearch.model.margin_gradient import MarginGradient
from mpsearch.model.scores import Scores
from mpsearch.model.source import ModelSource
from mpsearch.model.weight_layers import array_view
from mpsearch.system.signals import signal_name
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import GradientsLost
from mpsearch.values.outer import OuterProduct

_TRIES: Final = 2  # processes that may die
_STALL_SECONDS: Final = 60.0  # without a byte, twice in a row without a tick of its clock: it hangs


# A process that has computed something with TensorFlow cannot be forked any more.
once_loaded(keep_spare)


class RemoteGradients:
    """:class:`MarginGradient` of a model file, computed in a process of its own.

    Args:
        source: The file.
        size: Input size with which the model was loaded.
        scores: Kind of the model's output.
        gradient: The derivative as this process would take it; never computed here.
        trained: The trained tensors of all weight layers.
    """

    def __init__(
        self,
        source: ModelSource,
        size: tuple[int, int] | None,
        scores: Scores,
        gradient: MarginGradient,
        trained: Sequence[Any],
    ) -> None:
        self._order = _order(source, size, scores)
        self._gradient = gradient
        self._trained = trained
        self._child: _Child | None = None
        self._ends: list[str] = []
        self._lost: GradientsLost | None = None

    def prepare(self) -> None:
        """Have the process load the model meanwhile; it is needed soon."""
        if self._child is None and self._lost is None:
            with contextlib.suppress(OSError, WireError):  # found out when it is asked
                self._child = _Child.start(self._order, len(self._trained))

    def __call__(
        self, weights: Sequence[Any], image: Float32Array, reference: int
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """The derivative, as :meth:`MarginGradient.assembled` gives it.

        Args:
            weights: The tensors of all weight layers.
            image: One image, shape (1, h, w, c).
            reference: The class whose margin it is.

        Raises:
            GradientsLost: If the process died as often as it may, cannot be started, or cannot load
                the model, which may need code that is only here; from then on, always.
        """
        while self._lost is None:
            try:
                if self._child is None:
                    self._child = _Child.start(self._order, len(self._trained))
                self._child.hold(weights, self._trained)
                arrays = [aligned_empty(shape) for shape in self._gradient.shapes]
                self._child.ask(image, reference, arrays)
            except WireError:
                self._end_with(self._close())
            except _AnswerError as failed:
                self._close()
                self._lose(str(failed))
            except OSError as error:  # of the spare process: another may be had
                self._close()
                self._end_with(f"could not be started ({error.strerror or error})")
            except BaseException:  # a signal: what comes next would be taken for another answer
                self._close()
                raise
            else:
                return self._gradient.assembled(arrays)
        raise self._lost

    @property
    def deaths(self) -> tuple[str, ...]:
        """How processes ended that were to go on, such as ``was killed by SIGSEGV``."""
        return tuple(self._ends)

    def close(self) -> None:
        """End the process."""
        self._close()

    def _end_with(self, how: str) -> None:
        self._ends.append(how)
        if len(self._ends) >= _TRIES:
            self._lose(f"the process that computes them {_told(self._ends)}")

    def _close(self) -> str:
        child, self._child = self._child, None
        return "" if child is None else child.end()

    def _lose(self, why: str) -> None:
        self._lost = GradientsLost(why)


class _AnswerError(Exception):
    """The process lives, and says that it cannot answer."""


class _Child:
    """One process.

    Args:
        parent: The process it was forked from.
        pid: Its number.
        end: Our end of the connection.
        tensors: How many tensors the weight layers have.
    """

    def __init__(self, parent: Spare, pid: int, end: socket.socket, tensors: int) -> None:
        self.pid = pid
        self._clock = _Clock(self.pid)
        self._line = Wire(end, _STALL_SECONDS, self._clock.look)
        self._finalizer = weakref.finalize(self, _kill, parent, self.pid, end)
        self._parent = parent
        self._is_ready = False
        # What it holds instead of the trained tensors; only to be compared, not kept alive.
        self._held: list[Any] = [None] * tensors

    @classmethod
    def start(cls, order: bytes, tensors: int) -> Self:
        """Start a process.

        Args:
            order: Which network it is to load.
            tensors: How many tensors the weight layers have.
        """
        parent = spare()
        child = cls(parent, *parent.fork(), tensors)
        child._line.send(wire.ORDER, order)
        return child

    def hold(self, weights: Sequence[Any], trained: Sequence[Any]) -> None:
        """Give it the tensors that it does not have."""
        self._await()
        for index, (tensor, own) in enumerate(zip(weights, trained, strict=True)):
            held = self._held[index]
            if tensor is (own if held is None else held()):
                continue
            values = b"" if tensor is own else array_view(tensor).reshape(-1)
            self._line.send(wire.TENSOR, wire.number(index), values)
            self._held[index] = None if tensor is own else weakref.ref(tensor)

    def ask(self, image: Float32Array, reference: int, arrays: Sequence[Float32Array]) -> None:
        """Fill *arrays* with the derivative at one image."""
        pixels = np.ascontiguousarray(image, dtype=np.float32).reshape(-1)
        self._line.send(wire.IMAGE, wire.number(reference), pixels)
        expect(self._line, wire.GRADIENT, sum(array.nbytes for array in arrays))
        self._line.read_arrays(arrays)

    def end(self) -> str:
        """End it; returns how it ended by itself, or that it had to be killed."""
        status = self._finalizer()
        if self._clock.hangs:
            return "stood still"
        if status is None:
            return "was lost"
        if os.WIFSIGNALED(status):
            return f"was killed by {signal_name(os.WTERMSIG(status))}"
        return f"ended with exit code {os.waitstatus_to_exitcode(status)}"

    def _await(self) -> None:
        if not self._is_ready:
            try:
                expect(self._line, wire.READY, 0)
            except _AnswerError as failed:
                raise _AnswerError(
                    f"the process that computes them cannot load the model ({failed})"
                ) from failed
            self._is_ready = True


def expect(line: Wire, wanted: bytes, nbytes: int) -> None:
    """Read the header of an answer; its bytes are to be read.

    Raises:
        WireError: If it is another, or the process is gone.
    """
    kind, length = line.receive()
    if kind == wire.FAILED:
        text = line.read_bytes(length, wire.LARGEST_TEXT)
        raise _AnswerError(text.decode("utf-8", "replace"))
    if (kind, length) != (wanted, nbytes):
        raise WireError


class _Clock:
    """Tells a process that hangs from one that works, by the processor time it has used."""

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/stat")
        self._before: list[str] = []
        self._still = 0
        self.hangs = False

    def look(self) -> None:
        """Check the process; called while it does not answer.

        Raises:
            WireError: If it has not worked since the last two times.
        """
        try:
            # User and system time are two words, after a name that may hold anything.
            now = self._file.read_text().rpartition(")")[2].split()[11:13]
        except OSError:  # no Linux, or gone: the socket will say so
            return
        self._still = self._still + 1 if now == self._before else 0
        self._before = now
        if self._still >= 2:
            self.hangs = True
            raise WireError


def _order(source: ModelSource, size: tuple[int, int] | None, scores: Scores) -> bytes:
    threads = tf.config.threading
    return wire.json_bytes(
        {
            "source": {
                **asdict(source),
                "path": None if source.path is None else str(source.path.absolute()),
            },
            "size": size,
            "scores": scores.value,
            "intra": threads.get_intra_op_parallelism_threads(),
            "inter": threads.get_inter_op_parallelism_threads(),
        }
    )


def _kill(parent: Spare, pid: int, end: socket.socket) -> int | None:
    """End a process, and wait until it is; returns its wait status."""
    end.close()
    if not parent.is_ours:
        return None
    # It stays a zombie, and its id its own, until the spare process waits for it.
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
        return parent.wait(pid)
    return None


def _told(ends: Sequence[str]) -> str:
    if len(set(ends)) == 1:
        return f"{ends[0]} {len(ends)} times"
    return ", the next ".join(ends)
