"""Damage files of every kind by the million; nothing but one-line errors may come of reading them.

Run: python scripts/soak/fuzz.py TARGET|all [--runs N] [--seconds S] [--seed N] [--keep FOLDER]

Targets are those of tests/support/fuzz_targets.py: packed files (nine in ten with checksums made
right again), plans, quanti_array files, study.toml, profiles, results, storage URLs, names of
schemes. What makes a reader fail is written to FOLDER/TARGET/; once it is mended, the file goes
into tests/corpus. Ctrl-C ends it early, and what came of it is said.

``--guided`` lets coverage choose the changes (needs the package atheris, which is no dependency;
its own instrumentation takes some 8 kB of memory a run).
"""

import argparse
import hashlib
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from fuzz_targets import TARGETS, repaired, seeds_of
from fuzzing import failure_of, fuzz

_MOST_GROWTH = 64 * 2**20
_stopped = threading.Event()


def soak(name: str, args: argparse.Namespace) -> bool:
    """Fuzz one target; says what was found."""
    found = fuzz(TARGETS[name], args.runs, args.seconds, args.seed, _stopped.is_set)
    if not found.executions:
        return True  # stopped before its turn
    print(
        f"{name}: {found.executions:,} files, {found.executions / found.seconds:,.0f} a second, "
        f"{found.refused / found.executions:.0%} refused; memory grew by "
        f"{found.grown_nbytes / 2**20:.0f} MB; {len(found.findings or {})} findings",
        flush=True,
    )
    for failure, data in (found.findings or {}).items():
        file = args.keep / name / hashlib.sha256(data).hexdigest()[:12]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        print(f"  {file}: {failure}")
    return not found.findings and found.grown_nbytes < _MOST_GROWTH


def guided(name: str, args: argparse.Namespace) -> None:
    """By coverage, with atheris, until it fails or has done its runs."""
    import atheris  # noqa: PLC0415 - not a dependency: for long runs only

    atheris.instrument_all()
    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp())
    (folder / "corpus").mkdir()
    for number, seed in enumerate(seeds_of(target)):
        (folder / "corpus" / str(number)).write_bytes(b"\xff" + seed)

    def one(data: bytes) -> None:
        whole = name == "packed" and data[:1] > b"\x80"
        (folder / "file").write_bytes(repaired(data[1:]) if whole else data[1:])
        _, failure = failure_of(target.read, folder / "file")
        assert not failure, failure

    atheris.Setup([sys.argv[0], f"-runs={args.runs}", str(folder / "corpus")], one)
    atheris.Fuzz()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("findings"))
    parser.add_argument("--guided", action="store_true")
    args = parser.parse_args()
    if args.guided:
        guided(args.target, args)
        return
    signal.signal(signal.SIGINT, lambda *_: _stopped.set())
    names = list(TARGETS) if args.target == "all" else [args.target]
    fine = [soak(name, args) for name in names]
    sys.exit(not all(fine))


if __name__ == "__main__":
    main()
