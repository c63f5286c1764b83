"""One study as a page."""

import shlex
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from mpsearch.report.evidence import best_plans, interval, knowledge, ladder, verification
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
from mpsearch.report.metric_words import promise_words
from mpsearch.report.pictures import Drawn
from mpsearch.report.plan_section import plan_section
from mpsearch.report.record import StudyRecord
from mpsearch.report.sentences import (
    effort,
    headline,
    limit_text,
)
from mpsearch.report.sizes import count, points, size, times
from mpsearch.workbench.held_back import FEWEST_IMAGES

_ROOM: Final = 3_300_000  # letters of SVG, which make 4.4 MB of the page


def study_page(
    record: StudyRecord, quanti_array: str, pictures: Sequence[Drawn], version: str
) -> str:
    """Text of ``report.html``.

    Args:
        record: All that is known of the study.
        quanti_array: Text of ``quanti_array.py``.
        pictures: Figures of the study.
        version: Version of mpsearch.
    """
    shown, files = _fitting(pictures)
    by_section = {
        name: Html("".join(figure(drawing.picture) for drawing in group))
        for name, group in groupby(shown, key=lambda drawing: drawing.section)
    }
    sections = [
        *verification(record),
        ("plan", "The plan", plan_section(record, quanti_array, by_section.get("plan", Html("")))),
    ]
    if "measured" in by_section:
        best = Html(f"{by_section['measured']}{best_plans(record)}")
        sections.append(("measured", "What was measured", best))
    if "layers" in by_section:
        sections.append(("layers", "How sensitive single layers are", by_section["layers"]))
    sections += [*ladder(record), *knowledge(record)]
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
    for drawing in pictures:
        letters = len(drawing.picture.light) + len(drawing.picture.dark)
        if letters <= room:
            shown.append(drawing)
            room -= letters
        else:
            files.append(f"{drawing.picture.name}.png")
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
    rows = []
    before, after = record.original_nbytes, record.nbytes
    what = "All parameters" if record.result is not None else "Weights"
    if before is not None:
        before, after = before + record.other_nbytes, after + record.other_nbytes
        rows.append((what, f"{size(before)} → {size(after)}", f"{before:,} → {after:,} bytes"))
        rows.append(("Times smaller", times(before / max(1, after)), "than float32"))
    else:
        rows.append((what, size(after), f"{after:,} bytes"))
    limit = limit_text(record.choosing, record.other_nbytes)
    kept = "within" if record.feasible else "not within"
    result = record.result
    many = "" if result is None else f"{count(result.judged.images, 'image')} searched on, "
    name = "Drop"
    if record.speaks_of_unseen:
        name = "Drop on unseen images"
        many = "" if result is None else f"{count(result.judged.images, 'image')} held back, "
        if result is not None and result.promise is not None:
            many += f"{promise_words(result.promise, result.judged, result.goal.metric)}, "
    rows.append((name, f"{points(record.drop_pp)} pp", f"{many}{kept} {limit}"))
    if result is not None and result.promise is not None:
        remark = count(result.search.images, "image")
        rows.append(("Drop, searched on", f"{points(result.search.drop_pp)} pp", remark))
    elif result is not None and result.verify is not None:
        remark = count(result.verify.images, "image")
        if result.verify.images >= FEWEST_IMAGES:
            remark += f"; 95 % interval {interval(result.verify)}"
        rows.append(("Drop, held back", f"{points(result.verify.drop_pp)} pp", remark))
    return rows


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
