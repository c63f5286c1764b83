"""Errors and signals become exit codes."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from mpsearch.cli.main import guarded
from mpsearch.values import errors
from mpsearch.values.errors import MPSearchError

# Exit codes.


def subclasses(kind: type[MPSearchError]) -> Iterator[type[MPSearchError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from subclasses(child)


def test_every_error_has_its_exit_code() -> None:
    kinds: list[type[MPSearchError]] = [MPSearchError, *subclasses(MPSearchError)]
    codes = {kind.__name__: kind.exit_code for kind in kinds}
    assert codes == {
        "MPSearchError": 2,
        "SchemeError": 2,
        "PlanError": 2,
        "ModelError": 2,
        "ImageError": 2,
        "SettingError": 2,
        "StudyError": 2,
        "PackedError": 2,
        "EnvironmentFault": 3,
        "GradientsLost": 3,
    }


def test_errors_are_python_errors_too() -> None:
    assert len(list(subclasses(MPSearchError))) == 9
    for kind in subclasses(MPSearchError):
        assert issubclass(kind, OSError if kind.exit_code == 3 else ValueError)


# A scheme family that fails as it is told to; in a process of its own, as families are for good.
FAILING = textwrap.dedent(
    """
    import json, os, signal, sys, time
    from mpsearch import register_scheme
    from mpsearch.cli import main
    from mpsearch.values import errors

    def fail(argument):
        if argument.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, argument))
            time.sleep(20)
        kind = getattr(errors, argument, None) or getattr(__builtins__, argument)
        raise kind("as told\\nto")

    register_scheme("fail")(fail)
    if len(sys.argv) > 1:
        sys.argv = ["mpsearch", "schemes", "fail_" + sys.argv[1]]
        main.main()
    names = [n for n, kind in vars(errors).items() if isinstance(kind, type)]
    names += ["MemoryError", "ZeroDivisionError"]
    print(json.dumps({name: main.run(["schemes", "fail_" + name]) for name in names}))
    """
)


def test_errors_become_exit_codes_and_one_line_each() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING], capture_output=True, text=True, check=True, timeout=60
    )
    codes = json.loads(done.stdout)
    said = dict(zip(codes, done.stderr.splitlines(), strict=True))
    assert codes.pop("EnvironmentFault") == codes.pop("GradientsLost") == 3
    assert codes.pop("MemoryError") == 3
    assert codes.pop("ZeroDivisionError") == 1
    assert set(codes.values()) == {2}
    assert len(codes) == 8
    assert all(line.startswith("mpsearch: error: ") for line in said.values())
    assert said["ModelError"] == "mpsearch: error: as told to"
    assert "out of memory" in said["MemoryError"]
    assert "bug in mpsearch: ZeroDivisionError: as told to" in said["ZeroDivisionError"]
    assert "--debug" in said["ZeroDivisionError"]


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, 3), (errno.EIO, 3), (errno.EINVAL, 1)])
def test_a_machine_that_fails_anywhere_is_no_bug(
    capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    def command() -> int:
        raise OSError(number, os.strerror(number), "/tmp/x")

    assert guarded(command) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mpsearch: error: ")
    assert ("bug in mpsearch" in line) == (code == 1)
    assert "/tmp/x" in line


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_have_their_exit_codes(name: str, code: int) -> None:
    assert code == 128 + getattr(signal, name)
    done = subprocess.run(
        [sys.executable, "-c", FAILING, name],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("mpsearch: stopped")
