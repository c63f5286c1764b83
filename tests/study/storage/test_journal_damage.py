"""Damage in the middle of a journal is noticed: nothing wrong is believed, nothing is lost quietly.

Journals are damaged bit by bit (a sample) and line by line (all of them).
"""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from numpy_network import NumpyNetwork, images
from search_bench import FINGERPRINT, SearchBench

from mpsearch.propose.goal import Goal
from mpsearch.propose.history import Tried
from mpsearch.study.checksum import CHECKSUM
from mpsearch.study.identity import Identity
from mpsearch.study.study import StudyStore
from mpsearch.study.trials import read_trials
from mpsearch.values.errors import MPSearchError
from mpsearch.values.plan import Plan

GOAL = Goal("mean", 2.0)
ORIGINAL_NBYTES = 99_999


@cache
def bench() -> SearchBench:
    return SearchBench(NumpyNetwork(0, 1.0), images(3))


@cache
def measured() -> tuple[Tried, ...]:
    menu = bench().menu
    plans = [Plan.uniform(menu.layers, one) for one in ("original", "fl16", "fix8")]
    plans += [plans[0].replace(name, "fl16") for name in menu.layers[:2]]
    return tuple(
        Tried(one.plan, 1000 + i, 0.1 + i / 3, one.confidence, one.margin, "surrogate", i)
        for i, one in enumerate(bench().engine.measure(plans))
    )


def opened(path: Path) -> StudyStore:
    return StudyStore.open(f"journal:///{path}", "study", Identity(FINGERPRINT, bench().menu, GOAL))


@cache
def journal(kind: str) -> bytes:
    """Written by who is alone, or by who claims; with both checksums, or that of trials alone."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        store = opened(path)
        store.history()
        other = opened(path)
        if kind != "alone":
            other.history()
        plans = [one.plan for one in measured()]
        assert store.claim(plans) == plans
        for one in measured():
            store.add(one, ORIGINAL_NBYTES)
        store.close()
        other.close()
        data = path.read_bytes()
    assert (b'"beat"' in data) == (kind != "alone")
    return plain(data) if kind == "unsealed" else data


def plain(data: bytes) -> bytes:
    """Lines as Optuna itself writes them."""
    entries = [json.loads(line) for line in data.splitlines()]
    for one in entries:
        del one["after"], one["sum"]
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in entries)


@contextmanager
def file_of(data: bytes) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        path.write_bytes(data)
        yield path


def believed(data: bytes) -> tuple[dict[Plan, Tried], str]:
    """What a search believes of a journal, and what it says; nothing is believed of one refused."""
    with file_of(data) as path:
        try:
            store = opened(path)
        except MPSearchError as error:
            return {}, str(error)
        try:
            found = {one.plan: one for one in store.history().tried}
            return found, " ".join(store.damage())
        finally:
            store.close()


def reported(data: bytes) -> tuple[dict[Plan, tuple[int, float]], str]:
    """The same of a report."""
    with file_of(data) as path:
        try:
            found = read_trials(f"journal:///{path}")
        except MPSearchError as error:
            return {}, str(error)
        if found is None:
            return {}, "no study"
        return {t.plan: (t.nbytes, t.drop_pp) for t in found.trials}, " ".join(found.damage)


def require_noticed(data: bytes, what: str, quiet: bool = False) -> None:
    """Nothing wrong is believed; what is not believed is said, in one line."""
    right = {one.plan: one for one in measured()}
    for found, said in (believed(data), reported(data)):
        assert said.count("\n") == 0, what
        assert said or quiet or found.keys() == right.keys(), f"{what}: lost without a word"
        for plan, one in found.items():
            assert plan in right, f"{what}: a plan that was never measured"
            true = right[plan]
            if isinstance(one, tuple):
                assert one == (true.nbytes, true.drop_pp), what
                continue
            assert (one.nbytes, one.drop_pp, one.stage_runs) == (
                *(true.nbytes, true.drop_pp, true.stage_runs),
            ), what
            assert np.array_equal(one.confidence, true.confidence), what
            assert np.array_equal(one.margin, true.margin), what


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


KINDS = pytest.mark.parametrize("kind", ["alone", "claimed", "unsealed"])


@KINDS
def test_all_is_believed_of_a_journal_that_is_whole(kind: str) -> None:
    data = journal(kind)
    found, said = believed(data)
    assert found.keys() == {one.plan for one in measured()}
    assert said == ""
    assert data.count(CHECKSUM.encode()) == len(measured())
    require_noticed(data, "whole")


@KINDS
def test_a_bit_that_flips_is_noticed(kind: str) -> None:
    data, chance = journal(kind), random.Random(0)
    for bit in chance.sample(range(8 * len(data)), 250):
        # Without its last end of line a journal is torn, as after a crash.
        quiet = kind == "unsealed" or bit // 8 == len(data) - 1
        require_noticed(flipped(data, bit), f"bit {bit}", quiet)


@KINDS
def test_a_line_that_is_lost_is_noticed(kind: str) -> None:
    lines = journal(kind).splitlines(keepends=True)
    for i in range(len(lines) - 1):  # without its last line, it is one of a moment before
        rest = b"".join(lines[:i] + lines[i + 1 :])
        # Of lines without checksums, one that said all of a trial leaves no trace.
        require_noticed(rest, f"line {i + 1}", quiet=kind == "unsealed")
        if kind != "unsealed":
            assert believed(rest)[1], f"line {i + 1}"


@KINDS
@pytest.mark.parametrize("damage", ["twice", "swapped", "cut"])
def test_lines_out_of_place_are_noticed(kind: str, damage: str) -> None:
    lines = journal(kind).splitlines(keepends=True)
    for i in range(1, len(lines) - 2):
        match damage:
            case "twice":
                changed = [*lines[:i], lines[i], *lines[i:]]
            case "swapped":
                changed = [*lines[:i], lines[i + 1], lines[i], *lines[i + 2 :]]
            case _:
                changed = [*lines[:i], lines[i][: len(lines[i]) // 2] + b"\n", *lines[i + 1 :]]
        require_noticed(b"".join(changed), f"line {i + 1}", quiet=kind == "unsealed")


@pytest.mark.parametrize("kind", ["alone", "claimed"])
def test_a_study_goes_on_without_what_is_damaged(kind: str) -> None:
    """One measurement is damaged: the others stay, and it is measured again."""
    data = journal(kind)
    victim = measured()[1]
    at = data.index(str(victim.confidence[0]).encode())
    with file_of(flipped(data, 8 * (at + 4))) as path:
        for _ in range(2):
            store = opened(path)
            found = {one.plan: one for one in store.history().tried}
            assert any("at line" in one for one in store.damage())
            missing = {one.plan for one in measured()} - found.keys()
            assert missing <= {victim.plan}
            if missing:
                assert store.claim([victim.plan]) == [victim.plan]
                store.add(victim, ORIGINAL_NBYTES)
                assert [one.plan for one in store.unread()] == [victim.plan]
            store.close()
        assert not missing


def test_a_last_line_that_is_damaged_does_not_brick_the_study() -> None:
    data = journal("alone")
    last = measured()[-1]
    with file_of(flipped(data, 8 * (len(data) - 200))) as path:
        store = opened(path)
        assert len(store.history()) == len(measured()) - 1
        store.claim([last.plan])
        store.add(last, ORIGINAL_NBYTES)
        store.close()
        again = opened(path)
        assert len(again.history()) == len(measured())
        again.close()


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b"{}",
        b"[]",
        b"7",
        b'{"op_code":4,"worker_id":"x"}',
        b'{"op_code":99,"worker_id":"x"}',
        b'{"op_code":true,"worker_id":"x"}',
        b'{"op_code":8,"worker_id":"x","trial_id":[],"user_attr":{}}',
        b'{"op_code":8,"worker_id":"x","trial_id":0,"user_attr":7}',
        b'{"op_code":4,"worker_id":"x","study_id":99,"datetime_start":null}',
        b'{"op_code":4,"worker_id":"x","study_id":0,"datetime_start":"soon"}',
        b'{"op_code":4,"worker_id":"x","study_id":0,"datetime_start":null,"params":{"a":1}}',
        b'{"op_code":2,"worker_id":"x","study_id":0,"user_attr":[1,2]}',
        b'{"op_code":0,"worker_id":"x","study_name":[],"directions":[9]}',
        b"\xff\xfe",
        b"\0" * 50,
    ],
)
@pytest.mark.parametrize("place", [1, 8, -1])
def test_lines_that_make_no_sense_end_in_one_line(line: bytes, place: int) -> None:
    lines = journal("unsealed").splitlines()
    lines.insert(place if place >= 0 else len(lines), line)
    require_noticed(b"\n".join([*lines, b""]), repr(line[:60]))


def test_trials_of_a_version_without_checksums_are_read() -> None:
    entries = [json.loads(line) for line in plain(journal("alone")).splitlines()]
    for one in entries:
        one.get("user_attrs", {}).pop(CHECKSUM, None)
    data = b"".join(json.dumps(one).encode() + b"\n" for one in entries)
    assert CHECKSUM.encode() not in data
    found, said = believed(data)
    assert found.keys() == {one.plan for one in measured()}
    assert said == ""


@pytest.mark.parametrize("change", ["drop", "plan", "bytes", "subject", "nonsense"])
def test_a_measurement_that_was_changed_is_not_believed(change: str) -> None:
    """By the checksum of the trial alone, as in every storage."""
    entries = [json.loads(line) for line in journal("unsealed").splitlines()]

    def attribute(key: str) -> dict[str, object]:
        found: dict[str, object] = next(
            one["user_attr"] for one in entries if key in one.get("user_attr", {})
        )
        return found

    match change:
        case "drop":
            attribute("drop_pp")["drop_pp"] = 0.0
        case "bytes":
            attribute("nbytes")["nbytes"] = 1
        case "nonsense":
            attribute("confidence")["confidence"] = "text"
        case "plan":
            claim = next(one for one in entries if one["op_code"] == 4)
            claim["params"] = {key: 1 - min(1, one) for key, one in claim["params"].items()}
        case _:
            for one in entries:  # whoever opens a study that is empty writes it
                if "mpsearch:numerics" in one.get("user_attr", {}):
                    one["user_attr"]["mpsearch:numerics"] = "other"
    data = b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in entries)
    found, said = reported(data)
    assert len(found) == (0 if change == "subject" else len(measured()) - 1)
    assert "damaged in the storage" in said
    require_noticed(data, change)
