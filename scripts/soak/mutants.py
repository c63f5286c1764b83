"""Change the code in one small way at a time, at random; the tests should notice.

Run: python scripts/soak/mutants.py [schemes|packed] [COUNT] [SEED]; 100 changes of the schemes if
not said. The tests are run in a copy of the project. Prints what survived and, last, the share of
changes that were noticed; a change that makes no difference counts as not noticed.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = {
    "schemes": ("mpsearch/schemes", ["tests/schemes", "tests/golden", "tests/contracts"]),
    "packed": ("mpsearch/export/packed", ["tests/export/packed", "tests/contracts"]),
}
PATIENCE: Final = 300  # seconds; a change that makes the tests hang was noticed

SWAPS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass(frozen=True)
class Place:
    """Where a file can be changed.

    Attributes:
        file: Relative to the project.
        node: Its number, as ``ast.walk`` counts them.
        name: Of the node's field.
    """

    file: Path
    node: int
    name: str


def places(file: Path) -> Iterator[Place]:
    """All of one file."""
    tree = ast.parse((ROOT / file).read_text())
    left_alone = {inner for node in ast.walk(tree) for inner in _decorations(node)}
    for number, node in enumerate(ast.walk(tree)):
        if node in left_alone:
            continue
        for name in ("op", "ops", "value"):
            if hasattr(node, name) and _changed(node, name) is not None:
                yield Place(file, number, name)


def mutated(place: Place) -> tuple[str, str]:
    """The source with that place changed, and the change for people."""
    tree = ast.parse((ROOT / place.file).read_text())
    node = list(ast.walk(tree))[place.node]
    old, new = getattr(node, place.name), _changed(node, place.name)
    setattr(node, place.name, new)
    line = getattr(node, "lineno", 0)
    return ast.unparse(tree), f"{place.file}:{line}: {_shown(old)} -> {_shown(new)}"


def _changed(node: ast.AST, name: str) -> object:
    """What a field becomes; None where it is left alone."""
    old = getattr(node, name)
    if name == "op" and type(old) in SWAPS:
        return SWAPS[type(old)]()
    if name == "ops" and type(old[0]) in SWAPS:
        return [SWAPS[type(old[0])](), *old[1:]]
    if name == "value" and isinstance(node, ast.Constant):
        if isinstance(old, bool):
            return not old
        if isinstance(old, int | float):
            return old + 1
    return None


def _decorations(node: ast.AST) -> Iterator[ast.AST]:
    """What decorates a class or function: a dataclass that is not frozen works as well."""
    for decorator in getattr(node, "decorator_list", ()):
        yield from ast.walk(decorator)


def _shown(field: object) -> str:
    if isinstance(field, list):
        return _shown(field[0])
    return type(field).__name__ if isinstance(field, ast.AST) else repr(field)


def is_noticed(file: Path, source: str, copied: Path, tests: list[str]) -> bool:
    """Whether a test fails in a copy of the project with another source of a file."""
    target = copied / file
    honest = target.read_text()
    target.write_text(source)
    named = [f"{path}/test_{file.name}" for path in tests]
    first = [path for path in named if (copied / path).exists()]  # the likeliest to notice
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    pytest.append("--hypothesis-profile=unshrunk")
    environment = {**os.environ, "PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for some in ([first] if first else []) + [tests]:
            done = subprocess.run(
                [*pytest, *some],
                check=False,
                cwd=copied,
                env=environment,
                capture_output=True,
                timeout=PATIENCE,
            )
            if done.returncode:
                return True
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(honest)
    return False


def main() -> None:
    """Entry point."""
    part = sys.argv[1] if len(sys.argv) > 1 else "schemes"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder, tests = TESTS[part]
    files = sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))
    every = [place for file in files for place in places(file)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    with tempfile.TemporaryDirectory() as name:
        copied = Path(name) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copied, ignore=ignored)
        if is_noticed(files[0], (ROOT / files[0]).read_text(), copied, tests):
            raise SystemExit("the tests fail, or take too long, on the code as it is")
        survived = 0
        for number, place in enumerate(chosen, 1):
            source, change = mutated(place)
            if not is_noticed(place.file, source, copied, tests):
                survived += 1
                print(f"survived: {change}", flush=True)
            if number % 10 == 0:
                print(f"{number} of {len(chosen)}, {survived} survived", flush=True)
    share = 1 - survived / len(chosen)
    print(f"{part}: {len(chosen)} of {len(every)} changes, {share:.0%} noticed")


if __name__ == "__main__":
    main()
