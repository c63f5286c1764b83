"""Bytes and JSON values damaged at random."""

import copy
import json
import random
from typing import Any, Final

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308, 1e-320),
    *(
        "",
        " ",
        "\x00",
        "\ud800",
        "a\nb\x1b[31m",
        "../../x",
        "/",
        "NaN",
        "fix8",
        "prun_0.1",
        "x" * 3000,
    ),
    *([], {}, [[]], [None], [[1, 2], [3]], {"": None}, ["fix8"], [1e308] * 3, [[]] * 9),
)
#: Texts that JSON's own writer does not make of a value.
_RAW: Final = (
    "NaN",
    "-Infinity",
    "1e999",
    "-1e999",
    "9" * 400,
    "9" * 5000,
    "[" * 3000,
    '{"a":' * 2000,
)
_MARK: Final = "here stands what is raw"
_PIECES: Final = b"0123456789-.,:[]{}\"'e#=_\\\n"


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One to four places replaced, flipped, taken out, put in, cut off, or said again."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(10):
            case 0 | 1 if at < len(found):
                found[at] = chance.randrange(256)
            case 2 | 3 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 4:
                del found[at : at + chance.randint(1, 8)]
            case 5:
                there = chance.randrange(len(found) + 1)
                found[at:at] = found[there : there + chance.randint(1, 40)]
            case 6 if chance.random() < 0.2:
                del found[at:]
            case _:
                found[at:at] = bytes(chance.choices(_PIECES, k=chance.randint(1, 4)))
    return bytes(found)


def damaged_json(document: Any, chance: random.Random) -> bytes:
    """Text of *document* with one to three values replaced, taken out, renamed or said twice."""
    changed = json.loads(json.dumps(document))
    raw = None
    for _ in range(chance.randint(1, 3)):
        place = _some_place(changed, chance)
        if place is None:
            break
        inside, key = place
        match chance.randrange(8):
            case 0:
                del inside[key]
            case 1 if isinstance(inside, list):
                inside.append(inside[key])
            case 1:
                inside[f"{key} "] = inside.pop(key)
            case 2:
                raw = chance.choice(_RAW)
                inside[key] = _MARK
            case 3 if isinstance(inside[key], list):
                inside[key] = inside[key][: chance.randrange(len(inside[key]) + 1)]
            case 4 if isinstance(inside[key], (int, float)):
                inside[key] = inside[key] + chance.choice((-1, 1, 0.5, 2**40))
            case _:
                inside[key] = copy.deepcopy(chance.choice(_ODD))
    text = json.dumps(changed)
    if raw is not None:
        text = text.replace(f'"{_MARK}"', raw)
    return text.encode()


def _some_place(document: Any, chance: random.Random) -> tuple[Any, Any] | None:
    """A list or object somewhere in *document*, and a position in it."""
    inside = document
    found = None
    while isinstance(inside, (list, dict)) and inside:
        key = (
            chance.randrange(len(inside))
            if isinstance(inside, list)
            else chance.choice(list(inside))
        )
        found = inside, key
        if chance.random() < 0.25:
            break
        inside = inside[key]
    return found
