"""The bundled network, opened and compiled once for many tests of one process.

Opening it is most of what a short search takes. A network is never changed by what is measured on
it, so that tests which are not about opening may share one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from mpsearch.engine.weight_bank import WeightBank
from mpsearch.model.source import BUNDLED_DIGITS, ModelSource
from mpsearch.values.choices import Coding
from mpsearch.workbench import loading, open_model
from mpsearch.workbench.open_model import OpenModel

_opened: list[OpenModel] = []


def _sharing(opens: Callable[..., OpenModel]) -> Callable[..., OpenModel]:
    def open_source(
        source: ModelSource,
        from_logits: bool,
        size: tuple[int, int] | None,
        memory: int,
        coding: Coding = "none",
    ) -> OpenModel:
        if source.text != BUNDLED_DIGITS or from_logits or size:
            return opens(source, from_logits, size, memory, coding)
        if not _opened:
            _opened.append(opens(source, False, None, memory))
        (shared,) = _opened
        return replace(shared, bank=WeightBank(shared.network, memory // 4, coding))

    return open_source


@contextmanager
def digits_shared() -> Iterator[None]:
    """Within it, the bundled network is opened once; each opening has a bank of its own."""
    opens = open_model.open_source
    with pytest.MonkeyPatch.context() as patch:
        for module in (open_model, loading):
            patch.setattr(module, "open_source", _sharing(opens))
        yield
