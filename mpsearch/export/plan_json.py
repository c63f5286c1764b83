"""``plan.json``: a plan with what it was made for and what was measured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mpsearch.core.errors import PlanError
from mpsearch.core.plan import Plan

FORMAT: Final = "mpsearch-plan"
VERSION: Final = 1
_LARGEST: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a plan file says.

    Attributes:
        plan: Layer → scheme.
        model: Digest of the model it was made for; '' if unknown.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Measured drop in percentage points, or None.
        metric: Of the drop.
        budget_pp: The search's budget, or None.
    """

    plan: Plan
    model: str
    nbytes: int
    drop_pp: float | None = None
    metric: str = "mean"
    budget_pp: float | None = None

    def to_json(self) -> str:
        """Text of the file; docs/formats.md describes it."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "plan": self.plan.as_mapping(),
            "quanti_array": list(self.plan.schemes),
            "nbytes": self.nbytes,
            "metric": self.metric,
            "budget_pp": self.budget_pp,
            "drop_pp": self.drop_pp,
        }
        return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read_plan_file(path: Path, layers: Sequence[str], model: str, force: bool = False) -> PlanFile:
    """Read ``plan.json``.

    Args:
        path: The file.
        layers: The model's weight layers.
        model: Digest of the model the plan is wanted for.
        force: Take a plan that was made for another model with the same layers.

    Raises:
        PlanError: If it is no plan file, or one of another model.
    """
    document = _document(path)
    made_for = str(document.get("model", ""))
    if made_for and made_for != model and not force:
        raise PlanError(
            f"plan {str(path)!r} was made for another model ({made_for[:12]}…, this one is "
            f"{model[:12]}…); give that model, or --force to use the plan all the same"
        )
    chosen = document.get("plan")
    if not isinstance(chosen, Mapping):
        raise PlanError(f"plan {str(path)!r} has no 'plan'; give a plan.json written by mpsearch")
    drop, budget = document.get("drop_pp"), document.get("budget_pp")
    return PlanFile(
        plan=Plan.from_mapping(layers, {str(k): str(v) for k, v in chosen.items()}),
        model=made_for,
        nbytes=int(document.get("nbytes") or 0),
        drop_pp=float(drop) if isinstance(drop, (int, float)) else None,
        metric=str(document.get("metric", "mean")),
        budget_pp=float(budget) if isinstance(budget, (int, float)) else None,
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            raise PlanError(f"plan {str(path)!r}: no such file; give a plan.json or a study folder")
        if path.stat().st_size > _LARGEST:
            raise PlanError(f"plan {str(path)!r} is larger than 16 MiB; give a plan.json")
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"plan {str(path)!r} cannot be read ({error}); check the file") from error
    except (ValueError, RecursionError) as error:
        raise PlanError(f"plan {str(path)!r} is not JSON ({error}); give a plan.json") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PlanError(f"{str(path)!r} is not a plan of mpsearch; give a plan.json")
    if document.get("version") != VERSION:
        raise PlanError(
            f"plan {str(path)!r} has version {document.get('version')!r}; this program reads "
            f"version {VERSION}: update mpsearch"
        )
    return document
