"""One bound of time and memory for all that is done to open a model."""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mpsearch.memory.freed_memory import resident_nbytes
from mpsearch.model.load_error import cause_of
from mpsearch.model.source import ModelSource
from mpsearch.values.errors import ModelError, MPSearchError

_SECONDS: Final = 15.0  # of processor time, for the smallest of models
_SECONDS_PER_CALL: Final = 0.06  # of a layer; Keras takes 3 to 10 ms
_BYTES_PER_SECOND: Final = 20 * 2**20
_NBYTES: Final = 2 * 2**30  # for the smallest of models
_COPIES: Final = 4  # of the weights: the file, what is read of it, the variables, one more
_LOOK: Final = 0.05  # seconds between two looks
_AGAIN: Final = 20  # looks until an exception that was swallowed is raised again


class OpeningStopped(BaseException):
    """Raised in the opening thread beyond the bound; no Exception, so that Keras lets it pass."""


@contextmanager
def bounded_opening(source: ModelSource) -> Iterator[None]:
    """Bound what is done to open the model of a file; whatever fails is an error of that file.

    Time is that of this process' processors, which a busy machine does not change. What runs
    outside Python is stopped when it comes back.

    Args:
        source: Models without a file are not bounded.

    Raises:
        ModelError: If the bound is broken, or anything raises what is no error of ours.
    """
    if source.path is None:
        yield
        return
    seconds = _SECONDS + _SECONDS_PER_CALL * source.calls + source.nbytes / _BYTES_PER_SECOND
    watch = _Watch(seconds, _NBYTES + _COPIES * source.nbytes)
    try:
        with watch:
            yield
    except OpeningStopped:
        raise ModelError(
            f"model {source.text!r} needs more {watch.broken} to be opened; give a smaller network"
        ) from None
    except (MPSearchError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(
            f"model {source.text!r} cannot be opened: {type(error).__name__}: {cause_of(error)}; "
            "check the settings of its layers, or save it again from Keras"
        ) from error


class _Watch:
    """Looks at this process' time and memory, and stops the thread that opens a model.

    Args:
        seconds: Processor time allowed from now on.
        nbytes: Bytes by which the process may grow.

    Attributes:
        broken: Name of the exceeded limit; empty while none is exceeded.
    """

    def __init__(self, seconds: float, nbytes: int) -> None:
        self.broken = ""
        self._seconds, self._nbytes = seconds, nbytes
        self._until = time.process_time() + seconds
        self._most = resident_nbytes() + nbytes
        self._opener = ctypes.c_ulong(threading.get_ident())
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._look, name="opening", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._done.set()
            # What was raised and did not arrive yet must not arrive later.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(self._opener, None)
        self._thread.join()

    def _look(self) -> None:
        looks = 0
        while not self._done.wait(_LOOK):
            if not self.broken:
                self.broken = self._exceeded()
            if self.broken and looks % _AGAIN == 0:
                self._stop()
            looks += bool(self.broken)

    def _exceeded(self) -> str:
        if time.process_time() > self._until:
            return f"than {self._seconds:.0f} seconds"
        if resident_nbytes() > self._most:
            return f"than {self._nbytes / 2**30:.1f} GiB of memory"
        return ""

    def _stop(self) -> None:
        with self._lock:
            if not self._done.is_set():
                stopped = ctypes.py_object(OpeningStopped)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._opener, stopped)
