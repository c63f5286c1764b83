"""A study as a note of the dashboard's: Markdown without HTML."""

from mpsearch.report.record import StudyRecord
from mpsearch.report.sentences import headline, so_far
from mpsearch.report.sizes import count
from mpsearch.report.table_text import as_markdown, markdown


def study_note(record: StudyRecord, quanti_array: str, is_whole: bool) -> str:
    """The result in a sentence, the plan as ``quanti_array``, and layer by layer.

    Args:
        record: All that is known of the study.
        quanti_array: Text of ``quanti_array.py``.
        is_whole: Whether the study's folder is known, and so whether its search is finished.
    """
    sentence = headline(record)
    if not is_whole:
        sentence = so_far(record)
        sentence = sentence[0].upper() + sentence[1:]
    parts = [f"**{as_markdown(sentence)}**", _measured(record), _code(quanti_array)]
    return "\n\n".join([*filter(None, parts), _layers(record)])


def _measured(record: StudyRecord) -> str:
    if record.trials is None:
        return ""
    goal, every = record.choosing, record.trials.trials
    kept = sum(goal.allowed(every))
    text = f"{count(len(every), 'plan')} measured, {kept:,} of which keep the limit"
    gray = "" if record.goal.kind == "front" else "; those that break it are gray"
    unseen = ""
    if record.speaks_of_unseen:
        unseen = (
            " The budget speaks of unseen images: `unseen_pp` is the drop on the images held back, "
            "`bound_pp` its upper bound, which the budget limits; `drop_pp` is the drop on the "
            "images searched on."
        )
    return (
        f"{text}{gray}. Of every trial, `nbytes` counts the weight layers and `drop_pp` is in "
        f"percentage points.{unseen} Nothing can be changed from here: buttons that would are "
        "refused."
    )


def _code(text: str) -> str:
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    fence = "```"
    while fence in clean:  # of a layer's name; a longer fence is not ended by it
        fence += "`"
    return f"{fence}python\n{clean}{fence}"


def _layers(record: StudyRecord) -> str:
    kinds, sizes = record.kinds, record.layer_nbytes
    rows = []
    for layer, scheme in zip(record.plan.layers, record.plan.schemes, strict=True):
        numbers = [f"{nbytes:,}" for nbytes in sizes.get(layer, ())] or ["", ""]
        rows.append([layer, kinds.get(layer, ""), scheme, *numbers])
    head = ["layer", "kind", "scheme", "bytes as float32", "bytes"]
    return markdown(head, rows, [False, False, False, True, True])
