"""The goals of a question for the plans of a model."""

import math

from mpsearch.propose.goal import Goal
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.workbench.open_model import OpenModel


def goal_of(question: Question, model: OpenModel) -> Goal:
    """The goal of a search.

    Raises:
        SettingError: If the size leaves nothing for the weight layers.
    """
    if question.pareto:
        return Goal(question.metric)
    if question.max_bytes is None and question.ratio is None:
        return Goal(question.metric, budget_pp=question.budget)
    other = model.other_nbytes
    everything = model.bank.original_nbytes + other
    limit = question.max_bytes
    if limit is None:
        assert question.ratio is not None
        limit = math.floor(everything / question.ratio)
    if limit <= other:
        raise SettingError(
            f"{limit:,} bytes leave nothing for the weight layers: the other parameters alone "
            f"take {other:,}, everything as float32 {everything:,}; allow more"
        )
    return Goal(question.metric, max_nbytes=limit - other)
