"""The activation cache never holds more than its bound, and drops the least worth first."""

from hypothesis import given
from hypothesis import strategies as st

from mpsearch.engine.activations import ActivationCache, Block, Worth


def block(serial: int, nbytes: int) -> Block:
    return Block(("batch",), (serial,), 1, nbytes, serial)


@given(
    st.integers(0, 100),
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(list(Worth))), max_size=30),
)
def test_it_never_holds_more_than_its_bound(memory: int, puts: list[tuple[int, Worth]]) -> None:
    cache = ActivationCache(memory)
    for serial, (nbytes, worth) in enumerate(puts):
        cache.put(0, block(serial, nbytes), worth)
        assert cache.held <= memory
    held = sum(
        nbytes for serial, (nbytes, _) in enumerate(puts) if cache.get(0, serial) is not None
    )
    assert held == cache.held


def test_the_baseline_outlives_everything_else() -> None:
    cache = ActivationCache(100)
    cache.put(0, block(1, 40), Worth.BASELINE)
    cache.put(0, block(2, 40), Worth.SOON)
    cache.put(0, block(3, 40), Worth.SOON)
    assert cache.get(0, 1) is not None
    assert cache.get(0, 2) is None
    assert cache.get(0, 3) is not None


def test_lesser_worth_never_evicts_greater() -> None:
    cache = ActivationCache(100)
    cache.put(0, block(1, 90), Worth.BASELINE)
    cache.put(0, block(2, 40), Worth.MAYBE)
    assert cache.get(0, 1) is not None
    assert cache.get(0, 2) is None


def test_what_was_used_last_stays_longest() -> None:
    cache = ActivationCache(100)
    cache.put(0, block(1, 40), Worth.SOON)
    cache.put(0, block(2, 40), Worth.SOON)
    cache.get(0, 1)
    cache.put(0, block(3, 40), Worth.SOON)
    assert cache.get(0, 1) is not None
    assert cache.get(0, 2) is None


def test_chunks_of_images_do_not_meet() -> None:
    cache = ActivationCache(100)
    cache.put(0, block(1, 10), Worth.SOON)
    assert cache.get(1, 1) is None


def test_demoted_blocks_go_when_their_worth_is_dropped() -> None:
    cache = ActivationCache(100)
    cache.put(0, block(1, 10), Worth.SOON)
    cache.put(0, block(2, 10), Worth.SOON)
    cache.demote(0, [1, 99])
    cache.drop(Worth.MAYBE)
    assert cache.get(0, 1) is None
    assert cache.get(0, 2) is not None
    assert cache.held == 10


def test_a_block_stays_while_one_of_its_nodes_is_awaited() -> None:
    cache = ActivationCache(100)
    cache.put(0, Block(("batch",), (1, 2), 1, 10, 1), Worth.SOON)
    cache.demote(0, [1])
    cache.demote(0, [1])
    cache.drop(Worth.MAYBE)
    assert cache.get(0, 2) is not None
    cache.demote(0, [2])
    cache.drop(Worth.MAYBE)
    assert cache.get(0, 2) is None
