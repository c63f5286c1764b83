"""Searches on a small numpy network in processes of their own, which die when they are told to."""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import optuna
from search_bench import hard_bench

from mpsearch.study.storage.address import Address
from mpsearch.study.storage.opening import close_storage, open_storage
from mpsearch.values.choices import Sampler
from mpsearch.values.measurement import Measurement

BUDGET_PP = 1.0
_PATIENCE: Final = 120.0  # seconds

# Processes are forked from one that has imported everything: they begin at once.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Death:
    """When a process sends itself a signal.

    Attributes:
        plan: With which of the plans that it measures, from 1.
        is_written: After that plan is written down, or before.
        by: SIGKILL, or what it can end of in order.
    """

    plan: int
    is_written: bool
    by: signal.Signals = signal.SIGKILL


class BenchProcess:
    """A process that searches.

    Args:
        url: The storage.
        trials: How many the study is to have.
        kind: The sampler.
        death: When it dies, if it is to.
        plan_seconds: How long a plan takes besides; so that processes meet.

    Attributes:
        best: Bytes of the best plan, when it has ended well.
        fault: What it said when it ended with an error.
    """

    def __init__(
        self,
        url: str,
        trials: int,
        kind: Sampler = "random",
        *,
        death: Death | None = None,
        plan_seconds: float = 0.0,
    ) -> None:
        self._said, theirs = _CONTEXT.Pipe(duplex=False)
        steps = _Steps(theirs, death, plan_seconds)
        self._process = _CONTEXT.Process(target=_search, args=(url, trials, kind, steps))
        self._process.start()
        theirs.close()
        self.best: int | None = None
        self.fault = ""
        self.has_measured = False

    def wait_until_it_measures(self) -> None:
        """Returns when it begins to measure, or has ended."""
        self._hear(until_measuring=True)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, and wait until it has ended; it may have ended before."""
        assert self._process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)
        self.wait()

    def wait(self) -> int:
        """Wait until it has ended; returns its exit code."""
        self._hear(until_measuring=False)
        self._process.join(_PATIENCE)
        assert self._process.exitcode is not None, "it does not end"
        self._said.close()
        return self._process.exitcode

    def _hear(self, until_measuring: bool) -> None:
        try:
            while self._said.poll(_PATIENCE):
                word, value = self._said.recv()
                match word:
                    case "best":
                        self.best = value
                    case "fault":
                        self.fault = value
                    case _:
                        self.has_measured = True
                        if until_measuring:
                            return
        except (EOFError, ConnectionResetError):
            return
        raise AssertionError("it neither measures nor ends")


def trials_of(url: str) -> list[optuna.trial.FrozenTrial]:
    """All trials of the study that such processes share."""
    storage = open_storage(Address.parse(url))
    try:
        return optuna.load_study(storage=storage, study_name="study").get_trials()
    finally:
        close_storage(storage)


@dataclass
class _Steps:
    """What a process does with each plan besides measuring it."""

    said: Connection
    death: Death | None
    plan_seconds: float
    plans: int = 0

    def before(self, measurement: Measurement) -> None:
        self.plans += 1
        self.said.send(("measuring", measurement.nbytes))
        time.sleep(self.plan_seconds)
        self._die_if_told(is_written=False)

    def after(self, _: Measurement) -> None:
        self._die_if_told(is_written=True)

    def _die_if_told(self, is_written: bool) -> None:
        death = self.death
        if death is not None and (death.plan, death.is_written) == (self.plans, is_written):
            os.kill(os.getpid(), death.by)


def _search(url: str, trials: int, kind: Sampler, steps: _Steps) -> None:
    here = hard_bench()
    said = steps.said
    here.before_each(steps.before, steps.after)
    try:
        best = here.search(url, BUDGET_PP, kind=kind, trials=trials).history.best
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
        said.send(("fault", f"{type(error).__name__}: {error}"))
        sys.exit(1)
    assert best is not None
    said.send(("best", best.nbytes))
