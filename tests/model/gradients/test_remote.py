"""Derivatives of a process that is killed, hangs, or cannot load the model."""

import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import mpsearch
from mpsearch.model.gradients import child as child_process
from mpsearch.model.gradients import remote, spare, wire
from mpsearch.model.network import KerasNetwork
from mpsearch.model.scores import Scores
from mpsearch.model.source import ModelSource, find_model
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import GradientsLost
from mpsearch.values.outer import OuterProduct
from mpsearch.values.plan import Plan
from mpsearch.workbench.workbench import Workbench

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return mpsearch.load()


@pytest.fixture
def network(bench: Workbench) -> Iterator[KerasNetwork]:
    """Of the bundled digits, with a process of its own."""
    made = KerasNetwork(bench.model.live, source=(find_model("bundled:digits"), None))
    yield made
    if made._remote is not None:
        made._remote.close()


def flat(gradients: Any) -> list[Float32Array]:
    return [
        one.as_array() if isinstance(one, OuterProduct) else one
        for layer in gradients
        for one in layer
    ]


def here(network: KerasNetwork, image: Float32Array, weights: Any) -> list[Float32Array]:
    """The derivative as this process takes it."""
    tensors = [tensor for layer in weights for tensor in layer]
    own = network._gradient
    return flat(own.assembled(own.arrays(tensors, network.enter(image), 3)))


def child(network: KerasNetwork) -> int:
    """The process; it has loaded the model."""
    assert network._remote is not None
    assert network._remote._child is not None
    return network._remote._child.pid


def wait_until_dead(pid: int) -> None:
    """The process that forked it waits for it when it is told to; until then it is a zombie."""
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_it_takes_the_same_derivative_at_whatever_weights(
    bench: Workbench, network: KerasNetwork
) -> None:
    bank, image = bench.model.bank, bench.inputs[:1]
    trained = [network.trained(i) for i in range(len(network.layers))]
    plans = [Plan.uniform(bench.layer_names, name).schemes for name in ("fix8", "fl16")]
    rounded = [
        [bank.loaded(i, v) for i, v in enumerate(bank.variants(schemes))] for schemes in plans
    ]
    mixed = [*rounded[0][:2], *trained[2:]]
    for weights in (trained, rounded[0], rounded[1], mixed, trained):
        found = flat(network.margin_gradients(image, 3, weights))
        for one, other in zip(found, here(network, image, weights), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert network.gradient_deaths == ()


def test_one_that_is_killed_is_replaced_once(bench: Workbench, network: KerasNetwork) -> None:
    image = bench.inputs[:1]
    before = flat(network.margin_gradients(image, 3))
    os.kill(child(network), signal.SIGSEGV)
    wait_until_dead(child(network))
    after = flat(network.margin_gradients(image, 3))
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert network.gradient_deaths == ("was killed by SIGSEGV",)
    os.kill(child(network), signal.SIGBUS)
    wait_until_dead(child(network))
    for _ in range(2):
        with pytest.raises(GradientsLost, match="killed by SIGSEGV, the next was killed by SIGBUS"):
            network.margin_gradients(image, 3)


def test_one_that_hangs_is_killed(
    bench: Workbench, network: KerasNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_STALL_SECONDS", 0.2)
    network.margin_gradients(bench.inputs[:1], 3)
    os.kill(child(network), signal.SIGSTOP)
    network.margin_gradients(bench.inputs[:1], 3)
    assert network.gradient_deaths == ("stood still",)


def test_the_spare_process_may_die_as_well(bench: Workbench, network: KerasNetwork) -> None:
    network.margin_gradients(bench.inputs[:1], 3)
    pid = child(network)
    os.kill(spare.spare().pid, signal.SIGKILL)
    network.margin_gradients(bench.inputs[:1], 3)  # the process it had forked lives on
    assert child(network) == pid
    os.kill(pid, signal.SIGKILL)
    network.margin_gradients(bench.inputs[:1], 3)  # a new spare process imports TensorFlow
    assert child(network) != pid
    maps = Path(f"/proc/{spare.spare().pid}/maps").read_text()
    assert "tensorflow" in maps  # itself: not each of those that it forks


def test_a_model_that_it_cannot_load_is_not_derived_here(bench: Workbench, tmp_path: Path) -> None:
    source = find_model("bundled:digits")
    assert source.path is not None
    copy = tmp_path / "copy.keras"
    shutil.copy(source.path, copy)
    network = KerasNetwork(bench.model.live, source=(find_model(str(copy)), None))
    copy.unlink()
    for _ in range(2):
        with pytest.raises(
            GradientsLost, match=r"cannot load the model \(ModelError: .*copy.keras"
        ):
            network.margin_gradients(bench.inputs[:1], 3)
    assert network.gradient_deaths == ()


def example(of: Any, name: str) -> Any:
    """A value of a field's type that is no default."""
    if get_origin(of) is Literal:
        return get_args(of)[-1]
    if get_origin(of) is tuple:
        return (example(get_args(of)[0], name), example(get_args(of)[0], f"{name} again"))
    if get_args(of):  # or None
        return example(get_args(of)[0], name)
    return {str: name, int: 2**40 + 1, bool: True, Path: Path("/", name)}[of]


def test_every_field_of_a_source_reaches_it() -> None:
    kinds = get_type_hints(ModelSource)
    full = {field.name: example(kinds[field.name], field.name) for field in fields(ModelSource)}
    assert all(full[field.name] != field.default for field in fields(ModelSource))
    for source in (ModelSource(**full), ModelSource("keras:Xception", "application", None, "x")):
        order = remote._order(source, None, Scores.LOGITS)
        assert child_process._source(json.loads(order)["source"]) == source


def test_nothing_is_left_when_it_is_closed(bench: Workbench, network: KerasNetwork) -> None:
    network.margin_gradients(bench.inputs[:1], 3)
    pid = child(network)
    assert network._remote is not None
    network._remote.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_ends_when_its_parent_is_gone(bench: Workbench, network: KerasNetwork) -> None:
    network.margin_gradients(bench.inputs[:1], 3)
    pid = child(network)
    assert network._remote is not None
    assert network._remote._child is not None
    network._remote._child._line.close()  # as the kernel does for a parent that was killed
    wait_until_dead(pid)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"mpgr",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"mpgrG" + (2**62).to_bytes(8, "little"),  # more than was asked for
        b"mpgrF" + (2**40).to_bytes(8, "little"),  # a reason of a terabyte
    ],
)
def test_what_is_no_answer_is_not_believed(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        line = wire.Wire(ours)
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(wire.WireError):
            remote.expect(line, wire.GRADIENT, 400)
        line.close()
