"""What ``mpsearch search --json`` prints."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mpsearch.api.workbench import Workbench
    from mpsearch.core.config import RunConfig
    from mpsearch.search.result import SearchResult
    from mpsearch.search.verify import ImageSetDrop


def as_json(
    config: "RunConfig", workbench: "Workbench", result: "SearchResult", target: Path
) -> dict[str, Any]:
    """One object; docs/formats.md describes it."""
    from mpsearch.core.secret import masked  # noqa: PLC0415
    from mpsearch.search.storage.address import sqlite_url  # noqa: PLC0415

    judged = result.assessment
    return {
        "quanti_array": list(result.plan.schemes),
        "plan": result.plan.as_mapping(),
        "coding": workbench.model.bank.coding,
        "nbytes": result.nbytes,
        "other_bytes": result.other_nbytes,
        "original_nbytes": result.original_nbytes,
        "ratio": result.ratio,
        "metric": result.goal.metric,
        "budget_pp": result.budget_pp,
        "max_nbytes": result.goal.max_nbytes,
        "baseline_confidence_pct": result.baseline_confidence_pct,
        "confidence_pct": result.confidence_pct,
        "drop_pp": result.drop_pp,
        "feasible": result.feasible,
        "reason": result.reason,
        "top1_changes": result.top1_changes,
        "search": _drop(result.search),
        "verify": None if result.verify is None else _drop(result.verify),
        "dominated": result.dominated,
        "measurements": result.measurements,
        "screening_measurements": result.screening_measurements,
        "gradient_passes": result.gradient_passes,
        "trials": result.trials,
        "stopped": result.stopped,
        "seconds": result.seconds,
        "bound_nbytes": None if judged is None else judged.bound_nbytes,
        "model": None if judged is None else _model(judged.plans, judged.r2, judged.misranked),
        "one_change_optimal": result.one_change_optimal,
        "proved_optimal": result.proved_optimal,
        "ladder": {name: asdict(rung) for name, rung in result.ladder.items()},
        "layers": [asdict(row) for row in result.layers],
        "front": [
            {"nbytes": p.nbytes, "drop_pp": p.drop_pp, "quanti_array": list(p.plan.schemes)}
            for p in result.front
        ],
        "images": len(workbench.images),
        "study": str(target),
        "storage": masked(config.storage) if config.storage else sqlite_url(target / "study.db"),
        "plan_file": str(target / "plan.json"),
    }


def _drop(drop: "ImageSetDrop") -> dict[str, Any]:
    return {
        "images": drop.images,
        "drop_pp": drop.drop_pp,
        "signed_pp": drop.signed_pp,
        "interval": list(drop.interval_pp),
        "worst_pp": drop.worst_pp,
        "worst_image": drop.worst_image,
        "top1_changes": drop.top1_changes,
    }


def _model(plans: int, r2: float | None, misranked: float | None) -> dict[str, Any]:
    return {"plans": plans, "r2": r2, "misranked": misranked}
