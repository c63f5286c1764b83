"""What Keras says when it cannot load a model, in one sentence."""

import re
from typing import Final

_INNER: Final = "Exception encountered: "
_LAYER: Final = re.compile(r"config=\{[^{}]*?'name': '([^']{1,60})'")
_COLOR: Final = re.compile(r"\x1b\[\d*m")
_FRAMES: Final = ("Exception encountered when", "A total of ")  # the cause is the next paragraph
_SHORT: Final = 160  # letters of a paragraph that is shown whole
_LONGEST: Final = 300
_AT_LEAST: Final = 40  # letters of a sentence, so that "e.g." does not end one


def cause_of(error: BaseException) -> str:
    """The sentence of the innermost exception, with the layer that it is about.

    Args:
        error: Error of Keras; it puts messages around messages, with whole configurations.
    """
    text = str(error)
    if "lambda" in text.lower() or "safe_mode" in text:
        # Keras advises to switch its guard off; we do not.
        return "a Lambda layer in it holds code, which is not run"
    chain = [str(cause) for cause in _chain(error)]
    layers = [name for message in chain for name in _LAYER.findall(message)]
    inner = next((message for message in reversed(chain) if message.strip()), type(error).__name__)
    sentence = _first_sentence(inner.rpartition(_INNER)[2])
    if not layers or any(f"{quote}{layers[-1]}{quote}" in sentence for quote in "'\""):
        return sentence
    return f"layer {layers[-1]!r}: {sentence}"


def _chain(error: BaseException) -> list[BaseException]:
    """An exception and those it came from, innermost last."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain


def _first_sentence(text: str) -> str:
    """The paragraph that says what is wrong, or its first sentence, or as many words as fit."""
    parts = [part for part in _COLOR.sub("", text).split("\n\n") if part.strip()]
    told = [part for part in parts if not part.lstrip().startswith(_FRAMES)]
    line = " ".join((told or parts or ["it does not say why"])[0].split()).rstrip(".")
    if len(line) <= _SHORT:
        return line
    end = line.find(". ", _AT_LEAST)
    sentence = line[: end if end >= 0 else len(line)]
    if len(sentence) <= _LONGEST:
        return sentence
    return f"{sentence[:_LONGEST].rpartition(' ')[0]} …"
