"""A search's result as JSON, as ``search`` prints it and ``result.json`` keeps it; read back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from mpsearch.propose.goal import Goal
from mpsearch.propose.surrogate.assessment import Assessment
from mpsearch.search.drop_json import drop_mapping, read_drop
from mpsearch.search.result import FrontPoint, LayerRow, Promise, Rung, SearchResult
from mpsearch.values.choices import parse_metric
from mpsearch.values.documents import Fields, read_document
from mpsearch.values.errors import StudyError
from mpsearch.values.plan import Plan

FORMAT: Final = "mpsearch-result"
VERSION: Final = 1
_LARGEST: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class SizedLayer:
    """A weight layer under the plan.

    Attributes:
        name: Name of the layer.
        kind: Keras class name.
        shape: Shape of the layer's kernel.
        original_nbytes: Bytes as float32.
        nbytes: Stored bytes under the plan; of this layer alone, also where layers are tied.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    original_nbytes: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class Subject:
    """Model, images and settings of a result.

    Attributes:
        model: Name of the model.
        fingerprint: Identity of the model and of all images.
        images: How many images were given.
        coding: How codes are packed, for all bytes.
        calibrated: Codes were chosen by the images searched on.
        layers: The weight layers in model order.
        study_name: Name of the Optuna study.
        settings: Text of a ``study.toml`` with the settings of the run.
        versions: Package → version.
    """

    model: str
    fingerprint: Mapping[str, str]
    images: int
    coding: str
    calibrated: bool
    layers: tuple[SizedLayer, ...]
    study_name: str
    settings: str
    versions: Mapping[str, str]


def result_mapping(result: SearchResult) -> dict[str, Any]:
    """The result as JSON has it; docs/formats.md describes it."""
    judged = result.assessment
    return {
        "quanti_array": list(result.plan.schemes),
        "plan": result.plan.as_mapping(),
        "nbytes": result.nbytes,
        "other_bytes": result.other_nbytes,
        "original_nbytes": result.original_nbytes,
        "ratio": result.ratio,
        "asked": result.goal.kind,
        "metric": result.goal.metric,
        "budget_pp": result.budget_pp,
        "max_nbytes": result.goal.max_nbytes,
        "baseline_confidence_pct": result.baseline_confidence_pct,
        "confidence_pct": result.confidence_pct,
        "drop_pp": result.drop_pp,
        "feasible": result.feasible,
        "reason": result.reason,
        "top1_changes": result.top1_changes,
        "search": drop_mapping(result.search),
        "verify": None if result.verify is None else drop_mapping(result.verify),
        "promise": None if result.promise is None else asdict(result.promise),
        "dominated": result.dominated,
        "measurements": result.measurements,
        "screening_measurements": result.screening_measurements,
        "gradient_passes": result.gradient_passes,
        "single_changes": result.single_changes,
        "trials": result.trials,
        "stopped": result.stopped,
        "seconds": result.seconds,
        "bound_nbytes": None if judged is None else judged.bound_nbytes,
        "model": None
        if judged is None
        else {"plans": judged.plans, "r2": judged.r2, "misranked": judged.misranked},
        "one_change_optimal": result.one_change_optimal,
        "proved_optimal": result.proved_optimal,
        "ladder": {name: asdict(rung) for name, rung in result.ladder.items()},
        "layers": [asdict(row) for row in result.layers],
        "front": [
            {
                "nbytes": p.nbytes,
                "drop_pp": p.drop_pp,
                "bound_pp": p.bound_pp,
                "quanti_array": list(p.plan.schemes),
            }
            for p in result.front
        ],
    }


def result_text(result: SearchResult, subject: Subject) -> str:
    """Text of ``result.json``."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        **result_mapping(result),
        "coding": subject.coding,
        "calibrated": subject.calibrated,
        "images": subject.images,
        "subject": {
            "name": subject.model,
            "fingerprint": dict(subject.fingerprint),
            "layers": [asdict(layer) for layer in subject.layers],
        },
        "study_name": subject.study_name,
        "settings": subject.settings,
        "versions": dict(subject.versions),
    }
    # In ASCII: names of image files need not be UTF-8.
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def read_result(path: Path) -> tuple[SearchResult, Subject]:
    """Read ``result.json``.

    Raises:
        StudyError: If it is no such file, or damaged; names the field.
    """
    fields = read_document(path, "result", FORMAT, VERSION, _LARGEST, StudyError)
    subject = _subject(path, fields)
    names = tuple(layer.name for layer in subject.layers)
    result = _result(fields, names)
    if len(result.layers) != len(names) or len(result.plan.schemes) != len(names):
        raise StudyError(
            f"result {str(path)!r} names {len(names)} layers in one place and others in another; "
            "run the search again"
        )
    return result, subject


def _subject(path: Path, fields: Fields) -> Subject:
    about = fields.inner("subject")
    layers = tuple(
        SizedLayer(
            name=row.text("name"),
            kind=row.text("kind"),
            shape=tuple(row.wholes("shape")),
            original_nbytes=row.whole("original_nbytes"),
            nbytes=row.whole("nbytes"),
        )
        for row in about.rows("layers")
    )
    if len({layer.name for layer in layers}) != len(layers) or not layers:
        raise StudyError(f"result {str(path)!r} names no layer, or one twice; run the search again")
    return Subject(
        model=about.text("name"),
        fingerprint={
            key: about.inner("fingerprint").text(key) for key in about.inner("fingerprint").names()
        },
        images=fields.whole("images"),
        coding=fields.text("coding"),
        calibrated=fields.flag("calibrated"),
        layers=layers,
        study_name=fields.text("study_name"),
        settings=fields.text("settings"),
        versions={
            key: fields.inner("versions").text(key) for key in fields.inner("versions").names()
        },
    )


def _result(fields: Fields, names: tuple[str, ...]) -> SearchResult:
    metric = parse_metric(fields.text("metric"))
    budget = fields.optional_number("budget_pp")
    asked = fields.text("asked")
    goal = Goal(
        metric,
        budget_pp=budget if asked == "budget" else None,
        max_nbytes=fields.optional_whole("max_nbytes"),
    )
    if goal.kind != asked:
        raise StudyError(f"a result asks for {asked[:40]!r} without its limit; search again")
    optimal = "one_change_optimal"
    return SearchResult(
        plan=Plan(names, tuple(fields.texts("quanti_array"))),
        feasible=fields.flag("feasible"),
        reason=fields.text("reason"),
        goal=goal,
        budget_pp=budget,
        nbytes=fields.whole("nbytes"),
        other_nbytes=fields.whole("other_bytes"),
        original_nbytes=fields.whole("original_nbytes"),
        baseline_confidence_pct=fields.number("baseline_confidence_pct"),
        confidence_pct=fields.number("confidence_pct"),
        search=read_drop(fields.inner("search")),
        verify=read_drop(fields.inner("verify")) if "verify" in fields else None,
        promise=_promise(fields.inner("promise")) if "promise" in fields else None,
        dominated=fields.whole("dominated"),
        measurements=fields.whole("measurements"),
        screening_measurements=fields.whole("screening_measurements"),
        gradient_passes=fields.whole("gradient_passes"),
        # Files of before gradients could be done without do not have it.
        single_changes=fields.whole("single_changes") if "single_changes" in fields else 0,
        trials=fields.whole("trials"),
        seconds=fields.number("seconds"),
        ladder={name: _rung(rung) for name, rung in fields.named("ladder")},
        front=tuple(
            FrontPoint(
                Plan(names, tuple(point.texts("quanti_array"))),
                point.whole("nbytes"),
                point.number("drop_pp"),
                # Files of before budgets spoke of unseen images do not have it.
                point.number("bound_pp" if "bound_pp" in point else "drop_pp"),
            )
            for point in fields.rows("front")
        ),
        layers=tuple(_layer_row(row) for row in fields.rows("layers")),
        assessment=_assessment(fields) if "model" in fields else None,
        one_change_optimal=fields.flag(optimal) if optimal in fields else None,
        proved_optimal=fields.flag("proved_optimal"),
        stopped=fields.text("stopped"),
    )


def _promise(fields: Fields) -> Promise:
    return Promise(
        sure=fields.number("sure"),
        bound_pp=fields.number("bound_pp"),
        bound=fields.text("bound"),
        images_needed=fields.optional_whole("images_needed"),
    )


def _rung(fields: Fields) -> Rung:
    return Rung(
        fields.optional_whole("nbytes"),
        fields.optional_number("drop_pp"),
        fields.whole("measurements"),
        fields.flag("feasible") if "feasible" in fields else True,
    )


def _layer_row(fields: Fields) -> LayerRow:
    return LayerRow(
        layer=fields.text("layer"),
        scheme=fields.text("scheme"),
        nbytes=fields.whole("nbytes"),
        drop_pp=fields.optional_number("drop_pp"),
        cheaper=fields.optional_text("cheaper"),
        saved=fields.whole("saved"),
        cheaper_drop_pp=fields.optional_number("cheaper_drop_pp"),
        cheaper_measured=fields.flag("cheaper_measured"),
        larger=fields.optional_text("larger"),
        added=fields.whole("added"),
    )


def _assessment(fields: Fields) -> Assessment:
    model = fields.inner("model")
    return Assessment(
        fields.optional_whole("bound_nbytes"),
        model.whole("plans"),
        model.optional_number("r2"),
        model.optional_number("misranked"),
    )
