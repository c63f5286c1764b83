"""Sizes as people write them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.memory.amounts import default_memory, parse_memory
from mpsearch.values.errors import SettingError

LEAST = 16 * 2**20
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@given(st.integers(LEAST, 2**48), st.sampled_from(["", " "]))
def test_a_bare_number_is_bytes(size: int, space: str) -> None:
    assert parse_memory(f"{space}{size}{space}") == size


@given(
    st.integers(2**14, 2**20),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["", "B", "iB", "ib", "b"]),
    st.sampled_from(["", " "]),
    st.booleans(),
)
def test_a_unit_is_a_power_of_1024_in_either_case(
    count: int, unit: str, end: str, space: str, lower: bool
) -> None:
    text = f"{count}{space}{unit}{end}"
    assert parse_memory(text.lower() if lower else text) == count * UNITS[unit]


def test_the_least_is_16_mebibytes() -> None:
    assert parse_memory("16M") == parse_memory(str(LEAST)) == LEAST
    for text in ("15M", str(LEAST - 1), "0", "0G", "16K"):
        with pytest.raises(SettingError, match=f"'{text}' must be at least 16M"):
            parse_memory(text)


@pytest.mark.parametrize("text", ["", "G", "-4G", "4X", "4 4G", "four", "4G4", "0x40000000", "1e9"])
def test_other_texts_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingError, match="write for instance 4G"):
        parse_memory(text)


def test_the_default_is_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    system = {"SC_AVPHYS_PAGES": 2**20, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", system.__getitem__, raising=False)
    assert default_memory() == 2**31


@pytest.mark.parametrize("pages", [0, -1, 10])
def test_the_default_is_never_below_the_least(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    system = {"SC_AVPHYS_PAGES": pages, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", system.__getitem__, raising=False)
    assert default_memory() == LEAST


def test_there_is_a_default_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert default_memory() == 2 * 2**30
