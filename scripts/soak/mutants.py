"""Change the code in one small way at a time, at random; the tests should notice.

Run: python scripts/soak/mutants.py [schemes|packed] [COUNT] [SEED]; 100 changes of the schemes if
not said. The tests run in copies of the project, two at a time; which of them call a function is
found out first, and those are run first when it is changed. Prints what survived and, last, the
share of changes that were noticed; a change that makes no difference counts as not noticed.
"""

import ast
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = {
    "schemes": (
        "mpsearch/schemes",
        ["tests/schemes", "tests/golden", "tests/contracts", "tests/calibration"],
    ),
    "packed": (
        "mpsearch/export/packed",
        ["tests/export/packed", "tests/contracts/test_damaged_files.py"],
    ),
}
#: Constants that only make it faster or slower.
SPEED: Final = {
    *("BLOCK", "_THREAD_BLOCK", "_THREADED", "_PIECES", "_MOST_BLOCKS", "_PIPELINED"),
    *("_MOST_THREADS", "_BLOCK"),
}
LANES: Final = 2
PATIENCE: Final = 600  # seconds; a change that makes the tests hang was noticed

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
        within: First and last line of the function it stands in; None outside of all.
    """

    file: Path
    node: int
    name: str
    within: tuple[int, int] | None


def places(file: Path) -> Iterator[Place]:
    """All of one file."""
    tree = ast.parse((ROOT / file).read_text())
    left_alone = {inner for node in ast.walk(tree) for inner in _left_alone(node)}
    within = _functions(tree)
    for number, node in enumerate(ast.walk(tree)):
        if node in left_alone:
            continue
        for name in ("op", "ops", "operand", "value"):
            if hasattr(node, name) and _changed(node, name) is not None:
                yield Place(file, number, name, within.get(node))


def mutated(place: Place) -> tuple[str, str]:
    """The source with that place changed, and the change for people."""
    tree = ast.parse((ROOT / place.file).read_text())
    node = list(ast.walk(tree))[place.node]
    old, new = getattr(node, place.name), _changed(node, place.name)
    setattr(node, place.name, new)
    line = getattr(node, "lineno", 0)
    return ast.unparse(tree), f"{place.file}:{line}: {_shown(old)} -> {_shown(new)}"


def _changed(node: Any, name: str) -> object:
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
    if name == "operand" and _negated(node):
        return ast.Constant(old.value - 1)  # one more, as of others
    return None


def _negated(node: ast.AST) -> ast.Constant | None:
    """The number of a negative one."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float()) as number):
            return number
        case _:
            return None


def _left_alone(node: ast.AST) -> Iterator[ast.AST]:
    """What no test can see changed, and what is changed with what it is a part of."""
    # A dataclass that is not frozen works as well; annotations are mypy's.
    parts = [*getattr(node, "decorator_list", ())]
    parts += [getattr(node, name, None) for name in ("annotation", "returns")]
    parts.append(_negated(node))
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) in SPEED:
        parts.append(node.value)
    for part in parts:
        if part is not None:
            yield from ast.walk(part)


def _functions(tree: ast.AST) -> dict[ast.AST, tuple[int, int]]:
    """The lines of the innermost function round what runs only when that is called."""
    found = {}
    for node in ast.walk(tree):  # from the outside in: the innermost stays
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for statement in node.body:
                for inner in ast.walk(statement):
                    found[inner] = (first, node.end_lineno or node.lineno)
    return found


def _shown(field: object) -> str:
    if isinstance(field, list):
        return _shown(field[0])
    if isinstance(field, ast.Constant):
        return f"-{field.value!r}"
    return type(field).__name__ if isinstance(field, ast.AST) else repr(field)


def is_noticed(place: Place, source: str, copied: Path, tests: list[str]) -> bool:
    """Whether one of the tests fails in a copy of the project with another source of a file."""
    target = copied / place.file
    honest = target.read_text()
    target.write_text(source)
    asked = copied / "asked.txt"
    asked.write_text("\n".join(tests))
    try:
        return run(copied, "-x", f"@{asked}") != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        target.write_text(honest)


def run(copied: Path, *arguments: str) -> int:
    """Run tests of a copy; returns pytest's exit code."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    path = os.pathsep.join((str(copied), str(ROOT / "tests" / "support")))
    done = subprocess.run(
        [*pytest, "--hypothesis-profile=unshrunk", *arguments],
        check=False,
        cwd=copied,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=PATIENCE,
    )
    return done.returncode


class Callers:
    """Which tests call which function, the quickest first."""

    def __init__(self, copied: Path, tests: list[str]) -> None:
        """Run all tests of a copy once.

        Raises:
            SystemExit: If they fail.
        """
        if run(copied, "-p", "called_functions", *tests):
            raise SystemExit("the tests fail on the code as it is")
        noted = json.loads((copied / "called_functions.json").read_text())
        self._seconds: dict[str, float] = noted["seconds"]
        self._called: dict[str, list[list[int | str]]] = noted["called"]

    def of(self, place: Place) -> tuple[list[str], list[str]]:
        """The tests seen to run the code round a place, and the others.

        The others can meet its results too: kept by a cache, or by a fixture of many tests.
        """
        first, last = place.within or (0, 0)
        seen = {
            test
            for test, functions in self._called.items()
            if any(f == str(place.file) and first <= int(line) <= last for f, line in functions)
        }
        quickest = sorted(self._seconds, key=self._seconds.__getitem__)
        return [t for t in quickest if t in seen], [t for t in quickest if t not in seen]


def main() -> None:
    """Entry point."""
    part = sys.argv[1] if len(sys.argv) > 1 else "schemes"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder, tests = TESTS[part]
    files = sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))
    every = [place for file in files for place in places(file)]
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(LANES) as pool:
        lanes: queue.Queue[Path] = queue.Queue()
        for number in range(LANES):
            ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
            lanes.put(shutil.copytree(ROOT, Path(name) / str(number), ignore=ignored))
        callers = Callers(lanes.queue[0], tests)

        def survivor(place: Place) -> str:
            source, change = mutated(place)
            lane = lanes.get()
            try:
                noticed = any(
                    is_noticed(place, source, lane, asked) for asked in callers.of(place) if asked
                )
            finally:
                lanes.put(lane)
            return "" if noticed else change

        survived = 0
        for number, change in enumerate(pool.map(survivor, chosen), 1):
            if change:
                survived += 1
                print(f"survived: {change}", flush=True)
            if number % 10 == 0:
                print(f"{number} of {len(chosen)}, {survived} survived", flush=True)
    share = 1 - survived / len(chosen)
    print(f"{part}: {len(chosen)} of {len(every)} changes, {share:.0%} noticed")


if __name__ == "__main__":
    main()
