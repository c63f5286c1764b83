"""Two studies side by side."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from mpsearch.report import figures, plots
from mpsearch.report.markup import Html, bullets, figure, page, paragraph, section, table
from mpsearch.report.pictures import Drawn, drawn
from mpsearch.report.record import StudyRecord
from mpsearch.report.sentences import drop_with_interval, headline, limit_text
from mpsearch.report.sizes import count, points, size, times

_ROWS: Final = 40  # layers of one figure, each with two bars


def verdict(first: StudyRecord, second: StudyRecord) -> str:
    """Which of the two is smaller, in one sentence."""
    names = names_of(first, second)
    if first.model_digest != second.model_digest:
        return f"{names[0]} and {names[1]} are studies of different models."
    if first.plan == second.plan:
        return f"Both studies have the same plan, of {size(first.nbytes + first.other_nbytes)}."
    a, b = (record.nbytes + record.other_nbytes for record in (first, second))
    drops = f"{points(first.drop_pp)} against {points(second.drop_pp)} pp of drop"
    if a == b:
        return f"Both plans take {size(a)}, with {drops}."
    (small, least), (_, most) = sorted(zip(names, (a, b), strict=True), key=lambda pair: pair[1])
    return (
        f"The plan of {small} is smaller by {100 * (1 - least / max(1, most)):.1f} % "
        f"({size(a)} against {size(b)}), with {drops}."
    )


def differences(first: StudyRecord, second: StudyRecord) -> list[str]:
    """What makes the two hard to compare; empty if nothing does."""
    sentences = []
    if first.model_digest != second.model_digest:
        sentences.append(
            "The studies are of different models: their bytes are not of the same weights."
        )
    mine, theirs = first.image_digest, second.image_digest
    if mine is None or theirs is None:
        sentences.append("Whether the studies searched on the same images is not known.")
    elif mine != theirs:
        sentences.append(
            "The studies searched on different images: their drops are not comparable."
        )
    if first.goal.metric != second.goal.metric:
        sentences.append(
            f"The drops are of different metrics: {first.goal.metric} and {second.goal.metric}."
        )
    if first.calibrated != second.calibrated:
        calibrated = names_of(first, second)[second.calibrated]
        sentences.append(f"Only {calibrated} was calibrated: its codes were chosen by its images.")
    if None not in {first.coding, second.coding} and first.coding != second.coding:
        sentences.append(
            f"Bytes are counted differently: coding {first.coding} and {second.coding}."
        )
    sentences += [
        f"{name}: the search is not finished."
        for name, record in zip(names_of(first, second), (first, second), strict=True)
        if record.result is None
    ]
    return sentences


def names_of(first: StudyRecord, second: StudyRecord) -> tuple[str, str]:
    """What to call the two, never alike."""
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name} (1)", f"{second.name} (2)"


def comparison_pictures(first: StudyRecord, second: StudyRecord) -> Iterator[Drawn]:
    """The figures of both for which there are numbers."""
    names = names_of(first, second)
    if first.trials is not None and second.trials is not None:
        both = [
            figures.measured_plans(
                record.trials.trials,
                record.choosing,
                (record.nbytes, record.drop_pp),
                record.other_nbytes,
            )
            for record in (first, second)
            if record.trials is not None
        ]
        told = "; ".join(
            f"{name} chose {size(data.chosen[0])} with {points(data.chosen[1])} pp of drop after "
            f"{count(len(data.nbytes), 'plan')}"
            for name, data in zip(names, both, strict=True)
        )
        yield drawn(
            "measured",
            "bytes-by-drop",
            partial(plots.draw_two_measured, both[0], both[1], names),
            f"Scatter plot of the measured plans of both studies. {told}.",
            "Every plan measured by either study, each on the images it searched on.",
        )
    shared = shared_layers(first, second)
    for number, part in enumerate(figures.pieces(len(shared), _ROWS) if shared else [], 1):
        layers = shared[part]
        several = len(shared) > _ROWS
        yield drawn(
            "layers",
            f"bytes-per-layer{f'-{number}' * several}",
            partial(
                plots.draw_two_layers,
                layers,
                [
                    (first.plan.as_mapping()[layer], first.layer_nbytes[layer][1])
                    for layer in layers
                ],
                [
                    (second.plan.as_mapping()[layer], second.layer_nbytes[layer][1])
                    for layer in layers
                ],
                names,
            ),
            f"Two bars for each of {count(len(layers), 'layer')}; the table below has all numbers.",
            f"Bytes of each layer in both plans{f', part {number}' * several}.",
        )


def shared_layers(first: StudyRecord, second: StudyRecord) -> list[str]:
    """Layers of both that have the same name and as many bytes as float32."""
    mine, theirs = first.layer_nbytes, second.layer_nbytes
    return [
        layer
        for layer in first.plan.layers
        if layer in mine and layer in theirs and mine[layer][0] == theirs[layer][0]
    ]


def comparison_page(
    first: StudyRecord, second: StudyRecord, pictures: Sequence[Drawn], version: str
) -> str:
    """Text of ``compare.html``.

    Args:
        first: All that is known of a study.
        second: All that is known of another study.
        pictures: Figures of the two studies.
        version: Version of mpsearch.
    """
    names = names_of(first, second)
    warnings = [paragraph(sentence, "warning") for sentence in differences(first, second)]
    lines = [
        f"{name}: {headline(record)}" for name, record in zip(names, (first, second), strict=True)
    ]
    top = Html(paragraph(verdict(first, second), "lead") + "".join(warnings) + bullets(lines))
    sections = [("numbers", "Key numbers", _numbers(first, second))]
    shown = {"measured": "What was measured", "layers": "Layer by layer"}
    for name, title in shown.items():
        body = "".join(figure(drawing.picture) for drawing in pictures if drawing.section == name)
        if name == "layers":
            body += _layers(first, second)
        if body:
            sections.append((name, title, Html(body)))
    lacks = [
        f"{name}: {lack}"
        for name, record in zip(names, (first, second), strict=True)
        for lack in record.left_out
    ]
    if lacks:
        sections.append(("missing", "What this report lacks", bullets(lacks)))
    return page(
        f"{names[0]} and {names[1]}",
        [(anchor, title, section(anchor, title, body)) for anchor, title, body in sections],
        top,
        f"Two studies compared by mpsearch {version}.",
    )


def _numbers(first: StudyRecord, second: StudyRecord) -> Html:
    columns = [_facts(first), _facts(second)]
    rows = [
        (what, mine, theirs)
        for (what, mine), (_, theirs) in zip(*columns, strict=True)
        if mine or theirs
    ]
    return table("Both results", ("What", *names_of(first, second)), rows, (False, False, False))


def _facts(record: StudyRecord) -> list[tuple[str, str]]:
    result = record.result
    before, other = record.original_nbytes, record.other_nbytes
    after = record.nbytes + other
    smaller = "" if before is None else times((before + other) / max(1, after))
    facts = [
        ("model", record.model),
        ("as float32", "" if before is None else f"{before + other:,} bytes"),
        ("under the plan", f"{after:,} bytes"),
        ("times smaller", smaller),
        ("asked", limit_text(record.choosing, other)),
        ("kept", "yes" if record.feasible else "no"),
        ("metric", record.goal.metric),
        ("budget on", "unseen images" if record.speaks_of_unseen else "images searched on"),
        ("drop on those", f"{points(record.drop_pp)} pp"),
    ]
    verify = None if result is None else result.verify
    facts += [
        ("drop on images held back", "" if verify is None else drop_with_interval(verify)),
        ("images searched on", "" if result is None else str(result.search.images)),
        ("images held back", "" if verify is None else str(verify.images)),
        ("top-1 changed", "" if result is None else str(result.top1_changes)),
        ("coding", record.coding or ""),
        ("plans measured", "" if record.trials is None else f"{len(record.trials.trials):,}"),
    ]
    judged = None if result is None else result.assessment
    bound = None if judged is None else judged.bound_nbytes
    optimal = None if result is None else result.one_change_optimal
    facts += [
        ("the model's bound", "" if bound is None else f"{bound + other:,} bytes"),
        ("no single change helps", {None: "", True: "measured", False: "not measured"}[optimal]),
    ]
    return facts


def _layers(first: StudyRecord, second: StudyRecord) -> Html:
    shared = shared_layers(first, second)
    if not shared:
        return paragraph("The two plans have no layers in common whose bytes are known.")
    mine, theirs = first.plan.as_mapping(), second.plan.as_mapping()
    rows = []
    for layer in shared:
        a, b = first.layer_nbytes[layer][1], second.layer_nbytes[layer][1]
        change = f"{b - a:+,}".replace("-", "−") if a != b else "0"
        rows.append((layer, mine[layer], f"{a:,}", theirs[layer], f"{b:,}", change))
    names = names_of(first, second)
    total = max(len(first.plan.layers), len(second.plan.layers))
    return table(
        f"{len(shared)} of {total} layers are in both",
        ("Layer", names[0], "Bytes", names[1], "Bytes", "Difference"),
        rows,
        (False, False, True, False, True, True),
    )
