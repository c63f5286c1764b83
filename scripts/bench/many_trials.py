"""Is a study of ten thousand plans resumed, reported and shown in seconds?

Claims, 26 layers, 16 images, 12 schemes, SQLite, seconds of processor time:

- a search that is resumed has its first new plan within 10;
- its report (page, pictures and tables) is written within 5;
- the dashboard, once it is open, has answered for its first page within 2, in 2 MB at most.

Run: python scripts/bench/many_trials.py [--trials N]; about three minutes, most of it to make the
study.
"""

import argparse
import gc
import gzip
import json
import shutil
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

import numpy as np
import sqlalchemy
from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.storages._rdb import models
from optuna.trial import FrozenTrial
from search_bench import FINGERPRINT, SearchBench
from trained_network import TrainedNetwork, digits

from mpsearch.api.dashboard import Dashboard
from mpsearch.api.report import write_report
from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.propose.surrogate.surrogate import SurrogateProposer
from mpsearch.search.meter import Meter
from mpsearch.search.run import run_search
from mpsearch.search.run_terms import Limits, RunTerms
from mpsearch.study.identity import Identity
from mpsearch.study.storage.address import Address, sqlite_url
from mpsearch.study.storage.opening import close_storage, open_for_reading
from mpsearch.study.study import StudyStore
from mpsearch.values.confidence import aggregate, drops_pp
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan
from mpsearch.values.study_folder import StudyFolder

LAYERS: Final = 26
IMAGES: Final = 16
SCHEMES: Final = ("original", "fl16", "fix8", *(f"bitwiseAnd_{bits}" for bits in range(14, 23)))
GOAL: Final = Goal("mean", 2.0)
NAME: Final = "many"
CLAIMS: Final = {"resuming": 10.0, "report": 5.0, "first page": 2.0}
PAGE_NBYTES: Final = 2_000_000


def make_study(folder: Path, bench: SearchBench, trials: int) -> None:
    """Plans at random, measured, written to a journal, and copied into the folder's SQLite file."""
    url = sqlite_url(StudyFolder(folder).trials)
    identity = Identity(FINGERPRINT, bench.menu, GOAL)
    StudyStore.open(url, NAME, identity).close()
    baseline = bench.engine.baseline.confidence
    with tempfile.TemporaryDirectory() as beside:
        journal = f"journal:///{beside}/study.log"
        store = StudyStore.open(journal, NAME, identity)
        store.history()
        plans = list(islice(random_plans(bench), trials))
        for measured in bench.engine.measure(plans):
            store.add(_tried(measured, baseline), bench.engine.bank.original_nbytes)
        store.close()
        storage = open_for_reading(Address.parse(journal))
        written = storage.get_all_trials(storage.get_study_id_from_name(NAME), deepcopy=False)
    _insert(url, written)


def _insert(url: str, trials: Sequence[FrozenTrial]) -> None:
    """As Optuna would, which takes some 60 ms for each trial, all of them at once."""
    storage = RDBStorage(url)
    study_id = storage.get_study_id_from_name(NAME)
    rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)
    for trial_id, trial in enumerate(trials, start=1):
        key = {"trial_id": trial_id}
        own = {"study_id": study_id, "number": trial.number, "state": trial.state}
        times = {
            "_datetime_start_utc": trial.datetime_start,
            "_datetime_complete_utc": trial.datetime_complete,
        }
        rows[models.TrialModel].append({**key, **own, **times})
        for name, distribution in trial.distributions.items():
            stored = {
                "param_name": name,
                "param_value": distribution.to_internal_repr(trial.params[name]),
                "distribution_json": distribution_to_json(distribution),
            }
            rows[models.TrialParamModel].append({**key, **stored})
        for kind, attributes in (
            (models.TrialUserAttributeModel, trial.user_attrs),
            (models.TrialSystemAttributeModel, trial.system_attrs),
        ):
            rows[kind] += [
                {**key, "key": name, "value_json": json.dumps(value)}
                for name, value in attributes.items()
            ]
        finite = models.TrialValueModel.TrialValueType.FINITE
        rows[models.TrialValueModel] += [
            {**key, "objective": place, "value": value, "value_type": finite}
            for place, value in enumerate(trial.values)
        ]
    with storage.engine.begin() as connection:
        for kind, every in rows.items():
            connection.execute(sqlalchemy.insert(kind), every)
    close_storage(storage)


def random_plans(bench: SearchBench) -> Iterator[Plan]:
    """Plans of the menu, none twice."""
    rng, seen = np.random.default_rng(0), set()
    counts = [len(schemes) for schemes in bench.menu.schemes]
    while True:
        plan = bench.menu.plan(tuple(int(choice) for choice in rng.integers(0, counts)))
        if plan not in seen:
            seen.add(plan)
            yield plan


def _tried(one: Measurement, baseline: Any) -> Tried:
    drop = float(aggregate(drops_pp(baseline, one.confidence), GOAL.metric))
    return Tried(one.plan, one.nbytes, drop, one.confidence, one.margin, "random", 1)


def resume(folder: Path, bench: SearchBench, trials: int) -> None:
    """Go on with a search until it has measured a plan that it proposed."""
    url = sqlite_url(StudyFolder(folder).trials)
    store = StudyStore.open(url, NAME, Identity(FINGERPRINT, bench.menu, GOAL))
    try:
        assert not store.damage()
        meter = Meter.of_all(bench.engine, GOAL.metric)
        measured = store.known_elsewhere(meter.judged)
        proposer = SurrogateProposer(bench.surrogate(GOAL))
        limits = Limits(trials + 2)  # the trained weights are a trial as well
        terms = RunTerms(limits=limits, measured=measured)
        searched = run_search(meter, bench.menu, store, proposer, terms)
    finally:
        store.close()
    origins = [one.origin for one in searched.history.tried[trials:]]
    if origins != ["original", "surrogate"]:
        raise SystemExit(f"not a search that went on: {origins}")


def report(folder: Path, trials: int) -> None:
    """Write the report."""
    written = write_report(folder)
    table = next(path for path in written.tables if path.name == "measured.csv")
    if len(table.read_text().splitlines()) != trials + 1:
        raise SystemExit(f"not equal: {table.name} has other plans than were measured")


def first_page(dashboard: Dashboard, trials: int) -> int:
    """Ask as the page does when it is opened; returns bytes sent for it."""
    nbytes = 0
    for path in ("api/meta", "api/studies", "api/studies/1?after=0"):
        url = f"http://127.0.0.1:{dashboard.port}/{path}"
        asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asked, timeout=600) as answer:
            body = answer.read()
            packed = answer.headers["Content-Encoding"] == "gzip"
        nbytes += len(body)
    detail = json.loads(gzip.decompress(body) if packed else body)
    figures = {one["id"]: one["graph_object"] for one in detail["plotly_graph_objects"]}
    points = json.loads(figures["progress"])["data"]
    if len(points[-1]["x"]) != trials or not detail["trials"] or not detail["best_trials"]:
        raise SystemExit("not equal: the page has other plans than were measured")
    return nbytes


@contextmanager
def timed(what: str, seconds: dict[str, float]) -> Iterator[None]:
    """Processor time of the body: others may share the cores."""
    gc.collect()
    begun, since = time.process_time(), time.perf_counter()
    yield
    seconds[what] = time.process_time() - begun
    print(f"{what:18} {seconds[what]:6.2f} s, {time.perf_counter() - since:6.2f} s by the clock")


def main() -> int:
    """Make a study, and time what is done with it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--trials", type=int, default=10_000)
    trials = arguments.parse_args().trials
    images, _ = digits()
    bench = SearchBench(TrainedNetwork((16,) * (LAYERS - 1), 1), images[:IMAGES], SCHEMES)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        folder, grown = Path(home) / "study", Path(home) / "grown"
        with timed("making the study", seconds):
            make_study(folder, bench, trials)
        shutil.copytree(folder, grown)
        with timed("resuming", seconds):
            resume(grown, bench, trials)
        with timed("report", seconds):
            report(folder, trials)
        with timed("opening dashboard", seconds):
            dashboard = Dashboard.open(folder, 0)
        with dashboard:
            server = threading.Thread(target=dashboard.serve)
            server.start()
            try:
                with timed("first page", seconds):
                    nbytes = first_page(dashboard, trials)
            finally:
                dashboard.stop()
                server.join()
    print(f"{nbytes:,} bytes sent for the first page")
    holds = nbytes <= PAGE_NBYTES and all(seconds[what] <= most for what, most in CLAIMS.items())
    claims = ", ".join(f"{what} <= {most:g} s" for what, most in CLAIMS.items())
    verdict = "holds" if holds else "FAILS"
    print(f"{trials:,} plans (claim: {claims}, {PAGE_NBYTES:,} bytes): {verdict}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
