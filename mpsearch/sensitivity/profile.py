"""The sensitivity profile: a value, and its form as JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from mpsearch.values.arrays import Float64Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.confidence import aggregate, drops_pp, losses_pp
from mpsearch.values.documents import Fields
from mpsearch.values.errors import StudyError
from mpsearch.values.layer import WeightLayer, WeightTensor
from mpsearch.values.measurement import Measurement

FORMAT: Final = "mpsearch-profile"
VERSION: Final = 1
_REMEDY: Final = "delete it and run the same command again"


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The part of a measurement that a profile keeps.

    Attributes:
        nbytes: Stored bytes: of the layer in ``per_layer``, of all weight layers elsewhere.
        confidence: Per image, shape (n,), 0..1.
        margin: Log-odds per image, shape (n,).
        top1: Most probable class per image, shape (n,).
    """

    nbytes: int
    confidence: Float64Array
    margin: Float64Array
    top1: IntArray

    @classmethod
    def of(cls, measurement: Measurement, nbytes: int) -> "Reading":
        """Condense a measurement."""
        return cls(nbytes, measurement.confidence, measurement.margin, measurement.top1)

    def of_images(self, rows: IntArray) -> "Reading":
        """The profile of some of the images only."""
        return Reading(self.nbytes, self.confidence[rows], self.margin[rows], self.top1[rows])


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityProfile:
    """All drops measured on one model and one image set.

    Attributes:
        fingerprint: Identity of the model and the images measured.
        layers: The weight layers in model order.
        schemes: Scheme names asked for.
        images: Names of the images.
        baseline: The unchanged model.
        per_layer: (layer, scheme) → one layer changed.
        predicted: (layer, scheme) → first-order change of every image's margin, shape (n,).
        uniform: Scheme → all layers changed.
        cumulative: (scheme, i) → layers 0 to i changed.
        refused: (layer, scheme) → why the scheme cannot store the layer.
        truth: True class per image, shape (n,); None where they are not known.
        seconds: Time spent measuring, over all runs.
        stage_runs: Stage evaluations spent, over all runs.
    """

    fingerprint: Mapping[str, str]
    layers: tuple[WeightLayer, ...]
    schemes: tuple[str, ...]
    images: tuple[str, ...]
    baseline: Reading
    per_layer: Mapping[tuple[str, str], Reading] = field(default_factory=dict)
    predicted: Mapping[tuple[str, str], Float64Array] = field(default_factory=dict)
    uniform: Mapping[str, Reading] = field(default_factory=dict)
    cumulative: Mapping[tuple[str, int], Reading] = field(default_factory=dict)
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    truth: IntArray | None = None
    seconds: float = 0.0
    stage_runs: int = 0

    def of_images(self, rows: IntArray, fingerprint: Mapping[str, str]) -> "SensitivityProfile":
        """What the profile says of some of its images.

        Args:
            rows: Positions of the images.
            fingerprint: Identity of the model and those images.
        """

        def some(readings: Mapping[Any, Reading]) -> dict[Any, Reading]:
            return {key: reading.of_images(rows) for key, reading in readings.items()}

        return replace(
            self,
            fingerprint=fingerprint,
            images=tuple(self.images[int(i)] for i in rows),
            baseline=self.baseline.of_images(rows),
            truth=None if self.truth is None else self.truth[rows],
            per_layer=some(self.per_layer),
            predicted={cell: change[rows] for cell, change in self.predicted.items()},
            uniform=some(self.uniform),
            cumulative=some(self.cumulative),
        )

    def drops_pp(self, reading: Reading) -> Float64Array:
        """Drop of every image in percentage points, shape (n,)."""
        return drops_pp(self.baseline.confidence, reading.confidence)

    def drop_pp(self, reading: Reading, metric: Metric) -> float:
        """Drop of the image set in percentage points."""
        reference = self.baseline.top1 if self.truth is None else self.truth
        return float(aggregate(losses_pp(self.baseline, reading, metric, reference), metric))

    def top1_changes(self, reading: Reading) -> int:
        """Number of images whose most probable class changed."""
        return int(np.count_nonzero(reading.top1 != self.baseline.top1))

    def predicted_drop_pp(self, layer: str, scheme: str, metric: Metric) -> float | None:
        """First-order prediction of a per-layer drop, or None where there is none."""
        change = self.predicted.get((layer, scheme))
        if change is None or metric in {"agreement", "accuracy"}:  # margins do not say
            return None
        confidence = 1.0 / (1.0 + np.exp(-(self.baseline.margin + change)))
        return float(aggregate(drops_pp(self.baseline.confidence, confidence), metric))

    def to_json(self) -> str:
        """Text of ``profile.json``; docs/formats.md describes it."""
        return "".join(self.json_pieces())

    def json_pieces(self) -> Iterator[str]:
        """The JSON piece by piece: of many images the whole takes gigabytes while it is made."""
        sections: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "fingerprint": dict(self.fingerprint),
            "layers": [_layer_to_json(layer) for layer in self.layers],
            "schemes": list(self.schemes),
            "images": list(self.images),
            **({} if self.truth is None else {"truth": self.truth.tolist()}),
            "baseline": _reading_to_json(self.baseline),
            "per_layer": (
                {"layer": layer, "scheme": scheme, **_reading_to_json(reading)}
                for (layer, scheme), reading in self.per_layer.items()
            ),
            "predicted": (
                {"layer": layer, "scheme": scheme, "margin_change": change.tolist()}
                for (layer, scheme), change in self.predicted.items()
            ),
            "uniform": (
                {"scheme": scheme, **_reading_to_json(reading)}
                for scheme, reading in self.uniform.items()
            ),
            "cumulative": (
                {"scheme": scheme, "last": last, **_reading_to_json(reading)}
                for (scheme, last), reading in self.cumulative.items()
            ),
            "refused": [
                {"layer": layer, "scheme": scheme, "reason": reason}
                for (layer, scheme), reason in self.refused.items()
            ],
            "seconds": self.seconds,
            "stage_runs": self.stage_runs,
        }
        before = "{"
        for name, section in sections.items():
            yield f"{before}{_json(name)}:"
            before = ","
            if not isinstance(section, Iterator):
                yield _json(section)
                continue
            yield "["
            for position, row in enumerate(section):
                yield f"{',' if position else ''}{_json(row)}"
            yield "]"
        yield "}"

    @classmethod
    def from_json(cls, text: str, where: str = "the profile") -> "SensitivityProfile":
        """Read what :meth:`to_json` wrote.

        Args:
            text: JSON; it is not trusted.
            where: Begins messages.

        Raises:
            StudyError: If the text is something else.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise StudyError(f"{where} is damaged ({error}); {_REMEDY}") from error
        fields = Fields(where, document, StudyError)
        form = document.get("format"), document.get("version")
        if form != (FORMAT, VERSION) or isinstance(form[1], bool):
            raise StudyError(
                f"{where} is of format {str(form[0])[:40]!r} version {str(form[1])[:20]!r}; this "
                f"program reads {FORMAT!r} version {VERSION}: {_REMEDY}"
            )
        return _profile_of(fields)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _layer_to_json(layer: WeightLayer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "index": layer.index,
        "kind": layer.kind,
        "tensors": [
            {"name": t.name, "shape": list(t.shape), "channel_axes": list(t.channel_axes)}
            for t in layer.tensors
        ],
    }


def _reading_to_json(reading: Reading) -> dict[str, Any]:
    return {
        "nbytes": reading.nbytes,
        "confidence": reading.confidence.tolist(),
        "margin": reading.margin.tolist(),
        "top1": reading.top1.tolist(),
    }


def _reading_of(fields: Fields, images: int) -> Reading:
    return Reading(
        nbytes=fields.whole("nbytes"),
        confidence=np.array(fields.numbers("confidence", images), dtype=np.float64),
        margin=np.array(fields.numbers("margin", images), dtype=np.float64),
        top1=np.array(fields.wholes("top1", images), dtype=np.int64),
    )


def _layer_of(fields: Fields) -> WeightLayer:
    return WeightLayer(
        index=fields.whole("index"),
        name=fields.text("name"),
        kind=fields.text("kind"),
        tensors=tuple(
            WeightTensor(
                row.text("name"),
                tuple(row.wholes("shape")),
                # Files of before there were schemes per channel do not name them.
                tuple(row.integers("channel_axes")) if "channel_axes" in row else (-1,),
            )
            for row in fields.rows("tensors")
        ),
    )


def _profile_of(fields: Fields) -> SensitivityProfile:
    images = tuple(fields.texts("images"))
    n = len(images)
    fingerprint = fields.inner("fingerprint")

    def key(row: Fields) -> tuple[str, str]:
        return row.text("layer"), row.text("scheme")

    return SensitivityProfile(
        fingerprint={name: fingerprint.text(name) for name in fingerprint.names()},
        layers=tuple(_layer_of(row) for row in fields.rows("layers")),
        schemes=tuple(fields.texts("schemes")),
        images=images,
        baseline=_reading_of(fields.inner("baseline"), n),
        per_layer={key(row): _reading_of(row, n) for row in fields.rows("per_layer")},
        predicted={
            key(row): np.array(row.numbers("margin_change", n), dtype=np.float64)
            for row in fields.rows("predicted")
        },
        uniform={row.text("scheme"): _reading_of(row, n) for row in fields.rows("uniform")},
        cumulative={
            (row.text("scheme"), row.whole("last")): _reading_of(row, n)
            for row in fields.rows("cumulative")
        },
        refused={key(row): row.text("reason") for row in fields.rows("refused")},
        truth=np.array(fields.wholes("truth", n), dtype=np.int64) if "truth" in fields else None,
        seconds=fields.number("seconds"),
        stage_runs=fields.whole("stage_runs"),
    )
