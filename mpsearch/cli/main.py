"""The one place where errors become exit codes."""

import contextlib
import errno
import io
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from types import FrameType
from typing import Final, NoReturn

from mpsearch.cli.arguments import (
    check,
    create,
    dashboard,
    export,
    predict,
    profile,
    report,
    schemes,
    search,
    studies,
    trust,
    unpack,
    verify,
)
from mpsearch.cli.arguments.shared import Parser
from mpsearch.cli.flags import with_flags
from mpsearch.model.quiet import keep_stderr_for_python
from mpsearch.system.signals import said_when_stopped
from mpsearch.values.errors import MPSearchError
from mpsearch.values.version import __version__

_BUG: Final = 1
_ENVIRONMENT: Final = 3
# No fault of ours wherever it is met: a temporary folder that is full, a disk that fails.
_MACHINE: Final = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOLCK),
}
_ASK_AGAIN: Final = 10.0  # seconds
_RESUMED: Final = (["search"], ["profile"])  # whose work the same command goes on with
_KEPT: Final = "what was measured is kept"


class _Stopped(BaseException):
    """A signal asked us to stop; not an Exception, so that nothing swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def parser() -> Parser:
    """The whole command line; ``--help`` is the manual."""
    top = Parser(
        prog="mpsearch",
        description="Find, for every weight layer of a trained Keras CNN, the storage format that "
        "makes the model smallest while its confidence falls by no more than a budget.",
        epilog="Without --model, commands use a small bundled network and its images, and say so "
        "where something else may have been meant; verify and unpack refuse files of other models.",
    )
    top.add_argument("--version", action="version", version=f"mpsearch {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for module in (
        predict,
        create,
        check,
        profile,
        search,
        export,
        report,
        dashboard,
        verify,
        unpack,
        schemes,
        studies,
        trust,
    ):
        module.add(commands)
    return top


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; errors become one line on stderr."""
    begun = time.monotonic()

    def command() -> int:
        with said_when_stopped(lambda: _KEPT) if list(argv[:1]) in _RESUMED else nullcontext():
            args = parser().parse_args(argv)
            args.begun = begun
            # Refused before what the command needs is imported.
            declared = import_module(f"mpsearch.cli.arguments.{args.command}")
            getattr(declared, "check", lambda _args: None)(args)
            module = import_module(f"mpsearch.cli.commands.{args.command}")
            code: int = module.run(args)
        sys.stdout.flush()
        return code

    return guarded(command, "--debug" in argv)


def guarded(command: Callable[[], int], debug: bool = False) -> int:
    """Run *command*; errors and signals become one line on stderr and an exit code."""
    try:
        return command()
    except (Exception, KeyboardInterrupt, _Stopped) as error:  # noqa: BLE001 - the last line
        if debug:
            traceback.print_exc()
        return _explain(error)


def _explain(error: BaseException) -> int:
    """Say what went wrong in one line, and return the exit code."""
    match error:
        case MPSearchError():
            _complain(str(error))
            return error.exit_code
        case KeyboardInterrupt() | _Stopped():
            return _interrupted(error)
        case MemoryError():
            _complain("out of memory; close other programs, or give fewer images or --memory")
            return _ENVIRONMENT
        case BrokenPipeError():
            # The reader of our output closed the pipe.
            with contextlib.suppress(OSError):
                sys.stdout.close()
            return 0
        case OSError() if error.errno in _MACHINE:
            _complain(f"{error}; free what is used up, or check the disk, then try again")
            return _ENVIRONMENT
        case _:
            _complain(
                f"this is a bug in mpsearch: {type(error).__name__}: {error}; please report it "
                "with the output of the same command and --debug"
            )
            return _BUG


def main() -> NoReturn:
    """Entry point of the ``mpsearch`` command."""
    if "--debug" not in sys.argv:
        keep_stderr_for_python()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be UTF-8
    catch_signals()
    sys.exit(run(sys.argv[1:]))


def catch_signals() -> None:
    """Let SIGTERM and SIGHUP stop a command as Ctrl-C does."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    # What is raised while Python runs a finalizer is lost: ask again if we are still here.
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, lambda _, frame: _stop(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _ASK_AGAIN)
    raise _Stopped(number)


def _interrupted(error: BaseException) -> int:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    kept = getattr(error, "__notes__", [])[:1]
    said = "".join(f"; {what}, run the same command again to go on" for what in kept)
    print(f"mpsearch: stopped{said}", file=sys.stderr)
    number: int = getattr(error, "number", signal.SIGINT)
    return 128 + number


def _complain(message: str) -> None:
    print(f"mpsearch: error: {_one_line(with_flags(message))}", file=sys.stderr)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
