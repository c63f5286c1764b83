"""The section of a study's page that has its plan."""

from typing import Final

from mpsearch.report.markup import Html, code, paragraph, table
from mpsearch.report.record import StudyRecord
from mpsearch.report.sizes import count, points, size
from mpsearch.search.result import LayerRow

_PROBABLE: Final = "~"
_MUCH: Final = 0.1


def plan_section(record: StudyRecord, quanti_array: str, pictures: Html) -> Html:
    """The plan to copy, drawn, and layer by layer.

    Args:
        record: All that is known of the study.
        quanti_array: Text of ``quanti_array.py``.
        pictures: Figures of the plan.
    """
    return Html(
        paragraph(f"{count(len(record.plan.layers), 'weight layer')}; {_storage(record)}")
        + code(quanti_array, "quanti_array, to copy")
        + pictures
        + _plan_table(record)
    )


def _storage(record: StudyRecord) -> str:
    how = (
        "packed back to back"
        if record.coding != "entropy"
        else "coded without loss (coding = entropy)"
    )
    if record.calibrated:
        how += ", chosen to preserve layer outputs on the images searched on (calibrate = true)"
    other = ""
    if record.other_nbytes:
        other = f" All other parameters stay float32: {size(record.other_nbytes)}{_share(record)}."
    return f"their codes are {how}.{other} A click on the block selects it."


def _share(record: StudyRecord) -> str:
    """Their share of all bytes before, where it is large: no plan can make that smaller."""
    before = record.other_nbytes + sum(before for before, _ in record.layer_nbytes.values())
    share = record.other_nbytes / max(1, before)
    return (
        f", {100 * share:.0f} % of the model, which no plan makes smaller" if share > _MUCH else ""
    )


def _plan_table(record: StudyRecord) -> Html:
    sizes, kinds = record.layer_nbytes, record.kinds
    about: dict[str, LayerRow] = {}
    if record.result is not None:
        about = {row.layer: row for row in record.result.layers}
    rows = []
    for layer, scheme in record.plan.as_mapping().items():
        before, after = sizes.get(layer, (None, None))
        rows.append(
            (
                layer,
                kinds.get(layer, ""),
                scheme,
                "" if before is None else f"{before:,}",
                "" if after is None else f"{after:,}",
                "" if after is None else f"{100 * after / max(1, record.nbytes):.1f} %",
                *_neighbours(about.get(layer)),
            )
        )
    numeric = (False, False, False, True, True, True, False, False)
    head = (
        *("Layer", "Kind", "Scheme", "float32 bytes", "Bytes", "Share"),
        *("Next larger", "Next smaller"),
    )
    # Nothing is known of neighbours, or even of bytes, before a search has finished.
    kept = [column for column in range(len(head)) if any(row[column] for row in rows)]
    shown = table(
        "The plan, layer by layer",
        [head[column] for column in kept],
        [[row[column] for column in kept] for row in rows],
        [numeric[column] for column in kept],
    )
    if any(row.cheaper is not None and not row.cheaper_measured for row in about.values()):
        shown = Html(
            shown + paragraph(f"{_PROBABLE} predicted by the fitted model, not measured.", "note")
        )
    return shown


def _neighbours(row: LayerRow | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    larger = "" if row.larger is None else f"{row.larger}: +{row.added:,}"
    if row.cheaper is None:
        return larger, ""
    smaller = f"{row.cheaper}: −{row.saved:,}"
    if row.cheaper_drop_pp is not None:
        mark = "" if row.cheaper_measured else _PROBABLE
        smaller += f", drop {mark}{points(row.cheaper_drop_pp)} pp"
    return larger, smaller
