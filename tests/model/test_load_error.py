"""What Keras says, in one sentence."""

import pytest

from mpsearch.model.load_error import cause_of


def wrapped(*messages: str) -> Exception:
    """An exception that came from others, outermost first."""
    inner: Exception | None = None
    for message in reversed(messages):
        error = ValueError(message)
        error.__cause__ = inner
        inner = error
    assert inner is not None
    return inner


CONFIG = "using config={'name': 'conv_7', 'trainable': True, 'filters': 3}."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (wrapped("It is broken."), "It is broken"),
        (
            wrapped("outer", f"The innermost cause of it, e.g. a setting. {'More. ' * 30}"),
            "The innermost cause of it, e.g. a setting",
        ),
        (
            wrapped(
                f"Error when deserializing class 'X' {CONFIG}\n\nException encountered: bad groups"
            ),
            "layer 'conv_7': bad groups",
        ),
        (
            wrapped(
                "Exception encountered when calling Sequential.call().\n\n"
                '\x1b[1mLayer "a" expects 1 input, but it received 2.\x1b[0m\n\nArguments received'
            ),
            'Layer "a" expects 1 input, but it received 2',
        ),
        (
            wrapped("A total of 1 objects could not be loaded.\n\nLayer 'd' expected 2 variables."),
            "Layer 'd' expected 2 variables",
        ),
        (wrapped("safe_mode is on"), "a Lambda layer in it holds code, which is not run"),
        (wrapped(""), "ValueError"),
    ],
)
def test_sentences(error: Exception, sentence: str) -> None:
    assert cause_of(error) == sentence


def test_no_word_is_cut() -> None:
    sentence = cause_of(ValueError("word " * 200))
    assert sentence.endswith("word …")
    assert len(sentence) <= 302
