"""Who gives way, who is dead, and who is alone."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from search_bench import hard_bench

from mpsearch.study.trial_form import distributions
from mpsearch.study.workers import claims as module
from mpsearch.study.workers.claims import LEASE_SECONDS, Claims
from mpsearch.study.workers.process_identity import is_known_dead, this_process
from mpsearch.study.workers.solo_lock import Doorway
from mpsearch.values.plan import Plan

MENU = hard_bench().menu
PLANS = [Plan.uniform(MENU.layers, scheme) for scheme in ("original", "fl16", "fix8")]


class Someone:
    """One process' claims; *host* makes it one of another machine."""

    def __init__(
        self, study: optuna.Study, host: str | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        self.study = study
        storage, study_id = study._storage, study._study_id
        self.claims = Claims(storage, study_id, distributions(MENU), clock or (lambda: 0.0))
        if host is not None:
            self.claims._me = {"host": host, "machine": host, "pid": 1, "started": 1}

    def take(self, *plans: Plan, most: int | None = None) -> list[Plan]:
        return self.claims.take(plans, self.study.get_trials, most)


def finished(plan: Plan) -> optuna.trial.FrozenTrial:
    return optuna.trial.create_trial(
        value=1, params=plan.as_mapping(), distributions=distributions(MENU), constraints={"c": 2.0}
    )


@pytest.fixture
def study() -> optuna.Study:
    return optuna.create_study()


def states(study: optuna.Study) -> list[TrialState]:
    return [trial.state for trial in study.trials]


def test_the_second_gives_way_and_the_first_measures(study: optuna.Study) -> None:
    one, other = Someone(study, "a"), Someone(study, "b")
    assert one.take(PLANS[0], PLANS[1]) == PLANS[:2]
    assert other.take(PLANS[1], PLANS[2]) == [PLANS[2]]
    assert one.claims.finish(PLANS[0], finished(PLANS[0]))
    assert other.take(PLANS[0]) == []
    for someone in (one, other):
        someone.claims.release()
    assert states(study).count(TrialState.COMPLETE) == 1
    assert TrialState.RUNNING not in states(study)
    (done,) = study.get_trials(states=[TrialState.COMPLETE])
    assert (done.values, done.constraints) == ([1], {"c": 2.0})


def test_no_more_are_claimed_than_were_asked_for(study: optuna.Study) -> None:
    one, other = Someone(study, "a"), Someone(study, "b")
    assert one.take(PLANS[0], most=2) == [PLANS[0]]
    assert other.take(PLANS[1], PLANS[2], most=2) == [PLANS[1]]
    one.claims.release()
    other.claims.release()


def test_a_silent_claim_of_another_machine_is_failed_after_the_lease(study: optuna.Study) -> None:
    now = [0.0]
    gone, here = Someone(study, "elsewhere"), Someone(study, clock=lambda: now[0])
    gone.take(PLANS[0])
    assert len(here.claims.living(study.get_trials())) == 1
    now[0] = LEASE_SECONDS - 1
    gone.claims._beat(1)
    assert len(here.claims.living(study.get_trials())) == 1
    now[0] += LEASE_SECONDS - 1
    assert len(here.claims.living(study.get_trials())) == 1
    now[0] += 2
    assert here.claims.living(study.get_trials()) == {}
    assert states(study) == [TrialState.FAIL]
    # It was only asleep: it learns that its claim is lost, and nothing is overwritten.
    assert not gone.claims.finish(PLANS[0], finished(PLANS[0]))
    gone.claims.release()


def test_a_process_of_this_machine_that_died_is_known_at_once(study: optuna.Study) -> None:
    code = "import json; from mpsearch.study.workers.process_identity import this_process; "
    code += "print(json.dumps(this_process()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    dead = json.loads(done.stdout)
    if not dead["machine"]:
        pytest.skip("this system has no /proc: only the lease tells")
    assert is_known_dead(dead)
    assert not is_known_dead(this_process())
    assert is_known_dead({**this_process(), "started": 1})  # its number was given to another
    assert not is_known_dead({**dead, "machine": "elsewhere"})
    someone, here = Someone(study), Someone(study)
    someone.claims._me = dead
    someone.take(PLANS[0])
    assert here.take(PLANS[0]) == [PLANS[0]]
    here.claims.release()
    someone.claims.release()


def test_who_died_after_its_last_write_has_measured_all_the_same(study: optuna.Study) -> None:
    gone, here = Someone(study, "elsewhere"), Someone(study)
    gone.take(PLANS[0])
    (claim,) = study.get_trials()
    gone.claims._me = {**this_process(), "started": 1}  # dead, for all who are here
    stale = [copy.deepcopy(claim)]
    stale[0].set_user_attr("worker", gone.claims._me)
    assert gone.claims.finish(PLANS[0], finished(PLANS[0]))
    reads = iter([stale])  # of before its last write; then as it is

    def read() -> list[optuna.trial.FrozenTrial]:
        return next(reads, None) or study.get_trials()

    assert here.claims.take([PLANS[0]], read, None) == []
    gone.claims.release()
    here.claims.release()


def test_trials_of_nobody_of_ours_are_left_alone(study: optuna.Study) -> None:
    study.ask(distributions(MENU))
    assert Someone(study).claims.living(study.get_trials(), is_alone=True) == {}
    assert states(study) == [TrialState.RUNNING]


def test_who_is_alone_notices_who_comes(tmp_path: Path) -> None:
    first, second, third = (Doorway(tmp_path / "study.db") for _ in range(3))
    assert first.turn() == "alone"
    assert second.turn() == "wait"
    assert first.is_alone
    assert first.turn() == "shared"
    assert second.turn() == "shared"
    assert third.turn() == "shared"
    first.leave()
    second.leave()
    third.leave()
    assert first.turn() == "alone"
    first.leave()
    assert Doorway(None).turn() == "shared"


def test_a_beat_is_much_shorter_than_the_lease() -> None:
    assert 3 * module._BEAT_SECONDS < LEASE_SECONDS
    assert os.getpid() == this_process()["pid"]
