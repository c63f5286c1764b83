"""A measured plan in the form of an Optuna trial."""

from typing import Any, Final, Literal

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, create_trial

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried, Unseen
from mpsearch.propose.menu import Menu
from mpsearch.values.plan import Plan

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


def attributes_of(tried: Tried, original_nbytes: int) -> dict[str, Any]:
    """What was measured, as user attributes of a trial.

    Args:
        tried: A measured plan.
        original_nbytes: Bytes of the weight layers as float32.
    """
    attributes: dict[str, Any] = {
        "nbytes": tried.nbytes,
        "drop_pp": tried.drop_pp,
        "ratio": original_nbytes / max(1, tried.nbytes),
        "origin": tried.origin,
        "stage_runs": tried.stage_runs,
        "confidence": tried.confidence.tolist(),
        "margin": tried.margin.tolist(),
    }
    if tried.top1 is not None:
        attributes["top1"] = tried.top1.tolist()
    if tried.unseen is not None:
        attributes |= {
            "unseen_pp": tried.unseen.drop_pp,
            "bound_pp": tried.unseen.bound_pp,
            "harm": tried.unseen.harm,
            "unseen_confidence": tried.unseen.confidence.tolist(),
            "unseen_top1": tried.unseen.top1.tolist(),
        }
    return attributes


def tried_of(trial: FrozenTrial, plan: Plan) -> Tried | None:
    """The measured plan that a trial holds; None if it makes no sense.

    Args:
        trial: Finished, and sound.
        plan: The plan that was measured.
    """
    attributes = trial.user_attrs
    try:
        top1, unseen = attributes.get("top1"), None
        if "unseen_pp" in attributes:
            unseen = Unseen(
                drop_pp=float(attributes["unseen_pp"]),
                bound_pp=float(attributes["bound_pp"]),
                harm=float(attributes["harm"]),
                confidence=np.array(attributes["unseen_confidence"], dtype=np.float64),
                top1=np.array(attributes["unseen_top1"], dtype=np.int64),
            )
        tried = Tried(
            plan=plan,
            nbytes=int(attributes.get("nbytes", trial.values[0])),
            drop_pp=float(attributes["drop_pp"]),
            confidence=np.array(attributes["confidence"], dtype=np.float64),
            margin=np.array(attributes["margin"], dtype=np.float64),
            origin=str(attributes["origin"]),
            stage_runs=int(attributes["stage_runs"]),
            top1=None if top1 is None else np.array(top1, dtype=np.int64),
            unseen=unseen,
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return tried if _fits(tried) else None


def _fits(tried: Tried) -> bool:
    """Whether its arrays are of as many images."""
    shape = tried.confidence.shape
    fits = len(shape) == 1 and tried.margin.shape == shape
    fits &= tried.top1 is None or tried.top1.shape == shape
    unseen = tried.unseen
    if unseen is not None:
        fits &= unseen.confidence.ndim == 1 and unseen.top1.shape == unseen.confidence.shape
    return fits


def values(tried: Tried, goal: Goal) -> list[float]:
    """What is minimized: bytes, the drop, or both."""
    if goal.kind == "max_bytes":
        return [tried.judged_pp]
    nbytes = float(tried.nbytes)
    return [nbytes] if goal.kind == "budget" else [nbytes, tried.judged_pp]


def directions(goal: Goal) -> list[Literal["minimize", "maximize"]]:
    """One per value."""
    return ["minimize"] * (2 if goal.kind == "front" else 1)


def constraints(tried: Tried, goal: Goal) -> dict[str, float] | None:
    """Constraint name → value, or None for a front, which has none."""
    if goal.kind == "front":
        return None
    return {CONSTRAINTS[goal.kind]: goal.excess(tried.nbytes, tried.bound_pp)}
