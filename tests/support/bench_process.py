"""A search on a small numpy network in a process of its own: ``bench_process.py URL TRIALS``.

Prints one line when it begins to measure, then the best plan's bytes.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from numpy_network import NumpyNetwork, images
from search_bench import SearchBench

from mpsearch.core.plan import Plan
from mpsearch.search.storage.address import Address
from mpsearch.search.storage.opening import close_storage, open_storage

BUDGET_PP = 1.0
_PLAN_SECONDS = 0.05  # a measurement takes some time, so that processes meet and kills hit it


def bench() -> SearchBench:
    return SearchBench(NumpyNetwork(0, 1.0), images(3))


def start(url: str, trials: int) -> "subprocess.Popen[str]":
    """Start such a process."""
    here = Path(__file__).parent
    return subprocess.Popen(
        [sys.executable, str(here / "bench_process.py"), url, str(trials)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=here,
    )


def trials_of(url: str) -> list[optuna.trial.FrozenTrial]:
    """All trials of the study that such processes share."""
    storage = open_storage(Address.parse(url))
    try:
        return optuna.load_study(storage=storage, study_name="study").get_trials()
    finally:
        close_storage(storage)


def main(url: str, trials: int) -> None:
    here = bench()
    measure = here.engine.measure

    def slowly(plans: Sequence[Plan], *args: Any, **kwargs: Any) -> Any:
        print("measuring", flush=True)
        time.sleep(_PLAN_SECONDS * len(plans))
        return measure(plans, *args, **kwargs)

    here.engine.measure = slowly  # type: ignore[method-assign]
    best = here.search(url, BUDGET_PP, kind="random", trials=trials).history.best
    assert best is not None
    print(best.nbytes)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
