"""The name of the Optuna study that answers a question."""

from pathlib import Path

from mpsearch.schemes import DOCUMENTED, menu_of
from mpsearch.values.fingerprint import text_digest
from mpsearch.values.question import Question


def study_name(question: Question, folder: Path) -> str:
    """The name that was given, or one for the question and all its terms.

    Args:
        question: The question that the search answers.
        folder: The study's folder.
    """
    if question.study_name is not None:
        return question.study_name
    schemes = menu_of(question.schemes or DOCUMENTED)
    rules = [str(part) for part in (question.lock, question.forbid, question.tie) if part]
    terms = "" if schemes == DOCUMENTED and not rules else f"-{text_digest([*schemes, *rules])[:6]}"
    if question.holdout is not None:
        terms += f"-holdout{question.holdout:g}"
    if question.coding != "none":
        terms += f"-{question.coding}"
    if question.calibrate:
        terms += "-calibrated"
    return f"{folder.resolve().name}-{question.metric}-{_limit(question)}{terms}"


def _limit(question: Question) -> str:
    if question.pareto:
        return "front"
    if question.max_bytes is not None:
        return f"{question.max_bytes}bytes"
    return f"{question.budget:g}pp" if question.ratio is None else f"{question.ratio:g}x"
