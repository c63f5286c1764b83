"""What a profile or a study is about, as hashes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from weight_arrays import bits, tensors

from mpsearch.values.arrays import Float32Array
from mpsearch.values.fingerprint import Fingerprint, array_digest, text_digest

PRINT = Fingerprint(model="m", images="i", reference="r", numerics="n")
quick = settings(deadline=None)


@quick
@given(tensors())
def test_layout_and_byte_order_do_not_change_a_digest(w: Float32Array) -> None:
    digest = array_digest([w])
    assert array_digest([w.astype(">f4")]) == digest
    assert array_digest([np.asfortranarray(w)]) == digest
    assert array_digest([np.repeat(w, 2, axis=0)[::2]]) == digest


@quick
@given(tensors(least=1), st.data())
def test_any_changed_bit_changes_the_digest(w: Float32Array, data: st.DataObject) -> None:
    other = bits(w).copy()
    bit = np.uint32(1 << data.draw(st.integers(0, 31)))
    other.flat[data.draw(st.integers(0, w.size - 1))] ^= bit
    assert array_digest([w]) != array_digest([other.view(np.float32)])


@quick
@given(st.lists(hnp.arrays(np.int32, hnp.array_shapes(max_side=3)), max_size=4), st.randoms())
def test_the_order_of_arrays_counts(arrays: list[Any], random: Any) -> None:
    shuffled = list(arrays)
    random.shuffle(shuffled)
    same = all(np.array_equal(a, b) for a, b in zip(arrays, shuffled, strict=True))
    assert (array_digest(arrays) == array_digest(shuffled)) == same


def test_shape_type_and_division_into_arrays_count() -> None:
    flat = np.arange(6, dtype=np.float32)
    digests = [
        array_digest(arrays)
        for arrays in (
            [flat],
            [flat.reshape(2, 3)],
            [flat.reshape(3, 2)],
            [flat.astype(np.float64)],
            [flat.view(np.uint32)],
            [flat[:3], flat[3:]],
            [flat[:2], flat[2:]],
            [flat, flat[:0]],
            [],
        )
    ]
    assert len(set(digests)) == len(digests)


def test_a_digest_is_64_hexadecimal_digits() -> None:
    for digest in (array_digest([np.zeros(3)]), text_digest(["a"])):
        assert len(digest) == 64
        assert int(digest, 16) > 0


names = st.lists(st.text(st.sampled_from("ab \n,"), max_size=3), min_size=1, max_size=3)


@quick
@given(names, names)
def test_equal_lists_of_names_and_no_others_have_equal_digests(
    one: list[str], other: list[str]
) -> None:
    assert (text_digest(one) == text_digest(other)) == (one == other)


def test_nothing_differs_from_what_was_stored() -> None:
    assert PRINT.differences(PRINT.as_mapping()) == []


@pytest.mark.parametrize("field", ["model", "images", "reference", "numerics"])
def test_a_field_that_differs_or_is_missing_is_named(field: str) -> None:
    changes: dict[str, Any] = {field: "other"}
    assert PRINT.differences(replace(PRINT, **changes).as_mapping()) == [field]
    stored = PRINT.as_mapping()
    del stored[field]
    assert PRINT.differences(stored) == [field]


def test_all_fields_differ_from_nothing() -> None:
    assert PRINT.differences({}) == ["model", "images", "reference", "numerics"]
