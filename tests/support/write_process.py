"""Processes that do nothing but write files, to be killed while they do."""

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np
from packed_files import read, write

from mpsearch.system.files import write_text

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])
_LINES: Final = 4000
_KERNEL: Final = np.random.default_rng(0).normal(0, 0.1, 60_000).astype(np.float32)


def kill_writers(folder: Path, kills: int, seed: int = 0) -> int:
    """Kill *kills* writers at random moments; every file is whole after each.

    Returns:
        How many temporary files were left, before the next writer removed them.
    """
    chance = random.Random(seed)
    left = 0
    for _ in range(kills):
        hear, say = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_write, args=(folder, say))
        process.start()
        say.close()
        hear.recv()
        time.sleep(chance.uniform(0, 0.1))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        hear.close()
        require_whole(folder)
        left += len(list(folder.glob(".*.tmp")))
    write_all(folder, 0)
    assert {path.name for path in folder.iterdir()} == {"plan.mpq", "report.html"}
    return left


def write_all(folder: Path, number: int) -> None:
    """A packed file and a page, all of whose parts say the same number."""
    scheme = ("fix8", "fl16", "int4c")[number % 3]
    write(folder / "plan.mpq", (scheme, scheme), ((_KERNEL,), (_KERNEL,)))
    write_text(folder / "report.html", f"{number}\n" * _LINES)


def require_whole(folder: Path) -> None:
    """What is there is of one piece."""
    packed, page = folder / "plan.mpq", folder / "report.html"
    if packed.exists():
        read(packed)
    if page.exists():
        lines = page.read_text(encoding="utf-8").splitlines()
        assert len(lines) == _LINES
        assert len(set(lines)) == 1


def _write(folder: Path, said: Connection) -> None:
    number = 0
    while True:
        number += 1
        if number == 2:
            said.send("writing")
        write_all(folder, number)
