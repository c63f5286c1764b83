"""What is imported before there is work to do."""

import json
import subprocess
import sys
import textwrap

import pytest

import mpsearch

HEAVY = {"tensorflow", "keras", "optuna", "pandas", "matplotlib"}
COMMANDS = ["predict", "create", "check", "profile", "search", "export", "schemes", "studies"]
COMMANDS += ["report", "dashboard", "verify", "unpack", "trust"]

# Runs the module as `python -m mpsearch` does and tells what it has imported.
AS_MODULE = textwrap.dedent(
    """
    import json, runpy, sys

    sys.argv = ["mpsearch", *sys.argv[1:]]
    try:
        runpy.run_module("mpsearch", run_name="__main__")
    except SystemExit as end:
        print(json.dumps([end.code, sorted(sys.modules)]))
    """
)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=60
    )


def packages(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def imported_by(*argv: str) -> set[str]:
    code, modules = json.loads(python("-c", AS_MODULE, *argv).stdout.splitlines()[-1])
    assert code == 0
    return packages(modules)


def test_help_imports_nothing_heavy() -> None:
    # --debug leaves stderr alone, where the interpreter writes its list.
    done = python("-X", "importtime", "-m", "mpsearch", "--help", "--debug")
    modules = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    assert "mpsearch.cli.main" in modules
    assert not packages(modules) & (HEAVY | {"PIL", "numpy"})
    assert done.stdout.startswith("usage: mpsearch")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    found = imported_by(command, "--help")
    assert "mpsearch" in found
    assert not found & (HEAVY | {"PIL", "numpy"})


def test_listing_schemes_does_not_load_tensorflow() -> None:
    found = imported_by("schemes")
    assert "numpy" in found
    assert not found & HEAVY


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = python("-c", "import sys, mpsearch; print(*sys.modules)")
    found = packages(done.stdout.split())
    assert "mpsearch" in found
    assert not found & HEAVY


def test_importing_every_module_does_not_load_tensorflow() -> None:
    code = """
    import importlib, pkgutil, sys
    import mpsearch
    for found in pkgutil.walk_packages(mpsearch.__path__, "mpsearch."):
        if not found.name.endswith(("__main__", ".loaded_backend", ".child")):
            importlib.import_module(found.name)
    print(*sys.modules)
    """
    found = packages(python("-c", textwrap.dedent(code)).stdout.split())
    assert "optuna" in found
    assert not found & {"tensorflow", "keras"}


def test_version() -> None:
    assert python("-m", "mpsearch", "--version").stdout == f"mpsearch {mpsearch.__version__}\n"
