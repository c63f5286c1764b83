"""The ladder: what simpler methods reach, on the same images."""

from collections.abc import Sequence
from typing import Final

from mpsearch.propose.goal import ORIGINAL, UNIFORM, Goal
from mpsearch.propose.history import History, Tried
from mpsearch.search.campaign import Campaign, Found
from mpsearch.search.result import Rung
from mpsearch.sensitivity.plans import uniform_plan

#: The scheme that converters of other tools give every layer.
COMMON: Final = "int8c"


def ladder(campaign: Campaign, studies: Found, history: History) -> dict[str, Rung]:
    """What the original, uniform plans and rival methods reach.

    Args:
        campaign: The searches of a question.
        studies: What they have measured.
        history: The plans of the main one, by the goal that chooses.
    """
    rungs = {"original": Rung(campaign.work.model.bank.original_nbytes, 0.0, 0)}
    rungs["uniform"] = _rung(studies.searched.uniform, history.goal)
    common = _common(campaign, history)
    if common is not None:
        is_kept = history.goal.feasible(common.nbytes, common.bound_pp)
        rungs[COMMON] = Rung(common.nbytes, common.judged_pp, 1, is_kept)
    for name, rival in studies.rivals.items():
        # Studies of earlier versions have uniform plans as well, which are not the method's own.
        own = [tried for tried in rival.tried if tried.origin != UNIFORM]
        rungs[name] = _rung(own, history.goal)
    return rungs


def _common(campaign: Campaign, history: History) -> Tried | None:
    """The uniform plan of :data:`COMMON`, measured where it was not; None if that cannot be."""
    work, meter = campaign.work, campaign.split.meter
    menu = {scheme for schemes in campaign.menu.schemes for scheme in schemes}
    if campaign.deadline.has_passed or (campaign.question.calibrate and COMMON not in menu):
        return None  # its codes would have to be calibrated first
    plan = uniform_plan(work.layer_names, COMMON, frozenset(work.refusals((COMMON,))))
    tried = history.get(plan)
    if tried is not None or plan == work.model.original:
        return tried
    (measurement,) = meter.engine.measure([plan])
    return meter.measured(measurement, COMMON)


def _rung(plans: Sequence[Tried], goal: Goal) -> Rung:
    best = History(goal, plans).best
    measured = sum(tried.origin != ORIGINAL for tried in plans)
    if best is None:
        return Rung(None, None, measured)
    return Rung(best.nbytes, best.judged_pp, measured)
