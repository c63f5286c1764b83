"""What the command says of a LiteRT model."""

from mpsearch.api.litert_report import LiteRTReport
from mpsearch.cli.litert_text import litert_text


def report(**mapping: str) -> LiteRTReport:
    storages = {f"layer {i}": storage for i, storage in enumerate(mapping.values())}
    return LiteRTReport(2000, 1500, storages, mapping, (), None, None)


def test_it_names_the_schemes_that_its_int8_is_not() -> None:
    text = litert_text(report(fl16="float16", int4c="int8", fix8="int8"))
    assert text.splitlines() == [
        "litert bytes    2,000 in the file; the plan's parameters take 1,500",
        "litert layers   float16 1, int8 2",
        "litert schemes  fix8 -> int8, fl16 -> float16, int4c -> int8",
        "litert drop     not measured; give --images",
        "note            LiteRT's int8 has scales of its own per channel: it is not fix8, int4c",
    ]


def test_without_int8_there_is_nothing_to_note() -> None:
    assert "note" not in litert_text(report(fl16="float16", original="float32"))
