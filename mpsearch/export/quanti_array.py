"""``quanti_array``: the plan as the Python list that the original program took by hand."""

import ast
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mpsearch.schemes import parse_scheme
from mpsearch.values.errors import PlanError
from mpsearch.values.plan import Plan

_LARGEST: Final = 2**20  # bytes of a quanti_array file
_EXPECTED: Final = "a Python list of scheme names such as ['fix8', 'fl16'], a .py or a .json file"


def quanti_array_file(plan: Plan) -> str:
    """Text of ``quanti_array.py``: one scheme a line, its layer in a comment."""
    width = max((len(repr(scheme)) for scheme in plan.schemes), default=0) + 1
    lines = [
        f"    {repr(scheme) + ',':<{width}}  # {i} {_one_line(layer)}"
        for i, (layer, scheme) in enumerate(zip(plan.layers, plan.schemes, strict=True))
    ]
    return "quanti_array = [\n" + "\n".join(lines) + "\n]\n"


def read_quanti_array(text: str, layers: Sequence[str]) -> Plan:
    """Parse a ``quanti_array``: a list literal, or a file that holds one.

    Args:
        text: ``['fix8', …]``, or the path of a ``.py`` file with ``quanti_array = […]``, of a
            ``.json`` file with a list or with a plan, or of a text file with a list.
        layers: The model's weight layers.

    Raises:
        PlanError: If it is something else, has another number of entries than there are layers,
            or names an unknown scheme.
    """
    stripped = text.strip()
    content = stripped if stripped.startswith("[") else _read(Path(text))
    value = _value(content)
    if isinstance(value, dict):
        chosen = value.get("plan")
        if not isinstance(chosen, dict):
            raise PlanError(f"{text!r} is a JSON object without a plan; give {_EXPECTED}")
        return _checked(Plan.from_mapping(layers, {str(k): str(v) for k, v in chosen.items()}))
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise PlanError(f"quanti_array must be a list of scheme names; give {_EXPECTED}")
    if len(value) != len(layers):
        raise PlanError(
            f"quanti_array: expected {len(layers)} entries, one per weight layer, got {len(value)}"
        )
    return _checked(Plan(tuple(layers), tuple(value)))


def _checked(plan: Plan) -> Plan:
    """Refuse unknown schemes, and write every name in its one form."""
    return Plan(plan.layers, tuple(parse_scheme(scheme).name for scheme in plan.schemes))


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise PlanError(f"quanti_array {str(path)!r}: no such file; give {_EXPECTED}")
        if path.stat().st_size > _LARGEST:
            raise PlanError(f"quanti_array {str(path)!r} is larger than 1 MiB; give {_EXPECTED}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PlanError(
            f"quanti_array {str(path)!r}: {error.strerror}; give {_EXPECTED}"
        ) from error
    except UnicodeDecodeError as error:
        raise PlanError(f"quanti_array {str(path)!r} is not text; give {_EXPECTED}") from error


def _value(content: str) -> object:
    """The list or object in *content*; nothing is executed."""
    try:
        if content.lstrip().startswith("{"):
            return json.loads(content)
        with warnings.catch_warnings():
            # Python warns of odd numbers and escapes on stderr; schemes are checked by us.
            warnings.simplefilter("ignore")
            statements = ast.parse(content.strip()).body
        # From the end: of several assignments the last one counts.
        for statement in reversed(statements):
            match statement:
                case ast.Assign(targets=[ast.Name(id="quanti_array")], value=value):
                    return ast.literal_eval(value)
                case ast.AnnAssign(target=ast.Name(id="quanti_array"), value=ast.List() as value):
                    return ast.literal_eval(value)
                case ast.Expr(value=ast.List() as value):
                    return ast.literal_eval(value)
                case _:
                    continue
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PlanError(f"quanti_array cannot be read ({error}); give {_EXPECTED}") from error
    raise PlanError(f"quanti_array does not hold a list; give {_EXPECTED}")


def _one_line(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)
