"""A disk of which the nth operation fails."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from unittest.mock import patch

if os.name == "posix":
    import resource

#: What writing a file takes, beside writing; removing and shortening work on a full disk.
_CALLS: Final = (
    (os, "fsync"),
    (os, "replace"),
)


class FailingDisk:
    """Operations from the *nth* on fail: that one alone, or it and all after it.

    Attributes:
        has_failed: Whether there were as many operations.
    """

    def __init__(self, nth: int, for_good: bool) -> None:
        self._nth, self._for_good = nth, for_good
        self._count = 0
        self.has_failed = False

    @contextmanager
    def broken(self) -> Iterator[None]:
        """While this lasts, all files that are opened to be written are on this disk."""
        with ExitStack() as stack:
            for module, name in _CALLS:
                stack.enter_context(patch.object(module, name, self._failing(module, name)))
            stack.enter_context(patch.object(os, "open", self._open()))
            stack.enter_context(patch.object(os, "fdopen", self._fdopen()))
            yield

    def step(self) -> None:
        """One operation."""
        self._count += 1
        if self._count == self._nth or (self._for_good and self._count > self._nth):
            self.has_failed = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _failing(self, module: Any, name: str) -> Callable[..., Any]:
        real = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return real(*args, **kwargs)

        return call

    def _open(self) -> Callable[..., int]:
        real = os.open

        def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            if flags & os.O_CREAT:
                self.step()
            return real(path, flags, *args, **kwargs)

        return call

    def _fdopen(self) -> Callable[..., Any]:
        real = os.fdopen

        def call(handle: int, mode: str, buffering: int = -1) -> Any:
            if mode == "rb":
                return real(handle, mode, buffering)
            file = _FailingFile(self, handle, mode)
            return file if buffering == 0 else io.BufferedWriter(file)

        return call


class _FailingFile(io.FileIO):
    """Half of what fails has been written already."""

    def __init__(self, disk: FailingDisk, file: int, mode: str) -> None:
        super().__init__(file, mode)
        self._disk = disk

    def write(self, data: Any) -> int:
        try:
            self._disk.step()
        except OSError:
            if len(data) > 1:
                super().write(memoryview(data)[: len(data) // 2])
            raise
        return super().write(data)


@contextmanager
def no_file_beyond(nbytes: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond *nbytes*."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
