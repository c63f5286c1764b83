"""Choose the plan from all that was measured, and collect all that is known about it."""

import contextlib
import time

from mpsearch.propose.goal import PATH, Goal
from mpsearch.propose.history import History, Tried
from mpsearch.propose.menu import Choice
from mpsearch.propose.neighbours import is_one_change_optimal
from mpsearch.propose.path.upper_bound import bound_name, fewest_images
from mpsearch.search.campaign import OF_MARGINS, Campaign, Found
from mpsearch.search.checking import Checked, Checker
from mpsearch.search.ladder import ladder
from mpsearch.search.layer_rows import layer_rows
from mpsearch.search.result import FrontPoint, Promise, SearchResult
from mpsearch.values.deadline import OutOfTime


def conclude(campaign: Campaign, studies: Found) -> SearchResult:
    """Choose the plan, check it, and collect all that is known about it."""
    question, searched, split = campaign.question, studies.searched, campaign.split
    work, menu = campaign.work, campaign.menu
    goal, profile, screen = searched.history.goal, split.profile, campaign.screen
    surrogate = campaign.surrogate(goal)
    history = History(goal.choosing(question.budget), searched.history.tried)
    rungs = ladder(campaign, studies, history)
    split.meter.engine.release()  # in whose place comes Keras' own model
    checker = Checker(split, history.goal)
    checked = checker.first_that_keeps(history)
    work.model.copy.release()
    tried = checked.tried
    # Where none passed the sequence of tests, the nearest may keep the budget by luck.
    feasible = bool(history.ranked) and history.goal.feasible(tried.nbytes, checked.bound_pp)
    plans = surrogate.measured(searched.history)

    def expected(choices: list[Choice]) -> list[float]:
        return surrogate.expected_drops(plans, choices, recentres=not split.speaks_of_unseen)

    rows, assessment = layer_rows(menu, searched.history, tried, None), None
    if goal.metric in OF_MARGINS:
        with contextlib.suppress(OutOfTime):  # it screens layers once more
            rows = layer_rows(menu, searched.history, tried, expected)
            if not split.speaks_of_unseen:
                assessment = surrogate.assess(plans)
    best_is_chosen = feasible and history.best is not None and history.best.plan == tried.plan
    is_exact = best_is_chosen and not split.speaks_of_unseen
    return SearchResult(
        plan=tried.plan,
        feasible=feasible,
        reason="" if feasible else _why(history, tried, checked),
        goal=goal,
        budget_pp=history.goal.budget_pp,
        nbytes=tried.nbytes,
        other_nbytes=work.model.other_nbytes,
        original_nbytes=work.model.bank.original_nbytes,
        baseline_confidence_pct=checker.baseline_pct,
        confidence_pct=checked.confidence_pct,
        search=checked.search,
        verify=checked.verify,
        dominated=menu.dominated,
        measurements=sum(entry.stage_runs > 0 for entry in searched.history.tried),
        screening_measurements=0 if profile is None else len(profile.per_layer),
        gradient_passes=screen.passes,
        single_changes=screen.measurements,
        trials=len(searched.history),
        seconds=time.monotonic() - campaign.deadline.begun,
        ladder=rungs,
        front=tuple(
            FrontPoint(t.plan, t.nbytes, t.judged_pp, t.bound_pp) for t in searched.history.front
        ),
        layers=rows,
        assessment=assessment,
        one_change_optimal=None
        if goal.kind == "front" or split.speaks_of_unseen
        else best_is_chosen and is_one_change_optimal(menu, history),
        proved_optimal=is_exact and searched.stopped == "done" and searched.is_exhaustive,
        stopped=searched.stopped,
        promise=_promise(campaign, checked, history.goal),
        study_name=searched.study_name,
    )


def _promise(campaign: Campaign, checked: Checked, goal: Goal) -> Promise | None:
    split = campaign.split
    if not split.speaks_of_unseen or checked.verify is None:
        return None
    meter, held, budget = split.meter, checked.verify.images, goal.budget_pp
    needed = None
    if budget is not None:
        fewest = fewest_images(budget, goal.metric, meter.level(PATH), meter.guaranteed)
        if fewest is not None and fewest > held:
            needed = -(-fewest * len(split.everything.images) // held)
    name = bound_name(goal.metric, meter.guaranteed)
    return Promise(meter.sure, checked.bound_pp, name, needed)


def _why(history: History, tried: Tried, checked: Checked) -> str:
    goal = history.goal
    if goal.max_nbytes is not None:
        return (
            f"no plan is within {goal.max_nbytes:,} bytes of weight layers; the nearest takes "
            f"{tried.nbytes:,}: allow that many, or add smaller schemes to `schemes`"
        )
    remedy = "allow that much, or add gentler schemes such as original to `schemes`"
    if tried.unseen is not None:
        which, bound = "nearest", checked.bound_pp
        if bound <= (goal.budget_pp or 0.0):  # by luck: a gentler plan failed
            gentlest = min(history.tried, key=lambda plan: plan.harm or 0.0)
            which, bound = "gentlest", gentlest.bound_pp
        return (
            f"no plan measured keeps the drop on unseen images within {goal.budget_pp:g} pp; that "
            f"of the {which} may be {bound:.3f} pp: {remedy}"
        )
    return (
        f"no plan measured keeps the drop within {goal.budget_pp:g} pp; the nearest drops "
        f"{checked.bound_pp:.3f} pp: {remedy}"
    )
