"""The processes of ``--workers``: started, replaced, stopped."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from mpsearch.cli.notes import print_notes
from mpsearch.memory.amounts import default_memory, parse_memory
from mpsearch.system.signals import signal_name
from mpsearch.values.question import Question

MOST_WORKERS: Final = 64
_GRACE_SECONDS: Final = 5.0  # for the write in hand, when all is to stop
_REPLACEMENTS: Final = 10  # per worker; one that keeps dying has a real fault
_CRASHES: Final = 3  # per worker, of replacements: what crashes again and again is not worth more
_FAULTS: Final = {"SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE"}
_REFUSED: Final = {2, 3}  # exit codes that another try would end with as well


@dataclass(frozen=True, slots=True)
class Share:
    """Share of a machine that one of several processes may use.

    Attributes:
        question: What is asked, with this process' share of the memory.
        environment: Variables that give it its share of the cores.
    """

    question: Question
    environment: dict[str, str]


def share_of_machine(question: Question) -> Share:
    """Cores and memory divided by the number of workers; one alone has all."""
    if question.workers == 1:
        return Share(question, {})
    threads = str(max(1, (os.cpu_count() or 1) // question.workers))
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    memory = default_memory() if question.memory is None else parse_memory(question.memory)
    share = max(memory // question.workers, parse_memory("16M"))
    return Share(
        replace(question, memory=str(share)),
        dict.fromkeys((*names, "OPENBLAS_NUM_THREADS"), threads),
    )


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    said: BinaryIO  # its stderr


class Crew:
    """Worker processes of one search.

    Each receives the settings on its standard input, which then stays open: a worker whose input
    ends has lost its coordinator, and stops. They are in a session of their own, so that Ctrl-C
    reaches the coordinator alone, and it stops them.

    Args:
        share: The settings and what each process may use.
        folder: The study's folder.
        count: Number of worker processes.
    """

    def __init__(self, share: Share, folder: Path, count: int) -> None:
        self._share, self._folder, self._count = share, folder, count
        self._workers: list[_Worker] = []
        self._is_begun = False
        self._left = _REPLACEMENTS * count
        self._crashes_left = _CRASHES * count
        #: Why workers are not replaced any more, where they keep dying of signals; else ''.
        self.fault = ""

    def tend(self) -> None:
        """Start the workers; later, replace those that died."""
        if not self._is_begun:
            self._is_begun = True
            self._workers = [self._start() for _ in range(self._count)]
        for worker in list(self._workers):
            code = worker.process.poll()
            if code is None or code == 0:  # at work, or there was nothing left to do
                continue
            self._workers.remove(worker)
            reason = _close(worker)
            if code < 0:
                self._lost_to_signal(worker.process.pid, signal_name(-code))
            elif code in _REFUSED or self._left == 0:
                print_notes(
                    [f"a worker stopped ({reason or f'exit code {code}'}); the others continue"]
                )
            else:
                self._left -= 1
                self._workers.append(self._start())

    def _lost_to_signal(self, pid: int, name: str) -> None:
        self._left -= 1
        self._crashes_left -= name in _FAULTS
        what = f"worker process {pid} was killed by {name}"
        if self._left >= 0 and self._crashes_left >= 0:
            print_notes([f"{what}; another takes its place"])
            self._workers.append(self._start())
        else:
            print_notes([f"{what}, as others before it; it is not replaced"])
            self.fault = f"worker processes keep dying, the last ({pid}) was killed by {name}"

    def stop(self) -> None:
        """End all workers; what is not ended after some seconds is killed."""
        workers, self._workers = self._workers, []
        for worker in workers:
            code = worker.process.poll()
            if code is not None and code < 0:
                print_notes(
                    [f"worker process {worker.process.pid} was killed by {signal_name(-code)}"]
                )
        try:
            for worker in workers:
                _hang_up(worker)
            deadline = time.monotonic() + _GRACE_SECONDS
            for worker in workers:
                worker.process.wait(max(0.01, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            for worker in workers:
                worker.process.kill()
                _close(worker)

    def _start(self) -> _Worker:
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        # Ourselves, by a list of words of ours.
        process = subprocess.Popen(  # nosec B603
            [sys.executable, "-m", "mpsearch.cli.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **self._share.environment},
            start_new_session=True,
        )
        order = {"question": asdict(self._share.question), "folder": str(self._folder)}
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once; the next look finds out
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        return _Worker(process, said)


def _hang_up(worker: _Worker) -> None:
    """End a worker's input, which it takes for the word to stop."""
    if worker.process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            worker.process.stdin.close()


def _close(worker: _Worker) -> str:
    """Let go of a worker that is dead or dying; returns its last words."""
    worker.process.wait()
    _hang_up(worker)
    with worker.said:
        worker.said.seek(0)
        lines = worker.said.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("mpsearch: error: ") if lines else ""
