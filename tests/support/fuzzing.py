"""Give readers damaged files, and see that nothing but an MPSearchError comes out."""

import random
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzz_targets import Target, seeds_of

from mpsearch.memory.freed_memory import resident_nbytes
from mpsearch.values.errors import MPSearchError

_LONGEST_MESSAGE = 20_000  # characters; a message may name a file's entry, not repeat the file


@dataclass
class Fuzzed:
    """What came of it.

    Attributes:
        executions: Files read.
        refused: How many of them were refused.
        seconds: Taken.
        grown_nbytes: Resident memory at the end, less that after the first tenth.
        findings: Files that made a reader fail, and how; at most one of a kind.
    """

    executions: int = 0
    refused: int = 0
    seconds: float = 0.0
    grown_nbytes: int = 0
    findings: dict[str, bytes] | None = None


def failure_of(read: Callable[[Path], object], path: Path) -> tuple[bool, str]:
    """Whether a file is refused, and how its reader fails ('' if it does not)."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        refused, failure = _failure_of(read, path)
    return refused, failure or (f"warning at {path}: {said[0].message}" if said else "")


def _failure_of(read: Callable[[Path], object], path: Path) -> tuple[bool, str]:
    try:
        read(path)
    except MPSearchError as error:
        return True, "a long message" if len(str(error)) > _LONGEST_MESSAGE else ""
    except Exception as error:  # noqa: BLE001 - any other is a finding
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
        return False, f"{type(error).__name__} at {line}: {str(error)[:80]}"
    return False, ""


def fuzz(
    target: Target,
    executions: int,
    seconds: float = 1e9,
    seed: int = 0,
    is_enough: Callable[[], bool] = lambda: False,
) -> Fuzzed:
    """Read up to so many damaged files, for up to so many seconds, or until it is enough."""
    chance = random.Random(seed)
    originals = seeds_of(target)
    shared = Path("/dev/shm")
    found = Fuzzed(findings={})
    assert found.findings is not None
    kinds = set()
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        path = Path(folder) / "damaged"
        for original in originals:
            path.write_bytes(original)
            target.read(path)
        before = resident_nbytes()
        start = time.monotonic()
        while found.executions < executions and time.monotonic() - start < seconds:
            if is_enough():
                break
            data = target.damage(chance.choice(originals), chance)
            path.write_bytes(data)
            refused, failure = failure_of(target.read, path)
            found.executions += 1
            found.refused += refused
            kind = failure.partition(": ")[0]
            if failure and kind not in kinds:
                kinds.add(kind)
                found.findings[failure] = data
            if found.executions == executions // 10:
                before = resident_nbytes()
        found.seconds = time.monotonic() - start
    found.grown_nbytes = resident_nbytes() - before
    return found
