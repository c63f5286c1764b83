"""Plans, schemes, budgets and packed files that are damaged, foreign or out of range."""

import json
from collections.abc import Callable

from packed_files import with_header

from bad_inputs.row import GOOD, SEARCH, Row, changed, written


def plan(number: int, code: int, *says: str, **files: str) -> Row:
    """A file with a plan for the good model, exported as JSON."""
    ((name, text),) = files.items()
    file = name.replace("_", ".")
    return Row(
        number,
        ("export", file, "--model", "good.keras", "--format", "json", "--to", "out"),
        code,
        says,
        written(file, text.encode()),
    )


def unpack(name: str, change: Callable[[bytes], bytes], *says: str) -> Row:
    """A packed file of the good model with other bytes."""
    argv = ("unpack", f"{name}.mpq", "--to", f"from_{name}.keras", "--model", "good.keras")
    return Row(80, argv, 2, (f"{name}.mpq", *says), changed("two.mpq", f"{name}.mpq", change))


ROWS = (
    Row(74, (*SEARCH, "--budget", "2", "--schemes", "fix9"), 2, ("'fix9'", "'fix8'")),
    plan(75, 2, "2", "1", short_py="quanti_array = ['fix8']"),
    plan(75, 2, "2", "3", long_py="quanti_array = ['fix8', 'fix8', 'fix8']"),
    plan(75, 2, "2", "0", empty_py="quanti_array = []"),
    plan(75, 0, comma_py="quanti_array = ['fix8', 'fl16',]"),
    plan(75, 2, nan_py="quanti_array = [float('nan'), 'fix8']"),
    plan(75, 2, nan_json='["fix8", NaN]'),
    plan(75, 2, float_json='["fix8", 1.5]'),
    plan(75, 2, million_json=json.dumps(["fix8"] * 1_000_000)),
    plan(75, 2, deep_json="[" * 100_000),
    plan(75, 2, "not a plan", twice_json='{"layers": {"c1": "fix8", "c1": "fl16", "d1": "fix8"}}'),
    plan(75, 0, bom_py="\ufeffquanti_array = ['fix8',\r\n 'fl16']\r\n"),
    Row(76, ("export", "of_ten/plan.json", *GOOD, "--to", "out76"), 2, ("of_ten", "--force")),
    plan(77, 2, "bitwiseAnd_23", "22", masks_py="quanti_array = ['bitwiseAnd_23', 'fix8']"),
    plan(77, 2, "bitwiseAnd_-1", "22", minus_py="quanti_array = ['bitwiseAnd_-1', 'fix8']"),
    Row(78, (*SEARCH, "--budget", "-1"), 2, ("-1",)),
    Row(78, (*SEARCH, "--budget", "101"), 2, ("101",)),
    Row(78, (*SEARCH, "--budget", "0", "--out", "zero"), 0),
    Row(79, (*SEARCH, "--max-bytes", "3", "--out", "few"), 4, ("3 bytes", "nearest")),
    unpack("cut", lambda c: c[: len(c) - 7], "cut off"),
    unpack("flipped", lambda c: c[:-9] + bytes([c[-9] ^ 4]) + c[-8:], "checksum"),
    unpack("longer", lambda c: c + b"more", "4 bytes follow"),
    unpack("header", lambda c: c[:8] + b"\xff\xff\xff\xff" + c[12:], "header"),
    unpack(
        "later", lambda c: with_header(c, lambda header: header.update(version=9)), "version is 9"
    ),
    Row(80, ("unpack", "two.mpq", "--to", "no.keras", "--model", "ten.keras"), 2, ("two.mpq",)),
)
