"""A line of a journal, and how damage to it is detected.

A line that mpsearch writes ends in two fields that Optuna passes over: ``after``, the CRC-32 of
the line before it, and ``sum``, the CRC-32 of the line itself up to there. Lines without them, of
Optuna itself or of an earlier version, are taken as they are if they make sense.
"""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

_SEAL: Final = re.compile(rb'(.*,"after":"([0-9a-f]{8})"),"sum":"([0-9a-f]{8})"\}\n', re.DOTALL)
_BEGIN: Final = b'{"op_code":'
_LONGEST_FIRST: Final = 2**20  # bytes; the first line says a study's name
_PIECE: Final = 4096
#: Operations of Optuna's.
CREATE_TRIAL: Final = 4
OF_STUDIES: Final = (2, 3, CREATE_TRIAL)  # they name a study that a line before begins
_LAST_OPERATION: Final = 10
_FAILED: Final = 3
#: CRC-32 of no line.
NOTHING: Final = "00000000"


def sealed(entry: Mapping[str, Any], before: str) -> bytes:
    """The line of an entry.

    Args:
        entry: Entry of Optuna's journal.
        before: CRC-32 of the line before it.
    """
    text = json.dumps(entry, separators=(",", ":"))
    head = f'{text[:-1]},"after":"{before}"'.encode()
    return head + f',"sum":"{crc(head)}"}}\n'.encode()


def crc(data: bytes) -> str:
    """CRC-32, eight digits."""
    return f"{zlib.crc32(data):08x}"


def read_line(line: bytes, before: str | None) -> tuple[dict[str, Any] | None, bool]:
    """What a line says, and whether it comes after the line that it was written after.

    Args:
        line: The line with its line end.
        before: CRC-32 of the line before it; None if that one is damaged.

    Returns:
        The entry, None if the line is damaged; and False if lines before it are lost.
    """
    seal = _SEAL.fullmatch(line)
    if seal is not None and crc(seal[1]) != seal[3].decode():
        return None, True
    entry = _parsed(line)
    follows = seal is None or before is None or seal[2].decode() == before
    return entry, follows


def begins_journal(file: BinaryIO) -> bool:
    """Whether a file begins as a journal does; a first line that is torn is enough."""
    line = b""
    while b"\n" not in line and len(line) < _LONGEST_FIRST:
        piece = file.read(_PIECE)
        if not piece:
            break
        line += piece
    line = line[: line.find(b"\n") + 1] or line
    if line.endswith(b"\n"):
        return _parsed(line) is not None
    return line.startswith(_BEGIN) or _BEGIN.startswith(line)


def stands_in(line: bytes) -> dict[str, Any] | None:
    """What to read in place of a damaged line, so that trials after it keep their numbers.

    Returns:
        A failed trial in place of a trial; an empty entry for what only belongs to a trial; None if
        the line may have said what a study is.
    """
    operation = re.match(rb'\{"op_code":([4-9]),', line)
    number = None if operation is None else int(operation[1])
    if number == CREATE_TRIAL or b'"distributions":' in line or b'"params":' in line:
        study = re.search(rb'"study_id":(\d{1,9})[,}]', line)
        return {} if study is None else failed_trial(int(study[1]))
    return {} if number is not None or b'"trial_id":' in line else None


def failed_trial(study: int) -> dict[str, Any]:
    """The entry of a trial that says nothing."""
    return {
        "op_code": CREATE_TRIAL,
        "worker_id": "",
        "study_id": study,
        "datetime_start": None,
        "state": _FAILED,
    }


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The entry of a line; None if it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("worker_id"), str):
        return None
    operation = entry.get("op_code")
    is_known = type(operation) is int and 0 <= operation <= _LAST_OPERATION
    return entry if is_known else None
