"""Convert a Keras model to LiteRT, and store each weight layer's kernels as its scheme maps to."""

import importlib.util
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mpsearch.export.litert.match import match
from mpsearch.export.litert.storage import Storage
from mpsearch.memory.input_images import Inputs
from mpsearch.model.backend import tf
from mpsearch.model.graph import operations
from mpsearch.model.scopes import is_scope_name
from mpsearch.system.extras import install_command
from mpsearch.system.silence import silenced
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import ModelError, SettingError
from mpsearch.values.layer import WeightLayer

# Operators with weights: LiteRT's names, and what the quantizer calls them.
_OPERATORS: Final = {
    "CONV_2D": "CONV_2D",
    "DEPTHWISE_CONV_2D": "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED": "FULLY_CONNECTED",
    "TRANSPOSE_CONV": "CONV_2D_TRANSPOSE",
}
_FLOAT32: Final = 0  # tensor type of the LiteRT schema


@dataclass(frozen=True, slots=True)
class LiteRTModel:
    """A LiteRT model.

    Attributes:
        data: The flatbuffer.
        storages: Per weight layer, the storage of its kernels.
        unmatched: Names of the layers that stay float32 because no operators of the model could be
            told to hold all their kernels; LiteRT's 3-D convolutions and embeddings for instance.
    """

    data: bytes
    storages: tuple[Storage, ...]
    unmatched: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Operator:
    name: str
    output: str
    weights: Float32Array


def require_litert() -> None:
    """Check that LiteRT's packages are installed.

    Raises:
        SettingError: Says how to install them.
    """
    for package in ("ai_edge_litert", "ai_edge_quantizer"):
        if importlib.util.find_spec(package) is None:
            raise SettingError(
                f"`format` = litert needs the package {package}, which is not installed; run "
                f"{install_command('litert')}"
            )


def to_litert(
    model: Any,
    layers: Sequence[WeightLayer],
    weights: Sequence[Sequence[Float32Array]],
    wanted: Sequence[Storage],
) -> LiteRTModel:
    """Convert a model.

    Args:
        model: A Keras model of one's own; layers with names that TensorFlow refuses are renamed.
        layers: The model's weight layers.
        weights: Tensors of the weight layers, as *model* holds them.
        wanted: Per weight layer, the wanted storage of its kernels.

    Raises:
        ModelError: If the converter cannot take the model.
        SettingError: If LiteRT's packages are not installed.
    """
    require_litert()
    with _convertible():
        data = _converted(model)
        operators = _operators(data)
    behind = match([(operator.name, operator.weights) for operator in operators], layers, weights)
    matched = {
        layer.index for layer in layers if behind.count(layer.index) >= max(1, _kernels(layer))
    }
    recipe = [
        (operator, wanted[layer])
        for operator, layer in zip(operators, behind, strict=True)
        if layer in matched and wanted[layer] != "float32"
    ]
    storages: tuple[Storage, ...] = tuple(
        storage if index in matched else "float32" for index, storage in enumerate(wanted)
    )
    unmatched = tuple(
        layer.name
        for layer in layers
        if layer.index not in matched and wanted[layer.index] != "float32"
    )
    with _convertible():
        if recipe:
            data = _quantized(data, recipe)
    return LiteRTModel(data, storages, unmatched)


def _kernels(layer: WeightLayer) -> int:
    return sum(len(tensor.shape) > 1 and bool(tensor.channel_axes) for tensor in layer.tensors)


@contextmanager
def _convertible() -> Iterator[None]:
    """Turn whatever the converter and the quantizer raise into one sentence."""
    try:
        yield
    except MemoryError:
        raise
    # They raise whatever their parts do.
    except Exception as error:
        reason = (str(error).splitlines() or ["it gives no reason"])[0][:200]
        raise ModelError(
            f"LiteRT's converter cannot take this model ({type(error).__name__}: {reason}); export "
            "it as keras or packed instead"
        ) from error


def _converted(model: Any) -> bytes:
    for number, operation in enumerate([model, *operations(model)]):
        if not is_scope_name(operation.name):
            operation.name = f"layer_{number}"
    chatter = logging.getLogger("absl")  # deprecations, to a user who can change nothing
    level = chatter.level
    chatter.setLevel(logging.ERROR)
    try:
        with silenced(1), silenced(2):
            try:
                return _flatbuffer(model, None)
            # Loops over the steps of a sequence need to know the batch; if it is something else,
            # the second attempt says what.
            except Exception:  # noqa: BLE001
                return _flatbuffer(model, 1)
    finally:
        chatter.setLevel(level)


def _flatbuffer(model: Any, batch: int | None) -> bytes:
    """A LiteRT model of any number of images, or of *batch*."""
    entry = model.inputs[0]
    signature = [tf.TensorSpec([batch, *entry.shape[1:]], entry.dtype)]
    call = tf.function(
        lambda image: model(image, training=False), signature, autograph=False
    ).get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([call]).convert())


def _operators(data: bytes) -> list[_Operator]:
    """The operators that hold weights, in order."""
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415
    from ai_edge_litert.tools import flatbuffer_utils  # noqa: PLC0415

    codes = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(data))
    operators = []
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            name = codes[max(code.builtinCode, code.deprecatedBuiltinCode)]
            if name not in _OPERATORS:
                continue
            tensor = graph.tensors[operator.inputs[1]]
            buffer = model.buffers[tensor.buffer].data
            if buffer is None or tensor.type != _FLOAT32:
                continue
            values = np.frombuffer(bytes(buffer), dtype="<f4").reshape(tensor.shape)
            output = graph.tensors[operator.outputs[0]].name.decode()
            operators.append(_Operator(name, output, values.astype(np.float32, copy=False)))
    return operators


def _quantized(data: bytes, recipe: Sequence[tuple[_Operator, Storage]]) -> bytes:
    from ai_edge_quantizer import Quantizer, qtyping  # noqa: PLC0415

    tensors = {
        "int8": qtyping.TensorQuantizationConfig(
            8, True, qtyping.QuantGranularity.CHANNELWISE, qtyping.TensorDataType.INT
        ),
        "float16": qtyping.TensorQuantizationConfig(16, dtype=qtyping.TensorDataType.FLOAT),
    }
    algorithms = {"int8": "min_max_uniform_quantize", "float16": "float_casting"}
    with silenced(1), silenced(2):
        quantizer = Quantizer(bytearray(data))
        for operator, storage in recipe:
            quantizer.update_quantization_recipe(
                # The quantizer ends every name with a semicolon.
                regex=f"^{re.escape(operator.output)};",
                operation_name=qtyping.TFLOperationName(_OPERATORS[operator.name]),
                op_config=qtyping.OpQuantizationConfig(
                    weight_tensor_config=tensors[storage],
                    compute_precision=qtyping.ComputePrecision.FLOAT,
                    explicit_dequantize=True,
                ),
                algorithm_key=algorithms[storage],
            )
        return bytes(quantizer.quantize().quantized_model)


def run_litert(model: LiteRTModel, inputs: Inputs) -> Float32Array:
    """Class scores of a LiteRT model, image by image, shape (n, classes).

    Raises:
        ModelError: If the interpreter cannot run it.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        with silenced(1), silenced(2):
            interpreter = Interpreter(model_content=model.data)
            entry = interpreter.get_input_details()[0]
            interpreter.resize_tensor_input(entry["index"], [1, *inputs.shape[1:]])
            interpreter.allocate_tensors()
            leaving = interpreter.get_output_details()[0]["index"]
            scores = []
            for row in range(len(inputs)):
                image = inputs[row : row + 1].astype(entry["dtype"], copy=False)
                interpreter.set_tensor(entry["index"], image)
                interpreter.invoke()
                scores.append(interpreter.get_tensor(leaving)[0].copy())
    except (ImportError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"LiteRT's interpreter cannot run the converted model ({str(error)[:200]}); export it "
            "as keras or packed instead"
        ) from error
    return np.stack(scores).astype(np.float32)
