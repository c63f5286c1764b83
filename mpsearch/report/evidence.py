"""Sections of a study's page that say how far its result can be trusted."""

from typing import Final

from mpsearch.report.markup import Html, bullets, paragraph, table
from mpsearch.report.metric_words import METRIC_WORDS, promise_words
from mpsearch.report.record import StudyRecord
from mpsearch.report.sentences import bound_sentences, proved_sentences
from mpsearch.report.sizes import count, points
from mpsearch.report.summary import search_warnings
from mpsearch.search.result import Rung
from mpsearch.workbench.held_back import FEWEST_IMAGES, ImageSetDrop

Section = tuple[str, str, Html]  # anchor, title, body
_SHOWN: Final = 20  # measured plans of the page's table; all are in the CSV file


def verification(record: StudyRecord) -> list[Section]:
    """How the plan does on the images searched on, and on those held back."""
    result = record.result
    if result is None:
        return []
    sets: list[tuple[str, ImageSetDrop]] = [("searched on", result.search)]
    if result.verify is not None:
        sets.append(("held back", result.verify))
    if result.promise is not None:
        sets.reverse()
    rows = [
        (
            name,
            str(drop.images),
            f"{points(drop.drop_pp)} pp",
            interval(drop),
            f"{points(drop.signed_pp)} pp",
            _accuracy(drop),
            f"{drop.top1_changes} of {drop.images}",
            f"{drop.worst_image}, {points(drop.worst_pp)} pp",
        )
        for name, drop in sets
    ]
    judged = "searched on" if result.promise is None else "held back"
    confidence = (
        f"Mean confidence on the images {judged}: {result.baseline_confidence_pct:.2f} % as "
        f"trained, {result.confidence_pct:.2f} % under the plan. All of this comes from plain "
        "forward passes of a model that holds the decoded weights, not from the search's own "
        "engine."
    )
    if result.promise is not None:
        promise = result.promise
        said = promise_words(promise, result.judged, result.goal.metric)
        confidence += (
            f" On images like these the drop is {said}, by {promise.bound} on "
            f"{count(result.judged.images, 'image')} that no step of the search has seen."
        )
    given = 0 if record.subject is None else record.subject.images
    warnings = [f"Warning: {warning}." for warning in search_warnings(result, given)]
    body = Html(
        table(
            f"Drop under the plan ({METRIC_WORDS[result.goal.metric]})",
            (
                "Images",
                "How many",
                "Drop",
                "95 % interval",
                "Net fall",
                "Accuracy",
                "Top-1 changed",
                "Worst",
            ),
            rows,
            (False, True, True, True, True, True, True, False),
        )
        + paragraph(confidence)
        + "".join(paragraph(warning, "warning") for warning in warnings)
    )
    return [("verification", "On images the search did not see", body)]


def interval(drop: ImageSetDrop) -> str:
    """The 95 % interval in percentage points; stated for enough images only."""
    if drop.images < FEWEST_IMAGES:
        return "too few images"
    low, high = drop.interval_pp
    return f"{points(low)} to {points(high)} pp"


def best_plans(record: StudyRecord) -> Html:
    """A table of the best plans that were measured."""
    assert record.trials is not None
    goal, other = record.choosing, record.other_nbytes
    trials = record.trials.trials
    numbered = list(zip(range(1, len(trials) + 1), trials, goal.allowed(trials), strict=True))
    numbered.sort(
        key=lambda entry: (
            not entry[2],
            max(0.0, goal.excess(entry[1].nbytes, entry[1].bound_pp)),
            goal.key(entry[1].nbytes, entry[1].drop_pp),
        )
    )
    rows = [
        (
            str(number),
            f"{trial.nbytes + other:,}",
            f"{trial.drop_pp:.3f}",
            "yes" if is_allowed else "no",
            trial.origin,
        )
        for number, trial, is_allowed in numbered[:_SHOWN]
    ]
    few = f"The best {len(rows)} of" if len(numbered) > len(rows) else "The"
    return table(
        f"{few} {count(len(numbered), 'measured plan')}; measured.csv has all, with their schemes",
        ("Trial", "Bytes of all parameters", "Drop, pp", "Keeps the limit", "Proposed by"),
        rows,
        (True, True, True, False, False),
    )


def _accuracy(drop: ImageSetDrop) -> str:
    if drop.accuracy_pct is None:
        return "not known"
    before, after = drop.accuracy_pct
    return f"{before:.1f} → {after:.1f} %"


def _rung_bytes(rung: Rung) -> str:
    if rung.nbytes is not None:
        return f"{rung.nbytes:,}"
    return "none keeps the limit" if rung.measurements else "not measured"


def _rung_drop(rung: Rung) -> str:
    if rung.drop_pp is None:
        return ""
    return f"{points(rung.drop_pp)} pp" + ("" if rung.feasible else ", over the limit")


_METHODS: Final = {
    "original": "float32, unchanged",
    "uniform": "best uniform plan",
    "int8c": "int8c on all layers",
}


def ladder(record: StudyRecord) -> list[Section]:
    """What simpler methods reach."""
    result = record.result
    if result is None or not result.ladder:
        return []
    rows = [
        (
            _METHODS.get(name, name),
            _rung_bytes(rung),
            "" if rung.nbytes is None else f"{100 * result.nbytes / max(1, rung.nbytes):.0f} %",
            _rung_drop(rung),
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


def knowledge(record: StudyRecord) -> list[Section]:
    """What is proved and what is not."""
    result = record.result
    if result is None:
        return []
    body = bullets([*proved_sentences(result), *bound_sentences(result)])
    return [("bound", "What is proved, and what is not", body)]
