"""One study as a page."""

import shlex
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from mpsearch.report.markup import (
    Html,
    bullets,
    code,
    figure,
    numbers,
    page,
    paragraph,
    section,
    table,
)
from mpsearch.report.pictures import Drawn
from mpsearch.report.record import StudyRecord
from mpsearch.report.sentences import (
    FEWEST,
    bound_sentences,
    effort,
    headline,
    limit_text,
    proved_sentences,
)
from mpsearch.report.sizes import count, points, size, times
from mpsearch.report.summary import search_warnings
from mpsearch.search.result import LayerRow
from mpsearch.search.verify import ImageSetDrop

_SHOWN: Final = 20  # measured plans of the page's table; all are in the CSV file
_ROOM: Final = 3_300_000  # letters of SVG, which make 4.4 MB of the page
_PROBABLE: Final = "~"


def study_page(
    record: StudyRecord, quanti_array: str, pictures: Sequence[Drawn], version: str
) -> str:
    """Text of ``report.html``.

    Args:
        record: The study.
        quanti_array: Text of ``quanti_array.py``.
        pictures: Its figures.
        version: Of this program.
    """
    shown, files = _fitting(pictures)
    by_section = {
        name: Html("".join(figure(one.picture) for one in group))
        for name, group in groupby(shown, key=lambda one: one.section)
    }
    sections = [
        *_verification(record),
        ("plan", "The plan", _plan(record, quanti_array, by_section.get("plan", Html("")))),
    ]
    if "measured" in by_section:
        best = Html(f"{by_section['measured']}{_best_plans(record)}")
        sections.append(("measured", "What was measured", best))
    if "layers" in by_section:
        sections.append(("layers", "What single layers bear", by_section["layers"]))
    sections += [*_ladder(record), *_knowledge(record)]
    lacks = list(record.left_out)
    if files:
        lacks.append(f"Figures that would make this page too large are files: {', '.join(files)}.")
    if lacks:
        sections.append(("missing", "What this report lacks", bullets(lacks)))
    sections.append(("reproduce", "How to reproduce", _reproduce(record)))
    return page(
        f"{record.model}: one storage scheme per layer",
        [(anchor, title, section(anchor, title, body)) for anchor, title, body in sections],
        _top(record),
        f"Study {record.name}, reported by mpsearch {version}.",
    )


def _fitting(pictures: Sequence[Drawn]) -> tuple[list[Drawn], list[str]]:
    """The figures for which the page has room, and the names of the files of the others."""
    shown, files, room = [], [], _ROOM
    for one in pictures:
        letters = len(one.picture.light) + len(one.picture.dark)
        if letters <= room:
            shown.append(one)
            room -= letters
        else:
            files.append(f"{one.picture.name}.png")
    return shown, files


def _top(record: StudyRecord) -> Html:
    parts = [paragraph(headline(record), "lead")]
    result = record.result
    if result is None:
        parts.append(
            paragraph(
                "Search not finished. This page shows what has been measured so far; run the same "
                "mpsearch search again to go on.",
                "warning",
            )
        )
    elif not result.feasible and result.reason:
        parts.append(paragraph(f"No feasible plan: {result.reason}.", "warning"))
    parts.append(numbers(_key_numbers(record)))
    return Html("".join(parts))


def _key_numbers(record: StudyRecord) -> list[tuple[str, str, str]]:
    found = []
    before, after = record.original_nbytes, record.nbytes
    what = "All parameters" if record.result is not None else "Weights"
    if before is not None:
        before, after = before + record.other_nbytes, after + record.other_nbytes
        found.append((what, f"{size(before)} → {size(after)}", f"{before:,} → {after:,} bytes"))
        found.append(("Times smaller", times(before / max(1, after)), "than float32"))
    else:
        found.append((what, size(after), f"{after:,} bytes"))
    limit = limit_text(record.choosing, record.other_nbytes)
    kept = "within" if record.feasible else "not within"
    result = record.result
    many = "" if result is None else f"{count(result.search.images, 'image')} searched on, "
    found.append(("Drop", f"{points(record.drop_pp)} pp", f"{many}{kept} {limit}"))
    if result is not None and result.verify is not None:
        remark = count(result.verify.images, "image")
        if result.verify.images >= FEWEST:
            remark += f"; 95 % interval {_interval(result.verify)}"
        found.append(("Drop, held back", f"{points(result.verify.drop_pp)} pp", remark))
    return found


def _verification(record: StudyRecord) -> list[tuple[str, str, Html]]:
    result = record.result
    if result is None:
        return []
    sets: list[tuple[str, ImageSetDrop]] = [("searched on", result.search)]
    if result.verify is not None:
        sets.append(("held back", result.verify))
    rows = [
        (
            name,
            str(drop.images),
            f"{points(drop.drop_pp)} pp",
            _interval(drop),
            f"{points(drop.signed_pp)} pp",
            f"{drop.top1_changes} of {drop.images}",
            f"{drop.worst_image}, {points(drop.worst_pp)} pp",
        )
        for name, drop in sets
    ]
    confidence = (
        f"Mean confidence on the images searched on: {result.baseline_confidence_pct:.2f} % as "
        f"trained, {result.confidence_pct:.2f} % under the plan. All of this comes from plain "
        "forward passes of a model that holds the decoded weights, not from the search's own "
        "engine."
    )
    given = 0 if record.subject is None else record.subject.images
    warnings = [f"Warning: {one}." for one in search_warnings(result, given)]
    body = Html(
        table(
            f"Drop of confidence under the plan ({result.goal.metric} over images)",
            (
                "Images",
                "How many",
                "Drop",
                "95 % interval",
                "Mean, rises counted",
                "Top-1 changed",
                "Worst",
            ),
            rows,
            (False, True, True, True, True, True, False),
        )
        + paragraph(confidence)
        + "".join(paragraph(one, "warning") for one in warnings)
    )
    return [("verification", "On images the search did not see", body)]


def _interval(drop: ImageSetDrop) -> str:
    if drop.images < FEWEST:
        return "too few images"
    low, high = drop.interval_pp
    return f"{points(low)} to {points(high)} pp"


def _plan(record: StudyRecord, quanti_array: str, pictures: Html) -> Html:
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
        else "coded without loss (--coding entropy)"
    )
    if record.calibrated:
        how += ", chosen by what the layers put out on the images searched on (--calibrate)"
    other = ""
    if record.other_nbytes:
        other = f" All other parameters stay float32: {size(record.other_nbytes)}."
    return f"their codes are {how}.{other} A click on the block selects it."


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


def _best_plans(record: StudyRecord) -> Html:
    assert record.trials is not None
    goal, other = record.choosing, record.other_nbytes
    numbered = list(enumerate(record.trials.trials, 1))
    numbered.sort(
        key=lambda pair: (
            max(0.0, goal.excess(pair[1].nbytes, pair[1].drop_pp)),
            goal.key(pair[1].nbytes, pair[1].drop_pp),
        )
    )
    rows = [
        (
            str(number),
            f"{one.nbytes + other:,}",
            f"{one.drop_pp:.3f}",
            "yes" if goal.feasible(one.nbytes, one.drop_pp) else "no",
            one.origin,
        )
        for number, one in numbered[:_SHOWN]
    ]
    few = f"The best {len(rows)} of" if len(numbered) > len(rows) else "The"
    return table(
        f"{few} {count(len(numbered), 'measured plan')}; measured.csv has all, with their schemes",
        ("Trial", "Bytes of all parameters", "Drop, pp", "Keeps the limit", "Proposed by"),
        rows,
        (True, True, True, False, False),
    )


def _ladder(record: StudyRecord) -> list[tuple[str, str, Html]]:
    result = record.result
    if result is None or not result.ladder:
        return []
    rows = [
        (
            {"original": "float32, unchanged", "uniform": "best uniform plan"}.get(name, name),
            "none keeps the limit" if rung.nbytes is None else f"{rung.nbytes:,}",
            "" if rung.nbytes is None else f"{100 * result.nbytes / max(1, rung.nbytes):.0f} %",
            "" if rung.drop_pp is None else f"{points(rung.drop_pp)} pp",
            f"{rung.measurements:,}",
        )
        for name, rung in result.ladder.items()
    ]
    rows.append(
        (
            "this plan",
            f"{result.nbytes:,}",
            "100 %",
            f"{points(result.drop_pp)} pp",
            f"{result.measurements:,}",
        )
    )
    body = table(
        "Simpler methods on the same images",
        ("Method", "Bytes of weights", "This plan is", "Drop", "Plans measured"),
        rows,
        (False, True, True, True, True),
    )
    return [("ladder", "What simpler methods reach", body)]


def _knowledge(record: StudyRecord) -> list[tuple[str, str, Html]]:
    result = record.result
    if result is None:
        return []
    found = bullets([*proved_sentences(result), *bound_sentences(result)])
    return [("bound", "What is proved, and what is not", found)]


def _reproduce(record: StudyRecord) -> Html:
    parts = []
    if record.settings.strip():
        parts += [
            paragraph("The settings of the run, as study.toml in the study's folder:"),
            code(record.settings, "study.toml, to copy"),
        ]
    parts += [
        paragraph("The command, where that folder is:"),
        code(f"mpsearch search {shlex.quote(record.name)}", "command, to copy"),
    ]
    if record.result is not None:
        parts.append(paragraph(f"It took {effort(record.result)}."))
    rows = [(name, value) for name, value in _identity(record) if value]
    parts.append(table("Identity and versions", ("What", "Value"), rows, (False, False)))
    return Html("".join(parts))


def _identity(record: StudyRecord) -> list[tuple[str, str]]:
    subject, trials = record.subject, record.trials
    if subject is not None:
        versions = list(subject.versions.items())
        return [*versions, *_digests(subject.fingerprint), ("Optuna study", subject.study_name)]
    assert trials is not None
    return [*_digests(trials.identity), ("Optuna study", trials.name)]


def _digests(identity: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (key if key == "numerics" else f"{key}, sha256", value) for key, value in identity.items()
    ]
