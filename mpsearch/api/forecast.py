"""Estimate the choices and the time of a search without making it."""

import time
from typing import Final

import numpy as np

from mpsearch.propose.rules import Rules
from mpsearch.propose.surrogate.single_changes import most_single_changes
from mpsearch.schemes import DOCUMENTED
from mpsearch.search.forecast import Forecast
from mpsearch.search.image_split import held_count, speaks_of_unseen
from mpsearch.search.layer_menu import make_menu
from mpsearch.sensitivity.gradient import first_order
from mpsearch.values.errors import GradientsLost
from mpsearch.values.question import Question
from mpsearch.workbench.workbench import Workbench

_TYPICAL: Final = 60  # measurements after which a search has rarely anything left to find
_TYPICAL_OF_A_PATH: Final = 15


def forecast(question: Question, workbench: Workbench) -> Forecast:
    """Measure one plan and screen one image; search nothing.

    Args:
        question: The question of the search that is not made.
        workbench: Model and images.
    """
    bank = workbench.engine.bank
    trials = question.most_trials
    menu = make_menu(workbench, question.schemes or DOCUMENTED, Rules.of(question))
    most = menu.plans if trials is None else min(trials, menu.plans)
    count = len(workbench.images)
    is_unseen = speaks_of_unseen(question, count)
    held = held_count(question, count)
    measured_on = count if is_unseen else count - held
    workbench.measure([menu.plan(menu.smallest)])  # compiles what is compiled on first use
    gentler = [int(np.argsort(sizes)[min(1, len(sizes) - 1)]) for sizes in menu.nbytes]
    begun = time.perf_counter()
    workbench.measure([menu.plan(gentler)])
    per_plan = (time.perf_counter() - begun) * measured_on / count
    cells = [(i, s) for i, names in enumerate(menu.layer_schemes) for s in names]
    seconds = []
    for _ in range(2):  # the first compiles
        begun = time.perf_counter()
        image = slice(0, 1)
        try:
            first_order(
                workbench.model.network,
                bank,
                workbench.inputs[image],
                workbench.engine.reference[image],
                cells,
            )
        except GradientsLost:
            seconds = [most_single_changes(menu) * per_plan, 0.0]
            break
        seconds.append(time.perf_counter() - begun)
    return Forecast(
        layers=workbench.layer_names,
        nbytes=tuple(
            {s: bank.nbytes(i, s) for s in names} for i, names in enumerate(menu.layer_schemes)
        ),
        other_nbytes=workbench.model.other_nbytes,
        plans=menu.plans,
        images=count - held,
        held=held,
        measurements=most,
        typical_measurements=most
        if trials is None
        else min(_TYPICAL_OF_A_PATH if is_unseen else _TYPICAL, most),
        seconds_per_plan=per_plan,
        seconds_of_screening=seconds[0] + seconds[1] * (count - held - 1),
    )
