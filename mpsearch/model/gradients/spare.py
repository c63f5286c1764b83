"""A spare process: TensorFlow is imported there, and has computed nothing yet.

TensorFlow takes seconds to import, and a process in which it has begun to compute cannot be forked.
So we fork once between the two, which takes milliseconds, and the spare process forks the one
that computes derivatives: at once, and anew after one has died. Where TensorFlow was imported
before us, as in a notebook, it may have computed already; a spare process is then started when it
is needed, and imports TensorFlow itself.
"""

import contextlib
import errno
import faulthandler
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

_ROOT: Final = Path(__file__).parents[3]
_START: Final = (
    f"import sys; sys.path.append({str(_ROOT)!r}); "
    "from mpsearch.model.gradients.spare import main; main(int(sys.argv[1]))"
)
_MESSAGE: Final = struct.Struct("<i")  # a process id; 0 asks for a new process


class Spare:
    """The spare process, as its parent sees it.

    Args:
        control: A socket to it.
        pid: Process id of the spare process.
        wait: Waits until it is dead.
    """

    def __init__(self, control: socket.socket, pid: int, wait: Callable[[], object]) -> None:
        self.pid = pid
        self._control = control
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._end = weakref.finalize(self, _end, control, pid, wait, self._owner)

    @property
    def is_ours(self) -> bool:
        """Whether it is this process' own: not that of a process we were forked from."""
        return self._owner == os.getpid() and self._end.alive

    def fork(self) -> tuple[int, socket.socket]:
        """A new process that computes derivatives: its id, and a socket to it.

        Raises:
            OSError: If there can be none.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = self._answer(0, [theirs.fileno()])
                if pid < 0:
                    raise OSError(-pid, os.strerror(-pid))
            except BaseException:
                ours.close()
                raise
        return pid, ours

    def wait(self, pid: int) -> int:
        """Wait until a process of :meth:`fork` is dead; returns its wait status.

        Raises:
            OSError: If the spare process is gone.
        """
        return self._answer(pid)

    def _answer(self, message: int, files: Sequence[int] = ()) -> int:
        with self._lock:
            try:
                socket.send_fds(self._control, [_MESSAGE.pack(message)], files)
                return _read(self._control)
            except BaseException:  # also a signal: the next answer would be taken for another
                self._end()
                raise


class _Own:
    """The spare process of this process."""

    spare: Spare | None = None
    is_spare = False  # it has none, and needs none


def keep_spare() -> None:
    """Fork the spare process: to be called when TensorFlow is imported and has computed nothing."""
    if sys.platform != "linux" or _Own.is_spare or _Own.spare is not None:
        return
    ours, theirs = socket.socketpair()
    with warnings.catch_warnings():
        # Of threads in the parent: those of linear algebra see to it themselves.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            pid = os.fork()
        except OSError:  # asked for again when it is needed
            ours.close()
            theirs.close()
            return
    if pid == 0:
        try:
            _become_spare(theirs)
        finally:
            os._exit(1)
    theirs.close()
    _Own.spare = Spare(ours, pid, lambda: os.waitpid(pid, 0))


def spare() -> Spare:
    """The spare process; one is started where there is none.

    Raises:
        OSError: If none can be started.
    """
    if _Own.spare is None or not _Own.spare.is_ours:
        _Own.spare = _started()
    return _Own.spare


def _started() -> Spare:
    ours, theirs = socket.socketpair()
    with theirs:
        # This program itself, by a list of words.
        process = subprocess.Popen(  # noqa: S603 # nosec B603
            [sys.executable, "-P", "-c", _START, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    return Spare(ours, process.pid, process.wait)


def _end(control: socket.socket, pid: int, wait: Callable[[], object], owner: int) -> None:
    control.close()
    if os.getpid() != owner:
        return
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        wait()


def _read(control: socket.socket) -> int:
    message = control.recv(_MESSAGE.size, socket.MSG_WAITALL)
    if len(message) != _MESSAGE.size:
        raise OSError(errno.EPIPE, "the process that starts others is gone")
    (value,) = _MESSAGE.unpack(message)
    return int(value)


def main(control: int) -> NoReturn:
    """Be a spare process that was started, not forked."""
    _forget_signals()
    _Own.is_spare = True
    from mpsearch.model import loaded_backend  # noqa: F401, PLC0415 - once, not in every fork

    _serve(socket.socket(fileno=control))


def _become_spare(control: socket.socket) -> NoReturn:
    _forget_signals()
    control = _only(control)
    # We are in the middle of an import: modules that are half loaded are loaded anew.
    child = f"{__package__}.child"  # the one of this package that may be in the middle of it
    for name in list(sys.modules):
        outside = name.startswith("mpsearch.model.") and not name.startswith(__package__)
        if outside or name == child:
            del sys.modules[name]
    _Own.is_spare = True
    _serve(control)


def _forget_signals() -> None:
    """Live as long as the parent does: it alone hears of Ctrl-C, and of a terminal that is gone."""
    faulthandler.disable()
    signal.set_wakeup_fd(-1)
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    for name in ("SIGTERM", "SIGALRM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    # Deaths here are reported by the signal's name; a core file of gigabytes is no help.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _only(control: socket.socket) -> socket.socket:
    """Let go of every file of the parent's but one socket: a pipe would stay open with us."""
    kept = fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
    nowhere = os.open(os.devnull, os.O_RDWR)
    # Not closed: Python objects that belong to them would later close what has got their numbers.
    for descriptor in [int(link.name) for link in Path("/proc/self/fd").iterdir()]:
        if descriptor not in {kept, nowhere}:
            with contextlib.suppress(OSError):  # the listing's own is closed by now
                os.fstat(descriptor)
                os.dup2(nowhere, descriptor)
    return socket.socket(fileno=kept)


def _serve(control: socket.socket) -> NoReturn:
    """Fork and wait as we are told, until the parent is gone."""
    while True:
        message, files, _, _ = socket.recv_fds(control, _MESSAGE.size, 1)
        if len(message) != _MESSAGE.size:
            os._exit(0)
        (pid,) = _MESSAGE.unpack(message)
        if files:
            control.sendall(_MESSAGE.pack(_forked(control, files[0])))
            os.close(files[0])
        else:
            control.sendall(_MESSAGE.pack(os.waitpid(pid, 0)[1]))


def _forked(control: socket.socket, end: int) -> int:
    try:
        pid = os.fork()
    except OSError as error:
        return -(error.errno or errno.EAGAIN)
    if pid:
        return pid
    try:
        control.close()
        from mpsearch.model.gradients.child import serve  # noqa: PLC0415 - TensorFlow

        serve(socket.socket(fileno=end))
    finally:
        os._exit(0)
