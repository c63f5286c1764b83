"""What no file of the package may contain, looked for in its syntax tree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import mpsearch
from mpsearch.cli.flags import SETTINGS

PACKAGE: Final = Path(mpsearch.__file__).parent

# Reading what these wrote runs code that the file chooses.
MODULES: Final = {"pickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
# Text, or a file of others' making, that becomes code or a command.
CALLS: Final = {
    *("eval", "exec", "compile", "__import__"),
    *("builtins.eval", "builtins.exec", "builtins.compile"),
    *("os.system", "os.popen"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"),
}
# Whatever they are called on: archives written outside their folder, tables and modules unpickled.
METHODS: Final = {"extractall", "read_pickle", "enable_unsafe_deserialization"}
# Keyword → the one value it may be given.
KEYWORDS: Final = {"allow_pickle": False, "safe_mode": True, "shell": False}
# This sampler of Optuna's keeps a pickle in the study, and loads it back.
NAMES: Final = {"CmaEsSampler", "CmaEsAttrKeys"}
# What a file says for a good reason.
ALLOWED: Final = {
    # A word that Keras writes into model files.
    "model/inspection/config.py": {"'builtins'"},
    "model/inspection/keras2/values.py": {"'builtins'"},
    "model/inspection/loadable.py": {"'builtins'"},
}

# A sentence that speaks of people does not say which part of the program is meant.
WORDS: Final = re.compile(r"(?i)\b(whoever|nobody|somebody|everybody|(is|are) told of)\b")
FLAG: Final = re.compile(r"(?<![\w-])--[a-z{]")
TYPED: Final = re.compile(r"\b(mpsearch [a-z]+|uv pip) .*--[a-z]")  # a whole command


def breaches(source: str) -> list[str]:
    """What *source* does that is forbidden, each with its line."""
    tree = ast.parse(source)
    meant = _imported(tree)
    return [f"line {line}: {what}" for node in ast.walk(tree) for line, what in _in(node, meant)]


def _imported(tree: ast.AST) -> dict[str, str]:
    """Name in the file → dotted name of what it was imported as."""
    meant: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meant |= {one.asname: one.name for one in node.names if one.asname}
        elif isinstance(node, ast.ImportFrom):
            meant |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return meant


def _in(node: ast.AST, meant: dict[str, str]) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Import(names=names):
            wrong = [one.name for one in names if one.name.split(".")[0] in MODULES]
        case ast.ImportFrom(module=str(module), names=names):
            whole = [f"{module}.{one.name}" for one in names]
            wrong = [one for one in whole if _is_forbidden(one)]
        case ast.Attribute() | ast.Name():
            wrong = [one for one in [_dotted(node, meant)] if _is_forbidden(one)]
        case ast.keyword(arg=str(arg), value=value) if arg in KEYWORDS:
            allowed = isinstance(value, ast.Constant) and value.value is KEYWORDS[arg]
            wrong = [] if allowed else [f"{arg}={ast.unparse(value)}"]
        case ast.Constant(value=str(text)) if text in NAMES | MODULES | {"builtins"}:
            wrong = [repr(text)]  # for getattr or importlib
        case _:
            wrong = []
    yield from ((getattr(node, "lineno", 0), one) for one in wrong)


def _is_forbidden(name: str) -> bool:
    parts = name.split(".")
    return parts[0] in MODULES or name in CALLS or parts[-1] in METHODS | NAMES


def _dotted(node: ast.AST, meant: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return meant.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value, meant)}.{attr}"
        case _:
            return "?"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_no_file_of_the_package_has_any_of_it(path: Path) -> None:
    known: set[str] = ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())
    found = breaches(path.read_text(encoding="utf-8"))
    assert [one for one in found if one.partition(": ")[2] not in known] == []


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "import pickle as p",
        "import os, marshal",
        "from pickle import loads",
        "def f():\n    import shelve",
        "from joblib import load",
        "importlib.import_module('pickle')",
        "eval('1')",
        "run = exec",
        "import builtins\nbuiltins.eval('1')",
        "from builtins import eval as calm",
        "compile('1', 'x', 'eval')",
        "__import__('os')",
        "import yaml\nyaml.load(text)",
        "import yaml as y\ny.load(text)",
        "from yaml import load",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=wanted)",
        "keras.saving.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=1)",
        "import os\nos.system(text)",
        "import os as o\no.system(text)",
        "from os import system as calm",
        "from os import popen",
        "optuna.samplers.CmaEsSampler()",
        "from optuna.samplers import CmaEsSampler as Calm",
        "getattr(optuna.samplers, 'CmaEsSampler')",
        "tarfile.open(path).extractall(folder)",
        "with tarfile.open(path) as t:\n    t.extractall()",
        "pandas.read_pickle(path)",
    ],
)
def test_what_is_planted_is_found(planted: str) -> None:
    assert breaches(planted)


@pytest.mark.parametrize(
    "innocent",
    [
        "re.compile('x')",
        "model.compile()",
        "platform.system()",
        "np.load(path, allow_pickle=False)",
        "load_model(path, compile=False, safe_mode=True)",
        "subprocess.run(words, shell=False)",
        "yaml.safe_load(text)",
        "'eval and exec, os.system and pickles in a text'",
        "ast.literal_eval(text)",
    ],
)
def test_what_is_harmless_is_let_through(innocent: str) -> None:
    assert breaches(innocent) == []


def of_the_command_line(source: str) -> list[str]:
    """Strings of *source* that name options, and backticks around what is no setting in errors."""
    tree = ast.parse(source)
    said = [text for text in _strings(tree) if FLAG.search(text) and not TYPED.search(text)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            named = re.findall(r"(?<!`)`([^`]+)`(?!`)", " ".join(_strings(node)))
            said += [name for name in named if name not in SETTINGS | {"{}"}]
    return said


def _strings(tree: ast.AST) -> Iterator[str]:
    """All strings; of one with values in it, all parts together."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
            texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            yield "{}".join(str(text) for text in texts)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner
        ):
            yield node.value


@pytest.mark.parametrize("folder", sorted(p.name for p in PACKAGE.iterdir() if p.is_dir()))
def test_what_is_written_is_plain(folder: str) -> None:
    said = {
        path.relative_to(PACKAGE).as_posix(): [
            *(match[0] for match in WORDS.finditer(source)),
            *(of_the_command_line(source) if folder != "cli" else ()),
        ]
        for path in (PACKAGE / folder).rglob("*.py")
        for source in [path.read_text(encoding="utf-8")]
    }
    assert {path: what for path, what in said.items() if what} == {}


@pytest.mark.parametrize(
    "planted",
    ["x = 'give --budget'", "x = f'{y}: (--out)'", "'Read ``--to``.'", "raise E('no `rest`')"],
)
def test_planted_options_are_found(planted: str) -> None:
    assert of_the_command_line(planted)


@pytest.mark.parametrize(
    "innocent",
    [
        "x = f'mpsearch export {y} --to z'",
        "x = 'a -- b'",
        "raise E('no `holdout`')",
        "x = '`rest`'",
    ],
)
def test_whole_commands_and_settings_are_let_through(innocent: str) -> None:
    assert not of_the_command_line(innocent)
