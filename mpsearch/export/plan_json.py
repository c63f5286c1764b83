"""``plan.json``: a plan with its model and its measurement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mpsearch.schemes import parse_scheme
from mpsearch.values.choices import METRICS, Coding, parse_coding
from mpsearch.values.documents import Fields, read_document, read_object
from mpsearch.values.errors import PlanError
from mpsearch.values.plan import Plan

FORMAT: Final = "mpsearch-plan"
VERSION: Final = 1
_LARGEST: Final = 16 * 2**20
_REMEDY: Final = "give a plan.json, or a quanti_array in a file that ends in .py"


@dataclass(frozen=True, slots=True)
class PlanFile:
    """Content of a plan file.

    Attributes:
        plan: Layer → scheme.
        model: Digest of the model it was made for; '' if unknown.
        nbytes: Stored bytes of all weight layers.
        drop_pp: Measured drop in percentage points, or None.
        metric: Metric of *drop_pp*.
        budget_pp: The search's budget, or None.
        coding: How codes are packed, for *nbytes*.
        calibrated: Whether images chose the codes; they are then in ``plan.mpq`` beside the file.
    """

    plan: Plan
    model: str
    nbytes: int
    drop_pp: float | None = None
    metric: str = "mean"
    budget_pp: float | None = None
    coding: Coding = "none"
    calibrated: bool = False

    def to_json(self) -> str:
        """Text of the file; docs/formats.md describes it."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "plan": self.plan.as_mapping(),
            "quanti_array": list(self.plan.schemes),
            "coding": self.coding,
            **({"calibrated": True} if self.calibrated else {}),
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
    try:
        if not path.is_file():
            raise PlanError(f"plan {str(path)!r}: no such file; give a plan.json or a study folder")
    except OSError as error:
        raise PlanError(f"plan {str(path)!r} cannot be read ({error}); check the file") from error
    document = read_object(path, "plan", FORMAT, VERSION, _LARGEST, PlanError, _REMEDY)
    fields = Fields(f"plan {str(path)!r}", document, PlanError)
    made_for = str(document.get("model") or "")
    if made_for and made_for != model and not force:
        raise PlanError(
            f"plan {str(path)!r} was made for another model ({made_for[:12]}…, this one is "
            f"{model[:12]}…); give that model as `model`, or `force` to use the plan all the same"
        )
    chosen = document.get("plan")
    if not isinstance(chosen, Mapping):
        raise PlanError(f"plan {str(path)!r} has no 'plan'; give a plan.json written by mpsearch")
    names = {str(layer): _scheme_name(path, scheme) for layer, scheme in chosen.items()}
    return PlanFile(
        plan=Plan.from_mapping(layers, names),
        model=made_for,
        nbytes=int(fields.optional_number("nbytes") or 0),
        drop_pp=fields.optional_number("drop_pp"),
        metric=str(document.get("metric", "mean")),
        budget_pp=fields.optional_number("budget_pp"),
        # Files of before there were such things do not name them.
        coding=parse_coding(fields.text("coding")) if "coding" in document else "none",
        calibrated=fields.flag("calibrated") if "calibrated" in document else False,
    )


def read_measured(path: Path) -> dict[str, Any]:
    """What ``plan.json`` or ``best.json`` says of its plan, whatever the model.

    Returns:
        ``nbytes``, ``drop_pp``, ``budget_pp`` (or None) and ``metric``.

    Raises:
        PlanError: If it is no such file, or nothing was measured.
    """
    fields = read_document(path, "plan", FORMAT, VERSION, _LARGEST, PlanError)
    metric = fields.text("metric")
    if metric not in METRICS:
        raise PlanError(f"plan {str(path)!r}: {metric!r} is not a metric; give a plan.json")
    return {
        "nbytes": fields.whole("nbytes"),
        "drop_pp": fields.number("drop_pp"),
        "budget_pp": fields.optional_number("budget_pp"),
        "metric": metric,
    }


def _scheme_name(path: Path, name: Any) -> str:
    """The one form of a scheme's name."""
    if not isinstance(name, str):
        raise PlanError(f"plan {str(path)!r}: {name!r} is not a scheme name; give a plan.json")
    return parse_scheme(name).name
