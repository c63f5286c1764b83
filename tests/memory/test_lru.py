"""What is kept while there is room."""

from hypothesis import given
from hypothesis import strategies as st

from mpsearch.memory.lru import LRU


@given(
    memory=st.integers(0, 20),
    uses=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), max_size=40),
)
def test_it_holds_the_last_used_and_no_more_than_fits(
    memory: int, uses: list[tuple[int, int]]
) -> None:
    lru: LRU[int, tuple[int, int]] = LRU(memory)
    order: dict[int, int] = {}  # key → bytes, the last used at the end
    for key, nbytes in uses:
        if lru.get(key) is None:
            assert key not in order
            lru.put(key, (key, nbytes), nbytes)
            order[key] = nbytes
        else:
            order[key] = order.pop(key)
        while sum(order.values()) > memory and len(order) > 1:
            del order[next(iter(order))]
        assert lru.nbytes == sum(order.values())
    for key, nbytes in order.items():
        assert lru.get(key) == (key, nbytes)


def test_what_is_put_again_replaces_the_old() -> None:
    lru: LRU[str, int] = LRU(10)
    lru.put("a", 1, 6)
    lru.put("a", 2, 3)
    assert (lru.get("a"), lru.nbytes) == (2, 3)


def test_room_is_made_before_a_value_is_there() -> None:
    lru: LRU[str, int] = LRU(10)
    for key in "abc":
        lru.put(key, 1, 3)
    lru.make_room(4)
    assert (lru.nbytes, lru.get("a"), lru.get("b")) == (6, None, 1)
    lru.make_room(1000)  # more than fits: all go, and the one value is kept alone
    assert lru.nbytes == 0


@given(
    memory=st.integers(0, 20),
    newcomers=st.integers(0, 20),
    uses=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), max_size=40),
)
def test_a_room_for_newcomers_bounds_them_and_all(
    memory: int, newcomers: int, uses: list[tuple[int, int]]
) -> None:
    lru: LRU[int, tuple[int, int]] = LRU(memory, newcomers)
    for key, nbytes in uses:
        value = lru.get(key)
        if value is None:
            value = key, nbytes
            lru.put(key, value, nbytes)
            if key % 2:
                assert lru.get(key) == value  # asked for again at once
        assert lru.nbytes <= max(memory, value[1])
        assert lru.nbytes <= max(memory, value[1])


def test_a_row_of_values_used_once_pushes_out_nothing_that_is_used_again() -> None:
    lru: LRU[str, int] = LRU(100, 20)
    lru.put("often", 1, 50)
    assert lru.get("often") == 1
    for i in range(50):
        lru.put(f"once {i}", i, 10)
        assert lru.nbytes <= 50 + 20
    assert [i for i in range(50) if lru.get(f"once {i}") is not None] == [48, 49]
    assert lru.get("often") == 1


def test_a_newcomer_larger_than_their_room_is_kept_alone() -> None:
    lru: LRU[str, int] = LRU(100, 20)
    lru.put("a", 1, 10)
    lru.put("large", 2, 60)
    assert (lru.nbytes, lru.get("a"), lru.get("large")) == (60, None, 2)
