"""JSON that can be read in one way only."""

import json
from typing import Any, Final

from mpsearch.model.inspection.verdict import Refused

LARGEST: Final = 16 * 2**20  # bytes; NASNetLarge, the longest of keras.applications, has 1.3 MB
_DEEPEST: Final = 200
_MOST_VALUES: Final = 2_000_000


def parse(content: bytes | str) -> dict[str, Any]:
    """Read the description of a model.

    Args:
        content: UTF-8 text of one object.

    Raises:
        Refused: If it is too large or too deep, names a key twice (parsers differ in which they
            take), or is no JSON object.
    """
    if len(content) > LARGEST:
        raise Refused(f"has a description (config.json) of more than {LARGEST // 2**20} MiB")
    try:
        text = content.decode() if isinstance(content, bytes) else content
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise Refused(f"has a description (config.json) nested deeper than {_DEEPEST}") from None
    except ValueError as error:
        raise Refused(f"has a description (config.json) that is no valid JSON ({error})") from None
    if not isinstance(document, dict):
        raise Refused("has a description (config.json) that is no JSON object")
    _bound(document)
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ValueError("a key occurs twice")
    return entries


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _bound(document: Any) -> None:
    """Refuse what is too deep or too much to be walked."""
    count, level = 0, [document]
    for _ in range(_DEEPEST):
        count += len(level)
        if count > _MOST_VALUES:
            raise Refused(f"has a description (config.json) of more than {_MOST_VALUES} values")
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise Refused(f"has a description (config.json) nested deeper than {_DEEPEST}")


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
