"""A measured plan in the form of an Optuna trial."""

from typing import Any, Final, Literal

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, create_trial

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.propose.menu import Menu

#: Name of the constraint in every trial: by how much the limit is broken, ≤ 0 if it is kept.
CONSTRAINTS: Final = {"budget": "drop_over_budget_pp", "max_bytes": "nbytes_over_limit"}


def distributions(menu: Menu) -> dict[str, BaseDistribution]:
    """Layer → its choices."""
    return {
        layer: CategoricalDistribution(schemes)
        for layer, schemes in zip(menu.layers, menu.layer_schemes, strict=True)
    }


def as_trial(tried: Tried, menu: Menu, goal: Goal, attributes: dict[str, Any]) -> FrozenTrial:
    """A measured plan as one finished Optuna trial.

    Parameters are layer → scheme; the values are those the goal minimizes, the constraint is by
    how much the plan breaks the limit.
    """
    return create_trial(
        params=tried.plan.as_mapping(),
        distributions=distributions(menu),
        values=values(tried, goal),
        user_attrs=attributes,
        constraints=constraints(tried, goal),
    )


def values(tried: Tried, goal: Goal) -> list[float]:
    """What is minimized: bytes, the drop, or both."""
    if goal.kind == "max_bytes":
        return [tried.drop_pp]
    return [float(tried.nbytes)] if goal.kind == "budget" else [float(tried.nbytes), tried.drop_pp]


def directions(goal: Goal) -> list[Literal["minimize", "maximize"]]:
    """One per value."""
    return ["minimize"] * (2 if goal.kind == "front" else 1)


def constraints(tried: Tried, goal: Goal) -> dict[str, float] | None:
    """Constraint name → value, or None for a front, which has none."""
    if goal.kind == "front":
        return None
    return {CONSTRAINTS[goal.kind]: goal.excess(tried.nbytes, tried.drop_pp)}
