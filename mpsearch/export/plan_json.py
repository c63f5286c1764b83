"""``plan.json``: a plan with what it was made for and what was measured."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mpsearch.coding.coder import Coding, parse_coding
from mpsearch.core.errors import PlanError
from mpsearch.core.plan import Plan
from mpsearch.schemes import parse_scheme

FORMAT: Final = "mpsearch-plan"
VERSION: Final = 1
_LARGEST: Final = 16 * 2**20
_LARGEST_NUMBER: Final = sys.float_info.max


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
        coding: How codes are packed, for *nbytes*.
        calibrated: Codes were chosen by images; they are in ``plan.mpq`` beside the file.
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
    document = _document(path)
    made_for = str(document.get("model") or "")
    if made_for and made_for != model and not force:
        raise PlanError(
            f"plan {str(path)!r} was made for another model ({made_for[:12]}…, this one is "
            f"{model[:12]}…); give that model, or --force to use the plan all the same"
        )
    chosen = document.get("plan")
    if not isinstance(chosen, Mapping):
        raise PlanError(f"plan {str(path)!r} has no 'plan'; give a plan.json written by mpsearch")
    names = {str(layer): _scheme_name(path, scheme) for layer, scheme in chosen.items()}
    return PlanFile(
        plan=Plan.from_mapping(layers, names),
        model=made_for,
        nbytes=int(_number(path, document, "nbytes") or 0),
        drop_pp=_number(path, document, "drop_pp"),
        metric=str(document.get("metric", "mean")),
        budget_pp=_number(path, document, "budget_pp"),
        coding=_coding(path, document),
        calibrated=_calibrated(path, document),
    )


def _scheme_name(path: Path, name: Any) -> str:
    """The one form of a scheme's name."""
    if not isinstance(name, str):
        raise PlanError(f"plan {str(path)!r}: {name!r} is not a scheme name; give a plan.json")
    return parse_scheme(name).name


def _coding(path: Path, document: Mapping[str, Any]) -> Coding:
    value = document.get("coding", "none")  # files of before there were codings
    if not isinstance(value, str):
        raise PlanError(f"plan {str(path)!r}: coding is {str(value)[:40]}, expected a name")
    return parse_coding(value)


def _calibrated(path: Path, document: Mapping[str, Any]) -> bool:
    value = document.get("calibrated", False)
    if not isinstance(value, bool):
        raise PlanError(
            f"plan {str(path)!r}: calibrated is {str(value)[:40]}, expected true or false"
        )
    return value


def _number(path: Path, document: Mapping[str, Any], key: str) -> float | None:
    """A finite number of the file, or None."""
    value = document.get(key)
    if value is None:
        return None
    # NaN, infinity, and integers that float() cannot take compare false.
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not abs(value) <= _LARGEST_NUMBER
    ):
        raise PlanError(f"plan {str(path)!r}: {key} is {str(value)[:40]}, expected a number")
    return float(value)


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
    version = document.get("version")
    if isinstance(version, bool) or version != VERSION:
        raise PlanError(
            f"plan {str(path)!r} has version {document.get('version')!r}; this program reads "
            f"version {VERSION}: update mpsearch"
        )
    return document
