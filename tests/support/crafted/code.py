"""Files that would run code, or reach what is no part of a network."""

import base64
import marshal
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from crafted.attack import Attack, in_both_formats
from crafted.blocks import Json, dense, h5_file, keras_file, layer, network

NO_LAMBDA = "layer 'lam': type Lambda is not supported"


class Touch:
    """Pickled, a call that creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.marker), "a"))


def touching(marker: Path) -> Json:
    """A function as bytecode: it creates the marker and hands its input on."""
    text = f"lambda x, *rest, **more: (open({str(marker)!r}, 'a').close(), x)[1]"
    code = compile(text, "<model>", "eval").co_consts[0]
    packed = base64.encodebytes(marshal.dumps(code)).decode()
    inner = {"code": packed, "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": inner}


def lam(marker: Path, **config: Any) -> Json:
    return layer("Lambda", "lam", **{"function": touching(marker), "arguments": {}} | config)


def function(module: str | None, name: str) -> Json:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def named(module: str, name: str, **arguments: Any) -> Json:
    """A Lambda that calls a function by its name."""
    return layer("Lambda", "lam", function=function(module, name), arguments=arguments)


def inside(inner: Json) -> Json:
    return layer("TimeDistributed", "each", layer=inner)


def without_module(value: Json) -> Json:
    return {key: one for key, one in value.items() if key not in {"module", "registered_name"}}


def torch_module(marker: Path) -> Json:
    """A pickle for a layer that unpickles."""
    value = base64.b64encode(pickle.dumps(Touch(marker))).decode()
    found = layer("TorchModuleWrapper", "torch")
    found["config"]["module"] = {"class_name": "__bytes__", "config": {"value": value}}
    return found


Config = Callable[[Path], Json]

LAMBDAS: dict[str, Config] = {
    "lambda": lambda m: network(lam(m)),
    "lambda_wrapped": lambda m: network(inside(lam(m))),
    "lambda_nested": lambda m: network(network(lam(m), name="inner")),
    "lambda_output_shape": lambda m: network(
        lam(m, function=function("builtins", "relu"), output_shape=touching(m))
    ),
    "lambda_mask": lambda m: network(lam(m, mask=touching(m))),
    "lambda_of_relu": lambda _: network(named("builtins", "relu")),
    "gadget_unsafe": lambda _: network(named("keras.config", "enable_unsafe_deserialization")),
    "gadget_get_file": lambda m: network(
        named("keras.utils", "get_file", origin="file:///etc/hostname", fname=str(m))
    ),
    "gadget_set_floatx": lambda _: network(named("keras.config", "set_floatx")),
    "gadget_image_format": lambda _: network(named("keras.config", "set_image_data_format")),
    "gadget_load_model": lambda m: network(named("keras.models", "load_model", filepath=str(m))),
    "gadget_tfsm": lambda m: network(
        layer("Lambda", "lam", function=layer("TFSMLayer", "saved", filepath=str(m)))
    ),
}

OTHERS: dict[str, tuple[Config, str]] = {
    "lambda_initializer": (
        lambda m: network(head=dense(kernel_initializer=touching(m))),
        "type __lambda__ is not supported",
    ),
    "exec": (
        lambda m: network(head=dense(activation=function("builtins", "exec"), code=str(m))),
        "function 'builtins.exec' is not known",
    ),
    "os_system": (
        lambda m: network(head=dense(activation=function("os", f"system touch {m}"))),
        "layer 'head': function 'os.system touch",
    ),
    "get_file_activation": (
        lambda _: network(head=dense(activation=function("keras.utils", "get_file"))),
        "function 'keras.utils.get_file' is not known",
    ),
    "activation_text": (
        lambda _: network(head=dense(activation="os.system")),
        "activation 'os.system' is not known",
    ),
    "mkdir": (
        lambda m: network(layer("mkdir", "dir", "os", path=str(m))),
        "layer 'dir': type mkdir",
    ),
    "popen": (
        lambda m: network(layer("Popen", "run", "subprocess", args=["touch", str(m)])),
        "layer 'run': type Popen",
    ),
    "tfsm": (lambda m: network(layer("TFSMLayer", "saved", filepath=str(m))), "type TFSMLayer"),
    "torch": (
        lambda m: network(torch_module(m)),
        "layer 'torch': type TorchModuleWrapper",
    ),
    "string_lookup": (
        lambda _: network(layer("StringLookup", "words", vocabulary="/etc/hostname")),
        "layer 'words': type StringLookup",
    ),
    "integer_lookup": (
        lambda _: network(layer("IntegerLookup", "words", vocabulary="/etc/hostname")),
        "type IntegerLookup",
    ),
    "vectorization": (
        lambda _: network(layer("TextVectorization", "words", vocabulary="/etc/hostname")),
        "type TextVectorization",
    ),
    "jax": (lambda _: network(layer("JaxLayer", "jax", call_fn="x")), "type JaxLayer"),
    "custom": (lambda _: network(layer("Odd", "odd", "evil.layers")), "layer 'odd': type Odd"),
    "type_is_a_list": (
        lambda _: network({"class_name": ["Dense"], "config": {"name": "odd"}}),
        "whose name is not a string",
    ),
    "dotdot_name": (lambda _: network(layer("ReLU", "..")), "the name '..'"),
    "slash_name": (lambda _: network(layer("ReLU", "../../x")), "the name '../../x'"),
    "control_name": (lambda _: network(layer("ReLU", "a\x00b")), "the name"),
    "typespec": (
        lambda _: network({"class_name": "__typespec__", "config": [], "spec_name": "TensorSpec"}),
        "type __typespec__ is not supported",
    ),
    "dtype_bomb": (
        lambda _: network(
            head=dense(
                extra={"class_name": "__numpy__", "config": {"value": [1], "dtype": "V9999999999"}}
            )
        ),
        "data type 'V9999999999' is not known",
    ),
}


def hidden(marker: Path) -> Json:
    """Code where no layer is: among the inputs of a call."""
    relu = layer("ReLU", "relu")
    relu["inbound_nodes"] = [{"args": [], "kwargs": {"training": touching(marker)}}]
    return network(relu)


def in_build_config(marker: Path) -> Json:
    relu = layer("ReLU", "relu")
    relu["build_config"] = {"input_shape": touching(marker)}
    return network(relu)


def inner_training(loss: Json) -> Json:
    """Training settings of a nested model: Keras sets them up although it loads uncompiled."""
    inner = network(name="inner")
    inner["compile_config"] = {"optimizer": "sgd", "loss": loss}
    return network(inner)


def other_name() -> Json:
    head = dense()
    head["registered_name"] = "evil>Dense"
    return network(head=head)


ONLY_KERAS: dict[str, tuple[Config, str]] = {
    "lambda_no_module": (lambda m: network(without_module(lam(m))), NO_LAMBDA),
    "lambda_in_call": (hidden, "layer 'relu': type __lambda__"),
    "lambda_in_build": (in_build_config, "layer 'relu': type __lambda__"),
    "registered_name": (lambda _: other_name(), "under another name ('evil>Dense')"),
    "loader_class": (
        lambda _: network(layer("H5IOStore", "store", "keras.src.saving.saving_lib")),
        "type H5IOStore of module 'keras.src.saving.saving_lib'",
    ),
    "inner_loss": (
        lambda _: inner_training(function("keras.utils", "get_file")),
        "function 'keras.utils.get_file' is not known",
    ),
    "inner_lambda": (lambda m: inner_training(touching(m)), "type __lambda__"),
}


def composite_tensor(_: Path) -> bytes:
    value = {"class_name": "CompositeTensor", "spec": {}, "tensors": [["V99999999999", 1]]}
    return h5_file(network(head=dense(extra=value)))


def code_attacks() -> Iterator[Attack]:
    for name, config in LAMBDAS.items():
        yield from in_both_formats(name, config, NO_LAMBDA)
    for name, (config, says) in OTHERS.items():
        yield from in_both_formats(name, config, says)
    for name, (config, says) in ONLY_KERAS.items():
        yield Attack(f"{name}.keras", lambda m, config=config: keras_file(config(m)), says)  # type: ignore[misc]
    yield Attack("composite.h5", composite_tensor, "type CompositeTensor is not supported")
